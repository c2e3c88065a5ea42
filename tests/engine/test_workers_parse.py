"""The `parse` worker: real feeds in, values out, within its limits."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from engine.errors import NotAFeedError, ParseError
from engine.sources.feed import parse_feed
from engine.types import Subscription
from engine.workers.clients import ParseWorker
from tests.fakenet import items, rss

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
URL = "https://site.invalid/feed"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def worker() -> Iterator[ParseWorker]:
    with ParseWorker(clock=lambda: NOW) as worker:
        yield worker


def test_a_feed_comes_back_exactly_as_the_parser_made_it(worker: ParseWorker) -> None:
    body = rss("A feed", items(120, seed=3))
    assert worker.feed(body, URL, "application/rss+xml") == parse_feed(
        body, url=URL, content_type="application/rss+xml", now=NOW
    )


def test_posts_in_chinese_survive_the_way_there_and_back(worker: ParseWorker) -> None:
    posts = items(3, language="zh")
    found = worker.feed(rss("新闻", posts), URL)
    assert [post.title for post in found.posts] == [post.title for post in posts]


def test_one_post_larger_than_a_frame_arrives_whole(worker: ParseWorker) -> None:
    body = "<p>" + "word " * 150_000 + "</p>"
    feed = f"<rss version='2.0'><channel><title>T</title><item><guid>1</guid><title>x</title><description><![CDATA[{body}]]></description></item></channel></rss>"
    (post,) = worker.feed(feed.encode(), URL).posts
    assert post.word_count == 150_000


def test_a_page_is_no_feed_and_its_feeds_are_named(worker: ParseWorker) -> None:
    html = b"<!doctype html><html><head><link rel='alternate' type='application/rss+xml' href='/f.xml'></head></html>"
    with pytest.raises(NotAFeedError) as caught:
        worker.feed(html, "https://site.invalid/", "text/html")
    assert "https://site.invalid/f.xml" in caught.value.candidates
    assert "https://site.invalid/f.xml" in worker.discover(html, "https://site.invalid/", "text/html")


def test_garbage_is_a_parse_error_and_the_worker_lives_on(worker: ParseWorker) -> None:
    with pytest.raises(ParseError):
        worker.feed(b"\x00\x01\x02 nothing", URL)
    starts = worker.state().starts
    worker.feed(rss("A feed", items(1)), URL)
    assert worker.state().starts == starts


def test_languages_are_told_for_each_text_in_order(worker: ParseWorker) -> None:
    texts = [
        "The council voted to close the bridge to cars from next spring.",
        "市议会投票决定从明年春天起禁止汽车通行",
        "",
    ]
    assert worker.languages(texts * 400) == ["en", "zh", ""] * 400


def test_a_subscription_list_is_read(worker: ParseWorker) -> None:
    body = b"<opml version='2.0'><body><outline text='News'><outline text='A' type='rss' xmlUrl='https://a.invalid/f'/></outline></body></opml>"
    (found,) = worker.opml(body)
    assert isinstance(found, Subscription)
    assert (found.url, found.folder) == ("https://a.invalid/f", "News")


def test_the_article_of_a_page_is_found(worker: ParseWorker) -> None:
    text = "The river rose by a metre overnight, and the market moved to the school yard. " * 12
    html = f"<html><head><title>Flood</title></head><body><nav>Home</nav><article><h1>Flood</h1><p>{text}</p></article></body></html>"
    assert (
        "market moved to the school yard" in worker.article(html.encode(), "https://site.invalid/a", "text/html").text
    )


def test_a_hundred_thousand_items_neither_kill_nor_outlast_the_worker(worker: ParseWorker) -> None:
    item = "<item><guid>{0}</guid><title>Post {0}</title><description>Some words {0}</description></item>"
    body = (
        "<rss version='2.0'><channel><title>T</title>" + "".join(map(item.format, range(100_000))) + "</channel></rss>"
    )
    starts = worker.state().starts
    assert len(worker.feed(body.encode(), URL).posts) > 0
    assert worker.state().starts == starts


def channel(inside: str) -> str:
    return f"<rss version='2.0'><channel><title>T</title>{inside}</channel></rss>"


def item(number: int, body: str) -> str:
    return f"<item><guid>{number}</guid><description><![CDATA[{body}]]></description></item>"


@pytest.mark.parametrize(
    "document",
    [
        "<rss>" + "<channel>" * 200_000,
        "<rss><channel>" + "<item>" * 200_000,
        "<rss><channel><item><title>x</title><description>" + "<div>" * 150_000 + "</div>" * 150_000,
        channel("<item><title>x</title></item>" + "<a>" * 200_000 + "</a>" * 200_000),
        "<feed><entry>" + "<author>" * 200_000,
        "<feed>" + "<x:y xmlns:x='u'>" * 100_000,
    ],
    ids=lambda document: document[:40],
)
def test_depth_without_end_is_refused_at_once(worker: ParseWorker, document: str) -> None:
    assert took(worker, document) < 1


LOOSE = "<rss><channel><title>T</title></b><item><title>x</title>"


@pytest.mark.parametrize("part", ["<p ", "<br>", "<link href='x'/>", "<!x", "&a", "&#1;", "a@", "</b "])
def test_a_damaged_feed_full_of_tags_takes_bounded_time(worker: ParseWorker, part: str) -> None:
    assert took(worker, LOOSE + part * (1_900_000 // len(part))) < 8  # at most 3 with the processor to itself


HEAVY = {
    "formatting that is never closed": channel("".join(item(n, "".join(f"<b class={k}><p>x" for k in range(190))) for n in range(800))),
    "short posts of great depth": channel("".join(item(n, "<div>" * 1_500) for n in range(800))),
    "a base of two megabytes": channel(f"<link>https://x.invalid/{'a' * 2_000_000}/</link>" + "<item><link>b</link></item>" * 5_000),
    "many links from a long base": channel(
        "".join(f"<item xml:base='https://x.invalid/{'a' * 3_000}/'><guid>{n}</guid><description><![CDATA[{'<a href=b>x</a>' * 300}]]></description></item>" for n in range(1_500))
    ),
}


@pytest.mark.parametrize("name", HEAVY)
def test_what_grows_when_it_is_read_stays_within_the_limits(worker: ParseWorker, name: str) -> None:
    starts = worker.state().starts
    assert took(worker, HEAVY[name]) < 10
    assert worker.state().starts == max(starts, 1)


def took(worker: ParseWorker, document: str) -> float:
    """Processor seconds that the worker, which must live through it, takes to read or refuse a document."""
    worker.feed(rss("A feed", items(1)), URL)
    process = psutil.Process(worker.state().pid)
    before = sum(process.cpu_times()[:2])
    with contextlib.suppress(ParseError):
        worker.feed(document.encode(), URL)
    return sum(process.cpu_times()[:2]) - before


def test_the_worker_greets_in_time() -> None:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "worker", "parse"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    greeting, _ = process.communicate(b"", timeout=20)
    assert greeting == b"millpond-worker 1 parse\n"
    assert process.returncode == 0
    assert time.perf_counter() - began < 3  # 0.03 s on a machine with nothing else to do


def test_a_role_unheard_of_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "engine", "worker", "rm"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stdout == b""


def test_starting_loads_nothing_that_takes_long() -> None:
    code = "import sys, engine.workers.serve, engine.workers.parse as p; p.start({}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    heavy = {
        "trafilatura",
        "py3langid",
        "feedparser",
        "torch",
        "click",
        "httpx2",
        "sqlcipher3",
        "PySide6.QtCore",
        "keyring",
    }
    assert heavy.isdisjoint(loaded.split())


def test_a_page_without_a_feed_names_none(worker: ParseWorker) -> None:
    with pytest.raises(ParseError):
        worker.feed(b"<!doctype html><html><body>Nothing here</body></html>", "https://site.invalid/", "text/html")
