"""Times of the deciders: `python -m tests.benchmarks.ranking [--posts 100000]` prints one line per figure.

Ranking works on made-up posts of the shape that a profile has: 384 dimensions, 18 terms a sketch, 300 feeds of very
different size, 500 acts of feedback.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine import filters
from engine.ranking.candidates import SHARES, Candidates
from engine.ranking.features import SKETCH_TERMS, sketch
from engine.ranking.learner import Feedback, corpus_idf, learn
from engine.ranking.model import lengths_of
from engine.ranking.score import PRESETS, Taste, rank
from engine.types import Condition, Rule
from engine.vectors import Int8Matrix, quantise, unit
from tests.benchmarks.corpus import Corpus, word

NOW = 1_790_000_000.0
DIM = 384
RUNS = 5


def median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 1)


def ranking(count: int) -> dict[str, float]:
    """Milliseconds of each step from feedback to a new order of `count` posts."""
    random = np.random.default_rng(0)
    topics = random.standard_normal((40, DIM))[random.integers(0, 40, count)]
    vectors = unit((topics * 0.5 + random.standard_normal((count, DIM))).astype(np.float32))
    sketches = (random.zipf(1.3, size=(count, SKETCH_TERMS)) % 65535 + 1).astype(np.uint16)
    sketches[:, 18:] = 0
    feeds = (random.zipf(1.5, count) % 300).astype(np.int32)
    candidates = Candidates()
    candidates.put(
        np.arange(1, count + 1),
        feeds=feeds,
        published=NOW - random.random(count) * 60 * 86400,
        sketches=sketches,
        authors=(random.zipf(1.5, count) % 500).astype(np.int32) - 100,
        topics=random.integers(-1, 40, count),
        stories=np.where(random.random(count) < 0.1, random.integers(0, count // 20, count), -1),
        outlets=np.where(random.random(count) < 0.1, 3, 1),
        shares=random.integers(0, 256, (count, SHARES)),
    )
    matrix = Int8Matrix(DIM)
    matrix.append(np.arange(1, count + 1), *quantise(vectors))
    rows = matrix.rows_of(candidates.ids)
    idf = corpus_idf(sketches)

    def acts(size: int) -> Feedback:
        picked = random.choice(count, size, replace=False)
        return Feedback(
            vectors=vectors[picked],
            sketches=sketches[picked],
            feeds=feeds[picked],
            strengths=random.choice([1, 0.7, 0.3, -1, -0.15], size).astype(np.float32),
            authors=candidates.authors[picked],
            shares=candidates.shares[picked],
            published=candidates.published[picked],
            outlets=candidates.outlets[picked],
        )

    background, some, many = acts(100), acts(500), acts(2000)
    model = learn(some, background, idf)
    lengths = lengths_of(sketches, idf)
    interest = model.interest(matrix, rows, candidates, lengths=lengths)
    balanced = Taste(weights=PRESETS["balanced"])

    def all_in() -> None:
        fresh = learn(some, background, idf).interest(matrix, rows, candidates, lengths=lengths)
        rank(candidates, fresh, balanced, now=NOW)

    return {
        "learn_500_ms": median_ms(lambda: learn(some, background, idf)),
        "learn_2000_ms": median_ms(lambda: learn(many, background, idf)),
        "interest_ms": median_ms(lambda: model.interest(matrix, rows, candidates, lengths=lengths)),
        "doubt_ms": median_ms(lambda: model.interest(matrix, rows, candidates, lengths=lengths, doubt=True)),
        "rank_ms": median_ms(lambda: rank(candidates, interest, balanced, now=NOW)),
        "rank_cold_ms": median_ms(lambda: rank(candidates, None, balanced, now=NOW)),
        "feedback_to_order_ms": median_ms(all_in),
        "product_ms": median_ms(lambda: matrix.dot(vectors[0])),
    }


@dataclass(frozen=True, slots=True)
class _Post:
    feed_id: int
    title: str
    text: str
    author: str
    source_title: str = "A feed"
    source_url: str = "https://feed.example/rss"
    categories: tuple[str, ...] = ()


def per_second(count: int = 5000) -> dict[str, float]:
    """Posts a second that are sketched, and put to 50 rules."""
    fetched = Corpus().posts(0, count, 1)
    posts = [_Post(1, post.title, post.text, post.author) for post in fetched]
    rules = [
        Rule(id=number + 1, name=str(number), conditions=(Condition(field=field, value=f"{word(number + 40)} {word(number + 90)}"),))
        for number in range(50)
        for field in (("words", "phrase", "author")[number % 3],)
    ]  # fmt: skip
    matcher = filters.compile(rules)
    matching = median_ms(lambda: [matcher.match(post) for post in posts])
    sketching = median_ms(lambda: [sketch(post.title, post.text, post.url) for post in fetched])
    return {"rules_posts_per_s": round(count / matching * 1000), "sketch_us": round(sketching / count * 1000, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    options = parser.parse_args()
    print(json.dumps({"posts": options.posts, **ranking(options.posts), **per_second()}), flush=True)


if __name__ == "__main__":
    main()
