"""Feeds as they came from the wire, served on loopback and followed; and cases with what a reader must make of them.

Some of the files are fragments or damaged on purpose. `taken`: the share that became a feed. `clear`: the share that did, or was refused with a plain error; less than 1 means
a crash. `accuracy`: the share of the cases whose expectations hold, of those that Millpond's fields can express; they are
put to the parser itself, because much of what they expect never reaches a screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine import Engine, EngineError
from tests.conformance.expectations import judge
from tests.evaluate.loopback import Loopback
from tests.evaluate.tasks import SetResult, Value, sample

NOT_FEEDS = {"", ".htm", ".html", ".json5", ".md", ".opml", ".py", ".toml", ".yaml", ".yml"}


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for folder in sorted(path for path in (data / "feeds").glob("*") if path.is_dir()):
        if (folder / "cases.json").exists():
            held, total, failures = judge(folder)
            notes: dict[str, Value] = {"failed": [f"{file}: {why}"[:200] for file, why in failures]} if failures else {}
            yield SetResult(name=folder.name, n=total, metrics={"accuracy": held / total}, notes=notes)
            continue
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in NOT_FEEDS)
        chosen, sampled_from = sample([path for path in files if "license" not in path.name.lower()], limit)
        if chosen:
            yield follow(engine, folder, chosen, sampled_from)


def follow(engine: Engine, folder: Path, files: list[Path], sampled_from: int | None) -> SetResult:
    """Add every file as a feed from loopback."""
    taken = refused = 0
    crashes: list[str] = []
    ids: list[int] = []
    with Loopback({f"/{index}/{path.name}": path.read_bytes() for index, path in enumerate(files)}) as server:
        for index, path in enumerate(files):
            try:
                ids.append(engine.add_feed(server.url(f"/{index}/{path.name}")).id)
                taken += 1
            except EngineError:
                refused += 1
            except Exception as error:  # noqa: BLE001 - a crash is what is counted here
                crashes.append(f"{path.relative_to(folder)}: {type(error).__name__}")
    counted = {feed.id: feed.posts for feed in engine.feeds()}
    notes: dict[str, Value] = {"posts": sum(counted.get(key, 0) for key in ids), "refused": refused}
    if crashes:
        notes["crashes"] = "; ".join(crashes)
    return SetResult(
        name=folder.name,
        n=len(files),
        metrics={"taken": taken / len(files), "clear": 1 - len(crashes) / len(files)},
        sampled_from=sampled_from,
        notes=notes,
    )
