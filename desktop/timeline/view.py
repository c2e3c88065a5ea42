"""The list of cards: heights are measured as cards come near, and what is being read never moves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyleOptionViewItem, QWidget

from desktop import theme
from desktop.strings import tr
from desktop.timeline.card import GAP
from desktop.timeline.delegate import CardDelegate
from desktop.timeline.model import IdRole, TimelineModel

Index = QModelIndex | QPersistentModelIndex


class TimelineView(QListView):
    """A QListView that lays its cards out itself.

    Qt's own layout asks for every height again whenever one changes. Here heights are estimated until a card comes
    within a screen of the viewport, sums are kept, and each change of heights, rows or order holds an anchor (the
    selected card when it is on screen, else the topmost) at the same place on screen.
    """

    opened = Signal(int)  # a post id: Enter, or a click
    activated_in_browser = Signal(int)
    looked_at = Signal(int, int)  # first and last position on screen
    near_end = Signal()
    page_down = Signal()  # space
    picked = Signal(int)  # a post id: Ctrl and a click

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # First of all: the setters below already call the overrides.
        self._heights: list[int] = []
        self._known: list[bool] = []
        self._tops: list[int] = [0]
        self._hovered = -1
        self._anchor: tuple[int, int] | None = None  # post id, and its top on screen
        self._settling = False
        self._settle_soon = QTimer(self)
        self._settle_soon.setSingleShot(True)
        self._settle_soon.timeout.connect(self._settle)
        theme.role(self, "timeline")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Posts"))
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.signal().changed.connect(self.measure_again)

    # ---- model -------------------------------------------------------------------------------

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if isinstance(model, TimelineModel):
            model.modelAboutToBeReset.connect(self._hold)
            model.modelReset.connect(self._reset_done)
            model.rowsAboutToBeRemoved.connect(self._hold)
            model.rowsRemoved.connect(self._removed)
            model.rowsInserted.connect(self._inserted)
            model.rows_loaded.connect(self._loaded)
            self.measure_again()

    def cards(self) -> TimelineModel:
        model = self.model()
        assert isinstance(model, TimelineModel)
        return model

    def delegate(self) -> CardDelegate:
        made = self.itemDelegate()
        assert isinstance(made, CardDelegate)
        return made

    def current_id(self) -> int | None:
        index = self.currentIndex()
        return int(index.data(IdRole)) if index.isValid() else None

    def select(self, post_id: int, *, scroll: bool = True) -> bool:
        """Make a post the current one; False when it is not in the list."""
        position = self.cards().position(post_id)
        if position is None:
            return False
        index = self.cards().index(position)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if scroll:
            self.scrollTo(index)
        return True

    # ---- heights -----------------------------------------------------------------------------

    def measure_again(self) -> None:
        """Width, text size or theme changed: no height is known any more."""
        self._hold()
        self._restart()
        self._restore()

    def _restart(self) -> None:
        count = self.cards().rowCount() if isinstance(self.model(), TimelineModel) else 0
        usual = self.delegate().height(None, self._width()) if count else 0
        self._heights = [usual] * count
        self._known = [False] * count
        self._sum()

    def _sum(self) -> None:
        self._tops = [0, *accumulate(self._heights)]
        self.updateGeometries()

    def _scrolled(self, _: int) -> None:
        self._settle_soon.start(0)

    def _width(self) -> int:
        return self.viewport().width()

    def _settle(self) -> None:
        """Measure what is on screen or within a screen of it, ask for missing rows, and hold the anchor."""
        if not self._heights or self._settling:
            return
        self._settling = True
        try:
            if self._anchor is None:
                self._hold()
            for _ in range(4):  # measuring moves what is on screen, which may bring unmeasured cards there
                if not self._measure_near():
                    break
                self._sum()
                self._restore(keep=True)
        finally:
            self._settling = False
            self._anchor = None
        first, last = self.on_screen()
        self.looked_at.emit(first, last)
        self.cards().want(first, min(last + 8, len(self._heights) - 1))
        if last >= len(self._heights) - 12:
            self.near_end.emit()
        self.viewport().update()

    def _measure_near(self) -> bool:
        screen = self.viewport().height()
        top = self.verticalOffset()
        first, last = self._position_at(top - screen // 2), self._position_at(top + screen + screen // 2)
        changed = False
        width, model, delegate = self._width(), self.cards(), self.delegate()
        for position in range(first, last + 1):
            if self._known[position]:
                continue
            row = model.row(position)
            if row is None:
                continue
            self._known[position] = True
            height = delegate.height(row, width)
            if height != self._heights[position]:
                self._heights[position] = height
                changed = True
        return changed

    def _position_at(self, y: int) -> int:
        return max(0, min(len(self._heights) - 1, bisect_right(self._tops, max(0, y)) - 1))

    def on_screen(self) -> tuple[int, int]:
        """The first and the last position of which something is to be seen; (0, -1) of an empty list."""
        if not self._heights:
            return 0, -1
        top = self.verticalOffset()
        return self._position_at(top), self._position_at(top + self.viewport().height() - 1)

    # ---- holding still -----------------------------------------------------------------------

    def _hold(self, *_: object) -> None:
        """Remember where the selected card, or else the topmost, is on screen."""
        self._anchor = None
        first, last = self.on_screen()
        model = self.model()
        if last < first or not isinstance(model, TimelineModel) or last >= len(model.ids):
            return
        current = self.currentIndex().row()
        at_top = self.verticalOffset() == 0
        position = current if first <= current <= last else first
        if at_top and not first <= current <= last:
            return  # a list at its top stays at its top
        self._anchor = (model.ids[position], self._tops[position] - self.verticalOffset())

    def _restore(self, *, keep: bool = False) -> None:
        if self._anchor is not None:
            position = self.cards().position(self._anchor[0])
            if position is not None and position < len(self._heights):
                self.verticalScrollBar().setValue(self._tops[position] - self._anchor[1])
        if not keep:
            self._settle_soon.start(0)

    def _reset_done(self) -> None:
        anchor = self._anchor
        self._restart()
        self._carry_heights()
        self._hovered = -1
        if anchor is None or self.cards().position(anchor[0]) is None:
            self._anchor = None
            self.verticalScrollBar().setValue(0)
        self._restore()

    def _carry_heights(self) -> None:
        """Measure at once, out of the cards that are still laid out, what a reset only moved."""
        model, delegate, width = self.cards(), self.delegate(), self._width()
        for position, post_id in enumerate(model.ids[:200]):
            row = model.row_of(post_id)
            if row is not None and delegate.has(row, width):
                self._heights[position], self._known[position] = delegate.height(row, width), True
        self._sum()

    def _removed(self, _: QModelIndex, first: int, last: int) -> None:
        held = self._anchor
        del self._heights[first : last + 1]
        del self._known[first : last + 1]
        self._sum()
        if held is not None and self.cards().position(held[0]) is None:
            self._anchor = None
        self._restore()

    def _inserted(self, _: QModelIndex, first: int, last: int) -> None:
        count = last - first + 1
        self._heights[first:first] = [self.delegate().height(None, self._width())] * count
        self._known[first:first] = [False] * count
        self._sum()
        self._settle_soon.start(0)

    def _loaded(self, positions: Sequence[int]) -> None:
        for position in positions:
            if position < len(self._known):
                self._known[position] = False
        self._hold()
        self._settle()

    # ---- geometry, as Qt asks for it ---------------------------------------------------------

    def doItemsLayout(self) -> None:
        self._settle_soon.start(0)

    def updateGeometries(self) -> None:
        bar = self.verticalScrollBar()
        screen = self.viewport().height()
        bar.setPageStep(screen)
        bar.setSingleStep(theme.px(48))
        bar.setRange(0, max(0, self._tops[-1] + theme.px(GAP) - screen))
        bar.setEnabled(bar.maximum() > 0)

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def visualRect(self, index: Index) -> QRect:
        position = index.row()
        if not index.isValid() or position >= len(self._heights):
            return QRect()
        top = self._tops[position] - self.verticalOffset() + theme.px(GAP)
        return QRect(0, top, self._width(), self._heights[position])

    def indexAt(self, point: QPoint) -> QModelIndex:
        y = point.y() + self.verticalOffset() - theme.px(GAP)
        if not self._heights or not 0 <= y < self._tops[-1]:
            return QModelIndex()
        return self.cards().index(self._position_at(y))

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        position = index.row()
        if not index.isValid() or position >= len(self._heights):
            return
        top, bottom = self._tops[position], self._tops[position + 1] + theme.px(GAP)
        bar, screen = self.verticalScrollBar(), self.viewport().height()
        if top < bar.value() or hint == QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(top)
        elif bottom > bar.value() + screen:
            bar.setValue(min(top, bottom - screen))

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        count = len(self._heights)
        if not count:
            return QModelIndex()
        at, moves = self.currentIndex().row(), QAbstractItemView.CursorAction
        screen = self.viewport().height()
        if action in (moves.MoveUp, moves.MovePrevious, moves.MoveLeft):
            at = max(0, at - 1)
        elif action in (moves.MoveDown, moves.MoveNext, moves.MoveRight):
            at = min(count - 1, at + 1)
        elif action == moves.MoveHome:
            at = 0
        elif action == moves.MoveEnd:
            at = count - 1
        elif action == moves.MovePageUp:
            at = self._position_at(self._tops[max(0, at)] - screen)
        elif action == moves.MovePageDown:
            at = self._position_at(self._tops[max(0, at)] + screen)
        return self.cards().index(at)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        index = self.indexAt(rect.center())
        if index.isValid():
            self.selectionModel().select(QItemSelection(index, index), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for index in selection.indexes():
            region += self.visualRect(index)
        return region

    def isIndexHidden(self, index: Index) -> bool:
        return False

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        QAbstractItemView.resizeEvent(self, event)
        if event.size().width() != event.oldSize().width():
            self.measure_again()
        else:
            self.updateGeometries()
            self._settle_soon.start(0)

    # ---- painting and pointing ---------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._heights:
            return
        painter = QPainter(self.viewport())
        try:
            self._paint_cards(painter, event.rect())
        finally:
            painter.end()  # not left to the interpreter: a frame may outlive its call

    def _paint_cards(self, painter: QPainter, area: QRect) -> None:
        offset = self.verticalOffset() - theme.px(GAP)
        first, last = self._position_at(area.top() + offset), self._position_at(area.bottom() + offset)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain = option.state
        current, model, delegate = self.currentIndex().row(), self.cards(), self.itemDelegate()
        for position in range(first, last + 1):
            index = model.index(position)
            option.rect = self.visualRect(index)
            state = plain
            if position == current:
                state |= QStyle.StateFlag.State_Selected
            if position == self._hovered:
                state |= QStyle.StateFlag.State_MouseOver
            option.state = state
            delegate.paint(painter, option, index)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._hover(self.indexAt(event.position().toPoint()).row())
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.Wheel):
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, position: int) -> None:
        if position != self._hovered:
            self._hovered = position
            self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        QAbstractItemView.wheelEvent(self, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.button() == Qt.MouseButton.LeftButton and index.isValid():
                self.picked.emit(int(index.data(IdRole)))
            return
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and index == self.currentIndex():
            row = self.cards().row(index.row())
            cell = self.visualRect(index).toRectF()
            if not self.delegate().button_at(cell, event.position(), row):
                self.opened.emit(int(index.data(IdRole)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.current_id()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current is not None:
            self.opened.emit(current)
        elif event.key() == Qt.Key.Key_Space:
            self.page_down.emit()
        else:
            super().keyPressEvent(event)
