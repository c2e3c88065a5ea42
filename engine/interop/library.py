"""What every reader of other readers' files gives: feeds and articles as they stood there, nothing cleaned yet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from engine.sources.raw import RawPost
from engine.store.foreign import Foreign
from engine.types import Media

MAX_FEEDS = 20_000
MAX_DEPTH = 20
ORPHANS = ""  # the key of articles whose feed is gone


@dataclass(slots=True)
class ForeignFeed:
    """`url` is "" for what can no longer be followed and is kept for its articles."""

    key: str
    url: str
    title: str = ""
    site_url: str = ""
    folder: str = ""


@dataclass(slots=True)
class ForeignPost:
    feed: str  # a feed's key
    raw: RawPost = field(default_factory=RawPost)
    read: bool = False
    starred: bool = False


@dataclass(slots=True)
class Totals:
    posts: int = 0
    unread: int = 0
    starred: int = 0


class Reader(ABC):
    """One reader's database, and the text files that lie beside it by their names. No I/O but reading these."""

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    telling: ClassVar[Mapping[str, frozenset[str]]] = {}  # tables and columns that no other reader's database has

    def __init__(self, database: Foreign, companions: Mapping[str, bytes]) -> None:
        self.database = database
        self.companions = companions

    @classmethod
    def made(cls, database: Foreign) -> bool:
        return all(columns <= database.tables.get(table, frozenset()) for table, columns in cls.telling.items())

    @abstractmethod
    def feeds(self) -> list[ForeignFeed]:
        """The feeds that were followed there."""

    @abstractmethod
    def posts(self, after: int, limit: int) -> Iterator[tuple[int, ForeignPost | None]]:
        """Yield the number of each row behind `after` and its article; None for one that its reader had thrown away."""

    @abstractmethod
    def totals(self) -> Totals:
        """How many articles there are."""


def text(value: Any) -> str:
    """A value of whatever type as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def yes(value: Any) -> bool:
    """Whether a flag is set: numbers and texts of numbers."""
    return value not in (None, 0, "", "0", b"")


def moment(seconds: Any) -> str:
    """A Unix time as ISO 8601; "" for none that makes sense."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def web(url: str) -> str:
    """The address where it is one of the web; "" for commands, files and queries that readers take for feeds."""
    url = url.strip()
    if url.lower().startswith("feed:"):
        url = url[5:].removeprefix("//")
        url = url if "://" in url else f"http://{url}"
    try:
        return url if urlsplit(url).scheme.lower() in ("http", "https") and urlsplit(url).hostname else ""
    except ValueError:
        return ""


def enclosure(url: str, mime: str) -> Media | None:
    """A declared medium at an address of the web, else None."""
    kinds: dict[str, Literal["image", "audio", "video"]] = {"image": "image", "audio": "audio", "video": "video"}
    return Media(url=url.strip(), mime=mime, kind=kinds.get(mime.partition("/")[0].lower(), "file")) if web(url) else None


def one_folder(name: str) -> str:
    """A folder's name without what would nest it."""
    return " ".join(name.replace("/", "∕").split())[:200]


def nested(parents: Mapping[str, tuple[str, str]], key: str) -> str:
    """The path "A/B" of folder `key`; `parents` holds (its parent's key, its name). A circle ends where it closes."""
    names: list[str] = []
    seen: set[str] = set()
    while key in parents and key not in seen and len(names) < MAX_DEPTH:
        seen.add(key)
        key, name = parents[key][0], parents[key][1]
        if folder := one_folder(name):
            names.insert(0, folder)
    return "/".join(names)
