"""The window. It imports the engine's public names and nothing deeper."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def run(profile: Path | str, **access: Any) -> int:
    """Open the window over the profile in this folder and return the exit code when it closes.

    Args:
        access: `passphrase`, `encryption`, `key`, as `engine.open_engine` takes them; asked for where needed.
    Raises:
        EngineError: Qt cannot be loaded here; names what is missing.
    """
    from engine import EngineError

    try:
        from desktop.app import run as run_app
    except ImportError as error:
        if error.name and error.name.split(".")[0] not in ("PySide6", "shiboken6"):
            raise
        raise EngineError(
            f"The window needs a system library that is missing ({error}). “make system” installs what it needs; "
            "every command works without it."
        ) from error
    return run_app(Path(profile), **access)
