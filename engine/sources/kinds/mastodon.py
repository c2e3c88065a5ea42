"""Mastodon and servers that speak its interface: people, hashtags, public timelines; with an account home and lists.

Each refresh asks for the newest page, which also brings edits and counters up to date. Where it does not reach back to what
was taken last, the gap is filled from its old end, page by page, by the servers' own `Link` headers; the cursor moves only
over what has no gap behind it. Source: docs.joinmastodon.org/api (pagination, timelines).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from engine.errors import InputError, NotAFeedError, ParseError
from engine.sources.source import Meta, Source, ThreadOf, origin, read_address
from engine.types import FeedInfo, Parsed, Request, Subscription, Target

if TYPE_CHECKING:
    from engine.sources.comments import Comments
    from engine.sources.raw import RawPost

PAGE = 40  # the most that a server gives
REPLIES, NO_BOOSTS = "replies", "no-boosts"  # options of a subscription

_NAME = r"[\w.-]{1,100}"
_HANDLE = re.compile(rf"@?(?P<name>{_NAME})@(?P<host>[\w-]+(?:\.[\w-]+)+)")
_PERSON = re.compile(rf"@(?P<name>{_NAME})(?:@(?P<host>[\w-]+(?:\.[\w-]+)+))?")
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_LINK = re.compile(r"<([^<>]*)>\s*;[^,<]*?rel=\"?(\w+)\"?")
_KNOWN = frozenset(
    {
        "fosstodon.org", "hachyderm.io", "infosec.exchange", "mas.to", "mstdn.social", "mstdn.jp", "pawoo.net", "techhub.social",
        "universeodon.com", "c.im", "social.lol", "chaos.social", "ruby.social", "phpc.social", "toot.community", "indieweb.social",
        "front-end.social", "ioc.exchange", "scholar.social", "wandering.shop", "octodon.social", "tech.lgbt", "troet.cafe",
        "norden.social", "nrw.social", "mamot.fr", "piaille.fr", "framapiaf.org", "alive.bar", "o3o.ca", "aus.social",
    }
)  # fmt: skip
_SIGNED = {"home": "home timeline", "notifications": "notifications", "bookmarks": "bookmarks", "favourites": "favourites"}


class Mastodon(Source):
    kind = "mastodon"
    label = "Mastodon"
    actions = frozenset({"favourite", "boost", "reply", "bookmark", "follow"})
    options = (REPLIES, NO_BOOSTS)
    follow_ups = 12

    def recognise(self, address: str) -> Target | None:
        address = address.strip()
        handle = _HANDLE.fullmatch(address)
        if handle is not None and address.startswith("@"):
            return self._person(handle["host"].lower(), handle["name"], sure=True)
        if address.startswith("@"):
            return None
        read = read_address(address)
        if read is None or not read.path or read.host in {"youtube.com", "medium.com", "tiktok.com", "threads.net", "threads.com"}:
            return None
        sure = read.host in _KNOWN or any(part in {"mastodon", "mstdn", "masto"} for part in read.host.split("."))
        path = read.path[1:] if read.path[0] in {"web", "deck"} else read.path
        return self._place(read.host, path, sure=sure) if path else None

    def _place(self, host: str, path: tuple[str, ...], *, sure: bool) -> Target | None:
        person = _PERSON.fullmatch(path[0])
        if person is not None and len(path) == 1:
            return self._person((person["host"] or host).lower(), person["name"], sure=sure or bool(person["host"]))
        if path[0] == "users" and len(path) == 2 and re.fullmatch(_NAME, path[1]):
            return self._person(host, path[1], sure=sure)
        if path[0] == "tags" and len(path) == 2:
            url = f"https://{host}/tags/{quote(path[1])}"
            return Target(kind=self.kind, url=url, what="hashtag", name=f"#{path[1]} · {host}", sure=sure)
        if path in {("public",), ("public", "local")}:
            return Target(kind=self.kind, url=f"https://{host}/{'/'.join(path)}", what="public timeline", name=host, sure=sure)
        if path[0] in _SIGNED and len(path) == 1 and sure:
            return Target(kind=self.kind, url=f"https://{host}/{path[0]}", what=_SIGNED[path[0]], name=host)
        if path[0] == "lists" and len(path) == 2 and _ID.fullmatch(path[1]) and sure:
            return Target(kind=self.kind, url=f"https://{host}/lists/{path[1]}", what="list", name=host)
        return None

    def _person(self, host: str, name: str, *, sure: bool) -> Target:
        return Target(kind=self.kind, url=f"https://{host}/@{name}", what="person", name=f"@{name}@{host}", sure=sure)

    def first(self, subscription: Subscription, cursor: str) -> tuple[Request, ...]:
        path = _path(subscription)
        known = _read_cursor(cursor)
        if path[0].startswith("@") and not known["id"]:
            return (_lookup(subscription, path[0][1:]),)
        return (_page(subscription, known["id"], {"since": known["since"]}),)

    def parse(self, body: bytes, meta: Meta) -> Parsed:
        from engine.sources import values

        step = values.fields(values.document(meta.step.encode(), self.label))
        if "who" in step:
            return self._found_person(body, step, meta)
        if meta.status != 200:
            raise NotAFeedError("This server does not show that to people who are not signed in.")
        return self._statuses(values.document(body, self.label), step, meta)

    def _found_person(self, body: bytes, step: dict[str, Any], meta: Meta) -> Parsed:
        """The answer to who somebody is: Mastodon's own way first, then its relatives'."""
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.kinds import mastodon_posts as entities
        from engine.sources.raw import RawFeed

        try:
            found = values.document(body, self.label) if meta.status == 200 else {}
        except ParseError:
            found = {}
        person = entities.account(found, urlsplit(meta.url).hostname or "")
        if not _ID.fullmatch(person.id):
            if step["who"] == "lookup":
                return Parsed(info=FeedInfo(), posts=(), follow_ups=(_lookup(meta.subscription, step["name"], "relative"),))
            raise NotAFeedError(f"Nobody called @{step['name']} is known there, or the server tells only people who sign in.")
        raw = RawFeed(kind="json", title=person.name, site_url=meta.subscription.url, icon=person.avatar, description=person.note)
        following = _page(meta.subscription, person.id, {"since": ""})
        return replace(assemble(raw, url=meta.url, now=meta.now), follow_ups=(following,))

    def _statuses(self, found: Any, step: dict[str, Any], meta: Meta) -> Parsed:
        """One page of statuses: the newest ("since" says what was taken before), or one that fills a gap."""
        from engine.sources import values
        from engine.sources.assemble import assemble
        from engine.sources.raw import RawFeed

        if not isinstance(found, list):
            words = values.text(values.fields(found).get("error"))
            raise ParseError(f"The server says: {words[:200]}" if words else "This is no list of posts.")
        statuses = [status for item in found if (status := values.fields(item))]
        raw = RawFeed(kind="json", title=_title(statuses, step, meta), site_url=meta.subscription.url)
        raw.posts = _united(statuses, meta)
        parsed = assemble(raw, url=meta.url, now=meta.now)
        ids = [number for status in statuses if _ID.fullmatch(number := values.text(status.get("id")))]
        newer = _newer(meta.link) or (("min_id", max(ids, key=_age)) if ids else None)
        here: dict[str, Any] = {"id": values.text(step.get("id")), "since": list(newer) if newer else step.get("since", "")}
        if "gap" in step:
            return self._gap(parsed, step, here, ids, meta)
        since = _since(step.get("since"))
        if since is None or not ids or min(map(_age, ids)) <= _age(since[1]) or len(statuses) < PAGE // 2:
            return replace(parsed, cursor=json.dumps(here))
        # What lies between this page and the last one that was taken is asked for next; until then the cursor stays.
        filling = {"gap": list(since), "until": min(ids, key=_age), "end": here}
        return replace(parsed, follow_ups=(_page(meta.subscription, here["id"], filling),))

    def _gap(self, parsed: Parsed, step: dict[str, Any], here: dict[str, Any], ids: list[str], meta: Meta) -> Parsed:
        from engine.sources import values

        until, end = values.text(step.get("until")), values.fields(step.get("end"))
        since = _since(here["since"])
        if not ids or since is None or max(map(_age, ids)) >= _age(until):
            return replace(parsed, cursor=json.dumps(end))  # it meets the newest page
        filling = {"gap": list(since), "until": until, "end": end}
        return replace(parsed, cursor=json.dumps(here), follow_ups=(_page(meta.subscription, here["id"], filling),))

    def thread(self, about: ThreadOf) -> Request | None:
        number = urlsplit(about.url).path.rpartition("/")[2]
        if not (_ID.fullmatch(number) and about.url.startswith(("https://", "http://"))):
            return None
        url = f"{origin(about.url)}/api/v1/statuses/{number}/context"
        return Request(url=url, accept="application/json", purpose="thread", step=number)

    def comments(self, body: bytes, meta: Meta) -> Comments:
        from engine.sources import values
        from engine.sources.comments import Comments
        from engine.sources.kinds import mastodon_posts as entities

        found, depths = Comments(meta.url), {meta.step: -1}
        for status in map(values.fields, values.several(values.fields(values.document(body, self.label)).get("descendants"))):
            depth = depths.get(values.text(status.get("in_reply_to_id")), -1) + 1
            depths[values.text(status.get("id"))] = depth
            who = entities.account(status.get("account"), urlsplit(meta.url).hostname or "")
            warning = values.text(status.get("spoiler_text"))
            html = f"<p>[{escape(warning)}]</p>" if warning else values.text(status.get("content"))
            likes, page = status.get("favourites_count"), values.text(status.get("url"))
            found.add(author=who.name, html=html, at=status.get("created_at"), depth=depth, score=likes, url=page)
        return found

    def refusal(self, status: int) -> str:
        if status in {401, 403, 422}:
            return f"This server shows that only to people who sign in there ({status})."
        if status == 404:
            return "There is no such person, hashtag or list on this server now (404)."
        return ""


def _path(subscription: Subscription) -> tuple[str, ...]:
    """Raises InputError when nothing of Mastodon lies at the address."""
    path = tuple(part for part in urlsplit(subscription.url).path.split("/") if part)
    person = bool(path) and len(path) == 1 and re.fullmatch(rf"@{_NAME}(@[\w.-]+)?", path[0]) is not None
    listed = len(path) == 2 and path[0] in {"tags", "lists"}
    if not (person or listed or path in {("public",), ("public", "local")} or (len(path) == 1 and path[0] in _SIGNED)):
        raise InputError("That is no person, hashtag or timeline of Mastodon.")
    return path


def _lookup(subscription: Subscription, name: str, who: str = "lookup") -> Request:
    api = f"{origin(subscription.url)}/api/v1/accounts"
    url = f"{api}/lookup?{urlencode({'acct': name})}" if who == "lookup" else f"{api}/{quote(name)}"
    step = json.dumps({"who": who, "name": name})
    signed = bool(subscription.account)
    return Request(url=url, accept="application/json", purpose="account", step=step, statuses=(400, 401, 404, 405), signed=signed)


def _page(subscription: Subscription, account_id: str, step: dict[str, Any]) -> Request:
    """The newest page of a subscription's timeline; with a "gap" in the step the oldest page after that place."""
    path = _path(subscription)
    asked: dict[str, str] = {"limit": str(PAGE)}
    if path[0].startswith("@"):
        timeline = f"accounts/{account_id}/statuses"
        if REPLIES not in subscription.options:
            asked["exclude_replies"] = "true"
        if NO_BOOSTS in subscription.options:
            asked["exclude_reblogs"] = "true"
    elif path[0] == "tags":
        timeline = f"timelines/tag/{path[1]}"
    elif path[0] == "lists":
        timeline = f"timelines/list/{path[1]}"
    elif path[0] == "public":
        timeline = "timelines/public"
        if path[1:] == ("local",):
            asked["local"] = "true"
    else:
        timeline = path[0] if path[0] != "home" else "timelines/home"
    if "gap" in step:
        name, value = step["gap"]
        asked[name] = value
    return Request(
        url=f"{origin(subscription.url)}/api/v1/{timeline}?{urlencode(asked)}",
        accept="application/json",
        step=json.dumps({"id": account_id, **step}),
        signed=bool(subscription.account),
    )


