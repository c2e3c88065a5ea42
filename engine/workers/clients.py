"""What the engine calls: one class for each worker role, values of `engine.types` in and out."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from engine.errors import WorkerError
from engine.types import (
    SIGNAL_NAMES,
    Article,
    Comment,
    FeedInfo,
    FetchedPost,
    ForeignLibrary,
    ImportedPost,
    Parsed,
    Picture,
    ReaderItem,
    Request,
    Sentiment,
    Signals,
    Subscription,
    Vectors,
)
from engine.workers.process import Limits
from engine.workers.supervisor import CancelledError, Supervisor, WorkerState
from engine.workers.wire import WireError, from_wire, to_wire

log = logging.getLogger(__name__)

Cancelled = Callable[[], bool]

PARSE_LIMITS = Limits(
    address_bytes=1 << 30, processor_seconds=30.0, start_seconds=60.0, idle_seconds=900.0, back_off_seconds=0.25, nice=1
)
EMBED_LIMITS = Limits(resident_bytes=1 << 30, start_seconds=180.0, nice=5)
GENERATE_SPARE_BYTES = 1 << 30  # beside the model file: context, library, interpreter
GENERATE_IDLE_SECONDS = 300.0
PARSE_SECONDS = 60.0
EMBED_SECONDS = 120.0
GENERATE_SECONDS = 120.0
MAX_POSTS = 200_000  # of one answer; the parser's own bound lies below
LANGUAGE_TEXTS = 500  # of one job, so that a feed never waits long behind them


class _Client:
    """A worker role and its supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor

    def state(self) -> WorkerState:
        return self.supervisor.state()

    def unload(self) -> None:
        """Let the process go; the next call starts it again."""
        self.supervisor.unload()

    def close(self) -> None:
        self.supervisor.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _sense(self) -> Iterator[None]:
        """Around the reading of a reply: what does not fit its type is the worker's fault, not a bug here."""
        try:
            yield
        except (WireError, LookupError, TypeError, ValueError, AttributeError) as error:
            log.info("worker answered nonsense role=%s error=%s", self.supervisor.role, type(error).__name__)
            raise WorkerError(
                f"The {self.supervisor.role} worker answered with something that makes no sense."
            ) from error


