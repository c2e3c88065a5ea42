"""The order of the timeline follows what was liked, explains itself, and leaves newest-first one click away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import InputError
from engine.ranking.candidates import Candidates
from engine.ranking.features import Sketches, sketch, unpack
from engine.ranking.learner import Feedback, Interest, corpus_idf, learn
from engine.ranking.score import PRESETS, Ranking, Taste, Weights, rank, weights_of
from engine.ranking.why import explain
from engine.types import Floats, Vectors
from engine.vectors import Int8Matrix, quantise, unit

NOW = 1_790_000_000.0
BALANCED = PRESETS["balanced"]
TOPICS = {
    "lakes": ["frozen lake", "lake ice skating", "deep lake diving", "lake shore walk", "cold lake morning"],
    "engines": ["steam engine", "diesel engine repair", "engine noise", "old engine museum", "jet engine test"],
    "bread": ["rye bread", "sourdough bread", "bread oven", "bread and salt", "baking bread slowly"],
}


def made(count: int, seed: int = 0, feeds: int = 5) -> Candidates:
    random = np.random.default_rng(seed)
    candidates = Candidates()
    candidates.put(
        np.arange(1, count + 1),
        feeds=random.integers(1, feeds + 1, count).astype(np.int32),
        published=NOW - random.integers(0, 10 * 86400, count).astype(np.float64),
        sketches=unpack([b""] * count),
        seen=random.random(count).astype(np.float32),
        visible=random.random(count) < 0.9,
    )
    return candidates


def any_interest(count: int, seed: int = 0) -> Interest:
    random = np.random.default_rng(seed)
    meaning, words, source = random.normal(size=(3, count)).astype(np.float32)
    return Interest(meaning=meaning, words=words, source=source)


def posts_of(sketches: Sketches, feeds: NDArray[np.int32], **more: Any) -> Candidates:
    candidates = Candidates()
    candidates.put(np.arange(1, len(feeds) + 1), feeds=feeds, sketches=sketches, **more)
    return candidates


class World:
    """Posts of three topics, half of them without a vector."""

    def __init__(self) -> None:
        random = np.random.default_rng(5)
        titles = [(topic, title) for topic, texts in TOPICS.items() for title in texts]
        self.topics = [topic for topic, _ in titles]
        self.sketches = unpack([sketch(title, "", "") for _, title in titles])
        middles = unit(random.standard_normal((3, 32)).astype(np.float32))
        names = list(TOPICS)
        noise = random.standard_normal((len(titles), 32)).astype(np.float32) * 0.08
        self.vectors = unit(middles[[names.index(topic) for topic in self.topics]] + noise)
        self.feeds = np.arange(len(titles), dtype=np.int32) % 4
        self.idf = corpus_idf(self.sketches)

    def feedback(self, rows: list[int], strengths: list[float], *, spoken: bool = True) -> Feedback:
        vectors = self.vectors[rows] if spoken else np.full((len(rows), 32), np.nan, np.float32)
        return Feedback(
            vectors=vectors,
            sketches=self.sketches[rows],
            feeds=np.full(len(rows), 99, np.int32),
            strengths=np.array(strengths, np.float32),
        )

    def interest(self, rows: list[int], strengths: list[float], *, spoken: bool = True) -> Floats:
        """Interest in all posts after feedback; `spoken`: with vectors."""
        background = self.feedback(list(range(len(self.topics))), [0.0] * len(self.topics), spoken=spoken)
        model = learn(self.feedback(rows, strengths, spoken=spoken), background, self.idf)
        matrix = Int8Matrix(32)
        matrix.append(np.arange(len(self.topics)), *quantise(self.vectors))
        places = np.arange(len(self.topics)) if spoken else np.full(len(self.topics), -1)
        return model.interest(matrix, places, posts_of(self.sketches, self.feeds)).total()

    def mean(self, scores: Floats, topic: str) -> float:
        return float(np.mean([score for score, name in zip(scores, self.topics, strict=True) if name == topic]))


@pytest.mark.parametrize("spoken", [True, False], ids=["with vectors", "words alone"])
def test_posts_like_a_liked_one_rise(spoken: bool) -> None:
    world = World()
    scores = world.interest([0], [1.0], spoken=spoken)
    assert world.mean(scores, "lakes") > max(world.mean(scores, "engines"), world.mean(scores, "bread"))


@pytest.mark.parametrize("spoken", [True, False], ids=["with vectors", "words alone"])
def test_posts_like_a_disliked_one_sink(spoken: bool) -> None:
    world = World()
    scores = world.interest([5], [-1.0], spoken=spoken)
    assert world.mean(scores, "engines") < min(world.mean(scores, "lakes"), world.mean(scores, "bread"))


def test_two_kinds_of_likes_both_rise() -> None:
    world = World()
    scores = world.interest([0, 1, 5, 6, 10], [1.0, 1.0, 1.0, 1.0, -1.0])
    assert min(world.mean(scores, "lakes"), world.mean(scores, "engines")) > world.mean(scores, "bread")


def test_a_dismissal_weighs_less_than_a_dislike() -> None:
    world = World()
    dismissed = world.interest([0, 5], [1.0, -0.15])
    disliked = world.interest([0, 5], [1.0, -1.0])
    assert world.mean(disliked, "engines") < world.mean(dismissed, "engines")


def test_without_feedback_every_post_is_equally_interesting() -> None:
    assert not World().interest([], []).any()


def test_a_like_of_one_source_lifts_its_other_posts_but_not_far() -> None:
    world = World()
    model = learn(world.feedback([0], [1.0]), world.feedback([3, 7, 12], [0.0] * 3), world.idf)
    found = model.interest(Int8Matrix(32), np.full(2, -1), posts_of(world.sketches[[12, 13]], np.array([99, 3], np.int32)))
    assert found.source[1] == 0
    assert 0 < found.source[0] < 0.5


def test_posts_with_and_without_vectors_are_comparable() -> None:
    world = World()
    liked, disliked = [0, 1, 2], [5, 6, 7]
    background = world.feedback(list(range(15)), [0.0] * 15)
    model = learn(world.feedback(liked + disliked, [1.0] * 3 + [-1.0] * 3), background, world.idf)
    matrix = Int8Matrix(32)
    matrix.append(np.arange(15), *quantise(world.vectors))
    rows = np.where(np.arange(15) % 2 == 0, np.arange(15), -1)
    scores = model.interest(matrix, rows, posts_of(world.sketches, world.feeds)).total()
    lakes, engines = scores[3:5], scores[8:10]  # one with and one without a vector each
    assert lakes.min() > engines.max()


@given(st.integers(0, 200), st.floats(0, 2), st.sampled_from(sorted(PRESETS)))
@settings(max_examples=40, deadline=None)
def test_reasons_sum_to_the_score(seed: int, strength: float, preset: str) -> None:
    candidates = made(60, seed)
    ranking = rank(candidates, any_interest(60, seed), Taste(weights=PRESETS[preset], strength=strength), now=NOW)
    for row in range(60):
        told = explain(ranking, row)
        assert sum(reason.contribution for reason in told.reasons) == pytest.approx(told.score, abs=1e-6)


@given(st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_strength_zero_is_newest_first_and_nothing_else(seed: int) -> None:
    candidates = made(80, seed)
    ranking = rank(candidates, any_interest(80, seed), Taste(weights=BALANCED, strength=0), now=NOW)
    shown = np.flatnonzero(candidates.visible)
    expected = shown[np.lexsort((-candidates.ids[shown], -candidates.published[shown]))]
    assert ranking.order.tolist() == expected.tolist()


@given(st.integers(0, 200), st.floats(0, 1e7))
@settings(max_examples=30, deadline=None)
def test_time_alone_changes_no_order(seed: int, later: float) -> None:
    candidates, interest = made(80, seed), any_interest(80, seed)
    calm = replace(BALANCED, rare_poster=0.0)  # which counts posts of the last thirty days
    first = rank(candidates, interest, Taste(weights=calm), now=NOW)
    second = rank(candidates, interest, Taste(weights=calm), now=NOW + later)
    assert first.order.tolist() == second.order.tolist()


def test_hidden_posts_have_no_place() -> None:
    candidates = made(50)
    ranking = rank(candidates, any_interest(50), Taste(weights=BALANCED), now=NOW)
    assert set(ranking.ids.tolist()) == set(candidates.ids[candidates.visible].tolist())


@given(st.integers(0, 100), st.floats(0.1, 3))
@settings(max_examples=30, deadline=None)
def test_more_interest_never_lowers_a_post(seed: int, more: float) -> None:
    candidates = made(40, seed)
    candidates.visible[:] = True
    interest = any_interest(40, seed)
    still = replace(BALANCED, variety=0.0)
    before = rank(candidates, interest, Taste(weights=still), now=NOW)
    raised = interest.meaning.copy()
    raised[7] += more
    after = rank(candidates, replace(interest, meaning=raised), Taste(weights=still), now=NOW)
    assert _place(after, 7) <= _place(before, 7)


def _place(ranking: Ranking, row: int) -> int:
    return int(np.flatnonzero(ranking.order == row)[0])


def _of_feeds(feeds: list[int], hours: list[float]) -> Candidates:
    candidates = Candidates()
    candidates.put(
        np.arange(1, len(feeds) + 1),
        feeds=np.array(feeds, np.int32),
        published=NOW - np.array(hours) * 3600,
        sketches=unpack([b""] * len(feeds)),
    )
    return candidates


def test_a_cold_start_mixes_sources_that_flood() -> None:
    candidates = _of_feeds([1, 1, 1, 1, 1, 1, 2], [0, 0.1, 0.2, 0.3, 0.4, 0.5, 3])
    ranking = rank(candidates, None, Taste(weights=BALANCED), now=NOW)
    assert _place(ranking, 6) < 6


def test_a_cold_start_of_one_source_is_newest_first() -> None:
    candidates = _of_feeds([1] * 5, [4, 2, 1, 3, 0])
    assert rank(candidates, None, Taste(weights=BALANCED), now=NOW).order.tolist() == [4, 2, 1, 3, 0]


def test_a_cold_start_knows_no_other_reason_than_freshness_and_variety() -> None:
    ranking = rank(made(30), None, Taste(weights=BALANCED), now=NOW)
    names = {reason.name for row in range(30) for reason in explain(ranking, row).reasons}
    assert names == {"fresh", "already_from_source"}


def test_an_opened_post_sinks_below_its_equal() -> None:
    candidates = _of_feeds([1, 2], [1, 1])
    candidates.update([2], seen=1.0)
    nothing = np.zeros(2, np.float32)
    interest = Interest(meaning=nothing, words=nothing, source=nothing)
    assert rank(candidates, interest, Taste(weights=BALANCED), now=NOW).order.tolist() == [0, 1]


def test_a_rare_poster_rises_above_a_flood_of_equal_age() -> None:
    candidates = _of_feeds([1] * 300 + [2], [5.0] * 301)
    nothing = np.zeros(301, np.float32)
    interest = Interest(meaning=nothing, words=nothing, source=nothing)
    ranking = rank(candidates, interest, Taste(weights=replace(BALANCED, variety=0.0)), now=NOW)
    assert ranking.order[0] == 300


def test_the_card_names_the_strongest_good_reason() -> None:
    candidates = _of_feeds([1, 2, 3], [1, 1, 1])
    interest = Interest(
        meaning=np.array([2, 0, -2], np.float32),
        words=np.array([1, 0, -1], np.float32),
        source=np.array([0, 3, -1], np.float32),
    )
    calm = replace(BALANCED, rare_poster=0.0)
    ranking = rank(candidates, interest, Taste(weights=calm), now=NOW)
    assert ranking.card_reasons() == ["close_to_liked", "source_liked", ""]


def test_the_card_calls_a_rare_poster_so_among_feeds_that_post_often() -> None:
    candidates = _of_feeds([1] * 30 + [2], [5.0] * 31)
    nothing = np.zeros(31, np.float32)
    interest = Interest(meaning=nothing, words=nothing, source=nothing)
    assert rank(candidates, interest, Taste(weights=BALANCED), now=NOW).card_reasons() == [""] * 30 + ["rare_poster"]


def test_where_every_feed_posts_rarely_no_card_says_so() -> None:
    candidates = _of_feeds([1, 2, 3], [5.0] * 3)
    nothing = np.zeros(3, np.float32)
    interest = Interest(meaning=nothing, words=nothing, source=nothing)
    assert rank(candidates, interest, Taste(weights=BALANCED), now=NOW).card_reasons() == [""] * 3


def test_the_card_names_what_the_person_likes_before_how_rarely_a_feed_posts() -> None:
    candidates = _of_feeds([1] * 30 + [2], [5.0] * 31)
    nothing, some = np.zeros(31, np.float32), np.full(31, 0.2, np.float32)
    ranking = rank(candidates, Interest(meaning=some, words=nothing, source=nothing), Taste(weights=BALANCED), now=NOW)
    assert ranking.card_reason(30) == "close_to_liked"


def test_an_explanation_names_the_nearest_liked_post() -> None:
    candidates = _of_feeds([1], [1])
    one = np.ones(1, np.float32)
    ranking = rank(candidates, Interest(meaning=one, words=one, source=one), Taste(weights=BALANCED), now=NOW)
    told = explain(ranking, 0, nearest_liked=[(9, "Frozen lakes", 0.8)])
    assert {reason.detail for reason in told.reasons if reason.name == "close_to_liked"} == {"Frozen lakes"}
    assert told.position == 1


def test_presets_differ_and_an_unknown_one_is_refused() -> None:
    assert len(set(PRESETS.values())) == 4
    with pytest.raises(InputError, match="no preset"):
        weights_of("loud")


def test_favourites_let_liked_posts_stay_longer_than_fresh_does() -> None:
    def hours_gained(weights: Weights) -> float:
        return weights.interest * weights.half_life_hours

    assert hours_gained(PRESETS["favourites"]) > hours_gained(PRESETS["balanced"]) > hours_gained(PRESETS["fresh"])


@given(st.lists(st.tuples(st.sampled_from(["put", "remove"]), st.integers(1, 20)), max_size=30))
def test_candidates_stay_in_step_with_a_plain_dictionary(edits: list[tuple[str, int]]) -> None:
    candidates, plain = Candidates(), dict[int, int]()
    for turn, (edit, post) in enumerate(edits):
        if edit == "put":
            candidates.put([post], feeds=[turn], published=[float(turn)], sketches=unpack([b"\1\0"]))
            plain[post] = turn
        else:
            candidates.remove([post])
            plain.pop(post, None)
    assert dict(zip(candidates.ids.tolist(), candidates.feeds.tolist(), strict=True)) == dict(sorted(plain.items()))
    assert (candidates.sketches[:, 0] == 1).all()


def test_candidates_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Candidates().put([1, 1], feeds=[1, 1], published=[0.0, 0.0], sketches=unpack([b"", b""]))


def vectors_of(count: int) -> Vectors:
    return unit(np.random.default_rng(1).standard_normal((count, 32)).astype(np.float32))


def test_much_feedback_is_learnt_from_by_its_strongest_acts() -> None:
    count = 2500
    feedback = Feedback(
        vectors=vectors_of(count),
        sketches=unpack([b"\1\0"] * count),
        feeds=np.zeros(count, np.int32),
        strengths=np.where(np.arange(count) < 600, -0.15, 1.0).astype(np.float32),
    )
    model = learn(feedback, Feedback.nothing(32), corpus_idf(feedback.sketches))
    assert model.acts == 2000
