"""What the tests of killed, hung and starved workers share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from engine.workers.clients import GenerateWorker

GONE_SECONDS = 20.0  # within which a process that hangs is killed, on a machine that has much else to do

Tiny = Callable[..., GenerateWorker]


def eventually(fact: Callable[[], bool], seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if fact():
            return True
        time.sleep(0.02)
    return fact()


def stopped(worker: GenerateWorker) -> int:
    """Start the worker's process and stop it in its tracks."""
    worker.info()
    pid = worker.state().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid
