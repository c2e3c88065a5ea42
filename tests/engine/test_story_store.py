"""Stories in a real store: what is folded, which telling stands for all, what the person splits and merges, and what they follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import InputError, NotFoundError
from engine.store import Fold, Store
from engine.types import Changes, Condition, Rule, RuleHit, StoryPost, TimelineQuery
from tests.engine.store_posts import NOW, Clock, follow, post, take

ALL = TimelineQuery(order="newest", limit=0)
ARTICLE = "word " * 80


@pytest.fixture
def ids(store: Store) -> list[int]:
    """Six posts of three feeds in two folders, the first the oldest; the first three tell one story."""
    found: list[int] = []
    for name, folder, numbers in (("one", "News", (60, 30)), ("two", "News", (50, 20)), ("three", "Tech", (40, 10))):
        feed_id = follow(store, name, folder=folder)
        found += sorted(take(store, feed_id, [post(number, word_count=100) for number in numbers]).new)
    found.sort(key=lambda post_id: store.post(post_id).row.published_at)
    fold(store, *found[:3])
    return found


def fold(store: Store, first: int, *others: int) -> Changes:
    changes, _ = store.save_folds([Fold(post_id=first), *(Fold(post_id=other, beside=first) for other in others)])
    return changes


def listed(store: Store, **query: object) -> set[int]:
    return set(store.timeline(TimelineQuery(order="newest", limit=0, **query)))  # type: ignore[arg-type]


def test_only_the_lead_is_listed_and_its_card_tells_of_the_others(store: Store, ids: list[int]) -> None:
    assert listed(store) == {ids[0], *ids[3:]}
    (row,) = store.rows([ids[0]])
    assert (row.story_posts, row.outlets) == (3, 3)
    assert row.story_id is not None
    assert store.rows([ids[5]])[0].story_id is None


def test_the_for_you_list_leaves_out_the_folded_ones_too(store: Store, ids: list[int]) -> None:
    assert set(store.timeline(TimelineQuery(limit=0))) == {ids[0], *ids[3:]}


def test_a_list_of_one_feed_has_all_its_posts(store: Store, ids: list[int]) -> None:
    feed_id = store.post(ids[1]).row.feed_id
    assert listed(store, feed_id=feed_id) >= {ids[1]}


def test_a_folder_shows_one_telling_of_a_story_whose_lead_is_elsewhere(store: Store, ids: list[int]) -> None:
    assert listed(store, folder="News") & set(ids[:3]) == {ids[0]}
    assert listed(store, folder="Tech") & set(ids[:3]) == {ids[2]}


def test_the_story_lists_its_lead_first_then_the_newest(store: Store, ids: list[int]) -> None:
    story = store.story(ids[2])
    assert story is not None
    assert [telling.post_id for telling in story.posts] == [ids[0], ids[2], ids[1]]
    assert story.lead_id == ids[0]
    assert store.timeline(TimelineQuery(story_id=story.id)) == [ids[2], ids[1], ids[0]]
    assert store.story(ids[4]) is None


def test_unread_counts_leave_out_what_stands_behind_a_card(store: Store, ids: list[int]) -> None:
    assert store.counts().unread == 4
    assert sum(feed.unread for feed in store.feeds()) == 6
    assert sum(feed.folded for feed in store.feeds()) == 2
    store.mark(store.with_tellings([ids[0]]), read=True)
    assert store.counts().unread == 3
    assert sum(feed.folded for feed in store.feeds()) == 0


def test_hiding_the_lead_lets_another_telling_stand_and_bringing_it_back_undoes_that(store: Store, ids: list[int]) -> None:
    changes = store.mark([ids[0]], hidden=True)
    assert changes.updated == {ids[0], ids[1]}
    assert listed(store) == {ids[1], *ids[3:]}
    assert store.mark([ids[0]], hidden=False).updated == {ids[0], ids[1]}
    assert listed(store) == {ids[0], *ids[3:]}


def test_a_rule_that_hides_the_lead_lets_another_telling_stand(store: Store, ids: list[int]) -> None:
    rule = Rule(name="r", conditions=(Condition(field="words", value="x"),))
    saved, changes = store.save_rule(rule, [(ids[0], RuleHit(rule_id=0, action="hide", matched="x"))])
    assert {ids[0], ids[1]} <= changes.updated
    assert ids[1] in listed(store)
    assert {ids[0], ids[1]} <= store.delete_rule(saved.id).updated
    assert listed(store) == {ids[0], *ids[3:]}


def test_leaving_the_feed_of_the_lead_and_coming_back(store: Store, ids: list[int]) -> None:
    feed_id = store.post(ids[0]).row.feed_id
    assert ids[1] in store.remove_feed(feed_id).updated
    assert ids[1] in listed(store)
    store.restore_feed(feed_id)
    assert ids[1] not in listed(store)


def test_a_dropped_post_leaves_its_story(store: Store, ids: list[int], clock: Clock) -> None:
    store.update_feed(store.post(ids[0]).row.feed_id, keep_posts=1)
    assert {ids[0], ids[1]} <= store.prune().updated
    story = store.story(ids[1])
    assert story is not None
    assert {telling.post_id for telling in story.posts} == {ids[1], ids[2]}
    assert listed(store) == set(ids) - {ids[0], ids[2]}


def test_a_longer_text_leads_before_an_earlier_line(store: Store) -> None:
    feed_id = follow(store, "four")
    early, late = sorted(take(store, feed_id, [post(9, word_count=5), post(8, word_count=300)]).new)
    fold(store, early, late)
    assert listed(store) == {late}


def test_people_of_networks_are_outlets_and_feeds_otherwise(store: Store) -> None:
    people, site = follow(store, "m", kind="mastodon"), follow(store, "s")
    some = [post(1, author="Ada"), post(2, author="Ada"), post(3, author="Bob")]
    found = sorted(take(store, people, some).new | take(store, site, [post(4, author="Cy"), post(5, author="Di")]).new)
    fold(store, *found)
    assert {(row.outlets, row.people) for row in store.rows(found)} == {(3, 2)}
    sizes = dict(zip(*(part.tolist() for part in store.story_sizes()), strict=True))
    assert sizes == dict.fromkeys(found, 3)


# ---- what the person does ----


def test_a_split_post_stands_alone_and_undoing_it_gives_back_every_row(store: Store, ids: list[int]) -> None:
    before = rows_of(store)
    act = store.split_story([ids[1]])
    assert act.changes.updated == set(ids[:3])
    assert listed(store) == {ids[0], ids[1], *ids[3:]}
    assert set(store.story_pairs()) == {(ids[0], ids[1], False), (ids[1], ids[2], False)}
    store.undo_story_act(act.id)
    assert rows_of(store) == before
    assert store.story_pairs() == []


def test_several_split_posts_tell_a_story_of_their_own(store: Store, ids: list[int]) -> None:
    store.save_folds([Fold(post_id=ids[3], beside=ids[0])])
    before = rows_of(store)
    act = store.split_story([ids[1], ids[2]])
    story = store.story(ids[1])
    assert story is not None
    assert {telling.post_id for telling in story.posts} == {ids[1], ids[2]}
    assert listed(store) == {ids[0], ids[1], ids[4], ids[5]}
    store.undo_story_act(act.id)
    assert rows_of(store) == before


def test_a_story_split_whole_falls_apart(store: Store, ids: list[int]) -> None:
    store.split_story(ids[:3])
    assert listed(store) == set(ids)
    assert store.story(ids[0]) is None


def test_merging_two_stories_and_a_post_alone_and_undoing_it(store: Store, ids: list[int]) -> None:
    fold(store, ids[3], ids[4])
    before = rows_of(store)
    act = store.merge_stories([ids[1], ids[4], ids[5]])
    assert act.changes.updated == set(ids)
    assert listed(store) == {ids[0]}
    assert (ids[1], ids[4], True) in store.story_pairs()
    store.undo_story_act(act.id)
    assert rows_of(store) == before


def test_a_merge_stands_above_an_earlier_split_until_it_is_undone(store: Store, ids: list[int]) -> None:
    store.split_story([ids[1]])
    act = store.merge_stories([ids[1], ids[0]])
    assert (ids[0], ids[1], True) in store.story_pairs()
    store.undo_story_act(act.id)
    assert (ids[0], ids[1], False) in store.story_pairs()


def test_posts_that_came_after_a_merge_stay_when_it_is_undone(store: Store, ids: list[int]) -> None:
    act = store.merge_stories([ids[3], ids[4]])
    store.save_folds([Fold(post_id=ids[5], beside=ids[4])])
    store.undo_story_act(act.id)
    assert store.story(ids[3]) is None
    assert listed(store) == {ids[0], *ids[3:]}


def test_acts_that_would_do_nothing_say_so(store: Store, ids: list[int]) -> None:
    with pytest.raises(InputError, match="alone"):
        store.split_story([ids[4]])
    with pytest.raises(InputError, match="one story already"):
        store.merge_stories(ids[:2])
    with pytest.raises(InputError, match="alone"):
        store.set_lead(ids[4])
    with pytest.raises(NotFoundError):
        store.undo_story_act(99)


def test_the_person_chooses_the_lead(store: Store, ids: list[int]) -> None:
    act = store.set_lead(ids[2])
    assert ids[2] in listed(store)
    store.mark([ids[2]], hidden=True)
    assert ids[0] in listed(store)
    store.mark([ids[2]], hidden=False)
    assert ids[2] in listed(store)
    store.undo_story_act(act.id)
    assert listed(store) == {ids[0], *ids[3:]}


def test_a_preferred_feed_leads(store: Store, ids: list[int]) -> None:
    feed_id = store.post(ids[2]).row.feed_id
    store._db.write(lambda c: c.execute("insert into interest_edits values ('source', ?, 1.0, 0)", (str(feed_id),)))
    assert ids[2] in store.fold_by_feeds([feed_id]).updated
    assert listed(store) == {ids[2], *ids[3:]}


# ---- following ----


def test_a_followed_story_tells_how_many_posts_are_new(store: Store, ids: list[int], clock: Clock) -> None:
    assert store.follow_story(ids[1], True).updated == set(ids[:3])
    assert store.rows([ids[0]])[0].story_followed
    clock.forward(minutes=5)
    store.save_folds([Fold(post_id=ids[4], beside=ids[1])])
    assert store.rows([ids[0]])[0].story_new == 1
    story = store.story(ids[0])
    assert story is not None
    assert [telling.post_id for telling in story.posts if telling.new] == [ids[4]]
    clock.forward(minutes=5)
    store.looked_at_story(ids[0])
    assert store.rows([ids[0]])[0].story_new == 0
    store.follow_story(ids[0], False)
    assert not store.rows([ids[0]])[0].story_followed


def test_followed_stories_are_listed_those_with_something_new_first(store: Store, ids: list[int], clock: Clock) -> None:
    store.follow_story(ids[0], True)
    store.follow_story(ids[5], True)
    assert store.timeline(TimelineQuery(followed=True)) == [ids[5], ids[0]]
    clock.forward(minutes=5)
    store.save_folds([Fold(post_id=ids[3], beside=ids[0])])
    assert store.timeline(TimelineQuery(followed=True)) == [ids[0], ids[5]]


def test_a_post_alone_can_be_followed_and_left(store: Store, ids: list[int]) -> None:
    store.follow_story(ids[5], True)
    assert store.rows([ids[5]])[0].story_followed
    store.follow_story(ids[5], False)
    assert store.story(ids[5]) is None


# ---- putting posts to stories ----


def test_a_post_that_is_put_elsewhere_leaves_its_story(store: Store, ids: list[int]) -> None:
    store.save_folds([Fold(post_id=ids[2], beside=ids[5])])
    assert listed(store) == set(ids) - {ids[1], ids[5]}
    store.save_folds([Fold(post_id=ids[2])])
    assert listed(store) == set(ids) - {ids[1]}


def test_a_post_brings_two_stories_together(store: Store, ids: list[int]) -> None:
    fold(store, ids[3], ids[4])
    store.save_folds([Fold(post_id=ids[5], beside=ids[0], joined=(ids[4],))])
    assert listed(store) == {ids[0]}


def test_storing_the_same_fold_twice_changes_nothing(store: Store, ids: list[int]) -> None:
    before = rows_of(store)
    store.save_folds([Fold(post_id=ids[1], beside=ids[0]), Fold(post_id=ids[2], beside=ids[0])])
    assert rows_of(store) == before


def test_what_was_folded_is_owed_no_more_and_a_new_content_is(store: Store, ids: list[int]) -> None:
    assert set(store.owed_stories(since=0, limit=10)) == set(ids[3:])
    row = store.post(ids[0]).row
    take(store, row.feed_id, [post(60, title="Another title", word_count=100)])
    assert ids[0] in store.owed_stories(since=0, limit=10)


def test_the_last_week_is_owed_before_what_came_before_it(store: Store, ids: list[int]) -> None:
    since = (NOW - timedelta(hours=25)).timestamp()
    assert store.owed_stories(since=since, limit=2) == [ids[4], ids[5]]


def test_turning_folding_off_shows_every_post_and_on_folds_again(store: Store, ids: list[int]) -> None:
    store.set_setting("fold_stories", False)
    assert store.fold_all().updated == {ids[1], ids[2]}
    assert listed(store) == set(ids)
    store.set_setting("fold_stories", True)
    store.fold_all()
    assert listed(store) == {ids[0], *ids[3:]}


def rows_of(store: Store) -> list[object]:
    """Everything that tells of stories, but for ids of stories and the times of acts."""
    with store._db.read() as connection:
        return [
            connection.execute("select post_id, folded from post_states order by post_id").fetchall(),
            connection.execute(
                "select sp.post_id, sp.added_at, t.lead_id, t.chosen_id, t.outlets, t.newest_at from story_posts as sp"
                " join stories as t on t.id = sp.story_id order by sp.post_id"
            ).fetchall(),
            connection.execute("select * from feed_counts order by feed_id").fetchall(),
            connection.execute("select count(*) from stories").fetchall(),
        ]


def test_an_act_is_taken_back_exactly_though_other_stories_began_meanwhile(store: Store, ids: list[int]) -> None:
    act = store.split_story([ids[0], ids[1], ids[2]])
    fold(store, ids[3], ids[4])
    store.undo_story_act(act.id)
    assert {row.post_id for row in told(store, ids[0])} == set(ids[:3])
    assert {row.post_id for row in told(store, ids[3])} == {ids[3], ids[4]}


def told(store: Store, post_id: int) -> tuple[StoryPost, ...]:
    story = store.story(post_id)
    assert story is not None
    return story.posts


def test_putting_a_followed_story_to_another_and_taking_that_back_follows_only_what_was_followed(store: Store, ids: list[int]) -> None:
    fold(store, ids[3], ids[4])
    store.follow_story(ids[3], True)
    act = store.merge_stories([ids[0], ids[3]])
    assert store.rows([ids[0]])[0].story_followed
    store.undo_story_act(act.id)
    assert [store.rows([one])[0].story_followed for one in (ids[0], ids[3])] == [False, True]


def test_a_story_followed_from_its_only_telling_on_stays_followed_when_that_is_put_anew(store: Store, ids: list[int]) -> None:
    store.follow_story(ids[5], True)
    fold(store, ids[5])
    assert store.rows([ids[5]])[0].story_followed


def test_hiding_the_shown_tellings_names_none_that_was_hidden_before(store: Store, ids: list[int]) -> None:
    store.mark([ids[2]], hidden=True)
    assert store.mark(ids[:2], hidden=True).updated == set(ids[:2])
    store.mark(ids[:2], hidden=False)
    assert store.rows([ids[2]])[0].hidden
    store.mark([ids[2]], hidden=False)
    assert listed(store) == {ids[0], *ids[3:]}
