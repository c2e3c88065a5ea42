"""Rules over the past: what a rule would take, and taking it piece by piece, the newest posts first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.core.judging import Judging, Topics, aligned
from engine.errors import BusyError
from engine.types import Changes, Condition, Floats, Ids, Progress, Rule, RuleHit, RuleProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.store.reapplying import Dated, Owed
    from engine.store.rules import Place

FIRST = 600  # posts that are judged before a rule counts as saved
PIECE = 1000  # posts judged between two writes, to begin with
LARGEST_PIECE = 16_000
QUICK_SECONDS, SLOW_SECONDS = 0.15, 0.4  # of one write, in which no other can be made
TOLD_EVERY_SECONDS = 0.4  # that a rule takes more by now
NOWHERE = (-1,)  # the feeds of a folder that has none


@dataclass(frozen=True, slots=True)
class Candidates:
    """Posts that a rule may take, as arrays of one length, the newest first."""

    dated: Dated
    may: NDArray[np.bool_]  # those of `dated` that the rule may take: where it looks, with its words and scores
    scores: Floats  # of the condition that can be sharpened, NaN where there is none
    topics: Topics


@dataclass(frozen=True, slots=True)
class First:
    """The posts that are judged at once; `whole`: no others can be concerned; else all are judged down to `upto`."""

    ids: list[int]
    whole: bool = True
    upto: Place | None = None


class Reapplying(Judging):
    """Rules over the past."""

    def reapply_rules(self) -> Iterator[Progress]:
        """Judge the past by the rules that changed, the newest posts first; what was done stays when it is closed or killed,
        and the next call goes on there.

        Raises:
            BusyError: another process, or thread, does it.
        """
        waits: set[tuple[int, int]] = set()
        with self._store.lock("rules"):
            while open_ones := [owed for owed in self._store.rules_owed() if (owed.rule.id, owed.version) not in waits]:
                owed = open_ones[0]
                if not self._can_judge(owed.rule):
                    waits.add((owed.rule.id, owed.version))  # for a model that can be asked about its topic
                    continue
                yield from self._reapply(owed)
                if owed.rule.action == "boost":
                    self._publish(self._reordered(Changes(order=True)))
            self._store.forget_removed_rules()

    def _reapply_if_free(self) -> Iterator[Progress]:
        """The same, unless another does it."""
        with suppress(BusyError):
            yield from self.reapply_rules()

    def _reapply_few(self) -> None:
        """The same at once, where there are few posts."""
        if len(self._store.newest_posts(FIRST + 1)) <= FIRST:
            for _ in self._reapply_if_free():
                pass

    def _rules_follow(self, *, title: bool, folder: bool) -> Changes:
        """A feed has another title or folder: rules that look at these judge their past anew."""
        concerned = [
            rule.id
            for rule in self._store.rules()
            if (folder and rule.folders) or (title and any(condition.field == "source" for condition in rule.conditions))
        ]
        if not concerned:
            return Changes()
        changes = self._store.renew_rules(concerned)
        self._reapply_few()
        return changes

    def _signals_switched(self) -> Changes:
        """Rules that go by signals sleep while these are off, and judge their past anew when they are on again."""
        changes = super()._signals_switched()
        asleep = [rule.id for rule in self._store.rules() if _by_signals(rule)]
        if asleep and self._switched_on("signals"):
            changes |= self._store.renew_rules(asleep)
            self._matcher = None
            self._reapply_few()
        return changes

    def rule_progress(self) -> dict[int, RuleProgress]:
        """Return how far the rules are whose past is still being judged."""
        return self._store.rule_progress()

    # ---- inside ------------------------------------------------------------------------------

    def _reapply(self, owed: Owed) -> Iterator[Progress]:
        import numpy as np

        rule = owed.rule
        dated = self._store.posts_by_date()
        candidates = self._candidates(rule, dated) if rule.enabled else None
        left = np.isin(dated.ids, np.asarray(self._store.posts_of_rule(rule.id), np.int64))  # by the rule as it was before
        to_do = left | candidates.may if candidates is not None else left
        if owed.upto is not None:
            at, last = owed.upto
            to_do &= (dated.published < at) | ((dated.published == at) & (dated.ids < last))
        places = np.flatnonzero(to_do)
        total, told = owed.done + len(places), 0.0
        yield Progress(stage="rules", done=owed.done, total=total, detail=rule.name)
        start, size = 0, PIECE
        while start == 0 or start < len(places):
            some = places[start : start + size]
            judged = dated.ids[some].tolist()
            hits: list[tuple[int, RuleHit]] = []
            if candidates is not None:
                hits = self._hits(rule, dated.ids[some[candidates.may[some]]].tolist(), candidates.topics)
            done = owed.done + start + len(some)
            upto = (float(dated.published[some[-1]]), judged[-1]) if start + len(some) < len(places) else None
            began = time.monotonic()
            changes = self._store.save_piece(owed, judged, hits, upto=upto, done=done, total=total)
            if changes is None:
                return  # it was changed again meanwhile
            start, size = start + max(1, len(some)), _next_size(size, time.monotonic() - began)
            if time.monotonic() - told > TOLD_EVERY_SECONDS:
                told = time.monotonic()
                changes |= Changes(rules=True)
            self._publish(changes)
            yield Progress(stage="rules", done=done, total=total, detail=rule.name)

    def _hits(self, rule: Rule, ids: Sequence[int], topics: Topics | None = None) -> list[tuple[int, RuleHit]]:
        """What a rule takes of some posts."""
        from engine import filters

        matcher = filters.compile([replace(rule, id=rule.id or -1, enabled=True)])
        return [
            (post.id, hit)
            for post, known in self._with_topics(matcher, ids, topics, contents=filters.needs_contents(rule))
            for hit in matcher.match(post, known)
        ]

    def _first(self, rule: Rule, visible: Sequence[int]) -> First:
        """The posts to judge before a rule counts as saved: all that it can concern where those are few, else those on
        screen and the newest."""
        from engine import filters

        newest = self._store.newest_posts(FIRST + 1)
        if len(newest) <= FIRST:
            return First([post_id for _, post_id in newest])
        if not rule.id or len(self._store.posts_of_rule(rule.id, at_most=FIRST)) < FIRST:
            if not rule.enabled:
                return First([])
            words = filters.prefilter(rule)
            if words is not None and self._store.few_posts_with_words(words, FIRST):
                return First(self._store.posts_with_words(words, self._scope(rule)))
        ids = dict.fromkeys([*visible[:FIRST], *(post_id for _, post_id in newest[:FIRST])])
        return First(list(ids), whole=False, upto=newest[FIRST - 1])

    def _candidates(self, rule: Rule, dated: Dated) -> Candidates:
        """The posts that a rule may take, narrowed by all that can be said of many at once."""
        import numpy as np

        from engine import filters

        may = np.ones(len(dated.ids), np.bool_)
        scope = self._scope(rule)
        if scope:
            may &= np.isin(dated.feeds, np.asarray(scope, np.int64))
        words = filters.prefilter(rule)
        if words is not None:
            may &= np.isin(dated.ids, np.asarray(self._store.posts_with_words(words, scope), np.int64))
        matcher = filters.compile([replace(rule, id=rule.id or -1, enabled=True)])
        topics = self._topics(matcher.topics, dated.ids[may].tolist() if words is not None or scope else None)
        signals = self._signals_of(rule, dated.ids)
        columns = topics.columns(dated.ids)
        may &= filters.meets_scores(rule, len(may), signals, columns)
        place = filters.soft_condition(rule)
        scores = filters.scores_of(rule.conditions[place], len(may), signals, columns) if place is not None else np.full(len(may), np.nan, np.float32)
        return Candidates(dated, may, scores, topics)

    def _signals_of(self, rule: Rule, ids: Ids) -> dict[str, Floats]:
        import numpy as np

        names = list(dict.fromkeys(condition.value for condition in rule.conditions if condition.field == "signal"))
        if not names:
            return {}
        if not self._switched_on("signals"):
            return dict.fromkeys(names, np.full(len(ids), np.nan, np.float32))
        return dict(zip(names, aligned(ids, *self._store.signal_columns(names)).T, strict=True))

    def _scope(self, rule: Rule) -> tuple[int, ...]:
        """The feeds where a rule looks; empty for all of them."""
        if not rule.folders:
            return rule.feed_ids
        inside = [
            feed.id
            for feed in self._store.feeds()
            if any(feed.folder == folder or feed.folder.startswith(f"{folder}/") for folder in rule.folders)
        ]
        return tuple(dict.fromkeys([*rule.feed_ids, *inside])) or NOWHERE

    def _can_judge(self, rule: Rule) -> bool:
        """Whether a model can be asked about all topics of a rule, or none was ever asked about any post; and whether signals
        are on, where it goes by these. A breakout by a signal alone lets nothing through meanwhile."""
        if rule.enabled and _asks_signals(rule) and not self._switched_on("signals"):
            return False
        topics = [condition for condition in rule.conditions if condition.field == "topic"] if rule.enabled else []
        return all(self._topic_ready(condition) for condition in topics) or not self._store.vector_count(self._model_name())

    def _topic_ready(self, condition: Condition) -> bool:
        return self._topic(condition) is not None


def _by_signals(rule: Rule) -> bool:
    return _asks_signals(rule) or bool(rule.breakout is not None and rule.breakout.signal)


def _asks_signals(rule: Rule) -> bool:
    return any(condition.field == "signal" for condition in rule.conditions)


def _next_size(size: int, seconds: float) -> int:
    """Large pieces write the same pages less often; small ones let others write."""
    if seconds < QUICK_SECONDS:
        return min(LARGEST_PIECE, 2 * size)
    return max(PIECE, size // 2) if seconds > SLOW_SECONDS else size
