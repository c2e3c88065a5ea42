"""The window: three panes, what goes where, and what happens when the engine says that something changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop import shortcuts, theme
from desktop.acts import Acts, Undo
from desktop.commands import Commands
from desktop.frame import Toast, TopBar
from desktop.lanes import Lanes
from desktop.samples import Samples
from desktop.sidebar import WIDTH as SIDEBAR_WIDTH
from desktop.sidebar import Place, Sidebar
from desktop.status import LEDGER_ROWS, StatusLine
from desktop.strings import tr
from desktop.timeline.empty import EmptyState
from desktop.timeline.pane import TimelinePane
from engine import SETTINGS, BusyError, Changes, Condition, EngineError, Rule, TimelineQuery

if TYPE_CHECKING:

    from desktop.reading.pane import ReadingPane
    from engine import Engine, Feed, LedgerRow, Value

SIZE = (1360, 860)
LIST_WIDTH, LIST_LEAST = 500, 320
NARROW, STACKED = 900, 700  # below these widths the sidebar goes, then list and post share one place
GATHER_MS = 30  # changes are merged this long before screens are told
SIDE_MS = 600  # the sidebar's feeds and counts are asked for this long after the first of many changes
POLL_MS = 2000
FIRST_REFRESH_MS = 1500


class MainWindow(QMainWindow):
    """Everything a page, a dialog or the reading pane may ask of the window is a public name here."""

    changed = Signal(object)  # Changes, merged, on this thread
    attached = Signal()
    closing = Signal()
    _incoming = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.engine: Engine | None = None
        self.settings: dict[str, Value] = {setting.name: setting.default for setting in SETTINGS}
        self.lanes = Lanes(self)
        self.undo = Undo(self)
        self.acts = Acts(self)
        self.commands = Commands(self)
        self.samples = Samples(self)
        self.feeds: list[Feed] = []
        self._pages: dict[str, QWidget] = {}
        self._gathered = Changes()
        self._stop_listening: Callable[[], None] | None = None
        self._lock = contextlib.ExitStack()
        self._place = Place("timeline", "for_you")
        self._sidebar_shown: bool | None = None  # None: as the width has it
        self._reading_on_top = False
        self._ledger_since = 0
        self._side_feeds = False
        self.setWindowTitle("Millpond")
        self.resize(*SIZE)
        self.setMinimumSize(360, 420)
        self._build()
        self._connect()
        self.actions_by_name = shortcuts.install(self, lambda name: getattr(self.commands, name))

    # ---- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self.top = TopBar()
        self.sidebar = Sidebar()
        self.timeline = TimelinePane(self)
        self.status = StatusLine(self.lanes)
        self._reading_holder = QWidget()
        theme.role(self._reading_holder, "pane")
        self._reading_box = QVBoxLayout(self._reading_holder)
        self._reading_box.setContentsMargins(0, 0, 0, 0)
        self._reading: ReadingPane | None = None
        posts = QWidget()
        self._posts_box = QHBoxLayout(posts)
        self._posts_box.setContentsMargins(0, 0, 0, 0)
        self._posts_box.setSpacing(0)
        self._posts_box.addWidget(self.timeline)
        self._posts_line = _line()
        self._posts_box.addWidget(self._posts_line)
        self._posts_box.addWidget(self._reading_holder, 1)
        self._stack = QStackedWidget()
        self._posts = posts
        self._stack.addWidget(posts)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.sidebar)
        self._side_line = _line()
        middle.addWidget(self._side_line)
        middle.addWidget(self._stack, 1)
        centre = QWidget()
        theme.role(centre, "pane")
        box = QVBoxLayout(centre)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.top)
        box.addLayout(middle, 1)
        box.addWidget(self.status)
        self.setCentralWidget(centre)
        self.toast = Toast(centre)
        self.top.select("for_you")
        self.sidebar.select(self._place)

    def _connect(self) -> None:
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(GATHER_MS)
        self._gather.timeout.connect(self._tell)
        self._side_soon = QTimer(self)
        self._side_soon.setSingleShot(True)
        self._side_soon.setInterval(SIDE_MS)
        self._side_soon.timeout.connect(self._load_side)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._look_for_other_writers)
        self._next_refresh = QTimer(self)
        self._next_refresh.timeout.connect(self.refresh)
        self._incoming.connect(self._take_in, Qt.ConnectionType.QueuedConnection)
        self.lanes.bug.connect(self._show_bug)
        self.lanes.trouble.connect(self.say)
        self.lanes.job_ended.connect(self._job_ended)
        self.top.segment_chosen.connect(self._segment)
        self.top.sidebar_wanted.connect(self.toggle_sidebar)
        self.top.back_wanted.connect(self.go_back)
        self.top.refresh_wanted.connect(self.commands.refresh_now)
        self.top.search.wanted.connect(self._search)
        self.top.search.left.connect(self._focus_list)
        self.sidebar.chosen.connect(self._go_to)
        self.sidebar.add_wanted.connect(self.add_feed)
        self.sidebar.refresh_wanted.connect(self._refresh_these)
        self.sidebar.read_all_wanted.connect(self._read_all_of)
        self.sidebar.feed_settings_wanted.connect(self._feed_settings)
        self.status.ledger_wanted.connect(self._show_ledger)
        self.timeline.opened.connect(self.open_post)
        theme.signal().changed.connect(self._arrange)

    @property
    def reading(self) -> ReadingPane:
        """The reading pane; made when it is first needed, after the list stands."""
        if self._reading is None:
            from desktop.reading.pane import ReadingPane

            self._reading = ReadingPane(self)
            self._reading_box.addWidget(self._reading)
        return self._reading

    # ---- the engine comes and goes -----------------------------------------------------------

    def attach(self, engine: Engine, settings: dict[str, Value] | None = None) -> None:
        """Show the profile of `engine`, which this window will close. Holding its lock is the caller's affair."""
        self.engine = engine
        self.settings |= settings if settings is not None else engine.settings()
        self._use_theme()
        self._stop_listening = engine.changes(self._incoming.emit)
        self.timeline.first_shown.connect(self._first_shown)
        self.go("timeline", "for_you")
        self.timeline.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.attached.emit()

    def keep(self, lock: contextlib.AbstractContextManager[Any]) -> None:
        """Give up `lock`, which is held already, when the window closes."""
        self._lock.push(lock)

    def _first_shown(self) -> None:
        """The list is on screen: now what can wait."""
        QTimer.singleShot(0, self, self._after_first)

    def _after_first(self) -> None:
        _ = self.reading
        self._load_feeds()
        self._load_ledger()
        self._poll.start()
        minutes = int(self.settings["refresh_minutes"])
        self._next_refresh.start(minutes * 60_000)
        QTimer.singleShot(FIRST_REFRESH_MS, self, self._first_work)

    def _first_work(self) -> None:
        if self.feeds:
            self.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        self.hide()  # at once: what is still to be written needs no window
        self.detach()
        super().closeEvent(event)

    def detach(self) -> None:
        """Stop jobs, let the acts that are under way be written, and close the profile."""
        for timer in (self._poll, self._next_refresh, self._gather, self._side_soon):
            timer.stop()
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None
        self.samples.close()
        self.lanes.close()
        self._lock.close()
        if self.engine is not None:
            self.engine.close()
            self.engine = None

    # ---- changes -----------------------------------------------------------------------------

    def _take_in(self, changes: Changes) -> None:
        self._gathered |= changes
        if not self._gather.isActive():
            self._gather.start()

    def _tell(self) -> None:
        changes, self._gathered = self._gathered, Changes()
        if not changes or self.engine is None:
            return
        if changes.settings or changes.unknown:
            self._load_settings()
        if (changes.feeds or changes.updated or changes.new or changes.unknown) and not self._side_soon.isActive():
            self._side_feeds = False
            self._side_soon.start()
        self._side_feeds = self._side_feeds or bool(changes.feeds or changes.unknown)
        self.timeline.refresh(changes)
        if self._reading is not None:
            self._reading.refresh(changes)
        for page in self._pages.values():
            refresh = getattr(page, "refresh", None)
            if refresh is not None and page.isVisible():
                refresh(changes)
        self.changed.emit(changes)

    def _load_side(self) -> None:
        if self._side_feeds:
            self._load_feeds()
        else:
            self._load_counts()

    def _look_for_other_writers(self) -> None:
        if self.engine is not None:
            self.lanes.read(self.engine.poll, key="poll")

    def _load_settings(self) -> None:
        if self.engine is not None:
            self.lanes.read(self.engine.settings, self._take_settings, key="settings")

    def _take_settings(self, settings: dict[str, Value]) -> None:
        before = dict(self.settings)
        self.settings |= settings
        self._use_theme()
        if before["refresh_minutes"] != self.settings["refresh_minutes"]:
            self._next_refresh.start(int(self.settings["refresh_minutes"]) * 60_000)

    def _use_theme(self) -> None:
        theme.signal().set(str(self.settings["theme"]), int(self.settings["scale_percent"]))

    def set_setting(self, name: str, value: Value) -> None:
        engine = self.engine
        if engine is not None:
            self.settings[name] = value
            self._use_theme()
            self.lanes.read(lambda: engine.set_setting(name, value), key=("set", name), must=True)

    def _load_feeds(self) -> None:
        if self.engine is not None:
            self.lanes.read(self.engine.feeds, self._take_feeds, key="feeds")
            self._load_counts()

    def _take_feeds(self, feeds: list[Feed]) -> None:
        self.feeds = feeds
        self.sidebar.set_feeds(feeds)
        if not self.timeline.model.rowCount():
            self.fill_empty(self.timeline.empty)

    def _load_counts(self) -> None:
        if self.engine is not None:
            self.lanes.read(self.engine.counts, self.sidebar.set_counts, key="counts")

    def _load_ledger(self) -> None:
        engine, since = self.engine, self._ledger_since
        if engine is None:
            return
        first = since == 0

        def load() -> tuple[list[LedgerRow], str]:
            return engine.ledger(1 if first else LEDGER_ROWS), engine.device()

        self.lanes.read(load, self._take_ledger, key="ledger")

    def _take_ledger(self, found: tuple[list[LedgerRow], str]) -> None:
        rows, device = found
        if self._ledger_since == 0:
            self._ledger_since = rows[0].id + 1 if rows else 1
            rows = []
        self.status.show_ledger(row for row in rows if row.id >= self._ledger_since)
        self.status.set_device(device)

    # ---- places ------------------------------------------------------------------------------

    def on_timeline(self) -> bool:
        """True when a list of posts is shown, not a page."""
        return self._stack.currentWidget() is self._posts

    def go(self, kind: str, name: str = "", feed_id: int = 0) -> None:
        """Go to a timeline, a feed, a folder or a page."""
        self._go_to(Place(kind, name, feed_id))

    def _go_to(self, place: Place) -> None:
        self.top.search.reset()
        if place.kind == "page":
            self.show_page(place.name)
            return
        self._place = place
        order = "newest" if place.name == "newest" else "for_you"
        query = TimelineQuery(order="newest" if order == "newest" else "for_you")
        title = tr("Newest first") if order == "newest" else tr("For you")
        if place.kind == "feed":
            query = TimelineQuery(order="newest", feed_id=place.feed_id)
            title = next((feed.title for feed in self.feeds if feed.id == place.feed_id), "")
        elif place.kind == "folder":
            query, title = TimelineQuery(order="for_you", folder=place.name), place.name
        elif place.name == "saved":
            query, title = TimelineQuery(order="newest", saved=True), tr("Saved")
        self.show_timeline(query, title)

    def show_timeline(self, query: TimelineQuery | None = None, title: str = "") -> None:
        """Show the list that `query` describes; None goes back to the list that was."""
        if query is not None:
            self.timeline.show_query(query, title)
        self._stack.setCurrentWidget(self._posts)
        self._reading_on_top = False
        if query is None:
            self.sidebar.select(self._place)
        self.sidebar.select(self._place)
        named = self._place.name if self._place.kind == "timeline" else ""
        self.top.select(named if named in ("for_you", "newest") else "")
        self._arrange()

    def show_feed(self, feed_id: int) -> None:
        self.go("feed", feed_id=feed_id)

    def show_page(self, name: str) -> None:
        """Show one of `pages.PAGES` in the place of list and post."""
        page = self._pages.get(name)
        if page is None:
            from desktop.pages import PAGES

            page = PAGES[name](self)
            self._pages[name] = page
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)
        self.sidebar.select(Place("page", name))
        self.top.select("")
        shown = getattr(page, "shown", None)
        if shown is not None:
            shown()
        self._arrange()
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def go_back(self) -> None:
        """One step back: from the search, from the post to the list, from a page to the list."""
        if self.top.search.text():
            self.top.search.clear()
        elif not self.on_timeline():
            self.show_timeline()
        elif self._reading_on_top:
            self._reading_on_top = False
            self._arrange()
        self._focus_list()

    def _segment(self, name: str) -> None:
        """The other order of the same list where it has one, else that timeline."""
        query = self.timeline.query
        if self._place.kind in ("feed", "folder") and self.on_timeline() and not self.timeline.search_text:
            order = "newest" if name == "newest" else "for_you"
            self.timeline.show_query(replace(query, order=order, limit=TimelineQuery().limit), self.timeline.title)  # type: ignore[arg-type]
        else:
            self.go("timeline", name)

    def _search(self, text: str) -> None:
        if text:
            self._stack.setCurrentWidget(self._posts)
            self.sidebar.select(Place("search"))
            self.top.select("")
            self.timeline.search(text)
            self._arrange()
        else:
            self._go_to(self._place)

    def _focus_list(self) -> None:
        if self.on_timeline():
            self.timeline.view.setFocus(Qt.FocusReason.OtherFocusReason)
            if self.timeline.view.current_id() is None and self.timeline.search_text:
                self.commands.next_post()

    # ---- posts -------------------------------------------------------------------------------

    def open_post(self, post_id: int) -> None:
        """Show a post that the person chose: it counts as opened."""
        self.preview_post(post_id)
        engine = self.engine
        if engine is not None:
            self.lanes.read(lambda: engine.record(post_id, "opened"), failed=lambda _error: None)

    def preview_post(self, post_id: int) -> None:
        """Show a post in the reading pane, selecting it where the list has it."""
        if not self.on_timeline():
            self.show_timeline()
        self.timeline.view.select(post_id)
        self.reading.show_post(post_id)
        self._reading_on_top = True
        self._arrange()
        row = self.timeline.model.row_of(post_id)
        if self.settings.get("mark_read_on_open", True) and (row is None or not row.read):
            self.acts.read([post_id], True, quietly=True)

    def act_on(self, name: str, post_id: int) -> None:
        """Do what a button on a card, or its menu, says."""
        row = self.timeline.model.row_of(post_id)
        if row is None:
            return
        acts: dict[str, Callable[[], None]] = {
            "open": lambda: self.open_post(post_id),
            "like": lambda: self.acts.like(post_id, None if row.liked is True else True),
            "dislike": lambda: self.acts.like(post_id, None if row.liked is False else False),
            "save": lambda: self.acts.save([post_id], not row.saved),
            "hide": lambda: self.acts.hide([post_id], not row.hidden),
            "read": lambda: self.acts.read([post_id], not row.read),
            "feed": lambda: self.show_feed(row.feed_id),
        }
        if name in acts:
            acts[name]()
            return
        self.preview_post(post_id)
        if name == "browser":
            self.reading.open_in_browser()
        elif name == "why":
            self.reading.toggle_why()
        elif name == "rule":
            from desktop.dialogs import rule

            rule.open_dialog(self, Rule(name="", conditions=(Condition(field="words", value=row.title or row.author),)))

    def page_or_next(self) -> None:
        self.commands.page_or_next()

    def read_all(self) -> None:
        self.commands.read_all()

    # ---- jobs --------------------------------------------------------------------------------

    def refresh(self, feeds: Sequence[int] | None = None, force: bool = False) -> None:
        """Look for new posts, then let the models read them. `force`: now, whatever is due."""
        engine = self.engine
        if engine is None or (feeds is None and self.lanes.running("refresh")):
            return
        asked = force

        def failed(error: EngineError) -> None:
            if asked or not isinstance(error, BusyError):
                self.say(str(error))

        self.lanes.job("refresh", lambda: engine.refresh(feeds, force), done=self._refreshed, failed=failed)

    def _refreshed(self, cancelled: bool) -> None:
        if not cancelled:
            self.enrich()

    def enrich(self) -> None:
        """Let the models read what they have not read, beginning with what is on screen."""
        engine = self.engine
        if engine is None or len(self.lanes.running("enrich")) > 1:
            return
        visible = self.timeline.visible_ids()
        self.lanes.job("enrich", lambda: engine.enrich(visible=visible), failed=self._enrich_failed)

    def _enrich_failed(self, error: EngineError) -> None:
        if not isinstance(error, BusyError):
            self.say(str(error))

    def _job_ended(self) -> None:
        self._load_ledger()
        self._load_feeds()

    def _refresh_these(self, ids: list[int]) -> None:
        self.refresh(ids, force=True)

    def _read_all_of(self, place: Place) -> None:
        if place.kind == "feed":
            self.acts.read_all(TimelineQuery(feed_id=place.feed_id))
        else:
            self.acts.read_all(TimelineQuery(folder=place.name))

    # ---- dialogs -----------------------------------------------------------------------------

    def say(self, text: str, undo: Callable[[], None] | None = None, action_text: str = "") -> None:
        """Say something for some seconds, with a button that takes it back where `undo` is given."""
        self.toast.say(text, undo, action_text)

    def add_feed(self) -> None:
        from desktop.dialogs import add_feed

        if self.engine is not None:
            add_feed.open_dialog(self)

    def import_opml(self) -> None:
        from desktop.dialogs import import_opml

        if self.engine is not None:
            import_opml.open_dialog(self)

    def show_packs(self) -> None:
        from desktop.dialogs import packs

        if self.engine is not None:
            packs.open_dialog(self)

    def _feed_settings(self, feed_id: int) -> None:
        from desktop.dialogs import feed_settings

        feed_settings.open_dialog(self, feed_id)

    def _show_ledger(self) -> None:
        self.show_page("ledger")

    def _show_bug(self, text: str) -> None:
        from desktop.dialogs import bug

        bug.show(self, text)

    def fill_empty(self, empty: EmptyState) -> None:
        """Say why the list is empty, and where to go from here."""
        query, pane = self.timeline.query, self.timeline
        if pane.search_text:
            empty.say(
                tr("Nothing found"),
                tr("No post has these words. Fewer or other words may help."),
                [(tr("End the search"), "", self.go_back)],
            )
        elif not self.feeds and self.engine is not None:
            empty.say(
                tr("A quiet pond"),
                tr("Follow some feeds and their posts gather here, ordered on this machine. No account, nobody watching."),
                [
                    (tr("Add a feed"), "primary", self.add_feed),
                    (tr("Choose from starter packs"), "", self.show_packs),
                    (tr("Import subscriptions (OPML)"), "", self.import_opml),
                    (tr("Try it with sample feeds"), "link", self.samples.start),
                ],
            )
        elif query.saved:
            empty.say(tr("Nothing saved yet"), tr("S saves the post that is open. Saved posts are kept for ever."))
        elif query.unread:
            empty.say(
                tr("All read"),
                tr("Nothing unread is left here."),
                [(tr("Show all posts"), "", self.commands.toggle_unread)],
            )
        elif self.lanes.running("refresh"):
            empty.say(tr("Looking for posts"), tr("The first ones appear here in a moment."))
        else:
            empty.say(
                tr("No posts here"),
                tr("The feeds have not brought anything yet."),
                [(tr("Look for new posts"), "primary", self.commands.refresh_now)],
            )

    # ---- widths ------------------------------------------------------------------------------

    def toggle_sidebar(self) -> None:
        self._sidebar_shown = not self.sidebar.isVisible()
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.oldSize().width() < NARROW) != (event.size().width() < NARROW):
            self._sidebar_shown = None
        self._arrange()

    def _arrange(self) -> None:
        """Give every pane its width, and take away what has no room."""
        width = self.width()
        scale = theme.scale()
        narrow, stacked = width < NARROW * min(scale, 1.25), width < STACKED * min(scale, 1.25)
        side = self._sidebar_shown if self._sidebar_shown is not None else not narrow
        self.sidebar.setFixedWidth(min(theme.px(SIDEBAR_WIDTH), width // 2))
        self.sidebar.setVisible(side)
        self._side_line.setVisible(side)
        self.top.menu.setVisible(narrow)
        self.top.brand.setVisible(width >= 560 * scale)
        left = width - (self.sidebar.width() + 1 if side else 0)
        reading_on_top = self._reading_on_top and stacked
        self.top.back.setVisible(reading_on_top)
        self.timeline.setVisible(not reading_on_top)
        self._reading_holder.setVisible(not stacked or reading_on_top)
        self._posts_line.setVisible(not stacked)
        if stacked:
            self.timeline.setMinimumWidth(0)
            self.timeline.setMaximumWidth(16_777_215)
        else:
            self.timeline.setFixedWidth(max(LIST_LEAST, min(theme.px(LIST_WIDTH), round(left * 0.44))))
        self.status.narrow(narrow)


def _line() -> QWidget:
    line = QWidget()
    theme.role(line, "divider")
    line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    line.setFixedWidth(1)
    return line
