"""Taking in what feeds brought: identity, content and state of posts."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InputError, NotFoundError
from engine.store import Answer, Store
from engine.types import FeedInfo, FetchedPost, FetchState, Media, SearchQuery, Subscription, TimelineQuery
from tests.engine.store_posts import NOW, Clock, follow, opened, post, take

ALL = TimelineQuery(order="newest", limit=0)


def test_what_a_source_returned_can_be_read_back_whole(store: Store) -> None:
    media = (Media(url="https://example.org/a.png", kind="image", alt="图", width=3),)
    fetched = post(
        4, media=media, categories=("Ponds", "池塘"), comments_url="https://example.org/c", body_html="<p>a <b>b</b></p>"
    )
    (post_id,) = take(store, follow(store), [fetched]).new
    found = store.post(post_id)
    assert (found.guid, found.body_html, found.text) == (fetched.guid, fetched.body_html, fetched.text)
    assert (found.media, found.categories, found.comments_url) == (media, fetched.categories, fetched.comments_url)
    assert (found.content_hash, found.versions, found.first_seen_at) == (fetched.content_hash, 1, NOW)
    assert (found.row.title, found.row.author, found.row.url) == (fetched.title, fetched.author, fetched.url)
    assert (found.row.published_at, found.row.language, found.row.reading_minutes) == (fetched.published_at, "en", 2)


def test_a_body_that_equals_its_text_is_given_back_as_it_was(store: Store) -> None:
    (post_id,) = take(store, follow(store), [post(1, body_html="plain", text="plain")]).new
    assert store.post(post_id).body_html == "plain"


def test_taking_the_same_answer_again_changes_no_post(store: Store) -> None:
    feed = follow(store)
    posts = [post(number) for number in range(30)]
    assert len(take(store, feed, posts).new) == 30
    again = take(store, feed, posts)
    assert (again.new, again.updated) == (frozenset(), frozenset())
    assert store.counts().posts == 30


texts = st.text(max_size=40)
fetched_posts = st.builds(
    lambda number, guid, title, text, url, date: post(
        number, guid=guid, title=title, text=text, body_html=text, url=url, published_at=date
    ),
    st.integers(1, 5),
    st.sampled_from(["a", "b", "c", "", "é", "a\x1fb"]) | texts,
    texts,
    texts,
    st.sampled_from(["", "https://example.org/x", "https://example.org/y"]),
    st.none() | st.datetimes(datetime(1601, 1, 1), datetime(9999, 1, 1)).map(lambda date: date.replace(tzinfo=UTC)),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(fetched_posts, max_size=12))
def test_taking_any_answer_twice_is_taking_it_once(posts: list[FetchedPost]) -> None:
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as store:
        feed = follow(store)
        first = take(store, feed, posts)
        before = [store.post(post_id) for post_id in store.timeline(ALL)]
        again = take(store, feed, posts)
        assert not again.new
        assert not again.updated
        assert [store.post(post_id) for post_id in store.timeline(ALL)] == before
        assert {found.row.id for found in before} == first.new
        assert store.check() == []


def test_no_post_of_an_answer_is_lost_when_the_feed_gives_all_of_them_one_guid(store: Store) -> None:
    feed = follow(store)
    posts = [post(number, guid="https://example.org/") for number in range(1, 6)]
    assert len(take(store, feed, posts).new) == 5
    assert not take(store, feed, posts[::-1]).new
    assert {store.post(post_id).guid for post_id in store.timeline(ALL)} == {"https://example.org/"}


def test_two_feeds_may_use_the_same_guid(store: Store) -> None:
    one, two = follow(store, "one"), follow(store, "two")
    take(store, one, [post(1)])
    assert len(take(store, two, [post(1)]).new) == 1
    assert store.counts().posts == 2


def test_a_changed_content_is_a_new_version_of_the_same_post(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1)]).new
    store.mark([post_id], read=True, saved=True)
    changes = take(store, feed, [post(1, text="Corrected.", body_html="<p>Corrected.</p>")])
    assert (changes.new, changes.updated) == (frozenset(), {post_id})
    found = store.post(post_id)
    assert (found.text, found.versions, found.row.read, found.row.saved) == ("Corrected.", 2, True, True)


def test_a_content_that_comes_back_is_no_further_version(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1)]).new
    for text in ("b", "a", "b", "a"):
        take(store, feed, [post(1, text=text)])
    assert store.post(post_id).versions == 3


def test_the_word_index_follows_a_changed_content(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1, text="heron")]).new
    take(store, feed, [post(1, text="kingfisher")])
    assert store.search_words(SearchQuery(text="heron"))[0] == []
    assert [hit for hit, _ in store.search_words(SearchQuery(text="kingfisher"))[0]] == [post_id]


def test_a_changed_content_owes_everything_again(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1)]).new
    for stage in ("vectors", "signals", "rules"):
        store.settle(stage, "m" if stage != "rules" else "", [post_id])
    take(store, feed, [post(1, text="Corrected.")])
    assert [store.owed(stage, "m") for stage in ("vectors", "signals")] == [[post_id], [post_id]]
    assert store.owed("rules") == [post_id]


def test_a_post_without_date_gets_the_time_it_was_first_seen(store: Store, clock: Clock) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1, published_at=None)]).new
    clock.forward(days=1)
    take(store, feed, [post(1, published_at=None)])
    assert store.post(post_id).row.published_at == NOW


@pytest.mark.parametrize("year", [1601, 2027, 9999])
def test_an_absurd_or_future_date_becomes_now(store: Store, year: int) -> None:
    (post_id,) = take(store, follow(store), [post(1, published_at=datetime(year, 1, 1, tzinfo=UTC))]).new
    assert store.post(post_id).row.published_at == NOW


def test_a_feed_that_changes_all_its_guids_keeps_its_posts_and_their_states(store: Store) -> None:
    feed = follow(store)
    posts = [post(number) for number in range(1, 9)]
    ids = take(store, feed, posts).new
    store.mark(sorted(ids), read=True)
    changes = take(store, feed, [replace(item, guid=f"urn:new:{item.guid}") for item in posts])
    assert not changes.new
    assert (store.counts().posts, store.counts().unread) == (8, 0)
    assert not take(store, feed, [replace(item, guid=f"urn:new:{item.guid}") for item in posts]).new


def test_guids_and_tracking_in_addresses_may_change_together(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1)]).new
    other = post(1, guid="new", url="https://example.org/posts/1?utm_source=x", canonical_url="https://example.org/posts/1")
    changes = take(store, feed, [other])
    assert (changes.new, changes.updated) == (frozenset(), {post_id})


def test_posts_that_say_the_same_under_other_addresses_and_dates_stay_apart(store: Store) -> None:
    feed = follow(store)
    take(store, feed, [post(1, title="", text="Good morning")])
    assert len(take(store, feed, [post(2, title="", text="Good morning")]).new) == 1


def test_posts_that_share_an_address_and_a_title_but_say_something_else_stay_apart(store: Store) -> None:
    feed = follow(store)
    home = "https://example.org/"
    take(store, feed, [post(1, title="Status", url=home)])
    assert len(take(store, feed, [post(2, title="Status", url=home)]).new) == 1


def test_a_guid_that_the_feed_still_uses_is_never_taken_for_another(store: Store) -> None:
    feed = follow(store)
    old = post(1)
    take(store, feed, [old])
    assert len(take(store, feed, [old, replace(old, guid="copy")]).new) == 1


def test_a_feed_that_was_left_takes_nothing_in(store: Store) -> None:
    feed = follow(store)
    store.remove_feed(feed)
    assert not take(store, feed, [post(1)])
    assert store.timeline(ALL) == []


def test_text_with_lone_surrogates_and_nul_is_stored_without_them(store: Store) -> None:
    (post_id,) = take(store, follow(store), [post(1, title="a\ud800b", text="x\0y pond", author="\udfff")]).new
    assert store.post(post_id).row.title == "ab"
    assert [hit for hit, _ in store.search_words(SearchQuery(text="pond"))[0]] == [post_id]


def test_leaving_a_feed_is_undone_with_everything_the_person_did(store: Store) -> None:
    feed = follow(store)
    ids = sorted(take(store, feed, [post(number) for number in range(1, 6)]).new)
    store.mark(ids[:2], read=True)
    store.mark(ids[2:3], saved=True)
    store.feedback(ids[0], True)
    before = store.rows(ids)
    assert store.remove_feed(feed).updated == set(ids)
    assert store.timeline(ALL) == []
    assert store.timeline(TimelineQuery(order="newest", saved=True)) == ids[2:3]
    assert store.restore_feed(feed).updated == set(ids)
    assert store.rows(ids) == before


def test_following_a_left_feed_again_brings_its_posts_back(store: Store) -> None:
    feed = follow(store)
    (post_id,) = take(store, feed, [post(1)]).new
    store.mark([post_id], read=True)
    store.remove_feed(feed)
    assert follow(store) == feed
    assert not take(store, feed, [post(1)]).new
    assert store.rows([post_id])[0].read


def test_following_a_feed_twice_is_refused(store: Store) -> None:
    follow(store)
    with pytest.raises(InputError):
        follow(store)


def test_feeds_of_a_list_are_added_once(store: Store) -> None:
    follow(store, "one")
    wanted = [(Subscription(url=f"https://example.org/{name}.xml", folder="A/B"), False) for name in ("one", "two", "two")]
    assert len(store.add_feeds(wanted).feeds) == 1
    assert len(store.feeds()) == 2


def test_a_feed_shows_the_persons_title_else_its_own_else_the_host(store: Store) -> None:
    feed = follow(store)
    assert store.feed(feed).title == "example.org"
    take(store, feed, [], title="Ponds weekly")
    assert store.feed(feed).title == "Ponds weekly"
    store.update_feed(feed, title="Mine")
    assert store.feed(feed).title == "Mine"
    store.update_feed(feed, title="")
    assert store.feed(feed).title == "Ponds weekly"


def test_changing_a_feed_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.update_feed(9, title="x")
    with pytest.raises(NotFoundError):
        store.remove_feed(9)
    with pytest.raises(NotFoundError):
        store.restore_feed(follow(store))


def test_validators_are_kept_byte_for_byte(store: Store) -> None:
    feed = follow(store)
    state = FetchState(
        feed_id=feed,
        url="https://example.org/one.xml",
        etag='W/"ä-\x7f,x"',
        last_modified=" Mon,  01 Jan 2024 00:00:00 +0000 ",
        body_hash=b"\0\xff",
        next_check_at=NOW + timedelta(hours=3, microseconds=1),
        failures=3,
        moved_to="https://example.org/new.xml",
        moved_since=NOW,
        moved_times=2,
        not_found_since=NOW,
        last_success_at=NOW,
    )
    store.save_fetch_state(state, error="It hurts.")
    assert store.fetch_states([feed]) == [state]
    assert (store.feed(feed).error, store.feed(feed).failures) == ("It hurts.", 3)


def test_a_feed_that_moved_has_its_new_address_unless_another_feed_has_it(store: Store) -> None:
    one, two = follow(store, "one"), follow(store, "two")
    (state,) = store.fetch_states([one])
    store.save_fetch_state(replace(state, url="https://example.org/moved.xml"))
    assert store.feed(one).url == "https://example.org/moved.xml"
    store.save_fetch_state(replace(state, url="https://example.org/two.xml", etag="x"))
    assert store.feed(one).url == "https://example.org/moved.xml"
    assert store.feed(two).url == "https://example.org/two.xml"


def test_limits_of_a_feed_drop_its_oldest_posts_but_none_that_matter(store: Store) -> None:
    feed = follow(store)
    posts = [post(number) for number in range(1, 11)]
    ids = sorted(take(store, feed, posts).new, reverse=True)  # newest first
    store.mark([ids[9]], saved=True)
    store.feedback(ids[8], False)
    store.mark([ids[7]], hidden=True)
    store.update_feed(feed, keep_posts=3)
    assert store.prune().updated == set(ids[3:7])
    assert store.timeline(ALL) == [*ids[:3], *ids[8:]]
    assert store.check() == []
    again = take(store, feed, posts)
    assert (again.new, again.updated) == (frozenset(), frozenset())


def test_with_a_dropped_post_goes_what_a_model_made_of_it(store: Store) -> None:
    feed = follow(store)
    old, new = sorted(take(store, feed, [post(1), post(2)]).new, key=lambda post_id: store.post(post_id).row.published_at)
    keys = {post_id: store.post(post_id).content_hash for post_id in (old, new)}
    for key in keys.values():
        store.save_written(key, "rewrite-title", "M", "1/", "{}")
    store.update_feed(feed, keep_posts=1)
    assert store.prune().updated == {old}
    assert store.written(keys[old], "rewrite-title", "M", "1/") is None
    assert store.written(keys[new], "rewrite-title", "M", "1/") == "{}"


def test_a_dropped_post_that_reappears_once_the_limit_is_gone_keeps_its_state(store: Store) -> None:
    feed = follow(store)
    posts = [post(number) for number in (1, 2)]
    old, _ = sorted(take(store, feed, posts).new)
    store.mark([old], read=True)
    store.update_feed(feed, keep_posts=1)
    assert store.prune().updated == {old}
    store.update_feed(feed, keep_posts=0)
    assert take(store, feed, posts).updated == {old}
    assert store.rows([old])[0].read
    assert [hit for hit, _ in store.search_words(SearchQuery(text='"Title 2"'))[0]] == [old]


def test_one_transaction_takes_many_answers_and_tells_what_each_changed(store: Store) -> None:
    feeds = [follow(store, name) for name in "abc"]
    answers = [
        Answer(feed_id=feed, info=FeedInfo(), posts=[post(1), post(2)], state=store.fetch_states([feed])[0])
        for feed in feeds
    ]
    changes = store.ingest(answers)
    assert [(len(change.new), change.feeds) for change in changes] == [(2, {feed}) for feed in feeds]
