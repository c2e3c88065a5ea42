"""Ask my feeds: a question, what the posts say to it with their very words, and what else could be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import tip
from desktop.lanes import Job
from desktop.pages.page import Page, button, card, empty, flush
from desktop.reading.browser import SafeBrowser
from desktop.reading.flow import FlowLayout
from desktop.strings import ago, day, number, plural, tr
from engine import (
    APP_FACTS,
    Answer,
    AnswerSentence,
    AppFact,
    AskAction,
    AskDone,
    AskDraft,
    AskEvent,
    AskFound,
    AskSource,
    Changes,
    Condition,
    Disagreement,
    EngineError,
    Looked,
    Rule,
    Span,
)

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

MOST_CHARACTERS = 400  # of a question
FOUND_SHOWN = 5  # posts that are named while the answer is looked for
REMEMBERED = 6  # answers of a conversation, while the page lives


class AskPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Ask your feeds"),
            tr("Answers are looked for in your posts alone, and each shows the words that it stands on. Nothing that you ask is kept."),
        )
        self._said: list[Answer] = []
        self._job: Job | None = None
        self._cancel = threading.Event()
        self._links: list[tuple[AskSource, tuple[Span, ...]]] = []
        self._answer: Answer | None = None
        self._examples: list[str] = []
        self.off = QWidget()
        off = QVBoxLayout(self.off)
        off.setContentsMargins(0, 0, 0, 0)
        off.addWidget(theme.label(tr("Asking your feeds is switched off."), "strong", wrap=True))
        off.addWidget(button(tr("Open the settings"), lambda: window.show_page("settings")), 0, Qt.AlignmentFlag.AlignLeft)
        self.off.hide()
        self.body.addWidget(self.off)
        self.question = QLineEdit()
        self.question.setMaxLength(MOST_CHARACTERS)
        self.question.setPlaceholderText(tr("Ask a question"))
        self.question.setAccessibleName(tr("Your question"))
        self.question.setClearButtonEnabled(True)
        self.question.returnPressed.connect(self.ask)
        self.send: QPushButton = button(tr("Ask"), self.ask, "primary")
        self.stop: QPushButton = button(tr("Cancel"), self.cancel, "")
        self.stop.hide()
        self.line = QWidget()
        line = QHBoxLayout(self.line)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.question, 1)
        line.addWidget(self.send)
        line.addWidget(self.stop)
        self.body.addWidget(self.line)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(tr("Looking for an answer"))
        self.progress.hide()
        self.body.addWidget(self.progress)
        self.state = theme.label("", "second", wrap=True)
        self.state.hide()
        self.body.addWidget(self.state)
        self.text = SafeBrowser(own_links=True)
        self.text.setAccessibleName(tr("The answer's sentences"))
        self.text.own_link.connect(self.open_citation)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(10))
        self.body.addLayout(self._list)
        self.setFocusProxy(self.question)
        theme.signal().changed.connect(self._restyle)

    # ---- what is on --------------------------------------------------------------------------

    def concerns(self, changes: Changes) -> bool:
        return changes.settings or changes.unknown

    def load(self) -> None:
        engine = self._window.engine
        if engine is None:
            return

        def read() -> tuple[bool, list[str]]:
            on = "ask" in engine.features()
            return on, engine.ask_examples() if on else []

        self._window.lanes.slow(read, self._show_state, failed=lambda _error: None, key="ask-page", owner=self)

    def _show_state(self, found: tuple[bool, list[str]]) -> None:
        on, self._examples = found
        self.off.setVisible(not on)
        for widget in (self.line, self.introduction):
            widget.setVisible(on)
        if not on:
            self.cancel()
            self._said.clear()
            self._answer = None
            self._clear()
            self._say("")
        elif self._answer is None and self._job is None:
            self._show_examples()

    def _show_examples(self) -> None:
        self._clear()
        if self._examples:
            self._list.addWidget(theme.label(tr("For example"), "section"))
            self._list.addWidget(self._chips(self._examples))

    # ---- asking ------------------------------------------------------------------------------

    def ask(self, question: str = "") -> None:
        """Look for an answer to what stands in the line, or to `question`."""
        engine = self._window.engine
        if question:
            self.question.setText(question)
        text = self.question.text().strip()
        if engine is None or not text:
            self.question.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.cancel()
        self._cancel = cancel = threading.Event()
        before = tuple(self._said[-REMEMBERED:])
        self._clear()
        self._answer = None
        self._busy(True)
        self._say(tr("Looking through your posts…"))
        self._job = self._window.lanes.job(
            "ask",
            lambda: iter(engine.ask(text, before=before, cancel=cancel)),
            lambda event: self._take(cancel, event),
            lambda cancelled: self._ended(cancel, cancelled),
            lambda error: self._failed(cancel, error),
            owner=self,
        )

    def cancel(self) -> None:
        """Stop looking; what was found so far stays."""
        self._cancel.set()
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self._busy(False)
            self._say(tr("Cancelled."))

    def _take(self, asked: threading.Event, event: AskEvent) -> None:
        if asked is not self._cancel or asked.is_set():
            return
        if isinstance(event, AskFound):
            if self._answer is None:
                self._show_found(event)
        elif isinstance(event, AskDraft):
            self._show_answer(event.answer)
            self._say(tr("Picked from your posts. The models still read them…"))
        elif isinstance(event, AskDone):
            self._said.append(event.answer)
            self._show_answer(event.answer)

    def _ended(self, asked: threading.Event, _cancelled: bool) -> None:
        if asked is self._cancel and not asked.is_set():
            self._job = None
            self._busy(False)

    def _failed(self, asked: threading.Event, error: EngineError) -> None:
        if asked is self._cancel and not asked.is_set():
            self._job = None
            self._busy(False)
            self._say(str(error))

    def _say(self, text: str) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def _busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.stop.setVisible(busy)
        self.send.setVisible(not busy)

    def begin_anew(self) -> None:
        """Begin anew: the next question leans on none before it."""
        self.cancel()
        self._said.clear()
        self._answer = None
        self._say("")
        self.question.clear()
        self.question.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_examples()

    # ---- showing -----------------------------------------------------------------------------

    def _clear(self) -> None:
        self._list.removeWidget(self.text)
        self.text.setParent(None)
        empty(self._list)

    def _show_found(self, found: AskFound) -> None:
        self._clear()
        self._say(plural("Reading {n} post…", "Reading {n} posts…", len(found.sources)))
        if found.sources:
            self._list.addWidget(self._sources(found.sources[:FOUND_SHOWN], tr("Where the answer may stand")))

    def _show_answer(self, answer: Answer) -> None:
        self._answer = answer
        self._clear()
        self._say(method_words(answer))
        self.state.setToolTip(tip(answer.model))
        if answer.method == "nothing":
            self._list.addWidget(self._nothing(answer))
        for disagreement in answer.disagreements:
            self._list.addWidget(self._disagreement(disagreement, answer))
        if answer.sentences:
            frame, box = card()
            frame.setAccessibleName(tr("Answer"))
            box.addWidget(self.text)
            self._list.addWidget(frame)
            self.text.show()
            self._write()
        if answer.actions:
            self._list.addWidget(self._actions(answer.actions))
        if answer.sources and answer.method != "help":
            self._list.addWidget(self._sources(answer.sources, tr("Sources")))
        if answer.follow_ups:
            self._list.addWidget(theme.label(tr("You could also ask"), "section"))
            self._list.addWidget(self._chips(list(answer.follow_ups)))
        if self._said:
            again = button(tr("Begin anew"), self.begin_anew)
            again.setToolTip(tr("The next question then leans on none before it"))
            self._list.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)

    def _write(self) -> None:
        """Write the sentences, each with the numbers of the posts that it cites."""
        answer = self._answer
        if answer is None:
            return
        t = theme.tokens()
        small = f"{theme.font(13).pointSizeF()}pt"
        self._links = []
        by_number = {source.number: source for source in answer.sources}
        paragraphs = []
        for sentence in answer.sentences:
            marks = ""
            for citation in sentence.citations:
                source = by_number.get(citation.number)
                if source is None or answer.method == "help":
                    continue
                self._links.append((source, citation.spans))
                marks += (
                    f'<a href="app:{len(self._links)}" style="color:{t.accent}; text-decoration:none;'
                    f' font-size:{small}">&nbsp;[{citation.number}]</a>'
                )
            paragraphs.append(f"<p>{told_html(sentence, t.accent)}{marks}</p>")
        style = f"p {{ line-height: {theme.px(24)}px; color: {t.ink}; margin-top: 0; margin-bottom: {theme.px(6)}px; }}"
        self.text.show_html("".join(paragraphs), theme.font(15, serif=True), style)

    def _restyle(self) -> None:
        if self._answer is not None and self._answer.sentences:
            self._write()

    def _nothing(self, answer: Answer) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(tr("I found nothing about this."), "strong", wrap=True))
        box.addWidget(theme.label(where_words(answer.looked), "second", wrap=True))
        search = button(tr("Search for these words"), lambda: self._search(answer.asked or answer.question))
        box.addWidget(search, 0, Qt.AlignmentFlag.AlignLeft)
        return frame

    def _disagreement(self, disagreement: Disagreement, answer: Answer) -> QWidget:
        frame, box = card()
        frame.setAccessibleName(tr("Sources disagree"))
        box.addWidget(theme.label(tr("Sources disagree"), "amber"))
        by_number = {source.number: source for source in answer.sources}
        for side in disagreement.sides:
            names = ", ".join(
                dict.fromkeys(by_number[number].feed_title or by_number[number].title for number in side.numbers if number in by_number)
            )
            count = plural("{n} source", "{n} sources", side.outlets)
            box.addWidget(theme.label(side.value, "strong", wrap=True))
            box.addWidget(theme.label(f"{count}: {names}" if names else count, "second", wrap=True))
        return frame

    def _sources(self, sources: tuple[AskSource, ...], heading: str) -> QWidget:
        frame, box = card()
        frame.setAccessibleName(heading)
        box.addWidget(theme.label(heading, "section"))
        for source in sources:
            title = source.title or source.text[:80] or tr("(no title)")
            short = title if len(title) <= 70 else title[:69] + "…"
            link = button(f"[{source.number}] {short}", self._opener(source), name=tr("Open {title}").format(title=title))
            link.setToolTip("")
            box.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
            when = ago(source.published_at) if source.published_at is not None else ""
            box.addWidget(theme.label(" · ".join(part for part in (source.feed_title, when) if part), "third", wrap=True))
        flush(frame)
        return frame

    def _chips(self, questions: list[str]) -> QWidget:
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(6), down=theme.px(6))
        for question in questions:
            flow.addWidget(button(question, self._asker(question), "pill"))
        return row

    def _asker(self, question: str) -> Callable[[], None]:
        return lambda: self.ask(question)

    # ---- going there -------------------------------------------------------------------------

    def _opener(self, source: AskSource) -> Callable[[], None]:
        answer = self._answer

        def go() -> None:
            spans: list[Span] = []
            for sentence in answer.sentences if answer is not None else ():
                spans += [span for citation in sentence.citations if citation.number == source.number for span in citation.spans]
            self._open(source, tuple(spans))

        return go

    def open_citation(self, name: str) -> None:
        """Open the post of a citation, by its place among all citations of the answer, with its words marked."""
        place = int(name) if name.isdecimal() and len(name) < 4 else 0
        if 0 < place <= len(self._links):
            self._open(*self._links[place - 1])

    def _open(self, source: AskSource, spans: tuple[Span, ...]) -> None:
        """Show the post with the words marked that the answer stands on."""
        if source.post_id:
            self._window.reading.mark_words(source.post_id, source.text, [(span.start, span.end) for span in spans])
            self._window.open_post(source.post_id)

    def _search(self, words: str) -> None:
        self._window.top.search.setText(words)
        self._window.top.search.search_now()

    # ---- what could be done --------------------------------------------------------------------

    def _actions(self, actions: tuple[AskAction, ...]) -> QWidget:
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(8), down=theme.px(6))
        for action in actions:
            flow.addWidget(button(action_words(action), self._doer(action), ""))
        return row

    def _doer(self, action: AskAction) -> Callable[[], None]:
        return lambda: do(self._window, action)


def fact_words(fact: AppFact) -> str:
    """What there is to say about the person's own feeds and rules."""
    one, many = APP_FACTS[fact.name]
    return plural(
        one, many, fact.count, feed=fact.feed, rule=fact.rule, detail=fact.detail, unread=number(fact.unread),
        day=day(fact.at) if fact.at is not None else "",
    )  # fmt: skip


