"""Starter packs: feeds for a beginning, each to be chosen. Nothing is asked of any of them before that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from desktop import theme
from desktop.dialogs.controls import TickDelegate
from desktop.dialogs.import_opml import outcome_words
from desktop.dialogs.sheet import Sheet
from desktop.strings import plural, tr
from engine import EngineError, Feed, OpmlImport, StarterPack, Subscription

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

_FEED = Qt.ItemDataRole.UserRole


class StarterPacks(Sheet):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Starter packs"),
            tr("Well-known feeds to begin with. Choose any of them; only those that you follow are ever asked."),
            width=600,
            stretches=True,
        )
        self._window = window
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setItemDelegate(TickDelegate(self.tree))
        self.tree.setColumnCount(2)
        self.tree.setMinimumHeight(theme.px(360))
        self.tree.setAccessibleName(tr("Feeds in packs"))
        self.tree.itemChanged.connect(lambda _item, _column: self._count())
        self.body.addWidget(self.tree)
        self.add_button(tr("Cancel"), self.close)
        self.follow_button = self.add_button(tr("Follow"), self.follow, "primary")
        self._count()
        engine = window.engine
        if engine is not None:
            window.lanes.read(lambda: (engine.starter_packs(), engine.feeds()), self._fill, failed=self._failed, owner=self)

    def _fill(self, found: tuple[list[StarterPack], list[Feed]]) -> None:
        packs, feeds = found
        followed = {feed.url for feed in feeds}
        self.tree.blockSignals(True)
        for pack in packs:
            top = QTreeWidgetItem([pack.name, pack.description])
            top.setFlags(top.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
            top.setFont(0, theme.font(13, weight=600))
            top.setForeground(1, theme.color("ink_second"))
            top.setSizeHint(0, QSize(0, theme.px(28)))
            self.tree.addTopLevelItem(top)
            for feed in pack.feeds:
                top.addChild(self._feed_item(feed, feed.url in followed))
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.expandItem(first)
            self.tree.setCurrentItem(first)
        self.tree.setColumnWidth(0, theme.px(220))
        self.tree.blockSignals(False)

    @staticmethod
    def _feed_item(feed: Subscription, followed: bool) -> QTreeWidgetItem:
        host = feed.site_url.split("//", 1)[-1].rstrip("/")
        item = QTreeWidgetItem([feed.title, tr("followed already") if followed else host])
        item.setForeground(1, theme.color("ink_third"))
        item.setSizeHint(0, QSize(0, theme.px(26)))
        item.setCheckState(0, Qt.CheckState.Unchecked)
        if followed:
            item.setFlags(Qt.ItemFlag.ItemIsSelectable)
        item.setData(0, _FEED, feed)
        return item

    def chosen(self) -> list[Subscription]:
        """The feeds that are ticked."""
        found = []
        for top in range(self.tree.topLevelItemCount()):
            pack = self.tree.topLevelItem(top)
            for number in range(pack.childCount() if pack is not None else 0):
                item = pack.child(number) if pack is not None else None
                if item is not None and item.checkState(0) == Qt.CheckState.Checked:
                    found.append(item.data(0, _FEED))
        return found

    def _count(self) -> None:
        if not hasattr(self, "follow_button"):
            return
        n = len(self.chosen())
        self.follow_button.setEnabled(bool(n))
        self.follow_button.setText(plural("Follow {n} feed", "Follow {n} feeds", n) if n else tr("Follow"))

    def follow(self) -> None:
        engine, feeds = self._window.engine, self.chosen()
        if engine is None or not feeds:
            return
        self.busy(True)
        self._window.lanes.slow(lambda: engine.follow(feeds), self._followed, failed=self._failed, owner=self)

    def _followed(self, result: OpmlImport) -> None:
        self._window.say(outcome_words(result))
        self._window.refresh()
        self.close()

    def _failed(self, error: EngineError) -> None:
        self.fail(str(error))


def open_dialog(window: MainWindow) -> StarterPacks:
    dialog = StarterPacks(window)
    dialog.open()
    return dialog
