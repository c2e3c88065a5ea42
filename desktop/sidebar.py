"""The quiet column on the left: timelines, feeds in their folders, and what is yours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QFontMetricsF, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from desktop import icons, theme
from desktop.facts import tip
from desktop.strings import number, tr

if TYPE_CHECKING:
    from engine import Counts, Feed, Timeline

WIDTH = 215
ROW = 29
_OF_NO_NETWORK = frozenset({"feed", "local"})
NAME = 60  # characters of a timeline's name
BATCH = 100  # feeds put into the tree per turn of the event loop


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry leads: a timeline ("for_you", "newest", "saved", "followed"), one of the person's own, a page, a feed or a folder."""

    kind: str  # "timeline", "own", "page", "feed", "folder", "section"
    name: str = ""
    feed_id: int = 0
    timeline_id: int = 0  # of an "own" timeline


FOLLOWED = Place("timeline", "followed")

PlaceRole = Qt.ItemDataRole.UserRole
AsideRole = Qt.ItemDataRole.UserRole + 1
TroubleRole = Qt.ItemDataRole.UserRole + 2

Index = QModelIndex | QPersistentModelIndex


class EntryDelegate(QStyledItemDelegate):
    """One line: words, an aside in third ink at the right, an arrow for what can be opened. A name is changed in its place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        place = index.data(PlaceRole)
        height = ROW + 6 if isinstance(place, Place) and place.kind == "section" else ROW
        return QSize(theme.px(80), theme.px(height))

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        return QLineEdit(parent)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        tree = self.parent()
        assert isinstance(tree, QTreeWidget)
        area: QRect = option.rect
        left = theme.px(14)
        editor.setGeometry(left, area.top(), tree.viewport().width() - 2 * left, area.height())

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        editor.setMaxLength(NAME)
        editor.setStyleSheet("padding: 1px 6px;")
        editor.setAccessibleName(tr("Name of the timeline"))
        editor.setText(str(index.data()))
        editor.selectAll()

    def setModelData(self, editor: QWidget, _model: QAbstractItemModel, index: Index) -> None:
        """The entry takes up its new name once the engine has kept it."""
        assert isinstance(editor, QLineEdit)
        name, tree = " ".join(editor.text().split()), self.parent()
        assert isinstance(tree, Entries)
        if name and name != index.data():
            tree.renamed.emit(index.data(PlaceRole), name)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        place = index.data(PlaceRole)
        state, rect = option.state, QRectF(option.rect)
        tree = self.parent()
        assert isinstance(tree, QTreeWidget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        section = place.kind == "section"
        selected = bool(state & QStyle.StateFlag.State_Selected) and not section
        left = theme.px(8)
        frame = QRectF(left, rect.top() + 1, tree.viewport().width() - 2 * left, rect.height() - 2)
        if selected or (state & QStyle.StateFlag.State_MouseOver and not section):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_soft" if selected else "hover"))
            painter.drawRoundedRect(frame, 7, 7)
        if selected and tree.hasFocus():
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        depth, parent = 0, index.parent()
        while parent.isValid():
            depth, parent = depth + 1, parent.parent()
        inner = frame.adjusted(theme.px(10 + 14 * depth), 0, -theme.px(10), 0)
        if section:
            inner.setTop(inner.top() + theme.px(8))
        self._paint_words(painter, index, place, inner, selected, tree.isExpanded(index))
        painter.restore()

    def _paint_words(
        self, painter: QPainter, index: Index, place: Place, inner: QRectF, selected: bool, expanded: bool
    ) -> None:
        small, words = theme.font(12), theme.font(13, 600 if selected else 400)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        aside = str(index.data(AsideRole) or "")
        if index.data(TroubleRole):
            aside = "!"
        painter.setFont(small)
        painter.setPen(theme.color("amber" if aside == "!" else "ink_second" if selected else "ink_third"))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, aside)
        room = inner.width() - (QFontMetricsF(small).horizontalAdvance(aside) + theme.px(8) if aside else 0)
        if place.kind == "folder":
            side = theme.px(10)
            box = QRectF(inner.left() - theme.px(1), inner.center().y() - side / 2, side, side)
            icons.paint(painter, "down" if expanded else "right", box, theme.color("ink_third"), width=1.8)
            inner = inner.adjusted(theme.px(14), 0, 0, 0)
            room -= theme.px(14)
        font = small if place.kind == "section" else words
        colour = "ink_third" if place.kind == "section" else "ink" if selected else "ink_second"
        painter.setFont(font)
        painter.setPen(theme.color(colour))
        text = QFontMetricsF(font).elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, text)


class Entries(QTreeWidget):
    """A tree without decoration; Enter or a click goes there."""

    chosen = Signal(object)  # Place
    renamed = Signal(object, str)  # Place, its new name
    deleted = Signal(object)  # Place
    moved = Signal(object, int)  # Place, by how many lines

    def __init__(self, name: str) -> None:
        super().__init__()
        theme.role(self, "sidebar")
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setMouseTracking(True)
        self.setItemDelegate(EntryDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        self.itemClicked.connect(self._clicked)

    def entry(self, words: str, place: Place, parent: QTreeWidgetItem | None = None, *, aside: str = "") -> QTreeWidgetItem:
        item = QTreeWidgetItem([words])
        item.setData(0, PlaceRole, place)
        item.setData(0, AsideRole, aside)
        if place.kind == "section":
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        if parent is None:
            self.addTopLevelItem(item)
        else:
            parent.addChild(item)
        return item

    def place(self, item: QTreeWidgetItem | None) -> Place | None:
        found = item.data(0, PlaceRole) if item is not None else None
        return found if isinstance(found, Place) else None

    def _clicked(self, item: QTreeWidgetItem) -> None:
        place = self.place(item)
        if place is None or place.kind == "section":
            return
        if place.kind == "folder":
            mouse = self.viewport().mapFromGlobal(self.cursor().pos()).x()
            # The arrow opens and closes; the name goes to the folder.
            if mouse < theme.px(34) or not item.isExpanded():
                item.setExpanded(not item.isExpanded())
        self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place, key = self.place(self.currentItem()), event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and place is not None:
            if place.kind != "section":
                self.chosen.emit(place)
        elif place is not None and place.kind == "own" and self._on_own(place, key, event.modifiers()):
            event.accept()
        else:
            super().keyPressEvent(event)

    def _on_own(self, place: Place, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        """F2 changes the name of a timeline of the person's own, Delete removes it, Alt with an arrow moves it."""
        alt, item = bool(modifiers & Qt.KeyboardModifier.AltModifier), self.currentItem()
        if key == Qt.Key.Key_F2 and item is not None:
            self.editItem(item)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.deleted.emit(place)
        elif alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(place, -1 if key == Qt.Key.Key_Up else 1)
        else:
            return False
        return True


