"""YouTube: channels and playlists by their feeds. Without Shorts unless the subscription wants them.

A channel UC… has a list of its long films, UULF…, whose feed fails more often than the channel's own; where it does, the
channel's own is read and what links to /shorts/ is left out. Whole spells of 404 and 500 are normal and never mean death.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from engine.errors import InputError, NotAFeedError, ParseError
from engine.sources.kinds.feed import ACCEPT
from engine.sources.source import Meta, Source, origin, read_address
from engine.types import Extras, FeedInfo, Parsed, Request, Subscription, Target

HOME = "https://www.youtube.com"
SHORTS = "shorts"
MAX_PAGE = 4 * 2**20

_CHANNEL = re.compile(r"UC[\w-]{22}")
_LIST = re.compile(r"[A-Z]{2}[\w-]{10,60}")
_LONG_FILMS = re.compile(r"UULF([\w-]{22})")
_HANDLE = re.compile(r"@[^/\s?#]{1,60}")
# Where a channel's page names its number, the surest first.
_IN_PAGE = tuple(
    re.compile(pattern)
    for pattern in (
        r'<link rel="canonical" href="https?://www\.youtube\.com/channel/(UC[\w-]{22})"',
        r'feeds/videos\.xml\?channel_id=(UC[\w-]{22})"',
        r'"externalId":\s?"(UC[\w-]{22})"',
        r'"externalChannelId":\s?"(UC[\w-]{22})"',
        r'<meta itemprop="(?:channelId|identifier)" content="(UC[\w-]{22})"',
    )
)
_VIDEO = re.compile(r"<yt:videoId>([\w-]{6,20})</yt:videoId>")
_VIEWS = re.compile(r'<media:statistics\s[^>]*views="(\d{1,15})"')


class YouTube(Source):
    kind = "youtube"
    label = "YouTube"
    options = (SHORTS,)
    follow_ups = 3
    patient = True

    def recognise(self, address: str) -> Target | None:
        read = read_address(address)
        if read is None or read.host not in {"youtube.com", "music.youtube.com", "youtube-nocookie.com"} or not read.path:
            return None
        page, rest = read.path[0], read.path[1:]
        if page == "feeds":
            return self._of_feed(read.query)
        if page == "channel" and rest and _CHANNEL.fullmatch(rest[0]):
            return self._channel(rest[0])
        if page == "playlist" and _LIST.fullmatch(read.query.get("list", "")):
            return self._playlist(read.query["list"])
        if _HANDLE.fullmatch(page):
            return Target(kind=self.kind, url=f"{HOME}/{quote(page, safe='@')}", what="channel", name=page)
        if page in {"c", "user"} and rest:
            return Target(kind=self.kind, url=f"{HOME}/{page}/{quote(rest[0])}", what="channel", name=rest[0])
        return None

    def _of_feed(self, query: object) -> Target | None:
        asked = query if isinstance(query, dict) else {}
        channel, playlist = asked.get("channel_id", ""), asked.get("playlist_id", "")
        if _CHANNEL.fullmatch(channel):
            return self._channel(channel)
        if films := _LONG_FILMS.fullmatch(playlist):
            return self._channel(f"UC{films[1]}")
        if _LIST.fullmatch(playlist):
            return self._playlist(playlist)
        if name := asked.get("user", ""):
            return Target(kind=self.kind, url=f"{HOME}/user/{quote(name)}", what="channel", name=name)
        return None

    def _channel(self, number: str) -> Target:
        return Target(kind=self.kind, url=_feed_of(HOME, channel_id=number), what="channel")

    def _playlist(self, number: str) -> Target:
        return Target(kind=self.kind, url=_feed_of(HOME, playlist_id=number), what="playlist")

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        parts = urlsplit(subscription.url)
        if parts.path != "/feeds/videos.xml":
            if not parts.path.startswith(("/@", "/c/", "/user/")):
                raise InputError("That is no channel or playlist of YouTube.")
            return (Request(url=subscription.url, accept="text/html", step="page"),)
        return (self._of_channel(subscription.url, subscription.options, conditional=True),)

    def _of_channel(self, feed: str, options: tuple[str, ...], *, conditional: bool = False) -> Request:
        """The request for a feed; for a channel without Shorts, for the list of its long films."""
        channel = parse_qs(urlsplit(feed).query).get("channel_id", [""])[-1]
        if not channel or SHORTS in options:
            return Request(url=feed, accept=ACCEPT, step="all", conditional=conditional)
        films = _feed_of(origin(feed), playlist_id="UULF" + channel.removeprefix("UC"))
        return Request(url=films, accept=ACCEPT, step="films", conditional=conditional, statuses=(404, 500))

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        if meta.step == "page":
            return self._page(body, meta)
        if meta.status != 200:
            number = _LONG_FILMS.search(meta.url)
            feed = _feed_of(origin(meta.url), channel_id=f"UC{number[1]}") if number else meta.subscription.url
            return Parsed(info=FeedInfo(), posts=(), follow_ups=(Request(url=feed, accept=ACCEPT, step="rest"),))
        return self._feed(body, meta)

    def _page(self, body: bytes, meta: Meta) -> Parsed:
        """A channel's page: find its number, then ask for its feed."""
        text = body[:MAX_PAGE].decode("utf-8", "replace")
        number = next((found[1] for pattern in _IN_PAGE if (found := pattern.search(text))), "")
        if not number:
            raise ParseError(
                "YouTube showed a page that does not name the channel (it often asks about cookies first). Paste an address "
                "of the channel that holds “/channel/UC…”, or that of its feed."
            )
        feed = _feed_of(origin(meta.url), channel_id=number)
        follow_up = self._of_channel(feed, meta.subscription.options)
        return Parsed(info=FeedInfo(), posts=(), address=feed, follow_ups=(follow_up,))

    def _feed(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources.assemble import assemble
        from engine.sources.feed import read_feed

        try:
            raw = read_feed(body, url=meta.url, content_type=meta.content_type)
        except NotAFeedError:
            raise ParseError("YouTube answered with a page instead of the feed. Millpond asks again later.") from None
        views = _views(body)
        for post in raw.posts:
            lengths = [item.duration_seconds for item in post.media if item.duration_seconds]
            post.extras = Extras(
                source_kind=self.kind,
                views_count=views.get(post.guid.rpartition(":")[2]),
                duration_seconds=lengths[0] if lengths else None,
                is_short="/shorts/" in post.url,
            )
        if meta.step == "rest":
            raw.posts = [post for post in raw.posts if "/shorts/" not in post.url]
        if meta.step == "films":
            raw.title = next(iter(raw.authors), raw.title)  # the list itself is called “Videos”
        parsed = assemble(raw, url=meta.url, now=meta.now)
        return replace(parsed, info=replace(parsed.info, site_url=_site(meta) or parsed.info.site_url))

    def refusal(self, status: int) -> str:
        if status in {404, 500, 502}:
            return f"YouTube's feeds are away for days at times ({status}). Millpond keeps asking, less and less often."
        return ""


def _feed_of(home: str, **asked: str) -> str:
    return f"{home}/feeds/videos.xml?{urlencode(asked)}"


def _site(meta: Meta) -> str:
    channel = parse_qs(urlsplit(meta.subscription.url).query).get("channel_id", [""])[-1]
    return f"{origin(meta.url)}/channel/{channel}" if channel else ""


def _views(body: bytes) -> dict[str, int]:
    """How often each video was seen, by its number."""
    found: dict[str, int] = {}
    for entry in body.decode("utf-8", "replace").split("<entry>")[1:]:
        video, views = _VIDEO.search(entry), _VIEWS.search(entry)
        if video and views:
            found[video[1]] = int(views[1])
    return found
