"""Identifiers of the AT Protocol: which strings are a handle, a DID, an address, a time. Source: atproto.com/specs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HANDLE = re.compile(rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?")
_DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
_NSID = re.compile(rf"[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}")
_KEY = re.compile(r"[a-zA-Z0-9_~.:-]{1,512}")
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_URI = re.compile(r"at://(?P<authority>[a-zA-Z0-9._:%-]+)(?:/(?P<collection>[a-zA-Z0-9.-]+)(?:/(?P<key>[^/#?]+))?)?")
_TIME = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d(?:\.\d{1,20})?(?:Z|[+-][0-2]\d:[0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Uri:
    """An at:// address: whose, in which collection, under which key."""

    authority: str
    collection: str = ""
    key: str = ""


def is_handle(text: str) -> bool:
    return len(text) <= 253 and _HANDLE.fullmatch(text) is not None


def is_did(text: str) -> bool:
    return len(text) <= 2048 and _DID.fullmatch(text) is not None


def is_at_identifier(text: str) -> bool:
    """A handle or a DID."""
    return is_handle(text) or is_did(text)


def is_nsid(text: str) -> bool:
    """A name of a collection or a method: "app.bsky.feed.post"."""
    return len(text) <= 317 and _NSID.fullmatch(text) is not None


def is_record_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None and text not in {".", ".."}


def is_tid(text: str) -> bool:
    """A key made of a time."""
    return _TID.fullmatch(text) is not None


def read_uri(text: str) -> Uri | None:
    """Cut an at:// address; None when it is none."""
    found = _URI.fullmatch(text) if len(text) <= 8192 else None
    if found is None or not is_at_identifier(found["authority"]):
        return None
    collection, key = found["collection"] or "", found["key"] or ""
    if (collection and not is_nsid(collection)) or (key and not is_record_key(key)):
        return None
    return Uri(found["authority"], collection, key)


def is_datetime(text: str) -> bool:
    return read_datetime(text) is not None


def read_datetime(text: str) -> datetime | None:
    """A time with its zone; None when it is none that every program reads alike."""
    if len(text) > 64 or _TIME.fullmatch(text) is None or text.endswith("-00:00") or text.startswith("000"):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
