"""From and to other readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.types.sources import FetchedPost
from engine.types.stored import Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignLibrary:
    """What another reader's files hold."""

    reader: str  # "rssguard", "quiterss", "liferea", "newsboat", "opml"
    label: str
    posts: int = 0
    unread: int = 0
    starred: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPost:
    """An article that another reader kept."""

    feed: int  # its feed's place in the library, or its id once it is followed
    read: bool
    saved: bool
    post: FetchedPost


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """What an import would bring. `private` and `refused` addresses would be left out."""

    reader: str
    label: str
    path: str
    feeds: int
    new_feeds: int  # of them, not followed yet
    folders: int
    posts: int
    unread: int
    starred: int
    private: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDone:
    """What an import did. `updated`: posts that were there and became read or saved."""

    id: int
    reader: str
    label: str
    feeds: int
    already: int
    posts: int
    updated: int
    private: tuple[str, ...]
    refused: tuple[str, ...]
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PastImport:
    """An import that was done. `feeds` and `posts` are those it added."""

    id: int
    reader: str
    name: str
    at: datetime
    undone_at: datetime | None
    feeds: int
    posts: int