class ParseWorker(_Client):
    """Reads what came from the network. Thread-safe; jobs run one after the other."""

    def __init__(
        self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), limits: Limits = PARSE_LIMITS
    ) -> None:
        super().__init__(Supervisor("parse", {}, limits))
        self._clock = clock

    def feed(self, body: bytes, url: str, content_type: str = "", *, cancelled: Cancelled | None = None) -> Parsed:
        """Raises NotAFeedError, ParseError, WorkerError."""
        payload = {"body": body, "url": url, "content_type": content_type, "now": self._clock().timestamp()}
        return self._posts("feed", payload, cancelled)

    def source(
        self,
        kind: str,
        body: bytes,
        url: str,
        content_type: str = "",
        *,
        subscription: Subscription,
        status: int = 200,
        step: str = "",
        link: str = "",
        cursor: str = "",
    ) -> Parsed:
        """What an answer means to a kind of source: see `engine.sources.source.Meta`.

        Raises:
            NotAFeedError, ParseError, WorkerError.
        """
        payload = {
            "kind": kind,
            "body": body,
            "url": url,
            "content_type": content_type,
            "now": self._clock().timestamp(),
            "subscription": to_wire(subscription),
            "status": status,
            "step": step,
            "link": link,
            "cursor": cursor,
        }
        return self._posts("source", payload, None)

    def _posts(self, op: str, payload: dict[str, Any], cancelled: Cancelled | None) -> Parsed:
        head: Parsed | None = None
        posts: list[FetchedPost] = []
        for reply in self._parse(op, payload, cancelled):
            with self._sense():
                if head is None:
                    head = _parsed(reply)
                else:
                    posts += [from_wire(FetchedPost, post) for post in reply["posts"]]
                if len(posts) > MAX_POSTS:
                    raise WireError("too many posts")
        with self._sense():
            if head is None:
                raise WireError("no answer")
        return replace(head, posts=tuple(posts))

    def languages(self, texts: Sequence[str], *, cancelled: Cancelled | None = None) -> list[str]:
        """The ISO 639-1 code of each text, "" where nothing is sure. Raises WorkerError."""
        found: list[str] = []
        for start in range(0, len(texts), LANGUAGE_TEXTS):
            payload = {"texts": [text[:300] for text in texts[start : start + LANGUAGE_TEXTS]]}
            for reply in self._parse("languages", payload, cancelled):
                with self._sense():
                    found += [_text(language) for language in reply["languages"]]
        with self._sense():
            if len(found) != len(texts):
                raise WireError("not one language for each text")
        return found

    def opml(self, body: bytes) -> tuple[Subscription, ...]:
        """Raises ParseError, WorkerError."""
        replies = list(self._parse("opml", {"body": body}))
        with self._sense():
            return tuple(from_wire(Subscription, item) for reply in replies for item in reply["subscriptions"])

    def reader_ids(self, body: bytes) -> tuple[list[str], str]:
        """The ids of posts in an answer of a Google Reader server, and where they go on. Raises ParseError, WorkerError."""
        replies = list(self._parse("reader", {"body": body, "what": "ids"}))
        with self._sense():
            return [_text(each) for reply in replies[1:] for each in reply["ids"]], _text(replies[0]["more"])

    def reader_items(self, body: bytes) -> list[ReaderItem]:
        """What such a server says of some posts. Raises ParseError, WorkerError."""
        replies = list(self._parse("reader", {"body": body, "what": "items"}))
        with self._sense():
            return [from_wire(ReaderItem, item) for reply in replies for item in reply["found"]]

    def reader_subscriptions(self, body: bytes) -> list[Subscription]:
        """The feeds of such a server; `url` is the stream's id. Raises ParseError, WorkerError."""
        replies = list(self._parse("reader", {"body": body, "what": "subscriptions"}))
        with self._sense():
            return [from_wire(Subscription, item) for reply in replies for item in reply["found"]]

    def library(
        self, path: str, copy: bool, companions: Mapping[str, bytes]
    ) -> tuple[ForeignLibrary, tuple[Subscription, ...]]:
        """What another reader's database holds, and its feeds. Raises ParseError, WorkerError."""
        replies = list(self._parse("library", {"path": path, "copy": copy, "companions": dict(companions)}))
        with self._sense():
            about = from_wire(ForeignLibrary, replies[0]["library"])
            return about, tuple(from_wire(Subscription, item) for reply in replies[1:] for item in reply["feeds"])

    def library_posts(
        self, path: str, copy: bool, companions: Mapping[str, bytes], after: int
    ) -> tuple[list[ImportedPost], int | None]:
        """A page of another reader's articles behind row `after`, and where to go on. Raises ParseError, WorkerError."""
        now = self._clock().timestamp()
        payload = {"path": path, "copy": copy, "companions": dict(companions), "after": after, "now": now}
        replies = list(self._parse("library_posts", payload))
        with self._sense():
            found = replies[0]["after"]
            if found is not None and int(found) <= after:
                raise WireError("a page that leads back")
            return [from_wire(ImportedPost, item) for reply in replies[1:] for item in reply["posts"]], found

    def discover(self, body: bytes, url: str, content_type: str = "") -> tuple[str, ...]:
        """Addresses of feeds that a page names, the likeliest first. Raises WorkerError."""
        replies = list(self._parse("discover", {"body": body, "url": url, "content_type": content_type}))
        with self._sense():
            return tuple(_text(address) for reply in replies for address in reply["candidates"])

    def article(self, body: bytes, url: str, content_type: str = "", *, with_html: bool = False) -> Article:
        """The main text of a page, as HTML too where that is wanted. Raises ParseError, WorkerError."""
        wanted = {"body": body, "url": url, "content_type": content_type, "with_html": with_html}
        replies = list(self._parse("article", wanted))
        with self._sense():
            return from_wire(Article, replies[0]["article"])

    def picture(self, body: bytes, url: str) -> Picture:
        """A stranger's picture, decoded within bounds and written anew. Raises ParseError, WorkerError."""
        (reply,) = self._parse("picture", {"body": body, "url": url})
        with self._sense():
            return from_wire(Picture, reply["picture"])

    def comments(self, kind: str, body: bytes, url: str, *, step: str) -> tuple[tuple[Comment, ...], int]:
        """The comments in an answer, and how many more there are. Raises ParseError, WorkerError."""
        payload = {"kind": kind, "body": body, "url": url, "step": step, "now": self._clock().timestamp()}
        first, *rest = self._parse("comments", payload)
        with self._sense():
            found = tuple(from_wire(Comment, comment) for reply in rest for comment in reply["comments"])
            return found, int(first["left_out"])

    def _parse(self, op: str, payload: dict[str, Any], cancelled: Cancelled | None = None) -> Iterator[dict[str, Any]]:
        return self.supervisor.request(op, payload, timeout_seconds=PARSE_SECONDS, cancelled=cancelled)


