"""The profile tells what was learnt in words, how sure that is, and how many acts say so."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine import Engine, Learned, PlainPost, Signals, open_engine
from engine.vectors import quantise, unit

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MODEL = "all-MiniLM-L6-v2"
SUBJECTS = {"skating": "Skating on the frozen lake", "engines": "Repair of a diesel engine", "bread": "Baking rye bread"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Three subjects of ten posts each with vectors, of three feeds; skating is liked, engines are not."""
    random = np.random.default_rng(1)
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=lambda: NOW) as opened:
        opened.set_setting("ai", False)
        for place, (subject, title) in enumerate(SUBJECTS.items()):
            posts = [
                PlainPost(title=f"{title}, part {number}", text="湖面结冰" if subject == "skating" else "", author=subject.title(),
                          published_at=NOW - timedelta(hours=3 * number + place))
                for number in range(10)
            ]  # fmt: skip
            ids = sorted(opened.add_posts(subject, posts).new)
            middle = np.eye(3, 32, dtype=np.float32)[place]
            vectors = unit(middle + random.standard_normal((10, 32)).astype(np.float32) * 0.1)
            opened._store.save_vectors(MODEL, np.array(ids), *quantise(vectors))
            opened._store.save_signals("heads", {i: Signals(shares={"joy": 0.9 if place == 0 else 0.1}) for i in ids})
            for post_id in ids[:6]:
                if subject != "bread":
                    opened.feedback(post_id, subject == "skating")
        yield opened


def found(engine: Engine, kind: str) -> dict[str, Learned]:
    return {each.name: each for each in engine.learned().learned if each.kind == kind}


def test_the_profile_counts_what_was_done(engine: Engine) -> None:
    profile = engine.learned()
    assert (profile.acts, profile.likes, profile.dislikes) == (12, 6, 6)


def test_words_stand_there_as_they_are_written(engine: Engine) -> None:
    words = found(engine, "word")
    assert words["skating"].weight > 0 > words["diesel"].weight
    assert words["skating"].acts == 6
    assert "the" not in words


def test_chinese_words_are_pairs_of_characters(engine: Engine) -> None:
    words = found(engine, "word")
    assert words["结冰"].weight > 0
    assert not any(len(name) == 1 for name in words)


def test_sources_authors_signals_and_topics_are_told_with_doubt(engine: Engine) -> None:
    engine.set_setting("ai", True)  # signals count for nothing while that is off
    assert found(engine, "source")["skating"].weight > 0 > found(engine, "source")["engines"].weight
    assert found(engine, "author")["Skating"].weight > 0 > found(engine, "author")["Engines"].weight
    assert found(engine, "signal")["joy"].weight > 0
    liked = [each for each in engine.learned().learned if each.kind == "topic" and each.weight > 0]
    assert any("skating" in each.name or "结冰" in each.name for each in liked)
    assert all(each.doubt > 0 for each in engine.learned().learned)


def test_a_source_that_nothing_was_done_to_is_not_told(engine: Engine) -> None:
    assert "bread" not in found(engine, "source")


def test_the_strongest_stand_first(engine: Engine) -> None:
    weights = [abs(each.weight) for each in engine.learned().learned]
    assert weights == sorted(weights, reverse=True)


def test_more_acts_of_one_kind_leave_less_doubt(engine: Engine) -> None:
    key = found(engine, "source")["skating"].key
    before = found(engine, "source")["skating"].doubt
    for post_id in [row.id for row in engine.rows(engine.timeline()) if str(row.feed_id) == key and row.liked is None]:
        engine.feedback(post_id, True)
    assert found(engine, "source")["skating"].doubt < before


def test_an_edited_topic_of_a_post_is_shown_by_its_title(engine: Engine) -> None:
    first = engine.timeline()[0]
    engine.edit_interest("topic", f"post:{first}", 2)
    (edited,) = [each for each in engine.learned().learned if each.edited]
    assert (edited.name, edited.weight) == (engine.post(first).row.title, 2)


def test_a_learnt_topic_that_is_edited_is_shown_with_both(engine: Engine) -> None:
    topic = next(each for each in engine.learned().learned if each.kind == "topic" and each.weight > 0)
    engine.edit_interest("topic", topic.key, -0.5)
    edited = found(engine, "topic")[topic.name]
    assert (edited.weight, edited.learnt, edited.edited) == (pytest.approx(topic.weight - 0.5), topic.weight, True)


def test_an_edited_word_is_taken_out_of_what_was_learnt(engine: Engine) -> None:
    def words_of(title: str) -> float:
        post_id = next(row.id for row in engine.rows(engine.timeline()) if row.title == title)
        return sum(each.contribution for each in engine.explain(post_id).reasons if each.name in ("words_liked", "words_disliked"))

    title = "Skating on the frozen lake, part 9"
    before = words_of(title)
    engine.edit_interest("word", "skating", 0)
    assert words_of(title) < before
    assert found(engine, "word")["skating"].learnt > 0


def test_the_file_tells_what_was_learnt_but_no_title(engine: Engine) -> None:
    text = engine.export_algorithm()
    assert 'key = "skating"' in text
    assert "part 3" not in text
    assert engine.compare_algorithm(text) == []
