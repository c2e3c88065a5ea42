"""Feed health on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import entry
from tests.fakenet import FakeNet, Reply, items, rss

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(["--profile", str(tmp_path / "profile"), "--encryption", "plain", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_feed_is_judged_repaired_merged_and_parted_again(cli: Run) -> None:
    with FakeNet() as net:
        net.serve("/a.xml", rss("Pond", items(4)), etag='"1"')
        net.serve("/b.xml", rss("Pond again", items(4)), etag='"1"')
        for path in ("/a.xml", "/b.xml"):
            assert cli("feeds", "add", net.url(path))[0] == 0
        _, out, _ = cli("feeds", "health")
        assert "Twice there (the same posts): Pond, Pond again\n       millpond feeds merge 1 2\n" in out
        assert cli("feeds", "merge", 1, 2)[1] == "0 posts moved, 4 were there twice. Undo:  millpond feeds unmerge 1\n"
        assert [feed["title"] for feed in json.loads(cli("feeds", "list", "--json")[1])] == ["Pond"]
        assert "feeds 2 into 1" in cli("feeds", "unmerge")[1]
        assert cli("feeds", "unmerge", 1)[0] == 0
        assert cli("feeds", "unmerge", 1)[0] == 3
        assert len(json.loads(cli("feeds", "list", "--json")[1])) == 2
        net.script("/a.xml", Reply(status=410), Reply(body=rss("Pond", items(5)), headers={"ETag": '"2"'}))
        cli("refresh", "--force", "--no-enrich")
        _, out, _ = cli("feeds", "health")
        assert "dead      Pond" in out
        assert "gone for good (410)" in out
        _, out, _ = cli("feeds", "repair")
        assert out == "Pond: works again\n"
        assert cli("feeds", "repair")[1] == "No feed needs repairing.\n"
        verdicts = {feed["verdict"] for feed in json.loads(cli("feeds", "health", "--json")[1])["feeds"]}
        assert "dead" not in verdicts
