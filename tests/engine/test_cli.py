"""The command line as people and programs meet it: words, JSON, exit codes, and no secret anywhere."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine import SampleInternet, Sentiment, Signals, open_engine, sample_internet
from engine.cli import entry, has_display, main
from tests.engine.conftest import plain_posts

PASSPHRASE = "a pond that nobody else knows"
Run = Callable[..., tuple[int, str, str]]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return exit code, output and errors of one command in this process."""
    capsys.readouterr()
    try:
        code = entry([str(argument) for argument in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(autouse=True)
def _no_choice_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MILLPOND_PASSPHRASE_FILE", "MILLPOND_PROFILE", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands over one plain profile with ten posts of two feeds, without models."""
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "no-models"))
    profile = tmp_path / "profile"
    with open_engine(profile, encryption="plain") as engine:
        engine.add_posts("Ponds", plain_posts(6, topic="pond"))
        engine.add_posts("Bikes", plain_posts(4, topic="bicycle"))
    return lambda *arguments: run(capsys, "--profile", profile, *arguments)


@pytest.fixture(scope="module")
def served() -> Iterator[SampleInternet]:
    with sample_internet() as internet:
        yield internet


def newest(cli: Run) -> list[int]:
    return [row["id"] for row in json.loads(cli("timeline", "--order", "newest", "--json")[1])]


# ---- the profile and its key -----------------------------------------------------------------


def test_without_a_keyring_or_a_choice_nothing_is_made_and_the_choices_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "--profile", tmp_path / "p", "feeds", "list")
    assert code == 7
    assert out == ""
    for choice in ("--passphrase-file", "MILLPOND_PASSPHRASE_FILE", "--encryption plain"):
        assert choice in err
    assert not (tmp_path / "p").exists()


def test_asking_for_the_keyring_where_there_is_none_names_the_choices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "--profile", tmp_path / "p", "--encryption", "keyring", "feeds", "list")
    assert code == 7
    assert "--encryption plain" in err
    assert not (tmp_path / "p" / "millpond.db").exists()


def test_a_plain_profile_needs_the_persons_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--profile", tmp_path / "p", "--encryption", "plain", "feeds", "list")[0] == 0
    assert (tmp_path / "p" / "millpond.db").read_bytes().startswith(b"SQLite format 3\x00")
    assert run(capsys, "--profile", tmp_path / "p", "feeds", "list")[0] == 0


def passphrase_file(folder: Path, text: str = PASSPHRASE) -> Path:
    path = folder / "passphrase"
    path.write_text(text + "\n", encoding="utf-8")
    return path


def test_a_passphrase_file_encrypts_and_opens_and_is_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    profile, named = tmp_path / "p", passphrase_file(tmp_path)
    first = run(capsys, "--profile", profile, "--passphrase-file", named, "feeds", "list")
    assert first[0] == 0
    assert not (profile / "millpond.db").read_bytes().startswith(b"SQLite format 3\x00")
    monkeypatch.setenv("MILLPOND_PASSPHRASE_FILE", str(named))
    by_variable = run(capsys, "--profile", profile, "settings", "--json")
    assert json.loads(by_variable[1])["scale_percent"] == 100
    assert PASSPHRASE not in "".join((*map(str, first), *map(str, by_variable)))
    assert all(PASSPHRASE.encode() not in path.read_bytes() for path in profile.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [("another passphrase", 6, "not the passphrase"), ("", 2, "empty"), (None, 2, "cannot be read")],
)
def test_a_passphrase_file_that_does_not_fit_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str | None, code: int, says: str
) -> None:
    profile, right = tmp_path / "p", passphrase_file(tmp_path)
    assert run(capsys, "--profile", profile, "--passphrase-file", right, "feeds", "list")[0] == 0
    other = tmp_path / "other"
    if words is not None:
        other.write_text(words, encoding="utf-8")
    found = run(capsys, "--profile", profile, "--passphrase-file", other, "feeds", "list")
    assert (found[0], found[1]) == (code, "")
    assert says in found[2]
    assert PASSPHRASE not in found[2]


def test_a_locked_profile_without_its_passphrase_says_how_to_give_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "--profile", tmp_path / "p", "--passphrase-file", passphrase_file(tmp_path), "feeds", "list")
    code, _, err = run(capsys, "--profile", tmp_path / "p", "feeds", "list")
    assert code == 7
    assert "--passphrase-file" in err


