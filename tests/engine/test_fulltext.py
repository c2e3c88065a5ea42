"""The whole article of a post: fetched when asked for, as robots.txt allows, and kept beside the feed's own text."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Engine, FetchError, InputError, ParseError, TimelineQuery, open_engine
from engine.cli import entry
from tests.fakenet import FakeNet, Reply

PARAGRAPH = (
    "The council met until midnight and changed the plan for the ferry landing three times before it was content. "
    "What remains is a wooden roof, two lamps and a bench that looks towards the weir, paid from the money for flower beds. "
)
PAGE = f"""<html><head><title>The ferry landing</title></head><body><nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article><h1>The ferry landing gets a roof</h1>{"".join(f"<p>{PARAGRAPH} Part {n}.</p>" for n in range(8))}
<p>Plans lie in the <a href="/plans">town hall</a>.</p><script>alert(1)</script></article>
<footer>Subscribe to our newsletter</footer></body></html>"""


def follow(engine: Engine, net: FakeNet, link: str = "/ferry", text: str = "The council met …") -> int:
    net.serve(
        "/feed.xml",
        f"<rss version='2.0'><channel><title>Town</title><item><guid>1</guid><title>Ferry</title><link>{net.url(link)}</link>"
        f"<description>{text}</description></item></channel></rss>".encode(),
    )
    engine.add_feed(net.url("/feed.xml"))
    (post_id,) = engine.timeline(TimelineQuery())
    return post_id


def asked(net: FakeNet) -> list[str]:
    return [request.path for request in net.requests if request.path != "/feed.xml"]


def test_the_article_is_kept_beside_the_feeds_own_text(engine: Engine, net: FakeNet) -> None:
    post_id = follow(engine, net)
    net.serve("/ferry", PAGE.encode(), content_type="text/html; charset=utf-8")
    assert engine.stored_full_text(post_id) is None
    found = engine.full_text(post_id)
    assert engine.stored_full_text(post_id) == found
    assert "Part 7" in found.text
    assert "newsletter" not in found.text
    assert f'href="{net.url("/plans")}"' in found.body_html
    assert "<script" not in found.body_html
    assert engine.post(post_id).text == "The council met …"
    assert engine.post(post_id).versions == 1
    assert asked(net) == ["/robots.txt", "/ferry"]
    assert [row.purpose for row in engine.ledger()][:2] == ["page", "robots"]


def test_a_site_that_forbids_it_is_not_asked_for_the_page(engine: Engine, net: FakeNet) -> None:
    post_id = follow(engine, net)
    net.serve("/robots.txt", b"User-agent: *\nDisallow: /ferry\n", content_type="text/plain")
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    with pytest.raises(InputError, match=r"robots\.txt"):
        engine.full_text(post_id)
    assert asked(net) == ["/robots.txt"]
    assert engine.stored_full_text(post_id) is None


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ("User-agent: Millpond\nDisallow: /\n\nUser-agent: *\nAllow: /\n", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Millpond\nAllow: /ferry\n", True),
        ("User-agent: *\nDisallow: /f*y\n", False),
        ("User-agent: *\nDisallow:\n", True),
        ("\x00 garbage \xff", True),
    ],
)
def test_rules_are_read_as_the_standard_says(engine: Engine, net: FakeNet, rules: str, allowed: bool) -> None:
    post_id = follow(engine, net)
    net.serve("/robots.txt", rules.encode("latin-1"), content_type="text/plain")
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    if allowed:
        assert engine.full_text(post_id).text
    else:
        with pytest.raises(InputError):
            engine.full_text(post_id)


def test_rules_that_cannot_be_read_now_mean_not_now_and_a_missing_file_means_yes(engine: Engine, net: FakeNet) -> None:
    post_id = follow(engine, net)
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    net.script("/robots.txt", Reply(status=500), Reply(status=403))
    with pytest.raises(FetchError, match="rules"):
        engine.full_text(post_id)
    assert "/ferry" not in asked(net)
    assert engine.full_text(post_id).text
    assert engine.full_text(post_id).text
    assert asked(net).count("/robots.txt") == 2, "what a site allows is remembered"


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(status=402), FetchError, "payment"),
        (Reply(status=404), FetchError, "not there"),
        (Reply(headers={"Content-Type": "application/pdf"}, body=b"%PDF"), ParseError, "no page of text"),
        (Reply(headers={"Content-Type": "text/html"}, body=b"<html><body><p>We value your privacy.</p></body></html>"), ParseError, "."),
        (Reply(headers={"Content-Type": "text/html"}, body=b""), ParseError, "."),
    ],
)
def test_what_is_no_article_is_said_and_replaces_nothing(
    engine: Engine, net: FakeNet, reply: Reply, error: type[Exception], words: str
) -> None:
    post_id = follow(engine, net)
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    kept = engine.full_text(post_id)
    net.script("/ferry", reply)
    with pytest.raises(error, match=words):
        engine.full_text(post_id)
    assert engine.stored_full_text(post_id) == kept


def test_a_page_with_less_than_the_feed_gave_is_not_taken(engine: Engine, net: FakeNet) -> None:
    post_id = follow(engine, net, text="A much longer text. " * 300)
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    with pytest.raises(ParseError, match="less text than the feed itself"):
        engine.full_text(post_id)


def test_a_post_without_a_page_says_so(engine: Engine, net: FakeNet) -> None:
    net.serve("/feed.xml", b"<rss version='2.0'><channel><title>Town</title><item><guid>1</guid><title>Note</title></item></channel></rss>")
    engine.add_feed(net.url("/feed.xml"))
    (post_id,) = engine.timeline(TimelineQuery())
    with pytest.raises(InputError, match="no page of its own"):
        engine.full_text(post_id)


def test_a_feed_cannot_send_the_engine_into_the_home_network(engine: Engine, net: FakeNet) -> None:
    with FakeNet(host="127.0.0.2") as other:
        other.serve("/ferry", PAGE.encode(), content_type="text/html")
        net.serve(
            "/feed.xml",
            f"<rss version='2.0'><channel><title>T</title><item><guid>1</guid><title>F</title><link>{other.url('/ferry')}</link>"
            "</item></channel></rss>".encode(),
        )
        engine.add_feed(net.url("/feed.xml"))
        (post_id,) = engine.timeline(TimelineQuery())
        with pytest.raises(FetchError):
            engine.full_text(post_id)
        assert other.requests == []


def test_a_feed_can_be_set_to_be_read_whole(engine: Engine, net: FakeNet) -> None:
    follow(engine, net)
    (feed,) = engine.feeds()
    assert engine.full_text_feeds() == frozenset()
    engine.set_full_text_feed(feed.id, True)
    assert engine.full_text_feeds() == {feed.id}
    engine.set_full_text_feed(feed.id, False)
    assert engine.full_text_feeds() == frozenset()


def test_the_command_line_shows_the_whole_article(engine: Engine, net: FakeNet, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = tmp_path / "plain"
    net.serve("/ferry", PAGE.encode(), content_type="text/html")
    with open_engine(profile, encryption="plain") as plain:
        post_id = follow(plain, net)
    assert entry(["--profile", str(profile), "show", str(post_id), "--whole"]) == 0
    assert "Part 7" in capsys.readouterr().out
    assert entry(["--profile", str(profile), "show", str(post_id)]) == 0
    assert "Part 7" not in capsys.readouterr().out
