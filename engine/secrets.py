"""Where a profile's key comes from: the system's keyring, a passphrase, or nowhere by explicit choice.

`profile.json` beside the database says which, and holds no secret: format, way of encryption, the parameters that turn a
passphrase into the key, the name of the keyring's item, and three bytes of a hash that tell a wrong key from a damaged
file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from argon2.low_level import Type, hash_secret_raw

from engine.errors import EngineError, InputError, LockedError, NewerProfileError, SecretsError, StoreError
from engine.types import Encryption, ProfileState

log = logging.getLogger(__name__)

T = TypeVar("T")

FORMAT = 1
KEY_BYTES = 32
KEYRING_SECONDS = 3.0
DATABASE = "millpond.db"
PROFILE = "profile.json"
PASSPHRASE_VARIABLE = "MILLPOND_PASSPHRASE_FILE"
_SERVICE = "Millpond"
_MEMORY_KIB, _PASSES, _LANES = 65_536, 3, 1
_CHECK_BYTES = 3
_GROUP = 5

_CHOICES = (
    "--passphrase-file FILE, the variable MILLPOND_PASSPHRASE_FILE with the name of such a file, "
    "or --encryption plain to do without encryption"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A profile's key, and how it was come by. `key` is None for a profile that is not encrypted."""

    key: bytes | None
    encryption: Encryption


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    encryption: Encryption
    item: str = ""  # the keyring's
    check: str = ""  # hexadecimal
    salt: str = ""  # hexadecimal
    memory_kib: int = 0
    passes: int = 0
    lanes: int = 0


# ---- recovery key ----------------------------------------------------------------------------


def recovery_key(key: bytes) -> str:
    """Return the key for printing: base32 with a checksum, in groups of five. It opens the profile by itself."""
    text = base64.b32encode(key + hashlib.blake2b(key, digest_size=3).digest()).decode("ascii")
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def read_recovery_key(text: str) -> bytes:
    """Return the key that `recovery_key` wrote; case, blanks and dashes do not matter, nor 0 for O, 1 for I, 8 for B.

    Raises:
        InputError: it is none, or has a slip of the pen.
    """
    letters = "".join(text.split()).replace("-", "").upper().translate(str.maketrans("018", "OIB"))
    if len(letters) != (KEY_BYTES + 3) * 8 // 5:
        raise InputError(f"A recovery key has {(KEY_BYTES + 3) * 8 // 5} letters and digits; this has {len(letters)}.")
    try:
        data = base64.b32decode(letters)
    except ValueError:
        raise InputError("A recovery key holds the letters A to Z and the digits 2 to 7 only.") from None
    key, check = data[:KEY_BYTES], data[KEY_BYTES:]
    if hashlib.blake2b(key, digest_size=3).digest() != check:
        raise InputError("This recovery key has a mistake in it: its last letters do not fit the rest.")
    return key


def _recovery_or_none(text: str) -> bytes | None:
    try:
        return read_recovery_key(text)
    except InputError:
        return None


# ---- passphrase ------------------------------------------------------------------------------


