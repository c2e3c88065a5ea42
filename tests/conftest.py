"""What holds for every test: no warning goes unseen, and no socket leaves this machine."""

from __future__ import annotations

import ipaddress
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakenet import FakeNet, Ledger

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the person's own keyring

_outside: list[str] = []


def _watch(event: str, args: tuple[Any, ...]) -> None:
    """Refuse every connection that is not to loopback, whoever makes it in this process."""
    if event not in {"socket.connect", "socket.sendto"}:
        return
    address = args[-1]
    if not isinstance(address, tuple):
        return  # AF_UNIX
    try:
        inside = ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback
    except ValueError:
        inside = address[0] in {"localhost", ""}
    if not inside:
        _outside.append(f"{event} {address!r}")
        raise PermissionError(f"a test tried to reach {address!r}")


sys.addaudithook(_watch)


class _Loud(logging.Handler):
    """Keeps every record at WARNING or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail on a log line at WARNING or above, unless the test asks for `caplog` and so looks itself."""
    loud = _Loud()
    logging.getLogger().addHandler(loud)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(loud)
    if loud.records and "caplog" not in request.fixturenames:
        pytest.fail("unexpected log: " + "; ".join(f"{r.name}: {r.getMessage()}" for r in loud.records))


@pytest.fixture(autouse=True)
def _no_outside_socket() -> Iterator[None]:
    _outside.clear()
    yield
    if _outside:
        pytest.fail("reached outside this machine: " + "; ".join(_outside))


@pytest.fixture
def net() -> Iterator[FakeNet]:
    """The loopback internet, empty."""
    with FakeNet() as running:
        yield running


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()
