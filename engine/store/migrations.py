"""The shape of the database and how it came about: steps that are applied once and in order, never edited.

Before the first pending step of a database that holds something, a verified copy is put into `backups`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import NewerProfileError, StoreError
from engine.store.backup import copy_verified, trim_backups
from engine.store.connection import APPLICATION_ID, Connection, connect, plain_errors, require_readable
from engine.store.locks import lock

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

log = logging.getLogger(__name__)

FEEDS = """
create table feeds (
  id integer primary key,
  url text not null unique,
  kind text not null,
  own_title text not null default '',
  title text not null default '',
  folder text not null default '',
  site_url text not null default '',
  description text not null default '',
  icon_url text not null default '',
  language text not null default '',
  ttl_minutes integer,
  added_at real not null,
  removed_at real,
  allow_private integer not null default 0,
  stopped integer not null default 0,
  etag text,
  last_modified text,
  body_hash blob,
  next_check_at real,
  last_success_at real,
  failures integer not null default 0,
  not_found_since real,
  moved_to text,
  moved_since real,
  moved_times integer not null default 0,
  error text not null default '',
  keep_posts integer,
  keep_days integer
) strict;
create table feed_auth (
  feed_id integer primary key references feeds (id),
  user text not null,
  password text not null
) strict;
create table feed_counts (
  feed_id integer primary key references feeds (id),
  posts integer not null default 0,
  unread integer not null default 0,
  saved integer not null default 0,
  hidden integer not null default 0
) strict;
create trigger feed_counted after insert on feeds begin
  insert into feed_counts (feed_id) values (new.id);
end;
"""

# Wide columns come last, and bodies in a table of their own, without a row where the body is the text: text and body
# of a usual post in one row would leave half of a page empty. A page of the word index fits
# a page of the file (4096 bytes less 80 of SQLCipher's and some of SQLite's own), its parts are merged a little with each
# write, and never many at once.
POSTS = """
create table contents (
  id integer primary key,
  hash blob not null,
  hash_key integer not null, -- its first 8 bytes: a third of the index's size
  title text not null,
  author text not null,
  url text not null,
  language text not null,
  word_count integer not null,
  updated_at real,
  comments_url text not null,
  categories text not null,
  media text not null,
  text text not null
) strict;
create table bodies (content_id integer primary key references contents (id), body_html text not null) strict;
create index contents_by_hash on contents (hash_key);
create table posts (
  id integer primary key,
  feed_id integer not null references feeds (id),
  guid text not null,
  content_id integer references contents (id),
  url_key integer not null,
  text_key integer not null,
  source_date real,
  unique (feed_id, guid)
) strict;
create index posts_by_content on posts (content_id);
create table versions (
  post_id integer not null,
  content_id integer not null references contents (id),
  seen_at real not null,
  primary key (post_id, content_id)
) strict, without rowid;
create index versions_by_content on versions (content_id);
create table sketches (post_id integer primary key, sketch blob not null) strict;
create virtual table words using fts5 (
  title, text, other, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2"
);
insert into words (words, rank) values ('pgsz', 3900);
insert into words (words, rank) values ('automerge', 16);
insert into words (words, rank) values ('crisismerge', 64);
"""

# No reference to posts: what the person did outlives every content.
STATES = """
create table post_states (
  post_id integer primary key,
  feed_id integer not null,
  published_at real not null,
  first_seen_at real not null,
  listed integer not null default 1,
  read integer not null default 0,
  saved integer not null default 0,
  hidden integer not null default 0,
  hidden_by_person integer,
  rule_id integer,
  muffled_by integer,
  liked integer,
  language text not null default ''
) strict;
create index states_newest on post_states (published_at, post_id, feed_id, read) where listed = 1 and hidden = 0;
create index states_by_feed on post_states (feed_id, published_at, post_id, read) where listed = 1 and hidden = 0;
create index states_saved on post_states (published_at, post_id, feed_id) where saved = 1;
create index states_hidden on post_states (published_at, post_id, feed_id, rule_id) where hidden = 1;
create index states_muffled on post_states (muffled_by, post_id) where muffled_by is not null;
create trigger state_counted after insert on post_states begin
  update feed_counts set
    posts = posts + new.listed,
    unread = unread + (new.listed and not new.hidden and not new.read),
    saved = saved + (new.saved and not new.hidden),
    hidden = hidden + (new.listed and new.hidden)
  where feed_id = new.feed_id;
