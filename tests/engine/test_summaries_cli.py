"""Summaries on the command line: of a story with its sources, and what a feed's summaries shall be like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import PlainPost, TimelineQuery, open_engine
from engine.cli import entry

Run = Callable[..., tuple[int, str, str]]
TOLD = {
    "Morning Post": "Twelve people were hurt in the warehouse fire in Arden, the brigade said. The mayor thanked the firemen.",
    "Evening Post": "Nine people were hurt in the warehouse fire in Arden, the brigade said. The river path is closed.",
}


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands over one story of two papers, without models."""
    with open_engine(tmp_path / "profile", encryption="plain") as engine:
        engine.set_setting("ai", False)
        for feed, text in TOLD.items():
            engine.add_posts(feed, [PlainPost(title="Fire in Arden", text=text, guid=feed)])
        engine.merge_stories(engine.timeline(TimelineQuery(order="newest")))

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(["--profile", str(tmp_path / "profile"), *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_storys_summary_names_sources_with_their_words_and_where_they_differ(cli: Run) -> None:
    code, out, err = cli("summarise", 1, "--story")
    assert (code, err) == (0, "")
    assert "Summary of a story in 2 tellings (picked sentences: summaries by the language model are switched off)" in out
    assert "They differ in numbers: Twelve – Nine" in out
    assert "Evening Post (2): “Nine people were hurt in the warehouse fire in Arden, the brigade said.”" in out


def test_a_storys_summary_as_json_has_its_claims(cli: Run) -> None:
    found = json.loads(cli("summarise", 1, "--story", "--json")[1])
    assert found["differences"][0]["words"] == ["Twelve", "Nine"]
    assert found["differences"][0]["claims"][1]["sources"][0]["post_id"] == 2


def test_words_bound_the_summary_of_a_post(cli: Run) -> None:
    found = json.loads(cli("summarise", 1, "--words", 14, "--json")[1])
    assert len(found["sentences"]) == 1


@pytest.mark.parametrize("options", [["--story", "--thread"], ["--story", "--words", "50"], ["--words", "9"]])
def test_options_that_do_not_go_together_are_refused(cli: Run, options: list[str]) -> None:
    code, _, err = cli("summarise", 1, *options)
    assert code == 2
    assert err


def test_a_post_without_a_readable_conversation_says_so(cli: Run) -> None:
    code, _, err = cli("summarise", 1, "--thread")
    assert code == 2
    assert "comments" in err


def test_a_feeds_wish_is_set_shown_and_cleared(cli: Run) -> None:
    assert cli("feeds", "summaries", 1)[1] == "At most 60 words, when asked or by your settings.\n"
    cli("feeds", "summaries", 1, "--words", 25, "--prompt", "Say who wins.", "--always")
    assert cli("feeds", "summaries", 1)[1] == "At most 25 words, of each new post.\nBesides: Say who wins.\n"
    assert json.loads(cli("feeds", "summaries", 1, "--not-always", "--json")[1]) == {
        "max_words": 25, "prompt": "Say who wins.", "always": False,
    }  # fmt: skip
    assert cli("feeds", "summaries", 1, "--clear")[1] == "At most 60 words, when asked or by your settings.\n"


def test_a_wish_for_no_feed_is_refused(cli: Run) -> None:
    assert cli("feeds", "summaries", 99, "--always")[0] == 3


def test_the_budget_says_how_much_is_used_and_why_it_pauses(cli: Run) -> None:
    assert cli("summaries")[1] == "Used today: 0.0 of 30 minutes.\nThey pause: they are switched off.\n"
    assert json.loads(cli("summaries", "--json")[1]) == {"used_seconds": 0.0, "limit_seconds": 1800.0, "paused": "off"}
