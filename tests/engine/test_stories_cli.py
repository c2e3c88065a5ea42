"""Stories on the command line: who tells it, taking out, putting together, following."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import open_engine
from engine.cli import entry
from tests.tellings import APART, BRIDGE, LATER, TRAM, add, fold, plant

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands over a story of four outlets in English, one of three in Chinese, and four posts that stand alone."""
    with open_engine(tmp_path / "profile", encryption="plain") as engine:
        engine.set_setting("ai", False)
        plant(engine)

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(["--profile", str(tmp_path / "profile"), *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def cards(cli: Run, *options: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(cli("timeline", "--order", "newest", *options, "--json")[1])
    return found


def card(cli: Run, words: str) -> int:
    (found,) = [row["id"] for row in cards(cli) if words in str(row["title"])]
    assert isinstance(found, int)
    return found


def test_the_timeline_has_one_line_for_a_story_and_says_how_many_tell_it(cli: Run) -> None:
    assert len(cards(cli)) == 2 + len(APART)
    out = cli("timeline", "--order", "newest")[1]
    assert "+3 sources" in out
    assert "+2 sources" in out


@pytest.mark.parametrize(("words", "tellings"), [("ridge", BRIDGE), ("电车", TRAM)])
def test_a_story_names_its_tellings_and_what_only_one_says(cli: Run, words: str, tellings: tuple[tuple[str, float, str, str], ...]) -> None:
    code, out, _ = cli("story", card(cli, words))
    assert code == 0
    assert out.startswith(f"{len(tellings)} posts of {len(tellings)} sources tell it.")
    for outlet, _, title, _ in tellings:
        assert outlet in out
        assert title in out
    assert "only here: " in out
    assert out.count("stands for the story") == 1


def test_a_story_as_json_has_its_differences(cli: Run) -> None:
    story = json.loads(cli("story", card(cli, "ridge"), "--json")[1])
    assert story["outlets"] == 4
    assert any("ferry for pedestrians" in sentence for post in story["posts"] for sentence in post["only_here"])


def test_a_post_that_stands_alone_says_so_and_what_to_do(cli: Run) -> None:
    post_id = card(cli, "Hedges")
    assert cli("story", post_id)[1] == f"Only post {post_id} tells it. Put posts together with:  millpond merge ID ID\n"
    assert json.loads(cli("story", post_id, "--json")[1]) is None


def test_a_post_that_does_not_exist_has_no_story(cli: Run) -> None:
    code, out, err = cli("story", 4711)
    assert (code, out) == (3, "")
    assert "There is no post 4711" in err


def test_a_split_is_taken_back_by_the_command_that_it_prints(cli: Run) -> None:
    out = cli("split", card(cli, "ridge"))[1]
    assert out.startswith("Taken out. Undo:  millpond undo-story ")
    assert len(cards(cli)) == 3 + len(APART)
    assert cli(*out.strip().partition("millpond ")[2].split())[0] == 0
    assert len(cards(cli)) == 2 + len(APART)


def test_a_merge_is_taken_back_once(cli: Run) -> None:
    act = json.loads(cli("merge", card(cli, "Hedges"), card(cli, "allocator"), "--json")[1])
    assert len(cards(cli)) == 1 + len(APART)
    assert cli("undo-story", act["id"])[:2] == (0, "Taken back.\n")
    assert len(cards(cli)) == 2 + len(APART)
    assert cli("undo-story", act["id"])[0] == 3


def test_one_post_cannot_be_put_together_with_itself(cli: Run) -> None:
    post_id = card(cli, "Hedges")
    code, _, err = cli("merge", post_id, post_id)
    assert code == 2
    assert "two or more different posts" in err


def test_what_comes_to_a_followed_story_is_new_until_it_is_no_longer_followed(cli: Run, tmp_path: Path) -> None:
    assert cli("timeline", "--followed")[1] == "You follow no story yet:  millpond follow-story ID\n"
    lead = card(cli, "ridge")
    assert cli("follow-story", lead)[1] == "Followed.\n"
    with open_engine(tmp_path / "profile") as engine:
        add(engine, LATER)
        fold(engine)
    assert "+4 sources, 1 new" in cli("timeline", "--followed")[1]
    assert cli("follow-story", lead, "--off")[1] == "No longer followed.\n"
    assert cards(cli, "--followed") == []