end;
create trigger state_recounted after update of listed, read, saved, hidden on post_states
when old.listed <> new.listed or old.read <> new.read or old.saved <> new.saved or old.hidden <> new.hidden begin
  update feed_counts set
    posts = posts + new.listed - old.listed,
    unread = unread + (new.listed and not new.hidden and not new.read)
                    - (old.listed and not old.hidden and not old.read),
    saved = saved + (new.saved and not new.hidden) - (old.saved and not old.hidden),
    hidden = hidden + (new.listed and new.hidden) - (old.listed and old.hidden)
  where feed_id = new.feed_id;
end;
create table events (
  post_id integer not null,
  event text not null,
  at real not null,
  primary key (post_id, event)
) strict, without rowid;
create table rules (
  id integer primary key,
  name text not null,
  conditions text not null,
  action text not null,
  feed_ids text not null,
  enabled integer not null,
  created_at real not null
) strict;
create table hits (
  rule_id integer not null references rules (id),
  post_id integer not null,
  action text not null,
  matched text not null,
  primary key (rule_id, post_id)
) strict, without rowid;
create index hits_by_post on hits (post_id, action, rule_id);
"""

DERIVED = """
create table models (id integer primary key, name text not null unique) strict;
insert into models (id, name) values (1, '');
create table stages (
  post_id integer primary key,
  published_at real not null,
  language integer not null default 0,
  vectors integer not null default 0,
  signals integer not null default 0,
  rules integer not null default 0
) strict;
create table vectors (
  key integer primary key, -- the model's id times 2^40, plus the post's
  scale real not null,
  codes blob not null
) strict;
create table signals (
  content_id integer not null references contents (id),
  model_id integer not null references models (id),
  negative real not null,
  neutral real not null,
  positive real not null,
  primary key (content_id, model_id)
) strict, without rowid;
create table summaries (
  content_id integer not null references contents (id),
  model text not null,
  prompt text not null,
  summary text not null,
  made_at real not null,
  primary key (content_id, model, prompt)
) strict, without rowid;
create table ranking (chunk integer primary key, ids blob not null, scores blob not null, reasons blob not null) strict;
create table ranking_reasons (number integer primary key, name text not null) strict;
create table ranking_details (post_id integer primary key, detail text not null) strict;
create table marks (name text primary key, value integer not null) strict, without rowid;
insert into marks (name, value) values ('ranking', 0), ('signals_model', 0);
"""

WORLD = """
create table ledger (
  id integer primary key,
  at real not null,
  host text not null,
  purpose text not null,
  method text not null,
  sent_bytes integer not null,
  received_bytes integer not null default 0,
  status integer,
  error text not null default ''
) strict;
create index ledger_by_host on ledger (host, id);
create table pauses (host text primary key, until real not null) strict, without rowid;
create table settings (name text primary key, value text not null) strict, without rowid;
"""

# How far a source has been taken, the switches of its kind that are on (words with blanks between them), and whose
# account reads it; and what only some networks know, in rows that only such posts have.
SOURCES = """
alter table feeds add column cursor text not null default '';
alter table feeds add column options text not null default '';
alter table feeds add column account text not null default '';
create table extras (content_id integer primary key references contents (id), extras text not null) strict;
create table counters (post_id integer primary key, counters text not null) strict;
"""

# What an import from another reader added or marked (1: added, 2: read, 4: saved), so that it can be undone.
IMPORTS = """
create table imports (
  id integer primary key,
  reader text not null,
  name text not null,
  at real not null,
  until real not null,
  undone_at real
) strict;
create table import_feeds (import_id integer not null, feed_id integer not null, primary key (import_id, feed_id)) strict, without rowid;
create table import_posts (
  import_id integer not null,
  post_id integer not null,
  what integer not null,
  primary key (import_id, post_id)
) strict, without rowid;
"""


FULL_TEXTS = """
create table full_texts (
  post_id integer primary key references posts (id),
  url text not null,
  title text not null,
  body_html text not null,
  text text not null,
  fetched_at real not null
) strict;
create table full_text_feeds (feed_id integer primary key references feeds (id)) strict;
"""


ACCOUNTS = """
create table accounts (
  id integer primary key,
  kind text not null,
  server text not null,
  name text not null unique,
  item text not null,
  added_at real not null
) strict;
"""


PICTURES = """
create table pictures (
  url text not null unique,
  mime text not null,
  width integer not null,
  height integer not null,
  size_bytes integer not null,
  data blob not null,
  used_at real not null
) strict;
create table picture_feeds (feed_id integer primary key references feeds (id), policy text not null) strict;
"""


# What more a rule says, what the person thought of what it took, and the vectors of its topics.
RULES_TWO = """
alter table rules add column options text not null default '{}';
create table rule_marks (
  rule_id integer not null,
  post_id integer not null,
  fits integer not null,
  at real not null,
  primary key (rule_id, post_id)
) strict, without rowid;
create table topics (
  model text not null,
  description text not null,
  vector blob not null,
  primary key (model, description)
) strict, without rowid;
"""


# Feeds that were made one, and what that did to each post, so that it can be undone: `twin_id` is the kept feed's post that
# took its place, 0 where the post itself moved; `was`, `became` and `events` are JSON.
MERGES = """
create table merges (
  id integer primary key,
  keep_id integer not null,
  at real not null,
  undone_at real,
  rules text not null,
  limits text not null
) strict;
create table merge_feeds (merge_id integer not null, feed_id integer not null, primary key (merge_id, feed_id)) strict, without rowid;
create table merge_posts (
  number integer primary key,
  merge_id integer not null,
  post_id integer not null,
  twin_id integer not null,
  feed_id integer not null,
  guid text not null,
  was text not null,
  became text not null,
  events text not null
) strict;
create index merge_posts_by_merge on merge_posts (merge_id, number);
"""


# What a person did on networks, kept until the network has it and after; and what an account may do.
OUTBOX = """
create table outbox (
  id integer primary key,
  post_id integer not null,
  url text not null,
  account text not null,
  verb text not null,
  undo integer not null,
  text text not null,
  key text not null,
  state text not null,
  made_at real not null,
  attempts integer not null default 0,
  next_try_at real,
  error text not null default '',
  result text not null default ''
) strict;
create index outbox_by_post on outbox (post_id);
create index outbox_waiting on outbox (id) where state = 'waiting';
alter table accounts add column scopes text not null default 'read';
"""


# What this side and a Google Reader server last agreed on for each post (null: never), by which a change on one side is told from
# one on the other; and how that went for an account.
READERS = """
create table reader_states (
  post_id integer primary key,
  guid text not null,
  read integer,
  saved integer,
  kept_unread integer not null default 0,
  gone integer not null default 0
) strict;
alter table accounts add column error text not null default '';
alter table accounts add column synced_at real;
"""


# What heads said of a content: null where they were not asked. Those of other heads replace it content by content, so that
# nothing that is shown goes blank while they are at it. All of it is made again.
SIGNALS_TWO = """
drop table signals;
create table signals (
  content_id integer primary key references contents (id),
  model_id integer not null references models (id),
  negative real,
  neutral real,
  positive real,
  joy real,
  sadness real,
  anger real,
  optimism real,
  hostility real,
  promotion real,
  clickbait real,
  spam real,
  scam real
) strict;
update stages set signals = 0;
delete from marks where name = 'signals_model';
"""


# Which posts tell the same. A story of one post has no row, unless it is followed. `folded` posts stand behind another card,
# that of their story's lead; `feed_counts.folded` counts the unread ones among them. What the person put together (1) or
# apart (0) holds for ever and is never decided anew. No story gets the number of one that is gone: taking an act back names it.
STORIES = """
alter table stages add column stories integer not null default 0;
alter table post_states add column folded integer not null default 0;
alter table feed_counts add column folded integer not null default 0;
create table stories (
  id integer primary key autoincrement,
  lead_id integer not null,
  chosen_id integer,
  newest_at real not null,
  outlets integer not null default 1,
  followed_at real,
  looked_at real
) strict;
create index stories_followed on stories (newest_at) where followed_at is not null;
create table story_posts (
  post_id integer primary key,
  story_id integer not null references stories (id),
  added_at real not null
) strict;
create index story_posts_by_story on story_posts (story_id, post_id);
create table story_pairs (
  post_id integer not null,
  other_id integer not null,
  together integer not null,
  act_id integer not null,
  primary key (post_id, other_id)
) strict, without rowid;
create index story_pairs_by_other on story_pairs (other_id, post_id);
create table story_acts (
  id integer primary key,
  at real not null,
  act text not null,
  before text not null,
  undone_at real
) strict;
drop index states_newest;
create index states_newest on post_states (published_at, post_id, feed_id, read, folded) where listed = 1 and hidden = 0;
drop trigger state_recounted;
create trigger state_recounted after update of listed, read, saved, hidden, folded on post_states
when old.listed <> new.listed or old.read <> new.read or old.saved <> new.saved or old.hidden <> new.hidden or old.folded <> new.folded begin
  update feed_counts set
    posts = posts + new.listed - old.listed,
    unread = unread + (new.listed and not new.hidden and not new.read)
                    - (old.listed and not old.hidden and not old.read),
    folded = folded + (new.listed and not new.hidden and not new.read and new.folded)
                    - (old.listed and not old.hidden and not old.read and old.folded),
    saved = saved + (new.saved and not new.hidden) - (old.saved and not old.hidden),
    hidden = hidden + (new.listed and new.hidden) - (old.listed and old.hidden)
  where feed_id = new.feed_id;
