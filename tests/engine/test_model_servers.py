"""A person's own model server in the engine: kept, switched on, asked, and never by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from engine import Engine, InputError, ModelError, NotFoundError, PlainPost, RefusedError, SecretsError, secrets
from engine.workers.supervisor import CancelledError
from tests.fakenet import FakeNet
from tests.fakenet.openai import OpenAi
from tests.memory_keyring import MemoryKeyring


def written(engine: Engine) -> str:
    generator = engine._models.generator()
    assert generator is not None
    return "".join(generator.complete([("scaffold", "Say yes.")], max_tokens=10))


def test_a_server_is_off_until_it_is_switched_on(engine: Engine, net: FakeNet) -> None:
    there = OpenAi(net)
    server = engine.add_model_server(there.url)
    assert (server.model, server.enabled, server.has_key, server.confirmed_at) == ("big-model", False, False, None)
    assert engine._models.text_model().name == "SmolLM2-135M-Instruct"
    engine.use_model_server(server.id)
    assert engine._models.text_model().name == f"big-model on 127.0.0.1:{net.port}"
    assert written(engine) == "Yes, of course."
    assert {row.purpose for row in engine.ledger()} == {"model server"}
    engine.use_model_server(None)
    assert engine._models.text_model().name == "SmolLM2-135M-Instruct"


def test_with_models_switched_off_no_server_is_asked(engine: Engine, net: FakeNet) -> None:
    engine.use_model_server(engine.add_model_server(OpenAi(net).url).id)
    engine.set_setting("ai", False)
    assert engine._models.generator() is None


@pytest.mark.parametrize("end", [
    lambda engine, _server: engine.set_setting("ai", False),
    lambda engine, _server: engine.use_model_server(None),
    lambda engine, server: engine.remove_model_server(server),
])  # fmt: skip
def test_what_a_server_was_asked_for_is_given_up_when_it_is_no_longer_used(
    engine: Engine, net: FakeNet, end: Callable[[Engine, int], object]
) -> None:
    there = OpenAi(net, answer=lambda _body: itertools.repeat("and "), delay_seconds=0.01)
    server = engine.add_model_server(there.url)
    engine.use_model_server(server.id)
    generator = engine._models.generator()
    assert generator is not None
    parts = generator.complete([("scaffold", "Say yes.")], max_tokens=2000)
    assert next(part for part in parts if part)
    end(engine, server.id)
    with pytest.raises(CancelledError):
        list(parts)


def test_only_one_server_is_on_and_removing_it_gives_the_work_back(engine: Engine, net: FakeNet) -> None:
    with FakeNet(host="127.0.0.2") as second:
        first = engine.add_model_server(OpenAi(net).url)
        other = engine.add_model_server(OpenAi(second, models=["other"]).url)
        engine.use_model_server(first.id)
        engine.use_model_server(other.id)
        assert [server.model for server in engine.model_servers() if server.enabled] == ["other"]
        engine.remove_model_server(other.id)
    assert engine._models.text_model().name == "SmolLM2-135M-Instruct"
    assert [server.url for server in engine.model_servers()] == [first.url]


def test_of_several_models_one_has_to_be_named(engine: Engine, net: FakeNet) -> None:
    there = OpenAi(net, models=["small", "large"])
    with pytest.raises(InputError, match="It offers: small, large"):
        engine.add_model_server(there.url)
    with pytest.raises(InputError, match="It offers: small, large"):
        engine.add_model_server(there.url, "medium")
    assert engine.add_model_server(there.url, "large").model == "large"
    assert engine.model_server_offers(there.url) == ["small", "large"]


def test_a_server_that_does_not_answer_is_not_kept(engine: Engine) -> None:
    with FakeNet() as gone:
        url = gone.url("/v1")
    with pytest.raises(ModelError, match="cannot be used"):
        engine.add_model_server(url)
    assert engine.model_servers() == []


def test_a_server_elsewhere_is_not_even_asked_before_its_name_was_typed(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="type the host's name"):
        engine.add_model_server("https://llm.example.org")
    assert engine.ledger() == []


def test_a_key_lies_in_the_keyring_alone(engine: Engine, net: FakeNet, ring: MemoryKeyring) -> None:
    there = OpenAi(net, key="s3cret-of-the-server")
    with pytest.raises(ModelError, match="wants a key"):
        engine.add_model_server(there.url)
    server = engine.add_model_server(there.url, key="s3cret-of-the-server")
    assert server.has_key
    item = engine._store.model_server_key(server.id)
    assert item.startswith("model-server-")
    engine.use_model_server(server.id)
    assert written(engine) == "Yes, of course."
    engine.remove_model_server(server.id)
    assert secrets.read_secret(item) is None


def test_without_a_keyring_a_key_is_not_kept_anywhere(engine: Engine, net: FakeNet) -> None:
    there = OpenAi(net, key="s3cret-of-the-server")
    with pytest.raises(SecretsError, match="keyring"):
        engine.add_model_server(there.url, key="s3cret-of-the-server")
    assert engine.model_servers() == []


def test_servers_survive_the_window(reopen: Callable[[], Engine], net: FakeNet) -> None:
    with reopen() as engine:
        engine.use_model_server(engine.add_model_server(OpenAi(net).url).id)
    with reopen() as engine:
        assert written(engine) == "Yes, of course."


def test_a_server_that_nobody_knows_is_told(engine: Engine) -> None:
    with pytest.raises(NotFoundError):
        engine.use_model_server(7)
    with pytest.raises(NotFoundError):
        engine.remove_model_server(7)


def test_choosing_a_model_here_switches_the_server_off(engine: Engine, net: FakeNet) -> None:
    engine.use_model_server(engine.add_model_server(OpenAi(net).url).id)
    if not next(model for model in engine.models() if model.name == "SmolLM2-135M-Instruct").installed:
        pytest.skip("the default models are not installed")
    engine.use_model("SmolLM2-135M-Instruct")
    assert not any(server.enabled for server in engine.model_servers())


def test_a_summary_by_a_server_is_named_after_it(engine: Engine, net: FakeNet) -> None:
    text = "The council of Lindow approved the new bridge on Tuesday. It will cost 4 million euros. " * 4
    OpenAi(net, answer=lambda _body: ["The council of Lindow approved ", "the new bridge on Tuesday. "])
    engine.use_model_server(engine.add_model_server(net.url("/v1")).id)
    summary = engine.summarise(text)
    assert summary.model == f"big-model on 127.0.0.1:{net.port}"
    assert "bridge" in " ".join(sentence.text for sentence in summary.sentences)


def test_posts_go_to_a_server_in_idle_time_only_when_the_person_said_so(engine: Engine, net: FakeNet) -> None:
    text = " ".join(f"On day {number} the ferry carried {number * 7 + 3} people across the lake to Arden." for number in range(1, 30))
    engine.add_posts("Ferries", [PlainPost(title="The ferry", text=text, guid="1")])
    engine.set_setting("summaries_on_battery", True)
    engine.use_model_server(engine.add_model_server(OpenAi(net).url).id)
    before = len(engine.ledger())  # its models were asked for
    for _ in engine.enrich():
        pass
    *_, unasked = engine.brief(5, idle=True)
    assert engine.summary_budget().paused == "server"
    assert unasked.briefing.note == "server"
    assert len(engine.ledger()) == before
    engine.set_setting("server_when_idle", True)
    assert engine.summary_budget().paused == ""
    for _ in engine.enrich():
        pass
    assert len(engine.ledger()) > before


def test_a_briefing_that_is_asked_for_may_ask_the_server(engine: Engine, net: FakeNet) -> None:
    text = " ".join(f"On day {number} the ferry carried {number * 7 + 3} people across the lake to Arden." for number in range(1, 30))
    engine.add_posts("Ferries", [PlainPost(title="The ferry", text=text, guid="1")])
    engine.use_model_server(engine.add_model_server(OpenAi(net).url).id)
    before = len(engine.ledger())
    for _ in engine.brief(5):
        pass
    assert len(engine.ledger()) > before
