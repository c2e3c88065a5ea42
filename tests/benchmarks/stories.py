"""Times of folding: `python -m tests.benchmarks.stories [--posts 100000] [--days 30]` prints one line of figures.

Made-up posts, so many in 30 days, or of some days at that pace (the window of four days fills early), one in five of them retelling an earlier one in other words and with a near vector, put to their stories in
batches of 50 as a refresh brings them; the posts of the last three days are timed. Beside it the same comparison with every
post of the window, which is what folding without an index costs.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator

import numpy as np

from engine.stories import WINDOW_HOURS, StoryIndex, Telling
from tests.benchmarks.corpus import word

DAYS = 30.0
DIM = 384
BATCH = 50
WORDS = 40_000
NAIVE_POSTS = 40


def tellings(count: int, a_day: float) -> Iterator[Telling]:
    """Posts in order of time: a title of nine words, a text of forty, three in four with a vector."""
    random = np.random.default_rng(5)
    names = [word(rank) for rank in range(WORDS)]
    recent: list[tuple[list[int], np.ndarray[tuple[int], np.dtype[np.float32]]]] = []
    for number in range(count):
        topic = random.standard_normal(DIM).astype(np.float32)
        ranks = [int(rank) % WORDS for rank in random.zipf(1.25, 49)]
        if recent and random.random() < 0.2:
            told, vector = recent[int(random.integers(len(recent)))]
            ranks[:6] = told[:6]
            topic = vector + 0.5 * topic / float(np.linalg.norm(topic))
        topic /= np.linalg.norm(topic)
        recent.append((ranks, topic))
        del recent[:-2000]
        yield Telling(
            id=number + 1,
            title=" ".join(names[rank] for rank in ranks[:9]),
            text=" ".join(names[rank] for rank in ranks[9:]),
            links=(f"site.example/{number}",),
            hours=24 * number / a_day,
            source=number % 200 + 1,
            vector=topic if random.random() < 0.75 else None,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--days", type=float, default=DAYS)
    options = parser.parse_args()
    a_day = options.posts / DAYS
    count = int(a_day * options.days)
    index = StoryIndex()
    timed_from = (options.days - 3) * 24
    wall: list[float] = []
    busy = 0.0
    folded = largest = 0
    batch: list[Telling] = []
    for telling in tellings(count, a_day):
        batch.append(telling)
        if len(batch) < BATCH and telling.id < count:
            continue
        began, processor = time.perf_counter(), time.process_time()
        placed = index.place(batch)
        index.forget_before(batch[0].hours - WINDOW_HOURS)
        if batch[0].hours >= timed_from:
            wall.append((time.perf_counter() - began) / len(batch))
            busy += time.process_time() - processor
        folded += sum(place.beside is not None for place in placed)
        largest = max(largest, len(index))
        batch = []
    timed = len(wall) * BATCH
    print(
        json.dumps(
            {
                "posts": count,
                "window_posts": largest,
                "folded": folded,
                "median_ms_a_post": round(float(np.median(wall)) * 1000, 3),
                "processor_ms_a_post": round(busy / timed * 1000, 3),
                "naive_processor_ms_a_post": round(naive_ms(index), 3),
                "resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        ),
        flush=True,
    )


def naive_ms(index: StoryIndex) -> float:
    """Milliseconds of the processor that comparing one post with all of the window takes."""
    began = time.process_time()
    for _ in range(NAIVE_POSTS):
        index.compare_with_all()
    return (time.process_time() - began) / NAIVE_POSTS * 1000


if __name__ == "__main__":
    main()