def derive(passphrase: str, *, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    """Return 32 bytes by argon2id (RFC 9106); about 0.1 s with this module's parameters."""
    return hash_secret_raw(
        passphrase.encode("utf-8"),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def read_passphrase_file(path: Path) -> str:
    """Return the first line of a file. Raises InputError when it cannot be read or is empty."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"The passphrase file {path} cannot be read: {reason}.") from error
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise InputError(f"The passphrase file {path} has an empty first line.")
    return line


# ---- keyring ---------------------------------------------------------------------------------


def _within(seconds: float, work: Callable[[], T]) -> T | None:
    """Return what `work` returns; None when it fails or takes longer: a keyring may wait for a dialog for ever."""
    found: list[T] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 - backends raise what they like; without one, each call raises
            log.info("keyring failed error=%s", type(error).__name__)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def _keyring_read(item: str, seconds: float = KEYRING_SECONDS) -> bytes | None:
    def work() -> bytes | None:
        import keyring

        text = keyring.get_password(_SERVICE, item)
        return None if text is None else bytes.fromhex(text)

    return _within(seconds, work)


def _keyring_keeps(item: str, key: bytes, seconds: float = KEYRING_SECONDS) -> bool:
    """Whether the keyring returns what it was given: one without a backend raises, the null backend forgets."""

    def work() -> bool:
        import keyring

        keyring.set_password(_SERVICE, item, key.hex())
        return keyring.get_password(_SERVICE, item) == key.hex()

    return bool(_within(seconds, work))


def _keyring_forget(item: str, seconds: float = KEYRING_SECONDS) -> None:
    def work() -> None:
        import keyring

        keyring.delete_password(_SERVICE, item)

    _within(seconds, work)


def keep_secret(item: str, value: str, seconds: float = KEYRING_SECONDS) -> None:
    """Put a text into the keyring under a name. Raises SecretsError when it does not read back."""

    def work() -> bool:
        import keyring

        keyring.set_password(_SERVICE, item, value)
        return keyring.get_password(_SERVICE, item) == value

    if not _within(seconds, work):
        raise SecretsError("The keyring did not keep what it was given. Nothing was changed.")


def read_secret(item: str, seconds: float = KEYRING_SECONDS) -> str | None:
    """Return a text that the keyring keeps; None when it is not there, or the keyring does not answer."""

    def work() -> str | None:
        import keyring

        return keyring.get_password(_SERVICE, item)

    return _within(seconds, work)


def forget_secret(item: str) -> None:
    """Remove a text from the keyring, where it is there."""
    _keyring_forget(item)


def keyring_works() -> bool:
    """Whether the keyring keeps a value for as long as it takes to read it back, within three seconds."""
    item = f"probe-{secrets.token_hex(8)}"
    works = _keyring_keeps(item, secrets.token_bytes(KEY_BYTES))
    if works:
        _keyring_forget(item)
    return works


# ---- profile.json ----------------------------------------------------------------------------


def _check(key: bytes) -> str:
    return hashlib.blake2b(key, digest_size=_CHECK_BYTES, person=b"millpond check").hexdigest()


def _read_profile(profile: Path) -> _Profile | None:
    path = profile / PROFILE
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read. It was left as it is.") from error
    broken = StoreError(f"{path} is damaged. It was left as it is; the recovery key opens the profile without it.")
    if not isinstance(data, dict) or not isinstance(data.get("format"), int):
        raise broken
    if data["format"] > FORMAT:
        raise NewerProfileError("A newer Millpond made this profile. It was left as it is: update Millpond to open it.")
    encryption = data.get("encryption")
    if encryption == "plain":
        return _Profile(encryption="plain")
    try:
        if encryption == "keyring":
            return _Profile(encryption="keyring", item=str(data["item"]), check=str(data["check"]))
        if encryption == "passphrase":
            kdf = data["kdf"]
            found = _Profile(
                encryption="passphrase",
                check=str(data["check"]),
                salt=str(kdf["salt"]),
                memory_kib=int(kdf["memory_kib"]),
                passes=int(kdf["passes"]),
                lanes=int(kdf["lanes"]),
            )
            sound = 8 * found.lanes <= found.memory_kib <= 2**21 and 1 <= found.passes <= 64 and 1 <= found.lanes <= 16
            if sound and len(bytes.fromhex(found.salt)) >= 16:
                return found
    except (KeyError, TypeError, ValueError) as error:
        raise broken from error
    raise broken


def _write_profile(profile: Path, chosen: _Profile) -> None:
    data: dict[str, Any] = {"format": FORMAT, "encryption": chosen.encryption}
    if chosen.encryption != "plain":
        data["check"] = chosen.check
    if chosen.encryption == "keyring":
        data["item"] = chosen.item
    if chosen.encryption == "passphrase":
        data["kdf"] = {
            "name": "argon2id",
            "salt": chosen.salt,
            "memory_kib": chosen.memory_kib,
            "passes": chosen.passes,
            "lanes": chosen.lanes,
        }
    path = profile / PROFILE
    try:
        profile.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=".profile", dir=profile)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            _put_in_place(name, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(name)
    except FileExistsError:
        raise StoreError("Another Millpond is making this profile at this moment. Try again.") from None
    except OSError as error:
        raise StoreError(f"The profile folder {profile} cannot be written: {error.strerror or error}.") from error


def _put_in_place(name: str, path: Path) -> None:
    """Give a file its name unless that is taken: another process may have chosen meanwhile."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        os.replace(name, path)


# ---- opening ---------------------------------------------------------------------------------


def open_key(
    profile: Path,
    *,
    encryption: Encryption | None = None,
    passphrase: str | None = None,
    passphrase_file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Opened:
    """Return the key of a profile, and for a new one choose it and write `profile.json`.

    A new profile takes the passphrase where one is given, else the keyring if that keeps what it is given; unencrypted
    only by `encryption="plain"`. An existing one is opened as it was made; `encryption`, when given, must agree. The recovery
    key is taken wherever a passphrase is.

    Args:
        environ: where MILLPOND_PASSPHRASE_FILE is looked for, when no passphrase is given.
    Raises:
        SecretsError: no keyring and no passphrase; the message names the choices.
        LockedError: wrong passphrase or recovery key.   InputError, StoreError, NewerProfileError.
    """
    damaged: StoreError | None = None
    chosen: _Profile | None = None
    try:
        chosen = _read_profile(profile)
    except NewerProfileError:
        raise
    except StoreError as error:
        damaged = error
    if (encryption or (chosen.encryption if chosen else None)) != "plain":
        if passphrase is None and passphrase_file is None and environ.get(PASSPHRASE_VARIABLE):
            passphrase_file = Path(environ[PASSPHRASE_VARIABLE])
        if passphrase is None and passphrase_file is not None:
            passphrase = read_passphrase_file(passphrase_file)
        if passphrase == "":
            raise InputError("An empty passphrase protects nothing.")
    if damaged is not None and (passphrase is None or _recovery_or_none(passphrase) is None):
        raise damaged
    if chosen is None:
        if _has_database(profile):
            return _open_without_profile(profile, encryption, passphrase)
        return _choose(profile, encryption, passphrase)
    if encryption is not None and encryption != chosen.encryption:
        raise InputError(f"This profile was made with “{chosen.encryption}”, so “{encryption}” cannot open it.")
    return _open(chosen, passphrase)


def _has_database(profile: Path) -> bool:
    try:
        return (profile / DATABASE).stat().st_size > 0
    except OSError:
        return False


def _open(chosen: _Profile, passphrase: str | None) -> Opened:
    if chosen.encryption == "plain":
        return Opened(key=None, encryption="plain")
    if passphrase is not None and (key := _recovery_or_none(passphrase)) is not None:
        if _check(key) != chosen.check:
            raise LockedError("This is the recovery key of another profile.")
        return Opened(key=key, encryption=chosen.encryption)
    if chosen.encryption == "passphrase":
        if passphrase is None:
            raise LockedError(
                "This profile is locked with a passphrase. Give it by --passphrase-file FILE or by the variable "
                "MILLPOND_PASSPHRASE_FILE; the recovery key will do, too."
            )
        key = derive(
            passphrase,
            salt=bytes.fromhex(chosen.salt),
            memory_kib=chosen.memory_kib,
            passes=chosen.passes,
            lanes=chosen.lanes,
        )
        if _check(key) != chosen.check:
            raise LockedError("This is not the passphrase of this profile. Nothing was changed.")
        return Opened(key=key, encryption="passphrase")
    found = _keyring_read(chosen.item)
    if found is None:
        raise SecretsError(
            "The keyring does not give out this profile's key: it is missing, locked or not running. Unlock it and try "
            "again, or give the recovery key by --passphrase-file FILE or the variable MILLPOND_PASSPHRASE_FILE."
        )
    if len(found) != KEY_BYTES or _check(found) != chosen.check:
        raise LockedError("The keyring holds another key than this profile's. The recovery key opens it.")
    return Opened(key=found, encryption="keyring")


def _open_without_profile(profile: Path, encryption: Encryption | None, passphrase: str | None) -> Opened:
    """`profile.json` was lost: only a key that needs nothing of it can be right; the store tells whether it is."""
    if encryption == "plain":
        return Opened(key=None, encryption="plain")
    key = _recovery_or_none(passphrase) if passphrase is not None else None
    if key is None:
        raise LockedError(
            f"{profile / PROFILE} is missing, so only the recovery key opens this profile (or --encryption plain, if it "
            "was never encrypted). Nothing was changed."
        )
    return Opened(key=key, encryption="passphrase")


def _choose(profile: Path, encryption: Encryption | None, passphrase: str | None) -> Opened:
    if encryption == "plain":
        _write_profile(profile, _Profile(encryption="plain"))
        return Opened(key=None, encryption="plain")
    if encryption == "passphrase" or (encryption is None and passphrase is not None):
        if passphrase is None:
            raise SecretsError(f"A passphrase is needed. The choices: {_CHOICES}.")
        salt = secrets.token_bytes(16)
        key = derive(passphrase, salt=salt, memory_kib=_MEMORY_KIB, passes=_PASSES, lanes=_LANES)
        _write_profile(
            profile,
            _Profile(
                encryption="passphrase",
                check=_check(key),
                salt=salt.hex(),
                memory_kib=_MEMORY_KIB,
                passes=_PASSES,
                lanes=_LANES,
            ),
        )
        return Opened(key=key, encryption="passphrase")
    key, item = secrets.token_bytes(KEY_BYTES), f"profile-{secrets.token_hex(8)}"
    if not _keyring_keeps(item, key):
        raise SecretsError(
            f"This system has no keyring that keeps what it is given, so the profile cannot be encrypted by itself. "
            f"The choices: {_CHOICES}."
        )
    try:
        _write_profile(profile, _Profile(encryption="keyring", item=item, check=_check(key)))
    except EngineError:
        _keyring_forget(item)
        raise
    return Opened(key=key, encryption="keyring")


def fits(profile: Path, key: bytes | None) -> bool:
    """Whether `profile.json` says that the key is the profile's: what it does not open then is damaged."""
    chosen = _read_profile(profile)
    return chosen is not None and (chosen.encryption == "plain" if key is None else _check(key) == chosen.check)


def profile_state(profile: Path) -> ProfileState:
    """Return what can be told of a profile without opening it; the keyring is tried only where it matters.

    Raises:
        StoreError: `profile.json` is damaged.   NewerProfileError.
    """
    chosen = _read_profile(profile)
    works: bool | None = None
    if chosen is None:
        works = None if _has_database(profile) else keyring_works()
    elif chosen.encryption == "keyring":
        works = _keyring_read(chosen.item) is not None
    return ProfileState(
        exists=_has_database(profile) or chosen is not None,
        encryption=None if chosen is None else chosen.encryption,
        keyring_works=works,
    )