def _read_cursor(cursor: str) -> dict[str, Any]:
    """The id of the person and where to go on; of the worker's writing, so each is looked at."""
    try:
        found = json.loads(cursor) if cursor else {}
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    number = found.get("id")
    since = _since(found.get("since"))
    return {"id": number if isinstance(number, str) and _ID.fullmatch(number) else "", "since": list(since) if since else ""}


def _since(value: object) -> tuple[str, str] | None:
    """A parameter for what is newer than a status: ("min_id", "109…")."""
    if isinstance(value, list | tuple) and len(value) == 2 and value[0] in {"min_id", "since_id"}:
        number = value[1]
        if isinstance(number, str) and _ID.fullmatch(number):
            return value[0], number
    return None


def _newer(link: str) -> tuple[str, str] | None:
    """Where the page after this one begins, by its `Link` header (RFC 8288)."""
    for address, relation in _LINK.findall(link):
        if relation == "prev":
            try:
                asked = parse_qs(urlsplit(address).query)
            except ValueError:
                return None
            for name in ("min_id", "since_id"):
                if found := _since((name, asked.get(name, [""])[-1])):
                    return found
    return None


def _age(number: str) -> tuple[int, str]:
    """What orders ids by age: numbers that grow in length, or ULIDs, which have one length."""
    return len(number), number


