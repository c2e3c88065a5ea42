"""Times of rules over a past of many posts: `python -m tests.benchmarks.rules [--posts 100000] [--profile DIR]`.

For each rule: until the first screen is right (the rule is saved), until all posts are judged, the longest piece, and the
same in one go, reading every post. Then the dry run: the first look, and after a slider was moved.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine import Engine, TimelineQuery, open_engine, parse_rule
from engine.store import Store
from engine.types import Sentiment, Signals
from engine.vectors import quantise, unit
from tests.benchmarks.corpus import NOW, Corpus
from tests.benchmarks.store import FEEDS, KEY, fill

MODEL = "all-MiniLM-L6-v2"
RULES = {
    "words, rare": 'hide words "baba gufe"',
    "words, in six of ten": 'hide words "with"',
    "phrase": 'hide phrase "the of"',
    "part of words": 'muffle part of words "quawex"',
    "pattern": r'hide regex "qua\\w+ zin"',
    "signal": "hide signal negative over 0.5",
    "topic": 'hide topic "boats" over 0.05',
    "signal and words": 'hide signal negative over 0.5 not words "with"',
    "length in a folder": 'label length over 100 in folder "Folder 3"',
    "rank higher": 'boost topic "boats" over 0.05',
}


def made(profile: Path, count: int) -> None:
    """Posts with vectors and a tone each."""
    rng = np.random.default_rng(3)
    with Store.open(profile, key=KEY, clock=lambda: NOW) as store:
        fill(store, Corpus(), count)
        for first in range(1, count + 1, 5000):
            ids = np.arange(first, min(first + 5000, count + 1), dtype=np.int64)
            codes, scales = quantise(unit(rng.normal(size=(len(ids), 384)).astype(np.float32)))
            store.save_vectors(MODEL, ids, codes, scales)
            tones = rng.dirichlet((1, 1, 1), len(ids)).tolist()
            store.save_signals("bench", {i: Signals(sentiment=Sentiment(*tone)) for i, tone in zip(ids.tolist(), tones, strict=True)})
        direction = unit(rng.normal(size=(1, 384)).astype(np.float32))[0]
        store.save_topic_vector(MODEL, "boats", direction.astype("<f4").tobytes())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_one_go(engine: Engine, text: str) -> float:
    """Seconds to read every post, put the rule to it and store what it takes in one transaction."""
    rule = parse_rule(text)

    def work() -> None:
        ids = engine._store.posts_by_date().ids.tolist()
        saved, _ = engine._store.save_rule(rule, engine._hits(rule, ids))
        took.append(saved.id)

    took: list[int] = []
    spent = seconds(work)
    engine._store.delete_rule(took[0])
    return spent


def pieces(engine: Engine) -> tuple[float, float]:
    """Judge the past; returns all seconds and those of the longest piece."""
    start = last = time.perf_counter()
    longest = 0.0
    for _ in engine.reapply_rules():
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return time.perf_counter() - start, longest


def measure(engine: Engine, wanted: Sequence[str]) -> None:
    """Processor seconds stand beside: a busy machine distorts them less."""
    visible = engine.timeline(TimelineQuery(limit=50))
    for name in wanted:
        text = RULES[name]
        busy = time.process_time()
        start = time.perf_counter()
        saved = engine.save_rule(parse_rule(text), visible=visible)
        first, first_busy = time.perf_counter() - start, time.process_time() - busy
        rest, longest = pieces(engine)
        busy = time.process_time() - busy
        taken = engine.rule_counts()[saved.rule.id]
        off = seconds(lambda rule=saved.rule: engine.save_rule(replace(rule, enabled=False), visible=visible))  # type: ignore[misc]
        off_rest, _ = pieces(engine)
        engine.delete_rule(saved.rule.id)
        one_busy = time.process_time()
        one_go = in_one_go(engine, text)
        one_busy = time.process_time() - one_busy
        print(
            f"{name:<22} {taken:6} taken   first screen {first * 1000:6.0f} ms, processor {first_busy * 1000:4.0f} (target 200)   all {first + rest:6.2f} s (target 30), "
            f"processor {busy:6.2f} s   longest piece {longest * 1000:5.0f} ms   off {off * 1000:4.0f} ms and {off_rest:5.2f} s   "
            f"in one go {one_go:6.2f} s, processor {one_busy:6.2f}, ratio {one_go / (first + rest):4.1f}",
            flush=True,
        )
    for name in (name for name in ("topic", "signal", "signal and words") if name in wanted):
        rule = parse_rule(RULES[name])
        look = seconds(lambda rule=rule: engine.preview_rule(rule))  # type: ignore[misc]
        moved = []
        for low in (0.01, 0.03, 0.07, 0.1, 0.12):
            conditions = (replace(rule.conditions[0], low=low), *rule.conditions[1:])
            moved.append(seconds(lambda rule=rule, conditions=conditions: engine.preview_rule(replace(rule, conditions=conditions))))  # type: ignore[misc]
        print(f"dry run, {name:<22} first look {look:6.2f} s   after the slider {max(moved) * 1000:6.1f} ms at most (target 200)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--profile", type=Path, help="keep the profile here and use it again")
    parser.add_argument("--only", nargs="*", choices=list(RULES), default=list(RULES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        profile: Path = arguments.profile or Path(folder) / "made"
        if not (profile / "millpond.db").exists():
            made(profile, arguments.posts)
        used = Path(folder) / "used"
        shutil.copytree(profile, used)
        with open_engine(used, key=KEY, clock=lambda: NOW) as engine:
            print(f"{arguments.posts} posts of {FEEDS} feeds", flush=True)
            measure(engine, arguments.only)


if __name__ == "__main__":
    main()
