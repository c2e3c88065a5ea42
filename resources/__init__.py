"""Where the files lie that Millpond brings with it: `resources.path("models.toml")`."""

from __future__ import annotations

import sys
from pathlib import Path


def path(*parts: str) -> Path:
    """The file or folder `parts` among the resources; it need not exist.

    A frozen program unpacks its resources beside its own modules, and tells where.
    """
    unpacked = getattr(sys, "_MEIPASS", None)
    root = Path(unpacked) / "resources" if unpacked else Path(__file__).resolve().parent
    return root.joinpath(*parts)


def resource_bytes(*parts: str) -> bytes:
    """The bytes of one resource. Raises OSError when there is none."""
    return path(*parts).read_bytes()
