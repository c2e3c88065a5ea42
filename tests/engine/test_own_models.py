"""Models of a person's own: checked, hashed, tried, used where they lie, and refused without harm."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, InputError, ModelError, NotFoundError
from engine.language import prompts
from engine.models import catalogue, gguf_header, own
from engine.models.catalogue import Model
from tests import tiny_models
from tests.engine.test_models_header import LLAMA, file_of

DEFAULTS = catalogue.default_models_dir()
TEXT = catalogue.by_name("SmolLM2-135M-Instruct")
EMBEDDING = catalogue.by_name("all-MiniLM-L6-v2")
VOCABULARY = {"tokenizer.ggml.tokens": ["a", "b"], "tokenizer.chat_template": "<|im_start|>"}

needs_models = pytest.mark.skipif(
    not (TEXT.installed(DEFAULTS) and EMBEDDING.installed(DEFAULTS)), reason="the default models are not installed"
)


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder of its own, in which the default models are by link."""
    folder = tmp_path / "models"
    folder.mkdir()
    for model in (TEXT, EMBEDDING):
        if model.installed(DEFAULTS):
            (folder / model.folder).symlink_to(DEFAULTS / model.folder)
    monkeypatch.setenv("MILLPOND_MODELS", str(folder))
    return folder


def gguf_file(folder: Path, name: str = "mine.gguf", **facts: Any) -> Path:
    path = folder / name
    path.write_bytes(file_of({**LLAMA, **VOCABULARY, **facts}))
    return path


def sentence_folder(folder: Path, *, modules: Any = None, config: Any = None, weights: str = "model.safetensors") -> Path:
    place = folder / "my-embedder"
    (place / "1_Pooling").mkdir(parents=True)
    listed = [{"idx": 0, "type": "sentence_transformers.models.Transformer"}] if modules is None else modules
    (place / "modules.json").write_text(json.dumps(listed))
    (place / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 384} if config is None else config))
    (place / "1_Pooling" / "config.json").write_text("{}")
    (place / weights).write_bytes(b"weights")
    return place


