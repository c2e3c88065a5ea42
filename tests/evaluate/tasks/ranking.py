"""How well a fresh learner orders what one reader has not seen: simulated users, and impressions of real clicks.

The learner sees posts and the reader's feedback or history, nothing else: not the community a post came from, and not
what a simulated user was made to like. `auc_3` is the measure when the reader had liked only the first three (and disliked
as many in proportion), of those readers who liked so many: the learning curve. The profile holds the posts of the set, as a reader's own holds what came from
their feeds; it holds no feedback, and each reader gets a learner of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Engine, PlainPost
from tests.evaluate import metrics
from tests.evaluate.layouts import read_jsonl
from tests.evaluate.tasks import SetResult, sample


@dataclass(frozen=True, slots=True)
class Reader:
    """Ids of what a reader liked and disliked, and of what is to be ordered with whether they wanted it."""

    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    candidates: tuple[str, ...]
    wanted: tuple[int, ...]


CURVE = (0, 3, 10, 30)  # likes


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for folder in sorted(path for path in (data / "ranking").glob("*") if path.is_dir()):
        found = load(folder)
        if found is None:
            continue
        posts, readers = found
        chosen, total = sample(readers, limit)
        engine.add_posts(folder.name, list(posts.values()))
        yield SetResult(name=folder.name, n=len(chosen), metrics=measure(engine, posts, chosen), sampled_from=total)


def measure(engine: Engine, posts: Mapping[str, PlainPost], readers: Sequence[Reader]) -> dict[str, float]:
    """The mean of every measure over readers."""
    rows: dict[str, list[float]] = {name: [] for name in ("auc", "ap", "mrr", "ndcg_5", "ndcg_10", *(f"auc_{likes}" for likes in CURVE))}
    for reader in readers:
        scores = _scores(engine, posts, reader)
        for likes in CURVE:
            if likes <= len(reader.liked):
                early = scores if likes == len(reader.liked) else _scores(engine, posts, _after(reader, likes))
                rows[f"auc_{likes}"].append(metrics.auc(reader.wanted, early))
        gains = metrics.ordered(reader.wanted, scores)
        rows["auc"].append(metrics.auc(reader.wanted, scores))
        rows["ap"].append(metrics.average_precision(gains))
        rows["mrr"].append(metrics.reciprocal_rank(gains))
        rows["ndcg_5"].append(metrics.ndcg(gains, 5))
        rows["ndcg_10"].append(metrics.ndcg(gains, 10))
    return {name: metrics.mean(values) for name, values in rows.items()}


def _scores(engine: Engine, posts: Mapping[str, PlainPost], reader: Reader) -> NDArray[np.float32]:
    shown, liked, disliked = ([posts[key] for key in keys] for keys in (reader.candidates, reader.liked, reader.disliked))
    return engine.rank(shown, liked, disliked)


def _after(reader: Reader, likes: int) -> Reader:
    """The reader when they had liked only so many."""
    share = likes / len(reader.liked) if reader.liked else 0.0
    return replace(reader, liked=reader.liked[:likes], disliked=reader.disliked[: round(share * len(reader.disliked))])


def load(folder: Path) -> tuple[dict[str, PlainPost], list[Reader]] | None:
    """Read a folder of posts and readers; None when it has neither of the two layouts."""
    users, impressions = folder / "sim_users.jsonl", folder / "impressions.jsonl"
    if users.exists():
        posts = {row["id"]: _post(row) for row in read_jsonl(folder / "posts.jsonl")}
        return posts, [_user(row, posts) for row in read_jsonl(users)]
    if impressions.exists():
        # In order of name, so that the translation that the impressions speak of wins over the sample before it.
        posts = {row["nid"]: _news(row) for path in sorted(folder.glob("news*.jsonl")) for row in read_jsonl(path)}
        readers = [_impression(row, posts) for row in read_jsonl(impressions)]
        return posts, [reader for reader in readers if reader.liked and len(set(reader.wanted)) == 2]
    return None


def _post(row: Mapping[str, Any]) -> PlainPost:
    return PlainPost(
        guid=row["id"],
        title=row["title"],
        text=row.get("text") or "",
        url=row.get("url") or "",
        source=row.get("domain") or "",
        published_at=datetime.fromtimestamp(row["t"], tz=UTC) if row.get("t") else None,
    )


def _news(row: Mapping[str, Any]) -> PlainPost:
    return PlainPost(guid=row["nid"], title=row["title"], text=row.get("abstract") or "")


def _user(row: Mapping[str, Any], posts: Mapping[str, PlainPost]) -> Reader:
    shown = [(key, int(wanted)) for key, wanted in row["test"] if key in posts]
    return Reader(
        liked=tuple(key for key, liked in row["feedback"] if liked and key in posts),
        disliked=tuple(key for key, liked in row["feedback"] if not liked and key in posts),
        candidates=tuple(key for key, _ in shown),
        wanted=tuple(wanted for _, wanted in shown),
    )


def _impression(row: Mapping[str, Any], posts: Mapping[str, PlainPost]) -> Reader:
    shown = [(key, int(mark)) for key, mark in zip(row["candidates"], row["clicked"], strict=True) if key in posts]
    return Reader(
        liked=tuple(dict.fromkeys(key for key in row["history"] if key in posts)),
        disliked=(),
        candidates=tuple(key for key, _ in shown),
        wanted=tuple(mark for _, mark in shown),
    )
