"""From what a parser read to what the engine keeps: cleaned, bounded, absolute, hashed. The same for every parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

from engine.ranking.features import sketch
from engine.sources.clean import (
    MAX_HTML,
    body_images,
    is_markup,
    one_line,
    plain_text,
    sanitise,
    text_of_clean,
    without_controls,
    word_count,
)
from engine.sources.dates import parse_date, plausible
from engine.sources.extras import bounded, with_hash
from engine.sources.hidden import apart
from engine.sources.language import chosen, code_of
from engine.sources.links import absolute, canonical_url, is_web, usable_base
from engine.sources.raw import RawFeed, RawPost
from engine.sources.xmlmedia import MAX_MEDIA
from engine.types import Extras, FeedInfo, FetchedPost, Media, Parsed

MAX_POSTS = 5_000  # of one document; the newest are kept
MAX_TOTAL = 48_000_000  # characters of all bodies: short links seen from a long base make more of them than was sent
MAX_TITLE = 1_000  # characters
MAX_NAME = 300
MAX_LABEL = 200
MAX_CATEGORIES = 50
MAX_GUID = 1_000

_EMAIL_AND_NAME = re.compile(r"[^\s()<>]+@[^\s()<>]+\s*\(([^()]+)\)\Z")
_NAME_AND_EMAIL = re.compile(r"(.*[^\s])\s*[(<]\s*(?:mailto:)?[^\s()<>]+@[^\s()<>]+\s*[)>]\Z", re.S)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_OLDEST = datetime(1, 1, 1, tzinfo=UTC)


def person(text: str) -> str:
    """Return the name in "mail@host (Name)", "Name <mail@host>" or "Name (mail@host)"; else the text, as one line."""
    text = text.strip()
    if "@" in text and len(text) < 2000:
        found = _EMAIL_AND_NAME.match(text) or _NAME_AND_EMAIL.match(text)
        if found:
            text = found[1].strip(" \"'")
    return one_line(text, MAX_NAME)


def _people(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in map(person, texts) if name))


def labels(texts: Iterable[str]) -> tuple[str, ...]:
    """Return categories as plain text: each once whatever its case, at most MAX_CATEGORIES."""
    kept: dict[str, str] = {}
    for text in texts:
        if text and (label := one_line(text, MAX_LABEL)):
            kept.setdefault(label.lower(), label)
            if len(kept) == MAX_CATEGORIES:
                break
    return tuple(kept.values())


def content_hash(title: str, author: str, body_html: str, url: str, media: Iterable[Media]) -> bytes:
    """Return 32 bytes (BLAKE2b) that stand for a post's content; lengths are hashed too, so that fields cannot run together."""
    parts = [title, author, body_html, url]
    for item in media:
        parts += [item.url, item.alt]
    parts += [str(len(part)) for part in parts]
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=32).digest()


