"""A small server that speaks OpenAI's chat protocol, as llama-server, Ollama, vLLM and LM Studio do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.fakenet.server import FakeNet, Recorded, Reply

Answer = Callable[[dict[str, Any]], Iterable[str]]


class OpenAi:
    """Serves `/v1` of a FakeNet. `answer` makes the parts of an answer from a request's body."""

    def __init__(
        self, net: FakeNet, *, models: Iterable[str] = ("big-model",), key: str = "", answer: Answer | None = None,
        delay_seconds: float = 0.0, strict: bool = False, streams: bool = True,
    ) -> None:
        self.models = list(models)
        self.key, self.delay_seconds, self.strict, self.streams = key, delay_seconds, strict, streams
        self.answer = answer or (lambda _body: ["Yes", ", of", " course."])
        self.asked: list[dict[str, Any]] = []
        self.url = net.url("/v1")
        net.handle("/v1/models", self._models)
        net.handle("/v1/chat/completions", self._chat)

    def _may(self, request: Recorded) -> bool:
        return not self.key or request.headers.get("authorization") == f"Bearer {self.key}"

    def _models(self, request: Recorded) -> Reply:
        if not self._may(request):
            return Reply(status=401, body=b'{"error": "no key"}')
        body = {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
        return Reply(headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())

    def _chat(self, request: Recorded) -> Reply:
        if not self._may(request):
            return Reply(status=401, body=b'{"error": "no key"}')
        body = json.loads(request.body)
        self.asked.append(body)
        if self.strict and "chat_template_kwargs" in body:
            return Reply(status=400, body=b'{"error": "unknown field"}')
        if body["model"] not in self.models:
            return Reply(status=404, body=b'{"error": "no such model"}')
        if not self.streams:
            said = {"choices": [{"message": {"role": "assistant", "content": "".join(self.answer(body))}}]}
            return Reply(headers={"Content-Type": "application/json"}, body=json.dumps(said).encode())
        return Reply(
            headers={"Content-Type": "text/event-stream"}, chunks=lambda: self._events(body), chunk_delay_seconds=self.delay_seconds
        )

    def _events(self, body: dict[str, Any]) -> Iterator[bytes]:
        yield _event({"choices": [{"delta": {"role": "assistant"}}]})
        for part in self.answer(body):
            yield _event({"choices": [{"delta": {"content": part}}]})
        yield _event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        yield b"data: [DONE]\n\n"


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"
