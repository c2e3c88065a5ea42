"""Where a profile may lie, and that a folder which is refused stays as it was."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

import pytest

from engine import InputError, open_engine
from engine.store import require_place
from engine.store.place import network_type

MOUNTS = """\
sysfs /sys sysfs rw 0 0
/dev/vda1 / ext4 rw,relatime 0 0
tower:/export /home/ada/shared nfs4 rw 0 0
//tower/films /mnt/my\\040films cifs rw 0 0
ada@tower: /home/ada/far fuse.sshfs rw 0 0
tmpfs /home/ada/shared/local tmpfs rw 0 0
/dev/fuse /run/user/1000/doc fuse.portal rw 0 0
"""


def listing(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (stat.S_IMODE(path.stat().st_mode), path.read_bytes() if path.is_file() else b"")
        for path in [folder, *sorted(folder.iterdir())]
    }


def test_a_folder_with_other_things_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir(mode=0o755)
    (folder / "to-mother.txt").write_text("Dear mother")
    before = listing(folder)
    for access in ({"key": secrets.token_bytes(32)}, {"passphrase": "a long enough passphrase"}, {"encryption": "plain"}):
        with pytest.raises(InputError, match=r"to-mother\.txt"):
            open_engine(folder, **access)  # type: ignore[arg-type]
    assert listing(folder) == before


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profile"
    path.write_text("not a folder")
    with pytest.raises(InputError, match="is a file"):
        open_engine(path, key=secrets.token_bytes(32))
    assert path.read_text() == "not a folder"


def test_an_empty_folder_and_one_with_what_a_profile_leaves_are_taken(tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    folder = tmp_path / "profile"
    folder.mkdir()
    with open_engine(folder, key=key):
        pass
    with open_engine(folder, key=key):
        pass
    (folder / "millpond.db").rename(tmp_path / "elsewhere.db")
    for name in ("window.ini", "jobs.lock", "damaged-20261123.db"):
        (folder / name).touch()
    (folder / "backups").mkdir(exist_ok=True)
    require_place(folder)


def test_a_profile_with_a_stray_file_beside_it_still_opens(tmp_path: Path) -> None:
    key, folder = secrets.token_bytes(32), tmp_path / "profile"
    with open_engine(folder, key=key):
        pass
    (folder / ".DS_Store").touch()
    with open_engine(folder, key=key) as engine:
        assert engine.feeds() == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX rights")
def test_a_folder_that_accounts_share_keeps_its_rights_even_with_a_profile_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / "millpond.db").touch()
    folder.chmod(0o1777)
    with pytest.raises(InputError, match="accounts share"):
        open_engine(folder, key=secrets.token_bytes(32))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can make another account's folder")
def test_the_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    with pytest.raises(InputError, match="another account"):
        open_engine(folder, key=secrets.token_bytes(32))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ada/profile", ""),
        ("/home/ada/shared", "nfs4"),
        ("/home/ada/shared/millpond/profile", "nfs4"),
        ("/home/ada/shared/local/profile", ""),
        ("/home/ada/sharedness", ""),
        ("/mnt/my films/profile", "cifs"),
        ("/home/ada/far/profile", "fuse.sshfs"),
        ("/run/user/1000/doc/profile", ""),
    ],
)
def test_a_network_file_system_is_told_by_the_deepest_mount(path: str, kind: str) -> None:
    assert network_type(path, MOUNTS) == kind


def test_a_profile_on_a_network_file_system_needs_the_persons_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"tower:/export {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr("engine.store.place._MOUNTS", mounts)
    profile = tmp_path / "profile"
    with pytest.raises(InputError, match="--allow-network-folder"):
        open_engine(profile, key=secrets.token_bytes(32))
    assert not profile.exists()
    with open_engine(profile, key=secrets.token_bytes(32), allow_network=True) as engine:
        assert engine.feeds() == []
