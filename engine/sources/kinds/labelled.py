"""Sites whose posts come as plain feeds: told by their addresses, and named as what they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlencode

from engine.sources.kinds.feed import ACCEPT
from engine.sources.source import Address, Meta, Source, read_address
from engine.types import Extras, Parsed, Request, Subscription, Target

# What an address stands for: the feed's address, a key for what it is, its name, and whether that is sure.
Told = tuple[str, str, str, bool] | None

_NUMBER = re.compile(r"\d{1,12}")
_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
_ARXIV = re.compile(r"[a-z-]{2,20}(?:\.[A-Za-z-]{2,20})?(?:\+[a-z-]{2,20}(?:\.[A-Za-z-]{2,20})?)*")
_STACK_SITES = frozenset(
    {"stackoverflow.com", "serverfault.com", "superuser.com", "askubuntu.com", "mathoverflow.net", "stackapps.com"}
)
_NOT_PEOPLE = frozenset(
    {
        "about", "apps", "collections", "contact", "customer-stories", "enterprise", "explore", "features", "issues", "join",
        "login", "marketplace", "new", "notifications", "orgs", "pricing", "pulls", "search", "security", "settings",
        "sponsors", "stars", "team", "topics", "trending",
    }
)  # fmt: skip
_RANK = re.compile(r"<re:rank[^>]*>\s*(-?\d{1,9})\s*</re:rank>")
_ID = re.compile(r"<id>\s*([^<]{1,500}?)\s*</id>")


def lobsters(read: Address) -> Told:
    if read.host != "lobste.rs":
        return None
    path = [part.removesuffix(".rss") for part in read.path]
    if not path or path == ["rss"] or path == ["hottest"]:
        return "https://lobste.rs/rss", "front page", "Lobsters", True
    if path == ["newest"]:
        return "https://lobste.rs/newest.rss", "new", "Lobsters", True
    if path == ["comments"]:
        return "https://lobste.rs/comments.rss", "comments", "Lobsters", True
    if len(path) == 2 and path[0] == "t" and re.fullmatch(r"[\w,.+-]{1,200}", path[1]):
        return f"https://lobste.rs/t/{path[1]}.rss", "tag", path[1], True
    return None


def github(read: Address) -> Told:
    if read.host != "github.com" or not read.path or read.path[0].lower() in _NOT_PEOPLE:
        return None
    if not all(_NAME.fullmatch(part) for part in read.path[:2]):
        return None
    owner, rest = read.path[0], read.path[1:]
    if not rest:
        name = owner.removesuffix(".atom")
        return f"https://github.com/{name}.atom", "person", name, True
    name = f"{owner}/{rest[0].removesuffix('.git')}"
    page = rest[1].removesuffix(".atom") if len(rest) > 1 else "releases"
    if page == "commits":
        branch = "/".join(rest[2:]).removesuffix(".atom")
        return f"https://github.com/{name}/commits{f'/{quote(branch)}' if branch else ''}.atom", "commits", name, True
    known = {"releases": "releases", "tags": "tags", "discussions": "discussions"}
    if page not in known or (len(rest) > 2 and page == "discussions"):
        return None if len(rest) > 2 else (f"https://github.com/{name}/releases.atom", "releases", name, True)
    return f"https://github.com/{name}/{page}.atom", known[page], name, True


def stack_exchange(read: Address) -> Told:
    host = read.host
    if host not in _STACK_SITES and not host.endswith((".stackexchange.com", ".stackoverflow.com")):
        return None
    path = list(read.path[1:] if read.path[:1] == ("feeds",) else read.path)
    if not path or path == ["questions"]:
        return f"https://{host}/feeds", "questions", host, True
    if path[:2] == ["questions", "tagged"] and len(path) == 3:
        path = ["tag", path[2]]
    if path[0] == "tag" and len(path) == 2:
        tags = path[1].replace("+", " ").split()
        sort = f"?{urlencode({'sort': read.query['sort']})}" if read.query.get("sort", "").isalpha() else ""
        return f"https://{host}/feeds/tag/{quote(' '.join(tags))}{sort}", "tag", " ".join(tags), True
    kinds = {"questions": "question", "question": "question", "users": "user", "user": "user"}
    if path[0] in kinds and len(path) >= 2 and _NUMBER.fullmatch(path[1]):
        what = kinds[path[0]]
        return f"https://{host}/feeds/{what}/{path[1]}", "thread" if what == "question" else "person", path[1], True
    return None


def arxiv(read: Address) -> Told:
    if read.host not in {"arxiv.org", "export.arxiv.org", "rss.arxiv.org"} or len(read.path) < 2:
        return None
    if read.path[0] in {"list", "rss", "atom"} and _ARXIV.fullmatch(read.path[1]):
        form = "atom" if read.path[0] == "atom" else "rss"
        return f"https://rss.arxiv.org/{form}/{read.path[1]}", "category", read.path[1], True
    return None


def discourse(read: Address) -> Told:
    """A forum lies on any host: only where its name says so, the address alone is enough."""
    sure = read.host.startswith("discourse.") or read.host.endswith((".discourse.group", ".discourse.org"))
    home, path = f"https://{read.host}", [part.removesuffix(".rss") for part in read.path]
    if not path:
        return (f"{home}/latest.rss", "forum", read.host, True) if sure else None
    if path[0] in {"latest", "top", "posts"} and len(path) == 1:
        return f"{home}/{path[0]}.rss", "forum", read.host, sure
    if path[0] == "c" and len(path) >= 3 and _NUMBER.fullmatch(path[-1]):
        return f"{home}/{'/'.join(map(quote, path))}.rss", "category", path[-2], sure
    if path[0] == "t" and len(path) >= 3 and _NUMBER.fullmatch(path[2]):
        return f"{home}/t/{quote(path[1])}/{path[2]}.rss", "thread", path[1], sure
    if path[0] == "tag" and len(path) == 2:
        return f"{home}/tag/{quote(path[1])}.rss", "tag", path[1], sure
    if path[0] == "u" and len(path) >= 2 and sure:
        return f"{home}/u/{quote(path[1])}/activity.rss", "person", path[1], True
    return None


class LabelledFeed(Source):
    """A feed like any other, whose site is known."""

    polled = False

    def __init__(self, kind: str, label: str, told: Callable[[Address], Told]) -> None:
        self.kind = kind
        self.label = label
        self._told = told

    def recognise(self, address: str) -> Target | None:
        read = read_address(address)
        found = self._told(read) if read is not None else None
        if found is None:
            return None
        url, what, name, sure = found
        return Target(kind=self.kind, url=url, what=what, name=name, sure=sure)

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        return (Request(url=subscription.url, accept=ACCEPT, conditional=True),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources.assemble import assemble
        from engine.sources.feed import read_feed

        raw = read_feed(body, url=meta.url, content_type=meta.content_type)
        ranks = _ranks(body) if self.kind == "stackexchange" else {}
        for post in raw.posts:
            post.extras = Extras(source_kind=self.kind, comments_url=post.comments, score=ranks.get(post.guid))
        return assemble(raw, url=meta.url, now=meta.now)


def _ranks(body: bytes) -> dict[str, int]:
    """The score of each question, by its id."""
    found: dict[str, int] = {}
    for entry in body.decode("utf-8", "replace").split("<entry>")[1:]:
        number, rank = _ID.search(entry), _RANK.search(entry)
        if number and rank:
            found[number[1]] = int(rank[1])
    return found


LABELLED = (
    LabelledFeed("lobsters", "Lobsters", lobsters),
    LabelledFeed("github", "GitHub", github),
    LabelledFeed("stackexchange", "Stack Exchange", stack_exchange),
    LabelledFeed("arxiv", "arXiv", arxiv),
    LabelledFeed("discourse", "Discourse", discourse),
)
