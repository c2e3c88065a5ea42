"""The one search box, for words and meaning."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop import icons, theme
from desktop.strings import tr

GLASS = 15  # pixels at 100 %
PAUSE_MS = 180  # between the last key and the search


class SearchBar(QLineEdit):
    """Emits what is asked for once the typing pauses, and "" when the search ends."""

    wanted = Signal(str)
    left = Signal()  # down or Enter: to the results

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.show_meaning(True)
        self.setMaxLength(400)
        self._last = ""
        self._clear = QAction(tr("Clear the search"), self)
        self._clear.setVisible(False)
        self._clear.triggered.connect(self.clear)
        self.addAction(self._clear, QLineEdit.ActionPosition.TrailingPosition)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.search_now)
        self.textChanged.connect(self._changed)
        theme.signal().changed.connect(self._draw)
        self._draw()

    def show_meaning(self, on: bool) -> None:
        """Say whether a search goes by meaning too."""
        self.setPlaceholderText(tr("Search words or meaning … Ctrl+K") if on else tr("Search words … Ctrl+K"))
        self.setAccessibleName(tr("Search words or meaning") if on else tr("Search words"))

    def search_now(self) -> None:
        """Ask at once for what stands in the box, unless that was asked for last."""
        self._pause.stop()
        text = self.text().strip()
        if text != self._last:
            self._last = text
            self.wanted.emit(text)

    def reset(self) -> None:
        """Empty the box without asking for anything."""
        self._pause.stop()
        self._last = ""
        self.blockSignals(True)
        self.clear()
        self.blockSignals(False)
        self._clear.setVisible(False)

    def _changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        if text.strip():
            self._pause.start()
        else:
            self.search_now()

    def _draw(self) -> None:
        self._clear.setIcon(icons.icon("close", theme.color("ink_third"), theme.px(16)))
        self.setMinimumHeight(theme.px(32))
        room, mirrored = theme.px(GLASS + 8), self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        self.setTextMargins(0 if mirrored else room, 0, room if mirrored else 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the glass as well: one that Qt places keeps its size while the text grows."""
        super().paintEvent(event)
        side, inset = theme.px(GLASS), theme.px(10)
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = self.width() - inset - side if mirrored else inset
        painter = QPainter(self)
        icons.paint(painter, "search", QRectF(left, (self.height() - side) / 2, side, side), theme.color("ink_third"))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.search_now()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)
