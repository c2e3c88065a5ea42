"""What the keys do: one method per entry of the table in `shortcuts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from desktop.shortcuts import ShortcutSheet
from desktop.strings import tr
from engine import PostRow

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

TEXT_STEP = 10  # percent


class Commands:
    """Acts on the post that is selected in the window, or on the window itself."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    # ---- reading -----------------------------------------------------------------------------

    def next_post(self) -> None:
        self._step(1)

    def previous_post(self) -> None:
        self._step(-1)

    def next_unread(self) -> None:
        self._step(1, unread=True)

    def page_or_next(self) -> None:
        if self._window.timeline.view.current_id() is None or not self._window.reading.scroll_page():
            self._step(1)

    def open_current(self) -> None:
        current = self._window.timeline.view.current_id()
        if current is not None:
            self._window.open_post(current)

    def open_in_browser(self) -> None:
        if self._row() is not None:
            self._window.reading.open_in_browser()

    def summarise(self) -> None:
        if self._row() is not None:
            self._window.reading.summaries.summarise()

    def summarise_story(self) -> None:
        if self._row() is not None:
            self._window.reading.summaries.summarise_story()

    def rewrite(self) -> None:
        if self._window.on_timeline() and self._window.features.on and self._row() is not None:
            self._window.reading.rewrite.open_menu()

    def toggle_full_text(self) -> None:
        if self._window.on_timeline():
            self._window.reading.whole.toggle()

    def show_pictures(self) -> None:
        if self._window.on_timeline():
            self._window.reading.pictures.fetch_all()

    def favourite(self) -> None:
        self._on_network("favourite")

    def boost(self) -> None:
        self._on_network("boost")

    def bookmark(self) -> None:
        self._on_network("bookmark")

    def reply(self) -> None:
        self._on_network("reply")

    def _on_network(self, verb: str) -> None:
        if self._window.on_timeline():
            self._window.reading.deeds.act(verb)

    def show_conversation(self) -> None:
        if self._window.on_timeline():
            self._window.reading.talk.fetch()

    def summarise_conversation(self) -> None:
        if self._row() is not None:
            self._window.reading.talk.summarise()

    def show_covered(self) -> None:
        if self._window.on_timeline():
            self._window.reading.show_covered()

    def toggle_why(self) -> None:
        if self._row() is not None:
            self._window.reading.toggle_why()

    # ---- posts -------------------------------------------------------------------------------

    def like(self) -> None:
        row = self._row()
        if row is not None:
            self._window.acts.like(row.id, None if row.liked is True else True)

    def dislike(self) -> None:
        row = self._row()
        if row is not None:
            self._window.acts.like(row.id, None if row.liked is False else False)

    def save_post(self) -> None:
        row = self._row()
        if row is not None:
            self._window.acts.save([row.id], not row.saved)

    def hide_post(self) -> None:
        row = self._row()
        if row is not None:
            self._window.acts.hide([row.id], not row.hidden)

    def toggle_read(self) -> None:
        row = self._row()
        if row is not None:
            self._window.acts.read([row.id], not row.read)

    def read_all(self) -> None:
        if self._window.on_timeline() and not self._window.timeline.search_text:
            self._window.acts.read_all(self._window.timeline.query)

    # ---- stories -----------------------------------------------------------------------------

    def next_telling(self) -> None:
        if self._window.on_timeline():
            self._window.reading.story.open_next()

    def split_story(self) -> None:
        """The telling that has the focus, or else the post that is open."""
        if self._window.on_timeline():
            self._window.reading.story.split()

    def lead_story(self) -> None:
        if self._window.on_timeline():
            self._window.reading.story.stand()

    def follow_story(self) -> None:
        row = self._row()
        if row is not None:
            self._window.stories.follow(row.id, not row.story_followed)

    def pick_post(self) -> None:
        row = self._row()
        if row is not None:
            self._window.timeline.toggle_pick(row.id)

    def put_together(self, post_id: int | None = None) -> None:
        """Make one story of the picked cards, and of `post_id`."""
        if not self._window.on_timeline():
            return
        timeline = self._window.timeline
        ids = list(dict.fromkeys([*timeline.model.picked, *([post_id] if post_id is not None else [])]))
        if len(ids) < 2:
            self._window.say(tr("Pick two or more cards first: V picks the one that is selected"))
            return
        timeline.let_go()
        self._window.stories.put_together(ids)

    def show_followed(self) -> None:
        self._window.go("timeline", "followed")

    def undo_last(self) -> None:
        self._window.undo.back()

    # ---- places ------------------------------------------------------------------------------

    def show_for_you(self) -> None:
        self._window.go("timeline", "for_you")

    def show_newest(self) -> None:
        self._window.go("timeline", "newest")

    def show_saved(self) -> None:
        self._window.go("timeline", "saved")

    def show_tray(self) -> None:
        self._window.show_page("tray")

    def show_briefing(self) -> None:
        self._window.show_page("briefing")

    def show_rules(self) -> None:
        self._window.show_page("rules")

    def rule_from_words(self) -> None:
        from desktop.pages.rules import RulesPage

        self._window.show_page("rules")
        page = self._window.findChild(RulesPage)
        if page is not None:
            page.own_words.words.setFocus()

    def show_profile(self) -> None:
        self._window.show_page("profile")

    def show_evaluation(self) -> None:
        self._window.show_page("evaluation")

    def show_health(self) -> None:
        self._window.show_health()

    def show_settings(self) -> None:
        self._window.show_page("settings")

    def toggle_unread(self) -> None:
        if self._window.on_timeline() and self._window.timeline.unread.isVisible():
            self._window.timeline.unread.toggle()

    def show_new(self) -> None:
        if self._window.on_timeline():
            self._window.timeline.show_new()

    def show_ask(self) -> None:
        self._window.show_page("ask")

    def focus_search(self) -> None:
        self._window.top.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._window.top.search.selectAll()

    # ---- the window --------------------------------------------------------------------------

    def refresh_now(self) -> None:
        self._window.refresh(force=True)

    def add_feed(self) -> None:
        self._window.add_feed()

    def new_timeline(self) -> None:
        self._window.timelines.new()

    def edit_timeline(self) -> None:
        own = self._window.at_timeline()
        if own:
            self._window.timelines.edit(own)
        else:
            self._window.say(tr("For you has its weights in the settings; a timeline of your own has a sheet"))

    def go_back(self) -> None:
        self._window.go_back()

    def toggle_sidebar(self) -> None:
        self._window.toggle_sidebar()

    def larger_text(self) -> None:
        self._scale(TEXT_STEP)

    def smaller_text(self) -> None:
        self._scale(-TEXT_STEP)

    def usual_text(self) -> None:
        self._window.set_setting("scale_percent", 100)

    def toggle_models(self) -> None:
        self._window.features.toggle()

    def show_shortcuts(self) -> None:
        ShortcutSheet(self._window).open()

    def close_window(self) -> None:
        self._window.close()

    # ---- inside ------------------------------------------------------------------------------

    def _row(self) -> PostRow | None:
        if not self._window.on_timeline():
            return None
        row = self._window.timeline.current_row()
        if self._window.aside is not None:  # a telling that the list folds away is open: the keys mean that one
            row = self._window.reading.row or row
        if row is None:
            self._window.say(tr("Choose a post first: J goes to the next one"))
        return row

    def _step(self, by: int, *, unread: bool = False) -> None:
        if not self._window.on_timeline():
            step = getattr(self._window.panes.page(), "step", None)
            if step is not None:
                step(by)
            return
        post_id = self._window.timeline.step(by, unread=unread)
        if post_id is not None:
            self._window.preview_post(post_id)

    def _scale(self, by: int) -> None:
        current = int(self._window.settings.get("scale_percent", 100))
        self._window.set_setting("scale_percent", max(80, min(200, current + by)))
