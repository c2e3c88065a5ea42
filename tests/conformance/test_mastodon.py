"""Recorded answers of Mastodon servers, from ../shared/data: every entity in them is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.sources.assemble import assemble
from engine.sources.kinds import mastodon_posts as entities
from engine.sources.raw import RawFeed

CASSETTES = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "protocols" / "mastodon"
NOW = datetime(2026, 11, 20, tzinfo=UTC)

needs_data = pytest.mark.skipif(not CASSETTES.is_dir(), reason="needs ../shared/data/protocols/mastodon")


def _answers() -> Iterator[Any]:
    """The JSON bodies of all recorded answers."""
    yaml = pytest.importorskip("yaml")
    for path in sorted(CASSETTES.rglob("*.yaml")):
        recorded = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for interaction in recorded.get("interactions") or []:
            body = ((interaction.get("response") or {}).get("body") or {}).get("string") or b""
            try:
                yield json.loads(body)
            except (ValueError, TypeError):
                continue


def _every(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
        for value in found.values():
            yield from _every(value)
    elif isinstance(found, list):
        for value in found:
            yield from _every(value)


def _kind(entity: dict[str, Any]) -> str:
    """What an entity is, by the fields that its kind always has."""
    names = entity.keys()
    if {"acct", "username"} <= names:
        return "account"
    if {"account", "content", "created_at", "visibility"} <= names:
        return "status"
    if {"type", "account", "created_at", "id"} <= names and "content" not in names:
        return "notification"
    if {"id", "context", "expires_at"} <= names and ("phrase" in names or "filter_action" in names):
        return "filter"
    return ""


@needs_data
def test_every_recorded_status_account_filter_and_notification_is_read(record_property: Any) -> None:
    counted: Counter[str] = Counter()
    for answer in _answers():
        for entity in _every(answer):
            kind = _kind(entity)
            if not kind:
                continue
            counted[kind] += 1
            if kind == "account":
                read = entities.account(entity, "pond.example")
                assert read.handle.count("@") == 2 or "@" in entity["acct"]
                assert read.name
                assert read.id == str(entity["id"])
            elif kind == "filter":
                told = entities.filter_of(entity)
                assert told.title == (entity.get("title") or entity["phrase"])
                assert told.action == ("hide" if "hide" in (entity.get("filter_action"), entity.get("irreversible") and "hide") else "warn")
            else:
                read_post = entities.notification if kind == "notification" else entities.post
                raw = read_post(entity, host="pond.example", server="https://pond.example")
                assert raw is not None
                (made,) = assemble(RawFeed(kind="json", posts=[raw]), url="https://pond.example/", now=NOW).posts
                shown = (entity.get("reblog") or entity) if kind == "status" else entity
                assert made.published_at is not None
                assert made.guid
                if kind == "status":
                    assert made.guid == shown["uri"]
                    assert made.extras is not None
                    assert made.extras.content_warning.startswith(" ".join(shown["spoiler_text"].split())[:200])
                    assert len(made.media) >= len([m for m in shown.get("media_attachments", []) if m.get("url")])
                    assert (made.extras.poll is not None) == bool(shown.get("poll"))
    print(f"Mastodon: {dict(counted)} read from {sum(1 for _ in CASSETTES.rglob('*.yaml'))} cassettes")
    assert counted["status"] > 500
    assert counted["account"] > 1000
    assert counted["notification"] > 10
    assert counted["filter"] > 10
