"""What gofeed expects of a feed, in Millpond's fields.

Strings go through the same cleaning as a feed's own (it has tests of its own), so that what is compared is whether the right
string was found. Where Millpond falls back (a guid for a missing link, `updated` for a missing `published`), so does this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.sources.assemble import MAX_NAME, MAX_TITLE, labels, person
from engine.sources.clean import one_line, plain_text, sanitise
from engine.sources.language import code_of
from engine.sources.links import absolute
from engine.types import FetchedPost, Parsed

Values = dict[str, Any]

UNCHECKED = object()  # the expectation says nothing, and Millpond may know more


def _moment(text: str | None) -> datetime | None:
    """Millpond's dates are whole seconds."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0) if text else None


def _extension(holder: Mapping[str, Any], space: str, name: str) -> list[str]:
    """The values of an element that gofeed's Atom and RSS shapes keep among the extensions only."""
    return [item.get("value") or "" for item in ((holder.get("extensions") or {}).get(space) or {}).get(name) or []]


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    return list(holder.get(name) or [])


def _people(people: list[Mapping[str, Any]]) -> list[str]:
    names = [person(who.get("name") or who.get("email") or "") for who in people]
    return list(dict.fromkeys(name for name in names if name))


def _author(holder: Mapping[str, Any]) -> str:
    """The author in any of gofeed's three shapes."""
    extension = holder.get("dcExt") or {}
    if len(_list(extension, "creator")) > 1:
        return ", ".join(map(person, extension["creator"]))  # gofeed's universal shape drops all but the first
    if "authors" in holder:
        return ", ".join(_people(_list(holder, "authors")))
    stated = [
        holder.get("managingEditor") or holder.get("webMaster") or holder.get("author"),
        ", ".join([*_list(extension, "creator"), *_list(extension, "author")]),
        (holder.get("itunesExt") or {}).get("author"),
        ", ".join(_extension(holder, "dc", "creator")),
    ]
    found = next((text for text in stated if text), "")
    return _people([found])[0] if isinstance(found, dict) and found else person(str(found or ""))


def _categories(holder: Mapping[str, Any]) -> set[str]:
    texts = []
    for category in _list(holder, "categories") + _list(holder, "tags"):
        texts.append(category if isinstance(category, str) else category.get("label") or category.get("term") or category.get("value") or "")
    if "feedType" not in holder:
        texts += _list(holder.get("dcExt") or {}, "subject") + _extension(holder, "dc", "subject")
        texts += ((holder.get("itunesExt") or {}).get("keywords") or "").split(",")
    return {label.lower() for label in labels(texts)}


def _page(holder: Mapping[str, Any]) -> str:
    """The address of a feed's or post's page."""
    for name in ("link", "home_page_url", "url", "external_url"):
        if isinstance(holder.get(name), str):
            return str(holder[name])
    for link in _list(holder, "links"):
        if isinstance(link, dict) and link.get("rel", "alternate") == "alternate" and link.get("href"):
            return str(link["href"])
    return ""


def _text(value: object) -> str:
    return str(value.get("value") or "") if isinstance(value, dict) else str(value or "")


def _icon(expected: Mapping[str, Any]) -> str:
    image = expected.get("image") or {}
    extension = (expected.get("itunesExt") or {}).get("image")
    return str(expected.get("icon") or expected.get("favicon") or expected.get("logo") or image.get("url") or extension or "")


def expected_feed(expected: Mapping[str, Any], parsed: Parsed, url: str) -> Values:
    """What `expected` (any of gofeed's shapes) asks of a feed fetched from `url`. `parsed` gives bases for relative links only."""
    site = absolute(_page(expected), url)
    base = site or url
    updated = expected.get("updatedParsed") or expected.get("lastBuildDateParsed") or expected.get("pubDateParsed")
    itunes = expected.get("itunesExt") or {}
    entries = expected.get("items") or expected.get("entries") or []
    made: Values = {
        "title": one_line(_text(expected.get("title")), MAX_TITLE),
        "site_url": site,
        "description": one_line(plain_text(_text(expected.get("description") or expected.get("subtitle") or itunes.get("summary") or itunes.get("subtitle"))), 4 * MAX_TITLE),
        "icon_url": absolute(_icon(expected), base) if _icon(expected) or not expected.get("image") else UNCHECKED,
        "language": code_of(expected.get("language") or ""),
        "author": _author(expected)[:MAX_NAME],
        "contributors": tuple(_people(_list(expected, "contributors"))),
        "copyright": one_line(_text(expected.get("copyright") or expected.get("rights")), MAX_TITLE),
        "generator": re.sub(r" v\S+(?: https?:\S+)?$", "", one_line(_text(expected.get("generator")), MAX_NAME)),
        "categories": _categories(expected),
        "updated_at": _moment(updated) if updated and expected.get("feedType") != "json" else UNCHECKED,  # gofeed takes an item's
        "ttl_minutes": int(expected["ttl"]) if expected.get("ttl") else None,
        "skip_hours": tuple(sorted(int(hour) % 24 for hour in _list(expected, "skipHours"))),
        "skip_days": tuple(sorted(_list(expected, "skipDays"))),
        "posts": len(entries),
    }
    for place, entry in enumerate(entries):
        post = parsed.posts[place] if place < len(parsed.posts) else None
        made |= {f"posts[{place}].{name}": value for name, value in _expected_post(entry, post, base, url).items()}
    return made


