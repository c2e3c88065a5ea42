"""How many posts a second the `embed` worker turns into vectors, beside plain `SentenceTransformer.encode`.

Run with `python -m tests.benchmarks.embedding [--json]`. Both get the same posts; plain encoding runs in a process of
its own, one post at a time, with the library's defaults. They take turns, so that both see the same machine, and the
ratio is the median of the turns. Also printed: what the trained heads add to the time of the same posts, and the largest resident
memory of the worker, polled.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import resources
from engine.models.catalogue import by_name, default_models_dir
from engine.workers.clients import EmbedWorker
from engine.workers.process import environment
from engine.workers.samples import SAMPLES

PLAIN = """
import json, sys, time
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True)
model.encode("warm up", show_progress_bar=False)
print("ready", flush=True)
for line in sys.stdin:
    texts = json.loads(line)
    began = time.perf_counter()
    vectors = [model.encode(text, show_progress_bar=False) for text in texts]
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "vectors": [vector.tolist() for vector in vectors]}), flush=True)
"""


def make_posts(count: int, seed: int = 7) -> list[str]:
    """Posts of the lengths that feeds have: most a paragraph, some a line, some a page."""
    draw = random.Random(seed)
    sentences = [sentence for text in SAMPLES for sentence in text.split(". ")]
    return [
        ". ".join(draw.choice(sentences) for _ in range(min(30, max(1, round(draw.lognormvariate(1.2, 0.8))))))
        for _ in range(count)
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--plain-posts", type=int, default=40, help="posts of each turn for plain encoding")
    parser.add_argument("--posts", type=int, default=400, help="posts of each turn for the worker")
    parser.add_argument("--plain-threads", type=int, default=0, help="threads of plain encoding; 0: its default")
    options = parser.parse_args(argv)
    model = by_name("all-MiniLM-L6-v2")
    models_dir = default_models_dir()
    if not model.installed(models_dir):
        print("The embedding model is not installed: millpond models install all-MiniLM-L6-v2", file=sys.stderr)
        return 1
    heads = resources.path("heads", "all-MiniLM-L6-v2.npz")
    found = measure(model.path(models_dir), heads if heads.exists() else None, options)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:32} {value}")
    return 0


def measure(folder: Path, heads: Path | None, options: argparse.Namespace) -> dict[str, object]:
    posts = make_posts(options.posts)
    sample = posts[: options.plain_posts]
    plain = subprocess.Popen(
        [sys.executable, "-c", PLAIN, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(tempfile.gettempdir())
        | ({"OMP_NUM_THREADS": str(options.plain_threads)} if options.plain_threads else {}),
    )
    assert plain.stdin is not None
    assert plain.stdout is not None
    peak = 0
    done = threading.Event()
    with EmbedWorker(folder, heads) as worker:
        plain.stdout.readline()
        began = time.perf_counter()
        list(worker.embed(["How long until the first vector?"]))
        first_seconds = time.perf_counter() - began

        def poll() -> None:
            nonlocal peak
            while not done.wait(0.02):
                peak = max(peak, worker.state().resident_bytes)

        poller = threading.Thread(target=poll)
        poller.start()
        plain_rates, worker_rates, signal_seconds = [], [], []
        vectors = np.zeros((len(posts), worker.info().dim), np.float32)
        expected = np.zeros((0, 0), np.float32)
        for _ in range(options.turns):
            plain.stdin.write(json.dumps(sample) + "\n")
            plain.stdin.flush()
            answer = json.loads(plain.stdout.readline())
            plain_rates.append(len(sample) / answer["seconds"])
            expected = np.asarray(answer["vectors"], np.float32)
            began = time.perf_counter()
            for batch in worker.embed(posts):
                vectors[list(batch.indices)] = batch.vectors
            seconds = time.perf_counter() - began
            worker_rates.append(len(posts) / seconds)
            if heads is not None:
                began = time.perf_counter()
                for _ in worker.embed(posts, heads=True, languages=["en"] * len(posts)):
                    pass
                signal_seconds.append((time.perf_counter() - began, seconds))
        done.set()
        poller.join()
        cosines = np.einsum("ij,ij->i", expected, vectors[: len(sample)])
        info = worker.info()
    plain.stdin.close()
    plain.stdout.close()
    plain.wait()
    ratios = [fast / slow for fast, slow in zip(worker_rates, plain_rates, strict=True)]
    return {
        "plain_posts_per_second": round(statistics.median(plain_rates), 1),
        "worker_posts_per_second": round(statistics.median(worker_rates), 1),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_lowest": round(min(ratios), 2),
        "device": str(info),
        "threads": info.threads,
        "seconds_for_1000_posts": round(1000 / statistics.median(worker_rates), 2),
        "seconds_for_1000_posts_with_signals": round(
            1000 * statistics.median([both for both, _ in signal_seconds] or [0.0]) / len(posts), 2
        ),
        "signals_add_percent": round(
            100 * statistics.median([both / alone - 1 for both, alone in signal_seconds] or [0.0]), 1
        ),
        "cosine_mean": round(float(cosines.mean()), 5),
        "cosine_lowest": round(float(cosines.min()), 5),
        "first_vector_seconds": round(first_seconds, 1),
        "peak_resident_mb": round(peak / 1e6),
    }


if __name__ == "__main__":
    sys.exit(main())
