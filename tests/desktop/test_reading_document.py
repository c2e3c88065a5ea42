"""A post's HTML written anew, links judged, evidence found again in the document."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QTextDocument

from desktop.reading.document import PART, find_spans, safe_html
from desktop.reading.links import judge

HOSTILE = (
    '<img src=x onerror=alert(1)>', '<iframe srcdoc="<p>x">x</iframe>', '<a href="javascript:x" onclick="y">t</a>',
    '<svg><style>@import "x"</style></svg>', '<form action="http://x"><button formaction="y">b</button></form>',
    '<object data="file:///etc/passwd"></object>', '<meta http-equiv="refresh" content="0;url=file:///">',
    '<base href="file:///">', '<input type="image" src="/etc/passwd">', "<p style=\"background:url('/x')\">t</p>",
    '<!--<img src="/etc/passwd">-->', '<?xml-stylesheet href="/etc/passwd"?>',
)  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE)
def test_only_known_tags_without_resources_are_written(html: str) -> None:
    shown = safe_html(html).html
    for name in ("src", "style=", "onerror", "onclick", "javascript", "srcdoc", "formaction", "action", "@import", "<meta", "<base", "<input"):
        assert name not in shown.replace("&lt;", "").lower() or "&lt;" in shown


@given(st.text(alphabet="<>/=\"' abpimgtrdulhref:&;!-?x\n\u6c60", max_size=300))
def test_any_text_becomes_a_document_that_asks_for_nothing(text: str) -> None:
    html = safe_html(text).html
    lower = html.lower()
    assert "<img" not in lower
    assert "<link" not in lower
    assert "<style" not in lower


def test_emphasis_lists_quotes_and_tables_stay() -> None:
    html = safe_html("<p><em>a</em> <strong>b</strong></p><ul><li>c</li></ul><blockquote>d</blockquote><table><tr><td>e</td></tr></table>").html
    for part in ("<i>a</i>", "<b>b</b>", "<li>c</li>", 'class="quote"', 'class="data"'):
        assert part in html


def test_a_picture_becomes_a_box_with_its_words_and_the_host() -> None:
    shown = safe_html('<p>Look</p><img src="https://pictures.example/a.jpg" alt="A bridge in fog">')
    assert shown.pictures == 1
    assert "A bridge in fog" in shown.html
    assert "pictures.example" in shown.html


def test_a_tracking_pixel_is_left_out() -> None:
    shown = safe_html('<p>x</p><img src="https://t.example/p.gif" width="1" height="1">')
    assert (shown.pictures, shown.trackers) == (0, 1)
    assert "t.example" not in shown.html


def test_plain_text_keeps_its_paragraphs() -> None:
    assert safe_html("one\n\ntwo\nthree").html == "<p>one</p><p>two<br/>three</p>"


def test_a_very_long_post_is_cut_and_says_so() -> None:
    long = "<p>word word word</p>" * 40_000
    assert safe_html(long).cut
    assert not safe_html(long, limit=len(long)).cut


LONG = {
    "paragraphs": "<p>Some <b>words</b> and a <a href='https://example.org/a'>link</a>, then many more words.</p>" * 400,
    "sections": "<div><section>" + "<p>Some words of a post that goes on for long.</p><h2>Head</h2>" * 300 + "</section></div>",
    "an ordered list": "<ol start='3'>" + "<li>Some words of an item</li>" * 500 + "</ol>",
    "a table": "<table>" + "<tr><td>some</td><td>words</td></tr>" * 300 + "</table>",
    "a table in a table": "<table><tr><td><table>" + "<tr><td>some</td><td>words</td></tr>" * 400 + "</table></td></tr></table>",
    "a table in an item": "<ul><li><table>" + "<tr><td>some</td><td>words</td></tr>" * 400 + "</table></li></ul>",
    "one cell": "<table><tr><td>" + "<p>Some words of a post</p>" * 900 + "</td><td>beside</td></tr></table>",
    "one row": "<table><tr>" + "<td>word</td>" * 1500 + "</tr></table>",
    "lines": "Some words on a line of their own.<br><br>" * 500,
    "one paragraph": "<p>" + "A sentence that says little. " * 800 + "</p>",
    "no space at all": "<p>" + "文" * 20_000 + "</p>",
}


@pytest.mark.parametrize("html", LONG.values(), ids=LONG)
def test_a_long_post_comes_in_parts_that_are_whole_by_themselves(html: str) -> None:
    whole, parts = QTextDocument(), []
    whole.setHtml(html)
    for part in safe_html(html).parts:
        assert len(part) < 5 * PART
        document = QTextDocument()
        document.setHtml(part)
        parts.append(document.toPlainText())
    assert len(parts) > 2
    assert "".join("".join(parts).split()) == "".join(whole.toPlainText().split())


def test_a_row_of_very_many_cells_goes_on_in_another() -> None:
    html = safe_html("<table><tr>" + "<td>1</td>" * 90 + "</tr><tr>" + "<td>2</td>" * 10 + "</tr></table>").html
    assert [row.count("<td") for row in html.split("<tr>")[1:]] == [40, 40, 10, 10]


def test_an_ordered_list_in_parts_goes_on_counting() -> None:
    parts = safe_html("<ol start='3'>" + "<li>Some words of an item</li>" * 500 + "</ol>").parts
    assert parts[0].startswith('<ol start="3">')
    assert parts[1].startswith(f'<ol start="{3 + parts[0].count("<li>")}">')


def test_a_cut_falls_between_tags() -> None:
    html = '<p>word</p><p><a href="https://example.org/a/long/address">link</a></p>'
    for limit in range(1, len(html)):
        assert "href=&quot;" not in safe_html(html, limit=limit).html
        assert "&lt;" not in safe_html(html, limit=limit).html


def test_unclosed_comments_take_no_quadratic_time() -> None:
    began = time.perf_counter()
    safe_html("<!--" * 50_000)
    assert time.perf_counter() - began < 2.0


def test_deep_nesting_is_flattened() -> None:
    html = safe_html("<blockquote>" * 3000 + "x").html
    assert html.count('class="quote"') < 60


# ---- links -----------------------------------------------------------------------------------


def test_user_information_is_stripped() -> None:
    assert judge("https://bank.example@evil.example/x").url == "https://evil.example/x"


def test_an_international_host_is_shown_in_punycode() -> None:
    assert judge("https://аpple.example/").host.startswith("xn--")


@pytest.mark.parametrize("address", [
    "", "-oProxyCommand=x", "--help", "relative/path", "/etc/passwd", "file:///x", "http:", "http:///x", "https://",
    "mailto:-x", "mailto:", "vbscript:x", "ms-msdt:/id", "http://a\\@b/",
])  # fmt: skip
def test_what_is_no_web_or_mail_address_is_refused(address: str) -> None:
    link = judge(address)
    assert link.url == "" or "@" not in link.url.split("/")[2]
    assert link.url == "" or link.url.startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize("tail", [";id", "$(id)", "`id`", "&id", "%0aid", "|id", "'id", '"id'])
def test_shell_characters_stay_inside_the_address(tail: str) -> None:
    link = judge(f"https://example.org/{tail}")
    assert link.host == "example.org"
    assert link.url.startswith("https://example.org/")
    assert not any(char in link.url for char in ' "`\n')


def test_a_mail_link_loses_its_attachments() -> None:
    link = judge("mailto:a@example.org?subject=Hi&attach=/etc/passwd&attachment=x")
    assert "subject=Hi" in link.url
    assert "attach" not in link.url


@pytest.mark.parametrize(("text", "asks"), [
    ("example.org", False), ("www.example.org/page", False), ("https://example.org/other", False), ("read on", False),
    ("news.example.org", False), ("version 2.0", False), ("bank.example", True), ("https://bank.example/login", True),
    ("user@bank.example", True),
])  # fmt: skip
def test_only_text_that_names_another_host_asks(text: str, asks: bool) -> None:
    assert bool(judge("https://example.org/page", text).named_host) is asks


# ---- evidence --------------------------------------------------------------------------------


def marked(html: str, source: str, words: str) -> list[str]:
    """The document's own text at the places that `find_spans` gives for `words`."""
    document = QTextDocument()
    document.setHtml(safe_html(html).html)
    shown = document.toPlainText()
    start = source.index(words)
    units = shown.encode("utf-16-le")
    return [
        units[2 * low : 2 * high].decode("utf-16-le") for low, high in find_spans(shown, source, [(start, start + len(words))])
    ]


