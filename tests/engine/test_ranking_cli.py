"""The person's own algorithm on the command line: timelines, what was learnt, the algorithm file, how good it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import open_engine
from engine.cli import entry
from tests.engine.conftest import plain_posts

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands over a plain profile with ten posts of two feeds, without models."""
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "no-models"))
    profile = tmp_path / "profile"
    with open_engine(profile, encryption="plain") as engine:
        engine.set_setting("ai", False)
        engine.add_posts("Ponds", plain_posts(6, topic="pond"))
        engine.add_posts("Bikes", plain_posts(4, topic="bicycle"))

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(["--profile", str(profile), *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def ids(cli: Run, *arguments: object) -> list[int]:
    return [row["id"] for row in json.loads(cli("timeline", *arguments, "--json")[1])]


def test_a_timeline_is_made_shown_changed_and_deleted(cli: Run) -> None:
    assert "No timelines yet" in cli("timelines", "list")[1]
    feed = json.loads(cli("feeds", "list", "--json")[1])[0]["id"]
    code, out, _ = cli("timelines", "save", "Work", "--feed", feed, "--strength", 0, "--signal", "promotion=3")
    assert code == 0
    assert out.startswith("Timeline “Work” made (1 feeds, newest first).")
    assert ids(cli, "--named", "work") == ids(cli, "--order", "newest", "--feed", feed)
    cli("timelines", "save", "Work", "--rename", "Office", "--strength", 1.5, "--preset", "quiet", "--weight", "variety=2", "--signal", "promotion=")
    (kept,) = json.loads(cli("timelines", "list", "--json")[1])
    assert (kept["name"], kept["preset"], kept["strength"], kept["weights"], kept["signals"]) == ("Office", "quiet", 1.5, {"variety": 2.0}, {})
    assert cli("timelines", "delete", "Office")[1] == "Timeline “Office” deleted.\n"
    code, _, err = cli("timeline", "--named", "Office")
    assert code == 3
    assert "There are: none yet." in err


@pytest.mark.parametrize("arguments", [("--weight", "wings=1"), ("--weight", "variety"), ("--strength", 7), ("--signal", "promotion=much")])
def test_a_timeline_out_of_bounds_is_refused_and_nothing_is_made(cli: Run, arguments: tuple[object, ...]) -> None:
    code, _, err = cli("timelines", "save", "Work", *arguments)
    assert code == 2
    assert err.startswith("millpond: ")
    assert json.loads(cli("timelines", "list", "--json")[1]) == []


def test_what_was_learnt_is_told_and_changed(cli: Run) -> None:
    assert "Nothing is learnt yet" in cli("learned")[1]
    for post_id in ids(cli, "--order", "newest", "--feed", 1)[:3]:
        cli("like", post_id)
    profile = json.loads(cli("learned", "--json")[1])
    assert profile["likes"] == 3
    assert any(one["kind"] == "source" and one["name"] == "Ponds" and one["weight"] > 0 for one in profile["learned"])
    assert cli("edit-interest", "source", 1, "-2.5")[1] == "source “1” weighs -2.5.\n"
    (source,) = [one for one in json.loads(cli("learned", "--kind", "source", "--json")[1])["learned"] if one["key"] == "1"]
    assert (source["weight"], source["edited"]) == (-2.5, True)
    assert "yours; learnt +" in cli("learned")[1]
    assert cli("edit-interest", "source", 1, "--reset")[0] == 0
    assert cli("edit-interest", "source", 1)[0] == 2
    assert cli("edit-interest", "source", 99, 1)[0] == 2


def test_why_tells_what_would_have_to_change(cli: Run) -> None:
    cli("timelines", "save", "Plain", "--strength", 0)
    for post_id in ids(cli, "--order", "newest", "--feed", 1)[:3]:
        cli("like", post_id)
    last = ids(cli)[-1]
    said = cli("why", last)[1]
    assert "with strength 0, newest first" in said or "had it come 24 hours later" in said
    assert "of Plain" in cli("why", last, "--named", "plain")[1]


def test_the_algorithm_file_goes_out_is_compared_and_comes_in(cli: Run, tmp_path: Path) -> None:
    cli("timelines", "save", "Work", "--preset", "fresh")
    cli("edit-interest", "word", "bicycle", 1.5)
    path = tmp_path / "mine.toml"
    assert cli("algorithm", "export", path)[1] == f"Written to {path}.\n"
    assert "The file says what holds already." in cli("algorithm", "compare", path)[1]
    cli("timelines", "delete", "Work")
    cli("edit-interest", "word", "bicycle", "-1")
    out = cli("algorithm", "compare", path)[1]
    assert "+ timeline “Work”" in out
    assert "~ weight “word bicycle”: -1 → 1.5" in out
    assert json.loads(cli("timelines", "list", "--json")[1]) == []
    assert cli("algorithm", "import", path, "--yes")[1].endswith("Taken over.\n")
    assert [one["name"] for one in json.loads(cli("timelines", "list", "--json")[1])] == ["Work"]
    path.write_text("strength = [", encoding="utf-8")
    code, _, err = cli("algorithm", "import", path, "--yes")
    assert code == 2
    assert "line" in err.lower()
    assert cli("algorithm", "compare", tmp_path / "none.toml")[0] == 2


def test_how_good_it_was_is_told(cli: Run) -> None:
    out = cli("evaluation")[1]
    assert "Your rules took 0 posts" in out
    assert "Nothing to measure the order by yet" in out
    cli("rules", "add", 'hide words "pond"', "--name", "No ponds")
    assert "No ponds: takes 6, not judged yet" in cli("evaluation")[1]
    assert json.loads(cli("evaluation", "--json")[1])["rules"][0]["taken"] == 6
