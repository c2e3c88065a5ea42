"""The starter packs: feeds for a beginning, as files in `resources/starter`."""

from __future__ import annotations

import tomllib

import resources
from engine.types import StarterPack, Subscription


def packs() -> list[StarterPack]:
    """Return the packs by file name."""
    found = []
    for path in sorted(resources.path("starter").glob("*.toml")):
        pack = tomllib.loads(path.read_text(encoding="utf-8"))
        found.append(
            StarterPack(
                name=pack["name"],
                description=pack["description"],
                feeds=tuple(
                    Subscription(
                        url=feed["url"],
                        title=feed["title"],
                        site_url=feed.get("site_url", ""),
                        folder=feed.get("folder", pack["name"]),
                    )
                    for feed in pack["feeds"]
                ),
            )
        )
    return found