def test_evidence_is_found_in_spite_of_markup_and_white_space() -> None:
    html = "<p>The <b>council</b> voted\n   7–2 on Tuesday.</p>"
    assert marked(html, "The council voted 7–2 on Tuesday.", "council voted 7–2") == ["council voted 7–2"]


def test_evidence_is_found_in_chinese() -> None:
    assert marked("<p>市议会周二<em>以七票</em>通过。</p>", "市议会周二以七票通过。", "周二以七票") == ["周二以七票"]


def test_evidence_after_an_emoji_stands_where_qt_counts_it() -> None:
    assert marked("<p>😀😀 the bridge opens</p>", "😀😀 the bridge opens", "bridge") == ["bridge"]


def test_of_equal_words_the_nearest_is_taken() -> None:
    source = "open today. " * 5 + "closed. open today."
    document = QTextDocument()
    document.setHtml(f"<p>{source}</p>")
    start = source.rindex("open")
    assert find_spans(document.toPlainText(), source, [(start, start + 10)]) == [(start, start + 10)]


def test_evidence_across_paragraphs_is_marked_in_each() -> None:
    assert marked("<p>one two.</p><p>three four.</p>", "one two.\nthree four.", "two.\nthree") == ["two.", "three"]


def test_evidence_that_is_not_in_the_document_is_left_out() -> None:
    assert find_spans("nothing here", "another text", [(0, 7)]) == []
