"""Networks of the sample internet: each writer makes, of a source's posts, the answers of that network's interface by path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

Page = tuple[str, bytes]  # content type, body
Pages = dict[str, Page]
JSON = "application/json"
ATOM = "application/atom+xml"
_CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"
_STATUS = 112_000_000_000_000_000  # ids grow with time, as the network's do


def pages(source: dict[str, Any], now: datetime) -> Pages:
    """Return what is served for a source."""
    return _WRITERS[source["kind"]](source, now)


def _dated(source: dict[str, Any], now: datetime) -> Iterator[tuple[int, dict[str, Any], datetime]]:
    for number, post in enumerate(source["posts"]):
        yield number, post, (now - timedelta(hours=post["hours"])).replace(microsecond=0)


def _slug(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _json(found: Any) -> Page:
    return JSON, json.dumps(found, ensure_ascii=False).encode()


def _mastodon(source: dict[str, Any], now: datetime) -> Pages:
    def account(name: str) -> dict[str, Any]:
        acct = source["path"].removeprefix("/@") if name == source["title"] else _slug(name)
        return {"id": str(7000 + sum(acct.encode())), "username": acct, "acct": acct, "display_name": name,
                "url": f"https://{acct}.example/", "note": "", "avatar": ""}  # fmt: skip

    def status(number: int, post: dict[str, Any], at: datetime) -> dict[str, Any]:
        edited = now - timedelta(hours=post["edited_hours"]) if "edited_hours" in post else None
        picture = {"type": "image", "url": f"https://lantern.example/{number}.jpg", "description": post.get("picture"),
                   "meta": {"original": {"width": 1200, "height": 800}}}  # fmt: skip
        options = [{"title": title, "votes_count": votes} for title, votes in post.get("poll", [])]
        poll = {"options": options, "multiple": post.get("multiple", False), "expires_at": (now + timedelta(days=1)).isoformat()}
        name = str(_STATUS - number * 1000)
        shared = f' <a href="{post["link"]}">{post["link"].partition("//")[2]}</a>' if "link" in post else ""
        return {
            "id": name, "uri": f"https://lantern.example/statuses/{name}", "url": f"https://lantern.example/@lantern/{name}",
            "created_at": at.isoformat(), "edited_at": edited.isoformat() if edited else None, "account": account(post["by"]),
            "content": f"<p>{escape(post['text'])}{shared}</p>", "spoiler_text": post.get("warning", ""), "sensitive": "warning" in post,
            "visibility": post.get("visibility", "public"), "language": post.get("language", "en"),
            "favourites_count": post["likes"], "replies_count": post["replies"], "tags": [], "reblog": None,
            "media_attachments": [picture] if "picture" in post else [], "poll": poll if options else None,
        }  # fmt: skip

    def entries(number: int, post: dict[str, Any], at: datetime) -> list[dict[str, Any]]:
        made = status(number, post, at)
        boosts = [
            {**made, "id": str(int(made["id"]) + place), "account": account(name), "reblog": made, "content": ""}
            for place, name in enumerate(post.get("boosted_by", ()), 1)
        ]
        return boosts or [made]

    owner = account(source["title"])
    return {
        "/api/v1/accounts/lookup": _json(owner),
        f"/api/v1/accounts/{owner['id']}/statuses": _json([made for dated in _dated(source, now) for made in entries(*dated)]),
    }


def _bluesky(source: dict[str, Any], now: datetime) -> Pages:
    handle = source["path"].rpartition("/")[2]

    def person(name: str) -> dict[str, Any]:
        slug = _slug(name)[:24]
        return {"did": f"did:plc:{slug:a<24}", "handle": handle if name == source["title"] else f"{slug}.example", "displayName": name}

    def items(number: int, post: dict[str, Any], at: datetime) -> list[dict[str, Any]]:
        author, when = person(post["by"]), at.isoformat()
        record = {"$type": "app.bsky.feed.post", "text": post["text"], "createdAt": when, "langs": [post.get("language", "en")]}
        view: dict[str, Any] = {
            "uri": f"at://{author['did']}/app.bsky.feed.post/3l{number:a>11}", "cid": _CID, "author": author, "record": record,
            "indexedAt": when, "likeCount": post["likes"], "replyCount": post["replies"],
        }  # fmt: skip
        if "label" in post:
            view["labels"] = [{"src": author["did"], "uri": view["uri"], "val": post["label"], "cts": when}]
        if "quote" in post:
            by = person(post["quote_by"])
            quoted = {"$type": "app.bsky.embed.record#viewRecord", "uri": f"at://{by['did']}/app.bsky.feed.post/3lquoted", "cid": _CID,
                      "author": by, "indexedAt": when, "value": {"text": post["quote"], "createdAt": when}}  # fmt: skip
            view["embed"] = {"$type": "app.bsky.embed.record#view", "record": quoted}
        reasons = [{"$type": "app.bsky.feed.defs#reasonRepost", "by": person(name), "indexedAt": when} for name in post.get("boosted_by", ())]
        return [{"post": view, "reason": reason} for reason in reasons] or [{"post": view}]

    return {"/xrpc/app.bsky.feed.getAuthorFeed": _json({"feed": [made for dated in _dated(source, now) for made in items(*dated)]})}


def _reddit(source: dict[str, Any], now: datetime) -> Pages:
    entries = ""
    for number, post, at in _dated(source, now):
        page = f"https://www.reddit.com/{source['title']}/comments/{number + 4096:x}/"
        title = post.get("name") or post["text"].partition(".")[0]
        body = (
            f'<div class="md"><p>{escape(post["text"])}</p></div> &#32; submitted by &#32; <a href="#"> /u/{post["by"]} </a> '
            f'<span><a href="{page}">[link]</a></span> <span><a href="{page}">[comments]</a></span>'
        )
        entries += (
            f'<entry><author><name>/u/{post["by"]}</name></author><content type="html">{escape(body)}</content>'
            f'<id>t3_{number + 4096:x}</id><link href="{page}"/><updated>{at.isoformat()}</updated>'
            f"<published>{at.isoformat()}</published><title>{escape(title)}</title></entry>"
        )
    return {source["path"]: _feed(source["title"], entries)}


def _hackernews(source: dict[str, Any], now: datetime) -> Pages:
    made: Pages = {"/v0/topstories.json": _json([42_000_000 - number for number in range(len(source["posts"]))])}
    for number, post, at in _dated(source, now):
        item = {"id": 42_000_000 - number, "type": "story", "by": post["by"], "title": post["name"], "time": int(at.timestamp()),
                "score": post["points"], "descendants": post["comments"], "url": post.get("link"), "text": post.get("text")}  # fmt: skip
        made[f"/v0/item/{item['id']}.json"] = _json({name: value for name, value in item.items() if value is not None})
    return made


def _youtube(source: dict[str, Any], now: datetime) -> Pages:
    channel = parse_qs(urlsplit(source["path"]).query)["channel_id"][0]
    entries = ""
    for number, post, at in _dated(source, now):
        video = f"sample{number:05}"
        entries += (
            f'<entry><id>yt:video:{video}</id><yt:videoId>{video}</yt:videoId><title>{escape(post["name"])}</title>'
            f'<link rel="alternate" href="https://www.youtube.com/watch?v={video}"/><author><name>{escape(post["by"])}</name></author>'
            f"<published>{at.isoformat()}</published><updated>{at.isoformat()}</updated><media:group>"
            f'<media:content url="https://www.youtube.com/v/{video}" type="video/mp4" duration="{post["seconds"]}"/>'
            f'<media:description>{escape(post["text"])}</media:description>'
            f'<media:community><media:statistics views="{post["views"]}"/></media:community></media:group></entry>'
        )
    names = 'xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/"'
    author = f"<author><name>{escape(source['title'])}</name></author><yt:channelId>{channel[2:]}</yt:channelId>"
    return {"/feeds/videos.xml": _feed(source["title"], author + entries, names)}


def _lemmy(source: dict[str, Any], now: datetime) -> Pages:
    name = source["path"].rpartition("/")[2]
    views = []
    for number, post, at in _dated(source, now):
        address = f"https://allotments.example/post/{900 - number}"
        written = {"id": 900 - number, "name": post["name"], "body": post["text"], "ap_id": address, "nsfw": post.get("sensitive", False),
                   "published": at.isoformat()}  # fmt: skip
        views.append({
            "post": written, "creator": {"name": post["by"], "actor_id": f"https://allotments.example/u/{post['by']}"},
            "community": {"name": name, "title": source["title"]}, "counts": {"score": post["points"], "comments": post["comments"]},
        })  # fmt: skip
    return {"/api/v3/post/list": _json({"posts": views})}


def _lobsters(source: dict[str, Any], now: datetime) -> Pages:
    entries = ""
    for number, post, at in _dated(source, now):
        page = f"https://lobste.rs/s/sample{number}"
        entries += (
            f'<entry><author><name>{escape(post["by"])}</name></author><id>{page}</id><link href="{post["link"]}"/>'
            f'<content type="html">{escape(post["text"])}</content>'
            f"<updated>{at.isoformat()}</updated><title>{escape(post['name'])}</title></entry>"
        )
    return {source["path"]: _feed(source["title"], entries)}


def _feed(title: str, entries: str, names: str = "") -> Page:
    page = f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" {names}><title>{escape(title)}</title>{entries}</feed>'
    return ATOM, page.encode()


_WRITERS: dict[str, Callable[[dict[str, Any], datetime], Pages]] = {
    "mastodon": _mastodon,
    "bluesky": _bluesky,
    "reddit": _reddit,
    "hackernews": _hackernews,
    "youtube": _youtube,
    "lemmy": _lemmy,
    "lobsters": _lobsters,
}