def told_html(sentence: AnswerSentence, accent: str) -> str:
    """A sentence as HTML, the short answer in bold."""
    if sentence.fact is not None:
        return escape(fact_words(sentence.fact))
    parts, at = [], 0
    for span in sorted(sentence.told, key=lambda span: span.start):
        parts.append(escape(sentence.text[at : span.start]))
        parts.append(f'<b style="color:{accent}">{escape(sentence.text[span.start : span.end])}</b>')
        at = span.end
    return "".join([*parts, escape(sentence.text[at:])])


def method_words(answer: Answer) -> str:
    """Who made the answer, and where no model did, why."""
    if answer.method == "model":
        return tr("By the local model, every sentence checked against the post that it cites; below it the posts' own words.")
    if answer.method in ("help", "app"):
        return tr("From Millpond's help.") if answer.method == "help" else tr("About your feeds and rules.")
    if answer.method == "nothing":
        return ""
    notes = {
        "no_model": tr("Picked from your posts: no language model is installed."),
        "language": tr("Picked from your posts: no installed model writes this language."),
        "rejected": tr("Picked from your posts: what the model wrote did not pass the check."),
        "failed": tr("Picked from your posts: the language model failed."),
        "slow": tr("Picked from your posts: the language model took too long."),
        "disagreement": tr("Picked from your posts, which disagree."),
    }
    return notes.get(answer.note, tr("Picked from your posts."))