@dataclass(frozen=True, slots=True)
class EmbedBatch:
    """Vectors of some of the texts: `vectors[i]` and `signals[i]` belong to text `indices[i]`."""

    indices: tuple[int, ...]
    vectors: Vectors  # (n, d) float32, unit length
    signals: tuple[Signals | None, ...]  # None where no heads were asked


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedInfo:
    """How the model runs here."""

    device: str
    precision: str
    dim: int
    posts_per_second: float
    threads: int
    cosine: float  # mean, against fp32

    def __str__(self) -> str:
        return f"{self.device.upper()} ({self.precision})"


class EmbedWorker(_Client):
    """Turns texts into vectors. The model is loaded with the first call and let go when idle."""

    def __init__(
        self,
        model_dir: Path,
        heads_path: Path | None = None,
        *,
        threads: int = 0,
        limits: Limits = EMBED_LIMITS,
        measured: Path | None = None,
    ) -> None:
        """What is measured at first use is kept in `measured`, by default `measured.json` beside the model's folder."""
        self._measured_path = measured or model_dir.parent / "measured.json"
        self._info: EmbedInfo | None = None
        config = {
            "model_dir": str(model_dir.absolute()),
            "heads_path": str(heads_path.absolute()) if heads_path is not None else "",
            "threads": threads,
            "measured": _read_measured(self._measured_path),
        }
        self.config = config
        super().__init__(Supervisor("embed", config, limits))

    def embed(
        self,
        texts: Sequence[str],
        *,
        heads: bool = False,
        languages: Sequence[str] = (),
        urgent: bool = False,
        cancelled: Cancelled | None = None,
    ) -> Iterator[EmbedBatch]:
        """Vectors as they come, longest texts first.

        Args:
            heads: also ask the trained heads; then `languages` has the ISO 639-1 code of each text, "" where nothing is sure.
            urgent: a person waits for it (a search).
        Raises:
            ModelError: the model cannot be loaded.   WorkerError.
        """
        if not texts:
            return
        cut = [text[:2000] for text in texts]
        missing = set(range(len(cut)))
        payload = {"texts": cut, "heads": heads, "languages": list(languages)}
        for reply in self.supervisor.request(
            "embed", payload, timeout_seconds=EMBED_SECONDS, urgent=urgent, cancelled=cancelled
        ):
            with self._sense():
                batch = _batch(reply)
                if not missing.issuperset(batch.indices):
                    raise WireError("a text twice")
                missing.difference_update(batch.indices)
            yield batch
        with self._sense():
            if missing:
                raise WireError("not every text has a vector")
        if self._info is None:
            self.info()

    def signals(
        self, texts: Sequence[str], languages: Sequence[str], *, cancelled: Cancelled | None = None
    ) -> list[Signals]:
        """What the heads say of texts in languages that the model does not speak, by words and characters alone.

        Raises:
            ModelError: the model cannot be loaded.   WorkerError.
        """
        if not texts:
            return []
        payload = {"texts": [text[:2000] for text in texts], "languages": list(languages)}
        found: list[Signals] = []
        for reply in self.supervisor.request("signals", payload, timeout_seconds=EMBED_SECONDS, cancelled=cancelled):
            with self._sense():
                found += [_signals(item) for item in reply["signals"]]
        with self._sense():
            if len(found) != len(texts):
                raise WireError("not signals for each text")
        return found

    def info(self) -> EmbedInfo:
        """How the model runs here; loads it when it is not loaded. Raises ModelError, WorkerError."""
        if self._info is None:
            replies = list(self.supervisor.request("info", {}, timeout_seconds=EMBED_SECONDS))
            with self._sense():
                found = replies[0]
                self._info = EmbedInfo(
                    device=_text(found["device"]),
                    precision=_text(found["precision"]),
                    dim=int(found["dimensions"]),
                    posts_per_second=float(found["posts_per_second"]),
                    threads=int(found["threads"]),
                    cosine=float(found["cosine"]),
                )
                key = _text(found["key"])
            self._keep(key, self._info)
        return self._info

    def known_info(self) -> EmbedInfo | None:
        """What `info` found, without loading anything: None before the model was first used."""
        return self._info

    def _keep(self, key: str, info: EmbedInfo) -> None:
        measured = _read_measured(self._measured_path)
        entry = {"precision": info.precision, "posts_per_second": info.posts_per_second, "cosine": info.cosine}
        if key not in measured:
            measured[key] = entry
            with contextlib.suppress(OSError):  # a read-only folder: then each start measures again
                _write_whole(self._measured_path, json.dumps(measured, indent=1, sort_keys=True))
            self.config["measured"] = measured
            self.supervisor.unload()  # comparing precisions has left a process half as large again


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateInfo:
    """How a language model runs here. Speeds are 0 before they were measured."""

    architecture: str
    device: str  # where it really runs: "CPU, 2 threads", "GPU 20 of 30 layers, …"
    why: str  # why not where it was asked to; "" when it does
    context_tokens: int
    vocabulary: int
    reading_tokens_per_second: float  # of prompts
    writing_tokens_per_second: float
    can_roll_back: bool  # its memory can be cut in the middle, so that a shared beginning is read once

    def __str__(self) -> str:
        return self.device


