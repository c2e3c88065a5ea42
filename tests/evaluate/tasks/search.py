"""Search over passages taken in as posts: BEIR folders (corpus, queries, qrels) and questions in SQuAD's form.

The plain names are of the default, words and meaning fused; those that begin with `words_` of words alone.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import Engine, PlainPost, SearchQuery
from tests.evaluate import metrics
from tests.evaluate.layouts import best_split, read_jsonl, sets
from tests.evaluate.tasks import SetResult, Value, sample

DEPTH = 50  # how far down the results are read
MODES = {"hybrid": "", "words": "words_"}
AT_ONCE = 1_000  # posts handed to the engine in one call


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages as posts, and for each question the gain of every passage that answers it."""

    name: str
    posts: tuple[PlainPost, ...]
    questions: tuple[tuple[str, Mapping[str, float]], ...]


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in collections(data / "search"):
        questions, total = sample(found.questions, limit)
        feed_id, guids = take_in(engine, found)
        measured: dict[str, float] = {}
        notes: dict[str, Value] = {"posts": len(found.posts)}
        for mode, prefix in MODES.items():
            figures = measure(engine, feed_id, guids, questions, mode=mode)
            measured |= {prefix + name: value for name, value in figures.items()}
        yield SetResult(name=found.name, n=len(questions), metrics=measured, sampled_from=total, notes=notes)


def take_in(engine: Engine, found: Collection) -> tuple[int, dict[int, str]]:
    """Store a collection as a feed with vectors; the feed's id, and each post's id to its passage."""
    title = f"search {found.name}"
    new: set[int] = set()
    for start in range(0, len(found.posts), AT_ONCE):
        new |= engine.add_posts(title, found.posts[start : start + AT_ONCE]).new
    for _ in engine.enrich():
        pass
    (feed_id,) = (feed.id for feed in engine.feeds() if feed.title == title)
    return feed_id, {key: engine.post(key).guid for key in sorted(new)}


def measure(
    engine: Engine,
    feed_id: int,
    guids: Mapping[int, str],
    questions: list[tuple[str, Mapping[str, float]]],
    *,
    mode: str,
) -> dict[str, float]:
    """nDCG at 10, recall at 1 (the share with an answer in the first place) and MRR, averaged over questions."""
    rows: dict[str, list[float]] = {"ndcg_10": [], "recall_1": [], "mrr": []}
    for text, gains in questions:
        query = SearchQuery(text=text, mode=mode, limit=DEPTH, feed_id=feed_id)  # type: ignore[arg-type]
        shown = [gains.get(guids[hit.id], 0.0) for hit in engine.search(query).hits]
        rows["ndcg_10"].append(metrics.ndcg(shown, 10, ideal=list(gains.values())))
        rows["recall_1"].append(float(bool(shown) and shown[0] > 0))
        rows["mrr"].append(metrics.reciprocal_rank(shown))
    return {name: metrics.mean(values) for name, values in rows.items()}


def collections(root: Path) -> Iterator[Collection]:
    """Every collection below `root`, in either layout."""
    for corpus in sorted(root.rglob("corpus.jsonl")):
        yield _beir(corpus.parent)
    for name, files in sets(path for path in root.rglob("*.json") if path.name != "corpus.json"):
        for path in files:
            found = _squad(path, name if path.parent != root else path.stem)
            if found is not None:
                yield found


def _beir(folder: Path) -> Collection:
    posts = tuple(
        PlainPost(guid=row["_id"], title=row.get("title") or "", text=row["text"])
        for row in read_jsonl(folder / "corpus.jsonl")
    )
    texts = {row["_id"]: row["text"] for row in read_jsonl(folder / "queries.jsonl")}
    judged: dict[str, dict[str, float]] = {}
    for path in best_split((folder / "qrels").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if len(row) == 3 and row[0] in texts and float(row[2]) > 0:
                    judged.setdefault(row[0], {})[row[1]] = float(row[2])
    kept = {post.guid for post in posts}
    questions = [
        (texts[key], {doc: gain for doc, gain in gains.items() if doc in kept}) for key, gains in judged.items()
    ]
    return Collection(folder.name, posts, tuple((text, gains) for text, gains in questions if gains))


def _squad(path: Path, name: str) -> Collection | None:
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        return None
    posts: list[PlainPost] = []
    questions: list[tuple[str, Mapping[str, float]]] = []
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            guid = f"{name}-{len(posts)}"
            posts.append(PlainPost(guid=guid, title=article.get("title") or "", text=paragraph["context"]))
            questions += [(question["question"], {guid: 1.0}) for question in paragraph["qas"]]
    return Collection(name, tuple(posts), tuple(questions))
