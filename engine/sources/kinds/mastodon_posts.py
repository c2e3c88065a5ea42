"""What the entities of Mastodon's interface mean: statuses, accounts, filters, notifications. Also those of its relatives.

Source: docs.joinmastodon.org/entities; every field may be missing or of another type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from engine.sources import values
from engine.types import Extras, Media, Poll, Quote

if TYPE_CHECKING:
    from engine.sources.raw import RawPost

KIND = "mastodon"

_EMOJI = re.compile(r"\s*:\w{1,60}:", re.ASCII)
_VISIBILITY: dict[str, Literal["public", "unlisted", "followers", "direct"]] = {
    "public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct", "mutuals_only": "followers",
    "local": "public",
}  # fmt: skip
_MEDIA: dict[str, Literal["image", "audio", "video", "file"]] = {
    "image": "image", "gifv": "video", "video": "video", "audio": "audio",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who wrote something. `handle` is "@ada@pond.example"."""

    id: str
    name: str
    handle: str
    url: str
    avatar: str
    note: str  # HTML


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter that the person made on their server. `action` "hide" leaves a post out, "warn" covers it."""

    title: str
    action: Literal["warn", "hide"]
    words: tuple[str, ...] = ()


def account(found: object, host: str = "") -> Account:
    """Read an account; `host` completes the handle of one that lives on the server itself."""
    entity = values.fields(found)
    acct = values.text(entity.get("acct")) or values.text(entity.get("username"))
    name = " ".join(_EMOJI.sub("", values.text(entity.get("display_name"))).split())
    return Account(
        id=values.text(entity.get("id")),
        name=name or acct,
        handle=f"@{acct}" if "@" in acct or not (acct and host) else f"@{acct}@{host}",
        url=values.text(entity.get("url")),
        avatar=values.text(entity.get("avatar_static")) or values.text(entity.get("avatar")),
        note=values.text(entity.get("note")),
    )


def filter_of(found: object) -> Filter:
    """Read a filter of either version: v1 has one phrase, v2 a title and keywords."""
    entity = values.fields(found)
    keywords = [values.text(values.fields(keyword).get("keyword")) for keyword in values.several(entity.get("keywords"))]
    phrase = values.text(entity.get("phrase"))
    hide = values.text(entity.get("filter_action")) == "hide" or bool(entity.get("irreversible"))
    return Filter(
        title=values.text(entity.get("title")) or phrase,
        action="hide" if hide else "warn",
        words=tuple(word for word in (*keywords, phrase) if word),
    )


def filters_met(status: dict[str, Any]) -> list[Filter]:
    """Return the filters that the server found to match a status."""
    results = [values.fields(result) for result in values.several(status.get("filtered"))]
    return [filter_of(result.get("filter")) for result in results if result.get("filter")]


def post(found: object, *, host: str, server: str) -> RawPost | None:
    """Return a status as a post; a boost as the post that it boosts. None for what is none, or what a filter hides.

    Args:
        host: of the server that was asked.   server: its origin, for addresses that a status lacks.
    """
    status = values.fields(found)
    if any(met.action == "hide" for met in filters_met(status)):
        return None
    boosted = values.fields(status.get("reblog"))
    if not boosted:
        return _own(status, host=host, server=server)
    made = _own(boosted, host=host, server=server, outer=status)
    if made is not None and made.extras is not None:
        from dataclasses import replace

        made.extras = replace(made.extras, boosted_by=(account(status.get("account"), host).name,))
    return made


def _own(status: dict[str, Any], *, host: str, server: str, outer: dict[str, Any] | None = None) -> RawPost | None:
    from engine.sources.raw import RawPost

    number, uri = values.text(status.get("id")), values.text(status.get("uri"))
    met = [*filters_met(status), *filters_met(outer or {})]
    if not (uri or number) or any(one.action == "hide" for one in met):
        return None
    author = account(status.get("account"), host)
    page = values.text(status.get("url")) or (uri if uri.startswith("http") else f"{server}/statuses/{number}")
    tags = [values.text(values.fields(tag).get("name")) for tag in values.several(status.get("tags"))]
    return RawPost(
        guid=uri or page,
        url=page,
        authors=[author.name or author.handle],
        body=values.text(status.get("content")) + _card(values.fields(status.get("card"))),
        base=page,
        published=values.iso(status.get("created_at")),
        updated=values.iso(status.get("edited_at")),
        categories=[tag for tag in tags if tag],
        comments=page,
        media=[media for item in values.several(status.get("media_attachments")) if (media := _media(values.fields(item)))],
        language=values.text(status.get("language")),
        extras=_extras(status, met, server),
    )


def _extras(status: dict[str, Any], met: list[Filter], server: str) -> Extras:
    warning = values.text(status.get("spoiler_text"))
    titles = [f"filter “{one.title}”" for one in met if one.action == "warn"]
    answered = values.text(status.get("in_reply_to_id"))
    return Extras(
        source_kind=KIND,
        content_warning=" · ".join(part for part in (warning, *dict.fromkeys(titles)) if part),
        sensitive=status.get("sensitive") is True,
        visibility=_VISIBILITY.get(values.text(status.get("visibility")), ""),
        quote=_quote(status),
        poll=_poll(values.fields(status.get("poll"))),
        score=values.number(status.get("favourites_count")),
        comments_count=values.number(status.get("replies_count")),
        comments_url=values.text(status.get("url")),
        reply_to_url=f"{server}/statuses/{answered}" if answered else "",
        edited_at=values.moment(status.get("edited_at")),
    )


def _quote(status: dict[str, Any]) -> Quote | None:
    """The quoted status: Mastodon wraps it with a state, its relatives put it there as it is."""
    wrapped = values.fields(status.get("quote")) or values.fields(values.fields(status.get("pleroma")).get("quote"))
    if not wrapped:
        return None
    state = values.text(wrapped.get("state"))
    quoted = values.fields(wrapped.get("quoted_status")) or ({} if state else wrapped)
    if not quoted or state not in ("", "accepted"):
        return Quote()  # deleted, refused, or not let through yet
    from engine.sources.clean import plain_text

    warning = values.text(quoted.get("spoiler_text"))
    return Quote(
        author=account(quoted.get("account")).name,
        text=f"[{warning}]" if warning else plain_text(values.text(quoted.get("content"))),
        url=values.text(quoted.get("url")) or values.text(quoted.get("uri")),
    )


def _poll(found: dict[str, Any]) -> Poll | None:
    options = [values.fields(option) for option in values.several(found.get("options"))]
    if not options:
        return None
    votes = [values.number(option.get("votes_count")) for option in options]
    known = [vote for vote in votes if vote is not None and vote >= 0]
    return Poll(
        options=tuple(values.text(option.get("title")) for option in options),
        votes=tuple(known) if len(known) == len(options) else (),
        ends_at=values.moment(found.get("expires_at")),
        multiple=found.get("multiple") is True,
    )


def _media(item: dict[str, Any]) -> Media | None:
    url = values.text(item.get("url")) or values.text(item.get("remote_url"))
    if scheme(url) not in {"http", "https"}:
        return None
    original = values.fields(values.fields(item.get("meta")).get("original"))
    width, height = values.number(original.get("width")), values.number(original.get("height"))
    return Media(
        url=url,
        kind=_MEDIA.get(values.text(item.get("type")), "file"),
        alt=values.text(item.get("description"))[:2000],
        width=width if width and width > 0 else None,
        height=height if height and height > 0 else None,
        duration_seconds=values.seconds(original.get("duration")) or None,
    )


def scheme(url: str) -> str:
    """The scheme of an address; "" when it is none."""
    try:
        return urlsplit(url).scheme
    except ValueError:
        return ""


def _card(card: dict[str, Any]) -> str:
    """The page that a status points to, as the server saw it."""
    url, title = values.text(card.get("url")), values.text(card.get("title"))
    if not (title and scheme(url) in {"http", "https"}):
        return ""
    about = values.text(card.get("description"))
    words = f'<a href="{escape(url)}">{escape(title, quote=False)}</a>'
    return f"<blockquote><p>{words}</p>{f'<p>{escape(about, quote=False)}</p>' if about else ''}</blockquote>"


_EVENTS = {
    "mention": "{name} mentions you",
    "status": "{name} posted",
    "reblog": "{name} boosted your post",
    "favourite": "{name} likes your post",
    "follow": "{name} follows you",
    "follow_request": "{name} wants to follow you",
    "poll": "A poll has ended",
    "update": "{name} edited a post",
    "quote": "{name} quotes your post",
    "quoted_update": "{name} edited a post that you quote",
}


def notification(found: object, *, host: str, server: str) -> RawPost | None:
    """Return a notification as a post: what happened as its title, the post that it is about as its text."""
    from engine.sources.raw import RawPost

    event = values.fields(found)
    number, kind = values.text(event.get("id")), values.text(event.get("type"))
    if not number or not kind:
        return None
    who = account(event.get("account"), host)
    status = values.fields(event.get("status"))
    made = _own(status, host=host, server=server) if status else None
    title = _EVENTS.get(kind, "{name}: " + kind.replace("_", " ").replace("{", "").replace("}", "")).format(name=who.name)
    page = made.url if made is not None else who.url
    return RawPost(
        guid=f"{server}/notifications/{number}",
        url=page,
        title=title,
        authors=[who.name],
        body=made.body if made is not None else who.note,
        base=page,
        published=values.iso(event.get("created_at")),
        media=made.media if made is not None else [],
        language=made.language if made is not None else "",
        extras=made.extras if made is not None else Extras(source_kind=KIND),
    )