class GenerateWorker(_Client):
    """Writes text with a local language model, and says which of some labels fits a text. `pieces` keep the scaffold and
    foreign text apart: ["scaffold", text] is tokenised with the model's special tokens, ["foreign", text] without."""

    can_choose = True
    can_keep_to_grammar = True

    def __init__(
        self,
        model_path: Path,
        template: str,
        *,
        name: str = "",
        threads: int = 0,
        gpu_layers: int = 0,
        context_tokens: int = 0,
        silence_seconds: float = GENERATE_SECONDS,
        limits: Limits | None = None,
    ) -> None:
        """
        Args:
            gpu_layers: how many go to a graphics card, all below 0.   context_tokens: 0 for the usual.
            silence_seconds: after so long without an answer to a job its process is ended.
        """
        self.name = name or model_path.stem
        self.template = template
        self._silence_seconds = silence_seconds
        self._info: GenerateInfo | None = None
        size = model_path.stat().st_size if model_path.is_file() else 0
        config = {
            "model_path": str(model_path.absolute()),
            "threads": threads,
            "gpu_layers": gpu_layers,
            "context_tokens": context_tokens,
        }
        chosen = limits or Limits(
            resident_bytes=2 * size + GENERATE_SPARE_BYTES,
            start_seconds=300.0,
            idle_seconds=GENERATE_IDLE_SECONDS,
            nice=5,
        )
        super().__init__(Supervisor("generate", config, chosen))

    def complete(
        self,
        pieces: Sequence[Sequence[str]],
        *,
        cancelled: Cancelled | None = None,
        urgent: bool = False,
        **options: Any,
    ) -> Generator[str, None, None]:
        """The text as it is written, piece by piece, empty ones while the prompt is read; closing the iterator stops
        the model after its current token.

        Args:
            urgent: a person waits for it.
            options: max_tokens, temperature (0: greedy), seed, stop (texts before which it ends), grammar (GBNF), stop_words,
                repeat_penalty, strangeness and free_words: see the role.
        Raises:
            InputError: the grammar cannot be read.   ModelError: the model cannot be loaded.   WorkerError.
        """
        payload: dict[str, Any] = {"pieces": [list(piece) for piece in pieces], **options}
        for reply in self._ask("complete", payload, cancelled, urgent=urgent, repeatable=False):
            with self._sense():
                text = _text(reply["text"])
            yield text

    def choose(
        self,
        before: Sequence[Sequence[str]],
        items: Sequence[Sequence[Sequence[str]]],
        labels: Sequence[str],
        *,
        cancelled: Cancelled | None = None,
        urgent: bool = False,
    ) -> list[list[float]]:
        """For each item, the probability of each label as what follows `before` and the item's own pieces; rows sum to 1.

        Read from the model's logits, nothing is written. See `engine.language.model.TextModel`.

        Raises:
            InputError: a label is more than one token of this model, or two labels begin alike.   ModelError.   WorkerError.
        """
        if not items:
            return []
        found: list[list[float]] = [[] for _ in items]
        for last_try in (False, True):  # a process that dies in the middle costs what it has not answered yet
            owed = [place for place, row in enumerate(found) if not row]
            payload = {
                "before": [list(piece) for piece in before],
                "items": [[list(piece) for piece in items[place]] for place in owed],
                "labels": list(labels),
            }
            try:
                for reply in self._ask("choose", payload, cancelled, urgent=urgent, repeatable=False):
                    with self._sense():
                        for index, row in zip(reply["indices"], reply["probabilities"], strict=True):
                            found[owed[int(index)]] = _shares(row, len(labels))
                break
            except CancelledError:
                raise
            except WorkerError:
                if last_try:
                    raise
        with self._sense():
            if not all(found):
                raise WireError("not every text has probabilities")
        return found

    def info(self) -> GenerateInfo:
        """How the model runs here; loads it when it is not loaded. Raises ModelError, WorkerError."""
        for _ in self._ask("info", {}, None):
            pass
        with self._sense():
            if self._info is None:
                raise WireError("no answer")
        return self._info

    def known_info(self) -> GenerateInfo | None:
        """What was last heard of it, without loading anything: None before the model was first used."""
        return self._info

    def _ask(
        self,
        op: str,
        payload: dict[str, Any],
        cancelled: Cancelled | None,
        *,
        urgent: bool = False,
        repeatable: bool = True,
    ) -> Iterator[dict[str, Any]]:
        replies = self.supervisor.request(
            op,
            payload,
            timeout_seconds=self._silence_seconds,
            cancelled=cancelled,
            urgent=urgent,
            repeatable=repeatable,
        )
        with contextlib.closing(replies):
            while True:
                try:
                    reply = next(replies, None)
                except CancelledError:
                    raise
                except WorkerError as error:
                    raise WorkerError(f"{str(error).rstrip('.')}; {_advice(str(error))}") from error
                if reply is None:
                    return
                if "info" in reply:
                    with self._sense():
                        self._info = _generate_info(reply["info"])
                yield reply


