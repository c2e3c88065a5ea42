"""Posts that tell one story are folded; others are left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.stories import SAME_STORY, fold_posts, similarities
from engine.types import PlainPost
from engine.vectors import unit

START = datetime(2026, 10, 1, tzinfo=UTC)


def post(title: str, url: str = "", hours: float | None = None) -> PlainPost:
    published = None if hours is None else START + timedelta(hours=hours)
    return PlainPost(title=title, url=url, published_at=published)


FERRY = "Ferry service across the northern strait resumes after storm"
FERRY_AGAIN = "Northern strait ferry service resumes after the storm"
MUSEUM = "Clock museum opens its doors to restorers"


def test_headlines_of_one_story_are_folded() -> None:
    assert fold_posts([post(FERRY), post(MUSEUM), post(FERRY_AGAIN)]) == [0, 1, 0]


def test_chinese_headlines_of_one_story_are_folded() -> None:
    titles = ["北部海峡轮渡在风暴后恢复通航", "钟表博物馆向修复师开放", "风暴过后北部海峡轮渡恢复通航"]
    assert fold_posts([post(title) for title in titles]) == [0, 1, 0]


def test_the_same_link_is_the_same_story_whatever_the_title() -> None:
    posts = [post(FERRY, "https://a.example/x"), post(MUSEUM, "https://a.example/x/#top")]
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


@given(st.lists(st.text(alphabet="abc 湖冰", max_size=12), max_size=12))
def test_stories_are_numbered_by_first_appearance(titles: list[str]) -> None:
    found = fold_posts([post(title) for title in titles])
    firsts = list(dict.fromkeys(found))
    assert firsts == list(range(len(firsts)))


@given(st.lists(st.text(alphabet="abcdefg 湖冰", max_size=20), max_size=8))
def test_similarity_is_symmetric_and_bounded(titles: list[str]) -> None:
    matrix = similarities([post(title) for title in titles])
    np.testing.assert_array_equal(matrix, matrix.T)
    assert ((matrix >= 0) & (matrix <= 1)).all()


def test_similar_texts_pass_the_threshold_and_others_do_not() -> None:
    matrix = similarities([post(FERRY), post(FERRY_AGAIN), post(MUSEUM)])
    assert matrix[0, 1] >= SAME_STORY > matrix[0, 2]


def test_no_posts_make_no_stories() -> None:
    assert fold_posts([]) == []
