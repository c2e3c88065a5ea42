"""Posts that tell one story are folded as they come; others are left alone; what tells them apart is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.links import canonical_url
from engine.stories import (
    SAME_STORY,
    TWO_ALIKE,
    Member,
    StoryIndex,
    Telling,
    choose_lead,
    fold_posts,
    links_of,
    only_here,
    outlets,
    similarities,
    taught_bar,
)
from engine.types import Floats, PlainPost
from engine.vectors import unit

START = datetime(2026, 10, 1, tzinfo=UTC)


def post(title: str, url: str = "", hours: float | None = None, source: str = "") -> PlainPost:
    published = None if hours is None else START + timedelta(hours=hours)
    return PlainPost(title=title, url=url, published_at=published, source=source)


def telling(number: int, title: str, **fields: object) -> Telling:
    return Telling(id=number, title=title, **{"hours": float(number), **fields})  # type: ignore[arg-type]


FERRY = "Ferry service across the northern strait resumes after storm"
FERRY_AGAIN = "Northern strait ferry service resumes after the storm"
MUSEUM = "Clock museum opens its doors to restorers"


def test_headlines_of_one_story_are_folded() -> None:
    assert fold_posts([post(FERRY), post(MUSEUM), post(FERRY_AGAIN)]) == [0, 1, 0]


def test_chinese_headlines_of_one_story_are_folded() -> None:
    titles = ["北部海峡轮渡在风暴后恢复通航", "钟表博物馆向修复师开放", "风暴过后北部海峡轮渡恢复通航"]
    assert fold_posts([post(title) for title in titles]) == [0, 1, 0]


def test_the_same_link_is_the_same_story_whatever_the_title() -> None:
    posts = [post(FERRY, "https://a.example/x"), post(MUSEUM, "https://www.a.example/x/#top")]
    assert fold_posts(posts) == [0, 0]


def test_posts_without_a_link_are_not_folded_for_that() -> None:
    assert fold_posts([post(FERRY), post(MUSEUM)]) == [0, 1]


def test_the_same_title_long_after_is_another_story() -> None:
    assert fold_posts([post(FERRY, hours=0), post(FERRY, hours=24 * 30)]) == [0, 1]


def test_the_same_title_a_day_later_is_the_same_story() -> None:
    assert fold_posts([post(FERRY, hours=0), post(FERRY, hours=24)]) == [0, 0]


def test_vectors_fold_what_shares_no_word() -> None:
    random = np.random.default_rng(0)
    near, far = unit(random.standard_normal((2, 32)).astype(np.float32))
    posts = [post("Alpha beta gamma"), post("Delta epsilon"), post("Zeta eta theta")]
    assert fold_posts(posts, np.stack([near, far, near])) == [0, 1, 0]


def test_posts_without_vectors_are_folded_by_words_among_those_with() -> None:
    random = np.random.default_rng(0)
    vectors = unit(random.standard_normal((3, 32)).astype(np.float32))
    vectors[0] = np.nan
    vectors[2] = np.nan
    assert fold_posts([post(FERRY), post(MUSEUM), post(FERRY_AGAIN)], vectors) == [0, 1, 0]


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abc 湖冰", max_size=12), max_size=12))
def test_stories_are_numbered_by_first_appearance(titles: list[str]) -> None:
    found = fold_posts([post(title) for title in titles])
    firsts = list(dict.fromkeys(found))
    assert firsts == list(range(len(firsts)))


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abcdefg 湖冰", max_size=20), max_size=8))
def test_similarity_is_symmetric_and_bounded(titles: list[str]) -> None:
    matrix = similarities([post(title) for title in titles])
    np.testing.assert_array_equal(matrix, matrix.T)
    assert ((matrix >= 0) & (matrix <= 1)).all()


def test_similar_texts_pass_the_threshold_and_others_do_not() -> None:
    matrix = similarities([post(FERRY), post(FERRY_AGAIN), post(MUSEUM)])
    assert matrix[0, 1] >= SAME_STORY > matrix[0, 2]


def test_a_text_that_is_near_to_many_is_nearer_to_none() -> None:
    """Every other text shares the general one's words; two of them share more than that."""
    general = "weekly news"
    others = [f"weekly news about {word}" for word in ("birds", "boats", "bread", "books", "bells", "boots", "bikes", "banks", "bears", "beets")]
    matrix = similarities([post(title) for title in (general, *others, "weekly news about birds and boats")])
    np.fill_diagonal(matrix, 0)
    assert matrix[-1].argmax() != 0


