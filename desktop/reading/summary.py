"""The box above a post: its summary, whose sentences point at the words that support them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import tip
from desktop.reading.browser import SafeBrowser
from desktop.strings import plural, tr
from engine import StorySummary, Summary


class SummaryBox(QFrame):
    """Four states: none yet, under way, shown, failed. The numbers count sentences from 1; 0 is none."""

    wanted = Signal()
    cancelled = Signal()
    sentence_hovered = Signal(int)
    sentence_chosen = Signal(int)
    story_wanted = Signal()

    def __init__(self, parent: QWidget | None = None, *, title: str = "") -> None:
        super().__init__(parent)
        theme.role(self, "card")
        self.setAccessibleName(title or tr("Summary"))
        self._summary: Summary | None = None
        self._names: tuple[str, ...] = ()
        self._title = theme.label(title or tr("Summary"), "strong")
        self._method = theme.label("", "second", wrap=True)
        self.button = QPushButton(tr("Summarise"))
        theme.role(self.button, "link")
        self.button.clicked.connect(self.wanted)
        self.story = QPushButton(tr("Sum up the story"))
        theme.role(self.story, "link")
        self.story.setToolTip(tr("From all its tellings: what they agree on, and where they differ (Shift+T)"))
        self.story.clicked.connect(self.story_wanted)
        self.story.hide()
        self.cancel = QPushButton(tr("Cancel"))
        theme.role(self.cancel, "link")
        self.cancel.clicked.connect(self.cancelled)
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setAccessibleName(tr("Summarising"))
        self.text = SafeBrowser(own_links=True)
        self.text.setAccessibleName(tr("The summary's sentences"))
        self.text.own_link.connect(lambda name: self.sentence_chosen.emit(_number(name)))
        self.text.own_link_hovered.connect(lambda name: self.sentence_hovered.emit(_number(name)))
        self._error = theme.label("", "error", wrap=True)

        head = QHBoxLayout()
        head.setSpacing(theme.px(6))
        head.addWidget(self._title)
        head.addWidget(self._method, 1)
        for button in (self.button, self.story, self.cancel):
            head.addWidget(button)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(6))
        box.addLayout(head)
        box.addWidget(self._progress)
        box.addWidget(self.text)
        box.addWidget(self._error)
        self.show_none()

    @property
    def summary(self) -> Summary | None:
        return self._summary

    @property
    def busy(self) -> bool:
        return not self.cancel.isHidden()

    def offer_story(self, there: bool) -> None:
        """Whether the post tells a story with others, which can be summed up as a whole."""
        self.story.setVisible(there)

    def show_none(self) -> None:
        """There is no summary yet: offer to make one."""
        self._set("", button=tr("Summarise"))

    def show_busy(self) -> None:
        self._set(tr("is being made on this machine…"), busy=True)

    def show_failed(self, text: str) -> None:
        self._set("", button=tr("Try again"), error=text)

    def show_summary(self, summary: Summary, names: Sequence[str] = ()) -> None:
        """`names`: who says each sentence, where it is not the one text that is open."""
        self._names = tuple(names)
        self._set(method_words(summary), summary=summary)
        self.restyle()

    def restyle(self) -> None:
        """Write the sentences again, in the theme's present colours and size."""
        if self._summary is None:
            return
        t = theme.tokens()
        parts = []
        for number, sentence in enumerate(self._summary.sentences, start=1):
            mark = f'<span style="color:{t.accent}; vertical-align:super; font-size:{theme.font(13).pointSizeF()}pt">{number}</span>'
            name = self._names[number - 1] if number <= len(self._names) else ""
            said_by = f' <span style="color:{t.ink_third}">— {escape(name)}</span>' if name else ""
            parts.append(
                f'<a href="app:{number}" style="color:{t.ink}; text-decoration:none">{escape(sentence.text)}</a>{mark}{said_by}'
            )
        style = f"p {{ line-height: {theme.px(20)}px; color: {t.ink}; }}"
        self.text.show_html(f"<p>{' '.join(parts)}</p>", theme.font(13), style)

    def _set(
        self, method: str, *, button: str = "", busy: bool = False, error: str = "", summary: Summary | None = None
    ) -> None:
        self._summary = summary
        if summary is None:
            self._names = ()
        self._method.setText(method)
        self._method.setToolTip(tip(summary.model) if summary is not None else "")
        self.setAccessibleDescription(method)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.cancel.setVisible(busy)
        self._progress.setVisible(busy)
        self.text.setVisible(summary is not None)
        self._error.setText(error)
        self._error.setVisible(bool(error))
        self.setCursor(Qt.CursorShape.ArrowCursor)


def method_words(summary: Summary | StorySummary) -> str:
    """Who made the summary, and where it fell back to picked sentences, why."""
    if summary.method == "model":
        words = tr("picked by the local model, word for word") if _verbatim(summary) else tr("by the local model, every sentence checked")
        if summary.rejected:
            words += " · " + plural("{n} sentence refused", "{n} sentences refused", summary.rejected)
        return words
    notes = {
        "no_model": tr("picked sentences: no language model is installed"),
        "rejected": tr("picked sentences: what the model wrote did not pass the check"),
        "short": tr("picked sentences: the text is too short to sum up"),
        "off": tr("picked sentences: language models are switched off"),
        "failed": tr("picked sentences: the language model failed"),
        "slow": tr("picked sentences: the language model took too long"),
        "language": tr("picked sentences: no installed model writes this language"),
    }
    return notes.get(summary.note, tr("picked sentences"))


def _verbatim(summary: Summary | StorySummary) -> bool:
    """Whether all that a model wrote of a text are sentences of that text."""
    if not isinstance(summary, Summary):
        return False
    text = " ".join(summary.text.split())
    return bool(summary.sentences) and all(sentence.text in text for sentence in summary.sentences)


def _number(name: str) -> int:
    return int(name) if name.isdecimal() and len(name) < 4 else 0
