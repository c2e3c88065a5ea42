"""Real feeds and other projects' expectations, from ../shared/data."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from random import Random

import pytest

from engine.errors import EngineError
from engine.sources.assemble import assemble
from engine.sources.clean import sanitise
from engine.sources.decode import decode, mend, well_chosen, without_prologue
from engine.sources.feed import parse_feed, strictly
from engine.sources.loosefeed import read_loosely
from tests.conformance.expectations import MAX_UNMAPPED, judge, unmapped_cases, unmapped_rules

FEEDS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "feeds"
REAL = ("netnewswire", "feedjira", "node-feedparser", "reader", "rss-parser")
JUDGED = ("gofeed", "listparser")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
URL = "https://feeds.example.net/dir/feed.xml"

_POSTS = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")
_JSON_POSTS = re.compile(rb'"items?"\s*:\s*\[\s*\{')

needs_data = pytest.mark.skipif(not FEEDS.is_dir(), reason="needs ../shared/data/feeds")


def _real_files() -> Iterator[Path]:
    for name in REAL:
        yield from sorted(path for path in (FEEDS / name).rglob("*") if path.is_file())


def _holds_posts(body: bytes) -> bool:
    """Whether a file is a feed by a test that knows nothing of the parsers."""
    return body.startswith(b"\x1f\x8b") or bool((_JSON_POSTS if body.lstrip().startswith(b"{") else _POSTS).search(body))


@needs_data
def test_every_real_feed_is_taken_or_refused_without_a_crash_and_in_time() -> None:
    taken = refused = posts = 0
    for path in _real_files():
        body = path.read_bytes()
        started = time.process_time()
        try:
            found = parse_feed(body, url=URL, now=NOW).posts
            taken += 1
        except EngineError:
            refused += 1
            found = ()
            assert not _holds_posts(body), f"{path.name} is a feed and was refused"
        assert time.process_time() - started < 3, path.name
        posts += len(found)
        for post in found:
            assert sanitise(post.body_html, post.url) == post.body_html, path.name
    print(f"real feeds: {taken} taken, {refused} refused (pages, lists, licences, fragments), {posts} posts")
    assert taken > 5 * refused


@needs_data
def test_where_both_parsers_read_a_real_feed_they_say_the_same() -> None:
    """feedparser forgets which element a text came from, so that a few feeds differ; the count of those is held low."""
    feeds = differing = posts = same = 0
    for path in _real_files():
        text = decode(path.read_bytes())[0].lstrip("\ufeff \t\r\n\0")
        document = well_chosen(without_prologue(text)[0]).lstrip()
        strict = strictly(document, URL) if document.startswith("<") else None
        loose = read_loosely(mend(document).encode("utf-8", "replace"), URL) if strict is not None else None
        if strict is None or loose is None:
            continue
        one, other = assemble(strict, url=URL, now=NOW), assemble(loose, url=URL, now=NOW)
        feeds += 1
        pairs = list(zip(one.posts, other.posts, strict=False))
        alike = [
            (a.guid, a.url, a.title, a.text.split(), a.published_at) == (b.guid, b.url, b.title, b.text.split(), b.published_at) for a, b in pairs
        ]
        posts += max(len(one.posts), len(other.posts))
        same += sum(alike)
        differing += len(one.posts) != len(other.posts) or not all(alike) or one.info.title != other.info.title
    print(f"both parsers: {feeds - differing} of {feeds} feeds and {same} of {posts} posts the same")
    assert differing <= 0.1 * feeds
    assert same >= 0.97 * posts


@needs_data
@pytest.mark.parametrize("name", JUDGED)
def test_expectations_hold(name: str) -> None:
    held, total, failures = judge(FEEDS / name)
    print(f"{name}: {held} of {total} expectations hold")
    assert held >= 0.99 * total, failures


@needs_data
@pytest.mark.parametrize("name", JUDGED)
def test_few_expectations_are_left_out(name: str) -> None:
    left_out, cases = unmapped_cases(FEEDS / name)
    print(f"{name}: {len(left_out)} of {cases} cases are left out")
    assert len(left_out) <= MAX_UNMAPPED * cases


@needs_data
def test_a_parser_that_finds_nothing_fails_most_expectations() -> None:
    def blind(body: bytes, *, url: str, now: datetime) -> object:
        return parse_feed(b"<rss><channel/></rss>", url=url, now=now)

    held, total, _ = judge(FEEDS / "gofeed", parse=blind)  # type: ignore[arg-type]
    assert held < 0.25 * total


def test_everything_left_out_has_its_reason() -> None:
    for table in unmapped_rules().values():
        assert all(len(reason) > 20 or reason.startswith("As ") for reason in table.values())


# ---- speed -----------------------------------------------------------------------------------


def _generated_feed(random: Random, words: list[str]) -> bytes:
    """An RSS feed of 50 posts with HTML bodies of about 150 words."""
    items = []
    for _ in range(50):
        paragraphs = "".join(
            f"<p>{' '.join(random.choices(words, k=50))} <a href=\"https://site.example/{random.random()}?a=1&amp;b=2\">more</a> <strong>now</strong></p>\n"
            for _ in range(3)
        )
        items.append(
            f"<item><title>{' '.join(random.choices(words, k=8))}</title><link>https://site.example/{random.random()}</link>"
            f"<guid>https://site.example/?p={random.random()}</guid><pubDate>Sun, 06 Jul 2014 12:56:00 GMT</pubDate>"
            f"<dc:creator>Ann Author</dc:creator><category>Things</category><description>{escape(paragraphs)}</description></item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title>'
        f"<link>https://site.example/</link><description>d</description><language>en</language>{''.join(items)}</channel></rss>"
    ).encode()


def test_thousands_of_posts_are_parsed_in_a_second() -> None:
    """The target is 8,000 a second on an idle core; the bound here allows for a busy machine."""
    random = Random(7)
    syllables = ["ba", "ne", "ti", "ro", "mu", "la", "ske", "dri", "fon", "tal", "ver", "mi", "shu", "pra", "gol", "wen"]
    words = ["".join(random.choices(syllables, k=random.randint(1, 4))) for _ in range(2000)] + ["the", "of", "and", "to", "in", "is", "for", "a", "on", "with"] * 80
    feeds = [_generated_feed(random, words) for _ in range(20)]
    parse_feed(feeds[0], url=URL, now=NOW)
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for body in feeds:
            assert len(parse_feed(body, url=URL, now=NOW).posts) == 50
        best = min(best, time.process_time() - started)
    print(f"parsing: {1000 / best:,.0f} posts a second on one core")
    assert 1000 / best >= 3000