def _parsed(reply: Mapping[str, Any]) -> Parsed:
    return Parsed(
        info=from_wire(FeedInfo, reply["info"]),
        posts=(),
        cursor=_text(reply["cursor"]),
        follow_ups=tuple(from_wire(Request, request) for request in reply["follow_ups"]),
        warnings=tuple(_text(warning) for warning in reply["warnings"]),
        address=_text(reply["address"]),
    )


def _batch(reply: Mapping[str, Any]) -> EmbedBatch:
    indices = tuple(int(index) for index in reply["indices"])
    width = int(reply["dimensions"])
    vectors = np.frombuffer(reply["vectors"], dtype="<f4").reshape(len(indices), width).astype(np.float32, copy=False)
    if not np.isfinite(vectors).all():
        raise WireError("a vector that is none")
    said = reply["signals"]
    if not said:
        return EmbedBatch(indices, vectors, (None,) * len(indices))
    if len(said) != len(indices):
        raise WireError("not signals for each text")
    return EmbedBatch(indices, vectors, tuple(map(_signals, said)))


def _signals(item: Sequence[float | None]) -> Signals:
    """Three numbers of the sentiment, then one for each of SIGNAL_NAMES; None or NaN: nobody asked."""
    values = [math.nan if value is None else float(value) for value in item]
    if len(values) != 3 + len(SIGNAL_NAMES) or not all(math.isnan(value) or 0 <= value <= 1.001 for value in values):
        raise WireError("signals that are none")
    moods, shares = values[:3], values[3:]
    return Signals(
        sentiment=None if any(map(math.isnan, moods)) else Sentiment(*moods),
        shares={name: value for name, value in zip(SIGNAL_NAMES, shares, strict=True) if not math.isnan(value)},
    )


def _advice(trouble: str) -> str:
    """What to do where the worker of a language model does not do its work."""
    if "memory" in trouble:
        return "close other programs, or choose a smaller model."
    if "no answer" in trouble or "not ready" in trouble:
        return "try again when this machine is less busy, or choose a smaller model."
    return "try again, or choose another model."


def _generate_info(found: Mapping[str, Any]) -> GenerateInfo:
    return GenerateInfo(
        architecture=_text(found["architecture"]),
        device=_text(found["device"]),
        why=_text(found["why"]),
        context_tokens=int(found["context_tokens"]),
        vocabulary=int(found["vocabulary"]),
        reading_tokens_per_second=float(found["reading_tokens_per_second"]),
        writing_tokens_per_second=float(found["writing_tokens_per_second"]),
        can_roll_back=bool(found["can_roll_back"]),
    )


def _shares(row: Sequence[float], count: int) -> list[float]:
    """One number for each of `count` labels, that sum to 1."""
    values = [float(value) for value in row]
    if len(values) != count or not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-3:
        raise WireError("probabilities that are none")
    return values


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WireError("no text")
    return value


def _read_measured(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_whole(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=".measured-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
