"""The frame that all dialogs share: heading, what is asked, one line for what went wrong, buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop import theme


class Sheet(QDialog):
    """A dialog over its window. Add to `body`; make buttons with `add_button`, the main one last."""

    def __init__(
        self, parent: QWidget | None, title: str, explanation: str = "", *, width: int = 520, stretches: bool = False, scrolls: bool = False
    ) -> None:
        """`stretches`: the person may make it higher; else it is as high as what it shows. `scrolls`: where the screen is lower."""
        super().__init__(parent)
        self._stretches = stretches
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, parent is not None)
        self.setMinimumWidth(theme.px(width))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(20))
        outer.setSpacing(theme.px(12))
        outer.addWidget(theme.label(title, "heading", wrap=True))
        if explanation:
            outer.addWidget(theme.label(explanation, "second", wrap=True))
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.px(10))
        self._area: QScrollArea | None = None
        if scrolls:
            self._area = _area(self.body)
            outer.addWidget(self._area, 1)
        else:
            outer.addLayout(self.body, 1)
        self.error = theme.label("", "error", wrap=True)
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error.hide()
        outer.addWidget(self.error)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.hide()
        outer.addWidget(self.progress)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.px(8))
        self._buttons.addStretch(1)
        outer.addSpacing(theme.px(4))
        outer.addLayout(self._buttons)
        self._waiting: list[QPushButton] = []

    def add_button(
        self, text: str, act: Callable[[], object], kind: str = "", *, left: bool = False, waits: bool | None = None
    ) -> QPushButton:
        """A button at the foot. `kind` is its role; one that `waits` is off while busy (by default the primary)."""
        button = QPushButton(text)
        if kind:
            theme.role(button, kind)
        button.setAutoDefault(kind == "primary")
        button.setDefault(kind == "primary")
        button.clicked.connect(lambda _checked=False: act())
        if left:
            self._buttons.insertWidget(0, button)
        else:
            self._buttons.addWidget(button)
        if waits if waits is not None else kind == "primary":
            self._waiting.append(button)
        return button

    def event(self, event: QEvent) -> bool:
        """Keep up with labels that wrap and parts that come and go: Qt asks a dialog's height only once."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Polish, QEvent.Type.Show):
            self._fit()
        return handled

    def _fit(self) -> None:
        layout = self.layout()
        if layout is None:
            return
        if self._area is not None:
            self._fit_area(self._area)
        height = layout.totalHeightForWidth(max(self.width(), self.minimumWidth()))
        if not self._stretches:
            if height != self.height():
                self.setFixedHeight(height)
        elif height > self.height():
            self.resize(self.width(), height)

    def _fit_area(self, area: QScrollArea) -> None:
        """As high as its content, as far as the screen has room."""
        inner = area.widget()
        content = inner.layout() if inner is not None else None
        if content is None:
            return
        width = max(self.width(), self.minimumWidth()) - 2 * theme.px(24)
        wanted = max(content.totalHeightForWidth(width), content.totalMinimumSize().height())
        room = max(theme.px(240), round(self.screen().availableSize().height() * 0.92) - theme.px(190))
        area.setFixedHeight(min(wanted, room))

    def fail(self, text: str) -> None:
        """Say in words what went wrong; the dialog stays."""
        self.busy(False)
        self.error.setText(text)
        self.error.setVisible(bool(text))

    def busy(self, on: bool) -> None:
        """Show that something is under way."""
        self.progress.setVisible(on)
        if on:
            self.error.hide()
        for button in self._waiting:
            button.setEnabled(not on)


def _area(body: QVBoxLayout) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inner = QWidget()
    body.setContentsMargins(0, 0, theme.px(2), 0)
    inner.setLayout(body)
    area.setWidget(inner)
    inner.setObjectName("sheetBody")
    area.setStyleSheet("QScrollArea, #sheetBody { background: transparent; }")
    area.viewport().setAutoFillBackground(False)
    return area


def field(title: str, widget: QWidget, help_text: str = "") -> QWidget:
    """A labelled field: label above, help below, and the label as the field's accessible name."""
    holder = QWidget()
    box = QVBoxLayout(holder)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(theme.px(4))
    label = theme.label(title, "strong")
    label.setBuddy(widget)
    box.addWidget(label)
    box.addWidget(widget)
    if help_text:
        box.addWidget(theme.label(help_text, "third", wrap=True))
    widget.setAccessibleName(title)
    widget.setAccessibleDescription(help_text)
    return holder
