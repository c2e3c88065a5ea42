"""What Millpond learnt: every word, source, author, topic and signal with its weight, how sure that is, and changes in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs import algorithm
from desktop.dialogs.controls import Choice
from desktop.dialogs.sheet import Sheet
from desktop.dialogs.slider import WeightSlider
from desktop.interests import MOST, STEP, kind_words
from desktop.pages.page import Page, button, card, empty, flush
from desktop.reading.flow import FlowLayout
from desktop.reading.reason_acts import LIKE_POST
from desktop.signals import signal_words
from desktop.strings import decimal, number, plural, tr
from engine import Changes, EngineError, InterestKind, Learned, Profile

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

KINDS: tuple[InterestKind, ...] = ("topic", "word", "source", "author", "signal")
OWN_KINDS: tuple[InterestKind, ...] = ("topic", "word", "author")  # what a person may add by writing it down
AT_ONCE, MORE = 8, 25  # entries of a kind that are shown at first, and added by "show more"
FOUND = 40  # entries that a search shows
BATCH = 4  # entries made per turn of the event loop
SEARCH_MS, APPLY_MS = 120, 500
SURE, FAIRLY = 2.0, 1.0  # standard errors from zero

Key = tuple[InterestKind, str]


def learned_name(learned: Learned) -> str:
    if learned.kind == "signal":
        return signal_words(learned.key)
    name = learned.name or learned.key
    return tr("like “{title}”").format(title=name) if learned.kind == "topic" and learned.key.startswith(LIKE_POST) else name


def doubt_words(learned: Learned) -> str:
    """How much a weight rests on, and how sure it is."""
    acts = plural("from {n} act", "from {n} acts", learned.acts)
    if learned.edited:
        was = tr("learnt: {weight}").format(weight=decimal(learned.learnt, signed=True)) if learned.acts else tr("nothing learnt")
        return tr("changed by you") + f" · {was}"
    if learned.doubt <= 0:
        return acts
    away = abs(learned.learnt) / learned.doubt
    return f"{acts} · " + (tr("sure") if away >= SURE else tr("fairly sure") if away >= FAIRLY else tr("not sure yet"))


def interval_words(learned: Learned) -> str:
    """Where the weight lies, for whoever wants to know it exactly."""
    low, high = learned.learnt - 1.96 * learned.doubt, learned.learnt + 1.96 * learned.doubt
    return tr("Learnt {weight} in log-odds; between {low} and {high} with 95 %").format(
        weight=decimal(learned.learnt, signed=True), low=decimal(low, signed=True), high=decimal(high, signed=True)
    )


def _breakable(name: str) -> str:
    """A name whose longest words may be broken: one that is an address would make the page wider than the window."""
    return re.sub(r"(\S{12})(?=\S)", "\\1\u200b", name)


class LearnedRow(QWidget):
    """One thing that was learnt: its name and doubt, its weight as a slider, and the way back from a change."""

    def __init__(self, learned: Learned, most: float, apply: Callable[[Learned, float | None], None]) -> None:
        super().__init__()
        self._apply = apply
        self.learned = learned
        self.name = theme.label("", wrap=True)
        self.note = theme.label("", "third", wrap=True)
        self.slider = WeightSlider(most)
        self.number = theme.label("")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.reset = QPushButton(tr("Reset"))
        theme.role(self.reset, "link")
        self.reset.setStyleSheet("padding: 0;")
        self.reset.clicked.connect(lambda _checked=False: self._apply(self.learned, None))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, theme.px(5), 0, theme.px(5))
        line.setSpacing(theme.px(12))
        words, figure = QVBoxLayout(), QVBoxLayout()
        for column, widgets in ((words, (self.name, self.note)), (figure, (self.number, self.reset))):
            column.setSpacing(0)
            for widget in widgets:
                column.addWidget(widget)
        figure.setAlignment(self.reset, Qt.AlignmentFlag.AlignRight)
        figure.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        line.addLayout(words, 5)
        line.addWidget(self.slider, 6)
        line.addLayout(figure)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(APPLY_MS)
        self._soon.timeout.connect(self._send)
        self.slider.valueChanged.connect(lambda _value: self._moved())
        self.slider.sliderReleased.connect(self._released)
        theme.signal().changed.connect(self._measure)
        self._measure()
        self.show_learned(learned)

    def _measure(self) -> None:
        self.number.setMinimumWidth(theme.px(46))

    def show_learned(self, learned: Learned) -> None:
        """Take up what the engine says, unless the person is changing it."""
        if self._soon.isActive() or self.slider.isSliderDown():
            return
        self.learned = learned
        name = learned_name(learned)
        self.name.setText(_breakable(name))
        self.note.setText(doubt_words(learned))
        theme.role(self.note, "amber" if learned.edited else "third")
        theme.restyle(self.note)
        self.slider.show_weight(learned.weight, learned.learnt, 1.96 * learned.doubt, edited=learned.edited)
        self.slider.setAccessibleName(tr("Weight of {name}").format(name=name))
        self.slider.setAccessibleDescription(f"{decimal(learned.weight, signed=True)}, {doubt_words(learned)}")
        self.slider.setToolTip(interval_words(learned))
        self.number.setText(decimal(learned.weight, signed=True))
        self.reset.setVisible(learned.edited)
        self.reset.setAccessibleName(tr("Reset {name}").format(name=name))

    def _moved(self) -> None:
        self.number.setText(decimal(self.slider.real(), signed=True))
        if not self.slider.isSliderDown():
            self._soon.start()

    def _released(self) -> None:
        if self.slider.real() != round(self.learned.weight, 2):
            self._soon.start(0)

    def _send(self) -> None:
        self._soon.setInterval(APPLY_MS)
        self._apply(self.learned, self.slider.real())


class ProfilePage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("What Millpond learnt"),
            tr(
                "All of it, as words and weights: to the right what you like, to the left what you like less. Drag a weight to change it."
                " The pale band shows how unsure it is."
            ),
        )
        self._profile: Profile | None = None
        self._order: dict[InterestKind, list[Key]] = {}
        self._resort = True  # the strongest first again; not while somebody looks at the list
        self._limits: dict[InterestKind, int] = dict.fromkeys(KINDS, AT_ONCE)
        self._most = 2 * STEP
        self.rows: dict[Key, LearnedRow] = {}
        self._pending: Iterator[None] | None = None
        self._step = QTimer(self)
        self._step.setInterval(0)
        self._step.timeout.connect(self._some)
        self.summary = theme.label("", "strong", wrap=True)
        self.body.addWidget(self.summary)
        self._build_bar()
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)

    def _build_bar(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search what was learnt"))
        self.search.setAccessibleName(tr("Search what was learnt"))
        self.search.setClearButtonEnabled(True)
        self._searching = QTimer(self)
        self._searching.setSingleShot(True)
        self._searching.setInterval(SEARCH_MS)
        self._searching.timeout.connect(self._draw)
        self.search.textChanged.connect(lambda _text: self._searching.start())
        self.body.addWidget(self.search)
        self._build_adding()
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        self.export = button(tr("Export the algorithm file…"), lambda: algorithm.open_export(self._window))
        self.take = button(tr("Import one…"), lambda: algorithm.open_import(self._window))
        self.undo_edits = button(tr("Take my changes back"), self._reset_edits)
        self.forget = button(tr("Forget everything…"), self._ask_forget)
        for widget in (self.export, self.take, self.undo_edits, self.forget):
            flow.addWidget(widget)
        flush(foot)
        self.body.addWidget(foot)

    def _build_adding(self) -> None:
        self.adding = QWidget()
        row = QHBoxLayout(self.adding)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(8))
        self.own_kind = Choice()
        self.own_kind.setAccessibleName(tr("What to add"))
        for kind, words in zip(OWN_KINDS, (tr("Topic"), tr("Word"), tr("Author")), strict=True):
            self.own_kind.addItem(words, kind)
        self.own_key = QLineEdit()
        self.own_key.setMaxLength(200)
        self.own_key.setAccessibleName(tr("Its name"))
        self.own_key.returnPressed.connect(lambda: self._add(STEP))
        self.own_kind.currentIndexChanged.connect(lambda _index: self._hint())
        self.own_key.setMinimumWidth(theme.px(80))
        self.more_of = button(tr("More"), lambda: self._add(STEP), "", name=tr("More of it"))
        self.less_of = button(tr("Less"), lambda: self._add(-STEP), "", name=tr("Less of it"))
        row.addWidget(self.own_kind)
        row.addWidget(self.own_key, 1)
        row.addWidget(self.more_of)
        row.addWidget(self.less_of)
        self.body.addWidget(self.adding)
        self._hint()

    def _hint(self) -> None:
        hints = {"topic": tr("such as: repairing old bicycles"), "word": tr("one word"), "author": tr("a name as it stands on posts")}
        self.own_key.setPlaceholderText(hints[self.own_kind.currentData()])

    # ---- reading -----------------------------------------------------------------------------

    def concerns(self, changes: Changes) -> bool:
        return changes.order or changes.unknown or changes.settings

    def shown(self) -> None:
        self._resort = True
        self.load()

    def load(self) -> None:
        engine = self._window.engine
        if engine is None:
            return
        if self._profile is None:
            self.summary.setText(tr("Looking at what was learnt…"))
        self._window.lanes.slow(engine.learned, self._take, failed=self._failed, key="profile-page", owner=self)

    def _failed(self, error: EngineError) -> None:
        self.summary.setText(str(error))

    def _take(self, profile: Profile) -> None:
        """Put values into the rows that stand; rows are made anew only where others are to be shown."""
        fresh, self._resort = self._resort, False
        if fresh:
            self._order = {}
        self._profile = profile
        by_key: dict[Key, Learned] = {(one.kind, one.key): one for one in profile.learned}
        for kind in KINDS:
            held = [key for key in self._order.get(kind, ()) if key in by_key and (key in self.rows or not by_key[key].edited)]
            new = [(one.kind, one.key) for one in profile.learned if one.kind == kind and (one.kind, one.key) not in set(held)]
            self._order[kind] = held + new if fresh else new + held
        self._say_summary(profile)
        if fresh:
            self._most = max(2 * STEP, min(MOST, max((abs(one.weight) for one in profile.learned), default=STEP)))
        if not fresh and self._wanted() == list(self.rows):
            for key, row in self.rows.items():
                row.show_learned(by_key[key])
        else:
            self._draw()

    def _say_summary(self, profile: Profile) -> None:
        others = max(0, profile.acts - profile.likes - profile.dislikes)
        parts = [plural("{n} like", "{n} likes", profile.likes), plural("{n} dislike", "{n} dislikes", profile.dislikes)]
        if others:
            parts.append(plural("{n} other act", "{n} other acts", others))
        self.summary.setText(tr("Learnt from {acts}.").format(acts=", ".join(parts)) if profile.acts else tr("Nothing is learnt yet."))
        edited = sum(one.edited for one in profile.learned)
        self.undo_edits.setText(plural("Take my change back", "Take my {n} changes back", edited))
        self.undo_edits.setVisible(edited > 0)
        self.forget.setVisible(profile.acts > 0)
        self.search.setVisible(bool(profile.learned))

    # ---- showing -----------------------------------------------------------------------------

    def _wanted(self) -> list[Key]:
        """The entries that are to be shown, in order."""
        text = " ".join(self.search.text().split()).casefold()
        if not text:
            return [key for kind in KINDS for key in self._order.get(kind, ())[: self._limits[kind]]]
        assert self._profile is not None
        names = {(one.kind, one.key): f"{learned_name(one)} {one.key}".casefold() for one in self._profile.learned}
        return [key for kind in KINDS for key in self._order.get(kind, ()) if text in names.get(key, "")][:FOUND]

    def _draw(self) -> None:
        if self._profile is None:
            return
        empty(self._list)
        self.rows = {}
        self._pending = self._fill(self._wanted(), self._profile, {kind: len(keys) for kind, keys in self._order.items()})
        self._step.start()

    def filled(self) -> bool:
        return self._pending is None

    def _some(self) -> None:
        for _ in range(BATCH):
            if self._pending is not None and next(self._pending, self) is self:
                self._pending = None
        if self._pending is None:
            self._step.stop()

    def _fill(self, wanted: list[Key], profile: Profile, totals: dict[InterestKind, int]) -> Iterator[None]:
        by_key: dict[Key, Learned] = {(one.kind, one.key): one for one in profile.learned}
        if not profile.learned:
            self._list.addWidget(self._nothing())
        elif not wanted:
            self._list.addWidget(theme.label(tr("Nothing of that name was learnt."), "second", wrap=True))
        searching = bool(self.search.text().strip())
        for kind in KINDS:
            keys = [key for key in wanted if key[0] == kind]
            if not keys:
                continue
            total = totals[kind]
            heading = theme.label(f"{kind_words(kind)} · {number(len(keys) if searching else total)}", "section")
            heading.setContentsMargins(0, theme.px(10), 0, 0)
            self._list.addWidget(heading)
            frame, box = card()
            box.setSpacing(0)
            self._list.addWidget(frame)
            for at, key in enumerate(keys):
                if at:
                    line = QFrame()
                    theme.role(line, "line")
                    box.addWidget(line)
                row = LearnedRow(by_key[key], self._most, self._apply)
                self.rows[key] = row
                box.addWidget(row)
                yield
            rest = total - len(keys)
            if rest > 0 and not searching:
                words = plural("Show {n} more", "Show {n} more", min(rest, MORE))
                more = button(words, partial(self._more, kind), name=f"{words}: {kind_words(kind)}")
                more.setStyleSheet("padding-left: 0;")
                self._list.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _more(self, kind: InterestKind) -> None:
        self._limits[kind] += MORE
        self._draw()

    def _nothing(self) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(tr("Nothing is learnt yet"), "strong"))
        words = tr(
            "Like a few posts (L) and dislike a few (D): from the third or fourth on, their words, sources and topics stand here with their"
            " weights. Merely reading teaches nothing. Or write above what you want more or less of."
        )
        box.addWidget(theme.label(words, "second", wrap=True))
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        flow.addWidget(button(tr("Go to For you"), lambda: self._window.go("timeline", "for_you")))
        flush(foot)
        box.addWidget(foot)
        return frame

    # ---- acts --------------------------------------------------------------------------------

    def _apply(self, learned: Learned, weight: float | None) -> None:
        name = learned_name(learned)
        if weight is None:
            self._window.interests.reset([(learned.kind, learned.key)], tr("“{name}” is as it was learnt").format(name=name))
        else:
            text = tr("“{name}” weighs {weight}").format(name=name, weight=decimal(weight, signed=True))
            on_top = weight - learned.learnt if learned.kind == "topic" else weight
            self._window.interests.set(learned.kind, learned.key, max(-MOST, min(MOST, on_top)), text)

    def _add(self, by: float) -> None:
        key = " ".join(self.own_key.text().split())
        kind: InterestKind = self.own_kind.currentData()
        if not key:
            self.own_key.setFocus()
            return
        text = tr("More of “{name}”") if by > 0 else tr("Less of “{name}”")
        self._window.interests.nudge(kind, key, by, text.format(name=key), self.own_key.clear)

    def _reset_edits(self) -> None:
        if self._profile is not None:
            edited: list[Key] = [(one.kind, one.key) for one in self._profile.learned if one.edited]
            self._window.interests.reset(edited, plural("{n} change taken back", "{n} changes taken back", len(edited)))

    def _ask_forget(self) -> None:
        sheet = Sheet(
            self._window,
            tr("Forget everything learnt?"),
            tr(
                "What you did so far teaches nothing any more, and For you begins anew. Likes, saved posts, rules, timelines and weights that"
                " you set yourself stay. Undo brings it back."
            ),
        )
        sheet.add_button(tr("Cancel"), sheet.reject)
        sheet.add_button(tr("Forget everything"), sheet.accept, "danger", waits=True)
        sheet.accepted.connect(self._window.interests.forget_everything)
        sheet.open()

