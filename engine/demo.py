"""A sample internet on loopback, and the whole job run on it: what `millpond demo` and the window's "try it" show."""

from __future__ import annotations

import html
import json
import secrets
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from engine.types import Condition, FeedRefreshed, Progress, Rule, StageFailed, Subscription, TimelineQuery

LIKED = ("bike counter", "Cargo bikes", "自行车道")  # what the visitor of the demo likes


class SampleInternet:
    """Serves the sample feeds on 127.0.0.1 until closed."""

    def __init__(self, now: datetime | None = None) -> None:
        import resources

        feeds = tomllib.loads(resources.path("demo", "posts.toml").read_text(encoding="utf-8"))["feed"]
        now = now or datetime.now(UTC)
        self._pages = {feed["path"]: _FORMATS[feed["format"]](feed, now) for feed in feeds}
        self._feeds = feeds
        pages = self._pages

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                kind, body = pages.get(self.path, ("text/plain", b""))
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", f'"{hash(body) & 0xFFFFFFFF:x}"')
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: a visitor of the demo is not logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True, name="sample")
        self._thread.start()

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        base = f"http://127.0.0.1:{self._server.server_address[1]}"
        return tuple(
            Subscription(url=base + feed["path"], title=feed["title"], folder=feed["folder"]) for feed in self._feeds
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def sample_internet(now: datetime | None = None) -> Iterator[SampleInternet]:
    served = SampleInternet(now)
    try:
        yield served
    finally:
        served.close()


def run_demo(tell: Callable[[str], None], *, limit: int = 20) -> dict[str, Any]:
    """Follow the sample feeds in a profile that is thrown away, let the models read, and return what came of it."""
    from engine import open_engine

    with (
        tempfile.TemporaryDirectory(prefix="millpond-demo-", ignore_cleanup_errors=True) as folder,
        sample_internet() as internet,
        open_engine(Path(folder) / "profile", key=secrets.token_bytes(32)) as engine,
    ):
        engine.follow(internet.subscriptions, allow_private=True)
        events: list[Any] = []
        for fetched in engine.refresh(force=True):
            if isinstance(fetched, FeedRefreshed):
                tell(f"read {fetched.title}: {fetched.new} posts")
        _like_samples(engine)
        rule = Rule(name="Crypto prices", conditions=(Condition(field="phrase", value="crypto prices"),))
        saved = engine.save_rule(rule)
        for event in engine.enrich():
            events.append(event)
            if isinstance(event, Progress):
                tell(f"{event.stage} {event.done} of {event.total or '…'}  {event.detail}")
        ids = engine.timeline(TimelineQuery(order="for_you", limit=limit))
        rows = engine.rows(ids)
        longest = max(rows, key=lambda row: len(engine.post(row.id).text) if row.language == "en" else 0)
        tell(f"summarising “{longest.title}”")
        return {
            "feeds": len(engine.feeds()),
            "posts": engine.counts().posts,
            "rows": rows,
            "explanation": engine.explain(ids[0]),
            "summary": engine.summarise(longest.id),
            "summary_title": longest.title,
            "rule": rule.name,
            "hidden": saved.posts,
            "requests": len(engine.ledger(limit=1000)),
            "stages_failed": [
                {"stage": event.stage, "error": event.error} for event in events if isinstance(event, StageFailed)
            ],
        }


def _like_samples(engine: Any) -> None:
    rows = engine.rows(engine.timeline(TimelineQuery(order="newest", limit=500)))
    for row in rows:
        if any(words in row.title for words in LIKED):
            engine.feedback(row.id, True)


# ---- the three formats -----------------------------------------------------------------------


def _dated(feed: dict[str, Any], now: datetime) -> Iterator[tuple[dict[str, Any], datetime]]:
    for post in feed["posts"]:
        yield post, (now - timedelta(hours=post["hours"])).replace(microsecond=0)


def _link(feed: dict[str, Any], number: int) -> str:
    return f"http://{feed['path'].split('/')[1]}.example/posts/{number}"


def _body(post: dict[str, Any]) -> str:
    return f"<p>{html.escape(post['body'])}</p>"


def _rss(feed: dict[str, Any], now: datetime) -> tuple[str, bytes]:
    items = "".join(
        f"<item><title>{escape(post['title'])}</title><link>{_link(feed, number)}</link>"
        f"<guid>{_link(feed, number)}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<dc:creator>{escape(post['author'])}</dc:creator><description>{escape(_body(post))}</description></item>"
        for number, (post, at) in enumerate(_dated(feed, now))
    )
    page = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(feed['title'])}</title><link>{_link(feed, 0)}</link><description/>{items}</channel></rss>"
    )
    return "application/rss+xml", page.encode()


def _atom(feed: dict[str, Any], now: datetime) -> tuple[str, bytes]:
    entries = "".join(
        f"<entry><id>{_link(feed, number)}</id><title>{escape(post['title'])}</title>"
        f'<link href="{_link(feed, number)}"/><updated>{at.isoformat()}</updated><published>{at.isoformat()}</published>'
        f"<author><name>{escape(post['author'])}</name></author>"
        f'<content type="html">{escape(_body(post))}</content></entry>'
        for number, (post, at) in enumerate(_dated(feed, now))
    )
    page = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{_link(feed, 0)}</id><title>{escape(feed['title'])}</title><updated>{now.isoformat()}</updated>"
        f"{entries}</feed>"
    )
    return "application/atom+xml", page.encode()


def _json(feed: dict[str, Any], now: datetime) -> tuple[str, bytes]:
    page = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed["title"],
        "items": [
            {
                "id": _link(feed, number),
                "url": _link(feed, number),
                "title": post["title"],
                "content_html": _body(post),
                "date_published": at.isoformat(),
                "authors": [{"name": post["author"]}],
            }
            for number, (post, at) in enumerate(_dated(feed, now))
        ],
    }
    return "application/feed+json", json.dumps(page, ensure_ascii=False).encode()


_FORMATS: dict[str, Callable[[dict[str, Any], datetime], tuple[str, bytes]]] = {
    "rss": _rss,
    "atom": _atom,
    "json": _json,
}
__all__ = ["SampleInternet", "run_demo", "sample_internet"]
