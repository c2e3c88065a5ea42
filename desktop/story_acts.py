"""What a person does to stories: take them apart, put them together, follow them. Each act can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from desktop.facts import plain
from desktop.strings import plural, tr
from engine import Changes, Story, StoryAct, StoryPost

if TYPE_CHECKING:
    from desktop.main_window import MainWindow
    from engine import Engine

PREFERRED = 1.0  # log-odds: the weight of a feed that shall stand for its stories


class StoryActs:
    """Works on the read lane, says what was done, and pushes how to undo it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def split(self, ids: Sequence[int]) -> None:
        """Take posts out of their story."""
        text = plural("Taken out of its story", "{n} taken out of their story", len(ids))
        self._by_hand(text, lambda engine: engine.split_story(ids), told=ids[0])

    def take_apart(self, post_id: int) -> None:
        """Let every telling of a story stand alone."""

        def act(engine: Engine) -> StoryAct:
            story = engine.story(post_id)
            return engine.split_story([post.post_id for post in story.posts] if story is not None else [post_id])

        self._by_hand(tr("Story taken apart"), act, told=post_id)

    def put_together(self, ids: Sequence[int]) -> None:
        """Make one story of those of these posts."""
        text = plural("Put together", "{n} cards put together", len(ids))
        self._by_hand(text, lambda engine: engine.merge_stories(ids), told=ids[0])

    def stand(self, post_id: int) -> None:
        """Let this telling stand for its story."""
        self._by_hand(tr("This telling stands for its story now"), lambda engine: engine.set_lead(post_id), told=post_id)

    def follow(self, post_id: int, followed: bool) -> None:
        text = tr("Story followed: what is new in it is marked") if followed else tr("Story no longer followed")
        self._simple(
            text,
            lambda engine: engine.follow_story(post_id, followed),
            lambda engine: engine.follow_story(post_id, not followed),
        )

    def prefer(self, post: StoryPost) -> None:
        """Let the outlet of a telling stand for every story that it tells; its posts rank higher, too."""
        window, engine, key = self._window, self._window.engine, str(post.feed_id)
        if engine is None:
            return

        def act() -> float | None:
            before = engine.interest_edits().get(("source", key))
            engine.edit_interest("source", key, PREFERRED)
            return before

        def done(before: float | None) -> None:
            text = tr("{outlet} is preferred from now on").format(outlet=plain(post.feed_title, 60))
            self._did(text, lambda: engine.edit_interest("source", key, before), post.post_id)
            window.timeline.reorder()
            self._select_lead(engine, post.post_id)

        window.lanes.read(act, done)

    # ---- inside ------------------------------------------------------------------------------

    def _by_hand(self, text: str, act: Callable[[Engine], StoryAct], told: int) -> None:
        """`told`: a telling of the story whose card may be another now; the selection goes to that one."""
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def done(made: StoryAct) -> None:
            self._did(text, lambda: engine.undo_story_act(made.id), told)
            window.timeline.reorder()
            self._select_lead(engine, told)

        window.lanes.read(lambda: act(engine), done)

    def _select_lead(self, engine: Engine, post_id: int) -> None:
        """Where a telling is selected that another card tells now, select that card, so that the list can let go of it."""
        timeline = self._window.timeline

        def select(story: Story | None) -> None:
            current = timeline.view.current_id()
            if story is None or current == story.lead_id or not timeline.folds():
                return
            if any(post.post_id == current for post in story.posts) and timeline.view.select(story.lead_id, scroll=False):
                timeline.reorder()

        self._window.lanes.read(lambda: engine.story(post_id), select, owner=timeline)

    def _simple(self, text: str, act: Callable[[Engine], Changes], back: Callable[[Engine], Changes]) -> None:
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def done(_changes: Changes) -> None:
            self._did(text, lambda: back(engine))
            window.upkeep.load_followed()
            window.timeline.reorder()

        window.lanes.read(lambda: act(engine), done)

    def _did(self, text: str, back: Callable[[], Changes], told: int | None = None) -> None:
        window, engine = self._window, self._window.engine
        assert engine is not None

        def undone(_changes: Changes) -> None:
            window.upkeep.load_followed()
            window.timeline.reorder()
            if told is not None:
                self._select_lead(engine, told)

        window.undo.push(text, lambda: window.lanes.read(back, undone))
        window.say(text, undo=window.undo.back)


def tellings(story: Story, post_id: int) -> list[int]:
    """The posts of a story beside `post_id`, in its order, beginning after it and going round."""
    ids = [post.post_id for post in story.posts]
    if post_id not in ids:
        return ids
    at = ids.index(post_id)
    return ids[at + 1 :] + ids[:at]