def where_words(looked: Looked) -> str:
    """Where nothing was found."""
    words = [plural("{n} post was read closely", "{n} posts were read closely", looked.posts)]
    if looked.feed_title:
        words.append(tr("in {feed}").format(feed=looked.feed_title))
    if looked.since is not None:
        words.append(tr("since {day}").format(day=day(looked.since)))
    if looked.until is not None:
        words.append(tr("until {day}").format(day=day(looked.until)))
    said = ", ".join(words) + "."
    if looked.words:
        said += " " + tr("Looked for: {words}.").format(words=", ".join(looked.words))
    return said + " " + tr("Hidden posts are not looked at.")


def action_words(action: AskAction) -> str:
    pages = {
        "rules": tr("Open the rules"), "tray": tr("Open the tray"), "settings": tr("Open the settings"), "models": tr("Open the models"),
        "health": tr("Open feed health"), "ledger": tr("Open the ledger"), "profile": tr("Open what Millpond learnt"),
    }  # fmt: skip
    named = action.name if len(action.name) <= 40 else action.name[:39] + "…"
    words = {
        "page": pages.get(action.target, tr("Open the page")),
        "help": tr("Read the help: {topic}").format(topic=tr(action.name)),
        "rule": tr("Look at the rule “{rule}”…").format(rule=named),
        "new_rule": tr("Make a rule that hides “{words}”…").format(words=action.target) if action.target else tr("Make a rule…"),
        "tray": tr("Show what “{rule}” hid").format(rule=named) if action.name else tr("Show what is hidden"),
        "feed": tr("Show {feed}").format(feed=named),
        "refresh_feed": tr("Look for new posts of {feed}").format(feed=named),
        "add_feed": tr("Add a feed…"),
    }
    return words[action.kind]


