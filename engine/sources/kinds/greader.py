"""A feed of a server that speaks the Google Reader API (FreshRSS, Miniflux and others), read with the person's account.

A feed's address is `{server}/reader/api/0/stream/contents/{stream}`, with the user's name behind it, for two people's streams may be called
alike. Posts come oldest first from a little before what was taken last, page by page, so that no gap can be left; the first time the
newest pages. Where `stream/contents` does not exist (Miniflux answers `[]`), ids are asked for, then what they stand for.
Sources: feedhq.readthedocs.io/en/latest/api, and the servers' own descriptions of what they serve.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from engine.errors import InputError, ParseError
from engine.sources.source import Meta, Source
from engine.types import FeedInfo, Parsed, ReaderItem, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.raw import RawPost

API = "/reader/api/0/"
READING_LIST, READ, STARRED = (f"user/-/state/com.google/{name}" for name in ("reading-list", "read", "starred"))
PAGE = 100
FIRST_PAGES = 3  # of a feed that was never read
OVERLAP_SECONDS = 3 * 86400  # posts come in late with old dates
MAX_SUBSCRIPTIONS = 5_000
MAX_ID = 200  # characters
PACE_SECONDS = 0.2  # between two requests to a server of one's own

_ITEM = "tag:google.com,2005:reader/item/"
_HEX = re.compile(r"[0-9a-fA-F]{1,16}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}")
_READ = re.compile(r"user/[^/]*/state/com\.google/read")
_STARRED = re.compile(r"user/[^/]*/state/com\.google/starred")


def item_id(text: str) -> str:
    """Return the one spelling of an item's id: servers write it as a decimal number here and in hexadecimal there. "" for none."""
    if text.startswith(_ITEM):
        rest = text.removeprefix(_ITEM)
        return f"{_ITEM}{int(rest, 16):016x}" if _HEX.fullmatch(rest) else text[:MAX_ID] if rest else ""
    if _DECIMAL.fullmatch(text):
        return f"{_ITEM}{int(text) & (1 << 64) - 1:016x}"
    return f"{_ITEM}{text}"[:MAX_ID] if text else ""


def stream_url(server: str, stream: str, user: str) -> str:
    """Return the address under which a stream of a server is followed."""
    return f"{server}{API}stream/contents/{quote(stream, safe='')}?u={quote(user, safe='')}"


