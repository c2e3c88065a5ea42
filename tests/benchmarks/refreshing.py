"""Refreshing beside newsboat (Debian's package) on the same server: 200 feeds of 50 posts.

    python -m tests.benchmarks.refreshing
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import FeedFailed, FeedRefreshed, Subscription, TimelineQuery, open_engine

FEEDS, POSTS = 200, 50


@contextmanager
def server(feeds: int = FEEDS, posts: int = POSTS) -> Iterator[list[str]]:
    """Serve generated feeds from a process of its own."""
    command = [sys.executable, "-m", "tests.fakenet", "--feeds", str(feeds), "--posts", str(posts)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["urls"]
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def newsboat(urls: list[str]) -> float:
    """Seconds that newsboat needs to fetch all feeds into an empty cache."""
    if shutil.which("newsboat") is None:
        raise SystemExit("newsboat is not installed:  apt-get install newsboat")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "urls").write_text("\n".join(urls) + "\n")
        (home / "config").write_text("reload-threads 8\n")
        command = ["newsboat", "-u", str(home / "urls"), "-C", str(home / "config"), "-c", str(home / "cache.db"),
                   "-x", "reload"]  # fmt: skip
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started


def millpond(urls: list[str]) -> dict[str, float]:
    """Seconds of the first refresh, of its first feed on the timeline, and of a second one that is all 304."""
    with (
        tempfile.TemporaryDirectory() as folder,
        open_engine(Path(folder) / "profile", key=secrets.token_bytes(32)) as engine,
    ):
        engine.follow([Subscription(url=url) for url in urls], allow_private=True)
        started = time.perf_counter()
        first_on_screen, new = 0.0, 0
        for event in engine.refresh(force=True):
            if isinstance(event, FeedFailed):
                raise SystemExit(f"a feed failed: {event.error}")
            if isinstance(event, FeedRefreshed):
                new += event.new
                if not first_on_screen:
                    engine.rows(engine.timeline(TimelineQuery(limit=50)))
                    first_on_screen = time.perf_counter() - started
        first = time.perf_counter() - started
        assert new == FEEDS * POSTS, new
        started = time.perf_counter()
        statuses = {event.status for event in engine.refresh(force=True) if isinstance(event, FeedRefreshed)}
        second = time.perf_counter() - started
        assert statuses == {304}, statuses
        return {"first": first, "first_feed_on_screen": first_on_screen, "second_all_304": second}


def measure(rounds: int = 5) -> dict[str, float]:
    """Medians of several rounds, in one run, side by side."""
    with server() as urls:
        theirs = sorted(newsboat(urls) for _ in range(rounds))[rounds // 2]
        runs = [millpond(urls) for _ in range(rounds)]
    ours = {name: sorted(run[name] for run in runs)[rounds // 2] for name in runs[0]}
    return {
        "newsboat_seconds": theirs,
        **{f"{name}_seconds": seconds for name, seconds in ours.items()},
        "first_ratio": ours["first"] / theirs,
        "second_ratio": ours["second_all_304"] / theirs,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