def finished(steps: Iterator[Any]) -> Any:
    """The value that a generator ends with."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


# ---- what is looked at before native code is ------------------------------------------------------------


def test_a_gguf_file_is_named_by_its_content_and_spoken_to_as_its_template_looks(tmp_path: Path) -> None:
    found = finished(own.hashed(own.check(gguf_file(tmp_path), "text")))
    assert found.name.startswith("mine-")
    assert found.name.endswith(found.files[0].sha256[:8])
    assert (found.template, found.kind, found.own) == ("chatml", "text", str(tmp_path / "mine.gguf"))
    assert found.memory_bytes > found.size_bytes


@pytest.mark.parametrize(
    ("template", "alike"),
    [("{% if enable_thinking %}<|im_start|>", "qwen"), ("<|start_header_id|>", "llama3"), ("<start_of_turn>", "gemma"), ("<|im_start|>", "chatml")],
)
def test_a_template_is_told_by_its_marks(tmp_path: Path, template: str, alike: str) -> None:
    assert own.check(gguf_file(tmp_path, **{"tokenizer.chat_template": template}), "text").template == alike


def test_every_template_that_can_be_named_is_one_that_prompts_know() -> None:
    for template in own.MODEL_TEMPLATES:
        assert prompts.chat(template, "Be brief.", ["A post."], "Go.")


def test_without_a_template_the_person_is_asked_for_one(tmp_path: Path) -> None:
    path = gguf_file(tmp_path, **{"tokenizer.chat_template": "something else"})
    with pytest.raises(InputError, match="which template fits: chatml"):
        own.check(path, "text")
    assert own.check(path, "text", template="gemma").template == "gemma"
    with pytest.raises(InputError, match="no template “jinja”"):
        own.check(path, "text", template="jinja")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"general.type": "adapter"}, "addition to one"),
        ({"general.architecture": "clip"}, "addition to one"),
        ({"split.count": 3}, "one of 3 parts"),
        ({"llama.pooling_type": 1}, "turns text into vectors"),
    ],
)
def test_a_file_that_is_no_whole_writer_is_refused(tmp_path: Path, facts: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        own.check(gguf_file(tmp_path, **facts), "text", template="chatml")


def test_a_file_without_a_vocabulary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(file_of(LLAMA))
    with pytest.raises(ModelError, match="no vocabulary"):
        own.check(path, "text", template="chatml")


def test_of_a_folder_the_one_gguf_file_is_taken(tmp_path: Path) -> None:
    gguf_file(tmp_path)
    assert own.check(tmp_path, "text").own == str(tmp_path / "mine.gguf")
    gguf_file(tmp_path, "other.gguf")
    with pytest.raises(ModelError, match="2 GGUF files"):
        own.check(tmp_path, "text")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not there"):
        own.check(tmp_path / "none.gguf", "text")


def test_a_sentence_transformers_folder_is_read_without_its_pickles(tmp_path: Path) -> None:
    place = sentence_folder(tmp_path)
    (place / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    found = own.check(place, "embedding", languages=["en", "de"])
    assert [file.name for file in found.files] == ["1_Pooling/config.json", "config.json", "model.safetensors", "modules.json"]
    assert (found.dimensions, found.languages) == (384, ("en", "de"))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"modules": [{"type": "my_code.Evil"}]}, "program code of its own"),
        ({"config": {"auto_map": {"AutoModel": "modeling.py"}}}, "program code of its own"),
        ({"weights": "pytorch_model.bin"}, "pickles"),
        ({"weights": "model.onnx"}, "not at all"),
        ({"modules": []}, "lists no modules"),
        ({"modules": {"a": 1}}, "lists no modules"),
    ],
)
def test_a_folder_that_could_run_something_is_refused(tmp_path: Path, made: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        own.check(sentence_folder(tmp_path, **made), "embedding")


def test_a_folder_with_links_out_of_it_is_refused(tmp_path: Path) -> None:
    place = sentence_folder(tmp_path)
    (tmp_path / "secret.txt").write_text("x")
    (place / "vocab.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ModelError, match="lead out of the folder"):
        own.check(place, "embedding")


def test_damaged_json_in_a_folder_is_refused(tmp_path: Path) -> None:
    place = sentence_folder(tmp_path)
    (place / "config.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match="cannot be read"):
        own.check(place, "embedding")


def test_a_file_is_no_folder_and_a_language_has_two_letters(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="takes a folder"):
        own.check(gguf_file(tmp_path), "embedding")
    with pytest.raises(InputError, match="two letters"):
        own.check(gguf_file(tmp_path), "text", languages=["english"])


# ---- the list of them ------------------------------------------------------------------------------------


def kept(path: Path, models_dir: Path) -> Model:
    found: Model = finished(own.hashed(own.check(path, "text")))
    own.keep(found, models_dir)
    return found


def test_what_was_added_is_known_by_its_name(tmp_path: Path, models_dir: Path) -> None:
    model = kept(gguf_file(tmp_path), models_dir)
    assert catalogue.own_models(models_dir) == (model,)
    assert catalogue.by_name(model.name) == model
    assert model.installed(models_dir)
    assert model.path(models_dir) == tmp_path / "mine.gguf"


def test_a_changed_file_is_not_used_and_says_so(tmp_path: Path, models_dir: Path) -> None:
    path = gguf_file(tmp_path)
    model = kept(path, models_dir)
    path.write_bytes(path.read_bytes() + b"!")
    assert not model.installed(models_dir)
    assert "was changed" in model.trouble()
    path.unlink()
    assert "is gone" in model.trouble()


def test_a_file_of_another_content_has_another_name(tmp_path: Path, models_dir: Path) -> None:
    path = gguf_file(tmp_path)
    first = kept(path, models_dir)
    path.write_bytes(file_of({**LLAMA, **VOCABULARY, "general.name": "Other"}))
    assert kept(path, models_dir).name != first.name


def test_forgetting_leaves_the_file_alone(tmp_path: Path, models_dir: Path) -> None:
    path = gguf_file(tmp_path)
    model = kept(path, models_dir)
    own.forget(model.name, models_dir)
    assert path.exists()
    assert catalogue.own_models(models_dir) == ()
    with pytest.raises(NotFoundError):
        own.forget(model.name, models_dir)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"models": [{"name": 5}]}', '{"models": 3}'])
def test_a_damaged_list_is_no_list_and_is_kept_aside(tmp_path: Path, models_dir: Path, content: str) -> None:
    (models_dir / "own.json").write_text(content)
    assert catalogue.own_models(models_dir) == ()
    model = kept(gguf_file(tmp_path), models_dir)
    assert catalogue.own_models(models_dir) == (model,)
    assert (models_dir / "own.damaged").read_text() == content


def test_a_setting_that_names_a_model_nobody_knows_means_the_default(models_dir: Path) -> None:
    assert catalogue.in_use("gone-12345678", "text").name == TEXT.name
    assert catalogue.in_use("gone-12345678", "embedding").name == EMBEDDING.name


# ---- in the engine ---------------------------------------------------------------------------------------


def added(engine: Engine, path: Path, kind: Any = "text", **more: Any) -> str:
    *_, last = engine.add_model(path, kind, trusted=True, **more)
    assert last.stage == "done"
    return last.detail


def test_nothing_is_taken_in_before_the_warning_was_confirmed(engine: Engine, tmp_path: Path, models_dir: Path) -> None:
    with pytest.raises(InputError, match="somebody you trust"):
        list(engine.add_model(gguf_file(tmp_path), "text"))
    assert not any(model.own for model in engine.models())


def test_a_file_that_only_looks_like_a_model_is_refused_in_one_sentence(engine: Engine, tmp_path: Path, models_dir: Path) -> None:
    before = engine.settings()["text_model"]
    with pytest.raises(ModelError, match="was not taken") as refusal:
        list(engine.add_model(gguf_file(tmp_path), "text", trusted=True))
    assert len(str(refusal.value)) < 300
    assert engine.settings()["text_model"] == before
    assert not any(model.own for model in engine.models())


def test_an_own_text_model_is_added_used_and_removed(engine: Engine, tmp_path: Path, models_dir: Path) -> None:
    path = tiny_models.write(tmp_path / "my writer.gguf")
    name = added(engine, path, template="chatml")
    (status,) = (model for model in engine.models() if model.own)
    assert (status.name, status.installed, status.architecture, len(status.sha256)) == (name, True, "llama", 64)
    assert status.fit is not None
    assert status.fit.by == "header"
    engine.use_model(name)
    assert engine.settings()["text_model"] == name
    engine.remove_model(name)
    assert path.exists()
    assert engine.settings()["text_model"] == TEXT.name


@pytest.mark.parametrize("architecture", sorted(tiny_models.WRITERS))
def test_a_header_of_any_architecture_says_how_its_memory_works(tmp_path: Path, architecture: str) -> None:
    model = own.check(tiny_models.write(tmp_path / "tiny.gguf", architecture), "text", template="chatml")
    header = gguf_header.read_file(Path(model.own))
    assert header.architecture == architecture
    assert header.layers == 2
    assert header.can_roll_back is (architecture not in ("mamba", "lfm2", "gemma3"))
    assert header.hybrid is (architecture == "lfm2")
    assert header.cache_bytes(512) > 0


@pytest.mark.parametrize("how", sorted(tiny_models.DAMAGES.keys() - {"weights that are no numbers"}))
def test_a_damaged_file_is_refused_before_native_code_sees_it(tmp_path: Path, how: str) -> None:
    with pytest.raises(ModelError) as refusal:
        own.check(tiny_models.damaged(tmp_path / "damaged.gguf", how), "text", template="chatml")
    assert str(refusal.value).count(". ") == 0


@needs_models
def test_an_own_embedding_folder_is_added_and_makes_vectors(engine: Engine, tmp_path: Path, models_dir: Path) -> None:
    place = tmp_path / EMBEDDING.folder  # what was measured goes by the folder's name
    shutil.copytree(EMBEDDING.path(DEFAULTS), place)
    if (DEFAULTS / "measured.json").exists():
        shutil.copy(DEFAULTS / "measured.json", models_dir)
    name = added(engine, place, "embedding", languages=["en"])
    assert engine.switch_cost(name).posts == 0
    engine.use_model(name)
    assert engine.settings()["embedding_model"] == name
    assert not (tmp_path / "measured.json").exists()
    assert (models_dir / "measured.json").exists()


def test_a_broken_model_is_not_chosen_and_the_one_before_stays(engine: Engine, tmp_path: Path, models_dir: Path) -> None:
    model = kept(gguf_file(tmp_path), models_dir)
    with pytest.raises(ModelError, match="was not taken"):
        engine.use_model(model.name)
    assert engine.settings()["text_model"] == TEXT.name
    (tmp_path / "mine.gguf").write_bytes(b"GGUF" + struct.pack("<I", 3))
    with pytest.raises(ModelError, match="was changed since"):
        engine.use_model(model.name)


def test_closing_while_a_file_is_hashed_adds_nothing(engine: Engine, tmp_path: Path, models_dir: Path) -> None:
    steps = engine.add_model(gguf_file(tmp_path), "text", trusted=True)
    while next(steps).stage != "verify":
        pass
    steps.close()  # type: ignore[attr-defined]
    assert catalogue.own_models(models_dir) == ()


def test_a_model_that_is_not_here_cannot_be_chosen(engine: Engine, models_dir: Path) -> None:
    with pytest.raises(ModelError, match="millpond models install Qwen3-4B"):
        engine.use_model("Qwen3-4B")
    with pytest.raises(ModelError, match="cannot run"):
        engine.use_model("SmolVLM-256M-Instruct")
