"""What Bluesky's views mean: posts with their facets, embeds, labels and reasons. Source: the lexicons under app.bsky.

Every field may be missing or of another type, and a view of a type that is not known is passed over.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from engine.sources import values
from engine.sources.kinds.atproto import is_at_identifier, is_did, is_handle, read_uri
from engine.sources.raw import RawPost
from engine.types import Extras, Media, Quote

KIND = "bluesky"
HOME = "https://bsky.app"
ADULT = frozenset({"porn", "sexual", "nudity", "graphic-media", "gore", "nsfl", "sexual-figurative"})
SIGNED_ONLY = "!no-unauthenticated"
_WARNINGS = {"!warn": "Moderators warn of this post", "!hide": "Moderators have hidden this post"}
_MAX_DEPTH = 3  # of a quote within a record with media within …


def name_of(person: dict[str, Any]) -> str:
    """What somebody is called: the name they chose, else their handle."""
    name = " ".join(values.text(person.get("displayName")).split())
    return name or values.text(person.get("handle"))


def page_of(uri: str, author: dict[str, Any] | None = None) -> str:
    """The page of a post, a feed or a list on the web; "" for an address that is none."""
    found = read_uri(uri)
    if found is None:
        return ""
    handle = values.text((author or {}).get("handle"))
    who = handle if is_handle(handle) and not handle.endswith(".invalid") else found.authority
    place = {"app.bsky.feed.post": "post", "app.bsky.feed.generator": "feed", "app.bsky.graph.list": "lists"}.get(found.collection)
    return f"{HOME}/profile/{who}/{place}/{found.key}" if place and found.key else f"{HOME}/profile/{who}"


def moment_of(item: dict[str, Any]) -> str:
    """When an item came into a feed (ISO 8601): when it was reposted, else when the network saw it."""
    reason, post = values.fields(item.get("reason")), values.fields(item.get("post"))
    return values.iso(reason.get("indexedAt")) or values.iso(post.get("indexedAt"))


def labels_of(*views: dict[str, Any]) -> list[str]:
    """The labels that hold for a post, each once; a label that was taken back does not."""
    found: dict[str, bool] = {}
    for view in views:
        labels = view.get("labels")
        listed = values.several(values.fields(labels).get("values") if isinstance(labels, dict) else labels)
        for label in map(values.fields, listed):
            value = values.text(label.get("val"))
            if value:
                found[value] = label.get("neg") is not True
    return [value for value, holds in found.items() if holds]


def post(item: object, *, signed: bool) -> RawPost | None:
    """Return an item of a feed as a post, a repost as the post that it repeats. None for what is none, or not for us.

    Args:
        signed: the answer is for somebody who signed in; people may ask that others do not see their posts.
    """
    view = values.fields(item)
    made = post_of_view(values.fields(view.get("post")), signed=signed)
    if made is None or made.extras is None:
        return None
    reason = values.fields(view.get("reason"))
    parent = values.fields(values.fields(view.get("reply")).get("parent"))
    from dataclasses import replace

    if values.text(reason.get("$type")).endswith("#reasonRepost") or "by" in reason:
        made.extras = replace(made.extras, boosted_by=(name_of(values.fields(reason.get("by"))),))
    if parent and (page := page_of(values.text(parent.get("uri")), values.fields(parent.get("author")))):
        made.extras = replace(made.extras, reply_to_url=page)
    return made


def post_of_view(view: dict[str, Any], *, signed: bool) -> RawPost | None:
    uri = values.text(view.get("uri"))
    author, record = values.fields(view.get("author")), values.fields(view.get("record"))
    labels = labels_of(author, record, view)
    if read_uri(uri) is None or (SIGNED_ONLY in labels and not signed):
        return None
    embed = values.fields(view.get("embed"))
    media, card, quoted = _embedded(embed)
    page = page_of(uri, author)
    tags = [values.text(tag) for tag in values.several(record.get("tags"))]
    facets = values.several(record.get("facets"))
    languages = [values.text(language) for language in values.several(record.get("langs"))]
    created, seen = values.moment(record.get("createdAt")), values.moment(view.get("indexedAt"))
    times = [when for when in (created, seen) if when is not None]
    answered = values.text(values.fields(values.fields(record.get("reply")).get("parent")).get("uri"))
    return RawPost(
        guid=uri,
        url=page,
        authors=[name_of(author)],
        body=html_of(values.text(record.get("text")), facets) + card,
        base=page,
        published=min(times).isoformat() if times else "",
        categories=[tag for tag in (*tags, *_tags(facets)) if tag],
        comments=page,
        media=media,
        language=languages[0].partition("-")[0] if languages else "",
        extras=Extras(
            source_kind=KIND,
            content_warning=" · ".join(_WARNINGS[label] for label in labels if label in _WARNINGS),
            sensitive=bool(ADULT & set(labels)),
            quote=quoted,
            score=values.number(view.get("likeCount")),
            comments_count=values.number(view.get("replyCount")),
            comments_url=page,
            reply_to_url=page_of(answered),
            labels=tuple(label for label in labels if not label.startswith("!")),
        ),
    )


def html_of(text: str, facets: list[Any]) -> str:
    """Return a text with its facets as HTML. Facets count bytes of UTF-8; one that cuts a character or another is left out."""
    if not text:
        return ""
    packed = text.encode("utf-8", "replace")
    parts, at = [], 0
    for start, end, address in sorted(_links(facets)):
        if not at <= start < end <= len(packed):
            continue
        try:
            before, words = packed[at:start].decode(), packed[start:end].decode()
        except UnicodeDecodeError:
            continue
        parts.append(f'{_plain(before)}<a href="{escape(address)}">{_plain(words)}</a>')
        at = end
    parts.append(_plain(packed[at:].decode("utf-8", "replace")))
    return f"<p>{''.join(parts)}</p>"


def _plain(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


def _links(facets: list[Any]) -> list[tuple[int, int, str]]:
    found = []
    for facet in map(values.fields, facets):
        index = values.fields(facet.get("index"))
        start, end = index.get("byteStart"), index.get("byteEnd")
        if not (isinstance(start, int) and isinstance(end, int)) or isinstance(start, bool) or isinstance(end, bool):
            continue
        for feature in map(values.fields, values.several(facet.get("features"))):
            uri, did, tag = (values.text(feature.get(name)) for name in ("uri", "did", "tag"))
            if uri.startswith(("https://", "http://")):
                found.append((start, end, uri))
            elif is_did(did):
                found.append((start, end, f"{HOME}/profile/{did}"))
            elif tag:
                found.append((start, end, f"{HOME}/hashtag/{quote(tag, safe='')}"))
    return found


def _tags(facets: list[Any]) -> list[str]:
    features = [f for facet in map(values.fields, facets) for f in map(values.fields, values.several(facet.get("features")))]
    return [values.text(feature.get("tag")) for feature in features]


def _embedded(embed: dict[str, Any], depth: int = 0) -> tuple[list[Media], str, Quote | None]:
    """Pictures and films, a card in HTML, and the quoted post of what a post carries."""
    if not embed or depth > _MAX_DEPTH:
        return [], "", None
    if "media" in embed:  # a record with media
        media, card, _ = _embedded(values.fields(embed.get("media")), depth + 1)
        return media, card, _quote(values.fields(values.fields(embed.get("record")).get("record")))
    if "record" in embed:
        return [], "", _quote(values.fields(embed.get("record")))
    if "external" in embed:
        return [], _card(values.fields(embed.get("external"))), None
    if "playlist" in embed:
        made = _medium(embed, values.text(embed.get("playlist")), "video")
        return [made] if made else [], "", None
    views = [values.fields(image) for image in values.several(embed.get("images", embed.get("items")))]
    found = [_medium(view, values.text(view.get("fullsize")) or values.text(view.get("thumb")), "image") for view in views]
    return [made for made in found if made is not None], "", None


def _medium(view: dict[str, Any], url: str, kind: str) -> Media | None:
    if not url.startswith(("https://", "http://")):
        return None
    ratio = values.fields(view.get("aspectRatio"))
    width, height = values.number(ratio.get("width")), values.number(ratio.get("height"))
    return Media(
        url=url,
        kind="video" if kind == "video" else "image",
        alt=values.text(view.get("alt"))[:2000],
        width=width if width and width > 3 else None,  # of the shape alone: "16 by 9" is a ratio, too
        height=height if height and height > 3 else None,
    )


def _card(external: dict[str, Any]) -> str:
    url, title = values.text(external.get("uri")), values.text(external.get("title"))
    if not url.startswith(("https://", "http://")):
        return ""
    about = values.text(external.get("description"))
    words = f'<a href="{escape(url)}">{escape(title or url, quote=False)}</a>'
    return f"<blockquote><p>{words}</p>{f'<p>{escape(about, quote=False)}</p>' if about else ''}</blockquote>"


def _quote(record: dict[str, Any]) -> Quote | None:
    """The quoted post, or what else was quoted: a feed, a list, a pack; or why it is not there."""
    if not record:
        return None
    uri = values.text(record.get("uri"))
    if record.get("notFound") or record.get("blocked") or record.get("detached"):
        why = "was deleted" if record.get("notFound") else "is not shown to everybody" if record.get("blocked") else "was taken out by its author"
        return Quote(text=f"The quoted post {why}.", url=page_of(uri))
    author = values.fields(record.get("author")) or values.fields(record.get("creator"))
    value = values.fields(record.get("value")) or values.fields(record.get("record"))
    if SIGNED_ONLY in labels_of(author):
        return Quote(author=name_of(author), url=page_of(uri, author))
    text = values.text(value.get("text")) or values.text(record.get("displayName")) or values.text(record.get("name"))
    return Quote(author=name_of(author), text=escape(text, quote=False), url=page_of(uri, author))


def title_of(found: dict[str, Any], actor: str) -> str:
    """The name of the person whose posts are listed; "" when none of them is there."""
    for item in map(values.fields, values.several(found.get("feed"))):
        author = values.fields(values.fields(item.get("post")).get("author"))
        if actor and actor in (author.get("handle"), author.get("did")):
            return name_of(author)
    return actor if is_at_identifier(actor) else ""