class GoogleReader(Source):
    kind = "greader"
    label = "Google Reader"
    follow_ups = 40
    patient = True

    def recognise(self, address: str) -> Target | None:
        return None  # followed by signing in

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        known = _read_cursor(cursor)
        step = {"way": known["way"], "since": known["since"], "newest": known["since"], "page": 1}
        return (_ask(subscription, step, ""),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources import values

        step = values.fields(values.document(meta.step.encode(), self.label))
        found = values.document(body, self.label)
        if step.get("way") == "contents" and found == []:
            following = {**step, "way": "ids"}
            return Parsed(info=FeedInfo(), posts=(), follow_ups=(_ask(meta.subscription, following, ""),))
        found = values.fields(found)
        if step.get("way") == "ids":
            return self._ids(found, step, meta)
        return self._items(found, step, meta)

    def _ids(self, found: dict[str, Any], step: dict[str, Any], meta: Meta) -> Parsed:
        from engine.sources import values

        ids = [item_id(values.text(values.fields(ref).get("id"))) for ref in values.several(found.get("itemRefs"))]
        ids = [each for each in ids if each][:PAGE]
        if "itemRefs" not in found:
            raise ParseError("The server's answer is no list of posts.")
        more = _continuation(found)
        if not ids:
            return Parsed(info=FeedInfo(), posts=(), cursor=_cursor({**step, "more": ""}))
        server, _ = _place(meta.subscription)
        form = "T={token}&output=json&" + urlencode([("i", each) for each in ids])
        request = Request(
            url=f"{server}{API}stream/items/contents", form=form, accept="application/json", signed=True,
            pace_seconds=PACE_SECONDS, step=json.dumps({**step, "way": "items", "more": more}),
        )  # fmt: skip
        return Parsed(info=FeedInfo(), posts=(), follow_ups=(request,))

    def _items(self, found: dict[str, Any], step: dict[str, Any], meta: Meta) -> Parsed:
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.raw import RawFeed

        if not isinstance(found.get("items"), list):
            raise ParseError("The server's answer is no list of posts.")
        items = [values.fields(item) for item in found["items"]]
        made: dict[str, RawPost] = {}
        for item in items:
            read = _post(item)
            if read.guid:
                made.setdefault(read.guid, read)
        raw = RawFeed(kind="json", site_url=_site(items))
        raw.posts = list(made.values())
        parsed = assemble(raw, url=meta.url, now=meta.now)
        latest = int(meta.now.timestamp())
        times = [time for item in items if (time := _time(item)) is not None and time <= latest]
        newest = max([values.number(step.get("newest")) or 0, *times])
        following = {**step, "newest": newest, "page": (values.number(step.get("page")) or 1) + 1}
        ids_way = step.get("way") == "items"
        more = values.text(step.get("more")) if ids_way else _continuation(found)
        if ids_way:
            following["way"] = "ids"
        following.pop("more", None)
        last = not step.get("since") and following["page"] > FIRST_PAGES
        if more and items and not last:
            # Should the bound end it here, the next refresh goes on where this page ended.
            reached = _cursor({**following, "more": more})
            return replace(parsed, cursor=reached, follow_ups=(_ask(meta.subscription, following, more),))
        return replace(parsed, cursor=_cursor({**following, "more": ""}))

    def refusal(self, status: int) -> str:
        if status in {401, 403}:
            return f"The server says that nobody is signed in any more ({status}). Sign in again under Accounts, or with:  millpond accounts add-reader"
        return "The server does not have this feed now (404). Its posts stay here." if status == 404 else ""


def _post(item: dict[str, Any]) -> RawPost:
    from engine.sources import values
    from engine.sources.raw import RawPost
    from engine.types import Media

    body = values.fields(item.get("content")) or values.fields(item.get("summary"))
    url = ""
    for name in ("canonical", "alternate"):
        url = url or next((values.text(values.fields(link).get("href")) for link in values.several(item.get(name))), "")
    media: list[Media] = []
    for each in map(values.fields, values.several(item.get("enclosure"))[:20]):
        href, mime = values.text(each.get("href")), values.text(each.get("type"))
        kind: Any = mime.partition("/")[0] if mime.partition("/")[0] in {"image", "audio", "video"} else "file"
        if href.startswith(("https://", "http://")):
            media.append(Media(url=href[:4000], kind=kind, mime=mime[:100], size_bytes=values.number(each.get("length"))))
    origin = values.fields(item.get("origin"))
    labels = [text for each in values.several(item.get("categories")) if (text := values.text(each)) and not text.startswith("user/")]
    return RawPost(
        guid=item_id(values.text(item.get("id"))), url=url, title=values.text(item.get("title")), authors=[values.text(item.get("author"))],
        body=values.text(body.get("content")), base=url or values.text(origin.get("htmlUrl")), published=values.iso(item.get("published")),
        updated=values.iso(item.get("updated")), categories=labels, media=media,
    )  # fmt: skip


def _site(items: list[dict[str, Any]]) -> str:
    from engine.sources import values

    sites = (values.text(values.fields(item.get("origin")).get("htmlUrl")) for item in items)
    return next((site for site in sites if site.startswith(("https://", "http://"))), "")


def _time(item: dict[str, Any]) -> int | None:
    """The second by which servers compare an item with `ot`: some take when it was published, some when it came in; so the earlier."""
    from engine.sources import values

    came, published = values.number(item.get("timestampUsec")), values.number(item.get("published"))
    times = [time for time in (came // 1_000_000 if came else None, published) if time is not None and time > 0]
    return min(times, default=None)


def _continuation(found: dict[str, Any]) -> str:
    from engine.sources import values

    more = values.text(found.get("continuation"))
    return more if len(more) <= 500 else ""


def _place(subscription: Subscription) -> tuple[str, str]:
    """The server and the stream of a subscription. Raises InputError."""
    server, mark, rest = subscription.url.partition(API)
    stream = unquote(rest.partition("?")[0].removeprefix("stream/contents/"))
    if not mark or not server.startswith(("https://", "http://")) or not stream.startswith("feed/") or len(stream) > 2000:
        raise InputError("That is no feed of a Google Reader server.")
    return server, stream


def _ask(subscription: Subscription, step: dict[str, Any], more: str) -> Request:
    """The next page: the newest first while nothing is known, then the oldest first since `since`."""
    server, stream = _place(subscription)
    asked: dict[str, str] = {"output": "json", "n": str(PAGE)}
    if step["since"]:
        asked |= {"ot": str(max(step["since"] - OVERLAP_SECONDS, 1)), "r": "o"}
    if more:
        asked["c"] = more
    if step["way"] == "ids":
        path = f"stream/items/ids?{urlencode({'s': stream, **asked})}"
    else:
        path = f"stream/contents/feed/{quote(stream.removeprefix('feed/'), safe='')}?{urlencode(asked)}"
    return Request(url=f"{server}{API}{path}", accept="application/json", step=json.dumps(step), signed=True, pace_seconds=PACE_SECONDS)


def _cursor(step: dict[str, Any]) -> str:
    """What to remember: how the server is asked, and the newest second that was taken (0: nothing)."""
    since = step["newest"]
    if step["more"]:  # the next refresh goes on where this one was ended, without an overlap; a first one begins anew
        since = since + OVERLAP_SECONDS if step["since"] else 0
    return json.dumps({"way": "ids" if step["way"] in {"ids", "items"} else "contents", "since": since})


def _read_cursor(cursor: str) -> dict[str, Any]:
    """Of the worker's writing, so each value is looked at."""
    try:
        found = json.loads(cursor) if cursor else {}
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    since = found.get("since")
    return {
        "way": "ids" if found.get("way") == "ids" else "contents",
        "since": since if isinstance(since, int) and 0 <= since < 10**11 else 0,
    }


# ---- what the sync asks, read in the `parse` worker ----------------------------------------------


def read_ids(body: bytes) -> tuple[list[str], str]:
    """Return the ids of an answer of `stream/items/ids`, and where it goes on. Raises ParseError when it is none."""
    from engine.sources import values

    found = values.fields(values.document(body, GoogleReader.label))
    if "itemRefs" not in found or not isinstance(found["itemRefs"], list | None):
        raise ParseError("The server's answer is no list of posts.")
    ids = (item_id(values.text(values.fields(ref).get("id"))) for ref in values.several(found["itemRefs"]))
    return [each for each in ids if each], _continuation(found)


def read_items(body: bytes) -> list[ReaderItem]:
    """Return what `stream/items/contents` says of the states of items. Raises ParseError."""
    from engine.sources import values

    found = values.fields(values.document(body, GoogleReader.label))
    if not isinstance(found.get("items"), list):
        raise ParseError("The server's answer is no list of posts.")
    made = []
    for item in map(values.fields, found["items"]):
        states = [values.text(each) for each in values.several(item.get("categories"))]
        if guid := item_id(values.text(item.get("id"))):
            made.append(ReaderItem(guid=guid, read=any(map(_READ.fullmatch, states)), starred=any(map(_STARRED.fullmatch, states))))
    return made


def read_subscriptions(body: bytes) -> list[Subscription]:
    """Return the feeds of an answer of `subscription/list`; `url` is the stream's id. Raises ParseError."""
    from engine.sources import values
    from engine.sources.clean import one_line

    found = values.fields(values.document(body, GoogleReader.label))
    if "subscriptions" not in found:
        raise ParseError("The server's answer is no list of feeds.")
    made: list[Subscription] = []
    for each in map(values.fields, values.several(found["subscriptions"])[:MAX_SUBSCRIPTIONS]):
        stream = values.text(each.get("id"))
        folder = next((values.text(values.fields(label).get("label")) for label in values.several(each.get("categories"))), "")
        site = values.text(each.get("htmlUrl"))
        if stream.startswith("feed/") and len(stream) <= 2000:
            made.append(
                Subscription(
                    url=stream, title=one_line(values.text(each.get("title")), 300), folder=one_line(folder, 200), kind=GoogleReader.kind,
                    site_url=site if site.startswith(("https://", "http://")) and len(site) < 2000 else "",
                )
            )  # fmt: skip
    return made

