"""Boxes, rings, arrows and steppers, drawn in the theme's colours: the system's own disappear under a style sheet."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from desktop import icons, theme

BOX = 16


def _paint_choice(button: QAbstractButton, *, round_box: bool) -> None:
    """Draw box or ring, mark and words of a check box or radio button."""
    side, gap = theme.px(BOX), theme.px(8)
    painter = QPainter(button)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    mirrored = button.layoutDirection() == Qt.LayoutDirection.RightToLeft
    left = button.width() - side - 1.5 if mirrored else 1.5
    box = QRectF(left, (button.height() - side) / 2, side, side)
    on, enabled = button.isChecked(), button.isEnabled()
    edge = theme.color("accent" if (on and enabled) or button.hasFocus() else "ink_third")
    painter.setPen(QPen(edge, 2.0 if button.hasFocus() else 1.2))
    fill = theme.color("accent" if enabled else "ink_third") if on and not round_box else theme.color("card")
    painter.setBrush(fill)
    if round_box:
        painter.drawEllipse(box)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent" if enabled else "ink_third"))
            painter.drawEllipse(box.center(), side * 0.26, side * 0.26)
    else:
        painter.drawRoundedRect(box, 4, 4)
        if on:
            icons.paint(painter, "read", box.adjusted(2, 2, -2, -2), theme.color("on_accent"), width=2.4)
    painter.setPen(theme.color("ink" if enabled else "ink_third"))
    painter.setFont(button.font())
    room = button.rect().adjusted(0 if mirrored else side + gap, 0, -(side + gap) if mirrored else 0, 0)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic | Qt.TextFlag.TextWordWrap
    painter.drawText(room, flags | (Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft), button.text())
    painter.end()


def _hint(button: QAbstractButton) -> QSize:
    words = button.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, button.text())
    width = theme.px(BOX) + 4 + (theme.px(8) + words.width() + 2 if button.text() else 0)
    return QSize(width, max(theme.px(BOX) + theme.px(8), words.height() + theme.px(4)))


class Check(QCheckBox):
    def sizeHint(self) -> QSize:
        return _hint(self)

    def minimumSizeHint(self) -> QSize:
        return _hint(self)

    def hitButton(self, at: object) -> bool:
        return self.rect().contains(at)  # type: ignore[call-overload, no-any-return]

    def paintEvent(self, _event: QPaintEvent) -> None:
        _paint_choice(self, round_box=False)


class Radio(QRadioButton):
    def sizeHint(self) -> QSize:
        return _hint(self)

    def minimumSizeHint(self) -> QSize:
        return _hint(self)

    def hitButton(self, at: object) -> bool:
        return self.rect().contains(at)  # type: ignore[call-overload, no-any-return]

    def paintEvent(self, _event: QPaintEvent) -> None:
        _paint_choice(self, round_box=True)


class Choice(QComboBox):
    """A combo box with an arrow. The wheel scrolls what is around it, unless it has the focus."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = theme.px(12)
        left = theme.px(8) if self.layoutDirection() == Qt.LayoutDirection.RightToLeft else self.width() - side - theme.px(9)
        painter = QPainter(self)
        icons.paint(painter, "down", QRectF(left, (self.height() - side) / 2, side, side), theme.color("ink_second"), width=1.8)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _Spin(QSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _RealSpin(QDoubleSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Stepper(QWidget):
    """A number between − and +. The keyboard's arrows and typing work in the field."""

    changed = Signal()

    def __init__(self, low: float, high: float, *, real: bool = False, step: float = 1, suffix: str = "") -> None:
        super().__init__()
        self.spin: QSpinBox | QDoubleSpinBox
        if real:
            self.spin = _RealSpin()
            self.spin.setDecimals(2)
            self.spin.setRange(low, high)
            self.spin.setSingleStep(step)
        else:
            self.spin = _Spin()
            self.spin.setRange(int(low), int(high))
            self.spin.setSingleStep(int(step))
        self.spin.setSuffix(suffix)
        # Not NoButtons: under a style sheet Qt then gives the field a width of one pixel.
        self.spin.setStyleSheet(
            "QAbstractSpinBox { padding-left: 4px; padding-right: 4px; }"
            "QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }"
        )
        self.spin.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line = self.spin.lineEdit()
        if line is not None:
            line.setStyleSheet("border: none; padding: 0; background: transparent;")
        self.spin.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.less, self.more = QPushButton("−"), QPushButton("+")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(4))
        for widget in (self.less, self.spin, self.more):
            row.addWidget(widget, 1 if widget is self.spin else 0)
        for button, steps in ((self.less, -1), (self.more, 1)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAutoRepeat(True)
            button.setFixedWidth(theme.px(34))
            button.clicked.connect(lambda _checked=False, steps=steps: self.spin.stepBy(steps))
        self.spin.valueChanged.connect(lambda _value: self._moved())
        self.setFocusProxy(self.spin)
        self._moved()

    def _moved(self) -> None:
        self.less.setEnabled(self.spin.value() > self.spin.minimum())
        self.more.setEnabled(self.spin.value() < self.spin.maximum())
        self.changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            for button in (self.less, self.more):
                button.setFixedWidth(theme.px(34))



class TickDelegate(QStyledItemDelegate):
    """Draws the tick boxes of a list or tree as `Check` does."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        state = index.data(Qt.ItemDataRole.CheckStateRole)
        if state is None:
            return
        state = Qt.CheckState(state)
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        widget = own.widget
        rect = widget.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, own, widget)
        side = theme.px(14)
        box = QRectF(rect.center().x() - side / 2 + 0.5, rect.center().y() - side / 2 + 0.5, side, side)
        selected = bool(own.state & QStyle.StateFlag.State_Selected)
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(rect.adjusted(-2, -2, 2, 2), theme.color("accent_soft" if selected else "card"))
        on = state != Qt.CheckState.Unchecked
        painter.setPen(QPen(theme.color("accent" if on else "ink_third" if enabled else "line"), 1.2))
        painter.setBrush(theme.color("accent" if on else "card"))
        painter.drawRoundedRect(box, 4, 4)
        if state == Qt.CheckState.Checked:
            icons.paint(painter, "read", box.adjusted(2, 2, -2, -2), theme.color("on_accent"), width=2.4)
        elif state == Qt.CheckState.PartiallyChecked:
            painter.setPen(QPen(theme.color("on_accent"), 2))
            painter.drawLine(box.center() - QPointF(side / 4, 0), box.center() + QPointF(side / 4, 0))
        painter.restore()
