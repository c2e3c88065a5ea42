"""Untrusted HTML, addresses and dates, cleaned."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.sources.clean import body_images, one_line, plain_text, sanitise, text_of_clean, word_count
from engine.sources.dates import parse_date, plausible
from engine.sources.links import absolute, canonical_url

BASE = "https://site.example/dir/page"

ALLOWED = frozenset(
    ["p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "div", "blockquote", "pre", "code", "kbd", "samp", "var", "tt", "em", "strong", "b", "i", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "mark", "q", "cite", "abbr", "dfn", "time", "bdi", "bdo", "ruby", "rt", "rp", "a", "img", "figure", "figcaption", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"]
)
ATTRIBUTES = frozenset(["href", "title", "src", "alt", "width", "height", "colspan", "rowspan", "start", "dir", "datetime"])


def assert_harmless(cleaned: str) -> None:
    """Parse what came out with another parser: allowed tags, attributes and schemes only."""
    if "<" not in cleaned:
        return
    tree = etree.fromstring(f"<div>{cleaned}</div>", etree.HTMLParser(huge_tree=False))
    for element in tree.iter():
        assert isinstance(element.tag, str), "a comment or instruction came through"
        assert element.tag in ALLOWED | {"html", "body"}, element.tag
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES, name
            if name == "href":
                assert re.match(r"(?:https?://|mailto:)", value, re.I), value
            if name == "src":
                assert element.tag == "img"
                assert re.match(r"https?://", value, re.I), value


# ---- sanitising ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "html",
    [
        "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><p><style><!--</style><img src=x onerror=alert(1)>-->",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<a href='javascript:alert(1)'>x</a>", "<a href=' java\nscript:alert(1)'>x</a>", "<a href='data:text/html,x'>x</a>", "<a href='file:///etc/passwd'>x</a>",
        "<iframe srcdoc='<script>x</script>'></iframe>", "<form action=//e><button formaction=javascript:x>b</button></form>",
        "<style>@import 'http://e'</style>", "<link rel=stylesheet href=//e/s.css>", "<meta http-equiv=refresh content='0;url=//e'>",
        "<base href=//evil.example/>", "<div style='background:url(//e)' class=x id=y onclick=z>t</div>", "<img src='data:image/png;base64,AA'>",
        "<img src='//e/a.png' srcset='javascript:x 1x'>", "<video poster=//e src=//e></video>", "<object data=//e></object>", "<embed src=//e>",
        "<table background=//e><td background=//e>c", "<noscript><p title='</noscript><img src=x onerror=a>'>", "<title><img src=x onerror=a></title>",
        "<xmp><img src=x onerror=a></xmp>", "<plaintext><script>x", "<![CDATA[<script>x</script>]]>", "<?php echo 1 ?>", "<!--[if IE]><script>x</script><![endif]-->",
        "<a href='mailto:a@b.example'>m</a>", "<img src=mailto:x>", "<input autofocus onfocus=x>", "<isindex prompt=x>", "<p/onclick=x>y", "<template><script>x</script></template>",
        "<a href='https://e/' ping=//t target=_blank rel=opener>x</a>", "<img lowsrc=//e dynsrc=//e>", "<body background=//e>", "<marquee onstart=x>m</marquee>",
    ],
)  # fmt: skip
def test_nothing_harmful_comes_through(html: str) -> None:
    cleaned = sanitise(html, BASE)
    assert_harmless(cleaned)
    for word in ("javascript:", "onerror", "onclick", "<script", "<svg", "data:", "file:", "srcset", "style="):
        assert word not in re.sub(r">[^<]*<", "><", f">{cleaned}<")
    assert sanitise(cleaned, BASE) == cleaned


def test_links_and_images_become_absolute() -> None:
    cleaned = sanitise('<a href="../x?a=1&b=2">l</a><a href="#n">n</a><a href="//o.example/p">o</a><img src="i.png">', BASE)
    assert cleaned == (
        '<a href="https://site.example/x?a=1&amp;b=2">l</a><a href="https://site.example/dir/page#n">n</a>'
        '<a href="https://o.example/p">o</a><img src="https://site.example/dir/i.png">'
    )


def test_without_a_base_relative_links_lose_their_address() -> None:
    assert sanitise('<a href="x">l</a><img src="i.png">') == "<a>l</a>"


@pytest.mark.parametrize(
    "attributes",
    ['width="1" height="1"', "width=3", 'height="0"', 'style="width:1px;height:1px"', 'style="display: none"', 'style="visibility:hidden"', "width=' 2px'"],
)
def test_counting_pixels_are_dropped(attributes: str) -> None:
    assert sanitise(f'<p>a<img src="https://t.example/p.gif" {attributes}></p>') == "<p>a</p>"


def test_images_of_known_counters_are_dropped() -> None:
    assert sanitise('<img src="http://feeds.feedburner.com/~r/x/~4/y"><img src="https://pixel.wp.com/b.gif?x=1">') == ""


def test_an_image_keeps_its_text_and_size() -> None:
    html = '<img src="https://a.example/i.png" alt="A &quot;b&quot;" width="40" height="30px" class="x" style="width:40px">'
    cleaned = sanitise(html)
    assert cleaned == '<img src="https://a.example/i.png" alt="A &quot;b&quot;" width="40" height="30">'
    assert [(image.alt, image.width, image.height) for image in body_images(cleaned)] == [('A "b"', 40, 30)]


def test_an_image_that_loads_late_is_shown_from_where_it_really_is() -> None:
    assert sanitise('<img src="data:image/gif;base64,R0" data-src="/real.png">', BASE) == '<img src="https://site.example/real.png">'


def test_sections_stay_apart() -> None:
    assert text_of_clean(sanitise("<section>one</section><section>two</section><article>three</article>")) == "one\ntwo\nthree"


def test_tables_and_figures_stay() -> None:
    html = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table><figure><figcaption>c</figcaption></figure>"
    assert sanitise(html) == html


def test_text_without_markup_is_left_as_it_is() -> None:
    assert sanitise("2 > 1\n\nand so on ") == "2 > 1\n\nand so on"


FRAGMENTS = st.sampled_from(
    [
        "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", '<a href="/x">', "</a>", "<div>", "</div>", "<ul>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "</table>", "<pre>\n\n",
        "</pre>", "<svg>", "</svg>", "<math>", "<form>", "</form>", "<button>", "<h1>", "<h2>", "</h1>", "<font>", "</font>", "<section>", "</section>", "<nobr>", "<select>",
        "<option>", "<ruby>", "<rt>", "<dl>", "<dt>", "<dd>", "<blockquote>", "<br>", "<hr>", '<img src="/i.png" alt="x">', "<!--", "-->", "<script>", "</script>", "&lt;", "&amp;",
        "&", "<", "text", " ", "\n", "\xa0", "<code>", "<caption>", "<col>", "<object>", "<details>", "<summary>", "<em>", "</em>", "<title>", "<template>", "</template>",
        "<style>", "</style>", "<noscript>", "</noscript>", "<center>", "<marquee>", "<textarea>", "<frameset>", "<body>", "<html>", "<plaintext>", "<![CDATA[", "]]>", '"', "'",
    ]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(FRAGMENTS, max_size=14).map("".join))
@example("<p><button><p>x")
@example('<h1><a href="/x"><h1><a href="/x">')
@example('<h1><a href="/x"><h1><a href="/x"></a></a>')
@example("<pre>\n\n\nx</pre>")
@example("<table><a>1<p>2</a>3</p>")
@example("<svg></p><style><a title='</style><img src>'>")
def test_cleaning_twice_is_cleaning_once_and_harmless(html: str) -> None:
    cleaned = sanitise(html, BASE)
    assert sanitise(cleaned, BASE) == cleaned
    assert_harmless(cleaned)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_cleaned(html: str) -> None:
    cleaned = sanitise(html, BASE)
    assert sanitise(cleaned, BASE) == cleaned
    plain_text(html).encode()
    one_line(html, 50).encode()


# ---- plain text ------------------------------------------------------------------------------


def test_plain_text_has_a_line_for_each_block_and_no_script() -> None:
    assert plain_text("<h1>T</h1><p>a <b>b</b>\n c<br>d</p><script>x</script><ul><li>1</li><li>2</li></ul>") == "T\na b\nc\nd\n1\n2"


def test_cells_are_told_apart() -> None:
    assert plain_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>") == "a b\nc"


def test_plain_text_decodes_references_once() -> None:
    assert plain_text("<p>&amp;lt; &eacute;</p>") == "&lt; é"


@pytest.mark.parametrize("part", ["<div>", "<!--", "<a b=", "&", "<b></p>", "<p", "<![CDATA[", "</", "<table><td>", "<i><b><div>", "< ", "&#x", "<a "])
def test_plain_text_and_cleaning_take_time_in_line_with_length(part: str) -> None:
    html = part * (1_000_000 // len(part))
    started = time.process_time()
    plain_text(html)
    sanitise(html, BASE)
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("A &amp; B", "A & B"), ("<b>Bold</b> move", "Bold move"), ("List<String> in Java", "List<String> in Java"), ("1 < 2 & 3 > 2", "1 < 2 & 3 > 2"),
        ("  a \n\t b ", "a b"), ("<img src=x onerror=alert(1)>Hi", "Hi"), ("AT&T", "AT&T"), ("<script>x</script>y", "y"), ("5 &lt; 6", "5 < 6"),
    ],
)  # fmt: skip
def test_a_title_is_plain_text(raw: str, wanted: str) -> None:
    assert one_line(raw, 1000) == wanted


def test_a_long_title_ends_in_an_ellipsis_at_the_limit() -> None:
    assert one_line("x" * 50, 10) == "xxxxxxxxx…"


def test_a_cjk_character_counts_as_half_a_word() -> None:
    assert word_count("four words of text") == 4
    assert word_count("港口新闻渡轮") == 3
    assert word_count("渡轮 ferry late 了") == 4


# ---- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("HTTPS://Example.ORG:443/A?utm_source=x&b=2&a=1&fbclid=z#part", "https://example.org/A?b=2&a=1"), ("http://e.example", "http://e.example/"),
        ("http://e.example:8080/x", "http://e.example:8080/x"), ("https://e.example/#!/route", "https://e.example/#!/route"), ("https://e.example/#/r", "https://e.example/#/r"),
        ("https://e.example/?gclid=1", "https://e.example/"), ("https://e.example/a?q=utm_source", "https://e.example/a?q=utm_source"), ("", ""),
        ("https://e.example./a", "https://e.example/a"), ("mailto:a@b.example", "mailto:a@b.example"), ("http://[::1]:80/x?mc_cid=1", "http://[::1]/x"),
        ("https://e.example/港?b=%20", "https://e.example/港?b=%20"), ("https://e.example/a?&&b=1", "https://e.example/a?b=1"), ("http://[bad/x?y", "http://[bad/x?y"),
    ],
)  # fmt: skip
def test_canonical_addresses(url: str, wanted: str) -> None:
    assert canonical_url(url) == wanted


@given(st.text(max_size=60).map(lambda rest: "https://e.example/" + rest))
def test_a_canonical_address_is_its_own(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@pytest.mark.parametrize(
    ("url", "base", "wanted"),
    [
        (" https://e.example/a b ", "", "https://e.example/a%20b"), ("/x", "https://e.example/d/", "https://e.example/x"), ("x", "", ""), ("javascript:x", BASE, ""),
        ("file:///etc/passwd", BASE, ""), ("http://", BASE, ""), ("https://e.example/" + "x" * 5000, "", ""), ('https://e.example/"<x>', "", "https://e.example/%22%3Cx%3E"),
    ],
)  # fmt: skip
def test_absolute_addresses(url: str, base: str, wanted: str) -> None:
    assert absolute(url, base) == wanted


# ---- dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Sun, 06 Jul 2014 12:56:00 GMT", "2014-07-06T12:56:00"), ("2014-07-06T12:56:00Z", "2014-07-06T12:56:00"), ("2014-07-06T14:56:00.123+02:00", "2014-07-06T12:56:00"),
        ("Thu, 1 Jan 04 19:48:21 EST", "2004-01-02T00:48:21"), ("Thu Jan  1 19:48:21 2004", "2004-01-01T19:48:21"), ("Sun Jan 4 2004 16:29:48 -0800", "2004-01-05T00:29:48"),
        ("July 4, 2014 3:05 pm", "2014-07-04T15:05:00"), ("20140706", "2014-07-06T00:00:00"), ("2014年7月6日 12:56", "2014-07-06T12:56:00"), ("1404651360", "2014-07-06T12:56:00"),
        ("1404651360000", "2014-07-06T12:56:00"), ("2014/07/06 12:56", "2014-07-06T12:56:00"), ("06.07.2014 12:56", "2014-07-06T12:56:00"), ("25/07/2014", "2014-07-25T00:00:00"),
        ("Sun, 6 juil. 2014 14:56:00 +0200", "2014-07-06T12:56:00"), ("So, 06 März 2016 12:00:00 +0100", "2016-03-06T11:00:00"), ("Вс, 06 июл 2014 12:56:00 +0000", "2014-07-06T12:56:00"),
        ("Sun, 06 Jul 2014 24:00:00 GMT", "2014-07-07T00:00:00"), ("Sun, 06 Jul 2014 12:56:60 GMT", "2014-07-06T12:56:59"), ("06 Jul 2014", "2014-07-06T00:00:00"),
        ("2014-07-06 12:56:00 +0200", "2014-07-06T10:56:00"), ("Sun, 06 Jul 2014 12:56 PM PDT", "2014-07-06T19:56:00"), ("2014-07", "2014-07-01T00:00:00"),
        ("Sun,06 Jul 2014 12:56:00 GMT", "2014-07-06T12:56:00"), ("Sunday, July 6th, 2014 - 12:56", "2014-07-06T12:56:00"), ("2014-07-06T12:56", "2014-07-06T12:56:00"),
    ],
)  # fmt: skip
def test_dates_as_feeds_write_them(text: str, wanted: str) -> None:
    moment = parse_date(text)
    assert moment is not None
    assert moment.isoformat() == wanted + "+00:00"


@pytest.mark.parametrize("text", ["", "now", "Mon, 32 Jan 2014 00:00:00 GMT", "2014-13-01", "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+14:00", "x" * 10_000, "00/00/0000"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="0123456789-/:., TZJanGMT+年月日午", max_size=40))
def test_any_text_is_a_utc_date_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))
def test_the_usual_forms_come_back_exactly(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_date(moment.strftime("%a, %d %b %Y %H:%M:%S GMT")) == moment
    assert parse_date(moment.strftime("%Y-%m-%dT%H:%M:%SZ")) == moment
    assert parse_date(moment.strftime("%d %b %Y %H:%M:%S +0000")) == moment


def test_a_date_far_ahead_or_before_computers_is_implausible() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert plausible(datetime(2026, 1, 2, tzinfo=UTC), now) is not None
    assert plausible(datetime(2026, 2, 1, tzinfo=UTC), now) is None
    assert plausible(datetime(1969, 7, 20, tzinfo=UTC), now) is None
