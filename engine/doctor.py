"""Whether everything that Millpond stands on is as it should be."""

from __future__ import annotations

import platform
from collections.abc import Callable

from engine.errors import EngineError
from engine.installation import list_models
from engine.store import Store
from engine.types import Check
from engine.vault import loose_secrets
from engine.workers.clients import EmbedWorker, ParseWorker


def examine(store: Store, parse: ParseWorker, embed: EmbedWorker | None, *, encrypted: bool) -> list[Check]:
    """Try each part and say what came of it."""
    return [
        Check(name="Python", ok=True, detail=f"{platform.python_version()} on {platform.system()}"),
        _check("Database", lambda: _database(store)),
        Check(
            name="Encryption",
            ok=True,
            detail="on" if encrypted else "off, as you chose: anyone who can read the file can read your feeds",
        ),
        *_secrets(store),
        _check("Parse worker", lambda: f"reads, without network, {parse.languages(['The pond is still.'])[0]}"),
        _check("Embedding model", lambda: _embedding(embed)),
        *(
            Check(
                name=model.name,
                ok=model.installed,
                detail="installed" if model.installed else f"missing: millpond models install {model.name}",
            )
            for model in list_models()
            if model.default
        ),
    ]


def _secrets(store: Store) -> list[Check]:
    loose = loose_secrets(store)
    if not loose:
        return []
    words = (
        f"of {loose} feeds {'lies' if loose == 1 else 'lie'} in the profile, because no keyring works here; "
        "where one does, the next refresh moves them there"
    )
    return [Check(name="Secret addresses", ok=False, detail=words)]


def _check(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, detail=attempt())
    except EngineError as error:
        return Check(name=name, ok=False, detail=str(error))


def _database(store: Store) -> str:
    problems = store.check()
    if problems:
        from engine.errors import StoreError

        raise StoreError("; ".join(problems[:3]))
    sizes = store.sizes()
    return f"well, {sum(sizes.values()) / 1e6:.1f} MB"


def _embedding(embed: EmbedWorker | None) -> str:
    if embed is None:
        return "off, or not installed"
    info = embed.info()
    return f"{info}, {info.dim} dimensions, {info.posts_per_second:.0f} posts a second"
