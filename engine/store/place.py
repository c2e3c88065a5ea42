"""Where a profile may lie: in a folder of its own, on a file system that can lock and share memory."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path

from engine.errors import InputError, StoreError
from engine.store.connection import FILE_NAME

OWN_FILES = re.compile(
    r"millpond\.db(-wal|-shm|-journal)?|profile\.json|window\.ini|(window|jobs|migration)\.lock|backups|damaged-.*|logs?"
)
NETWORK = re.compile(r"nfs\d*|cifs|smb\w*|ncpfs|afs|davfs\d?|fuse\.(sshfs|smbnetfs|rclone|davfs\d?|curlftpfs|gvfsd-fuse)")
_MOUNTS = Path("/proc/mounts")  # of Linux; elsewhere network folders are not told apart


def require_place(profile: Path, *, allow_network: bool = False) -> None:
    """Refuse a folder in which a profile must not be made or opened; changes nothing.

    Args:
        allow_network: the person knows that only one machine may open it at a time.
    Raises:
        InputError: something else lies there, or it is on a network's file system.   StoreError: it cannot be read.
    """
    try:
        if profile.exists() and not profile.is_dir():
            raise InputError(f"{profile} is a file, not a folder. Give a profile a folder of its own.")
        if profile.is_dir():
            _require_own(profile)
        kind = network_type(os.path.realpath(profile), _MOUNTS.read_text(errors="replace")) if _MOUNTS.exists() else ""
    except OSError as error:
        raise StoreError(f"The profile folder {profile} cannot be made or entered: {error.strerror or error}.") from error
    if kind and not allow_network:
        raise InputError(
            f"{profile} lies on a network file system ({kind}), where a database can be damaged when two machines open it. "
            "Keep the profile on this machine's own disk, or give --allow-network-folder and open it from one machine at a "
            "time. Nothing was changed."
        )


def _require_own(profile: Path) -> None:
    if (profile / FILE_NAME).exists() or _is_profile_file(profile / "profile.json"):
        # Whoever made a profile in a shared folder, its rights are not to be changed.
        if sys.platform != "win32" and profile.stat().st_mode & stat.S_ISVTX:
            raise InputError(f"{profile} is a folder that accounts share. Give a profile a folder of its own.")
        return
    foreign = [name for name in os.listdir(profile) if not OWN_FILES.fullmatch(name)]
    if foreign:
        raise InputError(
            f"{profile} holds other things (such as {min(foreign)}) and no profile of Millpond's. Give the profile a folder "
            "of its own, such as one inside it. Nothing was changed."
        )
    if sys.platform != "win32" and profile.stat().st_uid != os.geteuid():
        raise InputError(f"{profile} belongs to another account. Give a profile a folder of your own. Nothing was changed.")


def _is_profile_file(path: Path) -> bool:
    """Whether it is ours, whatever its state: a damaged one is told of by the module that reads it."""
    try:
        found = json.loads(path.read_bytes()[:100_000])
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {"format", "encryption"} <= found.keys()


def network_type(path: str, mounts: str) -> str:
    """Return the type of the network file system that holds an absolute path; "" when it lies on none.

    Args:
        mounts: lines as in /proc/mounts; a later one hides an earlier one of the same place.
    """
    longest, found = -1, ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), parts[1]).rstrip("/")
        if (path == point or path.startswith(f"{point}/")) and len(point) >= longest:
            longest, found = len(point), parts[2]
    return found if NETWORK.fullmatch(found) else ""
