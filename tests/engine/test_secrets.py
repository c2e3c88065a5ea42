"""Keys of profiles: keyring, passphrase, recovery key, or none by explicit choice."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as ForgetfulKeyring

from engine import secrets
from engine.errors import InputError, LockedError, NewerProfileError, SecretsError, StoreError
from engine.secrets import open_key, profile_state, read_recovery_key, recovery_key
from tests.memory_keyring import MemoryKeyring

SHIPPED = (secrets._MEMORY_KIB, secrets._PASSES)


@pytest.fixture(autouse=True)
def working(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    monkeypatch.setattr(secrets, "_MEMORY_KIB", 64)  # argon2id with little work: its parameters are in profile.json
    monkeypatch.setattr(secrets, "_PASSES", 1)
    ring = MemoryKeyring()
    before = keyring.get_keyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("correct horse\nsecond line\n", encoding="utf-8")
    return path


# ---- recovery key ----


@given(st.binary(min_size=32, max_size=32))
def test_a_recovery_key_read_back_is_the_key(key: bytes) -> None:
    text = recovery_key(key)
    assert read_recovery_key(text) == key
    assert read_recovery_key(f"  {text.lower().replace('-', ' ')}\n") == key
    assert read_recovery_key(text.replace("O", "0").replace("I", "1").replace("B", "8")) == key


@given(st.binary(min_size=32, max_size=32), st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_slip_of_the_pen_in_a_recovery_key_is_noticed(key: bytes, place: int, letter: str) -> None:
    letters = list(recovery_key(key).replace("-", ""))
    if letters[place] != letter:
        letters[place] = letter
        with pytest.raises(InputError):
            read_recovery_key("".join(letters))


@pytest.mark.parametrize("text", ["", "abc", "A" * 56, "é" * 56, "!" * 56, "A" * 57])
def test_what_is_no_recovery_key_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_recovery_key(text)


# ---- new profiles ----


def test_a_new_profile_takes_the_keyring_and_is_opened_by_it_again(profile: Path, working: MemoryKeyring) -> None:
    made = open_key(profile, environ={})
    assert made.encryption == "keyring"
    assert made.key is not None
    assert len(made.key) == 32
    assert open_key(profile, environ={}) == made
    assert len(working.kept) == 1


@pytest.mark.parametrize("ring", [NoKeyring(), ForgetfulKeyring()])
def test_without_a_keyring_that_keeps_values_the_error_names_the_choices(profile: Path, ring: KeyringBackend) -> None:
    keyring.set_keyring(ring)
    with pytest.raises(SecretsError) as caught:
        open_key(profile, environ={})
    for choice in ("--passphrase-file", "MILLPOND_PASSPHRASE_FILE", "--encryption plain"):
        assert choice in str(caught.value)
    assert not (profile / "profile.json").exists()
    assert profile_state(profile).keyring_works is False


def test_a_keyring_that_waits_for_ever_is_given_up(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets._keyring_keeps, "__defaults__", (0.1,))
    keyring.set_keyring(MemoryKeyring(seconds=1.0))
    start = time.monotonic()
    with pytest.raises(SecretsError):
        open_key(profile, environ={})
    assert time.monotonic() - start < 0.9


def test_the_keyring_is_given_three_seconds() -> None:
    assert secrets.KEYRING_SECONDS == 3.0
    assert secrets._keyring_read.__defaults__ == secrets._keyring_keeps.__defaults__ == (3.0,)


def test_a_profile_is_never_plain_unless_asked_for(profile: Path) -> None:
    opened = open_key(profile, encryption="plain", environ={})
    assert opened.key is None
    assert open_key(profile, environ={}) == opened
    assert profile_state(profile).encryption == "plain"


def test_a_passphrase_file_makes_and_opens_a_profile(profile: Path, passphrase_file: Path) -> None:
    made = open_key(profile, passphrase_file=passphrase_file, environ={})
    assert made.encryption == "passphrase"
    assert open_key(profile, passphrase="correct horse", environ={}) == made
    assert open_key(profile, environ={"MILLPOND_PASSPHRASE_FILE": str(passphrase_file)}) == made


def test_two_profiles_of_one_passphrase_have_two_keys(tmp_path: Path) -> None:
    one, two = (open_key(tmp_path / name, passphrase="same", environ={}).key for name in ("one", "two"))
    assert one != two


def test_a_passphrase_costs_64_mib_and_three_passes_to_try(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_MEMORY_KIB", SHIPPED[0])
    monkeypatch.setattr(secrets, "_PASSES", SHIPPED[1])
    made = open_key(profile, passphrase="right", environ={})
    kdf = json.loads((profile / "profile.json").read_text(encoding="utf-8"))["kdf"]
    assert (kdf["name"], kdf["memory_kib"], kdf["passes"]) == ("argon2id", 65_536, 3)
    assert open_key(profile, passphrase="right", environ={}) == made


@pytest.mark.parametrize("content", [b"", b"\nx", b"\xff\xfe"])
def test_a_passphrase_file_without_a_passphrase_is_refused(profile: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(InputError):
        open_key(profile, passphrase_file=tmp_path / "bad", environ={})
    with pytest.raises(InputError):
        open_key(profile, passphrase_file=tmp_path / "missing", environ={})


# ---- existing profiles ----


def test_a_wrong_passphrase_is_told_and_changes_nothing(profile: Path) -> None:
    made = open_key(profile, passphrase="right", environ={})
    before = (profile / "profile.json").read_bytes()
    with pytest.raises(LockedError, match="not the passphrase"):
        open_key(profile, passphrase="wrong", environ={})
    with pytest.raises(LockedError, match="locked with a passphrase"):
        open_key(profile, environ={})
    assert (profile / "profile.json").read_bytes() == before
    assert open_key(profile, passphrase="right", environ={}) == made


@pytest.mark.parametrize("encryption", ["keyring", "passphrase"])
def test_the_recovery_key_opens_a_profile_whatever_else_is_lost(profile: Path, encryption: str) -> None:
    made = open_key(profile, passphrase=None if encryption == "keyring" else "x", environ={})
    assert made.key is not None
    text = recovery_key(made.key)
    keyring.set_keyring(NoKeyring())
    assert open_key(profile, passphrase=text, environ={}).key == made.key
    (profile / "millpond.db").write_bytes(b"something")
    (profile / "profile.json").write_text("{", encoding="utf-8")
    assert open_key(profile, passphrase=text, environ={}).key == made.key
    (profile / "profile.json").unlink()
    assert open_key(profile, passphrase=text, environ={}).key == made.key
    with pytest.raises(LockedError, match="recovery key"):
        open_key(profile, environ={})
    assert not (profile / "profile.json").exists()


def test_the_recovery_key_of_another_profile_is_refused(profile: Path) -> None:
    open_key(profile, environ={})
    with pytest.raises(LockedError, match="another profile"):
        open_key(profile, passphrase=recovery_key(bytes(32)), environ={})


def test_a_lost_keyring_item_is_told_and_no_new_key_is_made(profile: Path, working: MemoryKeyring) -> None:
    open_key(profile, environ={})
    working.kept.clear()
    with pytest.raises(SecretsError, match="recovery key"):
        open_key(profile, environ={})
    assert working.kept == {}


def test_a_changed_keyring_item_is_refused(profile: Path, working: MemoryKeyring) -> None:
    open_key(profile, environ={})
    for item in working.kept:
        working.kept[item] = bytes(32).hex()
    with pytest.raises(LockedError, match="another key"):
        open_key(profile, environ={})


def test_another_encryption_than_the_profiles_is_refused(profile: Path) -> None:
    open_key(profile, environ={})
    with pytest.raises(InputError, match="keyring"):
        open_key(profile, encryption="plain", environ={})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": 1, "encryption": "rot13"}',
        '{"format": 1, "encryption": "keyring"}',
        '{"format": 1, "encryption": "passphrase", "check": "00", "kdf": {"salt": "00", "memory_kib": 64, "passes": 1, "lanes": 1}}',
        '{"format": 1, "encryption": "passphrase", "check": "00", "kdf": '
        '{"salt": "00000000000000000000000000000000", "memory_kib": 99999999, "passes": 1, "lanes": 1}}',
    ],
)
def test_a_damaged_profile_file_is_told_and_left_alone(profile: Path, content: str) -> None:
    profile.mkdir()
    (profile / "profile.json").write_text(content, encoding="utf-8")
    with pytest.raises(StoreError, match="left as it is"):
        open_key(profile, passphrase="x", environ={})
    assert (profile / "profile.json").read_text(encoding="utf-8") == content


def test_a_profile_file_of_a_newer_version_is_refused(profile: Path) -> None:
    profile.mkdir()
    (profile / "profile.json").write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(NewerProfileError):
        open_key(profile, environ={})


def test_the_profile_file_holds_no_secret_and_is_ones_own(profile: Path) -> None:
    made = open_key(profile, passphrase="correct horse", environ={})
    assert made.key is not None
    text = (profile / "profile.json").read_text(encoding="utf-8")
    assert made.key.hex() not in text
    assert "horse" not in text
    assert set(json.loads(text)) == {"format", "encryption", "check", "kdf"}
    assert stat.S_IMODE((profile / "profile.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(profile.stat().st_mode) == 0o700


def test_the_state_of_a_profile_is_told_without_opening_it(profile: Path, working: MemoryKeyring) -> None:
    state = profile_state(profile)
    assert (state.exists, state.encryption, state.keyring_works) == (False, None, True)
    assert working.kept == {}
    open_key(profile, environ={})
    state = profile_state(profile)
    assert (state.exists, state.encryption, state.keyring_works) == (True, "keyring", True)


def test_a_variable_that_is_not_needed_does_no_harm(profile: Path) -> None:
    open_key(profile, encryption="plain", environ={"MILLPOND_PASSPHRASE_FILE": "/nowhere"})
    assert open_key(profile, environ={"MILLPOND_PASSPHRASE_FILE": "/nowhere"}).key is None
