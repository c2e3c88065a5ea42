"""Subscription lists, discovery, languages, articles and the registry."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from gzip import decompress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError, InputError, ParseError
from engine.sources.article import extract_article
from engine.sources.discovery import candidates, guesses
from engine.sources.language import chosen, detect, script_language
from engine.sources.opml import read_list, read_opml, write_opml
from engine.sources.registry import source
from engine.sources.source import Meta
from engine.types import Subscription

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"


def opml(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?><opml version="2.0"><head>{head}</head><body>{body}</body></opml>'.encode()


# ---- lists -----------------------------------------------------------------------------------


def test_nested_folders_become_a_path() -> None:
    body = '<outline text="News"><outline text="Local"><outline type="rss" text="A" xmlUrl="http://a.example/f" htmlUrl="http://a.example/"/></outline></outline>'
    assert read_opml(opml(body)) == (Subscription(url="http://a.example/f", title="A", site_url="http://a.example/", folder="News/Local"),)


def test_a_slash_in_a_folder_s_name_makes_no_folder() -> None:
    assert read_opml(opml('<outline text="A/B"><outline xmlUrl="http://a.example/f"/></outline>'))[0].folder.count("/") == 0


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [('text="T" title="U"', "T"), ('title="U"', "U"), ('text="" title="U"', "U"), ('TEXT="T"', "T"), ('text="A &amp; B"', "A & B"), ('text="caf&eacute;"', "café"), ("", "")],
)
def test_a_feed_is_called_by_its_text_else_its_title(attributes: str, wanted: str) -> None:
    assert read_opml(opml(f'<outline {attributes} XMLURL="http://a.example/f"/>'))[0].title == wanted


def test_a_feed_listed_twice_is_one_in_its_first_folder() -> None:
    body = '<outline text="X"><outline xmlUrl="http://a.example/f"/></outline><outline text="Y"><outline xmlUrl="http://a.example/f"/></outline>'
    assert [(feed.url, feed.folder) for feed in read_opml(opml(body))] == [("http://a.example/f", "X")]
    assert read_list(opml(body)).feeds[0].folders == [("X",), ("Y",)]


def test_ten_thousand_feeds_are_read_within_two_seconds() -> None:
    body = "".join(f'<outline text="F{n // 100}"><outline text="Feed {n}" xmlUrl="http://a.example/{n}"/></outline>' for n in range(10_000))
    started = time.process_time()
    assert len(read_opml(opml(body))) == 10_000
    assert time.process_time() - started < 2


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "koi8-r", "windows-1251"])
def test_a_list_in_another_encoding_is_read(encoding: str) -> None:
    title = "港口" if encoding in ("utf-16", "gb18030") else "Паром"
    body = f'<?xml version="1.0" encoding="{encoding}"?><opml><body><outline text="{title}" xmlUrl="http://a.example/f"/></body></opml>'
    assert read_opml(body.encode(encoding))[0].title == title


def test_a_damaged_list_is_read_as_far_as_it_goes() -> None:
    body = opml('<outline text="R & D" xmlUrl="http://a.example/?x=1&y=2"/><outline text="B" xmlUrl="http://b.example/"/><outline text="C')
    assert [feed.url for feed in read_opml(body)] == ["http://a.example/?x=1&y=2", "http://b.example/"]


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>' + '<opml><body><outline text="&c;" xmlUrl="http://a.example/"/></body></opml>',
        "<opml><body>" + '<outline text="x">' * 100_000, "<opml><body>" + "<outline " * 100_000, "<opml><body><outline " + 'a="' * 200_000,
    ],
    ids=["bomb", "depth", "unclosed", "quotes"],
)  # fmt: skip
def test_a_hostile_list_is_read_or_refused_in_time(body: str) -> None:
    started = time.process_time()
    try:
        found = read_opml(body.encode())
    except ParseError:
        found = ()
    assert all(len(feed.title) <= 1000 for feed in found)
    assert time.process_time() - started < 3


def test_what_is_no_list_is_refused() -> None:
    for body in (b"", b"hello", b"<rss/>", b"<html><body>x</body></html>"):
        with pytest.raises(ParseError, match="not a list of feeds"):
            read_opml(body)


NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), blacklist_characters="/\ufffe\uffff"), min_size=1, max_size=12)
FEEDS = st.lists(
    st.builds(
        Subscription, url=st.integers(0, 10**6).map(lambda n: f"https://a.example/{n}?x=1&y=<{n}>"), title=st.one_of(st.just(""), NAMES),
        site_url=st.sampled_from(["", "https://a.example/"]), folder=st.lists(NAMES, max_size=3).map("/".join),
    ),
    unique_by=lambda feed: feed.url, max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(FEEDS, st.text(max_size=20))
def test_what_is_exported_comes_back_unchanged(feeds: list[Subscription], title: str) -> None:
    assert sorted(read_opml(write_opml(feeds, title)), key=lambda feed: feed.url) == sorted(feeds, key=lambda feed: feed.url)


@settings(deadline=None)
@given(st.binary(max_size=300).map(lambda junk: b"<opml><body>" + junk))
def test_any_list_raises_nothing_but_engine_errors(body: bytes) -> None:
    with contextlib.suppress(EngineError):
        read_opml(body)


# ---- discovery -------------------------------------------------------------------------------


def test_declared_feeds_come_before_comment_feeds_and_linked_ones() -> None:
    page = b"""<html><head><base href="https://s.example/b/"><link rel=alternate type="application/rss+xml" title="Comments" href="/comments/feed">
    <link rel="alternate" type="application/atom+xml" href="main.xml"><link rel="alternate" hreflang="de" href="/de"></head>
    <body><a href="/rss.xml">RSS</a><a href="/about">About</a></body></html>"""
    assert candidates(page, "https://s.example/") == ("https://s.example/b/main.xml", "https://s.example/comments/feed", "https://s.example/rss.xml")


def test_only_web_addresses_are_candidates() -> None:
    page = b'<link rel="alternate" type="application/rss+xml" href="javascript:x"><link rel="alternate" type="application/rss+xml" href="file:///etc/feed.xml">'
    assert candidates(page, "https://s.example/") == ()


def test_the_scheme_feed_is_understood() -> None:
    assert candidates(b'<link rel="feed" href="feed://s.example/f">', "https://s.example/") == ("http://s.example/f",)


@pytest.mark.parametrize("part", [b"<link ", b"<a href='", b"<link rel=alternate ", b"<!--", b'<a href="/feed">', b"<base href=x>"])
def test_discovery_takes_time_in_line_with_length(part: bytes) -> None:
    started = time.process_time()
    assert len(candidates(part * (1_000_000 // len(part)), "https://s.example/")) <= 20
    assert time.process_time() - started < 5


def test_guesses_stay_on_the_site() -> None:
    found = guesses("https://s.example/blog/?x=1")
    assert found[0] == "https://s.example/blog/feed"
    assert all(address.startswith("https://s.example/") for address in found)
    assert guesses("javascript:x") == ()


# ---- languages -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("港口新闻：渡轮晚点了", "zh"), ("港のニュース、フェリーが遅れた", "ja"), ("항구 소식입니다", "ko"), ("Объявление: паром опоздал", "ru"), ("Пором запізнився, він їде", ""),
        ("تأخرت العبارة اليوم", "ar"), ("کشتی امروز دیر کرد", ""), ("Το πλοίο άργησε", "el"), ("המעבורת איחרה", "he"), ("เรือสาย", "th"), ("नाव देर से आई", ""),
        ("The ferry is late", ""), ("", ""), ("12 — 34", ""), ("iPhone 17 发布会：新功能", "zh"),
    ],
)  # fmt: skip
def test_a_script_gives_a_language_away_only_where_it_is_the_only_one(text: str, wanted: str) -> None:
    assert script_language(text) == wanted


@pytest.mark.parametrize(
    ("declared", "text", "wanted"),
    [
        ("en-us", "The ferry is late", "en"), ("EN", "港口新闻渡轮", "zh"), ("zh-CN", "The ferry is late", ""), ("uk", "Пором запізнився, він їде", "uk"), ("", "港口新闻", "zh"),
        ("en-US", "Die Fähre kam heute wieder viel zu spät, weil der Wind drehte und niemand wach war", ""), ("de", "Die Fähre kam", "de"), ("hi", "नाव देर से आई", "hi"), ("x", "abc", ""),
    ],
)  # fmt: skip
def test_a_declared_language_counts_unless_the_text_speaks_against_it(declared: str, text: str, wanted: str) -> None:
    assert chosen(declared, text) == wanted


def test_words_tell_languages_of_one_script_apart() -> None:
    texts = ["The ferry was late again and nobody knew why.", "Die Fähre kam heute wieder viel zu spät.", "Le ferry est encore arrivé en retard ce matin.", "港口新闻", "…", ""]
    assert detect(texts) == ["en", "de", "fr", "zh", "", ""]


def test_a_language_has_a_code_of_two_letters_or_none() -> None:
    (found,) = detect(["Wetin dey happen for Naija today? Una well done o, make we dey go."])
    assert found in ("", "en")


def test_of_few_words_rare_languages_do_not_take_what_speaks_for_a_common_one() -> None:
    assert detect(["best day ever omg", "lol nah", "Ok", "xqzt vrrk"]) == ["en", "", "", ""]


# ---- articles --------------------------------------------------------------------------------

PAGE = """<html><head><title>Ferry late | Harbour</title><meta name="author" content="Ines Falk"></head><body><nav><a href="/">Home</a> <a href="/x">Other</a></nav>
<article><h1>Ferry late</h1>{}</article><aside>Subscribe to our newsletter</aside><footer>Imprint</footer></body></html>"""


def test_an_article_is_told_from_what_stands_around_it() -> None:
    paragraph = "<p>The ferry left the harbour an hour late on Thursday because its captain had waited for a school class from the next village.</p>"
    article = extract_article(PAGE.format(paragraph * 4).encode(), "https://s.example/a")
    assert "The ferry left the harbour" in article.text
    assert "newsletter" not in article.text
    assert article.title


def test_a_page_without_an_article_is_refused() -> None:
    with pytest.raises(ParseError, match="no article"):
        extract_article(b"<html><body></body></html>", "https://s.example/")


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[place : place + 4]) for place in range(max(1, len(words) - 3))) if words else Counter()


def test_articles_are_found_as_well_as_the_benchmark_says() -> None:
    """F1 of the mean precision and recall of four-word shingles, as the article extraction benchmark counts."""
    folder = DATA / "articles"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/articles")
    truths = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    precision = recall = 0.0
    for name, truth in truths.items():
        plain, packed = folder / "html" / f"{name}.html", folder / "html" / f"{name}.html.gz"
        found = _shingles(extract_article(decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes(), truth["url"]).text)
        wanted = _shingles(truth["articleBody"])
        common = (found & wanted).total()
        precision += common / max(found.total(), 1) / len(truths)
        recall += common / max(wanted.total(), 1) / len(truths)
    f1 = 2 * precision * recall / (precision + recall)
    print(f"articles: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} over {len(truths)} pages")
    assert f1 >= 0.95


# ---- registry --------------------------------------------------------------------------------


def test_a_feed_asks_for_its_own_address_and_reads_the_answer() -> None:
    feed = source("feed")
    requests = feed.first(Subscription(url="https://a.example/f"), "")
    assert [request.url for request in requests] == ["https://a.example/f"]
    parsed = feed.parse(b"<rss><channel><item><title>A</title></item></channel></rss>", Meta(url="https://a.example/f", now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert [post.title for post in parsed.posts] == ["A"]


def test_an_unknown_kind_of_source_is_named() -> None:
    with pytest.raises(InputError, match="gopher"):
        source("gopher")
