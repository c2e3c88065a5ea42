"""Times of the store: `python -m tests.benchmarks.store [--posts 200000] [--profile DIR]` prints one line per figure."""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.store import Answer, Store
from engine.types import FeedInfo, FetchState, SearchQuery, TimelineQuery
from tests.benchmarks.corpus import NOW, Corpus

KEY = bytes(range(32))
FEEDS = 200


def calibrate() -> float:
    """Seconds of a fixed loop, to compare machines by."""
    start = time.perf_counter()
    total = 0
    for number in range(5_000_000):
        total += number % 7
    return time.perf_counter() - start


def timed(name: str, unit_target: str, work: Callable[[], object], runs: int = 5) -> float:
    """Print the median and worst wall time of `work`, and its processor time, which a busy machine distorts less."""
    seconds, processor = [], []
    for _ in range(runs):
        start, busy = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    median = statistics.median(seconds)
    print(
        f"{name:<52} {median * 1000:9.1f} ms   worst {max(seconds) * 1000:9.1f}"
        f"   processor {statistics.median(processor) * 1000:9.1f}   target {unit_target}",
        flush=True,
    )
    return median


def fill(store: Store, corpus: Corpus, count: int) -> None:
    """Store `count` posts in batches, 50 of one feed at a time."""
    ids = [
        store.add_feed(f"https://feed{feed}.example/rss", folder=f"Folder {feed % 12}", title=f"Feed {feed}")[0]
        for feed in range(FEEDS)
    ]
    spent = 0.0
    for first in range(0, count, 50):
        feed = (first // 50) % FEEDS
        posts = corpus.posts(first, 50, feed)
        answer = Answer(
            feed_id=ids[feed],
            info=FeedInfo(title=f"Feed {feed}"),
            posts=posts,
            state=FetchState(feed_id=ids[feed], url=f"https://feed{feed}.example/rss", last_success_at=NOW),
        )
        start = time.perf_counter()
        store.ingest([answer])
        spent += time.perf_counter() - start
        if first % 50_000 == 0 and first:
            print(f"  … {first} posts, {spent:.1f} s in the store", flush=True)
    print(f"filled {count} posts in {spent:.1f} s of the store's time", flush=True)


def ingest_10_000() -> None:
    corpus = Corpus(seed=11)
    batches = [corpus.posts(feed * 50, 50, feed) for feed in range(FEEDS)]

    def once() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "p", key=KEY, clock=lambda: NOW) as store:
            ids = [store.add_feed(f"https://feed{feed}.example/rss")[0] for feed in range(FEEDS)]
            answers = [
                Answer(feed_id=i, info=FeedInfo(title="x"), posts=posts, state=FetchState(feed_id=i, url=f"u{i}"))
                for i, posts in zip(ids, batches, strict=True)
            ]
            start, busy = time.perf_counter(), time.process_time()
            for answer in answers:
                store.ingest([answer])
            return time.perf_counter() - start, time.process_time() - busy

    runs = [once() for _ in range(5)]
    seconds, processor = (sorted(column) for column in zip(*runs, strict=True))
    print(
        f"{'ingest 10,000 posts in 200 transactions':<52} {seconds[2] * 1000:9.1f} ms   worst {seconds[-1] * 1000:9.1f}"
        f"   processor {processor[2] * 1000:9.1f}   target 2000 ms",
        flush=True,
    )


def derive(store: Store, count: int) -> None:
    """Give every post a vector and a score."""
    rng = np.random.default_rng(3)
    ids = np.arange(1, count + 1, dtype=np.int64)
    for start in range(0, count, 5000):
        some = ids[start : start + 5000]
        codes = rng.integers(-127, 128, (len(some), 384), dtype=np.int8)
        store.save_vectors("bench", some, codes, np.full(len(some), 0.01, np.float32))
    save_scores(store, count)


def save_scores(store: Store, count: int) -> None:
    rng = np.random.default_rng(4)
    ids = rng.permutation(np.arange(1, count + 1, dtype=np.int64))
    scores = np.sort(rng.random(count).astype(np.float32))[::-1]
    store.save_scores(ids, scores, reasons=rng.integers(0, 4, count).astype(np.uint8), names=["a", "b", "c", "d"])


