"""The whole article of a post whose feed gives only its beginning: fetched on demand, as its site's robots.txt allows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine import polite
from engine.errors import FetchError, InputError, ParseError
from engine.http import USER_AGENT, Client, HttpRequest
from engine.store import Store
from engine.types import FullText
from engine.workers.clients import ParseWorker

if TYPE_CHECKING:
    from protego import Protego

MAX_PAGE_BYTES = 8 * 2**20
MAX_ROBOTS_BYTES = 512 * 1024  # RFC 9309, section 2.5
ROBOTS_FOR = timedelta(hours=24)  # RFC 9309, section 2.4
LEAST_WORDS = 60  # fewer are a notice about cookies, payment or scripts, not an article
_PAGES = ("text/html", "application/xhtml+xml", "text/plain", "")


@dataclass(slots=True)
class Robots:
    """What sites allow, remembered for a day. Thread-safe. Source: RFC 9309."""

    client: Client
    clock: Callable[[], datetime]
    _known: dict[str, tuple[datetime, Protego | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allow(self, url: str, *, private: bool) -> bool:
        """Whether the site lets programs like this one read a page.

        Raises:
            FetchError: its rules cannot be read now; then a page must not be asked for either.
        """
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        with self._lock:
            known = self._known.get(site)
        if known is None or known[0] < self.clock():
            known = (self.clock() + ROBOTS_FOR, self._read(site, private))
            with self._lock:
                self._known[site] = known
        rules = known[1]
        return rules is None or bool(rules.can_fetch(url, USER_AGENT.partition("/")[0]))

    def _read(self, site: str, private: bool) -> Protego | None:
        """Return a site's rules; None when it has none."""
        request = HttpRequest(
            url=f"{site}/robots.txt", purpose="robots", accept="text/plain", allow_private=private, max_body_bytes=MAX_ROBOTS_BYTES
        )
        answer = self.client.fetch(request)
        if answer.status >= 500 or answer.status == 429:
            raise FetchError(
                f"The site's rules for programs cannot be read now ({answer.status}), so its page is not asked for. Try again later.",
                status=answer.status,
            )
        if answer.status != 200:
            return None
        from protego import Protego

        return Protego.parse(answer.body.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class FullTexts:
    """What fetching articles needs."""

    store: Store
    client: Client
    parse: ParseWorker
    clock: Callable[[], datetime]
    robots: Robots

    def fetch(self, post_id: int) -> FullText:
        """Fetch the page of a post, take the article out of it and keep that; the feed's own text stays as it is.

        Raises:
            InputError: the post names no page, or the site does not allow it.   NotFoundError.
            FetchError, RefusedError: no answer.   ParseError: the page holds no article, or less than the feed gave.
        """
        post = self.store.post(post_id)
        url = post.row.url
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InputError("This post names no page of its own, so there is nothing more to fetch.")
        private = self.store.allows_private(post.row.feed_id, url)
        if not self.robots.allow(url, private=private):
            host = urlsplit(url).hostname
            raise InputError(f"{host} does not let programs read this page (its robots.txt says so). Open it in the browser.")
        answer = self.client.fetch(
            HttpRequest(
                url=url, purpose="page", accept="text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5",
                allow_private=private, max_body_bytes=MAX_PAGE_BYTES,
            )
        )
        if answer.status != 200:
            raise FetchError(words_for_page(answer.status), status=answer.status)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _PAGES:
            raise ParseError(f"The address leads to no page of text but to {kind[:60]}. Open it in the browser.")
        article = self.parse.article(answer.body, answer.url, answer.headers.get("content-type", ""), with_html=True)
        words, own = len(article.text.split()), len(post.text.split())
        spaceless = len(article.text) > 2 * LEAST_WORDS and words < LEAST_WORDS  # Chinese and Japanese have no spaces
        if (words < LEAST_WORDS and not spaceless) or len(article.text) < 0.8 * len(post.text):
            more = "less text than the feed itself" if own >= words else "only a few words"
            raise ParseError(
                f"The page shows {more}: it may ask for consent, payment or a script first. The feed's text stays; "
                "open the page in the browser to read on."
            )
        found = FullText(
            post_id=post_id, url=answer.url, title=article.title, body_html=article.body_html, text=article.text, fetched_at=self.clock()
        )
        self.store.save_full_text(found)
        return found


def words_for_page(status: int) -> str:
    """Say in plain words what a status means for a page that a person wants to read."""
    known = {
        401: "The page asks for a password (401). Open it in the browser.",
        402: "The page asks for payment (402). Open it in the browser.",
        403: "The site does not show this page to programs (403). Open it in the browser.",
        404: "The page is not there any more (404).",
        410: "The page is gone for good (410).",
    }
    return known.get(status) or polite.words_for_status(status).replace("this feed", "this page").replace("no feed", "no page")