def _expected_post(entry: Mapping[str, Any], post: FetchedPost | None, base: str, url: str) -> Values:
    stated_guid = entry.get("guid") or entry.get("id") or ""
    guid = _text(stated_guid)
    permalink = isinstance(stated_guid, str) or stated_guid.get("isPermalink", "true").lower() != "false"
    page = _page(entry) or (guid if guid.startswith("http") and permalink and not _list(entry, "links") else "")
    page = absolute(page, base)
    if not page and post is not None and post.url == post.guid:
        page = post.url  # RSS 1.0: rdf:about, which gofeed does not keep
    content, extension = entry.get("content"), entry.get("dcExt") or {}
    body = (
        _text(content) or entry.get("content_html") or entry.get("content_text")
        or _text(entry.get("description") or entry.get("summary")) or (entry.get("itunesExt") or {}).get("summary") or ""
    )  # fmt: skip
    published = entry.get("publishedParsed") or entry.get("pubDateParsed") or entry.get("date_published")
    updated = entry.get("updatedParsed") or entry.get("date_modified")
    source = entry.get("source") or {}
    media = [enclosure.get("url") or "" for enclosure in _list(entry, "enclosures") + _list(entry, "attachments")]
    media += [(entry.get("image") or {}).get("url") or "" if isinstance(entry.get("image"), dict) else entry.get("image") or ""]
    media += [content.get("src") or "" if isinstance(content, dict) else ""]
    made: Values = {
        "guid": " ".join(guid.split()) or UNCHECKED,
        "url": page,
        "title": one_line(_text(entry.get("title")) or " ".join(_list(extension, "title")), MAX_TITLE),
        "author": _author(entry)[:MAX_NAME] or (_author(source) if source else ""),
        "contributors": tuple(_people(_list(entry, "contributors"))),
        "body": sanitise(body, page or base or url),
        "published_at": _moment(published) or _moment(updated),
        "updated_at": _moment(updated) if updated else UNCHECKED,
        "categories": _categories(entry),
        "comments_url": absolute(entry.get("comments") or "", page or base),
        "rights": one_line(_text(entry.get("rights")), MAX_TITLE),
        "source_title": one_line(_text(source.get("title")), MAX_TITLE),
        "source_url": absolute(source.get("url") or _page(source), base),
        "media": {absolute(address, base) for address in media if address},
        "types": {(absolute(e["url"], base), e.get("type") or "", e.get("length") or "") for e in _list(entry, "enclosures") if e.get("url")},
    }
    if post is not None and not made["guid"]:
        made["guid"] = post.url or post.guid
    return made


def actual_feed(parsed: Parsed) -> Values:
    """A parsed feed under the names that `expected_feed` uses."""
    info = parsed.info
    made: Values = {
        name: getattr(info, name)
        for name in (
            "title", "site_url", "description", "icon_url", "language", "author", "contributors", "copyright", "generator", "updated_at",
            "ttl_minutes", "skip_hours",
        )
    }  # fmt: skip
    made |= {"skip_days": tuple(sorted(info.skip_days)), "posts": len(parsed.posts), "categories": {c.lower() for c in info.categories}}
    for place, post in enumerate(parsed.posts):
        values: Values = {
            name: getattr(post, name)
            for name in (
                "guid", "url", "title", "author", "contributors", "published_at", "updated_at", "comments_url", "rights", "source_title", "source_url",
            )
        }  # fmt: skip
        values["body"] = post.body_html
        values["categories"] = {category.lower() for category in post.categories}
        values["media"] = {item.url for item in post.media}
        values["types"] = {(item.url, item.mime, str(item.size_bytes or "")) for item in post.media}
        made |= {f"posts[{place}].{name}": value for name, value in values.items()}
    return made


def differences(wanted: Values, found: Values) -> list[str]:
    """The names whose values differ, with both; media may be more than was asked for."""
    told = []
    for name, value in wanted.items():
        actual = found.get(name)
        if value is UNCHECKED or value == actual:
            continue
        if name.endswith((".media", ".types")) and isinstance(actual, set) and value <= actual:
            continue
        told.append(f"{name}: wanted {value!r:.120}, found {actual!r:.120}")
    return told