def measure(profile: Path, count: int) -> None:
    def open_and_show(order: str) -> None:
        with Store.open(profile, key=KEY, clock=lambda: NOW) as store:
            ids = store.timeline(TimelineQuery(order=order))  # type: ignore[arg-type]
            assert len(ids) == 500
            assert len(store.rows(ids[:50])) == 50

    timed("open, timeline of 500 ids and 50 rows: newest", "60 ms", lambda: open_and_show("newest"))
    timed("open, timeline of 500 ids and 50 rows: for you", "60 ms", lambda: open_and_show("for_you"))
    with Store.open(profile, key=KEY, clock=lambda: NOW) as store:
        timed("counts", "5 ms", store.counts)
        timed("feeds", "10 ms", store.feeds)
        for name, query in {
            "a feed": TimelineQuery(feed_id=7),
            "a folder": TimelineQuery(folder="Folder 3"),
            "unread": TimelineQuery(unread=True),
            "read (none)": TimelineQuery(unread=False),
            "saved (none)": TimelineQuery(saved=True),
            "hidden (none)": TimelineQuery(hidden=True),
        }.items():
            timed(f"for you: {name}", "60 ms", lambda query=query: store.timeline(query))  # type: ignore[misc]
        for name, query in {
            "a feed": TimelineQuery(order="newest", feed_id=7),
            "a folder": TimelineQuery(order="newest", folder="Folder 3"),
            "all ids": TimelineQuery(order="newest", limit=0),
        }.items():
            timed(f"newest: {name}", "60 ms", lambda query=query: store.timeline(query))  # type: ignore[misc]
        ids = store.timeline(TimelineQuery(order="newest", limit=0))
        timed("50 rows", "10 ms", lambda: store.rows(ids[1000:1050]))
        timed("mark one read, durably", "30 ms", lambda: store.mark([ids.pop()], read=True), runs=15)
        timed("candidates as columns", "500 ms", store.candidates)
        timed("load all vectors", "1000 ms", lambda: sum(len(part[0]) for part in store.load_vectors("bench")))
        timed("store scores of 100,000", "100 ms", lambda: save_scores(store, 100_000))
        save_scores(store, count)
        timed("owed: 1000 of vectors by another model", "60 ms", lambda: store.owed("vectors", "other"))
        timed("owed: none of vectors", "60 ms", lambda: store.owed("vectors", "bench"))
        searches(store, "100 word searches", list(Corpus(seed=99).queries(100)), "p95 50 ms")
        searches(store, "40 questions, half of them Chinese", list(Corpus(seed=98).questions(40)), "none")
        timed("mark 10,000 read", "300 ms", lambda: store.mark(ids[:10_000], read=True), runs=1)
        timed("a rule over 10,000 posts", "500 ms", lambda: _rule(store, ids[:10_000]), runs=1)
    print(f"resident: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


def searches(store: Store, name: str, texts: list[str], target: str) -> None:
    """Print how long searches by words take: wall time, and processor time, which a busy machine distorts less."""
    rows: list[tuple[float, float, str, int, bool]] = []
    for text in texts:
        start, busy = time.perf_counter(), time.process_time()
        hits, newest_only = store.search_words(SearchQuery(text=text))
        rows.append((time.perf_counter() - start, time.process_time() - busy, text, len(hits), newest_only))
    wall, processor = (sorted(1000 * row[column] for row in rows) for column in (0, 1))
    middle, late = len(rows) // 2, len(rows) * 95 // 100 - 1
    slowest = max(rows)[2]
    print(
        f"{name:<58} p50 {wall[middle]:.1f}  p95 {wall[late]:.1f}  worst {wall[-1]:.1f} ms ({slowest[:60]!r})"
        f"   processor p95 {processor[late]:.1f}   target {target};"
        f" newest only: {sum(row[4] for row in rows)}, without a hit: {sum(row[3] == 0 for row in rows)}"
    )


def _rule(store: Store, ids: list[int]) -> None:
    from engine.types import Condition, Rule, RuleHit

    rule, _ = store.save_rule(
        Rule(name="bench", conditions=(Condition(field="words", value="x"),)), [(post_id, RuleHit(rule_id=0, action="hide", matched="x")) for post_id in ids]
    )
    store.delete_rule(rule.id)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--profile", type=Path, help="keep the profile here and use it again")
    arguments = parser.parse_args()
    print(f"calibration loop: {calibrate() * 1000:.0f} ms")
    ingest_10_000()
    with tempfile.TemporaryDirectory() as folder:
        profile: Path = arguments.profile or Path(folder) / "profile"
        if not (profile / "millpond.db").exists():
            with Store.open(profile, key=KEY, clock=lambda: NOW) as store:
                fill(store, Corpus(), arguments.posts)
                derive(store, arguments.posts)
        measure(profile, arguments.posts)


if __name__ == "__main__":
    main()
