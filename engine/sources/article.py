"""The main text of a web page, by trafilatura."""

from __future__ import annotations

import logging

from engine.errors import ParseError
from engine.sources.clean import one_line
from engine.sources.dates import parse_date
from engine.sources.decode import decode
from engine.types import Article

MAX_PAGE = 4_000_000  # characters that are looked at
MAX_TEXT = 1_000_000


def _as_html(page: str, url: str) -> str:
    import trafilatura

    from engine.sources.clean import sanitise

    made = trafilatura.extract(
        page, url=url or None, include_comments=False, include_tables=True, favor_precision=False, output_format="html",
        include_links=True, include_formatting=True, include_images=True,
    )  # fmt: skip
    return sanitise((made or "")[: 2 * MAX_TEXT], url)


def extract_article(html: bytes, url: str, content_type: str = "", *, with_html: bool = False) -> Article:
    """Return a page's title, main text, author and date; nothing is fetched.

    Args:
        with_html: with the text's headings, links and lists as sanitised HTML, too.
    Raises:
        ParseError: the page holds no text that reads like an article.
    """
    import trafilatura  # most of a second to import, and seldom needed

    for name in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they log what pages say
    text, _ = decode(html, content_type)
    found = trafilatura.bare_extraction(
        text[:MAX_PAGE], url=url or None, include_comments=False, include_tables=True, favor_precision=False, with_metadata=True
    )
    body = (getattr(found, "text", None) or "").strip()
    if found is None or isinstance(found, dict) or not body:
        raise ParseError("This page holds no article that could be told from the rest of it.")
    return Article(
        body_html=_as_html(text[:MAX_PAGE], url) if with_html else "",
        title=one_line(found.title or "", 1000),
        text=body[:MAX_TEXT],
        author=one_line((found.author or "").replace(";", ","), 300),
        published_at=parse_date(found.date or ""),
    )
