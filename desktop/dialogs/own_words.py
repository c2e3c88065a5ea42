"""A field for wishes in one's own words: what they became is shown in the sheets of rules and timelines, and saved only from there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import tip
from desktop.link_button import LinkButton
from desktop.reading.flow import FlowLayout
from desktop.strings import tr
from engine import PLAIN_REMARKS, EngineError, PlainRemark, PlainRule, PlainTimeline

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

PATIENCE_MILLISECONDS = 300  # before it is shown that something works on it
MAX_CHARACTERS = 1000


def examples(*, timeline: bool = False) -> tuple[str, ...]:
    """Wishes to try, in the person's language."""
    if timeline:
        return (tr("a quiet timeline without ads"), tr("newest first, little from each source"), tr("big stories of the last 3 days"))
    return (
        tr("hide crypto prices unless it is a crash that makes the news"),
        tr("mute football until Monday"),
        tr("star posts that mention Millpond"),
        tr("label long reads (over 2000 words)"),
    )


def remark_words(remark: PlainRemark) -> str:
    return tr(PLAIN_REMARKS[remark.name]).format(detail=remark.detail)


def unexpressed_words(found: PlainRule | PlainTimeline) -> str:
    """What of the words nothing says, in a line; "" where all is said."""
    return tr("Not expressed: {parts}").format(parts=", ".join(f"“{part}”" for part in found.unexpressed)) if found.unexpressed else ""


def by_words(found: PlainRule | PlainTimeline) -> str:
    """Who understood it, as a label."""
    if found.by == "grammar":
        return ""
    if found.by == "model":
        return tr("Understood by the local model: check every part of it.")
    return tr("Parts of this are by the local model: check every part of it.")


class Understood(QWidget):
    """What there is to say about how words were understood, over the rule or timeline that they became."""

    def __init__(self, found: PlainRule | PlainTimeline, place: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        said = tr("“{words}”").format(words=found.words)
        if place[1] > 1:
            said += " · " + tr("rule {n} of {m}").format(n=place[0], m=place[1])
        for text, role in [(said, "second"), (unexpressed_words(found), "amber"), (by_words(found), "amber"), *((remark_words(one), "third") for one in found.remarks)]:
            if text:
                line = theme.label(text, role, wrap=True)
                line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                if isinstance(found, PlainRule) and text == by_words(found):
                    line.setToolTip(tip(found.model))
                box.addWidget(line)


class OwnWords(QWidget):
    """Type, press Enter, look at what it became. `taken` is called before a sheet is opened with it."""

    def __init__(self, window: MainWindow, *, timeline: bool = False, taken: Callable[[], object] | None = None, with_examples: bool = True) -> None:
        super().__init__()
        self._window, self._timeline, self._taken = window, timeline, taken
        self._cancel = threading.Event()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(6))
        title = theme.label(tr("In your own words"), "strong")
        box.addWidget(title)
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        self.words = QLineEdit()
        self.words.setMaxLength(MAX_CHARACTERS)
        self.words.setAccessibleName(tr("In your own words"))
        self.words.setPlaceholderText(tr("such as: {example}").format(example=examples(timeline=timeline)[0]))
        self.words.setMinimumWidth(1)
        self.words.returnPressed.connect(self.ask)
        title.setBuddy(self.words)
        row.addWidget(self.words, 1)
        self.make = QPushButton(tr("Make a timeline") if timeline else tr("Make a rule"))
        self.make.setAutoDefault(False)
        self.make.clicked.connect(lambda _checked=False: self.ask())
        row.addWidget(self.make)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setAutoDefault(False)
        self.stop.setToolTip(tr("What is understood so far counts"))
        self.stop.clicked.connect(lambda _checked=False: self._cancel.set())
        self.stop.hide()
        row.addWidget(self.stop)
        box.addLayout(row)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(tr("The local model reads your words"))
        self.progress.hide()
        box.addWidget(self.progress)
        self.note: QLabel = theme.label("", "amber", wrap=True)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.note.hide()
        box.addWidget(self.note)
        self.examples = self._examples()
        self.examples.setVisible(with_examples)
        box.addWidget(self.examples)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PATIENCE_MILLISECONDS)
        self._soon.timeout.connect(lambda: self._working(True))

    def _examples(self) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder, across=theme.px(12))
        flow.setContentsMargins(0, 0, 0, 0)
        for example in examples(timeline=self._timeline):
            link = LinkButton(example)
            theme.role(link, "link")
            link.setAutoDefault(False)
            link.setToolTip(tr("Try this"))
            link.clicked.connect(lambda _checked=False, words=example: self._try(words))
            link.setStyleSheet("padding-left: 0;")
            flow.addWidget(link)
        return holder

    def _try(self, words: str) -> None:
        self.words.setText(words)
        self.words.setFocus()

    def ask(self) -> None:
        engine, words = self._window.engine, self.words.text().strip()
        if engine is None or not words or not self.make.isEnabled():
            return
        self._cancel = cancel = threading.Event()
        self.destroyed.connect(cancel.set)
        self.make.setEnabled(False)
        self.note.hide()
        self._soon.start()
        if self._timeline:
            self._window.lanes.slow(lambda: engine.timeline_from_words(words), self._shown, failed=self._failed, owner=self)
        else:
            self._window.lanes.slow(lambda: engine.rule_from_words(words, cancel=cancel), self._shown, failed=self._failed, owner=self)

    def _working(self, on: bool) -> None:
        self.progress.setVisible(on)
        self.stop.setVisible(on and not self._timeline)

    def _done(self) -> None:
        self._soon.stop()
        self._working(False)
        self.make.setEnabled(True)

    def _failed(self, error: EngineError) -> None:
        self._done()
        self._say(str(error))

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _shown(self, found: PlainRule | PlainTimeline) -> None:
        self._done()
        if (isinstance(found, PlainRule) and found.rules) or found.timeline is not None:
            self.words.clear()
            window = self._window
            if self._taken is not None:
                self._taken()
            show(window, found)
            return
        parts = unexpressed_words(found)
        reasons = " ".join(remark_words(remark) for remark in found.remarks if remark.name != "nothing")
        nothing = tr("No timeline could be made of this.") if self._timeline else tr("No rule could be made of this. Say what to do, and with which posts.")
        self._say(" ".join(part for part in (nothing, parts, reasons) if part))


def show(window: MainWindow, found: PlainRule | PlainTimeline, place: int = 0) -> None:
    """Open what words became: a timeline, or the rules one after the other, each to be saved or left."""
    from desktop.dialogs import rule, timeline

    if found.timeline is not None:
        timeline.open_dialog(window, found.timeline, found)
        return
    if isinstance(found, PlainRule) and place < len(found.rules):
        sheet = rule.open_dialog(window, found.rules[place], found, place)
        sheet.finished.connect(lambda _result: show(window, found, place + 1))
