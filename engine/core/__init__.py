"""`Engine`: everything that the window and the command line can ask for, one short method for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import secrets
from engine.core.acting import Acting
from engine.core.asking import Asking
from engine.core.briefing import Briefings
from engine.core.evaluation import Evaluating
from engine.core.health import Healing
from engine.core.house import House
from engine.core.modelhouse import ModelHouse
from engine.core.models import Models
from engine.core.parts import Clock, utc_now
from engine.core.plainwords import PlainWords
from engine.core.ranking import Ranking
from engine.core.rewriting import Rewriting
from engine.core.scripts import Scripts, fetched_from_plain
from engine.errors import DamagedError, InputError, LockedError
from engine.store import Store, require_place, rescue
from engine.types import Encryption, Rescue

__all__ = ["Engine", "fetched_from_plain", "open_engine", "rescue_profile"]


def open_engine(
    profile: Path | str,
    *,
    passphrase: str | None = None,
    encryption: Encryption | None = None,
    key: bytes | None = None,
    allow_network: bool = False,
    clock: Clock = utc_now,
    steady: Callable[[], float] | None = None,
) -> Engine:
    """Open a profile, making it where there is none.

    Args:
        profile: its folder.   passphrase: for a profile that is, or shall be, encrypted with one; a recovery key does too.
        encryption: of a new profile; None takes the keyring where one works, else a given passphrase.
        key: 32 bytes, for a temporary profile whose key only the caller knows.
        clock: the present as an aware datetime.   steady: seconds that no change of the clock touches.
        allow_network: the folder may lie on a network's file system; only one machine may open it at a time.
    Raises:
        InputError: the folder is no place for a profile: something else lies there, or it is on a network.
        SecretsError: there is no way to keep the key of a new profile; names the choices.
        LockedError: a wrong key or passphrase.   NewerProfileError, StoreError.
    """
    folder = Path(profile).expanduser().absolute()
    require_place(folder, allow_network=allow_network)
    if key is None:
        key = secrets.open_key(folder, encryption=encryption, passphrase=passphrase).key
    try:
        store = Store.open(folder, key=key, clock=clock)
    except LockedError as error:
        if secrets.fits(folder, key):  # a damaged first page looks like a wrong key
            raise DamagedError(
                "The profile's database is damaged. It was left as it is. Put it right with:  millpond doctor --restore"
            ) from error
        raise
    return Engine(store, clock=clock, key=key, steady=steady)


def rescue_profile(
    profile: Path | str, *, passphrase: str | None = None, key: bytes | None = None, clock: Clock = utc_now, **_access: Any
) -> Rescue:
    """Replace a damaged database by its last good copy with all that can still be read; the damaged file is kept.

    Raises:
        InputError: there is no profile.   BusyError: it is open.   LockedError.   StoreError: nothing was changed.
    """
    folder = Path(profile).expanduser().absolute()
    if not secrets.profile_state(folder).exists:
        raise InputError(f"There is no profile in {folder}.")
    if key is None:
        key = secrets.open_key(folder, passphrase=passphrase).key
    return rescue(folder, key, clock())


class Engine(
    Healing,
    Acting,
    Asking,
    Evaluating,
    Ranking,
    PlainWords,
    Briefings,
    Rewriting,
    Models,
    ModelHouse,
    House,
    Scripts,
):
    """A profile and all that can be done with it. Thread-safe; a context manager.

    Long jobs are generators that yield progress and failures as values; closing one cancels it and keeps what was done.
    """
