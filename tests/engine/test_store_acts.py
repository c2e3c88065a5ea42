"""What the person does, rules, derived values, the ledger and settings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError, NotFoundError
from engine.store import Store
from engine.types import (
    Changes,
    Condition,
    Rule,
    RuleHit,
    Sentiment,
    Signals,
    Span,
    Subscription,
    Summary,
    SummarySentence,
    TimelineQuery,
)
from tests.engine.store_posts import NOW, Clock, follow, opened, post, take

RULE = Rule(name="No bodies", conditions=(Condition(field="words", value="body"),))
MUFFLE = Rule(name="Quiet", conditions=(Condition(field="author", value="Ada"),), action="muffle", feed_ids=(1,))


@pytest.fixture
def ids(store: Store) -> list[int]:
    return sorted(take(store, follow(store), [post(number) for number in range(1, 9)]).new, reverse=True)


# ---- acts ----


def test_marking_tells_which_posts_were_otherwise_before(store: Store, ids: list[int]) -> None:
    store.mark(ids[:2], read=True)
    assert store.mark(ids[:4], read=True).updated == set(ids[2:4])
    assert not store.mark(ids[:4], read=True)
    assert not store.mark([424242], read=True)


def test_several_flags_are_set_in_one_act(store: Store, ids: list[int]) -> None:
    store.mark(ids[:1], read=True, saved=True, hidden=True)
    (row,) = store.rows(ids[:1])
    assert (row.read, row.saved, row.hidden, row.hidden_by) == (True, True, True, None)


def test_a_like_is_shown_and_can_be_taken_back(store: Store, ids: list[int]) -> None:
    for liked in (True, False, None):
        assert store.feedback(ids[0], liked).updated == {ids[0]}
        assert store.rows(ids[:1])[0].liked is liked
        assert not store.feedback(ids[0], liked)


def test_feedback_on_no_post_is_an_error(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.feedback(1, True)
    with pytest.raises(NotFoundError):
        store.record(1, "opened")


def test_the_history_holds_what_holds_now(store: Store, ids: list[int], clock: Clock) -> None:
    a, b, c = ids[:3]
    store.feedback(a, True)
    store.feedback(b, True)
    store.mark([c], saved=True, hidden=True)
    clock.forward(minutes=1)
    store.feedback(a, False)
    store.feedback(b, None)
    store.record(b, "opened")
    store.record(b, "dismissed")
    store.mark([c], hidden=False)
    later = NOW + timedelta(minutes=1)
    assert store.feedback_history() == [
        (c, "saved", NOW),
        (b, "dismissed", later),
        (b, "opened", later),
        (a, "disliked", later),
    ]


# ---- rules ----


def hits_of(rule: Rule, found: list[tuple[int, str]]) -> list[tuple[int, RuleHit]]:
    return [(post_id, RuleHit(rule_id=rule.id, action=rule.action, matched=words)) for post_id, words in found]


def test_a_rule_hides_its_posts_and_says_so(store: Store, ids: list[int]) -> None:
    rule, changes = store.save_rule(RULE, hits_of(RULE, [(ids[0], "body"), (ids[1], "the body")]))
    assert (changes.rules, changes.updated) == (True, set(ids[:2]))
    assert store.rules() == [rule]
    assert store.rows(ids[:1])[0].hidden_by == rule.id
    assert store.hits(ids[1]) == [RuleHit(rule_id=rule.id, action="hide", matched="the body")]
    assert store.timeline(TimelineQuery(order="newest", hidden=True, rule_id=rule.id)) == ids[:2]
    assert store.rule_counts() == {rule.id: 2}


def test_a_muffled_post_stays_in_the_list(store: Store, ids: list[int]) -> None:
    rule, _ = store.save_rule(MUFFLE, hits_of(MUFFLE, [(ids[0], "Ada")]))
    (row,) = store.rows(ids[:1])
    assert (row.hidden, row.muffled_by) == (False, rule.id)
    assert ids[0] in store.timeline(TimelineQuery())
    assert store.rule_counts() == {rule.id: 1}


def test_deleting_a_rule_brings_back_what_only_it_hid(store: Store, ids: list[int]) -> None:
    one, _ = store.save_rule(RULE, hits_of(RULE, [(ids[0], "x"), (ids[1], "x")]))
    two, _ = store.save_rule(RULE, hits_of(RULE, [(ids[1], "y")]))
    store.delete_rule(one.id)
    assert [row.hidden for row in store.rows(ids[:2])] == [False, True]
    assert store.rows(ids[1:2])[0].hidden_by == two.id
    with pytest.raises(NotFoundError):
        store.delete_rule(one.id)


def test_saving_a_rule_again_replaces_its_hits_and_switching_it_off_removes_them(store: Store, ids: list[int]) -> None:
    rule, _ = store.save_rule(RULE, hits_of(RULE, [(ids[0], "x")]))
    _, changes = store.save_rule(rule, hits_of(rule, [(ids[1], "x")]))
    assert changes.updated == set(ids[:2])
    off = Rule(id=rule.id, name=rule.name, conditions=rule.conditions, enabled=False, created_at=rule.created_at)
    store.save_rule(off, hits_of(off, [(ids[1], "x")]))
    assert store.counts().hidden == 0
    assert store.rules() == [off]


def test_what_the_person_brought_back_no_rule_hides_again(store: Store, ids: list[int]) -> None:
    rule, _ = store.save_rule(RULE, hits_of(RULE, [(ids[0], "x")]))
    assert store.mark(ids[:1], hidden=False).updated == {ids[0]}
    store.save_rule(rule, hits_of(rule, [(ids[0], "x")]))
    store.save_rule(RULE, hits_of(RULE, [(ids[0], "x")]))
    store.save_rule(MUFFLE, hits_of(MUFFLE, [(ids[0], "x")]))
    store.save_hits(ids[:1], [(ids[0], RuleHit(rule_id=rule.id, action="hide", matched="x"))])
    (row,) = store.rows(ids[:1])
    assert (row.hidden, row.muffled_by) == (False, None)
    assert store.rule_counts()[rule.id] == 0


def test_undoing_ones_own_hide_leaves_the_post_to_later_rules(store: Store, ids: list[int]) -> None:
    store.mark(ids[:1], hidden=True)
    store.mark(ids[:1], hidden=False)
    store.save_rule(RULE, hits_of(RULE, [(ids[0], "x")]))
    assert store.rows(ids[:1])[0].hidden


def test_what_the_person_hid_no_rule_brings_back(store: Store, ids: list[int]) -> None:
    rule, _ = store.save_rule(RULE, hits_of(RULE, [(ids[0], "x")]))
    store.mark(ids[:1], hidden=True)
    store.delete_rule(rule.id)
    (row,) = store.rows(ids[:1])
    assert (row.hidden, row.hidden_by) == (True, None)


def test_judging_new_posts_settles_them_and_forgets_what_held_before(store: Store, ids: list[int]) -> None:
    rule, _ = store.save_rule(RULE, hits_of(RULE, [(ids[0], "x")]))
    changes = store.save_hits(ids[:3], [(ids[1], RuleHit(rule_id=rule.id, action="hide", matched="x"))])
    assert changes.updated == set(ids[:2])
    assert store.owed("rules") == ids[3:]
    assert store.timeline(TimelineQuery(order="newest", hidden=True)) == ids[1:2]


def test_a_hit_of_a_rule_that_is_gone_does_nothing(store: Store, ids: list[int]) -> None:
    assert not store.save_hits(ids[:1], [(ids[0], RuleHit(rule_id=99, action="hide", matched="x"))]).updated


def test_posts_that_may_meet_a_rule_are_found_by_words_in_every_field(store: Store) -> None:
    feed = follow(store)
    items = [
        post(1, title="Otter news"),
        post(2, text="an OTTER swims"),
        post(3, author="Otter"),
        post(4, categories=("otter",)),
        post(5),
    ]
    found = sorted(take(store, feed, items).new)
    assert store.posts_with_words(["otter"]) == found[1:]
    assert store.posts_with_words(["otter", "swims"]) == [post_id for post_id in found if store.post(post_id).guid == "guid-2"]
    assert store.posts_with_words([]) == found
    assert store.posts_with_words(["otter"], [feed + 1]) == []


# ---- derived ----


def test_owed_posts_come_newest_first_behind_those_on_screen(store: Store, ids: list[int]) -> None:
    assert store.owed("vectors", "m", limit=4, first=[ids[6], 999]) == [ids[6], *ids[:3]]
    store.settle("vectors", "m", ids[:6])
    assert store.owed("vectors", "m", first=ids[:2]) == ids[6:]
    assert store.owed_count("vectors", "m") == 2
    assert store.owed_count("vectors", "another") == 8


def test_a_language_that_the_source_told_is_not_owed(store: Store) -> None:
    take(store, follow(store), [post(1), post(2, language="")])
    (unknown,) = store.owed("language")
    assert store.save_languages({unknown: "de"}).updated == {unknown}
    assert store.owed("language") == []
    assert store.texts([unknown])[0].language == "de"


def test_vectors_are_read_back_in_order_and_by_model(store: Store, ids: list[int]) -> None:
    codes = np.random.default_rng(1).integers(-127, 128, (len(ids), 6), dtype=np.int8)
    scales = np.linspace(0.1, 1, len(ids), dtype=np.float32)
    store.save_vectors("m", np.array(ids), codes, scales)
    store.save_vectors("other", np.array(ids[:1]), codes[:1], scales[:1])
    parts = list(store.load_vectors("m", block=3))
    assert [len(part[0]) for part in parts] == [3, 3, 2]
    order = np.argsort(ids)
    assert np.concatenate([part[0] for part in parts]).tolist() == sorted(ids)
    assert np.array_equal(np.concatenate([part[1] for part in parts]), codes[order])
    assert np.allclose(np.concatenate([part[2] for part in parts]), scales[order])
    assert store.vectors("m", [ids[3], 999])[0].tolist() == [ids[3]]
    assert (store.vector_count("m"), store.vector_count("other"), store.vector_count("none")) == (8, 1, 0)
    assert list(store.load_vectors("none")) == []


def test_vectors_of_another_width_are_refused(store: Store, ids: list[int]) -> None:
    store.save_vectors("m", np.array(ids[:1]), np.ones((1, 6), np.int8), np.ones(1, np.float32))
    with pytest.raises(ValueError, match="6 components"):
        store.save_vectors("m", np.array(ids[1:2]), np.ones((1, 7), np.int8), np.ones(1, np.float32))


def test_dropped_vectors_are_owed_again(store: Store, ids: list[int]) -> None:
    store.save_vectors("m", np.array(ids), np.ones((8, 6), np.int8), np.ones(8, np.float32))
    store.drop_vectors("m")
    assert store.vector_count("m") == 0
    assert store.owed("vectors", "m") == ids


def test_signals_are_shown_until_the_content_changes(store: Store, ids: list[int]) -> None:
    said = Sentiment(0.1, 0.2, 0.7)
    feed = store.feeds()[0].id
    changes = store.save_signals("m", {ids[0]: Signals(sentiment=said), ids[1]: None, ids[2]: Signals()})
    assert ids[1] not in changes.updated
    assert [row.sentiment for row in store.rows(ids[:3])] == [said, None, None]
    assert store.owed("signals", "m") == ids[3:]
    take(store, feed, [post(1, text="changed")])
    assert store.rows(ids[:1])[0].sentiment is None


def test_every_signal_that_was_asked_is_shown_and_those_that_were_not_are_missing(store: Store, ids: list[int]) -> None:
    store.save_signals("m", {ids[0]: Signals(shares={"spam": 0.97, "scam": 0.0}), ids[1]: Signals(sentiment=Sentiment(0.5, 0.25, 0.25))})
    first, second = store.rows(ids[:2])
    assert (first.sentiment, first.shares) == (None, {"spam": 0.97, "scam": 0.0})
    assert (second.sentiment, second.shares) == (Sentiment(0.5, 0.25, 0.25), {})
    assert {post.id: post.signals for post in store.matchables(ids[:2], signals=True)} == {
        ids[0]: {"spam": 0.97, "scam": 0.0},
        ids[1]: {"negative": 0.5, "neutral": 0.25, "positive": 0.25},
    }


def test_what_other_heads_said_is_shown_until_the_new_ones_have_spoken(store: Store, ids: list[int]) -> None:
    store.save_signals("m heads 1", {post_id: Signals(shares={"joy": 0.9, "anger": 0.1}) for post_id in ids})
    assert store.owed("signals", "m heads 1") == []
    assert store.owed("signals", "m heads 2") == ids  # the newest first
    changes = store.save_signals("m heads 2", {ids[0]: Signals(shares={"joy": 0.2}), ids[1]: Signals()})
    assert [row.shares for row in store.rows(ids[:3])] == [{"joy": 0.2}, {}, {"joy": 0.9, "anger": 0.1}]
    assert changes.updated == set(ids[:2])
    assert store.owed("signals", "m heads 2") == ids[2:]
    assert store.owed_count("signals", "m heads 2") == 6


def test_summaries_are_kept_by_content_model_and_prompt(store: Store, ids: list[int], clock: Clock) -> None:
    content = store.post(ids[0]).content_hash
    summary = Summary(
        sentences=(SummarySentence(text="A body.", evidence=(Span(start=0, end=8),)),),
        method="model",
        model="m",
        text="The body of post 1.",
        rejected=2,
    )
    assert store.summary(content) is None
    assert store.save_summary(content, summary, prompt="v1/60").updated == {ids[0]}
    assert store.summary(content) == store.summary(content, model="m", prompt="v1/60") == summary
    assert store.summary(content, model="other") is None
    clock.forward(minutes=1)
    shorter = Summary(sentences=(), method="extractive", model="", text="", note="short")
    store.save_summary(content, shorter, prompt="v1/60")
    assert store.summary(content) == shorter


def test_candidates_are_the_listed_posts_as_columns(store: Store, ids: list[int]) -> None:
    store.mark(ids[:1], read=True, saved=True)
    store.mark(ids[1:2], hidden=True)
    store.feedback(ids[2], False)
    store.save_rule(MUFFLE, hits_of(MUFFLE, [(ids[3], "Ada")]))
    columns = store.candidates(sketch_terms=4)
    assert columns.ids.tolist() == sorted(ids)
    place = {post_id: i for i, post_id in enumerate(columns.ids.tolist())}
    assert (columns.read[place[ids[0]]], columns.saved[place[ids[0]]], int(columns.read.sum())) == (True, True, 1)
    assert columns.ids[columns.hidden].tolist() == ids[1:2]
    assert columns.ids[columns.muffled].tolist() == ids[3:4]
    assert columns.liked[place[ids[2]]] == -1
    assert columns.sketches[place[ids[0]]].tolist() == [1, 1, 1, 0]
    assert columns.published[place[ids[0]]] == (NOW - timedelta(hours=1)).timestamp()
    assert columns.languages == ["en"] * 8
    assert store.candidates(ids[2:4]).ids.tolist() == sorted(ids[2:4])
    assert store.candidates([]).sketches.shape == (0, 32)


# ---- ledger, settings ----


def test_a_request_is_in_the_ledger_before_it_ends(store: Store) -> None:
    number = store.begin(host="example.org:443", purpose="feed", method="GET", sent_bytes=120)
    (row,) = store.ledger()
    assert (row.id, row.host, row.status, row.received_bytes, row.at) == (number, "example.org:443", None, 0, NOW)
    store.complete(number, status=200, received_bytes=4096, error="")
    store.set_setting("ai", False)  # a write that waits for those before it
    (row,) = store.ledger(host="example.org:443")
    assert (row.status, row.received_bytes) == (200, 4096)
    assert store.ledger(host="other:443") == []


def test_a_pause_outlives_the_process_and_is_never_shortened(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path, clock) as store:
        store.pause("example.org:443", NOW + timedelta(hours=2))
        store.pause("example.org:443", NOW + timedelta(hours=1))
    with opened(tmp_path, clock) as store:
        assert store.pauses() == {"example.org:443": NOW + timedelta(hours=2)}
        clock.forward(hours=3)
        assert store.pauses() == {}


def test_settings_are_checked_and_kept(store: Store) -> None:
    assert store.set_setting("strength", "0.5") == Changes(settings=True)
    assert store.settings() == {"strength": 0.5}
    with pytest.raises(InputError):
        store.set_setting("strength", 7)
    with pytest.raises(InputError):
        store.set_setting("no such", 1)


def test_credentials_of_feeds_are_kept_apart_and_can_be_forgotten(store: Store) -> None:
    feed = follow(store)
    store.save_auth(feed, ("ada", "s3cret"))
    assert store.auths() == {feed: ("ada", "s3cret")}
    assert "s3cret" not in repr(store.feeds()) + repr(store.fetch_states())
    store.save_auth(feed, None)
    assert store.auths() == {}


def test_a_list_of_ten_thousand_feeds_is_taken(store: Store) -> None:
    wanted = [(Subscription(url=f"https://example.org/{number}"), False) for number in range(10_000)]
    assert len(store.add_feeds(wanted).feeds) == 10_000
    assert store.counts().feeds == len(store.feeds()) == 10_000