def test_no_posts_make_no_stories() -> None:
    assert fold_posts([]) == []
    assert similarities([]).shape == (0, 0)


# ---- the index ----


def test_a_post_joins_the_story_of_the_one_it_is_like() -> None:
    index = StoryIndex()
    placed = index.place([telling(1, FERRY), telling(2, MUSEUM), telling(3, FERRY_AGAIN)])
    assert [p.beside for p in placed] == [None, None, 1]


def test_the_same_post_twice_is_there_once() -> None:
    index = StoryIndex()
    index.place([telling(1, FERRY), telling(2, FERRY_AGAIN)])
    index.place([telling(2, FERRY_AGAIN)])
    assert len(index) == 2
    assert index.story_of(1) == index.story_of(2)


def test_a_post_that_now_says_something_else_leaves_its_story() -> None:
    index = StoryIndex()
    index.place([telling(1, FERRY), telling(2, FERRY_AGAIN)])
    assert index.place([telling(2, MUSEUM)])[0].beside is None
    assert index.story_of(1) != index.story_of(2)


def test_what_the_person_kept_apart_stays_apart_and_what_they_put_together_stays() -> None:
    index = StoryIndex()
    index.keep([(1, 3, False), (1, 2, True)])
    placed = index.place([telling(1, FERRY), telling(2, MUSEUM), telling(3, FERRY_AGAIN)])
    assert [p.beside for p in placed] == [None, 1, None]


def test_two_stories_that_the_person_kept_apart_are_not_bridged() -> None:
    random = np.random.default_rng(3)
    a, b = unit(random.standard_normal((2, 32)).astype(np.float32))
    b = unit((0.45 * a + 0.9 * b)[None])[0]
    between = unit((a + b)[None])[0]

    def placed(pairs: list[tuple[int, int, bool]]) -> tuple[int, ...]:
        index = StoryIndex()
        index.keep(pairs)
        index.place([telling(1, "alpha beta", vector=a), telling(2, "beta alpha", vector=a), telling(3, "gamma delta", vector=b), telling(4, "delta gamma", vector=b)])
        return index.place([telling(5, "alpha beta gamma delta", vector=between)])[0].joined

    assert placed([]) != ()
    assert placed([(2, 3, False)]) == ()


def test_old_posts_are_forgotten_and_the_memory_is_used_again() -> None:
    index = StoryIndex()
    for number in range(1, 4001):
        index.place([telling(number, f"report {number} of {number * 7}")])
        index.forget_before(number - 200.0)
    assert len(index) <= 202
    assert len(index._ids) < 3000


def test_a_loaded_index_places_as_the_one_that_grew() -> None:
    grown = StoryIndex()
    before = [telling(1, FERRY), telling(2, MUSEUM), telling(3, FERRY_AGAIN)]
    grown.place(before)
    loaded = StoryIndex()
    loaded.load(before, {1: 7, 3: 7})
    last = telling(4, "Storm over, the ferry across the northern strait resumes service")
    assert grown.place([last])[0].beside in (1, 3)
    loaded.place([last])
    assert loaded.story_of(4) == 7


def test_the_same_feed_with_the_same_title_again_is_another_post() -> None:
    index = StoryIndex()
    vectors = unit(np.random.default_rng(1).standard_normal((2, 32)).astype(np.float32))
    placed = index.place([telling(1, "What we read this week", source=5, vector=vectors[0]), telling(2, "What we read this week", source=5, vector=vectors[1])])
    assert placed[1].beside is None
    assert index.place([telling(3, "What we read this week", source=6, vector=vectors[0])])[0].beside is not None


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.floats(allow_nan=True, allow_infinity=False, width=32)), max_size=8))
def test_damaged_input_is_placed_all_the_same(posts: list[tuple[str, float]]) -> None:
    index = StoryIndex()
    bad: Floats = np.full(8, np.nan, np.float32)
    placed = index.place([telling(number + 1, title, hours=hours, vector=bad) for number, (title, hours) in enumerate(posts)])
    assert [p.id for p in placed] == list(range(1, len(posts) + 1))


def test_vectors_of_another_width_are_passed_over() -> None:
    index = StoryIndex()
    index.place([telling(1, FERRY, vector=np.ones(4, np.float32) / 2), telling(2, FERRY_AGAIN, vector=np.ones(9, np.float32) / 3)])
    assert index.story_of(1) == index.story_of(2)


