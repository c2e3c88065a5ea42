"""OPML carries all that is kept of a subscription, and never a credential."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine, Subscription, open_engine
from engine.sources.opml import read_opml, write_opml
from engine.sources.registry import SOURCES

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), blacklist_characters="/\ufffe\uffff"), min_size=1, max_size=9)
KINDS = st.sampled_from(sorted(SOURCES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.sets(st.sampled_from(SOURCES[kind].options or ("",))))
)
FEEDS = st.lists(
    st.builds(
        lambda number, title, site, folder, source: Subscription(
            url=f"https://a.example/{number}?x=1&y=<{number}>", title=title, site_url=site, folder="/".join(folder), kind=source[0],
            options=tuple(option for option in SOURCES[source[0]].options if option in source[1]),
        ),
        st.integers(0, 10**6), st.one_of(st.just(""), NAMES), st.sampled_from(["", "https://a.example/?q=ü"]),
        st.lists(NAMES, max_size=5), KINDS,
    ),
    unique_by=lambda feed: feed.url, max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(FEEDS)
def test_kind_options_folder_title_and_site_come_back_unchanged(feeds: list[Subscription]) -> None:
    back = read_opml(write_opml(feeds, "Mine"))
    assert sorted(back, key=lambda feed: feed.url) == sorted(feeds, key=lambda feed: feed.url)


def test_a_profile_comes_back_from_its_list(engine: Engine, tmp_path: Path) -> None:
    feeds = [
        Subscription(url="https://www.youtube.com/channel/UCaaaaaaaaaaaaaaaaaaaaaa", kind="youtube", options=("shorts",), folder="A/B/C"),
        Subscription(url="https://www.reddit.com/r/ponds", kind="feed", title="Plain, although it looks like another kind"),
    ]
    engine.follow(feeds)
    engine.export_opml(tmp_path / "out.opml")
    with open_engine(tmp_path / "other", key=secrets.token_bytes(32)) as other:
        *_, done = other.import_from(tmp_path / "out.opml")
        assert done.feeds == 2  # type: ignore[union-attr]
        there, here = ([(f.url, f.title, f.folder, f.kind, f.options) for f in each.feeds()] for each in (other, engine))
        assert there == here
        other.undo_import(done.id)  # type: ignore[union-attr]
        assert other.feeds() == []


def test_neither_passwords_nor_accounts_are_written() -> None:
    feed = Subscription(url="https://ann:secret@a.example/feed", site_url="https://ann:secret@a.example/", account="ann@secret.example")
    written = write_opml([feed], "Mine")
    assert b"secret" not in written
    assert b"https://a.example/feed" in written


@pytest.mark.parametrize("kind", ["nonsense", "local", "", "../../x"])
def test_a_kind_that_is_not_known_is_told_by_the_address(kind: str) -> None:
    body = f'<opml xmlns:m="urn:millpond:opml:1"><body><outline xmlUrl="https://a.example/" m:kind="{kind}" m:options="x"/></body></opml>'
    assert read_opml(body.encode()) == (Subscription(url="https://a.example/"),)
