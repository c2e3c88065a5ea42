"""Reading JSON that strangers wrote: each value as the type that is wanted, or as nothing. Never an exception that is a bug."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from engine.errors import ParseError

MAX_BYTES = 16 * 2**20


def document(body: bytes, network: str) -> Any:
    """Return the JSON of an answer. Raises ParseError when it is none."""
    if len(body) > MAX_BYTES:
        raise ParseError(f"The answer of {network} is larger than {MAX_BYTES // 2**20} MB.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ParseError(f"{network} answered with something that Millpond cannot read.") from None


def text(value: object) -> str:
    """A string, or a whole number where a writer used one; anything else is ""."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else ""


def number(value: object) -> int | None:
    """A whole number, also one written as text or as a fraction; anything else is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and abs(value) < 10**18 else None
    if isinstance(value, str) and len(value) < 20 and value.strip().lstrip("-").isdecimal():
        return int(value)
    return None


def seconds(value: object) -> float | None:
    """A number of seconds, not negative; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        found = number(value)
        return float(found) if found is not None and found >= 0 else None
    return float(value) if math.isfinite(value) and 0 <= value < 10**12 else None


def several(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def fields(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def moment(value: object) -> datetime | None:
    """A time from seconds since 1970 or from ISO 8601 (without a zone: UTC); None when it is neither."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else _utc(found)
    since = seconds(value)
    if since is None:
        return None
    try:
        return datetime.fromtimestamp(since, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _utc(when: datetime) -> datetime | None:
    try:
        return when.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def iso(value: object) -> str:
    """The same time as text for `RawPost`; "" when it is none."""
    found = moment(value)
    return found.isoformat() if found is not None else ""