def test_an_encrypted_profile_is_never_opened_as_a_plain_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "--profile", tmp_path / "p", "--passphrase-file", passphrase_file(tmp_path), "feeds", "list")
    before = (tmp_path / "p" / "profile.json").read_bytes()
    code, _, err = run(capsys, "--profile", tmp_path / "p", "--encryption", "plain", "feeds", "list")
    assert code == 2
    assert "passphrase" in err
    assert (tmp_path / "p" / "profile.json").read_bytes() == before


def test_no_option_takes_a_secret() -> None:
    options = {option for parameter in main.params for option in parameter.opts}
    assert "--passphrase-file" in options
    assert not {"--passphrase", "--password", "--key"} & options


# ---- every command says something, to people and to programs ---------------------------------


def commands(group: Any = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, found in sorted(group.commands.items()):
        if hasattr(found, "commands"):
            yield from commands(found, (*path, name))
        elif not found.hidden:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_has_help_and_knows_json(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*path, "--help"], prog_name="millpond")
    assert shown.exit_code == 0
    assert "--json" in shown.output
    assert len(shown.output.split("\n\n")[1].strip()) > 10


def test_the_timeline_is_listed_for_people_and_programs(cli: Run) -> None:
    code, out, _ = cli("timeline")
    assert code == 0
    assert "Pond report number 0" in out
    assert "Bikes" in out
    rows = json.loads(cli("timeline", "--json", "--limit", "3")[1])
    assert len(rows) == 3
    assert {"id", "title", "feed_title", "published_at", "reason"} <= set(rows[0])


def test_the_timeline_is_cut_by_feed_days_and_unread(cli: Run) -> None:
    ids = newest(cli)
    feed = json.loads(cli("feeds", "list", "--json")[1])[0]
    assert len(json.loads(cli("timeline", "--feed", feed["id"], "--json")[1])) == feed["posts"]
    cli("show", ids[0])
    assert ids[0] not in [row["id"] for row in json.loads(cli("timeline", "--unread", "--json")[1])]
    assert cli("timeline", "--days", "0")[1] in {"Nothing here.\n"} or newest(cli)


@pytest.mark.parametrize("days", ["nan", "inf", "-1", "1e300"])
def test_days_that_make_no_sense_are_refused(cli: Run, days: str) -> None:
    code, _, err = cli("timeline", f"--days={days}")
    assert code == 2
    assert "--days" in err


def test_an_empty_profile_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        run(capsys, "--profile", tmp_path / "p", "--encryption", "plain", *command)
        for command in (["timeline"], ["feeds", "list"], ["rules", "list"], ["ledger"], ["search", "pond", "--mode=words"])
    ]
    assert [code for code, _, _ in told] == [0] * 5
    assert "millpond feeds add" in told[0][1]
    assert "millpond feeds add" in told[1][1]
    assert "millpond rules add" in told[2][1]
    assert "Nothing has left" in told[3][1]
    assert "Nothing found" in told[4][1]


def test_show_prints_the_post_and_marks_it_read(cli: Run) -> None:
    first = newest(cli)[0]
    assert "The pond is calm" in cli("show", first)[1] + cli("show", newest(cli)[1])[1]
    assert json.loads(cli("show", first, "--json")[1])["row"]["read"] is True


def test_signals_are_told_with_their_figures_and_what_is_unsure_is_said(cli: Run, tmp_path: Path) -> None:
    first = newest(cli)[0]
    said = Signals(sentiment=Sentiment(0.1, 0.1, 0.8), shares={"promotion": 0.97, "clickbait": 0.5, "anger": 0.02})
    with open_engine(tmp_path / "profile", encryption="plain") as engine:
        engine._store.save_signals("m heads 1", {first: said})
    assert "positive · promotion 0.97" in cli("timeline", "--order", "newest")[1]
    row = json.loads(cli("timeline", "--order", "newest", "--json")[1])[0]
    assert (row["shares"], row["sentiment"]["positive"]) == ({"promotion": 0.97, "clickbait": 0.5, "anger": 0.02}, 0.8)
    shown = cli("show", first)[1]
    assert "It seems: promotion 0.97\nUnsure: clickbait 0.50\nSurely not: anger 0.02\n" in shown
    assert json.loads(cli("show", first, "--json")[1])["row"]["shares"]["clickbait"] == 0.5


