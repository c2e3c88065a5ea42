"""Rules put to posts that nobody stored, for scripts and evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.core.judging import Judging
from engine.errors import InputError
from engine.store import Matchable
from engine.types import Condition, PlainPost, Rule, RuleHit, Signals


class Applying(Judging):
    """Rules over given posts."""

    def apply_rules(self, rules: Sequence[Rule], posts: Sequence[PlainPost]) -> list[tuple[RuleHit, ...]]:
        """Return what each rule would do with each post, as if they had all just arrived; nothing is stored.

        The hits' `rule_id` is the rule's place in `rules`, from 1. A post belongs to the feed whose title is its `source`. Its `extra`
        may say what else is known: "folder", "network" (a kind of source), "language", "media" (kinds apart by blanks), "categories" (apart by
        commas), "words" (how long it is), "age_hours", "outlets" (that tell its story), "signals" ("anger=0.9 spam=0.1").
        What it does not say is found out as for stored posts, as far as a rule asks: outlets by folding these posts.

        Raises:
            InputError: a rule tests nothing, or a number in `extra` is none.   ModelError: a rule asks for signals, and there is no model.
        """
        from engine import filters
        from engine.sources.clean import word_count

        for rule in rules:
            filters.check(rule)
        matcher = filters.compile([replace(rule, id=place, enabled=True) for place, rule in enumerate(rules, 1)])
        feeds = {feed.title.casefold(): feed for feed in self._store.feeds()}
        languages = self._languages_of(posts) if any(one.field == "language" for rule in rules for one in rule.conditions) else [""] * len(posts)
        outlets = self._outlets_of(posts) if matcher.needs_outlets else [1] * len(posts)
        signals = self._signals_said(posts) if matcher.needs_signals else [{}] * len(posts)
        topics = self._cosines(matcher.topics, posts)
        now = self._clock()
        hits = []
        for place, post in enumerate(posts):
            said, feed = post.extra, feeds.get(post.source.casefold()) if post.source else None
            age = (now - post.published_at).total_seconds() / 3600 if post.published_at is not None else 0.0
            seen = Matchable(
                id=place + 1,
                feed_id=feed.id if feed is not None else 0,
                folder=said.get("folder", feed.folder if feed is not None else ""),
                title=post.title,
                text=post.text,
                author=post.author,
                source_title=post.source,
                source_url=feed.url if feed is not None else "",
                categories=tuple(part.strip() for part in said.get("categories", "").split(",") if part.strip()),
                url=post.url,
                network=said.get("network", feed.kind if feed is not None and feed.kind != "local" else "feed"),
                language=languages[place],
                word_count=round(_number(said["words"])) if "words" in said else word_count(post.text),
                media=frozenset(said.get("media", "").split()) - {"none"},
                age_hours=max(0.0, _number(said["age_hours"]) if "age_hours" in said else age),
                outlets=outlets[place],
                signals=signals[place],
            )
            hits.append(matcher.match(seen, topics[place]))
        return hits

    # ---- inside ------------------------------------------------------------------------------

    def _languages_of(self, posts: Sequence[PlainPost]) -> list[str]:
        found = self._parse.languages([f"{post.title} {post.text}" for post in posts])
        return [post.extra.get("language", language) for post, language in zip(posts, found, strict=True)]

    def _outlets_of(self, posts: Sequence[PlainPost]) -> list[int]:
        from engine.stories import fold_posts

        stories = fold_posts(posts, vectors=self._models.post_vectors(posts))
        told = Counter(story for story, _ in {(story, post.source or f" {place}") for place, (story, post) in enumerate(zip(stories, posts, strict=True))})
        return [
            round(_number(post.extra["outlets"])) if "outlets" in post.extra else told[story]
            for story, post in zip(stories, posts, strict=True)
        ]

    def _signals_said(self, posts: Sequence[PlainPost]) -> list[Mapping[str, float]]:
        given: list[Mapping[str, float]] = [_given(post.extra.get("signals", "")) for post in posts]
        asked = [place for place, known in enumerate(given) if not known]
        if asked:
            texts = [f"{posts[place].title}\n{posts[place].text}" for place in asked]
            for place, found in zip(asked, self._models.signals(texts), strict=True):
                given[place] = _shares(found)
        return given

    def _cosines(self, wanted: Mapping[str, Condition], posts: Sequence[PlainPost]) -> list[dict[str, float]]:
        import numpy as np

        directions = {key: vector for key, condition in wanted.items() if (vector := self._topic(condition)) is not None}
        vectors = self._models.post_vectors(posts) if directions else None
        if vectors is None:
            return [{} for _ in posts]
        cosines = vectors @ np.stack(list(directions.values())).T
        return [
            {} if np.isnan(row).any() else dict(zip(directions, row.tolist(), strict=True)) for row in cosines
        ]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"“{text}” is no number.") from None


def _given(text: str) -> dict[str, float]:
    return {name: _number(value) for name, sign, value in (part.partition("=") for part in text.split()) if sign}


def _shares(found: Signals) -> dict[str, float]:
    said = dict(found.shares)
    if found.sentiment is not None:
        said |= {"negative": found.sentiment.negative, "neutral": found.sentiment.neutral, "positive": found.sentiment.positive}
    return said
