"""The commands over models: list, fit, add, use, remove, devices, the build for a card, servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.models import catalogue
from engine.models.catalogue import Model, ModelFile
from tests.engine.test_cli import Run, cli  # noqa: F401
from tests.engine.test_own_models import gguf_file
from tests.fakenet import FakeNet
from tests.fakenet.openai import OpenAi


def test_the_list_says_what_each_model_costs_and_whether_it_fits(cli: Run) -> None:  # noqa: F811
    code, out, _ = cli("models", "list")
    assert code == 0
    assert "Apache-2.0" in out
    assert "GB of memory" in out
    assert "recommended" in out
    assert "SmolVLM" not in out
    assert "SmolVLM-256M-Instruct" in cli("models", "list", "--all")[1]


def test_one_text_model_is_recommended_for_this_machine(cli: Run) -> None:  # noqa: F811
    known = json.loads(cli("models", "list", "--json")[1])
    assert [model["kind"] for model in known if model["recommended"]].count("text") == 1
    assert all(model["fit"]["word"] in ("fits", "tight", "does not fit") for model in known)


def test_adding_warns_and_wants_a_word_of_trust(cli: Run, tmp_path: Path) -> None:  # noqa: F811
    code, _, err = cli("models", "add", gguf_file(tmp_path))
    assert code == 2
    assert "somebody you trust" in err
    assert "--trust" in err


@pytest.mark.parametrize("content", [b"", b"no model", b"GGUF\x03\x00\x00\x00"])
def test_a_broken_file_is_refused_in_one_sentence(cli: Run, tmp_path: Path, content: bytes) -> None:  # noqa: F811
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    code, out, err = cli("models", "add", path, "--trust")
    assert (code, out) == (9, "")
    assert len(err.strip().splitlines()) == 1
    assert "GGUF" in err


def test_choosing_what_is_not_here_says_how_to_bring_it(cli: Run) -> None:  # noqa: F811
    code, _, err = cli("models", "use", "Qwen3-4B", "--yes")
    assert code == 9
    assert "millpond models install Qwen3-4B" in err
    assert cli("models", "use", "nosuch")[0] == 3


def test_what_is_fetched_on_the_command_line_stands_in_the_profiles_ledger(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    file = ModelFile(name="far.gguf", sha256="a" * 64, size_bytes=1000, url="https://127.0.0.1:9/far.gguf")
    far = Model(name="far", kind="text", licence="MIT", files=(file,), memory_bytes=2000)
    known = (*catalogue.catalogue(), far)
    monkeypatch.setattr(catalogue, "catalogue", lambda: known)
    assert cli("models", "install", "far", "--anyway")[0] != 0
    (row,) = json.loads(cli("ledger", "--json")[1])
    assert (row["host"], row["purpose"]) == ("127.0.0.1:9", "model")
    assert row["error"]


def test_devices_are_shown_with_their_reasons(cli: Run) -> None:  # noqa: F811
    found = json.loads(cli("models", "device", "--json")[1])
    assert found["machine"]["llama_version"]
    assert found["devices"][1]["why"]
    words = cli("models", "device", "--retry")[1]
    assert "processor" in words
    assert "llama.cpp" in words


def test_no_build_for_a_card_where_there_is_none(cli: Run) -> None:  # noqa: F811
    if json.loads(cli("models", "device", "--json")[1])["machine"]["gpus"]:
        pytest.skip("this machine has a graphics card")
    code, _, err = cli("models", "gpu-build", "--dry-run")
    assert code == 9
    assert "No graphics card" in err
    assert "CUDA" in cli("models", "gpu-build", "--cuda", "--yes")[2]


def test_a_server_is_added_listed_used_and_removed(cli: Run, net: FakeNet) -> None:  # noqa: F811
    there = OpenAi(net)
    added: dict[str, Any] = json.loads(cli("models", "server", "add", there.url, "--json")[1])
    assert (added["model"], added["enabled"]) == ("big-model", False)
    assert "in use" not in cli("models", "server", "list")[1]
    assert "ledger" in cli("models", "server", "use", added["id"])[1]
    assert "in use" in cli("models", "server", "list")[1]
    assert "big-model on 127.0.0.1" in cli("models", "device")[1]
    assert cli("models", "server", "use", "--off")[0] == 0
    assert "in use" not in cli("models", "server", "list")[1]
    assert "forgotten" in cli("models", "server", "remove", added["id"])[1]
    assert "no model server" in cli("models", "server", "list")[1]
    assert "model server" in cli("ledger")[1]


def test_a_server_elsewhere_has_to_be_typed_out(cli: Run) -> None:  # noqa: F811
    code, _, err = cli("models", "server", "add", "https://llm.example.org")
    assert code != 0
    assert "type the host's name, llm.example.org" in err
    assert "Nothing has left" in cli("ledger")[1]


def test_a_server_is_named_or_switched_off_but_not_both(cli: Run) -> None:  # noqa: F811
    assert cli("models", "server", "use")[0] == 2
    assert cli("models", "server", "use", "1", "--off")[0] == 2
    assert cli("models", "server", "use", "1")[0] == 3


def test_a_models_fit_is_told_with_its_parts(cli: Run) -> None:  # noqa: F811
    code, out, _ = cli("models", "fit", "SmolLM2-135M-Instruct")
    assert code == 0
    assert "fits" in out or "tight" in out