def test_like_dislike_and_taking_back(cli: Run) -> None:
    first = newest(cli)[0]
    said = []
    for extra in ([], ["--not"], ["--clear"]):
        said.append(cli("like", first, *extra)[1].strip())
        said.append(json.loads(cli("show", first, "--json")[1])["row"]["liked"])
    assert said == ["Liked.", True, "Disliked.", False, "Taken back.", None]


def test_hide_moves_to_the_tray_and_back(cli: Run) -> None:
    first, second, *_ = newest(cli)
    said = cli("hide", first, second)[1]
    assert set(said.partition("--undo ")[2].split()) == {str(first), str(second)}
    assert {row["id"] for row in json.loads(cli("timeline", "--hidden", "--json")[1])} == {first, second}
    cli("hide", "--undo", first, second)
    assert {first, second} <= set(newest(cli))


def test_save_and_unsave(cli: Run) -> None:
    first = newest(cli)[0]
    assert cli("save", first)[1] == "Saved.\n"
    assert [row["id"] for row in json.loads(cli("timeline", "--saved", "--json")[1])] == [first]
    assert cli("save", "--undo", first)[1] == "No longer saved.\n"
    assert json.loads(cli("timeline", "--saved", "--json")[1]) == []


def test_why_shows_reasons_that_sum_to_the_score(cli: Run) -> None:
    first = newest(cli)[0]
    assert "Score" in cli("why", first)[1]
    explained = json.loads(cli("why", first, "--json")[1])
    assert sum(reason["contribution"] for reason in explained["reasons"]) == pytest.approx(explained["score"], abs=1e-6)


def test_summarise_says_how_the_summary_was_made(cli: Run) -> None:
    first = newest(cli)[0]
    code, out, _ = cli("summarise", first)
    assert code == 0
    assert "picked sentences" in out
    assert json.loads(cli("summarise", first, "--json")[1])["method"] == "extractive"


@pytest.mark.parametrize("text", ["pond", 'a" OR (', "c++ AND NOT *", "标题", "\u0000"])
def test_search_takes_any_text(cli: Run, text: str) -> None:
    code, out, err = cli("search", text, "--mode", "words", "--json")
    assert (code, err) == (0, "")
    assert bool(json.loads(out)["hits"]) == (text == "pond")


def test_rules_are_tried_added_listed_and_removed(cli: Run) -> None:
    assert "would take 6 posts" in cli("rules", "add", "--try", 'hide words "pond"')[1]
    assert cli("rules", "list")[1].startswith("No rules yet")
    saved = json.loads(cli("rules", "add", 'hide words "pond"', "--json")[1])
    assert saved["posts"] == 6
    assert "6 posts" in cli("rules", "list")[1]
    assert "took it for" in cli("why", json.loads(cli("timeline", "--hidden", "--json")[1])[0]["id"])[1]
    assert "6 posts are back" in cli("rules", "remove", saved["rule"]["id"])[1]
    assert len(newest(cli)) == 10


def test_rules_from_plain_words_are_shown_and_saved_only_when_asked(cli: Run) -> None:
    code, said, _ = cli("rules", "from-words", "hide posts that mention pond with fewer than 3 likes")
    assert code == 0
    assert said.startswith('hide words "pond"')
    assert "Not expressed: “with fewer than 3 likes”" in said
    assert cli("rules", "list")[1].startswith("No rules yet")
    shown = json.loads(cli("rules", "from-words", "hide posts that mention pond", "--save", "--yes", "--json")[1])
    assert shown["saved"][0]["posts"] == 6
    assert "6 posts" in cli("rules", "list")[1]


def test_settings_are_shown_set_and_bounded(cli: Run) -> None:
    assert "scale_percent = 100" in cli("settings")[1]
    assert cli("settings", "scale_percent", "120")[1].startswith("scale_percent = 120")
    assert json.loads(cli("settings", "--json")[1])["scale_percent"] == 120
    for wrong in (["scale_percent", "100000"], ["scale_percent", "large"], ["nosuch"], ["nosuch", "1"]):
        assert cli("settings", *wrong)[0] == 2
    assert json.loads(cli("settings", "--json")[1])["scale_percent"] == 120


