"""The whole job on the sample internet: what `millpond demo` shows."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.demo.internet import sample_internet
from engine.types import Condition, FeedRefreshed, Progress, Rule, StageFailed, TimelineQuery

LIKED = ("bike counter", "Cargo bikes", "自行车道")  # what the visitor of the demo likes


def run_demo(tell: Callable[[str], None], *, limit: int = 20) -> dict[str, Any]:
    """Follow the sample feeds in a profile that is thrown away, let the models read, and return what came of it."""
    from engine import open_engine

    with (
        tempfile.TemporaryDirectory(prefix="millpond-demo-", ignore_cleanup_errors=True) as folder,
        sample_internet() as internet,
        open_engine(Path(folder) / "profile", key=secrets.token_bytes(32)) as engine,
    ):
        engine.follow(internet.subscriptions, allow_private=True)
        events: list[Any] = []
        for fetched in engine.refresh(force=True):
            if isinstance(fetched, FeedRefreshed):
                tell(f"read {fetched.title}: {fetched.new} posts")
        _like_samples(engine)
        rule = Rule(name="Crypto prices", conditions=(Condition(field="phrase", value="crypto prices"),))
        saved = engine.save_rule(rule)
        for event in engine.enrich():
            events.append(event)
            if isinstance(event, Progress):
                tell(f"{event.stage} {event.done} of {event.total or '…'}  {event.detail}")
        ids = engine.timeline(TimelineQuery(order="for_you", limit=limit))
        rows = engine.rows(ids)
        longest = max(rows, key=lambda row: len(engine.post(row.id).text) if row.language == "en" else 0)
        tell(f"summarising “{longest.title}”")
        return {
            "feeds": len(engine.feeds()),
            "posts": engine.counts().posts,
            "rows": rows,
            "explanation": engine.explain(ids[0]),
            "summary": engine.summarise(longest.id),
            "summary_title": longest.title,
            "rule": rule.name,
            "hidden": saved.posts,
            "requests": len(engine.ledger(limit=1000)),
            "stages_failed": [
                {"stage": event.stage, "error": event.error} for event in events if isinstance(event, StageFailed)
            ],
        }


def _like_samples(engine: Any) -> None:
    rows = engine.rows(engine.timeline(TimelineQuery(order="newest", limit=500)))
    for row in rows:
        if any(words in row.title for words in LIKED):
            engine.feedback(row.id, True)
