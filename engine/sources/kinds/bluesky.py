"""Bluesky: people, lists and custom feeds by the public interface; with an account the home timeline.

Pages run from the newest to older ones with an opaque cursor, so pages are asked for until what was taken last is reached, at
most `follow_ups` of them; a custom feed has an order of its own, of which the first page is taken.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from engine.errors import InputError, NotAFeedError, ParseError
from engine.sources.kinds.atproto import is_at_identifier, is_did, is_handle, is_record_key, read_uri
from engine.sources.source import Meta, Source, ThreadOf, origin, read_address
from engine.types import FeedInfo, Parsed, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.comments import Comments

HOME = "https://bsky.app"
PUBLIC = "https://public.api.bsky.app"  # serves what everybody may see, without an account
PAGE = 100
DEEPEST = 50  # answers to answers that are followed
REPLIES, NO_BOOSTS = "replies", "no-boosts"

_SITES = frozenset({"bsky.app", "main.bsky.dev", "deer.social", "blacksky.community", "witchsky.app"})
_COLLECTIONS = {"feed": "app.bsky.feed.generator", "lists": "app.bsky.graph.list"}
_MAX_PAGE_CURSOR = 512


class Bluesky(Source):
    kind = "bluesky"
    label = "Bluesky"
    actions = frozenset({"favourite", "boost", "reply", "bookmark", "follow"})
    options = (REPLIES, NO_BOOSTS)
    follow_ups = 8

    def recognise(self, address: str) -> Target | None:
        address = address.strip()
        uri = read_uri(address) if address.startswith("at://") else None
        if uri is not None:
            place = next((name for name, collection in _COLLECTIONS.items() if collection == uri.collection), "")
            path = ("profile", uri.authority, *((place, uri.key) if place and uri.key else ()))
            return self._place(path) if place or not uri.collection else None
        handle = address.removeprefix("@").lower()
        if is_did(address):
            return self._place(("profile", address))
        if is_handle(handle) and (handle.endswith(".bsky.social") or address.startswith("@")):
            target = self._place(("profile", handle))
            return replace(target, sure=handle.endswith(".bsky.social")) if target is not None else None
        read = read_address(address)
        if read is not None and read.host.endswith(".bsky.social") and not read.path:
            return self._place(("profile", read.host))
        return self._place(read.path) if read is not None and read.host in _SITES else None

    def _place(self, path: tuple[str, ...]) -> Target | None:
        if path == ("home",):
            return Target(kind=self.kind, url=f"{HOME}/home", what="home timeline", name="Bluesky")
        if len(path) not in (2, 4) or path[0] != "profile" or not is_at_identifier(path[1]):
            return None
        who = path[1].lower() if is_handle(path[1]) else path[1]
        if len(path) == 2:
            return Target(kind=self.kind, url=f"{HOME}/profile/{who}", what="person", name=f"@{who}" if is_handle(who) else who)
        if path[2] not in _COLLECTIONS or not is_record_key(path[3]):
            return None
        what = "custom feed" if path[2] == "feed" else "list"
        return Target(kind=self.kind, url=f"{HOME}/profile/{who}/{path[2]}/{path[3]}", what=what, name=f"{path[3]} · {who}")

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        path = _path(subscription)
        known = _read_cursor(cursor)
        if len(path) == 4 and not known["uri"]:
            if is_did(path[1]):
                return (_about(subscription, _uri(path, path[1])),)
            asked = urlencode({"handle": path[1]})
            return (_ask(subscription, "com.atproto.identity.resolveHandle", asked, {"what": "did"}, (400, 404)),)
        return (_page(subscription, {"what": "posts", "uri": known["uri"], "newest": known["newest"], "page": 1}),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources import values

        step = values.fields(values.document(meta.step.encode(), self.label))
        found = values.fields(values.document(body, self.label))
        what = values.text(step.get("what"))
        if meta.status != 200:
            words = values.text(found.get("message"))[:200]
            raise NotAFeedError(f"Bluesky says: {words}" if words else "There is no such person, list or feed on Bluesky.")
        if what == "did":
            did = values.text(found.get("did"))
            if not is_did(did):
                raise NotAFeedError("Nobody on Bluesky has that handle.")
            return Parsed(info=FeedInfo(), posts=(), follow_ups=(_about(meta.subscription, _uri(_path(meta.subscription), did)),))
        return self._titled(found, step, meta) if what == "about" else self._posts(found, step, meta)

    def _titled(self, found: dict[str, Any], step: dict[str, Any], meta: Meta) -> Parsed:
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.raw import RawFeed

        view = values.fields(found.get("view")) or values.fields(found.get("list"))
        title = values.text(view.get("displayName")) or values.text(view.get("name"))
        raw = RawFeed(
            kind="json", title=title, site_url=meta.subscription.url, description=values.text(view.get("description")),
            icon=values.text(view.get("avatar")),
        )  # fmt: skip
        following = _page(meta.subscription, {"what": "posts", "uri": values.text(step.get("uri")), "newest": "", "page": 1})
        return replace(assemble(raw, url=meta.url, now=meta.now), follow_ups=(following,))

    def _posts(self, found: dict[str, Any], step: dict[str, Any], meta: Meta) -> Parsed:
        """One page of a feed; the page that reaches what is known, or is the last, moves the cursor."""
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.kinds import bluesky_posts as views
        from engine.sources.raw import RawFeed, RawPost

        if not isinstance(found.get("feed"), list):
            raise ParseError("Bluesky answered with something that is no list of posts.")
        items = [values.fields(item) for item in found["feed"]]
        path, signed = _path(meta.subscription), bool(meta.subscription.account)
        title = views.title_of(found, path[1]) if len(path) == 2 else "Bluesky" if path == ("home",) else ""
        raw = RawFeed(kind="json", title=title, site_url=meta.subscription.url)
        kept = [item for item in items if not ("reason" in item and NO_BOOSTS in meta.subscription.options)]
        made: dict[str, RawPost] = {}
        for item in kept:
            read = views.post(item, signed=signed)
            known = made.setdefault(read.guid, read) if read is not None else None
            if read is not None and known is not None and known is not read and known.extras and read.extras:
                boosters = tuple(dict.fromkeys((*known.extras.boosted_by, *read.extras.boosted_by)))
                known.extras = replace(known.extras, boosted_by=boosters)
        raw.posts = list(made.values())
        parsed = assemble(raw, url=meta.url, now=meta.now)
        if len(kept) > len(raw.posts) and not raw.posts and not signed:
            words = "These posts are shown only to people who sign in: their author asks for that."
            parsed = replace(parsed, warnings=(*parsed.warnings, words))
        times = sorted(moment for item in items if (moment := values.moment(views.moment_of(item))) is not None)
        newest = values.moment(step.get("newest"))
        top = values.moment(step.get("top")) or (times[-1] if times else None)
        number, more = values.number(step.get("page")) or 1, values.text(found.get("cursor"))
        ordered = not (len(path) == 4 and path[2] == "feed")
        if ordered and newest and more and times and times[0] > newest and number <= self.follow_ups and len(more) <= _MAX_PAGE_CURSOR:
            following = {**step, "page": number + 1, "top": top.isoformat() if top else ""}
            return replace(parsed, follow_ups=(_page(meta.subscription, following, more),))
        taken = max((moment for moment in (top, newest) if moment is not None), default=None)
        cursor = {"uri": values.text(step.get("uri")), "newest": taken.isoformat() if taken else ""}
        return replace(parsed, cursor=json.dumps(cursor))

    def thread(self, about: ThreadOf) -> Request | None:
        if read_uri(about.guid) is None:
            return None
        asked = urlencode({"uri": about.guid, "depth": 10, "parentHeight": 0}, safe=":/")
        request = _ask(about.subscription, "app.bsky.feed.getPostThread", asked, {"what": "thread"})
        return replace(request, purpose="thread")

    def comments(self, body: bytes, meta: Meta) -> Comments:
        from engine.sources import values
        from engine.sources.comments import Comments

        found = Comments(HOME)
        _walk(values.fields(values.fields(values.document(body, self.label)).get("thread")), 0, found)
        return found

    def refusal(self, status: int) -> str:
        if status in {401, 403}:
            return f"Bluesky shows that only to people who sign in ({status})."
        return "There is no such person, list or feed on Bluesky now." if status in {400, 404} else ""


def _walk(view: dict[str, Any], depth: int, found: Comments) -> None:
    from engine.sources import values
    from engine.sources.kinds import bluesky_posts as views

    for reply in map(values.fields, values.several(view.get("replies"))):
        made = views.post_of_view(values.fields(reply.get("post")), signed=False)
        if made is not None and made.extras is not None:
            likes = made.extras.score
            found.add(author=made.authors[0], html=made.body, at=made.published, depth=depth, score=likes, url=made.url)
        if depth < DEEPEST:
            _walk(reply, depth + 1, found)


def _path(subscription: Subscription) -> tuple[str, ...]:
    """Raises InputError when nothing of Bluesky lies at the address."""
    path = tuple(unquote(part) for part in urlsplit(subscription.url).path.split("/") if part)
    person = len(path) in (2, 4) and path[0] == "profile" and is_at_identifier(path[1])
    record = len(path) != 4 or (path[2] in _COLLECTIONS and is_record_key(path[3]))
    if path != ("home",) and not (person and record):
        raise InputError("That is no person, list or feed of Bluesky.")
    return path


def _uri(path: tuple[str, ...], did: str) -> str:
    return f"at://{did}/{_COLLECTIONS[path[2]]}/{path[3]}"


def _ask(subscription: Subscription, method: str, asked: str, step: dict[str, Any], statuses: tuple[int, ...] = ()) -> Request:
    home = origin(subscription.url)
    server = PUBLIC if re.sub(r"^https?://", "", home) in _SITES else home
    return Request(
        url=f"{server}/xrpc/{method}?{asked}",
        accept="application/json",
        purpose="feed" if step["what"] == "posts" else "account",
        step=json.dumps(step),
        statuses=statuses,
        signed=bool(subscription.account),
    )


def _about(subscription: Subscription, uri: str) -> Request:
    """Ask what a custom feed or a list is called."""
    step = {"what": "about", "uri": uri}
    if _COLLECTIONS["feed"] in uri:
        return _ask(subscription, "app.bsky.feed.getFeedGenerator", f"feed={quote(uri, safe=':/')}", step, (400, 404))
    return _ask(subscription, "app.bsky.graph.getList", f"list={quote(uri, safe=':/')}&limit=1", step, (400, 404))


def _page(subscription: Subscription, step: dict[str, Any], page_cursor: str = "") -> Request:
    path = _path(subscription)
    asked: dict[str, str] = {}
    if path == ("home",):
        method = "app.bsky.feed.getTimeline"
    elif len(path) == 2:
        method = "app.bsky.feed.getAuthorFeed"
        asked = {"actor": path[1], "filter": "posts_with_replies" if REPLIES in subscription.options else "posts_no_replies"}
    elif path[2] == "feed":
        method, asked = "app.bsky.feed.getFeed", {"feed": step["uri"]}
    else:
        method, asked = "app.bsky.feed.getListFeed", {"list": step["uri"]}
    asked["limit"] = str(PAGE)
    if page_cursor:
        asked["cursor"] = page_cursor
    first = step["page"] == 1 and not step["newest"]
    return _ask(subscription, method, urlencode(asked, safe=":/"), step, (400, 404) if first else ())


def _read_cursor(cursor: str) -> dict[str, str]:
    """The address of the list or feed and the time of the newest item; of the worker's writing, so each is looked at."""
    try:
        found = json.loads(cursor) if cursor else {}
    except ValueError:
        found = {}
    uri, newest = (found.get(name, "") for name in ("uri", "newest")) if isinstance(found, dict) else ("", "")
    good = isinstance(uri, str) and read_uri(uri) is not None
    return {"uri": uri if good else "", "newest": newest if isinstance(newest, str) and len(newest) < 64 else ""}
