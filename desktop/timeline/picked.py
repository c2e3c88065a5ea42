"""The bar below the list while cards are picked: how many, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from desktop import theme
from desktop.strings import plural, tr


class PickedBar(QFrame):
    """Hidden while nothing is picked."""

    def __init__(self, together: Callable[[], None], let_go: Callable[[], None]) -> None:
        super().__init__()
        theme.role(self, "picked")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Picked cards"))
        box = QHBoxLayout(self)
        box.setContentsMargins(theme.px(14), theme.px(8), theme.px(12), theme.px(8))
        box.setSpacing(theme.px(6))
        self.words = theme.label("", "second", wrap=True)
        self.together = QPushButton(tr("Put together"))
        theme.role(self.together, "primary")
        self.together.setToolTip(tr("Make one story of the picked cards (Shift+V)"))
        self.let_go = QPushButton(tr("Let go"))
        theme.role(self.let_go, "quiet")
        self.let_go.setToolTip(tr("Pick nothing any more (Esc)"))
        box.addWidget(self.words, 1)
        box.addWidget(self.together)
        box.addWidget(self.let_go)
        self.together.clicked.connect(lambda _checked=False: together())
        self.let_go.clicked.connect(lambda _checked=False: let_go())
        self.hide()

    def show_count(self, count: int) -> None:
        self.words.setText(
            tr("One card picked. Pick another that tells the same.") if count == 1
            else plural("{n} card picked", "{n} cards picked", count)
        )  # fmt: skip
        self.together.setVisible(count > 1)
        self.setVisible(count > 0)
