"""Feeds in every format, encoding and state of repair, as this file writes them itself."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import EngineError, NotAFeedError, ParseError
from engine.ranking.features import sketch
from engine.sources.assemble import MAX_POSTS, assemble
from engine.sources.decode import decode, mend, well_chosen, without_prologue
from engine.sources.feed import parse_feed
from engine.sources.loosefeed import read_loosely
from engine.types import FetchedPost, Parsed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "https://news.example.org/dir/feed.xml"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Harbour &amp; Mole</title><link>https://news.example.org/</link><description>Ships</description><language>en-gb</language>
<ttl>45</ttl><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>
<atom:link rel="self" href="https://news.example.org/dir/feed.xml"/><image><url>/logo.png</url><title>Picture</title><link>https://elsewhere.example/</link></image>
<item><title>The ferry &lt;b&gt;is&lt;/b&gt; late</title><link>/ferry?utm_source=rss&amp;id=7</link><guid isPermaLink="false">f-7</guid>
<pubDate>Thu, 19 Nov 2026 08:30:00 +0100</pubDate><dc:creator>Ines Falk</dc:creator><category>Harbour</category><category>harbour</category>
<comments>/ferry#comments</comments><enclosure url="/ferry.mp3" type="audio/mpeg" length="1000"/>
<description>Short.</description><content:encoded><![CDATA[<p>It left at <a href="plan">nine</a>, and the harbour waited for it.</p><img src="a.png" alt="A ferry"><script>x()</script>]]></content:encoded></item>
<item><title>No link</title><guid>https://news.example.org/second</guid><description>Plain words only</description></item>
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://blog.example.org/"><title type="html">Wald &amp;amp; Wiese</title>
<link href="/"/><link rel="self" href="/atom.xml"/><id>urn:x</id><updated>2026-11-19T08:00:00Z</updated><author><name>Ute Berg</name></author>
<entry><title>Der Fuchs</title><link rel="alternate" href="2026/fuchs"/><link rel="enclosure" type="video/mp4" href="/fuchs.mp4"/><id>tag:1</id>
<published>2026-11-18T10:00:00+02:00</published><updated>2026-11-19T10:00:00Z</updated><author><name>Ute Berg</name></author>
<contributor><name>Jan Ried</name></contributor><category term="tiere" label="Tiere"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Der Fuchs ging <em>nachts</em> durch den Wald &amp; schwieg.</p></div></content></entry>
</feed>"""

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://old.example.org/"><title>Old news</title><link>https://old.example.org/</link><description>d</description></channel>
<item rdf:about="https://old.example.org/1"><title>First</title><link>https://old.example.org/1</link><dc:date>2026-11-01T00:00:00Z</dc:date>
<dc:creator>Kim</dc:creator><description>&lt;p&gt;Body&lt;/p&gt;</description></item></rdf:RDF>"""

JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Notes",
        "home_page_url": "https://notes.example.org/",
        "authors": [{"name": "Ada"}],
        "items": [
            {
                "id": 12, "url": "/12", "title": "Twelve", "content_html": "<p>On twelve</p>", "date_published": "2026-11-10T09:00:00Z", "tags": ["a", "b"],
                "attachments": [{"url": "/12.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9, "duration_in_seconds": 61}],
            }
        ],
    }
)  # fmt: skip


def parse(text: str | bytes, *, content_type: str = "", url: str = URL) -> Parsed:
    return parse_feed(text.encode() if isinstance(text, str) else text, url=url, content_type=content_type, now=NOW)


def rss(items: str, channel: str = "") -> str:
    return f'<rss version="2.0"><channel><title>T</title><link>https://news.example.org/</link>{channel}{items}</channel></rss>'


def only(items: str) -> FetchedPost:
    posts = parse(rss(f"<item>{items}</item>")).posts
    assert len(posts) == 1
    return posts[0]


# ---- formats ---------------------------------------------------------------------------------


def test_rss_gives_the_feed_s_own_words() -> None:
    info = parse(RSS).info
    assert (info.title, info.site_url, info.description, info.language) == ("Harbour & Mole", "https://news.example.org/", "Ships", "en")


def test_the_longest_of_ttl_and_update_period_counts() -> None:
    assert parse(RSS).info.ttl_minutes == 60


def test_a_feed_s_picture_is_its_icon_and_gives_it_neither_title_nor_link() -> None:
    info = parse(RSS).info
    assert info.icon_url == "https://news.example.org/logo.png"
    assert info.title != "Picture"


def test_an_rss_post_has_every_field() -> None:
    post = parse(RSS).posts[0]
    assert post.guid == "f-7"
    assert post.url == "https://news.example.org/ferry?utm_source=rss&id=7"
    assert post.canonical_url == "https://news.example.org/ferry?id=7"
    assert post.title == "The ferry is late"
    assert post.author == "Ines Falk"
    assert post.published_at == datetime(2026, 11, 19, 7, 30, tzinfo=UTC)
    assert post.categories == ("Harbour",)
    assert post.comments_url == "https://news.example.org/ferry#comments"
    assert post.language == "en"
    assert post.word_count == 10


def test_the_full_content_is_taken_before_the_summary_and_cleaned() -> None:
    body = parse(RSS).posts[0].body_html
    assert '<a href="https://news.example.org/plan">nine</a>' in body
    assert "script" not in body
    assert parse(RSS).posts[0].text == "It left at nine, and the harbour waited for it."


def test_media_are_enclosures_first_then_images_of_the_body_with_their_alt_text() -> None:
    media = parse(RSS).posts[0].media
    assert [(item.kind, item.url, item.alt, item.size_bytes) for item in media] == [
        ("audio", "https://news.example.org/ferry.mp3", "", 1000),
        ("image", "https://news.example.org/a.png", "A ferry", None),
    ]


def test_a_guid_that_is_a_permalink_stands_in_for_a_missing_link() -> None:
    post = parse(RSS).posts[1]
    assert (post.guid, post.url) == ("https://news.example.org/second", "https://news.example.org/second")


def test_atom_resolves_links_against_xml_base() -> None:
    parsed = parse(ATOM)
    assert parsed.info.site_url == "https://blog.example.org/"
    assert parsed.posts[0].url == "https://blog.example.org/2026/fuchs"
    assert parsed.posts[0].media[0].url == "https://blog.example.org/fuchs.mp4"


def test_atom_xhtml_becomes_html_without_its_wrapping() -> None:
    assert parse(ATOM).posts[0].body_html == "<p>Der Fuchs ging <em>nachts</em> durch den Wald &amp; schwieg.</p>"


def test_an_atom_contributor_is_not_the_author() -> None:
    post = parse(ATOM).posts[0]
    assert (post.author, post.contributors) == ("Ute Berg", ("Jan Ried",))


def test_atom_dates_are_utc() -> None:
    post = parse(ATOM).posts[0]
    assert post.published_at == datetime(2026, 11, 18, 8, tzinfo=UTC)
    assert post.updated_at == datetime(2026, 11, 19, 10, tzinfo=UTC)


def test_rdf_items_beside_the_channel_are_posts() -> None:
    post = parse(RDF).posts[0]
    assert (post.guid, post.title, post.author, post.text) == ("https://old.example.org/1", "First", "Kim", "Body")


def test_json_feed_gives_posts_with_attachments() -> None:
    parsed = parse(JSON)
    post = parsed.posts[0]
    assert (post.guid, post.url, post.title, post.text, post.categories) == ("12", "https://news.example.org/12", "Twelve", "On twelve", ("a", "b"))
    assert post.media[0].duration_seconds == 61


def test_json_with_lone_surrogates_and_nulls_gives_text_that_can_be_stored() -> None:
    document = '{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"a\\ud800\\u0000b","content_text":"x\\udfffy"}]}'
    post = parse(document).posts[0]
    assert (post.title, post.text) == ("ab", "xy")
    post.title.encode()


def test_a_post_has_the_sketch_that_ranking_makes_of_it() -> None:
    long_text = " ".join(f"word{number}" for number in range(300))
    for post in (*parse(RSS).posts, only(f"<title>A</title><description>{long_text}</description>"), only(f"<description>{'船' * 900}</description>")):
        assert post.sketch == sketch(post.title, post.text, post.url)


def test_the_content_hash_changes_with_content_alone() -> None:
    one, again = only("<title>A</title><guid>1</guid>"), only("<title>A</title><guid>2</guid>")
    other = only("<title>B</title><guid>1</guid>")
    assert len(one.content_hash) == 32
    assert one.content_hash == again.content_hash != other.content_hash


# ---- guids -----------------------------------------------------------------------------------


def test_without_guid_the_address_tells_posts_apart() -> None:
    assert only("<link>https://news.example.org/a</link>").guid == "https://news.example.org/a"


def test_without_guid_and_address_what_it_says_tells_posts_apart() -> None:
    posts = parse(rss("<item><title>A</title></item><item><title>B</title></item>")).posts
    assert len({post.guid for post in posts}) == 2
    assert posts[0].guid == parse(rss("<item><title>A</title></item>")).posts[0].guid


def test_one_guid_for_two_addresses_is_two_posts() -> None:
    item = "<item><guid isPermaLink='false'>x</guid><link>https://news.example.org/{}</link></item>"
    posts = parse(rss(item.format(1) + item.format(2))).posts
    assert len({post.guid for post in posts}) == 2


def test_of_two_states_of_one_post_the_latest_stays() -> None:
    entry = "<entry><id>1</id><link href='https://a.example/1'/><title>{}</title><updated>2026-11-0{}T00:00:00Z</updated></entry>"
    parsed = parse(f'<feed xmlns="http://www.w3.org/2005/Atom">{entry.format("old", 1)}{entry.format("new", 2)}</feed>')
    assert [post.title for post in parsed.posts] == ["new"]
    assert any("twice" in warning for warning in parsed.warnings)


# ---- dates and bounds ------------------------------------------------------------------------


@pytest.mark.parametrize("date", ["Mon, 01 Jan 1601 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"])
def test_an_absurd_date_is_left_out_and_told(date: str) -> None:
    parsed = parse(rss(f"<item><title>A</title><pubDate>{date}</pubDate></item>"))
    assert parsed.posts[0].published_at is None
    assert parsed.warnings == ("A date made no sense and was left out.",)


def test_a_title_of_a_megabyte_is_cut() -> None:
    parsed = parse(rss(f"<item><title>{'word ' * 200_000}</title></item>"))
    assert len(parsed.posts[0].title) <= 1000
    assert any("title was cut" in warning for warning in parsed.warnings)


def test_a_body_of_two_megabytes_is_cut() -> None:
    parsed = parse(rss(f"<item><title>A</title><description>{'word ' * 400_000}</description></item>"))
    assert len(parsed.posts[0].body_html) <= 1_000_000
    assert any("body was cut" in warning for warning in parsed.warnings)


def test_of_a_hundred_thousand_items_the_newest_are_kept() -> None:
    dates = [f"<item><guid>{n}</guid><pubDate>{1 + n % 28:02d} Jan {1990 + n // 4000} 00:00:00 GMT</pubDate></item>" for n in range(100_000)]
    parsed = parse(rss("".join(dates)))
    assert len(parsed.posts) == MAX_POSTS
    assert min(post.published_at.year for post in parsed.posts if post.published_at) >= 2013
    assert any("100000 posts" in warning for warning in parsed.warnings)


# ---- encodings -------------------------------------------------------------------------------

WORDS = {
    "gb18030": "港口新闻：渡轮晚点了", "shift_jis": "港のニュース、フェリーが遅れた", "euc-jp": "港のニュース", "koi8-r": "Паром опоздал на час",
    "windows-1251": "Паром опоздал на час", "euc-kr": "항구 소식", "big5": "港口新聞", "iso-8859-2": "Zpoždění trajektu", "utf-16": "Färja – sen",
    "iso-8859-1": "Färja är sen", "windows-1252": "Färja – “sen”", "iso-2022-jp": "港のニュース",
}  # fmt: skip


@pytest.mark.parametrize("encoding", WORDS)
def test_a_declared_encoding_is_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(f"<item><title>{WORDS[encoding]}</title></item>")
    assert parse(text.encode(encoding)).posts[0].title == WORDS[encoding]


@pytest.mark.parametrize("encoding", ["gb18030", "koi8-r", "shift_jis", "windows-1252"])
def test_an_encoding_that_only_the_server_names_is_read(encoding: str) -> None:
    body = rss(f"<item><title>{WORDS[encoding]}</title></item>").encode(encoding)
    assert parse(body, content_type=f'text/xml; charset="{encoding}"').posts[0].title == WORDS[encoding]


def test_windows_1252_that_calls_itself_latin_1_keeps_its_quotes() -> None:
    body = ('<?xml version="1.0" encoding="iso-8859-1"?>' + rss("<item><title>“A” – b</title></item>")).encode("cp1252")
    assert parse(body).posts[0].title == "“A” – b"


def test_utf_8_that_calls_itself_latin_1_is_utf_8() -> None:
    body = ('<?xml version="1.0" encoding="iso-8859-1"?>' + rss("<item><title>Färja – sen</title></item>")).encode()
    parsed = parse(body, content_type="text/xml; charset=iso-8859-1")
    assert parsed.posts[0].title == "Färja – sen"
    assert parsed.warnings


def test_latin_1_that_calls_itself_utf_8_is_latin_1() -> None:
    body = ('<?xml version="1.0" encoding="utf-8"?>' + rss("<item><title>Färja är sen är</title></item>")).encode("latin-1")
    assert parse(body).posts[0].title == "Färja är sen är"


def test_a_server_that_names_the_wrong_charset_does_not_spoil_the_declared_one() -> None:
    body = ('<?xml version="1.0" encoding="koi8-r"?>' + rss(f"<item><title>{WORDS['koi8-r']}</title></item>")).encode("koi8-r")
    assert parse(body, content_type="application/xml; charset=utf-8").posts[0].title == WORDS["koi8-r"]


def test_a_damaged_byte_costs_one_character() -> None:
    body = rss("<item><title>Größe und Länge, Übermut, Zärtlichkeit</title></item>").encode().replace("ß".encode(), b"\xc3")
    assert parse(body).posts[0].title == "Gr\ufffdöe und Länge, Übermut, Zärtlichkeit".replace("\ufffdö", "ö\ufffd")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\n\n  "])
def test_a_byte_order_mark_and_blank_lines_before_the_declaration_are_nothing(mark: bytes) -> None:
    assert parse(mark + RSS.encode()).posts == parse(RSS).posts


def test_c1_controls_are_the_quotes_they_were_meant_to_be() -> None:
    assert only("<title>It&#146;s \x93here\x94</title>").title == "It’s “here”"


# ---- damage ----------------------------------------------------------------------------------


def test_html_entities_without_a_dtd_are_read() -> None:
    assert only("<title>Caf&eacute;&nbsp;&mdash; open</title>").title == "Café — open"


def test_a_bare_ampersand_is_an_ampersand() -> None:
    post = only("<title>R & D; A&B &unknown; C</title><link>https://a.example/?x=1&y=2</link>")
    assert (post.title, post.url) == ("R & D; A&B &unknown; C", "https://a.example/?x=1&y=2")


def test_ampersands_in_cdata_are_left_alone() -> None:
    assert only("<title>x &nbsp; y</title><link><![CDATA[https://a.example/?x=1&y=2]]></link>").url == "https://a.example/?x=1&y=2"


def test_control_characters_and_impossible_references_go() -> None:
    assert only("<title>a\x00b\x08c&#0;d&#x1F;e&#55296;f\ufffe</title>").title == "abcdef"


def test_an_undeclared_prefix_means_what_it_usually_means() -> None:
    assert only("<title>A</title><dc:creator>Mo</dc:creator><content:encoded>Full</content:encoded><description>s</description>").text == "Full"


def test_a_truncated_feed_gives_the_posts_before_the_cut() -> None:
    items = "".join(f"<item><title>Post {n}</title><link>https://a.example/{n}</link></item>" for n in range(10))
    parsed = parse(rss(items)[:-200])
    assert [post.title for post in parsed.posts][:6] == [f"Post {n}" for n in range(6)]
    assert "The feed is damaged; what could be read of it was taken." in parsed.warnings


def test_messages_before_the_feed_do_not_hide_it() -> None:
    assert len(parse("Warning: mysql_connect() failed\n<br />\n" + RSS.split("?>", 1)[1]).posts) == 2


def test_where_both_parsers_read_a_feed_they_say_the_same() -> None:
    for text in (RSS, ATOM, RDF):
        document, _ = without_prologue(text)
        loose = read_loosely(mend(well_chosen(document)).encode(), URL)
        assert loose is not None
        one, other = parse(text), assemble(loose, url=URL, now=NOW)
        assert other.posts == one.posts
        assert (other.info.title, other.info.site_url, other.info.language) == (one.info.title, one.info.site_url, one.info.language)


def test_what_makes_feedparser_itself_fail_is_read_all_the_same() -> None:
    document = rss("<image></height></image><item><title>A</title></item>")
    assert read_loosely(document.encode(), URL) is None
    assert [post.title for post in parse(document).posts] == ["A"]


def test_a_feed_inside_a_page_is_found() -> None:
    page = f'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x" "y"><html xmlns="http://www.w3.org/1999/xhtml"><body>{ATOM.split("?>", 1)[1]}</body></html>'
    assert parse(page).posts == parse(ATOM).posts


def test_an_undeclared_gzip_is_unpacked() -> None:
    assert parse(gzip.compress(RSS.encode())).posts == parse(RSS).posts


def test_a_gzip_bomb_is_refused() -> None:
    with pytest.raises(ParseError, match="unpacks to more"):
        parse(gzip.compress(b" " * 40 * 2**20))


def test_rss_written_as_json_is_read() -> None:
    item = {"title": "A", "link": "https://a.example/1", "guid": "g1", "description": "<b>x</b>", "pubDate": "Thu, 19 Nov 2026 08:30:00 GMT"}
    parsed = parse(json.dumps({"rss": {"version": "2.0", "channel": {"title": "T", "link": "https://a.example/", "item": [item]}}}))
    assert [(post.guid, post.title, post.text) for post in parsed.posts] == [("g1", "A", "x")]
    assert parsed.info.title == "T"


def test_a_json_feed_that_was_cut_off_gives_its_whole_items() -> None:
    items = ",".join(f'{{"id": "{number}", "content_text": "post {number}"}}' for number in range(5))
    parsed = parse(f'{{"version": "https://jsonfeed.org/version/1", "title": "T", "items": [{items}'[:-20])
    assert [post.guid for post in parsed.posts] == ["0", "1", "2", "3"]
    assert (parsed.info.title, parsed.warnings) == ("T", ("The feed is damaged; what could be read of it was taken.",))


# ---- hostile documents -----------------------------------------------------------------------


def test_no_file_is_read_for_an_external_entity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("CANARY-73")
    opened: list[str] = []
    import sys

    watching = True
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if watching and event in ("open", "socket.connect") else None)
    doctype = (
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p; <!ENTITY l "local">]>'
        '<?xml-stylesheet href="http://127.0.0.1:9/s"?>'
    )
    try:
        parsed = parse(doctype + rss("<item><title>a&x;b</title><description>&x; &l;</description></item>"))
        broken = parse(doctype + rss("<item><title>a&x;b</title><description>&x;</description></item>")[:-8])
        listed = doctype.replace("DOCTYPE rss", "DOCTYPE opml")
        from engine.sources.opml import read_opml

        read_opml((listed + '<opml><body><outline text="&x;" xmlUrl="http://a.example/"/></body></opml>').encode())
    finally:
        watching = False
    assert "CANARY" not in repr(parsed) + repr(broken)
    assert not [path for path in opened if "secret" in path or "127.0.0.1" in path]


def test_an_entity_bomb_stays_small_and_its_feed_is_read() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "&a;" * 10}">' for n in range(12)) + "]>"
    started = time.perf_counter()
    parsed = parse(bomb + rss("<item><title>x &a11; y</title></item>"))
    assert time.perf_counter() - started < 2
    assert parsed.posts[0].title == "x &a11; y"
    assert any("entities of its own" in warning for warning in parsed.warnings)


def test_a_doctype_with_brackets_and_quotes_in_it_does_not_swallow_the_feed() -> None:
    doctype = '<!DOCTYPE rss PUBLIC "-//x > y//" "http://a.example/x.dtd" [<!-- > ]> --><!ENTITY q "]>">]>'
    assert len(parse(doctype + rss("<item><title>a</title></item>")).posts) == 1


@pytest.mark.parametrize(
    "document",
    [
        "<rss>" + "<a>" * 100_000, rss("<item><description>" + "&lt;div&gt;" * 100_000 + "</description></item>"), "<![CDATA[" * 100_000,
        rss("<item><title>" + "&" * 300_000 + "</title></item>"), rss("<item><description><![CDATA[" + "<!--" * 100_000 + "]]></description></item>"),
        "<!DOCTYPE " + "[" * 200_000, rss("<item><description>" + "&lt;b&gt;&lt;/p&gt;" * 60_000 + "</description></item>"),
        '{"version":"https://jsonfeed.org/version/1","items":' + "[" * 200_000, "<feed " + 'a="1" ' * 60_000 + ">",
        rss("<item><description>&lt;a " + "x=1 " * 200_000 + "&gt;</description></item>"),
    ],
    ids=["depth", "html depth", "cdata", "ampersands", "comments", "doctype", "misnested", "json depth", "attributes", "html attributes"],
)  # fmt: skip
def test_a_document_made_to_be_slow_is_read_or_refused_in_time(document: str) -> None:
    started = time.process_time()
    with contextlib.suppress(EngineError):
        parse(document)
    assert time.process_time() - started < 10


# ---- what is no feed -------------------------------------------------------------------------


def test_a_page_is_refused_with_the_feeds_it_names() -> None:
    page = '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head><body><p>Hi</p></body></html>'
    with pytest.raises(NotAFeedError) as refusal:
        parse(page)
    assert refusal.value.candidates == ("https://news.example.org/rss",)


@pytest.mark.parametrize("body", ["", "   \n", "\ufeff", "\0\0\0"])
def test_nothing_is_refused_as_nothing(body: str) -> None:
    with pytest.raises(ParseError, match="nothing at all"):
        parse(body)


@pytest.mark.parametrize("body", ["hello", "<svg/>", "[1,2]", '{"a": 1}', "%PDF-1.4 xx", "\x89PNG\r\n"])
def test_something_else_is_refused(body: str) -> None:
    with pytest.raises(NotAFeedError):
        parse(body)


def test_a_subscription_list_is_told_from_a_feed() -> None:
    with pytest.raises(NotAFeedError, match="Import it"):
        parse('<opml version="2.0"><body/></opml>')


# ---- properties ------------------------------------------------------------------------------

SEEDS = [RSS.encode(), ATOM.encode(), RDF.encode(), JSON.encode(), RSS.encode("utf-16"), rss("<item><title>ä</title></item>").encode("latin-1")]
JUNK = [b"\0", b"&", b"<", b"]]>", b"<![CDATA[", b"<!--", b"&#xFFFE;", b"\xff\xfe", b"\xed\xa0\x80", b"<item>", b"</channel>", b"<!DOCTYPE x [", b"&lt;svg&gt;", "\u202e".encode()]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid feed, cut, spliced into another, sprinkled with junk or read in another encoding."""
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["cut", "splice", "junk", "recode", "drop"]))
        place = draw(st.integers(0, max(len(body) - 1, 0)))
        if kind == "cut":
            body = body[:place]
        elif kind == "splice":
            other = draw(st.sampled_from(SEEDS))
            body = body[:place] + other[draw(st.integers(0, len(other) - 1)) :]
        elif kind == "junk":
            body = body[:place] + draw(st.sampled_from(JUNK)) * draw(st.integers(1, 30)) + body[place:]
        elif kind == "drop":
            body = body[:place] + body[place + draw(st.integers(1, 40)) :]
        else:
            body = body.decode("latin-1").encode(draw(st.sampled_from(["utf-8", "utf-16-le", "latin-1"])))
    return body


