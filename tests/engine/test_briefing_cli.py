"""`millpond briefing`: printed with an end, as JSON, as files, shown again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import PlainPost, open_engine
from engine.cli import entry

Run = Callable[..., tuple[int, str, str]]
TITLES = ("Ferry service ends in March", "Bakers give up the night shift", "A library without walls", "\x1b[31mRed\u202e herring")


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    with open_engine(tmp_path / "profile", encryption="plain") as engine:
        engine.set_setting("ai", False)
        now = datetime.now(UTC)
        engine.add_posts(
            "Observer",
            [
                PlainPost(title=title, text=f"Number {at} has a first sentence. The second one says more about it.", url=f"https://posts.example/{at}", published_at=now - timedelta(hours=at + 1))
                for at, title in enumerate(TITLES)
            ],
        )  # fmt: skip

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(["--profile", str(tmp_path / "profile"), *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_it_is_printed_with_an_end(cli: Run) -> None:
    code, out, _ = cli("briefing", "--minutes", 5)
    assert code == 0
    assert all(title in out for title in TITLES[:3])
    assert "Number 0 has a first sentence. The second one says more about it." in out
    assert "That is all. Nothing was left out." in out
    assert "language models are switched off" in out


def test_what_steers_a_terminal_is_not_printed(cli: Run) -> None:
    out = cli("briefing")[1]
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_second_one_says_that_nothing_is_new_and_the_first_is_shown_again(cli: Run) -> None:
    first = cli("briefing")[1]
    assert "Nothing unread has come since" in cli("briefing")[1]
    (kept,) = json.loads(cli("briefing", "--list", "--json")[1])
    assert cli("briefing", "--show", kept["id"])[1] == first


def test_as_json_it_has_every_sentence_with_its_evidence(cli: Run) -> None:
    found = json.loads(cli("briefing", "--since", "yesterday", "--json")[1])
    items = [item for group in found["groups"] for item in group["items"]]
    assert len(items) == len(TITLES)
    assert found["done"]
    for item in items:
        assert all(sentence["quotes"] == [sentence["text"]] for sentence in item["sentences"])


def test_it_is_written_as_files(cli: Run, tmp_path: Path) -> None:
    code, _, err = cli("briefing", "--html", tmp_path / "b.html", "--markdown", tmp_path / "b.md")
    assert code == 0
    assert "b.html" in err
    assert TITLES[0] in (tmp_path / "b.html").read_text(encoding="utf-8")
    assert TITLES[0] in (tmp_path / "b.md").read_text(encoding="utf-8")


def test_words_that_mean_no_time_are_refused(cli: Run) -> None:
    code, _, err = cli("briefing", "--since", "the day before")
    assert code == 2
    assert "yesterday" in err


def test_a_file_of_another_kind_is_refused_before_anything_is_made(cli: Run) -> None:
    assert cli("briefing", "--html", "b.pdf")[0] == 2
    assert "No briefing is kept" in cli("briefing", "--list")[1]
