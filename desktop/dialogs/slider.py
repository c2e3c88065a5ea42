"""Sliders in the theme's colours: one from a least to a most, and one whose bar grows from the middle to either side."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from desktop import theme

THICK, HANDLE = 4, 14  # pixels at 100 %


class Slider(QSlider):
    """A real number between two bounds. A click goes there at once; the wheel scrolls what is around it, unless it has the focus."""

    def __init__(self, low: float, high: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._low, self._step = low, step
        self.setRange(0, round((high - low) / step))
        self.setPageStep(max(1, self.maximum() // 10))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def real(self) -> float:
        return round(self._low + self.value() * self._step, 6)

    def set_real(self, value: float) -> None:
        self.setValue(round((value - self._low) / self._step))

    def sizeHint(self) -> QSize:
        return QSize(theme.px(160), theme.px(HANDLE + 8))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(70), theme.px(HANDLE + 8))

    # ---- where things stand ------------------------------------------------------------------

    def _mirrored(self) -> bool:
        return self.layoutDirection() == Qt.LayoutDirection.RightToLeft

    def x_of(self, value: float) -> float:
        """Where a value of the slider's own integers stands."""
        half = theme.px(HANDLE) / 2
        share = (value - self.minimum()) / max(1, self.maximum() - self.minimum())
        share = 1 - share if self._mirrored() else share
        return half + share * (self.width() - 2 * half)

    def _value_at(self, x: float) -> int:
        half = theme.px(HANDLE) / 2
        share = min(1.0, max(0.0, (x - half) / max(1.0, self.width() - 2 * half)))
        share = 1 - share if self._mirrored() else share
        return round(self.minimum() + share * (self.maximum() - self.minimum()))

    # ---- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self.setSliderPosition(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderPosition(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    # ---- looks -------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_bar(painter)
        self._paint_handle(painter)
        painter.end()

    def _line(self, painter: QPainter, left: float, right: float, colour: str, thick: float) -> None:
        left, right = min(left, right), max(left, right)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(colour))
        painter.drawRoundedRect(QRectF(left, (self.height() - thick) / 2, right - left, thick), thick / 2, thick / 2)

    def _paint_bar(self, painter: QPainter) -> None:
        thick = theme.px(THICK)
        self._line(painter, self.x_of(self.minimum()), self.x_of(self.maximum()), "line", thick)
        self._line(painter, self.x_of(self.minimum()), self.x_of(self.value()), "accent" if self.isEnabled() else "line_strong", thick)

    def _paint_handle(self, painter: QPainter) -> None:
        radius = theme.px(HANDLE) / 2 - 1.5
        painter.setPen(QPen(theme.color("accent" if self.hasFocus() else "ink_third" if self.isEnabled() else "line_strong"), 2.0 if self.hasFocus() else 1.2))
        painter.setBrush(theme.color("card"))
        painter.drawEllipse(QPointF(self.x_of(self.value()), self.height() / 2), radius, radius)


class WeightSlider(Slider):
    """A weight around 0: its bar, what was learnt where the person changed it, and as a thin line how sure that is."""

    def __init__(self, most: float, step: float = 0.05, parent: QWidget | None = None) -> None:
        super().__init__(-most, most, step, parent)
        self._learnt, self._doubt, self._edited = 0.0, 0.0, False

    def show_weight(self, weight: float, learnt: float, doubt: float, *, edited: bool) -> None:
        """Show without telling anyone: only the person's own moves are told."""
        self._learnt, self._doubt, self._edited = learnt, doubt, edited
        was = self.blockSignals(True)
        self.set_real(weight)
        self.blockSignals(was)
        self.update()

    def _of_real(self, value: float) -> float:
        return self.x_of(min(float(self.maximum()), max(float(self.minimum()), (value - self._low) / self._step)))

    def _paint_bar(self, painter: QPainter) -> None:
        zero = self._of_real(0.0)
        thick = theme.px(THICK)
        if self._doubt > 0:
            self._line(painter, self._of_real(self._learnt - self._doubt), self._of_real(self._learnt + self._doubt), "line", theme.px(10))
        self._line(painter, self.x_of(self.minimum()), self.x_of(self.maximum()), "line_strong", max(1, theme.px(1)))
        self._line(painter, zero, self.x_of(self.value()), "accent" if self.real() >= 0 else "negative", thick)
        painter.setPen(QPen(theme.color("ink_third"), 1.0))
        painter.drawLine(QPointF(zero, self.height() / 2 - theme.px(7)), QPointF(zero, self.height() / 2 + theme.px(7)))
        if self._edited:
            at = self._of_real(self._learnt)
            painter.setPen(QPen(theme.color("amber"), 1.6))
            painter.drawLine(QPointF(at, self.height() / 2 - theme.px(6)), QPointF(at, self.height() / 2 + theme.px(6)))