def do(window: MainWindow, action: AskAction) -> None:
    """What a person does by pressing an action's button."""
    from desktop.dialogs import rule as rule_dialog
    from desktop.pages.tray import TrayPage

    engine = window.engine
    if engine is None:
        return
    if action.kind == "page" and action.target == "health":
        window.show_health(action.id)
    elif action.kind == "page":
        window.show_page(action.target)
    elif action.kind == "help":
        window.show_help(action.target)
    elif action.kind == "new_rule":
        conditions = (Condition(field="words", value=action.target),)
        rule_dialog.open_dialog(window, Rule(name=tr("Hide {words}").format(words=action.target) if action.target else "", conditions=conditions))
    elif action.kind == "rule":

        def edit(found: list[Rule]) -> None:
            if found:
                rule_dialog.open_dialog(window, found[0])
            else:
                window.show_page("rules")

        window.lanes.read(lambda: [rule for rule in engine.rules() if rule.id == action.id], edit, owner=window)
    elif action.kind == "tray":
        if action.id:
            TrayPage.next_rule = action.id
        window.show_page("tray")
    elif action.kind == "feed":
        window.show_feed(action.id)
    elif action.kind == "refresh_feed":
        window.refresh([action.id], force=True)
    elif action.kind == "add_feed":
        window.add_feed()
