"""`millpond import` tells which reader a file or folder is from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import entry
from tests.engine.foreign_files import MAKERS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = entry(["--profile", str(tmp_path / "profile"), "--encryption", "plain", *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.mark.parametrize("reader", sorted(MAKERS))
def test_import_previews_takes_over_and_is_undone(cli: Run, tmp_path: Path, reader: str) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    MAKERS[reader](folder)
    code, out, _ = cli("import", str(folder), "--preview")
    assert code == 0
    assert "2 feeds in 1 folders, 2 of them not followed yet" in out
    assert "6 articles, 2 unread, 2 starred" in out
    code, out, _ = cli("import", str(folder))
    assert code == 0
    assert "2 feeds added" in out
    assert "6 articles added" in out
    number = re.findall(r"undo-import (\d+)", out)[0]
    assert cli("undo-import", number)[0] == 0
    assert json.loads(cli("feeds", "list", "--json")[1]) == []
    assert "undone" in cli("imports")[1]


def test_import_takes_a_list_too(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.opml"
    path.write_text('<opml><body><outline text="A"><outline xmlUrl="https://a.example/"/></outline></body></opml>')
    code, out, _ = cli("import", str(path), "--json")
    assert code == 0
    assert (json.loads(out)["reader"], json.loads(out)["feeds"]) == ("opml", 1)


def test_import_says_what_it_cannot_read(cli: Run, tmp_path: Path) -> None:
    assert cli("import", str(tmp_path / "none"))[0] == 2
    (tmp_path / "odd.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    code, _, err = cli("import", str(tmp_path / "odd.db"))
    assert code == 5
    assert "damaged" in err
