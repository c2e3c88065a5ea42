"""Locks between processes: files that the system unlocks when their owner dies, however it dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from engine.errors import BusyError, StoreError

LockName = Literal["window", "jobs", "rules", "migration"]

_WORDS = {
    "window": "Millpond is already open in another window",
    "jobs": "Millpond is already refreshing or sorting posts",
    "rules": "Millpond is already applying rules",
    "migration": "Millpond is already preparing this profile",
}

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        # The locked byte lies far behind the text, so that others can read who the owner is.
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _owner(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        words = os.read(handle, 200).decode("utf-8", "replace").split()
    except OSError:
        return "another process"
    if not words or not words[0].isdigit():
        return "another process"
    return f"process {words[0]}, {' '.join(words[1:])}" if words[1:] else f"process {words[0]}"


@contextmanager
def lock(profile: Path, name: LockName) -> Iterator[None]:
    """Hold one of the profile's locks. A second lock of the same name is refused, in this process too.

    Raises:
        BusyError: somebody holds it; the message names the process.   StoreError: the file cannot be made.
    """
    path = profile / f"{name}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    try:
        if not _try_lock(handle):
            raise BusyError(f"{_WORDS[name]} ({_owner(handle)}).")
        # The file itself stays: removing it would let two processes lock two files of one name.
        os.lseek(handle, 0, os.SEEK_SET)
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()} {Path(sys.argv[0] or 'millpond').name}\n".encode())
        yield
    finally:
        os.close(handle)
