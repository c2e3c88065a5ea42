"""What was found out about models on this machine, kept beside them: how quick they are, and what could not run them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.types import DeviceFailure

MEASURED = "measured.json"  # the embedding worker's speeds are in it too, under keys that begin with the model's name
FAILED = "failed.json"
MAX_FAILURES = 100


def embedding_speed(models_dir: Path, model: str) -> float | None:
    """Posts a second, as last measured; None when it never was."""
    found = [
        entry.get("posts_per_second")
        for key, entry in _read(models_dir / MEASURED).items()
        if key.partition(";")[0] == model and isinstance(entry, Mapping)
    ]
    return next((float(speed) for speed in reversed(found) if isinstance(speed, (int, float)) and speed > 0), None)


def text_speed(models_dir: Path, model: str) -> float | None:
    """Tokens a second that it wrote when it was last measured; None when it never was."""
    entry = _read(models_dir / MEASURED).get(f"{model}; text")
    speed = entry.get("tokens_per_second") if isinstance(entry, Mapping) else None
    return float(speed) if isinstance(speed, (int, float)) and speed > 0 else None


def keep_text_speed(models_dir: Path, model: str, *, tokens_per_second: float, runs_on: str) -> None:
    """Nothing is lost where the folder cannot be written: it is measured again."""
    known = _read(models_dir / MEASURED)
    known[f"{model}; text"] = {"tokens_per_second": round(tokens_per_second, 2), "runs_on": runs_on}
    _write(models_dir / MEASURED, known)


def failures(models_dir: Path) -> list[DeviceFailure]:
    """Combinations that failed, newest last."""
    found = []
    for entry in _read(models_dir / FAILED).values():
        with suppress(KeyError, TypeError, ValueError):
            found.append(
                DeviceFailure(
                    model=str(entry["model"]), sha256=str(entry["sha256"]), backend=str(entry["backend"]),
                    at=datetime.fromtimestamp(float(entry["at"]), UTC), why=str(entry["why"]),
                )
            )  # fmt: skip
    return sorted(found, key=lambda failure: failure.at)


def failure(models_dir: Path, sha256: str, backend: str) -> DeviceFailure | None:
    """What is remembered of a model on a back end; None: nothing stands against it."""
    return next((one for one in failures(models_dir) if (one.sha256, one.backend) == (sha256, backend)), None)


def remember_failure(models_dir: Path, failed: DeviceFailure) -> None:
    known = {
        f"{one.sha256}:{one.backend}": one for one in [*failures(models_dir), failed]
    }
    kept = sorted(known.items(), key=lambda item: item[1].at)[-MAX_FAILURES:]
    _write(
        models_dir / FAILED,
        {
            key: {"model": one.model, "sha256": one.sha256, "backend": one.backend, "at": one.at.timestamp(), "why": one.why}
            for key, one in kept
        },
    )


def forget_failures(models_dir: Path) -> int:
    """Try everything again. Returns how many were forgotten."""
    count = len(failures(models_dir))
    with suppress(OSError):
        (models_dir / FAILED).unlink()
    return count


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    with suppress(OSError):
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(value, out, indent=1, sort_keys=True)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
