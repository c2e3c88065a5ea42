"""Stories: posts that tell the same, and what the person makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.judging import Judging
from engine.types import Changes, Story, StoryAct


class Stories(Judging):
    """Stories."""

    def story(self, post_id: int, *, differences: bool = False) -> Story | None:
        """Return the story that a post tells with others; None where it stands alone.

        Args:
            differences: with the sentences that no other telling has.
        """
        story = self._store.story(post_id)
        if story is None or not differences:
            return story
        from engine.stories import only_here

        texts = {text.id: text for text in self._store.texts([post.post_id for post in story.posts])}
        told = [texts[post.post_id] for post in story.posts if post.post_id in texts]
        found = dict(zip((text.id for text in told), only_here([f"{text.title}\n{text.text}" for text in told]), strict=True))
        return replace(story, posts=tuple(replace(post, only_here=found.get(post.post_id, ())) for post in story.posts))

    def split_story(self, post_ids: Sequence[int]) -> StoryAct:
        """Take posts out of their story, together; all posts of a story: every one of them by itself. It is remembered.

        Raises:
            InputError: none of them tells a story with others.
        """
        return self._acted(self._store.split_story(post_ids))

    def merge_stories(self, post_ids: Sequence[int]) -> StoryAct:
        """Put the stories of posts together. It is remembered.

        Raises:
            InputError: they tell one story already, or are fewer than two.
        """
        return self._acted(self._store.merge_stories(post_ids))

    def set_lead(self, post_id: int) -> StoryAct:
        """Let this telling stand for its story. Raises InputError when it stands alone."""
        return self._acted(self._store.set_lead(post_id))

    def undo_story_act(self, act_id: int) -> Changes:
        """Take back what was done to stories; posts that came since stay where they are. Raises NotFoundError."""
        return self._retold(self._store.undo_story_act(act_id))

    def follow_story(self, post_id: int, followed: bool) -> Changes:
        """Follow a story, also one that has only this post so far, or leave it. Raises NotFoundError."""
        return self._retold(self._store.follow_story(post_id, followed))

    def looked_at_story(self, post_id: int) -> Changes:
        """Note that the person looked at a story: nothing in it is new any more."""
        return self._publish(self._store.looked_at_story(post_id))

    def _acted(self, act: StoryAct) -> StoryAct:
        return replace(act, changes=self._retold(act.changes))

    def _retold(self, changes: Changes) -> Changes:
        """After stories changed by hand: the index and the rules that ask for outlets follow."""
        if (folding := self._made("_folding")) is not None:
            folding.take(changes)
        return self._publish(changes | self._settle_by_story(sorted(changes.updated)))

    def _fold(self, ids: Sequence[int]) -> Changes:
        """Put posts to their stories; the rules that ask for outlets follow."""
        changes = self._folding.fold(ids)
        return changes | self._settle_by_story(sorted(changes.updated))
