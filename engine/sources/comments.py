"""Comments below a post, as any network gives them: cleaned and bounded, in the order in which they are read."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.sources.clean import one_line, sanitise, text_of_clean
from engine.sources.values import iso, number
from engine.types import Comment

_NEVER = datetime.min.replace(tzinfo=UTC)
MAX_COMMENTS = 500
MAX_DEPTH = 12  # deeper answers stand as deep as this
MAX_HTML = 40_000  # characters of one


def comments_of_feed(body: bytes, url: str) -> Comments:
    """The comments in a feed of comments, the oldest first; what answers what is not told. Raises ParseError."""
    from engine.sources.dates import parse_date
    from engine.sources.feed import read_feed

    found = Comments(url)
    dated = [(parse_date(entry.published or entry.updated), entry) for entry in read_feed(body, url=url).posts]
    if all(at is not None for at, _ in dated):
        dated.sort(key=lambda pair: pair[0] or _NEVER)
    for at, entry in dated:
        found.add(
            author=", ".join(entry.authors), html=entry.body, at=at.isoformat() if at is not None else None, depth=0, url=entry.url
        )
    return found


class Comments:
    """Gathers comments; what is too much, or says nothing, is left out and counted."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.found: list[Comment] = []
        self.left_out = 0

    def add(self, *, author: str, html: str, at: object, depth: int, score: object = None, url: str = "") -> None:
        if not html.strip():
            return
        if len(self.found) >= MAX_COMMENTS:
            self.left_out += 1
            return
        body = sanitise(html[:MAX_HTML], self._base)
        text = text_of_clean(body)
        if not text.strip():
            return
        self.found.append(
            Comment(
                author=one_line(author, 200),
                text=text,
                published=iso(at),
                depth=min(max(depth, 0), MAX_DEPTH),
                score=number(score),
                url=url if url.startswith(("https://", "http://")) else "",
            )
        )
