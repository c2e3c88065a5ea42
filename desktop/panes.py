"""Sidebar, list and reading pane side by side: which of them are there, and how wide each is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QSplitterHandle, QStackedWidget, QVBoxLayout, QWidget

from desktop import theme
from desktop.sidebar import WIDTH as SIDEBAR_WIDTH
from desktop.sidebar import Sidebar
from desktop.timeline.pane import TimelinePane

LIST_WIDTH = 500  # pixels at 100 %, as the others here
SIDEBAR_LEAST, LIST_LEAST, READING_LEAST = 150, 280, 320
NARROW, STACKED = 900, 700  # below these widths the sidebar goes, then list and post share one place


class Panes(QWidget):
    """Three panes whose borders can be dragged; a double click on a border gives the usual width back.

    A width that a person chose is kept in pixels at 100 % text size, so that it grows with the text.
    """

    changed = Signal()  # what is shown, or how wide

    def __init__(self, sidebar: Sidebar, timeline: TimelinePane) -> None:
        super().__init__()
        self.sidebar, self.timeline = sidebar, timeline
        self.narrow = self.stacked = False
        self._sidebar_shown: bool | None = None  # None: as the width has it
        self._reading_on_top = False
        self._chosen: dict[str, int] = {}  # "sidebar" and "list", where a person chose
        self.reading_holder = QWidget()
        theme.role(self.reading_holder, "pane")
        self._reading_box = QVBoxLayout(self.reading_holder)
        self._reading_box.setContentsMargins(0, 0, 0, 0)
        self.posts = self._splitter(timeline, self.reading_holder)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.posts)
        self.outer = self._splitter(sidebar, self._stack)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.outer)
        self.posts.splitterMoved.connect(lambda at, _index: self._choose("list", at))
        self.outer.splitterMoved.connect(lambda at, _index: self._choose("sidebar", at))
        theme.signal().changed.connect(self.arrange)

    def _splitter(self, left: QWidget, right: QWidget) -> QSplitter:
        made = QSplitter(Qt.Orientation.Horizontal)
        made.setHandleWidth(1)  # Qt makes what can be grabbed five pixels wide
        made.setChildrenCollapsible(False)
        for pane in (left, right):
            made.addWidget(pane)
        made.setStretchFactor(1, 1)
        made.handle(1).installEventFilter(self)
        return made

    def set_reading(self, pane: QWidget) -> None:
        self._reading_box.addWidget(pane)

    # ---- which -------------------------------------------------------------------------------

    def on_posts(self) -> bool:
        """True when list and post are shown, not a page."""
        return self._stack.currentWidget() is self.posts

    def page(self) -> QWidget | None:
        """The page that is shown, None where list and post are."""
        return None if self.on_posts() else self._stack.currentWidget()

    def show_posts(self) -> None:
        """Show list and post, the list first where both have no room."""
        self._stack.setCurrentWidget(self.posts)
        self.show_reading(False)

    def show_page(self, page: QWidget) -> None:
        """Show a page in the place of list and post."""
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        self.arrange()

    def reading_on_top(self) -> bool:
        return self._reading_on_top

    def show_reading(self, on_top: bool) -> None:
        """Where list and post share one place, show the post, or the list again."""
        self._reading_on_top = on_top
        self.arrange()

    def toggle_sidebar(self) -> None:
        self._sidebar_shown = not self.sidebar.isVisible()
        self.arrange()

    # ---- how wide ----------------------------------------------------------------------------

    def fit(self, before: int, now: int) -> None:
        """The window's width changed: crossing the border between narrow and wide shows the sidebar as usual."""
        if (before < NARROW) != (now < NARROW):
            self._sidebar_shown = None
        self.arrange()

    def arrange(self) -> None:
        """Give every pane its width, and take away what has no room."""
        width = self.window().width()
        grown = max(1.0, theme.scale())
        self.narrow, self.stacked = width < NARROW * grown, width < STACKED * grown
        side = self._sidebar_shown if self._sidebar_shown is not None else not self.narrow
        on_top = self._reading_on_top and self.stacked
        self.sidebar.setVisible(side)
        self.timeline.setVisible(not on_top)
        self.reading_holder.setVisible(not self.stacked or on_top)
        side_width = self._sidebar_width(width)
        self.sidebar.setMinimumWidth(min(theme.px(SIDEBAR_LEAST), side_width))
        self.sidebar.setMaximumWidth(width // 2)
        self.timeline.setMinimumWidth(0 if self.stacked else min(theme.px(LIST_LEAST), width // 3))
        self.reading_holder.setMinimumWidth(0 if self.stacked else min(theme.px(READING_LEAST), width // 3))
        self.outer.setSizes([side_width, width - side_width - 1])
        left = width - (side_width + 1 if side else 0)
        listed = self._list_width(left)
        self.posts.setSizes([listed, left - listed - 1])
        self.changed.emit()

    def _sidebar_width(self, width: int) -> int:
        chosen = self._chosen.get("sidebar")
        # The words of the sidebar are short: it need not grow as much as the text does.
        usual = SIDEBAR_WIDTH * (1 + (theme.scale() - 1) * 0.75)
        return min(round(usual) if chosen is None else theme.px(chosen), width // 2 if self.narrow else width * 2 // 5)

    def _list_width(self, left: int) -> int:
        chosen = self._chosen.get("list")
        if chosen is None:
            return max(LIST_LEAST + 40, min(theme.px(LIST_WIDTH), round(left * 0.44)))
        return max(LIST_LEAST, min(theme.px(chosen), left - READING_LEAST - 1))

    def _choose(self, name: str, at: int) -> None:
        self._chosen[name] = round(at / theme.scale())

    def chosen(self) -> dict[str, int]:
        """The widths that a person chose, in pixels at 100 %."""
        return dict(self._chosen)

    def choose(self, widths: dict[str, int]) -> None:
        """Take up widths that were chosen earlier."""
        self._chosen = {name: width for name, width in widths.items() if name in ("sidebar", "list") and width > 0}
        self.arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        double = isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonDblClick
        if double and isinstance(watched, QSplitterHandle):
            self._chosen.pop("list" if watched.splitter() is self.posts else "sidebar", None)
            self.arrange()
            return True
        return False