def _holds_what_is_promised(body: bytes, content_type: str) -> None:
    started = time.process_time()
    try:
        parsed = parse_feed(body, url=URL, content_type=content_type, now=NOW)
    except EngineError:
        parsed = None
    assert time.process_time() - started < 5
    for post in parsed.posts if parsed else ():
        assert post.guid
        assert len(post.content_hash) == 32
        assert "<script" not in post.body_html
        assert "\0" not in post.title + post.text + post.body_html + post.guid
        (post.title + post.text + post.author + post.guid + post.url).encode()
    if parsed:
        assert len({post.guid for post in parsed.posts}) == len(parsed.posts)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=damaged(), content_type=st.sampled_from(["", "text/xml; charset=utf-8", "text/xml; charset=gbk", "x; charset=utf-7", "y; charset=\x00"]))
def test_a_damaged_feed_raises_nothing_but_engine_errors(body: bytes, content_type: str) -> None:
    _holds_what_is_promised(body, content_type)


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=400), content_type=st.text(max_size=40))
@example(body=b"{", content_type="")
@example(body=b"<", content_type="")
def test_any_bytes_raise_nothing_but_engine_errors(body: bytes, content_type: str) -> None:
    _holds_what_is_promised(body, content_type)


@given(body=st.binary(max_size=300), label=st.text(max_size=20))
def test_any_bytes_can_be_decoded(body: bytes, label: str) -> None:
    text, _ = decode(body, f"text/xml; charset={label}")
    assert isinstance(text, str)


def test_a_tag_that_is_no_name_costs_the_tag_alone() -> None:
    body = (
        b'\x00?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        b' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Old</title></channel><item><title>First</title>'
        b"<link>https://old.example.org/1</link><dc:date>2026-11-01<T00:00:00Z</dc:date></item></rdf:RDF>"
    )
    (post,) = parse_feed(body, url="https://old.example.org/", content_type="", now=datetime(2026, 11, 23, tzinfo=UTC)).posts
    assert post.title == "First"