def test_a_backup_is_whole_and_overwrites_nothing(cli: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    copy = tmp_path / "copy.db"
    assert "checked" in cli("backup", copy)[1]
    before = copy.read_bytes()
    code, _, err = cli("backup", copy)
    assert code == 2
    assert "already" in err
    assert copy.read_bytes() == before
    assert cli("backup", tmp_path / "profile" / "millpond.db")[0] == 2
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "command",
    [["show", "999"], ["like", "999"], ["hide", "999"], ["save", "999"], ["why", "999"], ["summarise", "999"],
     ["rules", "remove", "999"], ["feeds", "remove", "999"], ["feeds", "restore", "999"], ["refresh", "999"],
     ["timeline", "--feed", "999"], ["models", "install", "nosuch"], ["models", "remove", "nosuch"]],
    ids=" ".join,
)  # fmt: skip
def test_what_is_not_there_ends_with_three(cli: Run, command: list[str]) -> None:
    code, out, err = cli(*command)
    assert (code, out) == (3, "")
    assert err.strip().splitlines()[-1].startswith("millpond: There is no ")


@pytest.mark.parametrize(
    "command",
    [["nosuch"], ["show"], ["show", "abc"], ["show", "9" * 30], ["like", "-1"], ["timeline", "--limit", "0"],
     ["rules", "add", "hide"], ["rules", "add", "everything"], ["search"], ["feeds", "add", "not an address"],
     ["feeds", "import", "/nowhere.opml"], ["feeds", "export", "/nowhere/x.opml"], ["models", "install"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_input_ends_with_two_and_words(cli: Run, command: list[str]) -> None:
    code, out, err = cli(*command)
    assert (code, out) == (2, "")
    assert err.strip()
    assert "Traceback" not in err


def test_one_unknown_id_among_others_changes_nothing(cli: Run) -> None:
    ids = newest(cli)
    assert cli("hide", ids[0], "999")[0] == 3
    assert newest(cli) == ids


# ---- feeds and refreshing --------------------------------------------------------------------


def test_feeds_are_added_left_restored_exported_and_imported(cli: Run, served: SampleInternet, tmp_path: Path) -> None:
    url = served.subscriptions[0].url
    assert "Following City Observer (4 posts)" in cli("feeds", "add", url, "--folder", "Papers")[1]
    code, _, err = cli("feeds", "add", url)
    assert (code, "already" in err) == (2, True)
    feed = next(f for f in json.loads(cli("feeds", "list", "--json")[1]) if f["url"] == url)
    assert "[Papers]" in cli("feeds", "list")[1]
    assert f"millpond feeds restore {feed['id']}" in cli("feeds", "remove", feed["id"])[1]
    assert "again" in cli("feeds", "restore", feed["id"])[1]
    assert "1 feeds" in cli("feeds", "export", tmp_path / "out.opml")[1] or (tmp_path / "out.opml").exists()
    cli("feeds", "remove", feed["id"])
    refused = cli("feeds", "import", tmp_path / "out.opml")[1]
    assert "0 feeds added" in refused
    assert url in refused
    assert "1 feeds added" in cli("feeds", "import", tmp_path / "out.opml", "--allow-private")[1]
    assert sum(f["url"] == url for f in json.loads(cli("feeds", "list", "--json")[1])) == 1


def test_refresh_counts_what_came_and_says_what_failed(cli: Run, served: SampleInternet, tmp_path: Path) -> None:
    base = served.subscriptions[0].url.rsplit("/", 2)[0]
    (tmp_path / "in.opml").write_text(
        '<opml version="2.0"><body>'
        + "".join(f'<outline type="rss" xmlUrl="{s.url}"/>' for s in served.subscriptions if s.kind == "feed")
        + f'<outline type="rss" text="Lost" xmlUrl="{base}/lost.xml"/></body></opml>'
    )
    assert "9 feeds added" in cli("feeds", "import", tmp_path / "in.opml", "--allow-private")[1]
    code, out, err = cli("refresh", "--force", "--no-enrich")
    assert code == 0
    assert "from 8 feeds, 1 failed:" in out
    assert "Lost: There is nothing at this address now (404)" in out
    assert err == ""  # no progress where nobody watches
    report = json.loads(cli("refresh", "--force", "--no-enrich", "--json")[1])
    assert (report["new"], report["fetched"], len(report["failed"])) == (0, 8, 1)
    ledger = json.loads(cli("ledger", "--json", "--limit", "500")[1])
    assert len(ledger) == 18
    assert "127.0.0.1" in cli("ledger")[1]


def test_when_no_feed_answers_refresh_ends_with_four(cli: Run, tmp_path: Path) -> None:
    (tmp_path / "in.opml").write_text('<opml version="2.0"><body><outline xmlUrl="http://127.0.0.1:9/x"/></body></opml>')
    cli("feeds", "import", tmp_path / "in.opml", "--allow-private")
    code, out, _ = cli("refresh", "--force", "--no-enrich")
    assert code == 4
    assert "1 failed" in out


def test_a_page_is_no_feed_and_its_feeds_are_named(cli: Run) -> None:
    from tests.fakenet import FakeNet, page

    with FakeNet() as net:
        body = page("Site", [("One", net.url("/one.xml")), ("Two", net.url("/two.xml"))])
        net.serve("/", body, content_type="text/html")
        code, out, err = cli("feeds", "add", net.url("/"))
    assert (code, out) == (5, "")
    assert net.url("/one.xml") in err
    assert net.url("/two.xml") in err


def test_a_password_in_an_address_is_used_and_never_shown(cli: Run, tmp_path: Path) -> None:
    from tests.fakenet import FakeNet, Recorded, Reply, items, rss

    body = rss("Members", items(2))

    def handler(request: Recorded) -> Reply:
        known = request.headers.get("authorization") == "Basic bWU6czNjcjN0"
        return Reply(body=body) if known else Reply(status=401)

    with FakeNet() as net:
        url = net.handle("/members.xml", handler).replace("http://", "http://me:s3cr3t@")
        said = [cli("feeds", "add", url)]
        said += [cli(*command) for command in (["feeds", "list", "--json"], ["ledger", "--json"], ["refresh", "--force", "--no-enrich"])]
        said += [cli("feeds", "export", tmp_path / "out.opml")]
        assert [code for code, _, _ in said] == [0] * 5
    assert "s3cr3t" not in "".join(map(str, said)) + (tmp_path / "out.opml").read_text()


# ---- models, doctor, the whole job -----------------------------------------------------------


def test_models_are_listed_with_licence_and_size(cli: Run) -> None:
    assert "all-MiniLM-L6-v2" in cli("models", "list")[1]
    known = json.loads(cli("models", "list", "--json")[1])
    assert len([model for model in known if model["default"]]) == 2
    assert not any(model["installed"] for model in known)


def test_doctor_fails_where_a_model_is_missing_and_says_how_to_get_it(cli: Run) -> None:
    code, out, _ = cli("doctor")
    assert code == 1
    assert "ok    Database" in out
    assert "Encryption: off, as you chose" in out
    assert "FAIL  all-MiniLM-L6-v2: missing: millpond models install" in out


def test_doctor_finds_this_machine_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--profile", tmp_path / "p", "--encryption", "plain", "doctor", "--json")
    failed = [check for check in json.loads(out) if not check["ok"]]
    assert failed == []
    assert code == 0


def environment(**extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return kept | extra


def test_without_a_display_run_says_so_and_shows_the_whole_job() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "engine", "run"], capture_output=True, text=True, env=environment(), timeout=240
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("There is no display here")
    assert "15 sample feeds" in ran.stdout
    assert "Why the first one stands first" in ran.stdout
    assert "Left this machine: nothing." in ran.stdout
    assert "Not done" not in ran.stdout
    assert "\r" not in ran.stdout + ran.stderr


def test_without_a_display_the_bare_command_says_so(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "engine", "--profile", str(tmp_path / "p")],
        capture_output=True, text=True, env=environment(), timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "no display" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "p").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="displays are announced by variables on Linux")
def test_a_display_is_known_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert has_display()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_progress_is_shown_on_a_terminal_only(cli: Run, served: SampleInternet, tmp_path: Path) -> None:
    cli("feeds", "add", served.subscriptions[1].url)
    arguments = [sys.executable, "-m", "engine", "--profile", str(tmp_path / "profile"), "refresh", "--force", "--no-enrich"]
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        on_terminal = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment(), timeout=60)
        os.close(theirs)
        shown = b""
        try:
            while piece := terminal.read(4096):
                shown += piece
        except OSError:
            pass  # how Linux says that the other end was closed
    assert "fetching" in shown.decode()
    assert "\r" not in on_terminal.stdout
    piped = subprocess.run(arguments, capture_output=True, text=True, env=environment(), timeout=60)
    assert piped.stderr == ""


def test_a_reader_that_went_away_is_no_error(cli: Run, tmp_path: Path) -> None:
    ran = subprocess.run(
        f"'{sys.executable}' -m engine --profile '{tmp_path / 'profile'}' timeline --json | head -c 5",
        shell=True, capture_output=True, text=True, env=environment(), timeout=60,
    )  # fmt: skip
    assert ran.stderr == ""
