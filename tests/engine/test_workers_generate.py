"""The generate worker: models of several architectures and broken ones, labels by logits, text held to a grammar."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, ModelError
from engine.models.catalogue import by_name, default_models_dir
from engine.workers.clients import GenerateWorker
from engine.workers.generate import ROUND_BATCHES, _Ending, _Model
from tests import tiny_models

MODEL = by_name("SmolLM2-135M-Instruct")
needs_model = pytest.mark.skipif(
    not MODEL.installed(default_models_dir()), reason="the default language model is not installed"
)
LABELS = [" good", " bad"]
BEFORE = [("scaffold", "<|im_start|>the yes and no "), ("foreign", "the good and the bad")]
ITEMS = [
    [("foreign", text), ("scaffold", "<|im_end|>")]
    for text in ("the good", "no no no and the bad day is over", "x", "yes the and " * 60, "Grüße, 世界", "the good")
]
FOREVER = 'root ::= " good" root'
CUTTABLE = ("llama", "qwen2", "qwen3", "gemma3")


class Role:
    """The role without its process."""

    def __init__(self, path: Path, **config: Any) -> None:
        self.model = _Model(path, 1, **config)

    def info(self) -> dict[str, Any]:
        (reply,) = self.model.info({}, _never)
        found: dict[str, Any] = reply["info"]
        return found

    def complete(self, pieces: Any, **options: Any) -> str:
        payload = {"pieces": pieces} | tiny_models.options(**options)
        return "".join(reply["text"] for reply in self.model.complete(payload, _never))

    def choose(self, before: Any, items: Any, labels: Any = LABELS) -> list[list[float]]:
        found: dict[int, list[float]] = {}
        for reply in self.model.choose({"before": before, "items": items, "labels": labels}, _never):
            found.update(zip(reply["indices"], reply["probabilities"], strict=True))
        return [found[place] for place in range(len(items))]


def _never() -> bool:
    return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(params=[(name, kind) for name in tiny_models.WRITERS for kind in ("bpe", "spm")], ids="-".join)
def role(request: pytest.FixtureRequest, folder: Path) -> Role:
    architecture, vocabulary = request.param
    path = folder / f"{architecture}-{vocabulary}.gguf"
    return Role(path if path.exists() else tiny_models.write(path, architecture, vocabulary=vocabulary))


@pytest.fixture
def llama(folder: Path) -> Role:
    path = folder / "llama-bpe.gguf"
    return Role(path if path.exists() else tiny_models.write(path))


@pytest.fixture(scope="module")
def worker() -> Iterator[GenerateWorker]:
    with GenerateWorker(MODEL.path(default_models_dir()), MODEL.template) as started:
        yield started


# ---- any architecture ------------------------------------------------------------------------------


def test_labels_chosen_in_one_batch_are_those_chosen_one_at_a_time(role: Role) -> None:
    together = role.choose(BEFORE, ITEMS)
    for item, shares in zip(ITEMS, together, strict=True):
        assert role.choose(BEFORE, [item])[0] == pytest.approx(shares, abs=1e-3)


def test_a_shared_beginning_changes_no_probability(role: Role) -> None:
    shared = role.choose(BEFORE, ITEMS)
    assert [sum(row) for row in shared] == pytest.approx([1.0] * len(ITEMS))
    for item, row in zip(ITEMS, shared, strict=True):
        assert role.choose([], [[*BEFORE, *item]])[0] == pytest.approx(row, abs=1e-3)


def test_what_was_read_before_changes_no_text(role: Role) -> None:
    first = role.complete(BEFORE, seed=1)
    role.complete([*BEFORE, ("foreign", " and the good")])
    role.choose(BEFORE, ITEMS)
    role.complete([("scaffold", "no the yes")])
    assert role.complete(BEFORE, seed=1) == first


def test_what_cannot_be_rolled_back_is_known(role: Role) -> None:
    info = role.info()
    assert info["can_roll_back"] == (info["architecture"] in CUTTABLE)


def test_text_keeps_to_a_grammar(role: Role) -> None:
    assert role.complete(BEFORE, grammar='root ::= " yes" | " no"') in {" yes", " no"}
    text = role.complete(BEFORE, grammar=FOREVER, max_tokens=30)
    assert text
    assert (" good" * 30).startswith(text)


# ---- files that are no models ----------------------------------------------------------------------


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Role(path).info()
    return str(caught.value)


def is_one_sentence_that_says_what_to_do(said: str) -> bool:
    return said.endswith(("choose another model.", "choose a smaller model.")) and ". " not in said and "\n" not in said


@pytest.mark.parametrize("how", tiny_models.DAMAGES)
def test_a_broken_file_is_refused_in_one_sentence(folder: Path, how: str) -> None:
    said = refusal(tiny_models.damaged(folder / "broken.gguf", how))
    assert is_one_sentence_that_says_what_to_do(said)
    assert "broken.gguf" in said


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"named": "parrot"}, "the kind “parrot”"),
        ({"named": "bert"}, "does not write text"),
        ({"vocabulary": "none"}, "no vocabulary"),
        ({"without": ("blk.1.ffn_up.weight",)}, "parts of it are missing"),
        ({"without": ("token_embd.weight",)}, "parts of it are missing"),
        ({"named": "mamba"}, "cannot be loaded"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_by_its_reason(folder: Path, wishes: Any, words: str) -> None:
    said = refusal(tiny_models.write(folder / "odd.gguf", **wishes))
    assert words in said
    assert is_one_sentence_that_says_what_to_do(said)


def test_a_file_that_is_gone_is_missed_by_name(folder: Path) -> None:
    assert "nowhere.gguf is not there any more" in refusal(folder / "nowhere.gguf")


# ---- labels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([" good", " incomprehensible"], "more than one token"),
        ([" good", " good"], "begin alike"),
        ([" good"], "two labels at least"),
        ([" good", ""], "more than one token"),
    ],
)
def test_labels_that_cannot_be_told_apart_by_one_token_are_refused(llama: Role, labels: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        llama.choose(BEFORE, ITEMS, labels)


def test_an_empty_text_to_choose_for_is_refused(llama: Role) -> None:
    with pytest.raises(InputError, match="empty text"):
        llama.choose(BEFORE, [[("foreign", "")]])


def test_a_text_longer_than_the_context_loses_its_end_and_is_chosen_for(llama: Role) -> None:
    short, long = llama.choose(BEFORE, [ITEMS[0], [("foreign", "the bad " * 4000), ("scaffold", "<|im_end|>")]])
    assert sum(long) == pytest.approx(1.0)
    assert short != long


def test_many_texts_are_chosen_for_in_full_rounds(llama: Role) -> None:
    many = [[("foreign", f"the good number {number}")] for number in range(300)]
    payload = {"before": BEFORE, "items": many, "labels": LABELS}
    sizes = [len(reply["indices"]) for reply in llama.model.choose(payload, _never) if reply["indices"]]
    assert sum(sizes) == 300
    tokens = len(llama.model._prompt(many[-1], 1000))
    assert min(sizes[:-1]) >= ROUND_BATCHES * llama.model._loaded().batch_tokens // tokens > 1


def test_choosing_stops_between_batches_and_the_next_choice_is_right(llama: Role) -> None:
    many = [[("foreign", f"the bad number {number} " * 20)] for number in range(100)]
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 200

    replies = list(llama.model.choose({"before": BEFORE, "items": many, "labels": LABELS}, cancelled))
    assert sum(len(reply["indices"]) for reply in replies) < 100
    fresh = Role(llama.model._path).choose(BEFORE, ITEMS)
    assert llama.choose(BEFORE, ITEMS) == [pytest.approx(row, abs=1e-4) for row in fresh]


# ---- writing ---------------------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_text_and_another_one_another(llama: Role) -> None:
    drawn = [llama.complete(BEFORE, temperature=1.5, seed=seed, max_tokens=20) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("grammar", ["root ::= ((", 'start ::= "a"', "root ::= root", "\0", "root ::= " + '"a" ' * 40_000])
def test_a_grammar_that_cannot_be_read_is_refused(llama: Role, grammar: str) -> None:
    with pytest.raises(InputError, match=r"^This grammar .*\.$"):
        llama.complete(BEFORE, grammar=grammar)


def test_a_grammar_that_has_ended_ends_the_text(llama: Role) -> None:
    assert llama.complete(BEFORE, grammar='root ::= " yes the"', max_tokens=30) == " yes the"


def test_a_text_ends_before_what_it_is_to_stop_at(llama: Role) -> None:
    assert llama.complete(BEFORE, grammar='root ::= " good and the bad"', max_tokens=30, stop=["the b"]) == " good and "


def test_what_may_begin_an_end_is_held_back_until_it_is_none() -> None:
    ending = _Ending(0, ["<end>"])
    assert [ending.take(text) for text in ("a<", "en", "t", "b<e")] == ["a", "", "<ent", "b"]
    assert not ending.reached
    assert ending.left() == "<e"


def test_a_text_ends_with_the_sentence_that_reaches_its_words() -> None:
    ending = _Ending(3, ())
    shown = ""
    for text in ("One. ", "Two", " three", " four", ".", " Five."):
        shown += ending.take(text)
        if ending.reached:
            break
    assert shown == "One. Two three four."


def test_info_tells_device_context_and_measured_speeds(llama: Role) -> None:
    assert llama.info()["reading_tokens_per_second"] == 0
    llama.complete([("foreign", "the good and the bad " * 40)], grammar=FOREVER)
    info = llama.info()
    assert (info["device"], info["why"], info["context_tokens"]) == ("CPU, 1 thread", "", 2048)
    assert info["reading_tokens_per_second"] > 0
    assert info["writing_tokens_per_second"] > 0
    assert all(math.isfinite(value) for value in info.values() if isinstance(value, float))


def test_a_context_of_its_own_size_is_kept_to(folder: Path, llama: Role) -> None:
    assert Role(llama.model._path, context_tokens=512).info()["context_tokens"] == 512


def test_layers_for_a_graphics_card_that_cannot_be_used_are_not_forgotten_silently(llama: Role) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    if llama_cpp.llama_supports_gpu_offload():
        pytest.skip("this build can use a graphics card")
    info = Role(llama.model._path, gpu_layers=10).info()
    assert info["device"] == "CPU, 1 thread"
    assert "no GPU support" in info["why"]


# ---- the default model in its process --------------------------------------------------------------


@needs_model
def test_the_default_model_prefers_the_label_that_fits(worker: GenerateWorker) -> None:
    before = [("scaffold", "<|im_start|>user\nIs this post good or bad?\n")]
    after = ("scaffold", "<|im_end|>\n<|im_start|>assistant\nIt is")
    texts = ["I love it, what a wonderful day!", "Terrible. I hate this so much."]
    glad, angry = worker.choose(before, [[("foreign", text), after] for text in texts], [" good", " bad"])
    assert glad[0] > angry[0]
    info = worker.known_info()
    assert info is not None
    assert (info.architecture, info.can_roll_back) == ("llama", True)


@needs_model
def test_errors_of_the_role_reach_the_caller_as_they_are(worker: GenerateWorker) -> None:
    with pytest.raises(InputError, match="no GBNF"):
        list(worker.complete([("scaffold", "Name a colour.")], grammar="root ::= (("))