def _title(statuses: list[dict[str, Any]], step: dict[str, Any], meta: Meta) -> str:
    from engine.sources import values
    from engine.sources.kinds import mastodon_posts as entities

    path, host = _path(meta.subscription), urlsplit(meta.subscription.url).hostname or ""
    if path[0].startswith("@"):
        for status in statuses:
            author = entities.account(status.get("account"), host)
            if author.id == values.text(step.get("id")):
                return author.name
        return ""
    if path[0] == "tags":
        return f"#{path[1]} · {host}"
    return f"{host}: {_SIGNED.get(path[0], 'list' if path[0] == 'lists' else 'public timeline')}"


def _united(statuses: list[dict[str, Any]], meta: Meta) -> list[RawPost]:
    """The posts of a page, each once, with everybody who boosted it."""
    from engine.sources.kinds import mastodon_posts as entities

    host, server = urlsplit(meta.subscription.url).hostname or "", origin(meta.subscription.url)
    read = entities.notification if _path(meta.subscription)[0] == "notifications" else entities.post
    found: dict[str, RawPost] = {}
    for status in statuses:
        made = read(status, host=host, server=server)
        if made is None:
            continue
        known = found.setdefault(made.guid, made)
        if known is not made and known.extras is not None and made.extras is not None:
            boosters = tuple(dict.fromkeys((*known.extras.boosted_by, *made.extras.boosted_by)))
            known.extras = replace(known.extras, boosted_by=boosters)
    return list(found.values())
