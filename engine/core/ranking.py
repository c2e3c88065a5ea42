"""The person's own algorithm: timelines, what was learnt and what they edited of it, and all of it as a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from engine.core.reading import Reading
from engine.core.rules import Rules
from engine.errors import InputError
from engine.settings import EDIT_WEIGHT, SIGNAL_WEIGHT, WEIGHTS, by_name
from engine.types import AlgorithmChange, Changes, InterestKind, Profile, Timeline

if TYPE_CHECKING:
    from engine.algorithm import Incoming

_MOST_CHARACTERS = 200  # of a name or a key
_MOST_DIGITS = 18  # of a number that the store can hold


class Ranking(Reading, Rules):
    """What ranks."""

    # ---- timelines of the person's own -----------------------------------------------------------

    def timelines(self) -> list[Timeline]:
        """Return the person's timelines as they stand in the sidebar."""
        return self._store.timelines()

    def save_timeline(self, timeline: Timeline) -> tuple[Timeline, Changes]:
        """Save a timeline (a new one when its id is 0).

        Raises:
            InputError: no name, another timeline has it, or a weight is unknown or out of bounds.   NotFoundError.
        """
        saved, changes = self._store.save_timeline(checked_timeline(timeline))
        self._forget_orders()
        return saved, self._publish(changes)

    def delete_timeline(self, timeline_id: int) -> Changes:
        """Raises NotFoundError. Its posts stay: a timeline holds none."""
        changes = self._store.delete_timeline(timeline_id)
        self._forget_orders()
        return self._publish(changes)

    def preview_timeline(self, timeline: Timeline, *, limit: int = 20) -> list[int]:
        """Return the posts that would stand on top of a timeline, without keeping it. Raises InputError as `save_timeline` does."""
        checked = checked_timeline(timeline)
        return self._scorer.preview(checked, feed_ids=self._feeds_of(checked), limit=limit)

    def preset_weights(self, preset: str) -> dict[str, float]:
        """Return what a preset weighs, by the names of `WEIGHTS`. Raises InputError when there is no such preset."""
        from engine.ranking.score import weights_of

        weights = weights_of(preset)
        return {setting.name: float(getattr(weights, setting.name)) for setting in WEIGHTS}

    # ---- what was learnt -------------------------------------------------------------------------

    def learned(self) -> Profile:
        """Return all that was learnt, and what the person set in its place, in words, the strongest first."""
        return self._scorer.profile()

    def interest_edits(self) -> dict[tuple[InterestKind, str], float]:
        """Return what the person set by hand, by kind and key, in log-odds: the oldest first."""
        return self._store.interest_edits()

    def edit_interest(self, kind: InterestKind, key: str, weight: float | None) -> Changes:
        """Set a weight by hand, and order anew at once.

        Args:
            kind, key: "source" and a feed's id, "author" and a name, "word" and a word ("@" and a host: links to it),
                "signal" and its name, "topic" and a description, or "post:" and the id of a post to be like.
            weight: log-odds, above 0 is liked; None takes the edit back. Of a topic it comes on top of what was learnt of
                each post; of all else it stands in the place of that.
        Raises:
            InputError: there is no such thing, or the weight is out of bounds.
        """
        key = self._checked_key(kind, key)
        if weight is not None:
            weight = float(EDIT_WEIGHT.parse(weight))
            if kind == "topic" and not key.startswith("post:"):
                self._description(key)  # made now, for the order must not wait for a model
        changes = self._store.edit_interest(kind, key, weight) | self._scorer.take_edits()
        if kind == "source":  # the feed that a person prefers stands for its stories
            changes |= self._store.fold_by_feeds([int(key)])
        return self._publish(changes)

    def forget_posts(self, ids: Iterable[int], *, forget: bool = True) -> Changes:
        """Let what was done to posts so far teach nothing any more; with `forget=False` it teaches again.

        `updated` are the posts of which that was not so before: undo with these. Likes and saves stay what they are.
        """
        changes = self._store.forget_posts(ids, forget=forget)
        return self._publish(changes | self._scorer.relearn() if changes else changes)

    def reset_learning(self) -> Changes:
        """Begin to learn anew, as if nothing had been done so far; edits stay. Undo: `forget_posts(updated, forget=False)`."""
        return self.forget_posts({post_id for post_id, _, _ in self._store.feedback_history()})

    # ---- as a file -------------------------------------------------------------------------------

    def export_algorithm(self) -> str:
        """Return how posts are chosen and ordered, as a TOML text: settings, timelines, edits, rules, and what was learnt.

        No post, no secret and nothing about reading is in it. Feeds stand there by their addresses.
        """
        from engine import algorithm

        return algorithm.written(self._store, self._settings, self.learned())

    def compare_algorithm(self, text: str) -> list[AlgorithmChange]:
        """Return what an algorithm file would change here. Raises InputError, which names the line."""
        return self._incoming(text).changes

    def import_algorithm(self, text: str) -> Changes:
        """Let an algorithm file hold from now on, in the place of the settings, timelines, edits and rules that it could change.

        Rules that ask for posts like some of this profile's stay; no file can hold those.

        Raises:
            InputError: the file cannot be understood; it names the line, and nothing was changed.
        """
        incoming = self._incoming(text)
        for kind, key in incoming.edits:
            if kind == "topic":
                self._description(key)
        now = self._clock()
        rules = [replace(rule, enabled=rule.enabled and (rule.until is None or rule.until > now)) for rule in incoming.rules_to_save]
        changes = self._store.replace_algorithm(incoming.settings, incoming.timelines, incoming.edits)
        with self._lock:
            self._settings |= incoming.settings
        if any(change.what == "setting" or (change.what == "weight" and change.name.startswith("source ")) for change in incoming.changes):
            changes |= self._store.fold_all()  # leads go by the weights of feeds
        changes |= self._replace(rules, [rule.id for rule in incoming.rules_to_delete])
        self._forget_orders()
        return self._publish(changes | self._scorer.take_edits())

    # ---- inside ----------------------------------------------------------------------------------

    def _incoming(self, text: str) -> Incoming:
        from engine import algorithm

        return algorithm.incoming(text, self._store, self._settings, checked=checked_timeline)

    def _forget_orders(self) -> None:
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget_orders()

    def _checked_key(self, kind: InterestKind, key: str) -> str:
        key = " ".join(key.split())
        if kind not in get_args(InterestKind):
            raise InputError(f"There are weights of a {', '.join(get_args(InterestKind))}, not of “{kind}”.")
        if not key or len(key) > _MOST_CHARACTERS:
            raise InputError(f"Say what the weight is of, in at most {_MOST_CHARACTERS} characters.")
        if kind == "source":
            if not (key.isdecimal() and int(key) in {feed.id for feed in self._store.feeds()}):
                raise InputError(f"There is no feed {key}.")
            return str(int(key))
        if kind == "topic" and key.startswith("post:"):
            number = key.removeprefix("post:")
            if not number.isdecimal() or len(number) > _MOST_DIGITS:
                raise InputError(f"“{key}” names no post.")
            return f"post:{int(number)}"
        if kind == "signal" or kind == "word":
            from engine.ranking.features import terms_of_word
            from engine.ranking.score import SHARE_NAMES

            if kind == "signal" and key not in SHARE_NAMES:
                raise InputError(f"There is no signal “{key}”. There are: {', '.join(SHARE_NAMES)}.")
            if kind == "word" and not terms_of_word(key):
                raise InputError(f"“{key}” stands in so many posts that it says nothing. Take another word.")
        return key


def checked_timeline(timeline: Timeline) -> Timeline:
    """Return a timeline whose numbers lie within bounds. Raises InputError."""
    from engine.ranking.score import SHARE_NAMES, weights_of

    name = " ".join(timeline.name.split())
    if not name or len(name) > _MOST_CHARACTERS:
        raise InputError(f"A timeline needs a name of at most {_MOST_CHARACTERS} characters.")
    weights_of(timeline.preset)
    bounds = {setting.name: setting for setting in WEIGHTS}
    if strange := set(timeline.weights) - set(bounds):
        raise InputError(f"There is no weight “{min(strange)}”. There are: {', '.join(bounds)}.")
    if strange := set(timeline.signals) - set(SHARE_NAMES):
        raise InputError(f"There is no signal “{min(strange)}”. There are: {', '.join(SHARE_NAMES)}.")
    return replace(
        timeline,
        name=name,
        strength=float(by_name("strength").parse(timeline.strength)),
        exploration=float(by_name("exploration").parse(timeline.exploration)),
        weights={key: float(bounds[key].parse(value)) for key, value in timeline.weights.items()},
        signals={key: float(SIGNAL_WEIGHT.parse(value)) for key, value in timeline.signals.items()},
    )