class Sidebar(QWidget):
    """Timelines and feeds above, what is yours below, adding a feed between."""

    chosen = Signal(object)  # Place
    add_wanted = Signal()
    feed_settings_wanted = Signal(int)
    health_wanted = Signal(int)
    refresh_wanted = Signal(object)  # ids of feeds, or None for all
    read_all_wanted = Signal(object)  # Place
    timeline_wanted = Signal()  # a new one
    timeline_settings_wanted = Signal(int)
    timeline_renamed = Signal(int, str)
    timeline_deleted = Signal(int)
    timeline_moved = Signal(int, int)  # by how many lines

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.feeds = Entries(tr("Timelines and feeds"))
        self.yours = Entries(tr("Yours"))
        self._shown: list[Feed] | None = None
        self._own: list[tuple[int, str]] = []
        self._open_folders: set[str] = set()
        self._pending: Iterator[None] | None = None
        self._step = QTimer(self)
        self._step.setInterval(0)
        self._step.timeout.connect(self._fill_some)
        self._current = Place("timeline", "for_you")
        self._items: dict[Place, QTreeWidgetItem] = {}
        for tree in (self.feeds, self.yours):
            tree.chosen.connect(self.chosen)
        self.feeds.itemExpanded.connect(self._expanded)
        self.feeds.itemCollapsed.connect(self._collapsed)
        self.feeds.renamed.connect(lambda place, name: self.timeline_renamed.emit(place.timeline_id, name))
        self.feeds.deleted.connect(lambda place: self.timeline_deleted.emit(place.timeline_id))
        self.feeds.moved.connect(lambda place, by: self.timeline_moved.emit(place.timeline_id, by))
        for words, name in ((tr("For you"), "for_you"), (tr("Newest"), "newest"), (tr("Saved"), "saved")):
            self._add(self.feeds, words, Place("timeline", name))
        self._add(self.feeds, tr("Briefing"), Place("page", "briefing"))
        self._add(self.feeds, tr("Tray"), Place("page", "tray"))
        self._fixed = self.feeds.topLevelItemCount()  # entries above the feeds
        self.yours.entry(tr("Yours"), Place("section"))
        for words, name in (
            (tr("Rules"), "rules"),
            (tr("What it learnt"), "profile"),
            (tr("How well it works"), "evaluation"),
            (tr("Feed health"), "health"),
            (tr("Models"), "models"),
            (tr("Privacy"), "ledger"),
            (tr("Settings"), "settings"),
            (tr("Help"), "help"),
        ):
            self._add(self.yours, words, Place("page", name))
        self._build()
        theme.signal().changed.connect(self._measure)
        self._measure()

    def _build(self) -> None:
        self.add = QPushButton(tr("Add feed"))
        theme.role(self.add, "quiet")
        self.add.setToolTip(tr("Follow a site or a feed (Ctrl+N)"))
        self.add.clicked.connect(self.add_wanted)
        self.add_timeline = QPushButton(tr("Timeline"))
        theme.role(self.add_timeline, "quiet")
        self.add_timeline.setToolTip(tr("Make a timeline of your own (Ctrl+T)"))
        self.add_timeline.setAccessibleName(tr("New timeline"))
        self.add_timeline.clicked.connect(self.timeline_wanted)
        row = QHBoxLayout()
        row.setContentsMargins(theme.px(8), theme.px(2), theme.px(8), theme.px(2))
        row.setSpacing(0)
        row.addWidget(self.add)
        row.addWidget(self.add_timeline)
        row.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.px(8), 0, theme.px(8))
        box.setSpacing(0)
        box.addWidget(self.feeds, 1)
        box.addLayout(row)
        self.yours.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.addWidget(self.yours)

    def _measure(self) -> None:
        for button in (self.add, self.add_timeline):
            button.setIcon(icons.icon("add", theme.color("ink_second"), theme.px(16)))
            button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self._share_height()
        for tree in (self.feeds, self.yours):
            tree.doItemsLayout()
            tree.viewport().update()

    def _share_height(self) -> None:
        """What is yours is seen whole, unless that would leave the feeds less than half."""
        whole = theme.px(ROW) * self.yours.topLevelItemCount() + theme.px(10)
        self.yours.setFixedHeight(min(whole, max(theme.px(ROW) * 2, self.height() * 2 // 5)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height()

    def _add(self, tree: Entries, words: str, place: Place) -> None:
        self._items[place] = tree.entry(words, place)

    # ---- what it shows -----------------------------------------------------------------------

    def set_counts(self, counts: Counts) -> None:
        """The two figures that help: how much is saved, how much was hidden. Nothing nags about unread posts."""
        for place, n, words in (
            (Place("timeline", "saved"), counts.saved, "{n}"),
            (Place("page", "tray"), counts.hidden, tr("{n} hidden")),
        ):
            self._items[place].setData(0, AsideRole, words.format(n=number(n)) if n else "")

    def set_followed(self, stories: int, new: int) -> None:
        """How many stories are followed, and in how many there is something new. Without any there is no entry."""
        item = self._items.get(FOLLOWED)
        if bool(stories) != (item is not None):
            at = self.feeds.indexOfTopLevelItem(self._items[Place("page", "tray")])
            if item is None:
                self._items[FOLLOWED] = item = self.feeds.entry(tr("Followed stories"), FOLLOWED)
                self.feeds.takeTopLevelItem(self.feeds.indexOfTopLevelItem(item))
                self.feeds.insertTopLevelItem(at, item)
                self._fixed += 1
            else:
                self.feeds.takeTopLevelItem(at - 1)
                del self._items[FOLLOWED]
                self._fixed -= 1
                item = None
            self.select(self._current)
        if item is not None:
            item.setData(0, AsideRole, tr("{n} new").format(n=number(new)) if new else "")

    def set_timelines(self, timelines: Sequence[Timeline]) -> None:
        """Show the person's own timelines below For you, in their order."""
        listed = [(timeline.id, timeline.name) for timeline in timelines]
        if listed == self._own:
            return
        self._own = listed
        focused = self.feeds.place(self.feeds.currentItem())
        above = self._items[Place("timeline", "for_you")]
        above.takeChildren()
        self._items = {place: item for place, item in self._items.items() if place.kind != "own"}
        for timeline_id, name in listed:
            place = Place("own", timeline_id=timeline_id)
            item = self.feeds.entry(name, place, above)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(0, tr("Enter shows it, F2 changes its name, Alt+↑ and Alt+↓ move it, Delete removes it"))
            self._items[place] = item
        above.setExpanded(True)
        self.select(self._current)
        if focused is not None and focused.kind == "own" and focused in self._items and focused != self._current:
            self.feeds.setCurrentItem(self._items[focused], 0)

    def set_feeds(self, feeds: Iterable[Feed]) -> None:
        """Show these feeds, a hundred per turn of the event loop."""
        listed = sorted(feeds, key=lambda feed: feed.title.casefold())
        if self._shown is not None and [_looks(f) for f in listed] == [_looks(f) for f in self._shown]:
            return
        self._shown = listed
        failing = sum(bool(feed.error) for feed in listed)
        self._items[Place("page", "health")].setData(0, AsideRole, tr("{n} failing").format(n=number(failing)) if failing else "")
        while self.feeds.topLevelItemCount() > self._fixed:
            self.feeds.takeTopLevelItem(self._fixed)
        self._items = {place: item for place, item in self._items.items() if place.kind in ("timeline", "own", "page")}
        self._pending = self._fill(listed)
        self._step.start()

    def filled(self) -> bool:
        return self._pending is None

    def select(self, place: Place) -> None:
        """Mark where the window is."""
        self._current = place
        for tree in (self.feeds, self.yours):
            item = self._items.get(place)
            tree.blockSignals(True)
            tree.setCurrentItem(item if item is not None and item.treeWidget() is tree else None)  # type: ignore[arg-type]
            tree.blockSignals(False)
            if item is None or item.treeWidget() is not tree:
                tree.clearSelection()

    # ---- inside ------------------------------------------------------------------------------

    def _fill(self, feeds: list[Feed]) -> Iterator[None]:
        networks = [feed for feed in feeds if feed.kind not in _OF_NO_NETWORK and not feed.folder]
        loose = [feed for feed in feeds if feed.kind in _OF_NO_NETWORK and not feed.folder]
        folders = sorted({feed.folder for feed in feeds if feed.folder}, key=str.casefold)
        for words, group in ((tr("Networks"), networks), (tr("Feeds"), loose)):
            if group:
                self.feeds.entry(words, Place("section"))
                yield from self._fill_feeds(group, None)
        if folders:
            self.feeds.entry(tr("Folders"), Place("section"))
        for name in folders:
            place = Place("folder", name)
            item = self.feeds.entry(name.replace("/", " / "), place)
            self._items[place] = item
            yield from self._fill_feeds([feed for feed in feeds if feed.folder == name], item)
            if name in self._open_folders:
                item.setExpanded(True)

    def _fill_feeds(self, feeds: list[Feed], parent: QTreeWidgetItem | None) -> Iterator[None]:
        for count, feed in enumerate(feeds, 1):
            place = Place("feed", feed_id=feed.id)
            item = self.feeds.entry(feed.title, place, parent)
            item.setData(0, TroubleRole, bool(feed.error))
            item.setToolTip(0, _plain_tip(feed))
            item.setData(0, Qt.ItemDataRole.AccessibleTextRole, _spoken(feed))
            self._items[place] = item
            if count % BATCH == 0:
                yield

    def _fill_some(self) -> None:
        if self._pending is not None and next(self._pending, self) is None:
            return
        self._pending = None
        self._step.stop()
        self.select(self._current)

    def _expanded(self, item: QTreeWidgetItem) -> None:
        place = self.feeds.place(item)
        if place is not None and place.kind == "folder":
            self._open_folders.add(place.name)

    def _collapsed(self, item: QTreeWidgetItem) -> None:
        place = self.feeds.place(item)
        if place is not None and place.kind == "timeline":
            item.setExpanded(True)  # nothing would tell that timelines are folded away below it
        elif place is not None:
            self._open_folders.discard(place.name)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        point = self.feeds.viewport().mapFromGlobal(event.globalPos())
        item = self.feeds.itemAt(point)
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            item = self.feeds.currentItem()
        place = self.feeds.place(item)
        if place is None or item is None:
            return
        at = self.feeds.viewport().mapToGlobal(self.feeds.visualItemRect(item).bottomLeft()) if event.reason() == QContextMenuEvent.Reason.Keyboard else event.globalPos()
        if place.kind in ("feed", "folder"):
            self.menu(place).popup(at)
        elif place.kind == "own" or place == Place("timeline", "for_you"):
            self.timeline_menu(place).popup(at)

    def timeline_menu(self, place: Place) -> QMenu:
        """What can be done with a timeline. It deletes itself when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        own = place.timeline_id
        if own:
            at = [timeline_id for timeline_id, _ in self._own].index(own)
            menu.addAction(tr("Feeds, weights, signals …")).triggered.connect(lambda _=False: self.timeline_settings_wanted.emit(own))
            menu.addAction(tr("Rename")).triggered.connect(lambda _=False: self.feeds.editItem(self._items[place]))
            for words, by, able in ((tr("Move up"), -1, at > 0), (tr("Move down"), 1, at < len(self._own) - 1)):
                action = menu.addAction(words)
                action.setEnabled(able)
                action.triggered.connect(lambda _=False, by=by: self.timeline_moved.emit(own, by))
            menu.addAction(tr("Delete")).triggered.connect(lambda _=False: self.timeline_deleted.emit(own))
            menu.addSeparator()
        menu.addAction(tr("New timeline …")).triggered.connect(lambda _=False: self.timeline_wanted.emit())
        return menu

    def menu(self, place: Place) -> QMenu:
        """What can be done with a feed or folder. It deletes itself when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        ids = [place.feed_id] if place.kind == "feed" else [
            feed.id for feed in self._shown or () if feed.folder == place.name
        ]  # fmt: skip
        refresh = QAction(tr("Look for new posts now"), menu)
        refresh.triggered.connect(lambda _=False: self.refresh_wanted.emit(ids))
        read = QAction(tr("Mark all read"), menu)
        read.triggered.connect(lambda _=False: self.read_all_wanted.emit(place))
        menu.addActions([refresh, read])
        if place.kind == "feed":
            if any(feed.id == place.feed_id and (feed.error or feed.stopped) for feed in self._shown or ()):
                health = QAction(tr("What is wrong with it"), menu)
                health.triggered.connect(lambda _=False: self.health_wanted.emit(place.feed_id))
                menu.addAction(health)
            settings = QAction(tr("Name, folder, leaving …"), menu)
            settings.triggered.connect(lambda _=False: self.feed_settings_wanted.emit(place.feed_id))
            menu.addAction(settings)
        return menu


def _looks(feed: Feed) -> tuple[int, str, str, str, bool, bool, str]:
    return feed.id, feed.title, feed.folder, feed.kind, bool(feed.error), feed.stopped, feed.site_url


def _plain_tip(feed: Feed) -> str:
    return tip(feed.error or feed.site_url or feed.title)


def _spoken(feed: Feed) -> str:
    return tr("{feed}, could not be read: {error}").format(feed=feed.title, error=feed.error) if feed.error else feed.title
