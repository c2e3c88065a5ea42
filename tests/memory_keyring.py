"""A keyring for tests: the person's own is never touched."""

from __future__ import annotations

import time
from typing import ClassVar

from keyring.backend import KeyringBackend


class MemoryKeyring(KeyringBackend):
    """A keyring that keeps what it is given, for as long as the test."""

    priority: ClassVar[float] = 1

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.seconds = seconds

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(self.seconds)
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        time.sleep(self.seconds)
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]
