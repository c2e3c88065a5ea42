"""Taking over from RSS Guard, QuiteRSS, Liferea and Newsboat."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import Engine, ImportDone, InputError, NotFoundError, ParseError, PostRow, TimelineQuery
from tests.engine.foreign_files import LAKE, MAKERS, POND, RSSGUARD, newsboat, rssguard
from tests.fakenet import FakeNet

ALL = pytest.mark.parametrize("reader", sorted(MAKERS))


def run(engine: Engine, path: Path, *, allow_private: bool = False) -> ImportDone:
    *progress, last = engine.import_from(path, allow_private=allow_private)
    assert progress
    assert isinstance(last, ImportDone)
    return last


def listed(engine: Engine) -> list[PostRow]:
    return engine.rows(engine.timeline(TimelineQuery(order="newest")))


@ALL
def test_feeds_articles_reads_and_stars_all_come_over(engine: Engine, tmp_path: Path, reader: str) -> None:
    done = run(engine, MAKERS[reader](tmp_path))
    assert (done.reader, done.feeds, done.posts) == (reader, 2, 6)
    folder = "News∕Deep" if reader == "newsboat" else "News/Deep"
    assert {(feed.url, feed.title, feed.folder) for feed in engine.feeds()} == {(POND, "Pond", folder), (LAKE, "Lake", "")}
    rows = listed(engine)
    assert sorted((row.title, row.read, row.saved) for row in rows) == sorted(
        [("Unread one", False, False), ("Read one", True, False), ("Starred one", True, True)] * 2
    )
    assert {row.published_at for row in rows} == {datetime(2026, 11, 23, 10, tzinfo=UTC)}
    assert {row.author for row in rows} == {"Ann"}
    assert engine.post(rows[0].id).media[0].url == "https://a.example/a.mp3"


@ALL
def test_a_preview_counts_and_changes_nothing(engine: Engine, tmp_path: Path, reader: str) -> None:
    MAKERS[reader](tmp_path)
    found = engine.inspect_import(tmp_path)
    assert (found.reader, found.feeds, found.new_feeds, found.folders) == (reader, 2, 2, 1)
    assert (found.posts, found.unread, found.starred) == (6, 2, 2)
    assert engine.feeds() == []
    assert engine.imports() == []


@ALL
def test_importing_twice_doubles_nothing(engine: Engine, tmp_path: Path, reader: str) -> None:
    path = MAKERS[reader](tmp_path)
    run(engine, path)
    again = run(engine, path)
    assert (again.feeds, again.already, again.posts, again.updated) == (0, 2, 0, 0)
    assert engine.counts().posts == 6


@ALL
def test_the_file_is_as_it_was_afterwards(engine: Engine, tmp_path: Path, reader: str) -> None:
    path = MAKERS[reader](tmp_path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    run(engine, path)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before


@ALL
def test_hostile_articles_are_harmless(engine: Engine, tmp_path: Path, reader: str) -> None:
    run(engine, MAKERS[reader](tmp_path, '<p onclick="x()">A<script>alert(1)</script><iframe src="https://e.example"></iframe></p>'))
    for row in listed(engine):
        body = engine.post(row.id).body_html
        assert not any(word in body for word in ("script", "onclick", "iframe"))


def test_undo_removes_exactly_what_was_added(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    engine.add_posts("Mine", [])
    before = engine.feeds()
    done = run(engine, path)
    engine.undo_import(done.id)
    assert engine.feeds() == before
    assert (engine.counts().posts, engine.counts().saved) == (0, 0)
    assert engine.search("Words").hits == ()
    with pytest.raises(NotFoundError):
        engine.undo_import(done.id)
    assert run(engine, path).posts == 6


def test_what_was_decided_of_posts_that_an_undo_removes_holds_for_none_that_come_after(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    done = run(engine, path)
    one, other, *_ = listed(engine)
    engine.merge_stories([one.id, other.id])
    engine.edit_interest("topic", f"post:{one.id}", 2)
    engine.edit_interest("source", str(one.feed_id), 2)
    engine.undo_import(done.id)
    assert engine.interest_edits() == {}
    run(engine, path)
    assert {row.id for row in listed(engine)} & {one.id, other.id}, "numbers are given again"
    assert engine._store.story_pairs() == []


def test_undo_keeps_a_post_that_was_liked_since(engine: Engine, tmp_path: Path) -> None:
    done = run(engine, rssguard(tmp_path))
    kept = listed(engine)[0].id
    engine.mark([kept], saved=True)
    engine.feedback(kept, True)
    engine.undo_import(done.id)
    assert engine.post(kept).row.liked is True


def test_states_reach_posts_that_are_followed_already_by_guid_or_by_link(engine: Engine, tmp_path: Path) -> None:
    with FakeNet() as net:
        url = net.serve("/pond.xml", ITEMS.encode())
        engine.add_feed(url)
        before = {row.title: row.id for row in listed(engine)}
        path = tmp_path / "database.db"
        with closing(sqlite3.connect(path)) as made, made:
            made.executescript(RSSGUARD)
            made.execute("insert into Feeds values (1, 'Pond', -1, ?, 1, '1')", (url,))
            for title, link, guid in (("By guid", "https://p.example/other", "same"), ("By link", "https://p.example/2", "another")):
                made.execute(
                    "insert into Messages values (null, 1, 1, 0, 0, '1', ?, ?, '', 1, 'old words', '', 1, ?)", (title, link, guid)
                )
        done = run(engine, path, allow_private=True)
        assert (done.feeds, done.already, done.posts, done.updated) == (0, 1, 0, 2)
        rows = listed(engine)
        assert {row.title: row.id for row in rows} == before
        assert all(row.read and row.saved for row in rows)
        assert all(engine.post(row.id).text == "New words" for row in rows)
        engine.undo_import(done.id)
        assert not any(row.read or row.saved for row in listed(engine))
        assert len(engine.feeds()) == 1


def test_an_import_never_takes_back_a_read_or_a_star(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    run(engine, path)
    engine.mark([row.id for row in listed(engine)], read=True, saved=True)
    run(engine, path)
    assert all(row.read and row.saved for row in listed(engine))


def test_a_reader_that_is_at_work_is_read_from_a_copy_with_its_log(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("pragma journal_mode = wal")
        busy.execute("update Messages set title = 'Only in the log' where id = 1")
        assert path.with_name("database.db-wal").stat().st_size > 0
        run(engine, path)
    assert "Only in the log" in {row.title for row in listed(engine)}
    assert not list(engine.profile.glob(".import-*"))


def test_closing_it_keeps_what_was_done_and_undo_takes_that_back(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    with closing(sqlite3.connect(path)) as made, made:
        made.executemany(
            "insert into Messages values (null, 0, 0, 0, 0, '1', ?, '', '', 1, 'x', '', 1, ?)",
            [(f"Title {number}", f"n{number}") for number in range(1000)],
        )
    job = engine.import_from(path)
    for _ in range(3):
        next(job)
    job.close()
    kept = engine.counts().posts
    assert 0 < kept < 1006
    engine.undo_import(engine.imports()[0].id)
    assert engine.counts().posts == 0


def test_addresses_on_this_machine_wait_for_a_yes(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("update Feeds set source = 'http://192.168.0.1/feed' where id = 1")
    assert engine.inspect_import(path).private == ("http://192.168.0.1/feed",)
    assert (run(engine, path).feeds, engine.counts().posts) == (1, 3)
    assert (run(engine, path, allow_private=True).feeds, engine.counts().posts) == (1, 6)


def test_articles_of_what_cannot_be_followed_are_kept_in_a_local_feed(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("update Feeds set source = 'exec:cat /etc/passwd' where id = 1")
        made.execute("delete from Feeds where id = 2")
    run(engine, path)
    assert {(feed.title, feed.kind, feed.posts) for feed in engine.feeds()} == {("Pond", "local", 3), ("From RSS Guard", "local", 3)}


def test_feeds_that_newsboat_no_longer_lists_are_not_followed_again(engine: Engine, tmp_path: Path) -> None:
    path = newsboat(tmp_path)
    (tmp_path / "urls").write_text(f'{POND} "~My title" !hidden\n')
    run(engine, path)
    assert {(feed.title, feed.kind, feed.posts) for feed in engine.feeds()} == {("My title", "feed", 3), ("Lake", "local", 3)}


def test_a_password_in_an_address_is_not_part_of_the_address(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("update Feeds set source = 'https://ann:secret@pond.example/feed.xml' where id = 1")
    run(engine, path)
    assert POND in {feed.url for feed in engine.feeds()}
    assert not any("secret" in json.dumps(feed.url + feed.title) for feed in engine.feeds())


@ALL
def test_a_database_that_is_cut_anywhere_is_refused_or_read_in_part(engine: Engine, tmp_path: Path, reader: str) -> None:
    whole = MAKERS[reader](tmp_path).read_bytes()
    path = tmp_path / "cut.db"
    for size in range(100, len(whole), max(1, len(whole) // 12)):
        path.write_bytes(whole[:size])
        with contextlib.suppress(ParseError):
            engine.inspect_import(path)
            run(engine, path)
    assert engine.counts().posts <= 6


def test_a_view_in_the_place_of_a_table_is_not_run(engine: Engine, tmp_path: Path) -> None:
    path = rssguard(tmp_path)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("drop table Messages")
        made.execute(
            "create view Messages as with recursive n(is_read) as (select 1 union all select is_read + 1 from n) "
            "select is_read, 1 as is_important, 1 as custom_id from n"
        )
    with pytest.raises(ParseError, match="no database of a reader"):
        engine.inspect_import(path)


@pytest.mark.parametrize("name", ["nothing", "folder"])
def test_what_is_not_there_is_said(engine: Engine, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError):
        engine.inspect_import(tmp_path / name)


ITEMS = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Pond</title><link>https://p.example/</link>'
    '<item><title>By guid</title><link>https://p.example/1</link><guid isPermaLink="false">same</guid><description>New words</description></item>'
    '<item><title>By link</title><link>https://p.example/2</link><guid isPermaLink="false">two</guid><description>New words</description></item>'
    "</channel></rss>"
)
