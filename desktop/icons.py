"""Millpond's own line drawings, on a square of 16: painted in whatever colour the theme asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap


def _heart() -> QPainterPath:
    p = QPainterPath(QPointF(8, 13.4))
    p.cubicTo(3.2, 10.2, 1.8, 7.8, 1.8, 5.8)
    p.cubicTo(1.8, 2.6, 6.2, 1.6, 8, 4.8)
    p.cubicTo(9.8, 1.6, 14.2, 2.6, 14.2, 5.8)
    p.cubicTo(14.2, 7.8, 12.8, 10.2, 8, 13.4)
    return p


def _less() -> QPainterPath:
    p = _heart()
    p.moveTo(8, 4.8)
    p.lineTo(6.4, 7.2)
    p.lineTo(9.4, 8.8)
    p.lineTo(8, 13.4)
    return p


def _bookmark() -> QPainterPath:
    p = QPainterPath(QPointF(4, 2.2))
    for x, y in ((12, 2.2), (12, 13.8), (8, 10.6), (4, 13.8)):
        p.lineTo(x, y)
    p.closeSubpath()
    return p


def _hide() -> QPainterPath:
    p = QPainterPath(QPointF(1.6, 8))
    p.cubicTo(4, 3.2, 12, 3.2, 14.4, 8)
    p.cubicTo(12, 12.8, 4, 12.8, 1.6, 8)
    p.addEllipse(QPointF(8, 8), 2.1, 2.1)
    p.moveTo(2.6, 13.4)
    p.lineTo(13.4, 2.6)
    return p


def _menu() -> QPainterPath:
    p = QPainterPath()
    for y in (4, 8, 12):
        p.moveTo(2.5, y)
        p.lineTo(13.5, y)
    return p


def _back() -> QPainterPath:
    p = QPainterPath(QPointF(7, 3.4))
    p.lineTo(2.6, 8)
    p.lineTo(7, 12.6)
    p.moveTo(2.6, 8)
    p.lineTo(13.6, 8)
    return p


def _refresh() -> QPainterPath:
    p = QPainterPath()
    p.arcMoveTo(QRectF(2.6, 2.6, 10.8, 10.8), 40)
    p.arcTo(QRectF(2.6, 2.6, 10.8, 10.8), 40, 290)
    p.moveTo(12.6, 1.6)
    p.lineTo(12.4, 4.8)
    p.lineTo(9.2, 4.6)
    return p


def _plus() -> QPainterPath:
    p = QPainterPath(QPointF(8, 3))
    p.lineTo(8, 13)
    p.moveTo(3, 8)
    p.lineTo(13, 8)
    return p


def _close() -> QPainterPath:
    p = QPainterPath(QPointF(4, 4))
    p.lineTo(12, 12)
    p.moveTo(12, 4)
    p.lineTo(4, 12)
    return p


def _search() -> QPainterPath:
    p = QPainterPath()
    p.addEllipse(QPointF(7, 7), 4.4, 4.4)
    p.moveTo(10.3, 10.3)
    p.lineTo(13.8, 13.8)
    return p


def _waves() -> QPainterPath:
    p = QPainterPath()
    for y in (4.5, 8, 11.5):
        p.moveTo(1.8, y + 0.8)
        p.cubicTo(4, y - 1.6, 6, y - 1.6, 8, y)
        p.cubicTo(10, y + 1.6, 12, y + 1.6, 14.2, y - 0.8)
    return p


def _check() -> QPainterPath:
    p = QPainterPath(QPointF(2.8, 8.6))
    p.lineTo(6.4, 12)
    p.lineTo(13.4, 4.4)
    return p


def _right() -> QPainterPath:
    p = QPainterPath(QPointF(6, 3.6))
    p.lineTo(10.4, 8)
    p.lineTo(6, 12.4)
    return p


def _down() -> QPainterPath:
    p = QPainterPath(QPointF(3.6, 6))
    p.lineTo(8, 10.4)
    p.lineTo(12.4, 6)
    return p


def _page() -> QPainterPath:
    p = QPainterPath()
    p.addRoundedRect(QRectF(2.4, 2.6, 11.2, 10.8), 1.4, 1.4)
    for y, end in ((5.8, 11), (8.2, 11), (10.6, 8.6)):
        p.moveTo(5, y)
        p.lineTo(end, y)
    return p


def _person() -> QPainterPath:
    p = QPainterPath()
    p.addEllipse(QPointF(8, 5.2), 2.7, 2.7)
    p.moveTo(2.8, 13.6)
    p.cubicTo(3.2, 8.8, 12.8, 8.8, 13.2, 13.6)
    return p


def _film() -> QPainterPath:
    p = QPainterPath()
    p.addRoundedRect(QRectF(1.8, 3.2, 12.4, 9.6), 2, 2)
    p.moveTo(6.6, 5.8)
    p.lineTo(10.2, 8)
    p.lineTo(6.6, 10.2)
    p.closeSubpath()
    return p


DRAWINGS: dict[str, Callable[[], QPainterPath]] = {
    "like": _heart, "dislike": _less, "save": _bookmark, "hide": _hide, "menu": _menu, "back": _back,
    "refresh": _refresh, "add": _plus, "close": _close, "search": _search, "waves": _waves, "read": _check,
    "right": _right, "down": _down, "page": _page, "person": _person, "film": _film,
}  # fmt: skip


@lru_cache(maxsize=64)
def outline(name: str) -> QPainterPath:
    return DRAWINGS[name]()


def paint(painter: QPainter, name: str, rect: QRectF, colour: QColor, *, filled: bool = False, width: float = 1.4) -> None:
    """Draw `name` into the square `rect`; the line is `width` sixteenths of it thick."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 16, rect.height() / 16)
    painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawPath(outline(name))
    painter.restore()


def icon(name: str, colour: QColor, pixels: int = 16, *, filled: bool = False) -> QIcon:
    """`name` as an icon for buttons, sharp at one, two and three times the size."""
    made = QIcon()
    for ratio in (1, 2, 3):
        pixmap = QPixmap(QSize(pixels, pixels) * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint(painter, name, QRectF(0, 0, pixels * ratio, pixels * ratio), colour, filled=filled)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        made.addPixmap(pixmap)
    return made


def application() -> QIcon:
    """The program's own mark: three waves on the accent."""
    made = QIcon()
    for pixels in (32, 64, 128, 256):
        pixmap = QPixmap(pixels, pixels)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#1F6F5C"))
        painter.drawRoundedRect(QRectF(0, 0, pixels, pixels), pixels * 0.22, pixels * 0.22)
        inset = pixels * 0.17
        paint(painter, "waves", QRectF(inset, inset, pixels - 2 * inset, pixels - 2 * inset), QColor("#FFFFFF"))
        painter.end()
        made.addPixmap(pixmap)
    return made
