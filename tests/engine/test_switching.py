"""What another model means for what was made with the one before."""

from __future__ import annotations

from engine import Engine
from engine.models import catalogue
from engine.types import Summary, SummarySentence
from tests.engine.conftest import plain_posts

DEFAULT = "all-MiniLM-L6-v2"


def test_another_embedding_model_makes_vectors_of_posts_in_its_languages(engine: Engine) -> None:
    engine.add_posts("Ponds", plain_posts(6))
    ids = engine._store.owed("vectors", DEFAULT)
    engine._store.save_languages(dict.fromkeys(ids[:2], "en") | dict.fromkeys(ids[2:], "zh"))
    cost = engine.switch_cost(DEFAULT)
    assert (cost.kind, cost.posts) == ("embedding", 2)
    engine._store.settle("vectors", DEFAULT, ids)
    assert engine.switch_cost(DEFAULT).posts == 0


def written(by: str) -> Summary:
    return Summary(sentences=(SummarySentence(text="The pond is calm.", evidence=()),), method="model", model=by, text="The pond is calm.")


def test_summaries_of_another_model_stay_until_they_are_wanted_anew(engine: Engine) -> None:
    engine.add_posts("Ponds", plain_posts(3))
    hashes = [engine._store.post(post_id).content_hash for post_id in engine._store.owed("vectors", DEFAULT)]
    for content, model in zip(hashes, ("old", "old", "new"), strict=True):
        engine._store.save_summary(content, written(model), prompt="p")
    assert engine._store.summaries_of_others("new") == 2
    changes = engine._store.forget_summaries_of_others("new")
    assert len(changes.updated) == 2
    assert engine._store.summaries_of_others("new") == 0
    assert [engine._store.summary(content) is not None for content in hashes] == [False, False, True]


def test_a_text_models_price_are_the_summaries_of_others(engine: Engine) -> None:
    engine.add_posts("Ponds", plain_posts(1))
    (post_id,) = engine._store.owed("vectors", DEFAULT)
    engine._store.save_summary(engine._store.post(post_id).content_hash, written("SmolLM2-135M-Instruct"), prompt="p")
    assert engine.switch_cost("Qwen3-4B").summaries == 1
    assert engine.switch_cost("SmolLM2-135M-Instruct").summaries == 0


def test_a_model_that_nobody_knows_any_more_counts_as_the_default(engine: Engine) -> None:
    engine.set_setting("embedding_model", "gone-12345678")
    assert engine._model_name() == DEFAULT
    assert engine._models.model() == catalogue.by_name(DEFAULT)
