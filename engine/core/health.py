"""How the feeds fare: judging, repairing, merging."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from engine.core.feeds import Feeds
from engine.core.rules import Rules
from engine.types import Changes, FeedRepaired, FeedsMerged, Health, Progress, RefreshEvent


class Healing(Feeds, Rules):
    """Feed health."""

    def health(self) -> Health:
        """Judge every feed that is fetched, the worst first, and find the subscriptions that are there twice."""
        from engine import health

        now, minutes = self._clock(), int(self._settings["refresh_minutes"])
        states = {state.feed_id: state for state in self._store.fetch_states()}
        feeds = [feed for feed in self._store.feeds() if feed.id in states]
        posts, pauses, rhythms = self._store.recent_posts(), self._store.pauses(), self._store.rhythms()
        judged = [
            health.judge(
                feed, states[feed.id], posts.get(feed.id, ()), now=now, paused_until=pauses.get(urlsplit(feed.url).netloc.rpartition("@")[2].lower()),
                rhythm=rhythms.get(feed.id), refresh_minutes=minutes,
            )
            for feed in feeds
        ]  # fmt: skip
        by_id = {found.feed_id: found for found in judged}
        return Health(feeds=health.worst_first(judged), duplicates=health.duplicates(feeds, states, posts, by_id))

    def repair(self, feed_ids: Sequence[int]) -> Iterator[Progress | RefreshEvent | FeedRepaired]:
        """Try feeds again now; follow permanent moves at once, and look for those that are gone on their sites.

        Closing it stops; what was repaired stays.

        Raises:
            BusyError: as for `refresh`.
        """
        from engine.conversation import Conversation
        from engine.repair import Repairer

        with self._store.lock("jobs"):
            conversation = Conversation(client=self._http(), parse=self._parse, authorise=self._accounts.authorise, clock=self._clock)
            yield from Repairer(
                refresher=self._refresher(), conversation=conversation, clock=self._clock, publish=self._publish
            ).run(feed_ids)

    def merge_feeds(self, keep: int, others: Sequence[int]) -> FeedsMerged:
        """Make several subscriptions one: `keep` has the posts of all, and what was done with them. `undo_merge` undoes it.

        Rules for one of the others hold for the kept feed from then on.

        Raises:
            NotFoundError.   InputError: fewer than two feeds, or posts that were put in from elsewhere.
        """
        gone = set(others) - {keep}
        concerned = [rule for rule in self._store.rules() if gone & set(rule.feed_ids) and keep not in rule.feed_ids]
        merged = self._store.merge_feeds(keep, others, [rule.id for rule in concerned])
        changes = merged.changes
        for rule in concerned:
            changes |= self.save_rule(replace(rule, feed_ids=(*rule.feed_ids, keep))).changes
        return replace(merged, changes=self._settled_merge(changes))

    def undo_merge(self, merge_id: int) -> Changes:
        """Take a merge back. What was done with posts since stays. Raises NotFoundError."""
        keep = next((merge.keep_id for merge in self._store.merges() if merge.id == merge_id), 0)
        changes, widened = self._store.undo_merge(merge_id)
        for rule in self._store.rules():
            if rule.id in widened and keep in rule.feed_ids and len(rule.feed_ids) > 1:
                feed_ids = tuple(feed_id for feed_id in rule.feed_ids if feed_id != keep)
                changes |= self.save_rule(replace(rule, feed_ids=feed_ids)).changes
        return self._settled_merge(changes)

    def merges(self) -> list[FeedsMerged]:
        """Return the merges, the newest first."""
        return self._store.merges()

    def _settled_merge(self, changes: Changes) -> Changes:
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget()
        return self._publish(changes)
