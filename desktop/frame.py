"""The bar on top and the note at the bottom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from desktop import icons, theme
from desktop.search_bar import SearchBar
from desktop.strings import tr

TOAST_MS = 6000
HEIGHT = 48
SEARCH_WIDTH = 420


class TopBar(QWidget):
    """Name, timelines as segments, search, and looking for new posts."""

    segment_chosen = Signal(str)  # "for_you" or "newest"
    sidebar_wanted = Signal()
    back_wanted = Signal()
    refresh_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "topbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.menu = self._tool("menu", tr("Show or hide the sidebar (B)"), self.sidebar_wanted.emit)
        self.back = self._tool("back", tr("Back to the list (Esc)"), self.back_wanted.emit)
        self.brand = theme.label("≋ Millpond", "brand")
        self.segments = QWidget()
        theme.role(self.segments, "segments")
        self.segments.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.segments.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        inner = QHBoxLayout(self.segments)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self._buttons: dict[str, QPushButton] = {}
        for name, words in (("for_you", tr("For you")), ("newest", tr("Newest"))):
            button = QPushButton(words)
            theme.role(button, "segment")
            button.setCheckable(True)
            button.clicked.connect(self._chooser(name))
            inner.addWidget(button)
            self._buttons[name] = button
        self.search = SearchBar()
        self.search.setMaximumWidth(theme.px(SEARCH_WIDTH))
        self.refresh = self._tool("refresh", tr("Look for new posts (F5)"), self.refresh_wanted.emit)
        self._box = box = QHBoxLayout(self)
        box.setSpacing(theme.px(10))
        for widget in (self.back, self.menu, self.brand):
            box.addWidget(widget)
        box.addSpacing(theme.px(4))
        box.addWidget(self.segments)
        box.addStretch(1)
        box.addWidget(self.search, 4)
        box.addWidget(self.refresh)
        theme.signal().changed.connect(self._measure)
        self._measure()

    def select(self, name: str) -> None:
        """Mark the segment of this timeline; "" marks none."""
        for key, button in self._buttons.items():
            button.setChecked(key == name)

    def _chooser(self, name: str) -> Callable[[bool], None]:
        def chosen(_checked: bool) -> None:
            self.select(name)
            self.segment_chosen.emit(name)

        return chosen

    def _tool(self, icon: str, words: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        theme.role(button, "quiet")
        button.setProperty("icon-name", icon)
        button.setToolTip(words)
        button.setAccessibleName(words)

        def clicked(_checked: bool = False) -> None:
            act()

        button.clicked.connect(clicked)
        return button

    def _measure(self) -> None:
        self.setFixedHeight(theme.px(HEIGHT))
        self.search.setMaximumWidth(theme.px(SEARCH_WIDTH))
        self._box.setContentsMargins(theme.px(16), 0, theme.px(12), 0)
        for button in (self.menu, self.back, self.refresh):
            button.setIcon(icons.icon(str(button.property("icon-name")), theme.color("ink_second"), theme.px(16)))
            button.setIconSize(button.icon().availableSizes()[0])


class Toast(QFrame):
    """Says for some seconds what was done, with a button to take it back. It never takes the focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        theme.role(self, "toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QHBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(9), theme.px(12), theme.px(9))
        self.words = theme.label("", wrap=False)
        self.action = QPushButton(tr("Undo"))
        self.action.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.action.clicked.connect(self._undo)
        box.addWidget(self.words, 1)
        box.addWidget(self.action)
        self._act: Callable[[], None] | None = None
        self._time = QTimer(self)
        self._time.setSingleShot(True)
        self._time.setInterval(TOAST_MS)
        self._time.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str, undo: Callable[[], None] | None = None, action_text: str = "") -> None:
        self.words.setText(text)
        self._act = undo
        self.action.setText(action_text or tr("Undo"))
        self.action.setVisible(undo is not None)
        room = self._over.width() - theme.px(32)
        self.words.setWordWrap(False)
        self.adjustSize()
        if self.width() > room:
            self.words.setWordWrap(True)
            self.setFixedWidth(room)
            self.adjustSize()
            self.setMinimumWidth(0)
            self.setMaximumWidth(16_777_215)
        self._place()
        self.show()
        self.raise_()
        self._time.start()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _undo(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()

    def _place(self) -> None:
        parent = self._over
        self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - theme.px(44))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False
