"""All rules as one text: written, compared, taken over and taken back; what is wrong in it, by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import Engine, InputError, PlainPost, TimelineQuery, filters, open_engine, parse_rule
from engine.cli import main

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = b"t" * 32


def opened(profile: Path) -> Engine:
    engine = open_engine(profile, key=KEY, clock=lambda: NOW)
    engine.set_setting("ai", False)
    for name, title in (("Daily", "Football result"), ("Pond", "Frog")):
        engine.add_posts(
            name,
            [PlainPost(title=f"{title} {n}", url=f"https://{name}.example/{n}", published_at=NOW - timedelta(hours=n)) for n in range(4)],
        )
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with opened(tmp_path / "profile") as engine:
        yield engine


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Engine]:
    """Another profile, in which the same feeds have other numbers."""
    with open_engine(tmp_path / "other", key=KEY, clock=lambda: NOW) as engine:
        engine.set_setting("ai", False)
        engine.add_posts("Pond", [PlainPost(title="Frog 1", url="https://Pond.example/1", published_at=NOW)])
        engine.add_posts("Daily", [PlainPost(title="Football result 1", url="https://Daily.example/1", published_at=NOW)])
        yield engine


def feed(engine: Engine, title: str) -> int:
    return next(feed.id for feed in engine.feeds() if feed.title == title)


def filled(engine: Engine) -> None:
    daily, frog = feed(engine, "Daily"), engine.timeline(TimelineQuery(order="newest", feed_id=feed(engine, "Pond")))[1]
    for text in (
        f'hide words "football" in {daily} named "No football"',
        f'muffle topic "frogs" like {frog} over 0.4 unless from {daily} named "Frogs"',
        'label not language "en" in folder "News/Far" off named "Far"',
        'hide phrase "say \\"no\\"" until 2027-01-01 named "No"',
    ):
        engine.save_rule(parse_rule(text))


def state(engine: Engine) -> list[object]:
    with engine._store._db.read() as connection:
        hits: list[object] = connection.execute("select rule_id, post_id, action, matched from hits order by 1, 2").fetchall()
        states = connection.execute("select post_id, hidden, rule_id, muffled_by from post_states order by 1").fetchall()
    return [engine.rules(), hits, states]


def test_rules_go_to_another_profile_and_name_the_same_feeds_and_posts_there(engine: Engine, other: Engine) -> None:
    filled(engine)
    text = engine.export_rules()
    done = other.import_rules(text)
    assert (done.added, done.changed, done.removed, done.remarks) == (4, 0, 0, ())
    assert other.export_rules() == text
    by_name = {rule.name: rule for rule in other.rules()}
    assert by_name["No football"].feed_ids == (feed(other, "Daily"),)
    assert other.rows(list(by_name["Frogs"].conditions[0].examples))[0].title == "Frog 1"
    assert not by_name["Far"].enabled
    assert [row.title for row in other.rows(other.timeline(TimelineQuery(order="newest", hidden=True)))] == ["Football result 1"]


def test_taking_over_the_own_text_changes_nothing(engine: Engine) -> None:
    filled(engine)
    before = state(engine)
    text = engine.export_rules()
    assert engine.compare_rules(text, others=True).changes == ()
    assert not engine.import_rules(text, others=True).changes
    assert state(engine) == before


def test_remarks_empty_lines_and_other_line_ends_are_passed_over(engine: Engine) -> None:
    text = '\ufeff# mine\r\n\r\n   # more\r\nhide words "frog" named "F"\r\n'
    assert engine.import_rules(text).added == 1
    assert [rule.name for rule in engine.rules()] == ["F"]


def test_a_rule_of_the_same_name_is_changed_and_keeps_what_was_said_of_it(engine: Engine) -> None:
    rule = engine.save_rule(parse_rule('hide words "football" named "Sport"')).rule
    engine.judge_rule(rule.id, {1: True})
    text = 'muffle words "football" named "Sport"\nhide words "newt" named "New"\n'
    compared = engine.compare_rules(text)
    assert [(change.name, bool(change.before), bool(change.after)) for change in compared.changes] == [("Sport", True, True), ("New", False, True)]
    done = engine.import_rules(text)
    assert (done.added, done.changed) == (1, 1)
    assert engine.rules()[0].id == rule.id
    assert engine.rule_errors()[rule.id].judged == 1
    assert engine.timeline(TimelineQuery(order="newest", hidden=True)) == []


@pytest.mark.parametrize("others", [False, True])
def test_rules_that_the_text_lacks_go_only_when_asked(engine: Engine, others: bool) -> None:
    engine.save_rule(parse_rule('hide words "football" named "Sport"'))
    done = engine.import_rules('hide words "frog" named "F"', others=others)
    assert done.removed == others
    assert {rule.name for rule in engine.rules()} == ({"F"} if others else {"Sport", "F"})
    hidden = {row.title.split()[0] for row in engine.rows(engine.timeline(TimelineQuery(order="newest", hidden=True)))}
    assert hidden == ({"Frog"} if others else {"Frog", "Football"})


def test_taking_over_is_taken_back_exactly(engine: Engine) -> None:
    filled(engine)
    engine.mark(engine.timeline(TimelineQuery(order="newest", hidden=True))[:1], hidden=False)
    before = state(engine), engine.rule_errors()
    done = engine.import_rules('hide words "frog" named "No"\nboost words "result" named "B"', others=True)
    assert state(engine) != before[0]
    engine.put_rules_back(done.before)
    assert (state(engine), engine.rule_errors()) == before


def test_what_cannot_be_read_is_told_by_line_and_nothing_is_changed(engine: Engine) -> None:
    filled(engine)
    before = state(engine)
    text = '# fine\nhide words "a"\ndance words "b"\nhide words "c" in "https://gone.example/feed"\nhide words "d\n'
    for act in (engine.compare_rules, engine.import_rules):
        with pytest.raises(InputError) as caught:
            act(text)
        lines = str(caught.value).splitlines()
        assert [line.split(":")[0] for line in lines] == ["Line 3", "Line 4", "Line 5"]
        assert "https://gone.example/feed" in lines[1]
    assert state(engine) == before


def test_many_wrong_lines_are_counted() -> None:
    with pytest.raises(InputError) as caught:
        filters.parse_rules("nonsense\n" * 40)
    assert str(caught.value).splitlines()[-1] == "And 35 more."


def test_example_posts_that_are_not_here_are_left_out_and_said(engine: Engine) -> None:
    done = engine.import_rules('hide topic "frogs" like "https://Pond.example/2", "https://gone.example/1" over 0.4 named "F"')
    assert done.remarks == ("Line 1: example posts that are not here were left out (1).",)
    assert len(engine.rules()[0].conditions[0].examples) == 1


def test_a_rule_that_would_say_something_else_is_written_as_a_remark(engine: Engine) -> None:
    engine.save_rule(parse_rule('hide words "a" in 999 named "Elsewhere"'))
    text = engine.export_rules()
    assert "# left out" in text
    assert filters.parse_rules(text) == ([], [])


def test_without_posts_a_text_names_none_that_was_read(engine: Engine) -> None:
    filled(engine)
    text = filters.format_rules(engine.rules(), feeds={feed.id: feed.url for feed in engine.feeds()}, posts={})
    assert "https://Pond.example/1" not in text
    assert 'muffle topic "frogs" over 0.4' in text


def test_the_command_line_writes_tries_and_takes_over(tmp_path: Path) -> None:
    passphrase = tmp_path / "word"
    passphrase.write_text("a long enough passphrase")

    def cli(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            main, ["--profile", str(tmp_path / "cli"), "--passphrase-file", str(passphrase), "--encryption", "passphrase", "rules", *words]
        )
        return done.exit_code, done.output

    assert cli("add", 'hide words "frog" named "F"')[0] == 0
    file = tmp_path / "rules.txt"
    assert cli("export", str(file))[0] == 0
    assert 'hide words "frog" named "F"' in file.read_text()
    file.write_text('muffle words "frog" named "F"\nhide words "newt" named "N"\n')
    code, said = cli("import", str(file), "--try")
    assert code == 0
    assert '- hide words "frog" named "F"' in said
    assert '+ hide words "newt" named "N"' in said
    assert "Nothing was changed." in said
    assert cli("import", str(file))[1].endswith("1 rules added, 1 changed, 0 removed.\n")
    assert {rule["name"] for rule in json.loads(cli("list", "--json")[1])} == {"F", "N"}
    file.write_text("dance\n")
    code, _said = cli("import", str(file))
    assert code != 0


def test_a_rules_file_holds_no_secret_of_a_feed_s_address_and_finds_the_feed_again(engine: Engine) -> None:
    feed_id, _ = engine._store.add_feed("https://daily.example/feed?token=verysecret12", title="Private")
    engine.save_rule(parse_rule(f'hide words "football" in {feed_id} named "Quiet"'))
    text = engine.export_rules()
    assert "verysecret12" not in text
    assert engine.compare_rules(text, others=True).changes == ()