end;
"""


# The person's own algorithm: timelines, weights of feeds and other edits, and what the order was worth when they acted.
RANKING_TWO = """
create table timelines (id integer primary key, name text not null unique, position integer not null, options text not null) strict;
create table interest_edits (
  kind text not null,
  key text not null,
  weight real not null,
  at real not null,
  primary key (kind, key)
) strict, without rowid;
create table forgotten (post_id integer primary key, at real not null) strict;
create index contents_by_author on contents (author) where author <> '';
create table judged_scores (
  post_id integer primary key,
  at real not null,
  event text not null,
  place real not null,
  newest_place real not null
) strict;
"""


# How far down the posts, from the newest, a rule was judged since it last changed; a rule without a row is done. Posts up to
# `newest_id` were there when it changed. A rule that was removed stays for a while, so that it can be brought back.
RULES_PAST = """
create table rule_progress (
  rule_id integer primary key,
  version integer not null,
  upto_at real,
  upto_id integer,
  done integer not null default 0,
  total integer not null default 0,
  newest_id integer not null
) strict;
alter table rules add column removed_at real;
"""

# What the language model wrote of more than one text, and what else it is asked for; all of it can be made again.
# `key` names the texts by their hashes. `flags`: what a text holds that wants to steer a model, words with blanks between.
WRITTEN = """
create table written (
  key blob not null,
  kind text not null,
  model text not null,
  prompt text not null,
  content text not null,
  made_at real not null,
  primary key (key, kind, model, prompt)
) strict, without rowid;
create table summary_wishes (
  feed_id integer primary key references feeds (id) on delete cascade,
  max_words integer,
  prompt text not null default '',
  always integer not null default 0
) strict;
create table summary_days (day text primary key, seconds real not null) strict, without rowid;
create table briefings (
  id integer primary key,
  made_at real not null,
  since real not null,
  minutes real not null,
  done integer not null default 0,
  content text not null
) strict;
create table briefed (
  briefing_id integer not null references briefings (id) on delete cascade,
  post_id integer not null,
  primary key (briefing_id, post_id)
) strict, without rowid;
create table content_flags (
  content_id integer primary key references contents (id),
  flags text not null default '',
  hidden text not null default ''
) strict;
alter table stages add column flags integer not null default 0;
create table model_servers (
  id integer primary key,
  url text not null unique,
  model text not null,
  item text not null default '',
  confirmed_at real,
  enabled integer not null default 0
) strict;
"""


def m001(db: Database) -> None:
    for part in (FEEDS, POSTS, STATES, DERIVED, WORLD):
        for statement in statements(part):
            db.conn.execute(statement)


def m002(db: Database) -> None:
    for statement in statements(SOURCES):
        db.conn.execute(statement)


def m003(db: Database) -> None:
    for statement in statements(IMPORTS):
        db.conn.execute(statement)


def m004(db: Database) -> None:
    for statement in statements(FULL_TEXTS):
        db.conn.execute(statement)


def m005(db: Database) -> None:
    for statement in statements(ACCOUNTS):
        db.conn.execute(statement)


def m006(db: Database) -> None:
    for statement in statements(OUTBOX):
        db.conn.execute(statement)


def m007(db: Database) -> None:
    for statement in statements(PICTURES):
        db.conn.execute(statement)


def m008(db: Database) -> None:
    for statement in statements(RULES_TWO):
        db.conn.execute(statement)


def m009(db: Database) -> None:
    for statement in statements(MERGES):
        db.conn.execute(statement)


def m010(db: Database) -> None:
    for statement in statements(READERS):
        db.conn.execute(statement)


def m011(db: Database) -> None:
    for statement in statements(SIGNALS_TWO):
        db.conn.execute(statement)


def m012(db: Database) -> None:
    for statement in statements(STORIES):
        db.conn.execute(statement)


def m013(db: Database) -> None:
    for statement in statements(RANKING_TWO):
        db.conn.execute(statement)


def m014(db: Database) -> None:
    for statement in statements(RULES_PAST):
        db.conn.execute(statement)


def m015(db: Database) -> None:
    for statement in statements(WRITTEN):
        db.conn.execute(statement)


STEPS: tuple[Callable[[Database], None], ...] = (
    m001, m002, m003, m004, m005, m006, m007, m008, m009, m010, m011, m012, m013, m014, m015,
)  # fmt: skip


def statements(script: str) -> list[str]:
    """Cut a script of this module into statements; a trigger ends with a line that is `end;`."""
    found: list[str] = []
    lines: list[str] = []
    for line in script.strip().splitlines():
        lines.append(line)
        text = "\n".join(lines)
        if line.endswith(";") and ("create trigger" not in text or line == "end;"):
            found.append(text)
            lines = []
    return found


def migrate(
    path: Path, key: bytes | None, now: datetime, steps: tuple[Callable[[Database], None], ...] = STEPS
) -> None:
    """Bring a database (which may be an empty file) to this version's shape. Costs two pragmas when there is nothing to do.

    Raises:
        LockedError: wrong key.   NewerProfileError.   StoreError: no Millpond database, or the disk says no.
    """
    with plain_errors():
        connection = connect(path, key)
        try:
            require_readable(connection, key)
            if _version(connection, path, len(steps)) == len(steps):
                return
            with lock(path.parent, "migration"):
                if _version(connection, path, len(steps)) < len(steps):
                    _apply(connection, path, key, now, steps)
        finally:
            connection.close()


def _version(connection: Connection, path: Path, newest: int) -> int:
    application: int = connection.execute("pragma application_id").fetchone()[0]
    version: int = connection.execute("pragma user_version").fetchone()[0]
    tables: int = connection.execute("select count(*) from sqlite_master").fetchone()[0]
    if application == 0 and version == 0 and tables == 0:
        return 0
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is not a database of Millpond. It was left as it is.")
    if version > newest:
        raise NewerProfileError(
            f"This profile was made by a newer Millpond (its version is {version}, this one knows {newest}). "
            "It was left as it is: update Millpond to open it."
        )
    return version


def _apply(
    connection: Connection, path: Path, key: bytes | None, now: datetime, steps: tuple[Callable[[Database], None], ...]
) -> None:
    from sqlite_utils import Database  # costs 0.1 s, which opening a profile need not pay

    version = _version(connection, path, len(steps))
    if version:
        copy = path.parent / "backups" / f"before-m{version + 1:03d}-{now:%Y%m%dT%H%M%S}.db"
        copy_verified(path, key, copy)
        trim_backups(copy.parent)
    connection.execute("pragma journal_mode = wal").fetchall()
    connection.execute("pragma synchronous = full").fetchall()
    connection.execute("begin immediate")
    try:
        database = Database(connection, recursive_triggers=False, execute_plugins=False)
        _migrations(steps).apply(database)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {len(steps)}")
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
    log.info("migrated from=%s to=%s", version, len(steps))


def _migrations(steps: tuple[Callable[[Database], None], ...]) -> Migrations:
    from sqlite_utils.migrations import Migrations

    migrations = Migrations("millpond")
    for number, step in enumerate(steps, 1):
        migrations(name=f"m{number:03d}")(step)
    return migrations
