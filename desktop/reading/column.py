"""A scrolling column that is never wider than its text reads well, in the middle of what room there is."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from desktop import theme


class ColumnLayout(QVBoxLayout):
    """Knows how high it is at the width that it will really have: Qt asks with the width of all there is, and cuts the
    last lines of wrapped labels where the column is narrower than that."""

    widest = 16_777_215

    def heightForWidth(self, width: int) -> int:
        return super().heightForWidth(min(width, self.widest))

    def minimumHeightForWidth(self, width: int) -> int:
        return super().minimumHeightForWidth(min(width, self.widest))


class Column(QScrollArea):
    """Add to `body`. Margins and width grow with the text."""

    def __init__(self, widest: int, *, margin: int = 44, top: int = 24, bottom: int = 32) -> None:
        super().__init__()
        self._widest, self._margins = widest, (margin, top, margin, bottom)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.outside = QWidget()
        theme.role(self.outside, "pane")
        self._outer = QVBoxLayout(self.outside)
        self._column = QWidget()
        self._column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._outer.addWidget(self._column)
        self._outer.addStretch(1)
        self.body = ColumnLayout(self._column)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self.outside)
        theme.signal().changed.connect(self.measure)
        self.measure()

    def measure(self) -> None:
        """Take up the present text size."""
        self.body.widest = theme.px(self._widest)
        self._column.setMaximumWidth(theme.px(self._widest))
        self._centre()

    def _centre(self) -> None:
        # Of the whole width, so that a scroll bar that comes or goes moves nothing.
        left, top, right, bottom = (theme.px(value) for value in self._margins)
        free = max(0, (self.width() - theme.px(self._widest)) // 2)
        self._outer.setContentsMargins(max(left, free), top, right, bottom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._centre()
