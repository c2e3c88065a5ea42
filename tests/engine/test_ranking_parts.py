"""Each thing that moves a post does so alone, says so, and can be doubted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ranking.candidates import NOT_ASKED, SHARES, Candidates
from engine.ranking.features import sketch, unpack
from engine.ranking.learner import Feedback, corpus_idf, learn
from engine.ranking.model import Interest, shares_of, signals_part
from engine.ranking.score import PRESETS, SHARE_NAMES, Ranking, Taste, best_first, rank
from engine.ranking.why import counterfactuals, explain
from engine.types import Floats
from engine.vectors import Int8Matrix, quantise, unit

NOW = 1_790_000_000.0
BALANCED = PRESETS["balanced"]
CALM = replace(BALANCED, rare_poster=0.0, variety=0.0, topic_variety=0.0, story_variety=0.0)



def posts(count: int, **columns: Any) -> Candidates:
    """Posts of one hour, each of a feed of its own."""
    candidates = Candidates()
    usual: dict[str, Any] = {"feeds": np.arange(count), "published": np.full(count, NOW - 3600.0)}
    candidates.put(np.arange(1, count + 1), **(usual | columns))
    return candidates


def nothing(count: int) -> Interest:
    zero = np.zeros(count, np.float32)
    return Interest(meaning=zero, words=zero, source=zero)


def any_posts(seed: int, count: int = 40) -> tuple[Candidates, Interest]:
    random = np.random.default_rng(seed)
    candidates = posts(
        count,
        feeds=random.integers(0, 5, count),
        published=NOW - random.integers(0, 4 * 86400, count),
        seen=random.random(count) < 0.3,
        visible=random.random(count) < 0.9,
        topics=random.integers(-1, 4, count),
        stories=np.where(random.random(count) < 0.4, random.integers(0, 6, count), -1),
        outlets=random.integers(1, 9, count),
        shares=random.integers(0, 256, (count, SHARES)),
    )
    parts = random.normal(size=(7, count)).astype(np.float32)
    names = ("meaning", "words", "source", "author", "signals", "hour", "story")
    doubt = random.random(count).astype(np.float32) + 0.5
    return candidates, Interest(**dict(zip(names, parts, strict=True)), doubt=doubt)


def shares(count: int, **rows: list[int]) -> Any:
    table = np.full((count, SHARES), NOT_ASKED, np.uint8)
    for name, values in rows.items():
        table[:, SHARE_NAMES.index(name)] = values
    return table


def part(ranking: Ranking, row: int, name: str) -> float:
    return next((reason.contribution for reason in explain(ranking, row).reasons if reason.name == name), 0.0)


# ---- parts -----------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.floats(0, 2), st.floats(0, 1), st.sampled_from(sorted(PRESETS)))
@settings(max_examples=40, deadline=None)
def test_reasons_of_every_kind_sum_to_the_score(seed: int, strength: float, exploration: float, preset: str) -> None:
    candidates, interest = any_posts(seed)
    random = np.random.default_rng(seed)
    edited = {kind: random.normal(size=len(candidates)).astype(np.float32) for kind in ("source", "author", "word", "topic", "signal")}
    taste = Taste(weights=PRESETS[preset], strength=strength, exploration=exploration, signals={"anger": 2.0, "spam": 1.0})
    ranking = rank(candidates, interest, taste, now=NOW, edited=edited, boosted=random.random(len(candidates)) < 0.2)
    for row in range(len(candidates)):
        told = explain(ranking, row)
        assert sum(reason.contribution for reason in told.reasons) == pytest.approx(told.score, abs=1e-6)


@given(st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_strength_zero_is_newest_first_whatever_else_is_set(seed: int) -> None:
    candidates, interest = any_posts(seed)
    taste = Taste(weights=BALANCED, strength=0, exploration=1, signals={"anger": 9.0})
    edited = {"source": np.full(len(candidates), 4, np.float32)}
    ranking = rank(candidates, interest, taste, now=NOW, edited=edited)
    visible = np.flatnonzero(candidates.visible)
    assert ranking.order.tolist() == visible[np.lexsort((-candidates.ids[visible], -candidates.published[visible]))].tolist()


def test_a_signal_that_is_surely_there_takes_what_was_set_and_one_in_doubt_takes_nothing() -> None:
    candidates = posts(3, shares=shares(3, anger=[250, 140, NOT_ASKED]))
    ranking = rank(candidates, nothing(3), Taste(weights=CALM, signals={"anger": 1.5}), now=NOW)
    assert [part(ranking, row, "weighed_down") for row in range(3)] == pytest.approx([-1.5, 0, 0])


def test_signals_weigh_down_and_remove_nothing() -> None:
    candidates = posts(5, shares=shares(5, spam=[254] * 5))
    ranking = rank(candidates, nothing(5), Taste(weights=CALM, signals={"spam": 10.0}), now=NOW)
    assert sorted(ranking.ids.tolist()) == [1, 2, 3, 4, 5]


def test_a_story_that_many_tell_gains_with_each_doubling() -> None:
    candidates = posts(3, outlets=[1, 2, 8])
    ranking = rank(candidates, nothing(3), Taste(weights=replace(CALM, story_size=0.5)), now=NOW)
    assert [part(ranking, row, "big_story") for row in range(3)] == pytest.approx([0, 0.5, 1.5])


@pytest.mark.parametrize(
    ("column", "name"), [("topics", "already_on_topic"), ("stories", "already_in_story"), ("feeds", "already_from_source")]
)
def test_posts_of_one_group_make_room_for_another(column: str, name: str) -> None:
    groups = [0, 0, 0, 1]
    candidates = posts(4, published=NOW - 3600.0 * np.arange(4), **{column: groups})
    weights = replace(CALM, variety=1.0, topic_variety=1.0, story_variety=1.0, half_life_hours=24)
    ranking = rank(candidates, None, Taste(weights=weights), now=NOW)
    assert ranking.order[1] == 3
    assert part(ranking, 2, name) == pytest.approx(-np.log2(3))


def test_posts_of_no_topic_do_not_crowd_each_other() -> None:
    candidates = posts(4, topics=[-1] * 4)
    ranking = rank(candidates, None, Taste(weights=replace(CALM, topic_variety=1.0)), now=NOW)
    assert not any(part(ranking, row, "already_on_topic") for row in range(4))


def test_curiosity_lifts_what_nobody_can_tell_yet() -> None:
    interest = replace(nothing(2), doubt=np.array([0.2, 2.0], np.float32))
    calm = rank(posts(2), interest, Taste(weights=CALM), now=NOW)
    curious = rank(posts(2), interest, Taste(weights=CALM, exploration=1), now=NOW)
    assert calm.order.tolist() == [1, 0]  # alike: the later one first
    assert part(curious, 1, "unsure") == pytest.approx(1.8 * CALM.interest)
    assert (part(curious, 0, "unsure"), part(calm, 1, "unsure")) == (0, 0)


@given(st.lists(st.sampled_from([0.0, 1.0, 1.0 + 1e-12, -3.5, 1e9]) | st.floats(-1e6, 1e6), max_size=40))
def test_the_best_stand_first_and_of_equal_ones_the_later(scores: list[float]) -> None:
    values = np.array(scores, np.float64)
    rows = np.arange(len(values))
    assert best_first(values, rows).tolist() == sorted(rows.tolist(), key=lambda row: (-scores[row], -row))


# ---- what would move a post ------------------------------------------------------------------------


@given(st.integers(0, 400), st.floats(0.1, 2))
@settings(max_examples=60, deadline=None)
def test_every_what_if_is_where_the_post_stands_when_all_is_ranked_anew(seed: int, strength: float) -> None:
    candidates, interest = any_posts(seed)
    taste = Taste(weights=BALANCED, strength=strength, signals={"anger": 2.0})
    ranking = rank(candidates, interest, taste, now=NOW)
    row = int(np.flatnonzero(candidates.visible)[seed % np.count_nonzero(candidates.visible)])
    for told in counterfactuals(ranking, candidates, row):
        other, liking, tasted, edited = candidates, interest, taste, None
        if told.change == "younger":
            other = any_posts(seed)[0]
            other.published[row] += told.amount * 3600
        elif told.change in ("read", "unread"):
            other = any_posts(seed)[0]
            other.seen[row] = told.change == "read"
        elif told.change == "strength":
            tasted = replace(taste, strength=told.amount)
        elif told.change == "feed_weight":
            edited = {"source": np.where(np.arange(len(candidates)) == row, np.float32(told.amount), np.float32(0))}
        elif told.name in (table := {"close_to_liked": "meaning", "close_to_disliked": "meaning", "source_liked": "source", "source_disliked": "source"}):
            changed = getattr(interest, table[told.name]).copy()
            changed[row] = 0
            liking = replace(interest, **{table[told.name]: changed})
        else:
            continue
        anew = rank(other, liking, tasted, now=NOW, edited=edited)
        assert int(np.flatnonzero(anew.order == row)[0]) + 1 == told.position


# ---- the learner -----------------------------------------------------------------------------------

DIM = 32


class Person:
    """Twelve kinds of posts, far from each other, and what somebody did to some of them."""

    def __init__(self, kinds: int = 12, each: int = 20) -> None:
        random = np.random.default_rng(7)
        middles = unit(random.standard_normal((kinds, DIM)).astype(np.float32))
        self.kinds = np.repeat(np.arange(kinds), each)
        self.vectors = unit(middles[self.kinds] + random.standard_normal((kinds * each, DIM)).astype(np.float32) * 0.1)
        self.candidates = posts(
            len(self.kinds), sketches=unpack([sketch(f"kind{kind}word story{number}", "", "") for number, kind in enumerate(self.kinds)]),
            feeds=np.arange(len(self.kinds)) % 6 + 1,
        )  # fmt: skip
        self.idf = corpus_idf(self.candidates.sketches)

    def acts(self, rows: list[int], strengths: list[float]) -> Feedback:
        table = self.candidates
        return Feedback(
            vectors=self.vectors[rows], sketches=table.sketches[rows], feeds=table.feeds[rows],
            strengths=np.array(strengths, np.float32), authors=table.authors[rows], shares=table.shares[rows],
            published=table.published[rows], outlets=table.outlets[rows],
        )  # fmt: skip

    def interest(self, rows: list[int], strengths: list[float]) -> Interest:
        others = list(range(0, len(self.kinds), 3))
        model = learn(self.acts(rows, strengths), self.acts(others, [0.0] * len(others)), self.idf)
        matrix = Int8Matrix(DIM)
        matrix.append(self.candidates.ids, *quantise(self.vectors))
        return model.interest(matrix, np.arange(len(self.kinds)), self.candidates, doubt=True)

    def of_kind(self, values: Floats | None, kind: int) -> float:
        assert values is not None
        return float(values[self.kinds == kind].mean())


def test_the_learner_doubts_least_what_it_was_told_most_of() -> None:
    person = Person()
    found = person.interest([*range(8), 20], [1, -1, 1, -1, 1, -1, 1, -1, 1])
    told_often, told_once, never = (person.of_kind(found.doubt, kind) for kind in (0, 1, 7))
    assert told_often < told_once < never


def test_more_acts_leave_less_doubt() -> None:
    person = Person()
    few, many = person.interest([0, 1], [1, -1]), person.interest(list(range(10)), [1, -1] * 5)
    assert person.of_kind(many.doubt, 0) < person.of_kind(few.doubt, 0)


def test_an_author_is_liked_beyond_their_source() -> None:
    person = Person()
    person.candidates.feeds[:] = 1
    person.candidates.authors[:] = np.arange(len(person.kinds)) % 4
    rows = list(range(0, 120))
    found = person.interest(rows, [1.0 if row % 4 == 2 else -1.0 for row in rows])
    assert found.author is not None
    by_author = [float(found.author[number]) for number in range(4)]
    assert by_author[2] > 0 > max(by_author[0], by_author[1], by_author[3])


def test_a_source_of_one_like_is_trusted_less_than_one_of_ten() -> None:
    person = Person()
    person.candidates.feeds[:] = 9
    person.candidates.feeds[:10] = 1
    person.candidates.feeds[10] = 2
    rows = [*range(11), *range(200, 211)]
    found = person.interest(rows, [1.0] * 11 + [-1.0] * 11)
    assert found.source[0] > found.source[10] > 0


def test_what_the_heads_say_of_liked_posts_is_learnt() -> None:
    person = Person()
    joy = np.arange(len(person.kinds)) % 2
    person.candidates.shares[:] = shares(len(person.kinds), joy=(joy * 220 + 20).tolist())
    rows = list(range(0, 200))
    found = person.interest(rows, [1.0 if joy[row] else -1.0 for row in rows])
    assert found.signals is not None
    assert found.signals[1] > 0.5
    assert found.signals[0] < -0.5


def test_the_hour_at_which_liked_posts_come_is_learnt() -> None:
    person = Person()
    morning = np.arange(len(person.kinds)) % 2 == 1
    person.candidates.published[:] = 86400.0 * 20_000 + np.where(morning, 7, 21) * 3600
    rows = list(range(0, 200))
    found = person.interest(rows, [1.0 if morning[row] else -1.0 for row in rows])
    assert found.hour is not None
    assert found.hour[1] > 0 > found.hour[0]


def test_shares_weigh_the_same_by_table_as_by_matrix() -> None:
    random = np.random.default_rng(3)
    table = random.integers(0, 256, (50, SHARES)).astype(np.uint8)
    middle, weights = random.random(SHARES).astype(np.float32), random.normal(size=SHARES).astype(np.float32)
    np.testing.assert_allclose(signals_part(table, middle, weights), shares_of(table, middle) @ weights, atol=1e-5)


def test_chances_are_honest_where_the_person_is_not_certain() -> None:
    person = Person(kinds=6, each=200)
    random = np.random.default_rng(11)
    true_chance = np.array([0.9, 0.7, 0.5, 0.3, 0.2, 0.1])[person.kinds]
    liked = random.random(len(person.kinds)) < true_chance
    rows = random.permutation(len(person.kinds))[:240].tolist()
    found = person.interest(rows, [1.0 if liked[row] else -1.0 for row in rows])
    assert found.doubt is not None
    total, rest = found.total(), np.setdiff1d(np.arange(len(person.kinds)), rows)
    chance = 1 / (1 + np.exp(-total / np.sqrt(1 + np.pi / 8 * found.doubt**2)))
    assert float(np.abs(chance[rest] - true_chance[rest]).mean()) < 0.15


