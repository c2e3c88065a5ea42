"""The generate worker: text held to a grammar, and labels chosen by their logits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.errors import InputError
from engine.models.catalogue import by_name, default_models_dir
from engine.workers.clients import GenerateWorker

MODEL = by_name("SmolLM2-135M-Instruct")
needs_model = pytest.mark.skipif(
    not MODEL.installed(default_models_dir()), reason="the default language model is not installed"
)
BEFORE = [("scaffold", "<|im_start|>user\nIs this post good or bad?\n")]
AFTER = ("scaffold", "<|im_end|>\n<|im_start|>assistant\nIt is")


@pytest.fixture(scope="module")
def worker() -> Iterator[GenerateWorker]:
    with GenerateWorker(MODEL.path(default_models_dir()), MODEL.template) as started:
        yield started


@needs_model
def test_the_default_model_prefers_the_label_that_fits(worker: GenerateWorker) -> None:
    texts = ["I love it, what a wonderful day!", "Terrible. I hate this so much."]
    glad, angry = worker.choose(BEFORE, [[("foreign", text), AFTER] for text in texts], [" good", " bad"])
    assert glad[0] > angry[0]
    assert sum(glad) == pytest.approx(1.0)


@needs_model
def test_a_label_of_several_tokens_is_refused_in_a_sentence(worker: GenerateWorker) -> None:
    with pytest.raises(InputError, match="more than one token"):
        worker.choose(BEFORE, [[("foreign", "Rain."), AFTER]], [" incomprehensibility", " bad"])


@needs_model
def test_text_keeps_to_a_grammar_and_a_bad_grammar_is_refused(worker: GenerateWorker) -> None:
    pieces = [("scaffold", "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n")]
    assert "".join(worker.complete(pieces, grammar='root ::= "red" | "blue"')) in {"red", "blue"}
    with pytest.raises(InputError, match="no GBNF"):
        list(worker.complete(pieces, grammar="root ::= (("))