# ---- addresses ----


@pytest.mark.parametrize(
    ("url", "body", "words", "quoted", "keys"),
    [
        ("https://www.a.example/x/?utm_source=feed", "", 900, "", ("a.example/x",)),
        ("https://a.example/", "", 10, "", ()),
        ("", '<p>See <a href="https://b.example/story?id=2&amp;utm_medium=x">this</a></p>', 20, "", ("b.example/story?id=2",)),
        ("", '<a href="https://b.example/story">this</a>', 900, "", ()),
        ("", '<a href="https://m.example/@ada">@ada</a> <a href="https://m.example/tags/pond">#pond</a>', 9, "", ()),
        ("", "".join(f'<a href="https://b.example/{n}">x</a>' for n in range(5)), 9, "", ()),
        ("https://bsky.example/1", "", 5, "https://bsky.example/2", ("bsky.example/1", "bsky.example/2")),
        ("not an address", "<a href='javascript:x()'>x</a>", 5, "http://[bad", ()),
    ],
)
def test_the_addresses_that_a_post_is_about(url: str, body: str, words: int, quoted: str, keys: tuple[str, ...]) -> None:
    assert links_of(url, body, words, quoted, canonical=canonical_url) == keys


# ---- leads, outlets, differences, what was taught ----


def member(post_id: int, **fields: object) -> Member:
    made: dict[str, object] = {"feed_id": post_id, "network": "feed", "author": "", "words": 200, "published": float(post_id), "shown": True}
    return Member(post_id=post_id, **{**made, **fields})  # type: ignore[arg-type]


def test_the_lead_is_chosen_then_preferred_then_first_at_length() -> None:
    line, article, later = member(1, words=5), member(2), member(3)
    assert choose_lead([later, article, line]) == 2
    assert choose_lead([replace(later, weight=1.0), article, line]) == 3
    assert choose_lead([replace(later, weight=1.0), article, replace(line, chosen=True)]) == 1
    assert choose_lead([replace(article, shown=False), later]) == 3
    assert choose_lead([replace(article, shown=False)]) is None


def test_outlets_are_feeds_and_on_networks_people() -> None:
    assert outlets([member(1), member(2, feed_id=1)]) == 1
    people = [member(1, network="mastodon", author=name, feed_id=9) for name in ("Ada", "Bob", "Ada")]
    assert outlets([*people, member(4)]) == 3


def test_differences_are_sentences_that_no_other_has() -> None:
    first = "Two ferries touched in dense fog this morning. Nobody was hurt. The inquiry begins on Monday."
    second = "In dense fog this morning two ferries touched. All 212 passengers are safe, and nobody was hurt at all."
    assert only_here([first, second]) == [("The inquiry begins on Monday.",), ("All 212 passengers are safe, and nobody was hurt at all.",)]


def test_another_number_is_another_sentence() -> None:
    first, second = "The storm took the roofs of 12 houses in the valley.", "The storm took the roofs of 19 houses in the valley."
    assert only_here([first, second]) == [(first,), (second,)]


def test_chinese_tellings_are_cut_and_compared_too() -> None:
    first = "一座新型储能电站本周开始试运行。正式投产预计在明年春天。"
    second = "新型储能电站本周开始试运行。工程师说低温下效率很高。"
    assert only_here([first, second]) == [("正式投产预计在明年春天。",), ("工程师说低温下效率很高。",)]


def test_one_telling_alone_has_all_its_sentences_to_itself_and_none_has_nothing() -> None:
    assert only_here([]) == []
    assert only_here(["", "A pond lay still in the evening."]) == [(), ("A pond lay still in the evening.",)]


def test_splits_raise_the_bar_and_merges_lower_it_within_bounds() -> None:
    apart, together = [(TWO_ALIKE + 0.05, False)], [(TWO_ALIKE - 0.05, True)]
    assert taught_bar([], TWO_ALIKE) == 0.0
    assert 0 < taught_bar(apart, TWO_ALIKE) < taught_bar(apart * 20, TWO_ALIKE) <= 0.12
    assert -0.12 <= taught_bar(together * 20, TWO_ALIKE) < taught_bar(together, TWO_ALIKE) < 0
    assert taught_bar([(0.99, False)], TWO_ALIKE) == 0.0
