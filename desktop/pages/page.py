"""What the pages share: one scrolling column, cards, and reading what they show again when it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.reading.column import Column
from engine import Changes

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class Page(QWidget):
    """Override `load`, which reads through the lanes, and `concerns`, which tells the changes that call for it."""

    def __init__(self, window: MainWindow, title: str, introduction: str = "", *, widest: int = theme.PAGE_WIDTH) -> None:
        super().__init__()
        self._window = window
        self.area = area = Column(widest)
        self.body = area.body
        self.body.setSpacing(theme.px(12))
        area.setAccessibleName(title)
        self.body.addWidget(theme.label(title, "title"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.setAccessibleName(title)
        self.introduction = theme.label(introduction, "second", wrap=True)
        self.body.addWidget(self.introduction)
        self.introduction.setVisible(bool(introduction))  # with a parent only: it would flash as a window of its own

    def load(self) -> None:
        """Read what the page shows."""

    def concerns(self, changes: Changes) -> bool:
        """Whether the page shows something that changed."""
        return changes.unknown

    def shown(self) -> None:
        self.load()

    def refresh(self, changes: Changes) -> None:
        if self.isVisible() and self.concerns(changes):
            self.load()


def card() -> tuple[QFrame, QVBoxLayout]:
    """A card and its layout."""
    frame = QFrame()
    theme.role(frame, "card")
    box = QVBoxLayout(frame)
    box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
    box.setSpacing(theme.px(4))
    return frame, box


def button(text: str, act: Callable[[], object], kind: str = "link", *, name: str = "") -> QPushButton:
    """A button of plain text; `name` says to a screen reader what it is about where the text alone does not."""
    made = QPushButton(text.replace("&", "&&"))
    theme.role(made, kind)
    made.setAccessibleName(name or text)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(lambda _checked=False: act())
    return made


def flush(row: QWidget) -> None:
    """Let each line of a row of link buttons begin with its words, not with the room around them."""
    for link in row.findChildren(QPushButton):
        if link.property("role") == "link":
            link.setStyleSheet("padding-left: 0;")


def empty(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while layout.count():
        item = layout.takeAt(0)
        if item is None:
            return
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            empty(inner)
