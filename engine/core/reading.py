"""What is read, and what the person does with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from engine.core.features import Features
from engine.errors import InputError, NotFoundError
from engine.types import (
    Changes,
    Counts,
    Explanation,
    FullText,
    Picture,
    PicturePolicy,
    Post,
    PostRow,
    SearchMode,
    SearchQuery,
    SearchResult,
    Thread,
    Timeline,
    TimelineQuery,
)

MOST_JUDGED = 500  # posts of one act whose places are kept


class Reading(Features):
    """Timelines, posts, states, reasons, search."""

    def timeline(self, query: TimelineQuery = TimelineQuery()) -> list[int]:  # noqa: B008 - frozen
        """Return the ids of the posts that the query asks for, in its order."""
        if query.timeline_id is not None:
            own = self._own_timeline(query.timeline_id)
            ranked = self._scorer.timeline(query, feed_ids=self._feeds_of(own), timeline=own, load=True)
            return ranked if ranked is not None else []
        if query.order == "for_you" and self._settings["strength"] and not query.hidden and not query.followed and query.story_id is None:
            scorer = self._made("_scorer")  # until it is loaded, the order that was stored last holds
            ranked = scorer.timeline(query, feed_ids=self._folder_feeds(query.folder)) if scorer is not None else None
            return ranked if ranked is not None else self._store.timeline(query)
        return self._store.timeline(replace(query, order="newest"))

    def rows(self, ids: Sequence[int]) -> list[PostRow]:
        """Return what cards show, in the order of `ids`; unknown ids are left out."""
        rows, scorer = self._store.rows(ids), self._made("_scorer")
        if not self._switched_on("signals"):
            rows = [_silent(row) for row in rows]
        return [scorer.with_reason(row) for row in rows] if scorer is not None else rows

    def post(self, post_id: int) -> Post:
        """Raises NotFoundError."""
        post = self._store.post(post_id)
        return post if self._switched_on("signals") else replace(post, row=_silent(post.row))

    def full_text(self, post_id: int) -> FullText:
        """Fetch the article on a post's own page, as its site's robots.txt allows, and keep it beside the feed's text.

        Raises:
            InputError: no page, or the site does not allow it.   FetchError.   ParseError: no article there.   NotFoundError.
        """
        found = self._full_texts.fetch(post_id)
        self._publish(Changes(updated=frozenset({post_id})))
        return found

    def thread(self, post_id: int) -> Thread:
        """Fetch the comments below a post; nothing of them is kept.

        Raises:
            InputError: its network tells none.   FetchError.   ParseError.   NotFoundError.
        """
        from engine.conversation import Conversation
        from engine.threads import Threads

        asking = Conversation(client=self._http(), parse=self._parse, authorise=self._accounts.authorise, clock=self._clock)
        return Threads(self._store, asking).fetch(post_id)

    def stored_full_text(self, post_id: int) -> FullText | None:
        """Return the kept article of a post; asks nobody."""
        return self._store.full_text(post_id)

    def full_text_feeds(self) -> frozenset[int]:
        """Return the feeds whose articles are wanted whole whenever one of their posts is opened."""
        return self._store.full_text_feeds()

    def set_full_text_feed(self, feed_id: int, wanted: bool) -> Changes:
        return self._publish(self._store.set_full_text_feed(feed_id, wanted))

    def stored_pictures(self, post_id: int) -> list[Picture]:
        """Return the pictures of a post that were fetched already; asks nobody. Raises NotFoundError."""
        return self._pictures.stored(post_id)

    def picture(self, post_id: int, url: str, *, asked: bool = False) -> Picture:
        """Return a picture of a post, fetched now if need be.

        Args:
            asked: the person pointed at it; otherwise only a policy of "all" lets it be fetched.
        Raises:
            InputError: the policy forbids it, or the post names no such picture.   FetchError.   ParseError.   NotFoundError.
        """
        found = self._pictures.fetch(post_id, url, asked=asked)
        self._publish(Changes(updated=frozenset({post_id})))
        return found

    def picture_policy(self, feed_id: int) -> PicturePolicy:
        """Return when pictures of a feed are fetched: its own choice, else that of the settings."""
        return self._pictures.policy(feed_id)

    def picture_policies(self) -> dict[int, PicturePolicy]:
        """Return the feeds that have a choice of their own."""
        return self._store.picture_policies()

    def set_picture_policy(self, feed_id: int, policy: PicturePolicy | None) -> Changes:
        """None: as in the settings."""
        return self._publish(self._store.set_picture_policy(feed_id, policy))

    def forget_pictures(self) -> int:
        """Delete all fetched pictures; returns how many there were."""
        return self._store.forget_pictures()

    def counts(self) -> Counts:
        return self._store.counts()

    def mark(
        self,
        ids: Sequence[int],
        *,
        read: bool | None = None,
        saved: bool | None = None,
        hidden: bool | None = None,
        tellings: bool = True,
    ) -> Changes:
        """Set states; those of `None` stay. `Changes.updated` are the posts that really changed: undo with these.

        With "story_marks_all", a telling that is marked as read, or hidden, takes all that tell its story with it.

        Args:
            tellings: False: these posts alone, whatever the setting says.
        """
        if saved:
            self._judge("saved", ids)
        elif read:
            self._judge("passed", ids)  # until it is said that they were opened
        told = Changes()
        if tellings and (read or hidden) and self._settings["fold_stories"] and self._settings["story_marks_all"]:
            others = self._store.with_tellings(ids)[len(dict.fromkeys(ids)) :]
            told = self._store.mark(others, read=read or None, hidden=hidden or None) if others else told
        changes = self._store.mark(ids, read=read, saved=saved, hidden=hidden) | told
        return self._publish(self._learnt(changes) if saved is not None else changes)

    def mark_all_read(self, query: TimelineQuery) -> tuple[list[int], Changes]:
        """Mark everything that the query lists as read; returns what was unread, for undo."""
        wanted = replace(query, limit=0, order="newest", unread=True)
        ids = self._store.timeline(wanted) if query.timeline_id is None else self.timeline(wanted)
        changes = self.mark(ids, read=True)
        return sorted(changes.updated), changes

    def feedback(self, post_id: int, liked: bool | None) -> Changes:
        """Like, dislike or neither. The order of For you changes at once."""
        if liked is not None:
            self._judge("liked" if liked else "disliked", [post_id])
        changes = self._store.feedback(post_id, liked)
        if liked is None and changes:
            self._store.unjudge(post_id, "liked", "disliked")
        return self._publish(self._learnt(changes))

    def record(self, post_id: int, event: Literal["opened", "dismissed"]) -> Changes:
        """Note that a post was "opened" or "dismissed"; ranking learns a little from it."""
        if event not in {"opened", "dismissed"}:
            raise InputError(f"A post is opened or dismissed, not “{event}”.")
        self._judge(event, [post_id])
        return self._publish(self._store.record(post_id, event))

    def explain(self, post_id: int, *, timeline_id: int | None = None) -> Explanation:
        """Say why a post stands where it stands, in For you or a timeline of the person's own, and what would move it.

        The contributions sum to the score. Raises NotFoundError.
        """
        self._store.post(post_id)
        own = self._own_timeline(timeline_id) if timeline_id is not None else None
        explanation = self._scorer.explain(post_id, timeline=own, feed_ids=self._feeds_of(own) if own is not None else None)
        hits = self._store.hits(post_id)
        return replace(explanation, hit=hits[0] if hits else None)

    def search(
        self, text: str | SearchQuery, mode: SearchMode = "hybrid", limit: int = 50, *, wait: bool = True
    ) -> SearchResult:
        """Find posts by words, by meaning, or both.

        Args:
            wait: False answers by words at once when the model is not loaded yet (`meaning_ready` says so).
        """
        from engine.searching import Searcher

        query = text if isinstance(text, SearchQuery) else SearchQuery(text=text, mode=mode, limit=limit)
        return Searcher(
            store=self._store, scorer=self._scorer, embed=self._models.embedder(), parse=self._parse, model=self._model()
        ).search(query, wait=wait)

    def _judge(self, event: str, ids: Sequence[int]) -> None:
        """Keep where posts stand at this moment, before anything is learnt from what the person does to them."""
        scorer = self._made("_scorer")
        if scorer is not None and (places := scorer.places(ids[:MOST_JUDGED])):
            self._store.judge_places(event, places)

    def _own_timeline(self, timeline_id: int) -> Timeline:
        for timeline in self._store.timelines():
            if timeline.id == timeline_id:
                return timeline
        raise NotFoundError(f"There is no timeline {timeline_id}.")

    def _feeds_of(self, timeline: Timeline) -> list[int] | None:
        return list(timeline.feed_ids) or self._folder_feeds(timeline.folder)

    def _folder_feeds(self, folder: str | None) -> list[int] | None:
        if folder is None:
            return None
        return [
            feed.id for feed in self._store.feeds() if feed.folder == folder or feed.folder.startswith(f"{folder}/")
        ]


def _silent(row: PostRow) -> PostRow:
    """A card without what heads said of its post."""
    return replace(row, sentiment=None, shares={}) if row.sentiment is not None or row.shares else row