def _guid(raw: RawPost, title: str, body: str) -> str:
    """What tells a post from the others of its feed: its guid, else its address, else what it says."""
    guid = " ".join(without_controls(raw.guid).split()) or raw.url.strip()
    if not guid:
        return "hash:" + blake2b(f"{title}\0{body}".encode("utf-8", "replace"), digest_size=16).hexdigest()
    return guid if len(guid) <= MAX_GUID else "hash:" + blake2b(guid.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _media(declared: list[Media], body: str) -> tuple[Media, ...]:
    """Declared media first, then the body's images that are not among them; a declared one takes the body's alt text."""
    if "<img " not in body:
        return tuple(declared)
    kept = {item.url: item for item in declared}
    for image in body_images(body):
        known = kept.get(image.url)
        if known is None or (not known.alt and image.alt and known.kind == "image" and known.width is None):
            kept[image.url] = image
        if len(kept) >= MAX_MEDIA:
            break
    return tuple(kept.values())


class _Assembler:
    """One document's posts, with a count of what had to be mended."""

    def __init__(self, raw: RawFeed, site_url: str, url: str, now: datetime) -> None:
        self.language = raw.language
        self.site_url = site_url
        self.url = url
        self.now = now
        self.cut_titles = self.cut_bodies = self.odd_dates = 0

    def _date(self, text: str) -> datetime | None:
        if not text:
            return None
        moment = plausible(parse_date(text), self.now)
        if moment is None:
            self.odd_dates += 1
        return moment

    def within_reason(self, posts: list[RawPost]) -> list[FetchedPost]:
        """The posts up to where they hold MAX_TOTAL characters."""
        made: list[FetchedPost] = []
        room = MAX_TOTAL
        for raw in posts:
            made.append(self.post(raw))
            room -= len(made[-1].body_html)
            if room < 0:
                break
        return made

    def post(self, raw: RawPost) -> FetchedPost:
        url = absolute(raw.url, self.site_url or self.url) if raw.url else ""
        body = raw.body
        if len(body) > MAX_HTML:
            self.cut_bodies += 1
        hidden = ""
        if body:
            body, hidden = apart(body)
            body = sanitise(body, usable_base(raw.base, url, self.site_url, self.url))
            text = text_of_clean(body)
        else:
            text = ""
        title = raw.title
        if title:
            if len(title) > MAX_TITLE:
                self.cut_titles += 1
            title = one_line(title, MAX_TITLE)
        author = ", ".join(_people(raw.authors))[:MAX_NAME] if raw.authors else ""
        published = self._date(raw.published)
        updated = self._date(raw.updated) if raw.updated != raw.published else published
        media = _media(raw.media, body)
        extras = bounded(raw.extras, self.now) if raw.extras is not None else None
        if raw.replies and (replies := absolute(raw.replies, url or self.site_url)).isprintable() and replies:
            extras = replace(extras or Extras(), replies_url=replies)
        digest = content_hash(title, author, body, url, media)
        return FetchedPost(
            guid=_guid(raw, title, body),
            url=url,
            canonical_url=canonical_url(url) if url else "",
            title=title,
            author=author,
            body_html=body,
            text=text,
            published_at=published or updated,
            updated_at=updated,
            language=chosen(raw.language or self.language, f"{title} {text[:300]}"),
            content_hash=digest if extras is None else with_hash(digest, extras),
            sketch=sketch(title, text, url),
            word_count=text.count(" ") + text.count("\n") + 1 if text and text.isascii() else word_count(text),
            categories=labels(raw.categories) if raw.categories else (),
            comments_url=absolute(raw.comments, url or self.site_url) if raw.comments else "",
            media=media,
            contributors=_people(raw.contributors) if raw.contributors else (),
            rights=one_line(raw.rights, MAX_TITLE) if raw.rights else "",
            source_title=one_line(raw.source_title, MAX_TITLE) if raw.source_title else "",
            source_url=absolute(raw.source_url, self.url) if raw.source_url else "",
            extras=extras,
            hidden=hidden,
        )


def _newest(posts: list[RawPost]) -> list[RawPost]:
    """The newest MAX_POSTS in document order; where fewer than half are dated, the first ones."""
    dated = [parse_date(post.published or post.updated) for post in posts]
    if sum(moment is not None for moment in dated) * 2 < len(posts):
        return posts[:MAX_POSTS]
    newest = sorted(range(len(posts)), key=lambda place: dated[place] or _OLDEST, reverse=True)[:MAX_POSTS]
    return [posts[place] for place in sorted(newest)]


def _told_apart(posts: list[FetchedPost]) -> tuple[list[FetchedPost], int]:
    """Posts with distinct guids, and how many repeats went.

    The same guid with another address is another post of a careless feed and gets a guid of its own; with the same address it is
    another state of the same post, of which the latest stays.
    """
    kept: dict[str, FetchedPost] = {}
    repeats = 0
    for post in posts:
        known = kept.get(post.guid)
        if known is not None and post.url != known.url and post.url:
            post = replace(post, guid=f"{post.guid} {post.canonical_url}"[: MAX_GUID * 2])
            known = kept.get(post.guid)
        if known is not None:
            repeats += 1
            if (post.updated_at or _OLDEST) <= (known.updated_at or _OLDEST):
                continue
        kept[post.guid] = post
    return list(kept.values()), repeats


def _info(raw: RawFeed, site_url: str, url: str, now: datetime) -> FeedInfo:
    description = plain_text(raw.description) if is_markup(raw.description) else raw.description
    return FeedInfo(
        title=one_line(raw.title, MAX_TITLE),
        site_url=site_url,
        description=one_line(description, 4 * MAX_TITLE),
        icon_url=absolute(raw.icon, site_url or url),
        language=code_of(raw.language),
        ttl_minutes=max(raw.ttl_minutes) if raw.ttl_minutes else None,
        skip_hours=tuple(sorted(set(raw.skip_hours))),
        skip_days=tuple(day for day in _DAYS if day.lower() in {text.lower() for text in raw.skip_days}),
        author=", ".join(_people(raw.authors))[:MAX_NAME],
        contributors=_people(raw.contributors),
        copyright=one_line(raw.rights, MAX_TITLE),
        generator=one_line(raw.generator, MAX_NAME),
        categories=labels(raw.categories),
        updated_at=plausible(parse_date(raw.updated), now),
    )


def _counted(number: int, one: str, many: str) -> list[str]:
    return [one if number == 1 else many.format(number)] if number else []


def assemble(raw: RawFeed, *, url: str, now: datetime) -> Parsed:
    """Return the feed and its posts, cleaned and bounded, with a warning in plain words for all that was dropped or mended."""
    url = url if is_web(url) else ""
    site_url = absolute(raw.site_url, url)
    posts = raw.posts
    warnings = list(raw.warnings)
    if len(posts) > MAX_POSTS:
        warnings.append(f"The feed holds {len(posts)} posts; the newest {MAX_POSTS} were taken.")
        posts = _newest(posts)
    worker = _Assembler(raw, site_url, url, now)
    made, repeats = _told_apart(worker.within_reason(posts))
    if len(made) + repeats < len(posts):
        warnings.append(f"The feed is too large; {len(made)} posts of {len(posts)} were taken.")
    warnings += _counted(worker.cut_titles, f"A title was cut to {MAX_TITLE} characters.", f"{{}} titles were cut to {MAX_TITLE} characters.")
    warnings += _counted(worker.cut_bodies, "A body was cut to 1 MB.", "{} bodies were cut to 1 MB.")
    warnings += _counted(worker.odd_dates, "A date made no sense and was left out.", "{} dates made no sense and were left out.")
    warnings += _counted(repeats, "A post stood in the feed twice.", "{} posts stood in the feed more than once.")
    return Parsed(info=_info(raw, site_url, url, now), posts=tuple(made), warnings=tuple(warnings))
