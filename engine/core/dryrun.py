"""What a rule would take, before it is saved, and putting it right by what the person says of some posts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.core.reapplying import Candidates, Reapplying
from engine.types import Changes, Floats, Ids, Rule, RulePreview

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREVIEW_POSTS = 200
NEAREST = 5  # posts shown on each side of a threshold
LOOKED_AT = 500  # posts between two looks at whether it is still wanted
KEPT_SECONDS = 120.0  # that scores hold, while no new posts come


@dataclass(frozen=True, slots=True)
class _Scored:
    """What a rule would take if its threshold were the lowest: arrays of one length, the newest first."""

    wanted: tuple[Rule, int | None]  # the rule without its threshold, and how many days back
    at: datetime
    ids: Ids
    scores: Floats  # NaN where no score decides
    through: NDArray[np.bool_]  # what breaks out


class DryRuns(Reapplying):
    """Rules before they are saved."""

    _kept: _Scored | None = None

    def preview_rule(self, rule: Rule, *, days: int | None = None, cancel: threading.Event | None = None) -> RulePreview:
        """Return what a rule would take of the stored posts, the newest first, without saving it.

        Asked again with another threshold, it answers from the scores of before.

        Args:
            days: only posts that arrived in the last so many.
        Raises:
            CancelledError: `cancel` was set meanwhile.
        """
        import numpy as np

        from engine import filters
        from engine.workers.supervisor import CancelledError

        if cancel is not None and cancel.is_set():
            raise CancelledError("Stopped before it was finished.")
        place = filters.soft_condition(rule)
        threshold = rule.conditions[place].low if place is not None else None
        scored = self._scored(rule, place, days, cancel)
        above = scored.scores >= threshold if threshold is not None else np.ones(len(scored.ids), np.bool_)
        taken = scored.ids[above & ~scored.through]
        inside: tuple[tuple[int, float], ...] = ()
        outside = inside
        if threshold is not None:
            nearest = np.argsort(np.abs(scored.scores - threshold), kind="stable")
            inside, outside = (
                tuple((int(scored.ids[row]), float(scored.scores[row])) for row in nearest[side[nearest]][:NEAREST])
                for side in (above, ~above)
            )
        return RulePreview(
            posts=len(taken),
            ids=tuple(taken[:PREVIEW_POSTS].tolist()),
            threshold=threshold,
            inside=inside,
            outside=outside,
            ready=place is None or rule.conditions[place].field != "topic" or self._topic(rule.conditions[place]) is not None,
        )

    def sharpen_rule(self, rule: Rule, marks: Mapping[int, bool]) -> Rule:
        """Return the rule with its topic or signal put right by what the person said of some posts; nothing is saved.

        A topic takes them as examples; then the threshold moves to where it errs least on them.
        """
        from engine import filters

        place = filters.soft_condition(rule)
        if place is None or not marks:
            return rule
        condition = rule.conditions[place]
        if condition.field == "topic":
            yes, no = ([post_id for post_id, fits in marks.items() if fits is wanted] for wanted in (True, False))
            condition = replace(
                condition,
                examples=_with(condition.examples, yes, without=no),
                counterexamples=_with(condition.counterexamples, no, without=yes),
            )
        changed = replace(rule, conditions=(*rule.conditions[:place], condition, *rule.conditions[place + 1 :]))
        scores = self._scores(replace(changed, conditions=(condition,)), list(marks))
        judged = [post_id for post_id in marks if post_id in scores]
        low = filters.threshold([scores[i] for i in judged], [marks[i] for i in judged], condition.low or 0.0)
        sharpened = replace(condition, low=low)
        return replace(changed, conditions=(*rule.conditions[:place], sharpened, *rule.conditions[place + 1 :]))

    # ---- inside ------------------------------------------------------------------------------

    def _publish(self, changes: Changes) -> Changes:
        if changes.new or changes.unknown or changes.settings:
            self._kept = None
        return super()._publish(changes)

    def _scored(self, rule: Rule, place: int | None, days: int | None, cancel: threading.Event | None) -> _Scored:
        wide = replace(rule, id=0, name="", action="hide" if rule.action != "muffle" else "muffle", enabled=True, created_at=None, until=None)
        if rule.action not in ("hide", "muffle"):
            wide = replace(wide, breakout=None)
        if place is not None:
            lowest = replace(rule.conditions[place], low=-1.0)
            wide = replace(wide, conditions=(*rule.conditions[:place], lowest, *rule.conditions[place + 1 :]))
        kept, now = self._kept, self._clock()
        if kept is not None and kept.wanted == (wide, days) and abs((now - kept.at).total_seconds()) < KEPT_SECONDS:
            return kept
        scored = self._score(wide, days, now, cancel)
        self._kept = scored
        return scored

    def _score(self, wide: Rule, days: int | None, now: datetime, cancel: threading.Event | None) -> _Scored:
        import numpy as np

        from engine import filters

        candidates = self._candidates(wide, self._store.posts_by_date())
        rows = np.flatnonzero(candidates.may if days is None else candidates.may & self._arrived(candidates, now, days))
        through = np.zeros(len(rows), np.bool_)
        if not filters.only_scores(wide) or wide.breakout is not None:
            rows, through = self._looked_at(wide, candidates, rows, cancel)
        return _Scored((wide, days), now, candidates.dated.ids[rows], candidates.scores[rows], through)

    @staticmethod
    def _arrived(candidates: Candidates, now: datetime, days: int) -> NDArray[np.bool_]:
        since: NDArray[np.bool_] = candidates.dated.first_seen >= (now - timedelta(days=days)).timestamp()
        return since

    def _looked_at(
        self, wide: Rule, candidates: Candidates, rows: NDArray[np.int64], cancel: threading.Event | None
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Put the rule to each of some candidates: the rows that it takes, and whether they break out."""
        import numpy as np

        from engine.workers.supervisor import CancelledError

        found: dict[int, bool] = {}
        ids = candidates.dated.ids[rows].tolist()
        for start in range(0, len(ids), LOOKED_AT):
            if cancel is not None and cancel.is_set():
                raise CancelledError("Stopped before it was finished.")
            found.update(
                (post_id, hit.action == "breakout") for post_id, hit in self._hits(wide, ids[start : start + LOOKED_AT], candidates.topics)
            )
        taken = np.array([post_id in found for post_id in ids], np.bool_)
        return rows[taken], np.array([found[post_id] for post_id in ids if post_id in found], np.bool_)

    def _scores(self, rule: Rule, ids: Sequence[int]) -> dict[int, float]:
        """What the one condition of a rule goes by, of some posts; those that no model has seen are left out."""
        import numpy as np

        from engine import filters

        wanted = np.asarray(ids, np.int64)
        matcher = filters.compile([replace(rule, id=-1, enabled=True)])
        columns = self._topics(matcher.topics, ids).columns(wanted)
        scores = filters.scores_of(rule.conditions[0], len(wanted), self._signals_of(rule, wanted), columns)
        return {post_id: float(score) for post_id, score in zip(ids, scores, strict=True) if not np.isnan(score)}


def _with(ids: Sequence[int], more: Sequence[int], *, without: Sequence[int]) -> tuple[int, ...]:
    return tuple(post_id for post_id in dict.fromkeys([*ids, *more]) if post_id not in set(without))[-50:]
