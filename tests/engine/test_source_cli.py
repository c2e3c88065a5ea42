"""Following networks from the command line: what was recognised is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import entry
from tests.fakenet import FakeNet, items, page, rss
from tests.fakenet.hackernews import FakeHackerNews, story
from tests.fakenet.reddit import FakeReddit, Submission
from tests.fakenet.youtube import CHANNEL, FakeYouTube, Video

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        options = ["--profile", str(tmp_path / "profile"), "--encryption", "plain"]
        try:
            code = entry([*options, *map(str, arguments)])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_what_was_recognised_is_said(cli: Run, net: FakeNet) -> None:
    FakeHackerNews(net, [story(1), story(2)])
    code, out, _ = cli("feeds", "add", net.url("/show"), "--kind", "hackernews")
    assert (code, out) == (0, "Following Hacker News: show on Hacker News (2 posts).\n")
    assert "Hacker News: show (Hacker News)" in cli("feeds", "list")[1]


def test_a_preview_follows_nothing(cli: Run, net: FakeNet) -> None:
    FakeYouTube(net, [Video("video000001", "A long film")])
    address = net.url(f"/feeds/videos.xml?channel_id={CHANNEL}")
    code, out, _ = cli("feeds", "add", address, "--kind", "youtube", "--preview")
    assert code == 0
    for part in ("Pond Films", "YouTube", address, "Switches: shorts", "A long film", "Not followed yet"):
        assert part in out
    assert json.loads(cli("feeds", "list", "--json")[1]) == []
    found = json.loads(cli("feeds", "add", address, "--kind", "youtube", "--preview", "--json")[1])
    assert (found["network"], found["posts"][0]["title"]) == ("YouTube", "A long film")


def test_a_switch_is_kept(cli: Run, net: FakeNet) -> None:
    FakeYouTube(net, [Video("video000001", "A long film"), Video("short000001", "A short", short=True)])
    address = net.url(f"/feeds/videos.xml?channel_id={CHANNEL}")
    assert "(2 posts)" in cli("feeds", "add", address, "--kind", "youtube", "--option", "shorts")[1]
    assert json.loads(cli("feeds", "list", "--json")[1])[0]["options"] == ["shorts"]


def test_a_source_that_has_to_wait_for_its_turn_is_followed_all_the_same(cli: Run, net: FakeNet) -> None:
    FakeReddit(net, [Submission("aaa1", "A pond survey")])
    assert "on Reddit (1 posts)" in cli("feeds", "add", net.url("/r/one/.rss"), "--kind", "reddit")[1]
    code, out, _ = cli("feeds", "add", net.url("/r/two/.rss"), "--kind", "reddit")
    assert (code, out) == (0, "Following 127.0.0.1 on Reddit (its posts come when its turn comes).\n")


def test_an_unknown_kind_is_a_mistake_of_the_person(cli: Run, net: FakeNet) -> None:
    code, out, err = cli("feeds", "add", net.url("/x"), "--kind", "smoke")
    assert (code, out) == (2, "")
    assert "no kind of source called “smoke”" in err


def test_a_site_that_names_one_feed_is_previewed_by_that_feed(cli: Run, net: FakeNet) -> None:
    feed = net.serve("/feed.xml", rss("Letters", items(2)))
    net.serve("/", page("Site", [("One", feed)]), content_type="text/html")
    out = cli("feeds", "add", net.url("/"), "--preview")[1]
    assert f"Letters  [Feed]  {feed}" in out
