"""Lists, rows and counters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotFoundError
from engine.store import Store
from engine.types import Counts, TimelineQuery
from tests.engine.store_posts import NOW, follow, opened, post, take


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as store:
        yield store


def fill(store: Store, feeds: int = 2, posts: int = 10) -> list[int]:
    """Return all ids, newest first."""
    for number in range(feeds):
        feed = follow(store, f"f{number}", folder=("Birds", "Birds/Water", "Other")[number % 3])
        items = [post(100 * number + i, published_at=NOW - timedelta(minutes=i * feeds + number)) for i in range(posts)]
        take(store, feed, items)
    return store.timeline(TimelineQuery(order="newest", limit=0))


def rank(store: Store, ids: list[int]) -> None:
    store.save_scores(
        np.array(ids, dtype=np.int64),
        np.linspace(1, 0, len(ids), dtype=np.float32),
        reasons=np.arange(len(ids), dtype=np.uint8) % 2,
        names=["fresh", "close_to_liked"],
        details={ids[1]: "Herons"},
    )


def test_newest_first_is_by_date_and_limited(store: Store) -> None:
    ids = fill(store)
    dates = [row.published_at for row in store.rows(ids)]
    assert dates == sorted(dates, reverse=True)
    assert store.timeline(TimelineQuery(order="newest", limit=4)) == ids[:4]


def test_for_you_is_newest_first_before_anything_was_ranked(store: Store) -> None:
    ids = fill(store)
    assert store.timeline(TimelineQuery()) == ids


def test_for_you_follows_the_stored_ranking_and_puts_later_posts_first(store: Store) -> None:
    ids = fill(store)
    rank(store, ids[::-1])
    assert store.timeline(TimelineQuery(limit=3)) == ids[::-1][:3]
    later = sorted(take(store, follow(store, "new"), [post(900), post(901)]).new, reverse=True)
    assert store.timeline(TimelineQuery(limit=5)) == [*later, *ids[::-1][:3]]
    assert store.timeline(TimelineQuery(limit=0)) == [*later, *ids[::-1]]


def test_for_you_keeps_its_order_under_every_filter(store: Store) -> None:
    ids = fill(store, feeds=3)
    order = sorted(ids, key=lambda post_id: post_id * 7919 % 31)
    rank(store, order)
    store.mark(ids[::3], read=True)
    store.mark(ids[1::4], saved=True)
    store.mark(ids[2::5], hidden=True)
    for query in (
        TimelineQuery(feed_id=2),
        TimelineQuery(folder="Birds"),
        TimelineQuery(unread=True),
        TimelineQuery(unread=False),
        TimelineQuery(saved=True),
        TimelineQuery(saved=False),
        TimelineQuery(hidden=True),
        TimelineQuery(since=NOW - timedelta(minutes=10)),
        TimelineQuery(folder="Birds", unread=True, limit=2),
    ):
        found = store.timeline(query)
        plain = store.timeline(TimelineQuery(**{**_fields(query), "order": "newest", "limit": 0}))
        assert found == [post_id for post_id in order if post_id in set(plain)][: query.limit]
        assert plain


def _fields(query: TimelineQuery) -> dict[str, object]:
    return {name: getattr(query, name) for name in query.__dataclass_fields__}


def test_a_folder_holds_its_folders(store: Store) -> None:
    fill(store, feeds=3)
    assert {row.feed_id for row in store.rows(store.timeline(TimelineQuery(folder="Birds")))} == {1, 2}
    assert {row.feed_id for row in store.rows(store.timeline(TimelineQuery(folder="Birds/Water")))} == {2}
    assert store.timeline(TimelineQuery(folder="Bir")) == []


def test_rows_come_in_the_order_asked_for_without_unknown_ids(store: Store) -> None:
    ids = fill(store)
    asked = [ids[5], 999_999, ids[0], ids[3]]
    assert [row.id for row in store.rows(asked)] == [ids[5], ids[0], ids[3]]


def test_a_row_shows_the_strongest_reason_and_its_detail(store: Store) -> None:
    ids = fill(store)
    rank(store, ids)
    first, second = store.rows(ids[:2])
    assert (first.reason, first.reason_detail) == ("fresh", "")
    assert (second.reason, second.reason_detail) == ("close_to_liked", "Herons")
    assert store.scores(ids[:1])[ids[0]].score == pytest.approx(1.0)
    assert [store.position(post_id) for post_id in (ids[0], ids[4], 999_999)] == [1, 5, None]


def test_an_excerpt_has_at_most_280_characters_on_one_line(store: Store) -> None:
    (post_id,) = take(store, follow(store), [post(1, text="word\n\n " * 400)]).new
    (row,) = store.rows([post_id])
    assert len(row.excerpt) <= 280
    assert row.excerpt.startswith("word word")
    assert row.excerpt.endswith("…")


def test_a_post_that_is_not_there_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.post(1)


def test_texts_and_matchables_hold_what_models_and_rules_read(store: Store) -> None:
    feed = follow(store, title="Mine")
    (post_id,) = take(store, feed, [post(1, categories=("a", "b"))]).new
    (text,) = store.texts([77, post_id])
    assert (text.id, text.title, text.text, text.language) == (post_id, "Title 1", "The body of post 1.", "en")
    (seen,) = store.matchables()
    assert (seen.source_title, seen.source_url, seen.categories) == ("Mine", "https://example.org/one.xml", ("a", "b"))
    assert list(store.matchables(feed_ids=[feed + 1])) == []


acts = st.lists(
    st.tuples(
        st.sampled_from(["read", "saved", "hidden", "feed"]), st.booleans(), st.lists(st.integers(0, 11), max_size=6)
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(acts)
def test_counters_agree_with_the_posts_after_any_acts(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool, list[int]]]
) -> None:
    with opened(tmp_path_factory.mktemp("counts")) as store:
        ids = fill(store, posts=6)
        for what, on, places in steps:
            some = [ids[place] for place in places]
            if what == "feed":
                gone = {1, 2} - {feed.id for feed in store.feeds()}
                if on and 1 not in gone:
                    store.remove_feed(1)
                elif not on and 1 in gone:
                    store.restore_feed(1)
            else:
                store.mark(some, **{what: on})
        everything = {
            name: len(store.timeline(TimelineQuery(order="newest", limit=0, **query)))  # type: ignore[arg-type]
            for name, query in {
                "unread": {"unread": True},
                "saved": {"saved": True},
                "hidden": {"hidden": True},
                "posts": {},
            }.items()
        }
        assert store.counts() == Counts(**everything, feeds=len(store.feeds()))
        for feed in store.feeds():
            query = TimelineQuery(order="newest", feed_id=feed.id, unread=True, limit=0)
            assert feed.unread == len(store.timeline(query))
