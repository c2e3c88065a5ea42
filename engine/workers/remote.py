"""A language model on a server of the person's own: llama-server, Ollama, vLLM, LM Studio, whatever speaks OpenAI's chat protocol.

It runs in this process and goes through `engine.http` like everything else. Such a server gives no probabilities and knows no
grammar of ours; what needs them goes another way. It tokenises what it is sent as it likes, so marks that look like a
model's special tokens are taken apart in what strangers wrote.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from engine.errors import EngineError, FetchError, InputError, ModelError, RefusedError
from engine.http import Client, HttpRequest, guard
from engine.types import ModelServer
from engine.workers.supervisor import CancelledError

PURPOSE = "model server"
SILENCE_SECONDS = 120.0  # a large model reads a prompt for long
WHOLE_SECONDS = 600.0
MAX_ANSWER_BYTES = 4 << 20  # on the wire; a token costs some 250 bytes there
MAX_LIST_BYTES = 1 << 20
CHARACTERS_PER_TOKEN = 12  # no model writes more than that for long: what goes on beyond `max_tokens` has no end
POLL_SECONDS = 0.05
HEARTBEAT_POLLS = 5
MAX_TOKENS = 2048

Piece = Sequence[str]
Cancelled = Callable[[], bool]

# What any family of models may take for the border of a turn.
_SPECIAL = re.compile(
    r"<(?=\||｜|/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|start_of_image|end_of_image|think|tool_call|tool_response|im_start|im_end)>)"
    r"|\[(?=/?INST\])",
    re.IGNORECASE,
)
_SYSTEM, _PERSON, _ANSWER = "<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", ".”", '."', "\n")


class RemoteModel:
    """Thread-safe; one request at a time. Satisfies `engine.language.model.TextModel`."""

    template = "chatml"  # whose scaffold `messages` takes apart
    can_choose = False
    can_keep_to_grammar = False

    def __init__(self, client: Callable[[], Client], server: ModelServer, key: Callable[[], str] = lambda: "") -> None:
        """`key` is asked for the server's API key when a request is made, "" for none."""
        self._client = client
        self._server = server
        self._key = key
        self._turn = threading.Lock()
        self._closed = threading.Event()
        self.host = host_of(server.url)
        self.name = self.name_of(server)

    @staticmethod
    def name_of(server: ModelServer) -> str:
        """What stands beside what it wrote."""
        return f"{server.model} on {host_of(server.url)}"

    def close(self) -> None:
        """Give up what is under way and what waits, and ask the server nothing more."""
        self._closed.set()

    def unload(self) -> None:
        """Nothing is held between requests."""

    def models(self) -> list[str]:
        """The names of the models that the server offers. Raises ModelError, RefusedError."""
        request = self._request("GET", "/models", max_body_bytes=MAX_LIST_BYTES)
        try:
            answer = self._client().fetch(request)
        except FetchError as error:
            raise self._unreachable(error) from error
        if answer.status != 200:
            raise self._refused(answer.status)
        try:
            found = [str(entry["id"])[:200] for entry in json.loads(answer.body)["data"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ModelError(f"The server {self.host} does not speak OpenAI's protocol: its list of models makes no sense.") from error
        return found[:1000]

    def complete(
        self, pieces: Sequence[Piece], *, cancelled: Cancelled | None = None, urgent: bool = False, **options: Any
    ) -> Generator[str, None, None]:
        """The answer as it comes, "" now and then while nothing does; closing the generator ends the request.

        Args:
            options: max_tokens, temperature, seed, stop and stop_words count; others are of llama.cpp and do not.
        Raises:
            InputError: a grammar was asked for.   CancelledError: `cancelled()` said so, or it was closed.
            ModelError: the server cannot be reached, refuses, or answers nonsense.   RefusedError: it lies where it may not.
        """
        if options.get("grammar"):
            raise InputError("A model server cannot be held to a grammar; this needs a model on this machine.")
        while not self._turn.acquire(timeout=POLL_SECONDS):
            self._go_on_if(cancelled)
            yield ""
        try:
            self._go_on_if(cancelled)
            answers: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
            client = self._client()
            thread = threading.Thread(
                target=self._ask, args=(client, pieces, options, answers), name="model server", daemon=True
            )
            thread.start()
            try:
                yield from _bounded(self._answers(answers, cancelled), pieces, options)
            finally:
                if thread.is_alive():
                    client.cancel(PURPOSE)
                    thread.join(timeout=5)
        finally:
            self._turn.release()

    def choose(
        self,
        before: Sequence[Piece],
        items: Sequence[Sequence[Piece]],
        labels: Sequence[str],
        *,
        cancelled: Cancelled | None = None,
        urgent: bool = False,
    ) -> list[list[float]]:
        """Raises ModelError: a server gives no probabilities."""
        raise ModelError("A model server gives no probabilities of labels; this needs a model on this machine.")

    # ---- inside ------------------------------------------------------------------------------------

    def _go_on_if(self, cancelled: Cancelled | None) -> None:
        if self._closed.is_set():
            raise CancelledError(f"The model server {self.host} is no longer used.")
        if cancelled is not None and cancelled():
            raise CancelledError("Cancelled.")

    def _answers(
        self, answers: queue.SimpleQueue[str | BaseException | None], cancelled: Cancelled | None
    ) -> Iterator[str]:
        quiet = 0
        while True:
            self._go_on_if(cancelled)
            try:
                found = answers.get(timeout=POLL_SECONDS)
            except queue.Empty:
                quiet += 1
                if quiet % HEARTBEAT_POLLS == 0:
                    yield ""
                continue
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield found

    def _ask(
        self,
        client: Client,
        pieces: Sequence[Piece],
        options: Mapping[str, Any],
        answers: queue.SimpleQueue[str | BaseException | None],
    ) -> None:
        """In a thread of its own, so that whoever waits can stop waiting."""
        try:
            body = _body(self._server.model, pieces, options)
            try:
                self._stream(client, body | {"chat_template_kwargs": {"enable_thinking": False}}, answers)
            except _StatusError as refusal:
                if refusal.status not in (400, 422):
                    raise
                self._stream(client, body, answers)  # a server that knows no such word
            answers.put(None)
        except _StatusError as refusal:
            answers.put(self._refused(refusal.status))
        except RefusedError as error:
            answers.put(error)
        except FetchError as error:
            answers.put(self._unreachable(error))
        except BaseException as error:  # noqa: BLE001 - raised where the answer is read
            answers.put(error)

    def _stream(
        self, client: Client, body: Mapping[str, Any], answers: queue.SimpleQueue[str | BaseException | None]
    ) -> None:
        request = self._request("POST", "/chat/completions", content=json.dumps(body).encode())
        with client.stream(request, seconds=SILENCE_SECONDS) as answer:
            if answer.status != 200:
                raise _StatusError(answer.status)
            if "json" in answer.headers.get("content-type", "").lower():
                whole = b"".join(self._chunks(answer))
                self._put(whole, answers, key="message")
                return
            for line in self._lines(answer):
                if not line.startswith(b"data:"):
                    continue
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                if data:
                    self._put(data, answers, key="delta")

    def _lines(self, answer: Any) -> Iterator[bytes]:
        rest = b""
        for chunk in self._chunks(answer):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        yield rest

    def _chunks(self, answer: Any) -> Iterator[bytes]:
        size, ends = 0, time.monotonic() + WHOLE_SECONDS
        while True:
            answer.exchange.deadline = min(time.monotonic() + SILENCE_SECONDS, ends)
            chunk = next(answer.chunks, None)
            if chunk is None:
                return
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise ModelError(f"The server {self.host} sent more than {MAX_ANSWER_BYTES >> 20} MB as one answer; Millpond stopped listening.")
            yield chunk

    def _put(self, data: bytes, answers: queue.SimpleQueue[str | BaseException | None], *, key: str) -> None:
        try:
            said = json.loads(data)
            if "error" in said:
                raise ModelError(f"The server {self.host} could not answer; its own log says why.")
            text = (said["choices"] or [{}])[0].get(key, {}).get("content") or ""
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ModelError(f"The server {self.host} does not speak OpenAI's protocol: its answer makes no sense.") from error
        if text:
            answers.put(text)

    def _request(self, method: str, path: str, **more: Any) -> HttpRequest:
        key = self._key()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if method == "POST":
            headers["Content-Type"] = "application/json"
        return HttpRequest(
            url=self._server.url + path,
            method=method,
            purpose=PURPOSE,
            accept="text/event-stream, application/json" if method == "POST" else "application/json",
            headers=headers,
            allow_private=True,
            private_only=self._server.confirmed_at is None,
            pace_seconds=0.0,
            **more,
        )

    def _unreachable(self, error: FetchError) -> EngineError:
        if isinstance(error, RefusedError):
            return error
        return ModelError(f"The model server {self.host} cannot be used: {str(error).rstrip('.')}.")

    def _refused(self, status: int) -> ModelError:
        if status in (401, 403):
            return ModelError(f"The model server {self.host} wants a key, or another one than it was given ({status}).")
        if status == 404:
            return ModelError(f"The server {self.host} knows no model “{self._server.model}”, or its address has another path ({status}).")
        if 300 <= status < 400:
            return ModelError(f"The server {self.host} sends requests on to somewhere else ({status}); Millpond does not follow.")
        if status in (429, 503):
            return ModelError(f"The model server {self.host} is busy or still loads its model ({status}); Millpond asks again later.")
        return ModelError(f"The model server {self.host} refuses ({status}).")


class _StatusError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def normal_url(url: str) -> str:
    """The address under which a server's protocol lies: "127.0.0.1:11434" becomes "http://127.0.0.1:11434/v1".

    Raises:
        InputError: it is no address of a server.
    """
    text = url.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username or parts.password or parts.query or parts.fragment:
        raise InputError("A model server's address is written as http://127.0.0.1:11434, without a name, password or question mark in it.")
    path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/models")
    return f"{parts.scheme}://{parts.netloc.lower()}{path or '/v1'}"


def host_of(url: str) -> str:
    """Name and port as they stand in the address."""
    return urlsplit(url).netloc


def is_local(url: str) -> bool:
    """Whether the address itself, not what a name server says, lies on this machine or its network."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    address = guard.literal(host)
    return not guard.is_public(address) if address is not None else guard.looks_local(host)


def confirmed(url: str, typed_host: str) -> bool:
    """Whether a server outside the home network may be used: the person typed its host's name. False: it needs none.

    Raises:
        RefusedError: it was not typed, or the way there is not encrypted.
    """
    if is_local(url):
        return False
    host = (urlsplit(url).hostname or "").lower()
    if typed_host.strip().lower() != host:
        raise RefusedError(
            f"{host} is not on this machine or your home network, as far as its address tells: parts of your posts would leave the house. "
            f"If that is what you want, type the host's name, {host}, to confirm."
        )
    if not url.startswith("https://"):
        raise RefusedError(f"On the way to {host} everybody could read along: give its address as https://.")
    return True


def messages(pieces: Sequence[Piece]) -> tuple[list[dict[str, str]], str]:
    """Return a prompt as messages of the protocol, and the beginning that its answer should have.

    The scaffold of the template "chatml" is taken apart at its own marks; in foreign text such marks are broken.
    """
    whole: list[str] = []
    for kind, text in pieces:
        whole.append(text if kind == "scaffold" else _SPECIAL.sub(lambda found: f"{found[0]} ", text))
    # Marks are looked for in the scaffold alone: the first scaffold piece begins, the last one ends the prompt.
    system = ""
    begun = ""
    scaffold = [index for index, piece in enumerate(pieces) if piece[0] == "scaffold"]
    if scaffold:
        first, last = scaffold[0], scaffold[-1]
        if _ANSWER in whole[last]:
            whole[last], _, begun = whole[last].rpartition(_ANSWER)
        if _PERSON in whole[first]:
            before, _, whole[first] = whole[first].partition(_PERSON)
            system = before.removeprefix(_SYSTEM)
    person = "".join(whole).strip()
    begun = begun.removeprefix("<think>\n\n</think>\n\n")
    if begun.strip():
        person += f"\n\nBegin your answer with: {begun.strip()}"
    made = [{"role": "system", "content": system.strip()}] if system.strip() else []
    return [*made, {"role": "user", "content": person}], begun


def _body(model: str, pieces: Sequence[Piece], options: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": messages(pieces)[0],
        "stream": True,
        "max_tokens": _limit(options),
        "temperature": float(options.get("temperature") or 0.0),
    }
    if options.get("seed") is not None:
        body["seed"] = int(options["seed"])
    stops = options.get("stop")
    if stops:
        body["stop"] = [stops] if isinstance(stops, str) else list(stops)[:4]
    return body


def _limit(options: Mapping[str, Any]) -> int:
    return min(max(int(options.get("max_tokens") or 200), 1), MAX_TOKENS)


def _bounded(parts: Iterator[str], pieces: Sequence[Piece], options: Mapping[str, Any]) -> Iterator[str]:
    """What a person should see of an answer: no thoughts, not its given beginning again, and an end."""
    most = _limit(options) * CHARACTERS_PER_TOKEN
    stop_words = int(options.get("stop_words") or 0)
    begun = messages(pieces)[1].strip()
    held, begins, written, words, inside = "", True, 0, 0, False
    for part in parts:
        if not part:
            yield ""
            continue
        if begins:
            held += part
            text = _beginning(held, begun)
            if text is None:
                continue
            begins, held = False, ""
        else:
            text = part
        written += len(text)
        for sign in text:
            words += (sign.isspace() and inside) or "\u3400" <= sign <= "\u9fff"
            inside = not sign.isspace()
        if text:
            yield text
        if written > most or (stop_words and words >= stop_words - 1 and text.rstrip(" ").endswith(_SENTENCE_ENDS)):
            with contextlib.suppress(AttributeError):
                cast("Generator[str, None, None]", parts).close()
            return
    if held and (rest := _beginning(held, begun, ended=True)):
        yield rest


def _beginning(held: str, begun: str, *, ended: bool = False) -> str | None:
    """The answer without a block of thoughts and without the beginning that it was given; None while that cannot be told."""
    text = held.lstrip()
    if text.startswith("<think>"):
        _, closed, text = text.partition("</think>")
        if not closed:
            return "" if ended or len(held) > MAX_ANSWER_BYTES else None
        text = text.lstrip()
    elif "<think>".startswith(text) and not ended:
        return None
    if begun:
        if text.startswith(begun):
            return text[len(begun) :]
        if begun.startswith(text) and not ended:
            return None
    return text
