"""What the engine calls: one class for each worker role, values of `engine.types` in and out."""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

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
from engine.workers.client import Cancelled, Client, expect_text
from engine.workers.process import Limits
from engine.workers.supervisor import Supervisor
from engine.workers.wire import WireError, from_wire, to_wire
from engine.workers.writer import GenerateInfo as GenerateInfo
from engine.workers.writer import GenerateWorker as GenerateWorker

PARSE_LIMITS = Limits(
    address_bytes=1 << 30, processor_seconds=30.0, start_seconds=60.0, idle_seconds=900.0, back_off_seconds=0.25, nice=1
)
EMBED_LIMITS = Limits(resident_bytes=1 << 30, start_seconds=180.0, nice=5)
PARSE_SECONDS = 60.0
EMBED_SECONDS = 120.0
MAX_POSTS = 200_000  # of one answer; the parser's own bound lies below
LANGUAGE_TEXTS = 500  # of one job, so that a feed never waits long behind them


class ParseWorker(Client):
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
                    found += [expect_text(language) for language in reply["languages"]]
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
            return [expect_text(each) for reply in replies[1:] for each in reply["ids"]], expect_text(replies[0]["more"])

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
            return tuple(expect_text(address) for reply in replies for address in reply["candidates"])

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


class EmbedWorker(Client):
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
                    device=expect_text(found["device"]),
                    precision=expect_text(found["precision"]),
                    dim=int(found["dimensions"]),
                    posts_per_second=float(found["posts_per_second"]),
                    threads=int(found["threads"]),
                    cosine=float(found["cosine"]),
                )
                key = expect_text(found["key"])
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


def _parsed(reply: Mapping[str, Any]) -> Parsed:
    return Parsed(
        info=from_wire(FeedInfo, reply["info"]),
        posts=(),
        cursor=expect_text(reply["cursor"]),
        follow_ups=tuple(from_wire(Request, request) for request in reply["follow_ups"]),
        warnings=tuple(expect_text(warning) for warning in reply["warnings"]),
        address=expect_text(reply["address"]),
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
