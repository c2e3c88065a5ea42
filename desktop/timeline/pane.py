"""The middle column: which list it is, the list, what is new, and what to do when it is empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from desktop import theme
from desktop.strings import number, plural, tr
from desktop.timeline.delegate import CardDelegate
from desktop.timeline.empty import EmptyState, say_why_empty
from desktop.timeline.merge import merge
from desktop.timeline.model import Loaded, TimelineModel
from desktop.timeline.picked import PickedBar
from desktop.timeline.view import TimelineView
from engine import Changes, EngineError, PostRow, SearchResult, TimelineQuery

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

FIRST_ROWS = 30  # come together with the ids, so that a list is never seen empty first
MORE = 500  # posts by which a list grows when its end comes near
CHECK_MS = 250  # changes of order are gathered this long before the list is asked for again


class TimelinePane(QWidget):
    """Shows what a `TimelineQuery` or a search finds, and keeps it current without ever jumping."""

    opened = Signal(int)
    selected = Signal(int)
    showing = Signal()  # another list is shown
    first_shown = Signal()  # the first list ever stands on screen

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._window = window
        self.query = TimelineQuery()
        self.title = ""
        self.search_text = ""
        self._new: list[int] = []
        self._filling = True  # nobody has touched the list since it was empty
        self._ever = False
        self._shown_once = False
        theme.role(self, "background")
        self.model = TimelineModel(self._load, self)
        self.delegate = CardDelegate(self._act, self)
        self.view = TimelineView()
        self.view.setItemDelegate(self.delegate)
        self.view.setModel(self.model)
        self.empty = EmptyState()
        self._build()
        self._check_soon = QTimer(self)
        self._check_soon.setSingleShot(True)
        self._check_soon.setInterval(CHECK_MS)
        self._check_soon.timeout.connect(self._check)
        self.view.opened.connect(self.opened)
        self.view.near_end.connect(self._more)
        self.view.page_down.connect(window.page_or_next)
        self.view.picked.connect(self.toggle_pick)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.model.rows_loaded.connect(self._drop_hidden)
        self.model.rows_loaded.connect(self._fold_soon)

    def _build(self) -> None:
        self.heading = theme.label("", "section")
        self.note = theme.label("", "third", wrap=True)
        self.note.hide()
        self.unread = QPushButton(tr("Unread"))
        self.unread.setCheckable(True)
        self.unread.setToolTip(tr("Only unread posts (U)"))
        self.unread.toggled.connect(self._unread_toggled)
        self.read_all = QPushButton(tr("Mark all read"))
        self.read_all.setToolTip(tr("Mark everything in this list as read (Shift+A)"))
        self.read_all.clicked.connect(self._window.read_all)
        for button in (self.unread, self.read_all):
            theme.role(button, "quiet")
        top = QHBoxLayout()
        top.setContentsMargins(theme.px(14), theme.px(6), theme.px(12), theme.px(2))
        top.setSpacing(theme.px(2))
        top.addWidget(self.heading, 1)
        top.addStrut(theme.px(28))  # as high without its buttons
        top.addWidget(self.unread)
        top.addWidget(self.read_all)
        stack = QWidget()
        self._stack = QStackedLayout(stack)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        self.note.setContentsMargins(theme.px(14), 0, theme.px(14), theme.px(6))
        whole.addWidget(self.note)
        whole.addWidget(stack, 1)
        self.picked_bar = PickedBar(self._window.commands.put_together, self.let_go)
        whole.addWidget(self.picked_bar)
        self.pill = QPushButton(self)
        theme.role(self.pill, "pill")
        self.pill.setToolTip(tr("Show the new posts (.)"))
        self.pill.clicked.connect(self.show_new)
        self.pill.hide()

    # ---- which list --------------------------------------------------------------------------

    def show_query(self, query: TimelineQuery, title: str) -> None:
        """Show another list, from its top."""
        self.query, self.title, self.search_text = query, title, ""
        self.heading.setText(title)
        self.unread.blockSignals(True)
        self.unread.setChecked(query.unread is True)
        self.unread.blockSignals(False)
        searchable = not query.hidden
        self.unread.setVisible(searchable and not query.followed)
        self.read_all.setVisible(searchable)
        self._say("")
        self._filling = True
        self._forget_new()
        self.showing.emit()
        self.reload()

    def rename(self, title: str) -> None:
        """The list that is shown is called otherwise now."""
        self.title = title
        if not self.search_text:
            self.heading.setText(title)

    def reload(self) -> None:
        """Ask for the list again and show it from the top."""
        self._ask(self._show)

    def _ask(self, show: Callable[[tuple[list[int], list[PostRow]]], None]) -> None:
        engine, query = self._window.engine, self.query
        if engine is None:
            return

        def load() -> tuple[list[int], list[PostRow]]:
            ids = engine.timeline(query)
            return ids, engine.rows(ids[:FIRST_ROWS])

        self._window.lanes.read(load, show, key="timeline", owner=self)

    def reorder(self) -> None:
        """The person changed the order: show it now, the selected post staying where it is on screen."""
        engine, query = self._window.engine, self.query
        if engine is None or self.search_text:
            return

        def show(found: tuple[list[int], list[PostRow]]) -> None:
            self._forget_new()
            current = self.view.current_id()
            ids, rows = found
            if current is not None and current not in ids:  # it fell out of what is listed: not under a reader's eyes
                ids.insert(min(self.model.position(current) or 0, len(ids)), current)
            self.model.set_ids(ids, rows)
            if current is not None:
                self.view.select(current, scroll=False)
            self._show_stack()

        def load() -> tuple[list[int], list[PostRow]]:
            ids = engine.timeline(replace(query, limit=max(query.limit, len(self.model.ids))))
            return ids, engine.rows(ids[:FIRST_ROWS])

        self._window.lanes.read(load, show, key="timeline", owner=self)

    def search(self, text: str) -> None:
        """Show what is found: words at once, meaning added when the model is ready."""
        engine = self._window.engine
        if engine is None:
            return
        self.search_text = text
        self.heading.setText(tr("“{text}”").format(text=text))
        self.unread.hide()
        self.read_all.hide()
        self._forget_new()
        self.showing.emit()

        def words() -> tuple[SearchResult, list[PostRow]]:
            result = engine.search(text, mode="words")
            return result, engine.rows([hit.id for hit in result.hits])

        def both() -> tuple[SearchResult, list[PostRow]]:
            result = engine.search(text, mode="hybrid")
            return result, engine.rows([hit.id for hit in result.hits])

        def show_words(found: tuple[SearchResult, list[PostRow]]) -> None:
            if self.search_text == text:
                self._show_found(found, waiting=True)

        def show_both(found: tuple[SearchResult, list[PostRow]]) -> None:
            if self.search_text == text:
                self._show_found(found, waiting=False)

        def no_meaning(error: EngineError) -> None:
            if self.search_text == text:
                self._say(tr("By words alone: {why}").format(why=str(error)))

        self._window.lanes.read(words, show_words, key="search", owner=self)
        if "meaning" in self._window.features:
            self._window.lanes.slow(both, show_both, failed=no_meaning, key="search", owner=self)

    def _show_found(self, found: tuple[SearchResult, list[PostRow]], *, waiting: bool) -> None:
        result, rows = found
        held = self.view.current_id()
        ids = [row.id for row in rows]
        if held in ids and not waiting:  # someone is reading already: what is new comes below
            on_screen = self.view.on_screen()[1] + 1
            ids, more = merge(self.model.ids, ids, on_screen)
            ids += more
        self.model.set_ids(ids, rows)
        if held is not None:
            self.view.select(held, scroll=False)
        parts = [plural("{n} post", "{n} posts", len(result.hits))]
        if result.newest_only:
            parts.append(tr("so many match that only the newest were judged"))
        if "meaning" not in self._window.features:
            parts.append(tr("by words"))
        elif waiting:
            parts.append(tr("by words; meaning follows"))
        elif not result.meaning_ready:
            parts.append(tr("by words; the model has not read the posts yet"))
        self._say(" · ".join(parts))
        self._show_stack()

    # ---- picking -----------------------------------------------------------------------------

    def toggle_pick(self, post_id: int) -> None:
        """Pick a card for putting it together with others, or let it go."""
        self.model.pick([post_id], post_id not in self.model.picked)
        self.picked_bar.show_count(len(self.model.picked))

    def let_go(self) -> None:
        """Pick nothing any more."""
        self.model.pick(self.model.picked, False)
        self.picked_bar.show_count(0)

    # ---- keeping it current ------------------------------------------------------------------

    def refresh(self, changes: Changes) -> None:
        """Take in what was written: rows at once, the order a moment later."""
        if changes.unknown:
            self.model.forget_rows()
        elif changes.updated:
            self.model.refresh(changes.updated)
        if changes.rules or changes.unknown:
            self._load_rule_names()
        for_you = self.query.order == "for_you"
        stale = changes.new or changes.unknown or changes.feeds or changes.rules or (changes.order and for_you)
        listed = self.query.hidden or self.query.saved is not None or self.query.followed or self.query.story_id is not None
        if (stale or (listed and changes.updated)) and not self.search_text and not self._check_soon.isActive():
            self._check_soon.start()

    def leave(self, ids: Sequence[int]) -> None:
        """Take posts off the list (they were hidden, or restored), the selection going to a neighbour."""
        current = self.view.current_id()
        if current is not None and current in ids:
            position = self.model.position(current) or 0
            staying = [i for i in self.model.ids[position:] if i not in ids][:1]
            staying = staying or [i for i in self.model.ids[:position] if i not in ids][-1:]
            self.model.remove(ids)
            if staying:
                self.view.select(staying[0])
                self.opened_quietly(staying[0])
            else:
                self._window.reading.clear()
        else:
            self.model.remove(ids)
        self._show_stack()

    def opened_quietly(self, post_id: int) -> None:
        """Show a post that the list moved to by itself, without counting it as opened."""
        self._window.preview_post(post_id)

    def show_new(self) -> None:
        """Show the list as it now is, from its top."""
        self._forget_new()
        self._filling = True
        self.reload()

    def step(self, by: int, *, unread: bool = False) -> int | None:
        """Select the next (+1) or previous (-1) post, or the next unread one; returns its id."""
        count = self.model.rowCount()
        at = self.view.currentIndex().row() + by if self.view.currentIndex().isValid() else 0
        while unread and 0 <= at < count:
            row = self.model.row(at)
            if row is not None and not row.read:
                break
            at += by
        if not 0 <= at < count:
            return None
        post_id = self.model.ids[at]
        self.view.select(post_id)
        return post_id

    def visible_ids(self) -> list[int]:
        """The posts on screen, for work that should begin with them."""
        first, last = self.view.on_screen()
        return self.model.ids[first : last + 1]

    def current_row(self) -> PostRow | None:
        current = self.view.current_id()
        return self.model.row_of(current) if current is not None else None

    # ---- inside ------------------------------------------------------------------------------

    def _load(self, ids: list[int], loaded: Loaded) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(lambda: engine.rows(ids), loaded, owner=self)

    def _show(self, found: tuple[list[int], list[PostRow]]) -> None:
        ids, rows = found
        self.view.selectionModel().clear()
        self.model.set_ids(ids, rows)
        self.view.verticalScrollBar().setValue(0)
        self._show_stack()
        if not self._ever:
            self._ever = True
            self._load_rule_names()
            self.first_shown.emit()

    def _check(self) -> None:
        engine, query = self._window.engine, self.query
        if engine is None or self.search_text:
            return
        if self._filling and not self._touched():
            self._ask(self._fill)
            return
        query = replace(query, limit=max(query.limit, len(self.model.ids)))
        self._window.lanes.read(lambda: engine.timeline(query), self._checked, key="timeline-check", owner=self)

    def _fill(self, found: tuple[list[int], list[PostRow]]) -> None:
        """Show a list that fills, unless somebody has begun to read it since it was asked for."""
        if self._touched():
            self._checked(found[0])
        else:
            self._show(found)

    def _checked(self, fresh: list[int]) -> None:
        if self.search_text:
            return
        kept = self.view.on_screen()[1] + 1
        if self.query.hidden:
            current = self.view.current_id()
            self._new = []
            self.model.set_ids(fresh)
            if current is not None:
                self.view.select(current, scroll=False)
        else:
            self.model.remove(self._folded(fresh))
            ids, self._new = merge(self.model.ids, fresh, kept, by_time=self.query.order == "newest")
            self.model.set_ids(ids)
        self._show_pill()
        self._show_stack()

    def _touched(self) -> bool:
        return self.view.currentIndex().isValid() or self.view.verticalOffset() > 0 or self.view.underMouse()

    def _more(self) -> None:
        engine, have = self._window.engine, len(self.model.ids)
        if engine is None or self.search_text or have < self.query.limit:
            return
        self.query = replace(self.query, limit=self.query.limit + MORE)
        query = self.query

        def grow(fresh: list[int]) -> None:
            held = set(self.model.ids)
            self.model.set_ids([*self.model.ids, *(i for i in fresh if i not in held)])

        self._window.lanes.read(lambda: engine.timeline(query), grow, key="timeline-more", owner=self)

    def _drop_hidden(self, positions: list[int]) -> None:
        """Posts that a rule hid (or the tray gave back) leave the list; the one being read stays until it is left."""
        if self.search_text:
            return
        current = self.view.current_id()
        rows = [row for at in positions if (row := self.model.row(at)) is not None]
        gone = [row.id for row in rows if row.hidden != self.query.hidden and row.id != current]
        if gone:
            QTimer.singleShot(0, self, lambda: self._remove(gone))

    def folds(self) -> bool:
        """False of a list that shows every telling: found, saved and hidden posts, those of one feed or one story."""
        query = self.query
        every = self.search_text or query.feed_id is not None or query.story_id is not None or query.saved or query.hidden
        return not every and bool(self._window.settings.get("fold_stories", True))

    def _fold_soon(self, positions: list[int]) -> None:
        """Where two cards of the list turn out to tell one story, have one of them folded into the other."""
        if not self.folds():
            return
        came = {row.story_id for at in positions if (row := self.model.row(at)) is not None} - {None}
        if not came or self._check_soon.isActive():
            return
        told = Counter(row.story_id for row in self.model.held() if row.story_id in came)
        if any(cards > 1 for cards in told.values()):
            self._check_soon.start()

    def _folded(self, fresh: Sequence[int]) -> list[int]:
        """The cards that left the list because another tells their story; the selected one stays until it is left."""
        kept, current = set(fresh), self.view.current_id()
        told = {row.story_id for row in self.model.held() if row.id in kept}
        return [
            row.id for row in self.model.held()
            if row.story_id is not None and row.id not in kept and row.id != current and row.story_id in told
        ]  # fmt: skip

    def _remove(self, ids: list[int]) -> None:
        self.model.remove(ids)
        self._show_stack()

    def _load_rule_names(self) -> None:
        engine = self._window.engine
        if engine is None:
            return

        def take(names: dict[int, str]) -> None:
            self.delegate.rule_names = names
            self.view.viewport().update()

        self._window.lanes.read(lambda: {rule.id: rule.name for rule in engine.rules()}, take, key="rules", owner=self)

    def _current_changed(self) -> None:
        self._filling = False
        current = self.view.current_id()
        if current is not None:
            self.selected.emit(current)

    def _unread_toggled(self, on: bool) -> None:
        self.show_query(replace(self.query, unread=True if on else None), self.title)

    def _act(self, name: str, post_id: int) -> None:
        self._window.act_on(name, post_id)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _forget_new(self) -> None:
        self._new = []
        self.pill.hide()

    def _show_pill(self) -> None:
        self.pill.setText(tr("↑ {n} new").format(n=number(len(self._new))))
        self.pill.setVisible(bool(self._new))
        self._place_pill()

    def _place_pill(self) -> None:
        self.pill.adjustSize()
        top = self.view.mapTo(self, QPoint(0, 0)).y() + theme.px(6)
        self.pill.move((self.width() - self.pill.width()) // 2, top)
        self.pill.raise_()

    def _show_stack(self) -> None:
        if self.model.rowCount():
            self._stack.setCurrentWidget(self.view)
            return
        self._stack.setCurrentWidget(self.empty)
        say_why_empty(self._window)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_pill()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.view.indexAt(self.view.viewport().mapFromGlobal(event.globalPos()))
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.view.currentIndex()
        row = self.model.row(index.row()) if index.isValid() else None
        if row is None:
            return
        self.view.select(row.id, scroll=False)
        menu = self.menu(row)
        menu.popup(event.globalPos())

    def menu(self, row: PostRow) -> QMenu:
        """What can be done with a post. It deletes itself when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        entries = [
            ("open", tr("Open")),
            ("browser", tr("Open in the browser")),
            ("", ""),
            ("like", tr("Take the like back") if row.liked else tr("Like")),
            ("dislike", tr("Take the dislike back") if row.liked is False else tr("Dislike")),
            ("save", tr("No longer save") if row.saved else tr("Save")),
            ("read", tr("Mark as unread") if row.read else tr("Mark as read")),
            ("hide", tr("Restore") if row.hidden else tr("Hide")),
            ("", ""),
            ("why", tr("Why is this here?")),
            *self._story_entries(row),
            ("feed", tr("Show only {feed}").format(feed=row.feed_title.replace("&", "&&"))),
            ("rule", tr("Make a rule from this …")),
        ]
        for name, words in entries:
            if not words:
                menu.addSeparator()
                continue
            action = menu.addAction(words)
            action.triggered.connect(lambda _checked=False, name=name: self._window.act_on(name, row.id))
        return menu

    def _story_entries(self, row: PostRow) -> list[tuple[str, str]]:
        """What can be done with the story of a post."""
        follow = tr("No longer follow this story") if row.story_followed else tr("Follow this story")
        entries = [("", ""), ("follow_story", follow)]
        if row.story_posts > 1:
            entries += [
                ("tellings", tr("Show every telling")),
                ("split", tr("Not the same story: take this one out")),
                ("take_apart", tr("Take the story apart")),
            ]
        picked = self.model.picked
        entries.append(("pick", tr("No longer pick") if row.id in picked else tr("Pick, to put together")))
        if [i for i in picked if i != row.id]:
            entries.append(("together", plural("Put together with the picked one", "Put together with the {n} picked", len(picked))))
        return [*entries, ("", "")]
