"""The window: three panes, what goes where, and what happens when the engine says that something changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from desktop import shortcuts, theme
from desktop.acts import Acts, Undo
from desktop.briefings import Briefings
from desktop.commands import Commands
from desktop.features import Features
from desktop.frame import Toast, TopBar, own_segment
from desktop.interests import Interests
from desktop.lanes import Lanes
from desktop.panes import Panes
from desktop.samples import Samples
from desktop.sidebar import Place, Sidebar
from desktop.status import StatusLine
from desktop.story_acts import StoryActs
from desktop.strings import plural, tr
from desktop.timeline.pane import TimelinePane
from desktop.timelines import Timelines
from desktop.upkeep import Upkeep
from engine import SETTINGS, BusyError, Changes, Condition, EngineError, Rule, Story, TimelineQuery

if TYPE_CHECKING:
    from desktop.reading.pane import ReadingPane
    from engine import Engine, Feed, Value

SIZE = (1360, 860)
FIRST_REFRESH_MS = 1500


class MainWindow(QMainWindow):
    """Everything a page, a dialog or the reading pane may ask of the window is a public name here."""

    changed = Signal(object)  # Changes, merged, on this thread
    attached = Signal()
    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.engine: Engine | None = None
        self.settings: dict[str, Value] = {setting.name: setting.default for setting in SETTINGS}
        self.lanes = Lanes(self)
        self.undo = Undo(self)
        self.acts = Acts(self)
        self.stories = StoryActs(self)
        self.interests = Interests(self)
        self.timelines = Timelines(self)
        self.features = Features(self)
        self.commands = Commands(self)
        self.samples = Samples(self)
        self.briefings = Briefings(self)
        self.feeds: list[Feed] = []
        self._pages: dict[str, QWidget] = {}
        self._lock = contextlib.ExitStack()
        self._place = Place("timeline", "for_you")
        self._return_to = ""  # the page from which a post was opened
        self.aside: int | None = None  # the open post, while the list holds it not and the selection is another's
        self.setWindowTitle("Millpond")
        self.resize(*SIZE)
        self.setMinimumSize(360, 420)
        self._build()
        self.upkeep = Upkeep(self)
        self._connect()
        self.actions_by_name = shortcuts.install(self, lambda name: getattr(self.commands, name))

    # ---- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self.top = TopBar()
        self.sidebar = Sidebar()
        self.timeline = TimelinePane(self)
        self.status = StatusLine(self.lanes)
        self.panes = Panes(self.sidebar, self.timeline)
        self._reading: ReadingPane | None = None
        centre = QWidget()
        theme.role(centre, "pane")
        box = QVBoxLayout(centre)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.top)
        box.addWidget(self.panes, 1)
        box.addWidget(self.status)
        self.setCentralWidget(centre)
        self.toast = Toast(centre)
        self.top.select("for_you")
        self.sidebar.select(self._place)

    def _connect(self) -> None:
        self.lanes.bug.connect(self._show_bug)
        self.lanes.trouble.connect(self.say)
        self.lanes.job_ended.connect(self._job_ended)
        self.top.segment_chosen.connect(self._segment)
        self.top.timeline_chosen.connect(self.show_own)
        self.top.sidebar_wanted.connect(self.toggle_sidebar)
        self.top.back_wanted.connect(self.go_back)
        self.top.refresh_wanted.connect(self.commands.refresh_now)
        self.top.briefing_wanted.connect(self.commands.show_briefing)
        self.top.ask_wanted.connect(self.commands.show_ask)
        self.top.search.wanted.connect(self._search)
        self.top.search.left.connect(self._focus_list)
        self.sidebar.chosen.connect(self._go_to)
        self.sidebar.add_wanted.connect(self.add_feed)
        self.sidebar.refresh_wanted.connect(self._refresh_these)
        self.sidebar.read_all_wanted.connect(self._read_all_of)
        self.sidebar.feed_settings_wanted.connect(self._feed_settings)
        self.sidebar.health_wanted.connect(self.show_health)
        self.sidebar.timeline_wanted.connect(self.timelines.new)
        self.sidebar.timeline_settings_wanted.connect(self.timelines.edit)
        self.sidebar.timeline_renamed.connect(self.timelines.rename)
        self.sidebar.timeline_deleted.connect(self.timelines.delete)
        self.sidebar.timeline_moved.connect(self.timelines.move)
        self.status.ledger_wanted.connect(self._show_ledger)
        self.timeline.opened.connect(self.open_post)
        self.timeline.selected.connect(self._back_in_list)
        self.panes.changed.connect(self.fit_bars)

    @property
    def reading(self) -> ReadingPane:
        """The reading pane; made when it is first needed, after the list stands."""
        if self._reading is None:
            from desktop.reading.pane import ReadingPane

            self._reading = ReadingPane(self)
            self.panes.set_reading(self._reading)
        return self._reading

    # ---- the engine comes and goes -----------------------------------------------------------

    def attach(self, engine: Engine, settings: dict[str, Value] | None = None) -> None:
        """Show the profile of `engine`, which this window will close. Holding its lock is the caller's affair."""
        self.engine = engine
        self.settings |= settings if settings is not None else engine.settings()
        self.upkeep.use_theme()
        self.upkeep.listen(engine)
        self.fit_bars()
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
        self.upkeep.begin()
        self.briefings.begin()
        QTimer.singleShot(FIRST_REFRESH_MS, self, self._first_work)

    def _first_work(self) -> None:
        if self.feeds:
            self.upkeep.refresh_if_may()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        self.hide()  # at once: what is still to be written needs no window
        self.detach()
        super().closeEvent(event)

    def detach(self) -> None:
        """Stop jobs, let the acts that are under way be written, and close the profile."""
        self.upkeep.stop()
        self.briefings.stop()
        self.samples.close()
        self.lanes.close()
        self._lock.close()
        if self.engine is not None:
            self.engine.close()
            self.engine = None

    def take_changes(self, changes: Changes) -> None:
        """Tell every screen that is made what was written."""
        self.timeline.refresh(changes)
        if self._reading is not None:
            self._reading.refresh(changes)
        for page in self._pages.values():
            refresh = getattr(page, "refresh", None)
            if refresh is not None and page.isVisible():
                refresh(changes)
        self.changed.emit(changes)

    def set_setting(self, name: str, value: Value) -> None:
        engine = self.engine
        if engine is not None:
            self.settings[name] = value
            self.upkeep.use_theme()
            self.fit_bars()
            self.lanes.read(lambda: engine.set_setting(name, value), key=("set", name), must=True)

    # ---- places ------------------------------------------------------------------------------

    def on_timeline(self) -> bool:
        """True when a list of posts is shown, not a page."""
        return self.panes.on_posts()

    def go(self, kind: str, name: str = "", feed_id: int = 0, timeline_id: int = 0) -> None:
        """Go to a timeline, one of the person's own, a feed, a folder or a page."""
        self._go_to(Place(kind, name, feed_id, timeline_id))

    def show_own(self, timeline_id: int) -> None:
        """Go to a timeline of the person's own."""
        self.go("own", timeline_id=timeline_id)

    def at_timeline(self) -> int:
        """The id of the person's own timeline whose list is shown; 0 where it is another list."""
        return self._place.timeline_id

    def timelines_changed(self) -> None:
        """The person's own timelines are others, or named otherwise, than they were."""
        own = self._place.timeline_id
        found = self.timelines.named(own)
        if own and found is None and self.on_timeline():
            self.go("timeline", "for_you")
        elif own and found is None:
            self._place = Place("timeline", "for_you")
            self.timeline.show_query(TimelineQuery(), tr("For you"))
        elif found is not None:
            self.timeline.rename(found.name)
            self._mark_place()

    def _mark_place(self) -> None:
        """Mark where the window is in the sidebar and in the bar."""
        if not self.on_timeline() or self.timeline.search_text:
            return
        self.sidebar.select(self._place)
        named = self._place.name if self._place.kind == "timeline" else ""
        own = own_segment(self._place.timeline_id) if self._place.kind == "own" else ""
        self.top.select(own or (named if named in ("for_you", "newest") else ""))

    def _go_to(self, place: Place) -> None:
        self.top.search.reset()
        self._return_to = ""
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
        elif place.kind == "own":
            own = self.timelines.named(place.timeline_id)
            query, title = TimelineQuery(order="for_you", timeline_id=place.timeline_id), own.name if own is not None else ""
        elif place.name == "saved":
            query, title = TimelineQuery(order="newest", saved=True), tr("Saved")
        elif place.name == "followed":
            query, title = TimelineQuery(order="newest", followed=True), tr("Followed stories")
        self.show_timeline(query, title)

    def show_timeline(self, query: TimelineQuery | None = None, title: str = "") -> None:
        """Show the list that `query` describes; None goes back to the list that was."""
        if query is not None:
            self.timeline.show_query(query, title)
        self.panes.show_posts()
        self._mark_place()

    def show_feed(self, feed_id: int) -> None:
        self.go("feed", feed_id=feed_id)

    def show_tellings(self, post_id: int) -> None:
        """Show every post of the story that this one tells, as a list of its own."""
        engine = self.engine
        if engine is None:
            return

        def show(story: Story | None) -> None:
            if story is not None:
                title = plural("{n} telling of one story", "{n} tellings of one story", len(story.posts))
                self.show_timeline(TimelineQuery(order="newest", story_id=story.id), title)

        self.lanes.read(lambda: engine.story(post_id), show, owner=self)

    def show_page(self, name: str) -> None:
        """Show one of `pages.PAGES` in the place of list and post."""
        page = self._pages.get(name)
        if page is None:
            from desktop.pages import PAGES

            page = PAGES[name](self)
            self._pages[name] = page
        self._return_to = ""
        self.panes.show_page(page)
        self.sidebar.select(Place("page", name))
        self.top.select("")
        shown = getattr(page, "shown", None)
        if shown is not None:
            shown()
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_help(self, topic: str) -> None:
        """Show the help page, open at a topic."""
        from desktop.help.page import HelpPage

        self.show_page("help")
        page = self._pages["help"]
        if isinstance(page, HelpPage):
            page.open_topic(topic)

    def go_back(self) -> None:
        """One step back: from what is picked, the search, a page, the post or one story to the list."""
        if self.top.search.text():
            self.top.search.clear()
        elif not self.on_timeline():
            self.show_timeline()
        elif self._return_to:
            self.show_page(self._return_to)
        elif self.panes.reading_on_top():
            self.panes.show_reading(False)
        elif self.timeline.model.picked:
            self.timeline.let_go()
        elif self.timeline.query.story_id is not None:
            self._go_to(self._place)
        self._focus_list()

    def return_to(self, page: str) -> None:
        """Let the next step back lead to this page, from which a post was opened."""
        self._return_to = page
        self.fit_bars()

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
            self.sidebar.select(Place("search"))
            self.top.select("")
            self.timeline.search(text)
            self.panes.show_posts()
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
        if self.timeline.view.select(post_id):
            self.aside = None
        else:
            self.aside = post_id
        self.reading.show_post(post_id)
        self.panes.show_reading(True)
        row = self.timeline.model.row_of(post_id)
        if self.settings.get("mark_read_on_open", True) and (row is None or not row.read):
            self.acts.read([post_id], True, quietly=True)

    def _back_in_list(self, _post_id: int) -> None:
        self.aside = None

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
            "tellings": lambda: self.show_tellings(post_id),
            "follow_story": lambda: self.stories.follow(post_id, not row.story_followed),
            "split": lambda: self.stories.split([post_id]),
            "take_apart": lambda: self.stories.take_apart(post_id),
            "pick": lambda: self.timeline.toggle_pick(post_id),
            "together": lambda: self.commands.put_together(post_id),
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

        self.lanes.job("refresh", lambda: engine.refresh(feeds, force), self.upkeep.refresh_told, self._refreshed, failed)

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
        self.upkeep.load_ledger()
        self.upkeep.load_feeds()

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

    def show_health(self, feed_id: int = 0) -> None:
        """Show how the feeds fare, beginning with one of them."""
        from desktop.pages.health import HealthPage

        HealthPage.next_feed = feed_id
        self.show_page("health")

    def _show_ledger(self) -> None:
        self.show_page("ledger")

    def _show_bug(self, text: str) -> None:
        from desktop.dialogs import bug

        bug.show(self, text)

    # ---- widths ------------------------------------------------------------------------------

    def toggle_sidebar(self) -> None:
        self.panes.toggle_sidebar()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.panes.fit(event.oldSize().width(), event.size().width())

    def fit_bars(self) -> None:
        """Leave out of the bars what has no room."""
        self.top.menu.setVisible(self.panes.narrow)
        self.top.brand.setVisible(self.width() >= 560 * theme.scale())
        self.top.briefing.setVisible(not self.panes.stacked)
        self.top.back.setVisible((self.panes.reading_on_top() and self.panes.stacked) or bool(self._return_to))
        self.top.ask.setVisible(bool(self.settings["ai"] and self.settings["use_ask"]) and self.width() >= 440 * theme.scale())
        self.status.narrow(self.panes.narrow)
