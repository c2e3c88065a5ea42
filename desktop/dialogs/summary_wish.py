"""What the summaries of a feed's posts shall be like: how long, what besides, and whether each new post has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.controls import Check, Choice
from desktop.dialogs.sheet import field
from desktop.strings import plural, tr
from engine import MAX_WISH_CHARACTERS, Feed, SummaryWish

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

LENGTHS = (25, 40, 60, 100, 200)


class SummaryWishBox(QWidget):
    def __init__(self, window: MainWindow, feed: Feed) -> None:
        super().__init__()
        self._known: SummaryWish | None = None  # None until it is loaded: nothing is saved before that
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(10))
        self.words = Choice()
        self.words.addItem(tr("as usual"), None)
        for length in LENGTHS:
            self.words.addItem(plural("at most {n} word", "at most {n} words", length), length)
        box.addWidget(field(tr("Summaries"), self.words))
        self.prompt = QLineEdit()
        self.prompt.setMaxLength(MAX_WISH_CHARACTERS)
        self.prompt.setPlaceholderText(tr("for example: say first what changes for users"))
        hint = tr("For the language model, in your own words. What the post does not say is left out all the same.")
        box.addWidget(field(tr("A summary shall"), self.prompt, hint))
        self.always = Check(tr("Sum up each new post that is long enough, when the machine is idle"))
        box.addWidget(self.always)
        engine = window.engine
        if engine is not None:
            window.lanes.read(lambda: engine.summary_wish(feed.id), self._show, owner=self)

    def _show(self, wish: SummaryWish) -> None:
        self._known = wish
        if wish.max_words is not None and self.words.findData(wish.max_words) < 0:
            self.words.addItem(plural("at most {n} word", "at most {n} words", wish.max_words), wish.max_words)
        self.words.setCurrentIndex(max(0, self.words.findData(wish.max_words)))
        self.prompt.setText(wish.prompt)
        self.always.setChecked(wish.always)

    def wish(self) -> SummaryWish | None:
        """What is chosen; None where it is not known yet what was."""
        if self._known is None:
            return None
        return SummaryWish(
            max_words=self.words.currentData(), prompt=self.prompt.text().strip(), always=self.always.isChecked()
        )
