"""What only some networks know of a post, as the store keeps it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.store import Store
from engine.types import Extras, FetchedPost, Poll, Quote
from tests.engine.store_posts import NOW, follow, opened, post, take

WHOLE = Extras(
    source_kind="mastodon",
    content_warning="Spoilers 池",
    sensitive=True,
    visibility="unlisted",
    boosted_by=("Ada", "Béla"),
    quote=Quote(author="Cem", text="said so", url="https://pond.example/1"),
    poll=Poll(options=("yes", "no"), votes=(3, 4), ends_at=NOW, multiple=True),
    score=-2,
    comments_count=5,
    views_count=7,
    comments_url="https://pond.example/1/comments",
    duration_seconds=61.5,
    reply_to_url="https://pond.example/0",
    edited_at=NOW,
    labels=("flair",),
    is_short=True,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as store:
        yield store


def social(number: int, extras: Extras, *, text: str = "said") -> FetchedPost:
    """A post whose hash follows from its text, as the parsers make it: counters are no part of it."""
    return post(number, text=text, body_html=text, extras=extras, content_hash=hashlib.sha256(text.encode()).digest())


def test_extras_come_back_whole_on_cards_and_in_the_pane(store: Store) -> None:
    (post_id,) = take(store, follow(store), [social(1, WHOLE)]).new
    assert store.rows([post_id])[0].extras == WHOLE
    assert store.post(post_id).row.extras == WHOLE


def test_a_post_without_extras_has_none(store: Store) -> None:
    (post_id,) = take(store, follow(store), [post(1)]).new
    assert store.rows([post_id])[0].extras is None


def test_changing_counters_make_no_new_version_and_are_told(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [social(1, WHOLE)]).new
    assert take(store, feed, [social(1, WHOLE)]).updated == frozenset()
    assert WHOLE.poll is not None
    later = replace(WHOLE, score=40, comments_count=None, poll=replace(WHOLE.poll, votes=(9, 9)))
    changes = take(store, feed, [social(1, later)])
    assert (changes.new, changes.updated) == (frozenset(), frozenset({post_id}))
    found = store.post(post_id)
    assert found.versions == 1
    assert found.row.extras == replace(later, comments_count=5)


def test_everyone_who_boosted_a_post_is_kept_each_once(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [social(1, Extras(boosted_by=("Ada",)))]).new
    take(store, feed, [social(1, Extras(boosted_by=("Béla", "Ada")))])
    extras = store.rows([post_id])[0].extras
    assert extras is not None
    assert extras.boosted_by == ("Ada", "Béla")


def test_an_edited_post_shows_the_extras_of_its_new_content(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [social(1, Extras(content_warning="old", score=1))]).new
    take(store, feed, [social(1, Extras(content_warning="new", score=2), text="said otherwise")])
    found = store.post(post_id)
    assert found.versions == 2
    assert found.row.extras == Extras(content_warning="new", score=2)


def test_pruned_posts_leave_no_extras_behind(store: Store) -> None:
    feed = follow(store)
    take(store, feed, [social(number, Extras(score=number, content_warning="x"), text=f"{number}") for number in (1, 2)])
    store.update_feed(feed, keep_posts=1)
    store.prune()
    with store._db.read() as connection:
        assert connection.execute("select count(*) from extras").fetchone() == (1,)
        assert connection.execute("select count(*) from counters").fetchone() == (1,)


def test_other_options_start_a_source_over(store: Store) -> None:
    feed, _ = store.add_feed("https://video.example/c", kind="youtube", options=("shorts",))
    (state,) = store.fetch_states([feed])
    store.save_fetch_state(replace(state, cursor="far", etag='"a"'))
    (state,) = store.fetch_states([feed])
    assert (state.kind, state.options, state.cursor, state.etag) == ("youtube", ("shorts",), "far", '"a"')
    store.update_feed(feed, options=())
    (state,) = store.fetch_states([feed])
    assert (state.options, state.cursor, state.etag) == ((), "", None)
    assert store.feed(feed).options == ()
