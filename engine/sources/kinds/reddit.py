"""Reddit by its feeds: subreddits, people, multireddits. About one request a minute is what it allows.

Many subreddits can be read through one address (r/a+b+c); Millpond leaves that choice to the person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from engine.errors import InputError, NotAFeedError, ParseError
from engine.sources.kinds.feed import ACCEPT
from engine.sources.source import Meta, Source, ThreadOf, origin, read_address
from engine.types import Extras, Parsed, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.comments import Comments

HOME = "https://www.reddit.com"
PACE_SECONDS = 60.0

_HOSTS = frozenset({"reddit.com", "old.reddit.com", "new.reddit.com", "np.reddit.com", "sh.reddit.com", "i.reddit.com"})
_HANDLE = re.compile(r"/?(?P<what>r|u|user)/(?P<name>[\w+-]{2,200})/?", re.ASCII)
_NAME = re.compile(r"[\w-]{2,50}", re.ASCII)
_NAMES = re.compile(r"[\w-]{2,50}(?:\+[\w-]{2,50})*", re.ASCII)
_SORTS = frozenset({"new", "hot", "rising", "top", "controversial"})
_LINK = re.compile(r'<a href="([^"<>]{1,4000})">\[link\]</a>')
_COMMENTS = re.compile(r"/(?:r|user)/[\w-]{2,50}/comments/\w{2,12}(?:/|$)", re.ASCII)
_SIGNED = "submitted by"


class Reddit(Source):
    kind = "reddit"
    label = "Reddit"
    patient = True  # it answers 404 and 403 in spells

    def recognise(self, address: str) -> Target | None:
        address = address.strip()
        handle = _HANDLE.fullmatch(address)
        if handle:
            return self._target([handle["what"], handle["name"]], {})
        read = read_address(address)
        if read is None or read.host not in _HOSTS:
            return None
        path = list(read.path)
        if path and path[-1] in {".rss", ".json"}:
            path.pop()
        elif path:
            path[-1] = path[-1].removesuffix(".rss").removesuffix(".json")
        if "feed" in read.query and "user" in read.query:
            return self._private(path, read.query)
        return self._target(path, dict(read.query))

    def _private(self, path: list[str], query: Mapping[str, str]) -> Target:
        """A feed of the person's own, told by a secret in its address (see `engine.vault`)."""
        way = "/".join(path)
        told = urlencode({"feed": query["feed"], "user": query["user"]})
        url = f"{HOME}/{way}{'/' if way else ''}.rss?{told}"
        return Target(kind=self.kind, url=url, what="private feed", name=f"u/{query['user']}")

    def _target(self, path: list[str], query: dict[str, str]) -> Target | None:
        if len(path) < 2:
            return None
        what, name, rest = path[0], path[1], path[2:]
        if what == "r" and _NAMES.fullmatch(name) and "comments" not in rest:
            sort = f"/{rest[0]}" if rest and rest[0] in _SORTS else ""
            span = f"?{urlencode({'t': query['t']})}" if sort and query.get("t", "").isalpha() else ""
            return Target(kind=self.kind, url=f"{HOME}/r/{name}{sort}/.rss{span}", what="subreddit", name=f"r/{name}")
        if what in {"u", "user"} and _NAME.fullmatch(name):
            if len(rest) >= 2 and rest[0] == "m" and _NAME.fullmatch(rest[1]):
                multi = f"{HOME}/user/{name}/m/{rest[1]}/.rss"
                return Target(kind=self.kind, url=multi, what="multireddit", name=f"m/{rest[1]}")
            only = "/submitted" if rest and rest[0] == "submitted" else ""
            return Target(kind=self.kind, url=f"{HOME}/user/{name}{only}/.rss", what="person", name=f"u/{name}")
        return None

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        parts = urlsplit(subscription.url)
        own = parts.path.endswith(".rss") and "feed=" in parts.query and "user=" in parts.query
        if not own and not parts.path.startswith(("/r/", "/user/")):
            raise InputError("That is no subreddit, person or multireddit.")
        request = Request(
            url=subscription.url, accept=ACCEPT, conditional=True, pace_key=self.kind, pace_seconds=PACE_SECONDS
        )
        return (request,)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources.assemble import assemble
        from engine.sources.feed import read_feed

        try:
            raw = read_feed(body, url=meta.url, content_type=meta.content_type)
        except NotAFeedError:
            raise ParseError(
                "Reddit answered with a page instead of the feed: it does not want to be asked just now. Millpond tries later."
            ) from None
        for post in raw.posts:
            page, link = post.url, _LINK.search(post.body)
            linked = unescape(link[1]) if link else ""
            elsewhere = linked.startswith(("http://", "https://")) and not _is_reddit(linked)
            post.url = linked if elsewhere else page
            post.comments = page
            post.authors = [author.removeprefix("/") for author in post.authors]
            post.body = _without_signature(post.body)
            post.extras = Extras(source_kind=self.kind, comments_url=page)
        return assemble(raw, url=meta.url, now=meta.now)

    def thread(self, about: ThreadOf) -> Request | None:
        """The comments have a feed of their own; it is asked from the server that the subscription names."""
        parts = urlsplit(about.comments_url)
        if not _is_reddit(about.comments_url) or not _COMMENTS.match(parts.path):
            return None
        return Request(
            url=f"{origin(about.subscription.url)}{parts.path.rstrip('/')}/.rss?limit=200", accept=ACCEPT, purpose="thread",
            pace_key=self.kind, pace_seconds=PACE_SECONDS,
        )  # fmt: skip

    def comments(self, body: bytes, meta: Meta) -> Comments:
        """The first entry is the post itself; what answers what is not told, so all stand side by side."""
        from engine.sources.comments import Comments
        from engine.sources.feed import read_feed

        found = Comments(meta.url)
        for entry in read_feed(body, url=meta.url).posts:
            if entry.guid.startswith("t3_"):
                continue
            found.add(
                author=", ".join(author.removeprefix("/") for author in entry.authors), html=entry.body,
                at=entry.published or entry.updated, depth=0, url=entry.url,
            )  # fmt: skip
        return found

    def refusal(self, status: int) -> str:
        return {
            403: "Reddit refuses to show this without an account (403): it is private, or Reddit turns readers away just now.",
            404: "Reddit has nothing by this name now (404). Millpond keeps asking, less and less often.",
            429: "Reddit allows about one request a minute and says that it was asked too often (429). Millpond waits.",
        }.get(status, "")


def _is_reddit(url: str) -> bool:
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return host == "reddit.com" or host.endswith((".reddit.com", ".redd.it")) or host == "redd.it"


def _without_signature(body: str) -> str:
    """The text without “submitted by … [link] [comments]”, which the post's own fields say."""
    start = body.rfind(_SIGNED)
    if start < 0 or "[comments]" not in body[start:]:
        return body
    return body[:start].rstrip().removesuffix("&#32;")


