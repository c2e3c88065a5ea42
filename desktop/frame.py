"""The bar on top and the note at the bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from desktop import icons, theme
from desktop.search_bar import SearchBar
from desktop.strings import tr

if TYPE_CHECKING:
    from engine import Timeline

TOAST_MS = 6000
HEIGHT = 48
SEARCH_WIDTH = 420
OWN_SEGMENTS = 4  # timelines of the person's own that may stand in the bar
SEGMENT_NAME = 18  # characters of their names there
SEGMENTS_LEAVE = 600  # pixels at 100 % that the segments leave to what else stands in the bar


def own_segment(timeline_id: int) -> str:
    """The name of the segment of a timeline of the person's own."""
    return f"own {timeline_id}"


class TopBar(QWidget):
    """Name, timelines as segments, search, and looking for new posts."""

    segment_chosen = Signal(str)  # "for_you" or "newest"
    timeline_chosen = Signal(int)  # one of the person's own
    sidebar_wanted = Signal()
    back_wanted = Signal()
    refresh_wanted = Signal()
    briefing_wanted = Signal()
    ask_wanted = Signal()

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
        self._inner = QHBoxLayout(self.segments)
        self._inner.setContentsMargins(0, 0, 0, 0)
        self._inner.setSpacing(0)
        self._buttons: dict[str, QPushButton] = {}
        self._own: dict[str, int] = {}
        for name, words in (("for_you", tr("For you")), ("newest", tr("Newest"))):
            self._add_segment(name, words)
        self.search = SearchBar()
        self.search.setMaximumWidth(theme.px(SEARCH_WIDTH))
        self.refresh = self._tool("refresh", tr("Look for new posts (F5)"), self.refresh_wanted.emit)
        self.briefing = self._words(tr("Briefing"), tr("A few minutes’ worth of what came (5)"), self.briefing_wanted.emit)
        self.ask = QPushButton(tr("Ask"))
        theme.role(self.ask, "quiet")
        self.ask.setToolTip(tr("Ask your feeds (Ctrl+J)"))
        self.ask.setAccessibleName(tr("Ask your feeds"))
        self.ask.clicked.connect(lambda _checked=False: self.ask_wanted.emit())
        self._box = box = QHBoxLayout(self)
        box.setSpacing(theme.px(10))
        for widget in (self.back, self.menu, self.brand):
            box.addWidget(widget)
        box.addSpacing(theme.px(4))
        box.addWidget(self.segments)
        box.addStretch(1)
        box.addWidget(self.search, 4)
        box.addWidget(self.briefing)
        box.addWidget(self.ask)
        box.addWidget(self.refresh)
        theme.signal().changed.connect(self._measure)
        self._measure()

    def _add_segment(self, name: str, words: str) -> QPushButton:
        button = QPushButton(words)
        theme.role(button, "segment")
        button.setCheckable(True)
        button.clicked.connect(self._chooser(name))
        self._inner.addWidget(button)
        self._buttons[name] = button
        self._measure_segment(button)
        return button

    @staticmethod
    def _measure_segment(button: QPushButton) -> None:
        """As wide as its words are when it is chosen: nothing moves, and nothing is cut off."""
        button.setMinimumWidth(QFontMetrics(theme.font(13, 600)).horizontalAdvance(button.text().replace("&&", "&")) + theme.px(30))

    def set_timelines(self, timelines: Sequence[Timeline]) -> None:
        """Show the first of the person's own timelines beside the others, as far as there is room."""
        marked = next((name for name, button in self._buttons.items() if button.isChecked()), "")
        for name in self._own:
            button = self._buttons.pop(name)
            self._inner.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._own = {own_segment(timeline.id): timeline.id for timeline in timelines[:OWN_SEGMENTS]}
        for timeline in timelines[:OWN_SEGMENTS]:
            short = timeline.name if len(timeline.name) <= SEGMENT_NAME else timeline.name[: SEGMENT_NAME - 1] + "…"
            button = self._add_segment(own_segment(timeline.id), short.replace("&", "&&"))
            button.setAccessibleName(timeline.name)
            button.setVisible(False)
        self.select(marked)
        self._fit_segments()

    def _fit_segments(self) -> None:
        """Leave out own timelines that would take the search's room."""
        taken = 0
        room = self.width() - theme.px(SEGMENTS_LEAVE)
        for name, button in self._buttons.items():
            taken += button.minimumWidth()
            if name in self._own:
                button.setVisible(taken <= room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_segments()

    def select(self, name: str) -> None:
        """Mark the segment of this timeline; "" marks none."""
        for key, button in self._buttons.items():
            button.setChecked(key == name)

    def _chooser(self, name: str) -> Callable[[bool], None]:
        def chosen(_checked: bool) -> None:
            self.select(name)
            if name in self._own:
                self.timeline_chosen.emit(self._own[name])
            else:
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

    @staticmethod
    def _words(text: str, tip: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        theme.role(button, "quiet")
        button.setToolTip(tip)
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _measure(self) -> None:
        self.setFixedHeight(theme.px(HEIGHT))
        self.search.setMaximumWidth(theme.px(SEARCH_WIDTH))
        self._box.setContentsMargins(theme.px(16), 0, theme.px(12), 0)
        for segment in self._buttons.values():
            self._measure_segment(segment)
        self._fit_segments()
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
