"""Seconds to a briefing over 2,000 posts, with the default model on two cores: its first lines, all of it, and stopping it.

    python -m tests.benchmarks.briefing [--posts 2000] [--window]

"first": until headlines and picked sentences are there (with --window: on screen, from the click). "whole": until the model
has told what fits its minutes. "cancel": the longest of several stops, each at another moment, the model's loading among them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil

from engine import Engine, PlainPost, open_engine
from tests.benchmarks.corpus import Corpus

CORES = 2
FEEDS = 40
_WHO = ("The council", "A ferry company", "The museum", "Engineers", "A group of bakers", "The university", "Two farmers", "The harbour office")
_DID = ("opened", "closed", "repaired", "sold", "measured", "painted", "moved", "rebuilt")
_WHAT = ("the northern bridge", "a small library", "the old tram line", "an orchard", "the water mill", "a row of workshops", "the night market", "the lighthouse")
_WHY = ("because the winter was mild", "after a vote of {n} to {m}", "for {n} thousand crowns", "while {n} people watched", "in only {n} days", "before the rain came")


def posts(count: int, seed: int = 11) -> Iterator[PlainPost]:
    """Plain English of about 120 words, no two alike; every tenth is Chinese."""
    chance, corpus = random.Random(seed), Corpus(seed)
    now = datetime.now(UTC)
    for number in range(count):
        when = now - timedelta(minutes=chance.uniform(5, 22 * 60))
        if number % 10 == 9:
            title, text = corpus.han(14), "。".join(corpus.han(28) for _ in range(12)) + "。"
        else:
            sentences = [_sentence(chance) for _ in range(9)]
            title, text = sentences[0].rstrip("."), " ".join(sentences)
        yield PlainPost(title=title, text=text, url=f"https://feed{number % FEEDS}.example/{number}", published_at=when, guid=str(number))


def _sentence(chance: random.Random) -> str:
    why = chance.choice(_WHY).format(n=chance.randrange(3, 90), m=chance.randrange(1, 40))
    return f"{chance.choice(_WHO)} {chance.choice(_DID)} {chance.choice(_WHAT)} in {chance.choice('ABCDEFGH')}{chance.choice('aeiou')}rn{chance.randrange(9)} {why}."


def fill(engine: Engine, count: int) -> None:
    by_feed: dict[int, list[PlainPost]] = {}
    for number, post in enumerate(posts(count)):
        by_feed.setdefault(number % FEEDS, []).append(post)
    for feed, some in by_feed.items():
        engine.add_posts(f"Feed {feed}", some)


def made(engine: Engine, minutes: float) -> dict[str, object]:
    """One briefing from a standing start: no worker runs, nothing is loaded."""
    began = time.perf_counter()
    events, moments = [], [began]
    for event in engine.brief(minutes):
        events.append(event)
        moments.append(time.perf_counter())
    briefing = events[-1].briefing
    return {
        "items": len(briefing.items), "by_model": sum(item.method == "model" for item in briefing.items), "note": briefing.note,
        "left_out": briefing.left_out, "reading_minutes": round(briefing.reading_minutes, 2), "first_s": round(moments[1] - began, 3),
        "whole_s": round(moments[-1] - began, 1),
        "longest_silence_s": round(max(after - before for before, after in pairwise(moments)), 2),
    }  # fmt: skip


def stopped(engine: Engine, after_s: float) -> float:
    """Seconds that closing takes so long after the first event."""
    events = engine.brief(5.0, datetime.now(UTC) - timedelta(days=1))
    next(events)
    until = time.perf_counter() + after_s
    for _ in events:
        if time.perf_counter() >= until:
            break
    began = time.perf_counter()
    events.close()  # type: ignore[attr-defined]
    return time.perf_counter() - began


def on_screen(engine: Engine) -> dict[str, float]:
    """From the click in the window until the first thing is painted, and from the click on Cancel until the window is at rest."""
    from PySide6.QtWidgets import QApplication

    from desktop.app import make_application
    from desktop.main_window import MainWindow
    from desktop.pages.briefing import BriefingPage

    app = make_application([])
    window = MainWindow()
    window.show()
    window.attach(engine)
    window.lanes.wait_idle(120_000)
    window.show_page("briefing")
    window.lanes.wait_idle(60_000)
    page = window.panes.page()
    assert isinstance(page, BriefingPage)

    def turn_until(done: object, most_s: float = 120.0) -> float:
        began = time.perf_counter()
        while not done() and time.perf_counter() - began < most_s:  # type: ignore[operator]
            app.processEvents()
            time.sleep(0.001)
        return time.perf_counter() - began

    shown = page._briefing  # the latest one that is kept
    page.since.setCurrentIndex(page.since.findData("yesterday"))
    page.make.click()
    first = turn_until(lambda: page._briefing not in (None, shown) and page._cards and next(iter(page._cards.values())).grab().width() > 0)
    turn_until(lambda: window.briefings.latest is not None and window.briefings.latest.done > 1)
    page.cancel.click()
    rest = turn_until(lambda: not window.briefings.running())
    window.lanes.wait_idle(60_000)
    window.engine = None
    window.upkeep.stop()
    window.briefings.stop()
    window.lanes.close()
    QApplication.closeAllWindows()
    return {"first_on_screen_s": round(first, 2), "cancel_s": round(rest, 2)}


def main() -> None:
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--posts", type=int, default=2000)
    wanted.add_argument("--minutes", type=float, default=5.0)
    wanted.add_argument("--window", action="store_true")
    options = wanted.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory(prefix="millpond-briefing-") as folder:
        key, path = secrets.token_bytes(32), Path(folder) / "profile"
        with open_engine(path, key=key) as engine:
            fill(engine, options.posts)
        said: dict[str, object] = {"posts": options.posts, "cores": CORES, "load": round(psutil.getloadavg()[0], 1)}
        with open_engine(path, key=key) as engine:
            said |= made(engine, options.minutes)
        with open_engine(path, key=key) as engine:
            said["cancel_s"] = round(max(stopped(engine, after) for after in (0.0, 0.5, 1.5, 4.0, 9.0)), 2)
        if options.window:
            with open_engine(path, key=key) as engine:
                said |= {f"window_{name}": value for name, value in on_screen(engine).items()}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
