"""Hacker News: its lists through the item API, a search and a person through the search API (both need no account).

https://github.com/HackerNews/API and https://hn.algolia.com/api. Unknown fields are ignored, deleted and dead items left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from engine.errors import InputError
from engine.sources.source import Address, Meta, Source, ThreadOf, origin, read_address
from engine.types import Extras, FeedInfo, Parsed, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.comments import Comments
    from engine.sources.raw import RawPost

HOME = "https://news.ycombinator.com"
ITEMS = "https://hacker-news.firebaseio.com"
SEARCH = "https://hn.algolia.com"
JSON = "application/json"
SEARCHED = 50
DEEPEST = 200  # answers to answers that are followed

# By the path of the page: name of the list in the API, what it is, how many of it are read.
_LISTS = {
    "news": ("topstories", "front page", 30),
    "newest": ("newstories", "new", 60),
    "best": ("beststories", "best", 30),
    "ask": ("askstories", "ask", 30),
    "show": ("showstories", "show", 30),
    "jobs": ("jobstories", "jobs", 30),
}
_ALSO = {"": "news", "rss": "news", "front": "news", "shownew": "show", "bigrss": "news"}


class HackerNews(Source):
    kind = "hackernews"
    label = "Hacker News"
    follow_ups = 60
    connections = 4
    hosts = frozenset({"hacker-news.firebaseio.com"})

    def recognise(self, address: str) -> Target | None:
        read = read_address(address)
        if read is None:
            return None
        if read.host == "hn.algolia.com":
            return self._search(read)
        if read.host != "news.ycombinator.com":
            return None
        page = read.path[0] if read.path else ""
        if page in {"user", "submitted"} and read.query.get("id"):
            name = read.query["id"]
            return Target(kind=self.kind, url=f"{HOME}/submitted?{urlencode({'id': name})}", what="person", name=name)
        page = _ALSO.get(page, page)
        if page not in _LISTS:
            return None
        return Target(kind=self.kind, url=f"{HOME}/{page}", what=_LISTS[page][1], name="Hacker News")

    def _search(self, read: Address) -> Target | None:
        words = read.query.get("q") or read.query.get("query") or ""
        if not words.strip():
            return None
        return Target(kind=self.kind, url=f"{SEARCH}/?{urlencode({'q': words.strip()})}", what="search", name=words.strip())

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        parts = urlsplit(subscription.url)
        asked = parse_qs(parts.query)
        page = parts.path.strip("/")
        if page in _LISTS:
            url = f"{_api(subscription.url, ITEMS)}/v0/{_LISTS[page][0]}.json"
            return (Request(url=url, accept=JSON, step="list", pace_seconds=0.0),)
        if page == "submitted" and "id" in asked:
            query = {"tags": f"(story,poll),author_{asked['id'][-1]}"}
        elif not page and "q" in asked:
            query = {"tags": "story", "query": asked["q"][-1]}
        else:
            raise InputError("That is no list, search or person of Hacker News.")
        url = f"{_api(subscription.url, SEARCH)}/api/v1/search_by_date?{urlencode({**query, 'hitsPerPage': SEARCHED})}"
        return (Request(url=url, accept=JSON, step="hits"),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.raw import RawFeed

        found = values.document(body, self.label)
        if meta.step == "list":
            page = urlsplit(meta.subscription.url).path.strip("/")
            many = _LISTS[page][2] if page in _LISTS else 30
            ids = [number for value in values.several(found) if (number := values.number(value)) is not None]
            base = origin(meta.url)
            asked = [Request(url=f"{base}/v0/item/{number}.json", accept=JSON, step="item", pace_seconds=0.0) for number in ids[:many]]
            return Parsed(info=_info(meta), posts=(), follow_ups=tuple(asked))
        raw = RawFeed(kind="json", title=_info(meta).title, site_url=meta.subscription.url)
        if meta.step == "item":
            raw.posts = _item(values.fields(found), meta)
        else:
            for hit in values.several(values.fields(found).get("hits")):
                raw.posts += _hit(values.fields(hit), meta)
        return assemble(raw, url=meta.url, now=meta.now)

    def thread(self, about: ThreadOf) -> Request | None:
        if not about.guid.isdecimal():
            return None
        url = f"{_api(about.subscription.url, SEARCH)}/api/v1/items/{about.guid}"
        return Request(url=url, accept=JSON, purpose="thread", step="thread")

    def comments(self, body: bytes, meta: Meta) -> Comments:
        from engine.sources import values
        from engine.sources.comments import Comments

        found = Comments(HOME)
        _walk(values.fields(values.document(body, self.label)), 0, found)
        return found


def _walk(item: dict[str, Any], depth: int, found: Comments) -> None:
    from engine.sources import values

    for child in map(values.fields, values.several(item.get("children"))):
        number = values.text(child.get("id"))
        page = f"{HOME}/item?id={quote(number)}" if number else ""
        text = values.text(child.get("text"))
        found.add(author=values.text(child.get("author")), html=text, at=child.get("created_at_i"), depth=depth, url=page)
        if depth < DEEPEST:
            _walk(child, depth + 1, found)


def _api(url: str, public: str) -> str:
    """Where the API of a subscription lies: a server that is not Hacker News itself has it beside its pages."""
    return public if origin(url) in {HOME, SEARCH} else origin(url)


def _page(number: str, meta: Meta) -> str:
    home = origin(meta.subscription.url)
    return f"{HOME if home == SEARCH else home}/item?id={quote(number)}"


def _info(meta: Meta) -> FeedInfo:
    parts = urlsplit(meta.subscription.url)
    asked = parse_qs(parts.query)
    page = parts.path.strip("/")
    if page in _LISTS:
        title = "Hacker News" if page == "news" else f"Hacker News: {_LISTS[page][1]}"
    else:
        title = f"Hacker News: {asked.get('id', asked.get('q', ['']))[-1]}"
    return FeedInfo(title=title, site_url=meta.subscription.url)


def _made(number: str, meta: Meta, *, kind: str, score: int | None, comments: int | None, **said: str) -> RawPost:
    from engine.sources.raw import RawPost

    page = _page(number, meta)
    return RawPost(
        guid=number,
        url=said["url"] or page,
        title=said["title"],
        authors=[said["author"]],
        body=said["body"],
        published=said["published"],
        comments=page,
        extras=Extras(
            source_kind=HackerNews.kind,
            score=score,
            comments_count=comments,
            comments_url=page,
            labels=(kind,) if kind in {"job", "poll"} else (),
        ),
    )


def _item(item: dict[str, Any], meta: Meta) -> list[RawPost]:
    """The post that an item of the item API is; none when it is a comment, deleted, dead, or nothing yet."""
    from engine.sources import values

    number, kind = values.text(item.get("id")), values.text(item.get("type"))
    if not number or kind not in {"story", "job", "poll"} or item.get("deleted") or item.get("dead"):
        return []
    post = _made(
        number,
        meta,
        kind=kind,
        score=values.number(item.get("score")),
        comments=values.number(item.get("descendants")),
        url=values.text(item.get("url")),
        title=values.text(item.get("title")),
        author=values.text(item.get("by")),
        body=values.text(item.get("text")),
        published=values.iso(item.get("time")),
    )
    return [post]


def _hit(hit: dict[str, Any], meta: Meta) -> list[RawPost]:
    from engine.sources import values

    number = values.text(hit.get("objectID"))
    if not number or not values.text(hit.get("title")):
        return []
    tags = {values.text(tag) for tag in values.several(hit.get("_tags"))}
    post = _made(
        number,
        meta,
        kind="poll" if "poll" in tags else "job" if "job" in tags else "story",
        score=values.number(hit.get("points")),
        comments=values.number(hit.get("num_comments")),
        url=values.text(hit.get("url")),
        title=values.text(hit.get("title")),
        author=values.text(hit.get("author")),
        body=values.text(hit.get("story_text")),
        published=values.iso(hit.get("created_at_i")) or values.iso(hit.get("created_at")),
    )
    return [post]
