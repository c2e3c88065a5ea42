"""Who else tells what the open post tells: the other tellings, what only they say, and what can be done with the story."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.reading.flow import FlowLayout
from desktop.reading.telling import Telling
from desktop.story_acts import tellings
from desktop.story_words import also_told
from desktop.strings import plural, tr
from engine import Changes, EngineError, Post, Story, StoryPost

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

FEW, MOST = 3, 12  # tellings shown at first, and when all are asked for; a list of its own shows the rest
AT_ONCE = 1  # tellings that one turn of the event loop lays out


class StoryPanel(QFrame):
    """Shows nothing for a post that stands alone. What came to a followed story since the last look stands first, alone."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self._post_id: int | None = None
        self.story: Story | None = None
        self._shown_for: int | None = None  # the open post for which the tellings are laid out
        self._new: frozenset[int] = frozenset()  # what was new when the story was opened
        self._all = False  # every telling is shown
        self._only: dict[int, tuple[str, ...]] = {}
        self._unfolded: set[int] = set()  # the tellings whose own sentences the person unfolded
        self.rows: list[Telling] = []
        self._waiting: list[StoryPost] = []
        self._untold: list[Telling] = []  # laid out, but for what only they say
        theme.role(self, "card")
        self.setAccessibleName(tr("Other tellings of the story"))
        self._build()
        self._more_soon = QTimer(self)
        self._more_soon.setInterval(0)
        self._more_soon.timeout.connect(self._add_some)
        self.hide()

    def _build(self) -> None:
        self.heading = theme.label("", "strong", wrap=True)
        self.follow = QPushButton(tr("Follow this story"))
        theme.role(self.follow, "quiet")
        self.follow.setCheckable(True)
        self.follow.setToolTip(tr("Mark what is new in this story (Y)"))
        self.follow.clicked.connect(self._follow)
        head = QHBoxLayout()
        head.setSpacing(theme.px(6))
        head.addWidget(self.heading, 1)
        head.addWidget(self.follow)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(4))
        self.more = _link(tr("Show more tellings"))
        self.more.clicked.connect(self._show_all)
        self.as_list = _link(tr("Show them as a list"))
        self.as_list.clicked.connect(self._show_list)
        self.out = _link(tr("This one is not the same story"))
        self.out.setToolTip(tr("Take the open post out of the story (Shift+N)"))
        self.out.clicked.connect(lambda _checked=False: self._split_open())
        self.stand_open = _link(tr("Let this one stand for the story"))
        self.stand_open.setToolTip(tr("Let the open post be the story's card (Shift+E)"))
        self.stand_open.clicked.connect(lambda _checked=False: self._stand_open())
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(14))
        for link in (self.more, self.as_list, self.out, self.stand_open):
            flow.addWidget(link)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(8), theme.px(12), theme.px(8))
        box.setSpacing(theme.px(4))
        box.addLayout(head)
        box.addLayout(self._list)
        box.addWidget(foot)

    # ---- showing -----------------------------------------------------------------------------

    def show_post(self, post: Post) -> None:
        """Show who else tells what `post` tells; one that is shown already is loaded again."""
        if post.row.id != self._post_id:
            self._all = False
        self._post_id = post.row.id
        if post.row.story_id is None:
            self.clear()
        else:
            self._load()

    def clear(self) -> None:
        self.story, self._new, self._only = None, frozenset(), {}
        self._empty()
        self.hide()

    def refresh(self, changes: Changes) -> None:
        """Take up what a write changed in one of the tellings."""
        if self.story is not None and any(post.post_id in changes.updated for post in self.story.posts):
            self._load()

    def restyle(self) -> None:
        """Lay the tellings out again, in the theme's present colours and size."""
        if self.story is not None:
            self._fill()

    def _load(self) -> None:
        engine, post_id = self._window.engine, self._post_id
        if engine is None or post_id is None:
            return
        self._window.lanes.read(
            lambda: (post_id, engine.story(post_id)), self._take, failed=_gone, key="reading-story", owner=self
        )

    def _take(self, found: tuple[int, Story | None]) -> None:
        post_id, story = found
        if post_id != self._post_id:
            return
        if story is None:
            self.clear()
            return
        if self.story is None or self.story.id != story.id:
            self._new, self._only = frozenset(), {}
        fresh = frozenset(post.post_id for post in story.posts if post.new) if story.followed else frozenset()
        self._new |= fresh
        # Looking at it makes nothing new any more: what was new stays marked while it is open.
        story = replace(story, posts=tuple(replace(post, new=post.post_id in self._new) for post in story.posts))
        same = story == self.story and self.isVisible()
        self.story = story
        if not same or self._shown_for != post_id:
            self._fill()
            self._load_differences()
        if fresh:
            self._looked_at(post_id)

    def _looked_at(self, post_id: int) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(
                lambda: engine.looked_at_story(post_id), lambda _changes: self._window.upkeep.load_followed(), failed=_gone
            )

    def _load_differences(self) -> None:
        engine, post_id = self._window.engine, self._post_id
        if engine is None or post_id is None:
            return
        self._window.lanes.slow(
            lambda: (post_id, engine.story(post_id, differences=True)), self._take_differences, failed=_gone,
            key="story-differences", owner=self,
        )  # fmt: skip

    def _take_differences(self, found: tuple[int, Story | None]) -> None:
        post_id, story = found
        if post_id != self._post_id or story is None:
            return
        self._only = {post.post_id: post.only_here for post in story.posts}
        self._untold = list(self.rows)
        self._more_soon.start()

    # ---- laying out --------------------------------------------------------------------------

    def _fill(self) -> None:
        story, post_id = self.story, self._post_id
        assert story is not None
        assert post_id is not None
        self._shown_for = post_id
        by_id = {post.post_id: post for post in story.posts}
        others = [post for post in story.posts if post.post_id != post_id]
        fresh = [post for post in others if post.new and story.followed]
        shown = others[:MOST] if self._all else fresh[:MOST] if fresh else others[:FEW]
        self._empty()
        self._waiting = shown
        self.heading.setText(
            plural("{n} new since you last looked", "{n} new since you last looked", len(fresh))
            if fresh and not self._all
            else also_told(story.outlets, len(story.posts))
        )
        self.follow.setChecked(story.followed)
        self.follow.setText(tr("Following") if story.followed else tr("Follow this story"))
        left = len(others) - len(shown)
        self.more.setText(plural("Show {n} more telling", "Show {n} more tellings", min(left, MOST)))
        self.more.setVisible(left > 0 and not self._all)
        self.as_list.setVisible(len(others) > FEW)
        self.stand_open.setVisible(story.lead_id != post_id)
        self.out.setVisible(post_id in by_id)
        self.show()
        self._more_soon.start()

    def _add_some(self) -> None:
        story = self.story
        if not self._waiting and self._untold:
            row = self._untold.pop(0)
            row.show_only_here(self._only.get(row.post.post_id, ()))
        some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
        for post in some:
            leads = story is not None and post.post_id == story.lead_id
            row = Telling(post, leads=leads, new=post.new, unfolded=post.new or post.post_id in self._unfolded)
            row.open_wanted.connect(self._window.open_post)
            row.out_wanted.connect(self._split)
            row.stand_wanted.connect(self._window.stories.stand)
            row.prefer_wanted.connect(self._window.stories.prefer)
            row.show_only_here(self._only.get(post.post_id, ()))
            self.rows.append(row)
            self._list.addWidget(row)
        if not self._waiting and not self._untold:
            self._more_soon.stop()

    def _empty(self) -> None:
        self._more_soon.stop()
        self._waiting, self._untold = [], []
        for row in self.rows:
            self._unfolded.discard(row.post.post_id)
            if row.only.isChecked():
                self._unfolded.add(row.post.post_id)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []

    # ---- what can be done --------------------------------------------------------------------

    def open_next(self) -> None:
        """Open the telling after the one that is open, round and round."""
        if self.story is None or self._post_id is None:
            self._window.say(tr("Only this post tells it"))
            return
        self._window.open_post(tellings(self.story, self._post_id)[0])

    def split(self) -> None:
        """Take the telling that has the focus out of the story, or else the open post."""
        focused = self._focused()
        if focused is not None:
            self._split(focused)
        else:
            self._split_open()

    def stand(self) -> None:
        """Let the telling that has the focus stand for the story, or else the open post."""
        focused = self._focused()
        if focused is not None:
            self._window.stories.stand(focused)
        else:
            self._stand_open()

    def _focused(self) -> int | None:
        return next((row.post.post_id for row in self.rows if row.isAncestorOf(self._window.focusWidget())), None)

    def _split(self, post_id: int) -> None:
        self._window.stories.split([post_id])

    def _split_open(self) -> None:
        if self.story is not None and self._post_id is not None:
            self._split(self._post_id)

    def _stand_open(self) -> None:
        if self.story is not None and self._post_id is not None and self._post_id != self.story.lead_id:
            self._window.stories.stand(self._post_id)

    def _follow(self) -> None:
        if self.story is not None and self._post_id is not None:
            self._window.stories.follow(self._post_id, not self.story.followed)

    def _show_all(self) -> None:
        self._all = True
        if self.story is not None:
            self._fill()

    def _show_list(self) -> None:
        if self._post_id is not None:
            self._window.show_tellings(self._post_id)


def _link(text: str) -> QPushButton:
    made = QPushButton(text)
    theme.role(made, "link")
    made.setStyleSheet("padding-left: 0;")
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def _gone(_error: EngineError) -> None:
    """A post that was removed meanwhile has no story any more; the pane itself says so."""
