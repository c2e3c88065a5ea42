"""Files as other readers make them: the tables that RSS Guard 4.0.4, QuiteRSS 0.19.4, Liferea 1.14.4 and Newsboat 2.21 made on
a real disk, with the columns that matter here."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

POND, LAKE = "https://pond.example/feed.xml", "https://lake.example/feed.xml"
SECONDS = 1_795_428_000  # 2026-11-23 10:00 UTC

RSSGUARD = """
create table Categories (id integer primary key, parent_id integer not null, title text not null, account_id integer not null, custom_id text);
create table Feeds (id integer primary key, title text not null, category integer not null, source text, account_id integer not null,
  custom_id text not null);
create table Messages (id integer primary key, is_read integer not null default 0, is_important integer not null default 0,
  is_deleted integer not null default 0, is_pdeleted integer not null default 0, feed text not null, title text not null, url text,
  author text, date_created bigint not null, contents text, enclosures text, account_id integer not null, custom_id text);
insert into Categories values (1, -1, 'News', 1, '1'), (2, 1, 'Deep', 1, '2');
"""
QUITERSS = """
create table feeds (id integer primary key, text varchar, title varchar, xmlUrl varchar, htmlUrl varchar, parentId integer default 0);
create table news (id integer primary key, feedId integer, guid varchar, description varchar, content varchar, title varchar,
  published varchar, received varchar, author_name varchar, category varchar, read integer default 0, starred integer default 0,
  deleted integer default 0, comments varchar, enclosure_type, enclosure_url, link_href varchar, link_alternate varchar);
insert into feeds values (1, 'News', '', null, '', 0), (2, 'Deep', '', null, '', 1);
"""
LIFEREA = """
create table items (item_id integer, parent_item_id integer, node_id text, parent_node_id text, title text, read integer, updated integer,
  popup integer, marked integer, source text, source_id text, valid_guid integer, description text, date integer, comment_feed_id text,
  comment integer, primary key (item_id));
create table metadata (item_id integer, nr integer, key text, value text, primary key (item_id, nr));
create table subscription (node_id string, source string, orig_source string, primary key (node_id));
create table node (node_id string, parent_id string, title string, type integer, primary key (node_id));
insert into node values ('fold', 'root', 'News', 'folder'), ('deep', 'fold', 'Deep', 'folder');
"""
NEWSBOAT = """
create table rss_feed (rssurl varchar(1024) primary key not null, url varchar(1024) not null, title varchar(1024) not null);
create table rss_item (id integer primary key autoincrement not null, guid varchar(64) not null, title varchar(1024) not null,
  author varchar(1024) not null, url varchar(1024) not null, feedurl varchar(1024) not null, pubDate integer not null,
  content varchar(65535) not null, unread integer(1) not null, enclosure_url varchar(1024), enclosure_type varchar(1024),
  flags varchar(52), deleted integer(1) not null default 0, base varchar(128) not null default "");
"""

# Number, title, read, starred, thrown away: of each feed.
ARTICLES = ((1, "Unread one", 0, 0, 0), (2, "Read one", 1, 0, 0), (3, "Starred one", 1, 1, 0), (4, "Thrown away", 0, 0, 1))


def rssguard(folder: Path, body: str = "<p>Words</p>") -> Path:
    path = folder / "database.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(RSSGUARD)
        for feed, (url, title, category) in enumerate(((POND, "Pond", 2), (LAKE, "Lake", -1)), 1):
            made.execute("insert into Feeds values (?, ?, ?, ?, 1, ?)", (feed, title, category, url, str(feed)))
            for number, name, read, starred, gone in ARTICLES:
                made.execute(
                    "insert into Messages values (null, ?, ?, ?, 0, ?, ?, ?, 'Ann', ?, ?, ?, 1, ?)",
                    (read, starred, gone, str(feed), name, f"{url}/{number}", SECONDS * 1000, body,
                     "YXVkaW8vbXBlZw==&aHR0cHM6Ly9hLmV4YW1wbGUvYS5tcDM=", f"g{number}"),
                )  # fmt: skip
    return path


def quiterss(folder: Path, body: str = "<p>Words</p>") -> Path:
    path = folder / "feeds.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(QUITERSS)
        for feed, (url, title, parent) in enumerate(((POND, "Pond", 2), (LAKE, "Lake", 0)), 3):
            made.execute("insert into feeds values (?, ?, ?, ?, '', ?)", (feed, title, title, url, parent))
            for number, name, read, starred, gone in ARTICLES:
                made.execute(
                    "insert into news values (null, ?, ?, ?, '', ?, '2026-11-23T10:00:00', '', 'Ann', '', ?, ?, ?, '', 'audio/mpeg', ?, ?, '')",
                    (feed, f"g{number}", body, name, read * 2, starred, gone, "https://a.example/a.mp3", f"{url}/{number}"),
                )
    return path


def liferea(folder: Path, body: str = "<p>Words</p>") -> Path:
    path = folder / "liferea.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(LIFEREA)
        item = 0
        for key, url, title, parent in (("pond", POND, "Pond", "deep"), ("lake", LAKE, "Lake", "root")):
            made.execute("insert into node values (?, ?, ?, 'rss')", (key, parent, title))
            made.execute("insert into subscription values (?, ?, ?)", (key, url, url))
            for number, name, read, starred, gone in ARTICLES:
                if gone:
                    continue  # Liferea deletes for good
                item += 1
                made.execute(
                    "insert into items values (?, 0, ?, ?, ?, ?, 0, 1, ?, ?, ?, 1, ?, ?, '', 0)",
                    (item, key, key, name, read, starred, f"{url}/{number}", f"g{number}", body, SECONDS),
                )
                made.execute("insert into metadata values (?, 1, 'author', 'Ann')", (item,))
                made.execute(
                    "insert into metadata values (?, 2, 'enclosure', 'enc:0:audio/mpeg:5:https://a.example/a.mp3')", (item,)
                )
    return path


def newsboat(folder: Path, body: str = "<p>Words</p>") -> Path:
    path = folder / "cache.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(NEWSBOAT)
        for url, title in ((POND, "Pond"), (LAKE, "Lake")):
            made.execute("insert into rss_feed values (?, '', ?)", (url, title))
            for number, name, read, starred, gone in ARTICLES:
                made.execute(
                    "insert into rss_item values (null, ?, ?, 'Ann', ?, ?, ?, ?, ?, ?, 'audio/mpeg', ?, ?, '')",
                    (f"g{number}", name, f"{url}/{number}", url, SECONDS, body, 1 - read, "https://a.example/a.mp3",
                     "s" if starred else "", gone),
                )  # fmt: skip
    (folder / "urls").write_text(f'# mine\n{POND} "News/Deep" other\n{LAKE}\n"query:All:unread = \\"yes\\""\n')
    return path


MAKERS = {"rssguard": rssguard, "quiterss": quiterss, "liferea": liferea, "newsboat": newsboat}
