"""What only some networks know of a post: cleaned and bounded as everything else from outside, and made part of its hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from hashlib import blake2b

from engine.sources.clean import is_markup, one_line, plain_text
from engine.sources.dates import plausible
from engine.sources.links import absolute
from engine.types import Extras, Poll, Quote

MAX_WARNING = 500  # characters
MAX_QUOTE = 2_000
MAX_NAME = 300
MAX_LABEL = 200
MAX_SEVERAL = 20  # labels, boosters, answers of a poll
MAX_COUNT = 10**12
MAX_SECONDS = 10**7

_OUTSIDE = frozenset({"source_kind", "boosted_by", "score", "comments_count", "views_count", "comments_url", "replies_url"})


def _names(texts: Iterable[str], limit: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (one_line(text, limit) for text in texts) if name))[:MAX_SEVERAL]


def _count(number: int | None, least: int = 0) -> int | None:
    return None if number is None else min(max(number, least), MAX_COUNT)


def _quote(quote: Quote | None) -> Quote | None:
    if quote is None:
        return None
    text = plain_text(quote.text) if is_markup(quote.text) else quote.text
    made = Quote(author=one_line(quote.author, MAX_NAME), text=one_line(text, MAX_QUOTE), url=absolute(quote.url, ""))
    return made if made.text or made.url else None


def _poll(poll: Poll | None) -> Poll | None:
    if poll is None or not poll.options:
        return None
    options = tuple(one_line(option, MAX_NAME) for option in poll.options[:MAX_SEVERAL])
    votes = tuple(_count(number) or 0 for number in poll.votes[:MAX_SEVERAL])
    return replace(poll, options=options, votes=votes if len(votes) == len(options) else ())


def bounded(extras: Extras, now: datetime) -> Extras:
    """Return `extras` as plain text within limits; what makes no sense is left out."""
    seconds = extras.duration_seconds
    return replace(
        extras,
        source_kind=one_line(extras.source_kind, 40),
        content_warning=one_line(extras.content_warning, MAX_WARNING),
        boosted_by=_names(extras.boosted_by, MAX_NAME),
        quote=_quote(extras.quote),
        poll=_poll(extras.poll),
        score=_count(extras.score, -MAX_COUNT),
        comments_count=_count(extras.comments_count),
        views_count=_count(extras.views_count),
        comments_url=absolute(extras.comments_url, ""),
        duration_seconds=min(seconds, MAX_SECONDS) if seconds is not None and seconds > 0 else None,
        reply_to_url=absolute(extras.reply_to_url, ""),
        replies_url=absolute(extras.replies_url, ""),
        edited_at=plausible(extras.edited_at, now),
        labels=_names(extras.labels, MAX_LABEL),
    )


def with_hash(content_hash: bytes, extras: Extras) -> bytes:
    """Return the hash of a content with its extras; counters are left out, and one without any stays what it was."""
    poll = replace(extras.poll, votes=()) if extras.poll is not None else None
    said = replace(extras, poll=poll)
    # Only what is there counts, so that a field which comes with a later Millpond changes no hash.
    parts = [
        f"{field.name}={getattr(said, field.name)!r}"
        for field in fields(Extras)
        if field.name not in _OUTSIDE and getattr(said, field.name) != field.default
    ]
    if not parts:
        return content_hash
    return blake2b(content_hash + "\0".join(parts).encode("utf-8", "replace"), digest_size=32).digest()
