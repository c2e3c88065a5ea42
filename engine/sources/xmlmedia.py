"""Enclosures, Media RSS and iTunes images of an item, as data; nothing is ever fetched for them here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from engine.sources.clean import one_line
from engine.sources.links import absolute
from engine.sources.xmlnames import Names
from engine.types import Media

Element = Any  # lxml ships no types
Children = dict[str, list[Element]]
Kind = Literal["image", "audio", "video", "file"]

MAX_MEDIA = 50

_NUMBER = re.compile(r"\s*(\d{1,15})(?:\.\d+)?\s*(?:px)?\s*\Z")
_ENDINGS: dict[str, Kind] = {
    **dict.fromkeys(["jpg", "jpeg", "png", "gif", "webp", "avif", "bmp"], "image"),
    **dict.fromkeys(["mp3", "m4a", "ogg", "oga", "opus", "aac", "flac", "wav"], "audio"),
    **dict.fromkeys(["mp4", "m4v", "webm", "mov", "mkv", "avi", "ogv"], "video"),
}
_SOURCES = ("enclosure", "media:content", "media:group", "media:thumbnail", "itunes:image", "link", "atom:link", "content", "image")


def kind_of(url: str, mime: str, medium: str = "") -> Kind:
    """What a file is, by its declared medium, its type, or the ending of its address."""
    family = (medium or mime).strip().lower().partition("/")[0]
    if family in ("image", "audio", "video"):
        return family  # type: ignore[return-value]
    return _ENDINGS.get(url.partition("?")[0].rpartition(".")[2].lower(), "file")


def number(text: str | None) -> int | None:
    """A count as feeds write it; None for anything else."""
    found = _NUMBER.match(text) if text else None
    return int(found[1]) if found else None


def duration_seconds(text: str | None) -> float | None:
    """Seconds in "3600", "61:05" or "1:01:05"; None for anything else."""
    parts = (text or "").strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(r"\d{1,7}(?:\.\d{1,6})?", part) for part in parts):
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + float(part)
    return seconds or None


def make(url: str, base: str, *, mime: str = "", medium: str = "", alt: str = "", width: str | None = None,
         height: str | None = None, size: str | None = None, duration: str | None = None) -> Media | None:  # fmt: skip
    """Media from what a feed states of it; None when its address is none, or when it is a counting pixel."""
    address = absolute(url, base)
    if not address:
        return None
    kind = kind_of(address, mime, medium)
    wide, high = number(width), number(height)
    if kind == "image" and ((wide is not None and 0 < wide <= 3) or (high is not None and 0 < high <= 3)):
        return None
    return Media(
        url=address, kind=kind, mime=mime.strip().lower()[:100], alt=one_line(alt, 1000) if alt else "", width=wide or None,
        height=high or None, size_bytes=number(size) or None, duration_seconds=duration_seconds(duration),
    )  # fmt: skip


def _described(element: Element, names: Names) -> str:
    for wanted in ("media:title", "media:description", "media:text"):
        for child in element:
            if names[child.tag] == wanted and child.text:
                return str(child.text)
    return ""


def _media_content(element: Element, names: Names, base: str) -> Iterator[Media | None]:
    url = element.get("url") or ""
    player = ""
    for child in element:
        name = names[child.tag]
        if name == "media:thumbnail":
            yield make(child.get("url") or "", base, medium="image", width=child.get("width"), height=child.get("height"))
        elif name == "media:player":
            player = child.get("url") or ""
        elif name == "media:content":
            yield from _media_content(child, names, base)
    if url or player:
        yield make(
            url or player, base, mime=element.get("type") or "", medium=element.get("medium") or "", alt=_described(element, names),
            width=element.get("width"), height=element.get("height"), size=element.get("fileSize"), duration=element.get("duration"),
        )  # fmt: skip


def _found(children: Children, names: Names, base: str) -> Iterator[Media | None]:
    durations = children.get("itunes:duration")
    duration = durations[0].text if durations else None
    for element in children.get("enclosure", ()):
        yield make(
            element.get("url") or element.get("href") or element.text or "", base, mime=element.get("type") or "", size=element.get("length"),
            duration=duration,
        )  # fmt: skip
    for name in ("link", "atom:link"):
        for element in children.get(name, ()):
            if (element.get("rel") or "").lower() == "enclosure":
                yield make(
                    element.get("href") or "", base, mime=element.get("type") or "", size=element.get("length"), alt=element.get("title") or "",
                    duration=duration,
                )  # fmt: skip
    for element in children.get("content", ()):
        if element.get("src"):
            yield make(element.get("src"), base, mime=element.get("type") or "")
    for element in children.get("media:content", ()):
        yield from _media_content(element, names, base)
    for group in children.get("media:group", ()):
        inner = [child for child in group if names[child.tag] == "media:content"]
        for element in inner:
            yield from _media_content(element, names, base)
        for child in group:
            if names[child.tag] == "media:thumbnail":
                yield make(child.get("url") or "", base, medium="image", width=child.get("width"), height=child.get("height"))
    for element in children.get("media:thumbnail", ()):
        yield make(element.get("url") or element.text or "", base, medium="image", width=element.get("width"), height=element.get("height"))
    for element in children.get("itunes:image", ()):
        yield make(element.get("href") or element.text or "", base, medium="image")
    for element in children.get("image", ()):
        for child in element:
            if names[child.tag] == "url":
                yield make(child.text or "", base, medium="image")


def read_media(children: Children, names: Names, base: str) -> list[Media]:
    """Return the media of an item given its children by short name: each address once, at most MAX_MEDIA."""
    if not any(name in children for name in _SOURCES):
        return []
    kept: dict[str, Media] = {}
    for media in _found(children, names, base):
        if media is not None and media.url not in kept:
            kept[media.url] = media
            if len(kept) == MAX_MEDIA:
                break
    return list(kept.values())
