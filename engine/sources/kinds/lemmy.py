"""Lemmy: communities and whole instances, newest first, by the interface of 0.19 (v3) or the newer one (v4).

Which one a server speaks is tried once and kept in the cursor, with the date of the newest post that was taken: pages are
asked for until they reach it, at most `follow_ups` of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from engine.errors import InputError, NotAFeedError, ParseError
from engine.sources.source import Meta, Source, ThreadOf, origin, read_address
from engine.types import Extras, FeedInfo, Parsed, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.comments import Comments
    from engine.sources.raw import RawPost

PAGE = 50
_ORDER = ("v3", "v4")
_WRONG_VERSION = (400, 404, 405, 410)

_COMMUNITY = re.compile(r"!?(?P<name>\w{2,100})(?:@(?P<host>[\w-]+(?:\.[\w-]+)+(?::\d+)?))?", re.ASCII)
_KNOWN = frozenset(
    {
        "beehaw.org", "sh.itjust.works", "programming.dev", "feddit.org", "feddit.nl", "feddit.uk", "feddit.it", "lemm.ee",
        "hexbear.net", "slrpnk.net", "aussie.zone", "midwest.social", "discuss.tchncs.de", "reddthat.com", "sopuli.xyz",
        "mander.xyz", "jlai.lu", "infosec.pub", "awful.systems", "ttrpg.network", "literature.cafe", "startrek.website",
    }
)  # fmt: skip


class Lemmy(Source):
    kind = "lemmy"
    label = "Lemmy"
    follow_ups = 8

    def recognise(self, address: str) -> Target | None:
        address = address.strip()
        handle = _COMMUNITY.fullmatch(address)
        if handle and address.startswith("!") and handle["host"]:
            return self._community(handle["host"].lower(), handle["name"], "", sure=True)
        read = read_address(address) if not address.startswith("!") else None
        if read is None:
            return None
        sure = read.host in _KNOWN or any(part.startswith("lemmy") for part in read.host.split("."))
        if not read.path:
            return Target(kind=self.kind, url=f"https://{read.host}/", what="instance", name=read.host) if sure else None
        if read.path[0] != "c" or len(read.path) != 2:
            return None
        found = _COMMUNITY.fullmatch(read.path[1])
        return self._community(read.host, found["name"], found["host"] or "", sure=sure) if found else None

    def _community(self, host: str, name: str, elsewhere: str, *, sure: bool) -> Target:
        url = f"https://{host}/c/{name}{f'@{elsewhere}' if elsewhere and elsewhere != host else ''}"
        return Target(kind=self.kind, url=url, what="community", name=f"!{name}@{elsewhere or host}", sure=sure)

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        version, newest = _read_cursor(cursor)
        return (_request(subscription.url, {"api": version or _ORDER[0], "newest": newest, "page": 1}),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.raw import RawFeed

        step = values.fields(values.document(meta.step.encode(), self.label))
        try:
            found = values.fields(values.document(body, self.label)) if meta.status == 200 else {}
        except ParseError:
            found = {}
        views = [values.fields(view) for view in values.several(found.get("posts", found.get("items")))]
        if not views and "posts" not in found and "items" not in found:
            return self._other_version(step, meta)
        raw = RawFeed(kind="json", title=_title(views, meta), site_url=meta.subscription.url, icon=_icon(views, meta))
        raw.posts = [post for view in views if (post := _post(view, meta)) is not None]
        parsed = assemble(raw, url=meta.url, now=meta.now)
        return _paged(parsed, step, views, values.text(found.get("next_page")), meta)

    def _other_version(self, step: dict[str, Any], meta: Meta) -> Parsed:
        """Try what was not tried yet. Raises NotAFeedError when the server speaks neither."""
        other = next(version for version in _ORDER if version != step.get("api"))
        if step.get("tried") or step.get("page") != 1:
            raise NotAFeedError("This is no community or instance of Lemmy, or it is not there now.")
        following = _request(meta.subscription.url, {**step, "api": other, "tried": True})
        return Parsed(info=FeedInfo(), posts=(), follow_ups=(following,))

    def thread(self, about: ThreadOf) -> Request | None:
        parts = urlsplit(about.comments_url)
        number = parts.path.removeprefix("/post/")
        if not number.isdecimal() or origin(about.comments_url) != origin(about.subscription.url):
            return None
        asked = urlencode({"post_id": number, "max_depth": 8, "sort": "Top", "type_": "All", "limit": 300})
        return Request(url=f"{origin(about.comments_url)}/api/v3/comment/list?{asked}", accept="application/json", purpose="thread")

    def comments(self, body: bytes, meta: Meta) -> Comments:
        """Lemmy gives a flat list whose `path` ("0.12.57") says what answers what."""
        from engine.sources import values
        from engine.sources.comments import Comments
        from engine.sources.markdown import html_from_markdown

        found = Comments(meta.url)
        views = [values.fields(view) for view in values.several(values.fields(values.document(body, self.label)).get("comments"))]
        places = {values.text(values.fields(view.get("comment")).get("id")): place for place, view in enumerate(views)}

        def order(view: dict[str, Any]) -> list[int]:
            path = values.text(values.fields(view.get("comment")).get("path")).split(".")[1:]
            return [places.get(number, len(views)) for number in path[:50]]

        for view in sorted(views, key=order):
            comment = values.fields(view.get("comment"))
            if comment.get("deleted") or comment.get("removed"):
                continue
            found.add(
                author=_person(values.fields(view.get("creator"))),
                html=html_from_markdown(values.text(comment.get("content"))),
                at=comment.get("published_at", comment.get("published")),
                depth=max(values.text(comment.get("path")).count(".") - 1, 0),
                score=values.fields(view.get("counts")).get("score", comment.get("score")),
                url=values.text(comment.get("ap_id")),
            )
        return found


def _read_cursor(cursor: str) -> tuple[str, str]:
    """The version that the server speaks and the date of the newest post; "" where nothing is known."""
    try:
        found = json.loads(cursor) if cursor else {}
    except ValueError:
        found = {}
    version, newest = found.get("api", ""), found.get("newest", "")
    return (version if version in _ORDER else ""), (newest if isinstance(newest, str) else "")


def _request(url: str, step: dict[str, Any], page_cursor: str = "") -> Request:
    parts = urlsplit(url)
    new = step["api"] == "v4"
    asked: dict[str, str] = {"sort": "new" if new else "New", "limit": str(PAGE)}
    if parts.path.startswith("/c/"):
        asked |= {"type_": "all" if new else "All", "community_name": parts.path.removeprefix("/c/").strip("/")}
    elif parts.path in {"", "/"}:
        asked["type_"] = "local" if new else "Local"
    else:
        raise InputError("That is no community or instance of Lemmy.")
    if page_cursor:
        asked["page_cursor"] = page_cursor
    return Request(
        url=f"{origin(url)}/api/{step['api']}/post/list?{urlencode(asked, safe='@')}",
        accept="application/json",
        step=json.dumps(step),
        statuses=_WRONG_VERSION if step["page"] == 1 else (),
    )


def _paged(parsed: Parsed, step: dict[str, Any], views: list[dict[str, Any]], next_page: str, meta: Meta) -> Parsed:
    """Ask for the next page while there may be new posts on it; the page that ends this moves the cursor."""
    from engine.sources import values

    moments = [_published(view) for view in views if not _is_pinned(view)]
    dates = sorted(moment for moment in moments if moment is not None)
    known = values.moment(step.get("newest"))
    top = values.moment(step.get("top")) or (dates[-1] if dates else None)
    number = values.number(step.get("page")) or 1
    if known is not None and next_page and dates and dates[0] > known and number <= Lemmy.follow_ups:
        following = {**step, "page": number + 1, "top": top.isoformat() if top else "", "tried": True}
        return replace(parsed, follow_ups=(_request(meta.subscription.url, following, next_page),))
    newest = max((moment for moment in (top, known) if moment is not None), default=None)
    return replace(parsed, cursor=json.dumps({"api": step["api"], "newest": newest.isoformat() if newest else ""}))


def _published(view: dict[str, Any]) -> datetime | None:
    from engine.sources import values

    post = values.fields(view.get("post"))
    return values.moment(post.get("published_at", post.get("published")))


def _is_pinned(view: dict[str, Any]) -> bool:
    post = view.get("post")
    return isinstance(post, dict) and bool(post.get("featured_community") or post.get("featured_local"))


def _title(views: list[dict[str, Any]], meta: Meta) -> str:
    from engine.sources import values

    path = urlsplit(meta.subscription.url).path
    if not path.startswith("/c/"):
        return urlsplit(meta.subscription.url).hostname or ""
    community = values.fields(views[0].get("community")) if views else {}
    return values.text(community.get("title")) or "!" + path.removeprefix("/c/")


def _icon(views: list[dict[str, Any]], meta: Meta) -> str:
    from engine.sources import values

    community = values.fields(views[0].get("community")) if views else {}
    return values.text(community.get("icon")) if "/c/" in meta.subscription.url else ""


def _person(creator: dict[str, Any]) -> str:
    from engine.sources import values

    name = values.text(creator.get("name"))
    try:
        host = urlsplit(values.text(creator.get("ap_id", creator.get("actor_id")))).hostname
    except ValueError:
        host = None
    return f"{name}@{host}" if name and host else name


def _post(view: dict[str, Any], meta: Meta) -> RawPost | None:
    """The post of one view; None for what was deleted, removed, or is none."""
    from engine.sources import values
    from engine.sources.markdown import html_from_markdown
    from engine.sources.raw import RawPost
    from engine.sources.xmlmedia import make

    post, community = values.fields(view.get("post")), values.fields(view.get("community"))
    number = values.text(post.get("id"))
    if not number or post.get("deleted") or post.get("removed"):
        return None
    counts = values.fields(view.get("counts")) or post
    page = f"{origin(meta.subscription.url)}/post/{quote(number)}"
    updated = values.iso(post.get("updated_at", post.get("updated")))
    url, alt = values.text(post.get("url")), values.text(post.get("alt_text"))
    picture = url if values.text(post.get("url_content_type")).startswith("image/") else values.text(post.get("thumbnail_url"))
    media = make(picture, page, medium="image", alt=alt) if picture else None
    tags = [values.fields(tag) for tag in values.several(view.get("tags", post.get("tags")))]
    return RawPost(
        guid=values.text(post.get("ap_id")) or page,
        url=url or page,
        title=values.text(post.get("name")),
        authors=[_person(values.fields(view.get("creator")))],
        body=html_from_markdown(values.text(post.get("body"))),
        base=page,
        published=values.iso(post.get("published_at", post.get("published"))),
        updated=updated,
        categories=[values.text(community.get("title")) or values.text(community.get("name"))],
        comments=page,
        media=[media] if media is not None else [],
        extras=Extras(
            source_kind=Lemmy.kind,
            sensitive=bool(post.get("nsfw") or community.get("nsfw")),
            score=values.number(counts.get("score")),
            comments_count=values.number(counts.get("comments")),
            comments_url=page,
            edited_at=values.moment(updated),
            labels=tuple(values.text(tag.get("display_name")) or values.text(tag.get("name")) for tag in tags),
        ),
    )
