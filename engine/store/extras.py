"""What only some networks know of a post: the immutable part beside its content, the counters beside the post."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from engine.store.connection import Connection
from engine.store.part import moment_or_none, stamp_or_none
from engine.types import Extras, FetchedPost, Poll, Quote

MAX_BOOSTERS = 20
_COUNTS = ("score", "comments_count", "views_count")
_EMPTY = Extras()
_PLAIN = tuple(
    field.name
    for field in fields(Extras)
    if field.name not in {*_COUNTS, "boosted_by", "quote", "poll", "edited_at"}
)


def content_json(extras: Extras) -> str:
    """Return what belongs to the content, as JSON; "" when that is nothing."""
    made: dict[str, Any] = {
        name: getattr(extras, name) for name in _PLAIN if getattr(extras, name) != getattr(_EMPTY, name)
    }
    if extras.edited_at is not None:
        made["edited_at"] = stamp_or_none(extras.edited_at)
    if extras.quote is not None:
        made["quote"] = [extras.quote.author, extras.quote.text, extras.quote.url]
    if extras.poll is not None:
        poll = extras.poll
        made["poll"] = [poll.options, stamp_or_none(poll.ends_at), poll.multiple]
    return json.dumps(made, ensure_ascii=False) if made else ""


def counters_json(extras: Extras, before: str = "") -> str:
    """Return the counters as JSON: those that came over those that were known; "" when there are none."""
    made: dict[str, Any] = json.loads(before) if before else {}
    for name in _COUNTS:
        value = getattr(extras, name)
        if value is not None:
            made[name] = value
    if extras.boosted_by:
        known: list[str] = made.get("boosted_by", [])
        made["boosted_by"] = list(dict.fromkeys((*known, *extras.boosted_by)))[:MAX_BOOSTERS]
    if extras.poll is not None and extras.poll.votes:
        made["votes"] = list(extras.poll.votes)
    return json.dumps(made, ensure_ascii=False) if made else ""


def read_extras(content: str | None, counters: str | None) -> Extras | None:
    """Put both parts together again; None when there is neither."""
    if not content and not counters:
        return None
    values: dict[str, Any] = json.loads(content) if content else {}
    counted: dict[str, Any] = json.loads(counters) if counters else {}
    votes = tuple(counted.pop("votes", ()))
    values["labels"] = tuple(values.get("labels", ()))
    values["edited_at"] = moment_or_none(values.get("edited_at"))
    if "quote" in values:
        author, text, url = values["quote"]
        values["quote"] = Quote(author=author, text=text, url=url)
    if "poll" in values:
        options, ends_at, multiple = values["poll"]
        values["poll"] = Poll(
            options=tuple(options),
            votes=votes if len(votes) == len(options) else (),
            ends_at=moment_or_none(ends_at),
            multiple=multiple,
        )
    found = Extras(**values)
    return replace(found, **{**counted, "boosted_by": tuple(counted.get("boosted_by", ()))})


def save_counters(connection: Connection, posts: Iterable[FetchedPost], ids: Mapping[str, int]) -> list[int]:
    """Store the counters that came with posts, whose ids are given by guid; return the ids of those that changed."""
    changed: list[int] = []
    for post in posts:
        if post.extras is None or post.guid not in ids:
            continue
        post_id = ids[post.guid]
        row = connection.execute("select counters from counters where post_id = ?", (post_id,)).fetchone()
        before = row[0] if row is not None else ""
        after = counters_json(post.extras, before)
        if after != before:
            connection.execute("insert or replace into counters (post_id, counters) values (?, ?)", (post_id, after))
            changed.append(post_id)
    return changed
