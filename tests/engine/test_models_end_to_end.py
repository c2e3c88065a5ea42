"""The real models on real posts: vectors, signals, meaning and summaries. Skipped where they are not installed."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Engine, SampleInternet, StageFailed, TimelineQuery, list_models

pytestmark = pytest.mark.skipif(
    not all(model.installed for model in list_models() if model.default),
    reason="the default models are not installed: make models",
)


def test_posts_get_vectors_signals_and_scores_and_nothing_leaves_the_machine(
    engine: Engine, internet: SampleInternet
) -> None:
    engine.set_setting("summaries_top", 0)
    engine.follow(internet.subscriptions, allow_private=True)
    list(engine.refresh(force=True))
    asked = len(engine.ledger())
    assert not [event for event in engine.enrich() if isinstance(event, StageFailed)]
    rows = engine.rows(engine.timeline(TimelineQuery(order="newest")))
    english = [row for row in rows if row.language == "en"]
    assert len(english) >= 18
    assert all(row.sentiment is not None for row in english)
    chinese = [row for row in rows if row.language == "zh"]
    assert all(row.sentiment is not None and "joy" not in row.shares for row in chinese)  # by words and characters alone
    assert engine.device().startswith("CPU")
    assert len(engine.ledger()) == asked
    assert next(iter(engine.search("velocipede riders", mode="meaning").hits)).by == "meaning"
    best = engine.rows([hit.id for hit in engine.search("two-wheeled transport", mode="meaning").hits[:3]])
    assert any(row.feed_title == "Spoke & Chain" for row in best)


def test_embed_returns_unit_vectors_that_mean_something(engine: Engine) -> None:
    vectors = engine.embed(["A cat sleeps on the sofa.", "A kitten naps on the couch.", "Interest rates rose again."])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert vectors[0] @ vectors[1] > 0.4 > vectors[0] @ vectors[2]


def test_signals_tell_joy_from_anger(engine: Engine) -> None:
    glad, angry = engine.signals(["I love this, what a wonderful day!", "This is terrible, I hate it, worst ever."])
    assert glad.sentiment is not None
    assert angry.sentiment is not None
    assert (glad.sentiment.label, angry.sentiment.label) == ("positive", "negative")
    assert sum((glad.sentiment.negative, glad.sentiment.neutral, glad.sentiment.positive)) == pytest.approx(1.0, abs=1e-4)


def test_every_sentence_of_a_summary_points_at_words_of_the_post(engine: Engine, internet: SampleInternet) -> None:
    engine.add_feed(internet.subscriptions[0].url)
    post_id = next(row.id for row in engine.rows(engine.timeline(TimelineQuery())) if "Council" in row.title)
    summary = engine.summarise(post_id)
    assert summary.sentences
    for sentence in summary.sentences:
        assert sentence.evidence
        assert all(summary.text[span.start : span.end].strip() for span in sentence.evidence)
    assert engine.stored_summary(post_id) == summary
