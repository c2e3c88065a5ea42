"""The kinds of sources. A new one is a file in `kinds/` and a line here. Free of I/O; `engine.http` fetches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.errors import InputError
from engine.sources.kinds.bluesky import Bluesky
from engine.sources.kinds.feed import Feed
from engine.sources.kinds.greader import GoogleReader
from engine.sources.kinds.hackernews import HackerNews
from engine.sources.kinds.labelled import LABELLED
from engine.sources.kinds.lemmy import Lemmy
from engine.sources.kinds.mastodon import Mastodon
from engine.sources.kinds.reddit import Reddit
from engine.sources.kinds.youtube import YouTube
from engine.sources.source import Source
from engine.types import Target

SOURCES: Mapping[str, Source] = {
    source.kind: source
    for source in (
        Feed(),
        HackerNews(),
        Reddit(),
        YouTube(),
        Lemmy(),
        Mastodon(),
        Bluesky(),
        GoogleReader(),
        *LABELLED,
    )
}


def source(kind: str) -> Source:
    """Raises InputError when there is no such kind."""
    try:
        return SOURCES[kind]
    except KeyError:
        raise InputError(f"There is no kind of source called “{kind}”. There are: {', '.join(SOURCES)}.") from None


def network(kind: str) -> str:
    """Return the name of a kind's network; the kind itself where it is unknown."""
    return SOURCES[kind].label if kind in SOURCES else kind


def targets(address: str) -> Iterator[Target]:
    """Yield what an address may stand for, what is sure first."""
    found = [target for each in SOURCES.values() if (target := each.recognise(address)) is not None]
    yield from sorted(found, key=lambda target: not target.sure)


def known(address: str) -> Target | None:
    """Return what an address surely stands for; None when only an answer could tell."""
    return next((target for target in targets(address) if target.sure), None)
