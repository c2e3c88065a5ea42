"""The inside of a worker process: take jobs from stdin one at a time, answer on stdout, stop when stdin closes.

A role is a module with `start(config) -> handlers`; a handler takes a payload and a `cancelled()` to look at, and
yields reply bodies. An `EngineError` that it raises reaches the caller as it is; anything else is a bug, reported
without its message, which may hold the person's text.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from engine.errors import EngineError
from engine.workers import protocol, sandbox

Handler = Callable[[dict[str, Any], Callable[[], bool]], Iterator[dict[str, Any]]]

ROLES = {role: f"engine.workers.{role}" for role in ("parse", "embed", "generate", "probe")}


def serve(role: str, roles: Mapping[str, str] = ROLES) -> int:
    """Run one worker until its stdin closes. Returns the exit status."""
    if role not in roles:
        sys.stderr.write(f"There is no worker {role!r}.\n")
        return 2
    commands, answers = _own_pipes()
    answers.write(f"{protocol.HELLO} {role}\n".encode())
    answers.flush()
    inbox: queue.SimpleQueue[protocol.Message] = queue.SimpleQueue()
    stream = protocol.messages(commands, limit=protocol.MAX_REQUEST_BYTES)
    first = next(stream, None)
    if first is None or first.get("t") != "start":
        return 0
    limits = first["limits"]
    sandbox.die_with_parent(int(limits["parent"]))
    if limits.get("sandbox", True):
        sandbox.enter(limits)
    cancelled: set[int] = set()
    reader = threading.Thread(target=_listen, args=(stream, inbox, cancelled), name="commands", daemon=True)
    reader.start()
    try:
        handlers = importlib.import_module(roles[role]).start(first["config"])
    except EngineError as error:
        _send(answers, protocol.failure(0, type(error).__name__, str(error)))
        return 3
    _send(answers, protocol.ready())
    while True:
        _run(inbox.get(), handlers, answers, cancelled, limits)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Private copies of stdin and stdout, out of reach of whatever prints: fd 1 becomes stderr, fd 0 the null device."""
    commands = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return commands, answers


def _listen(
    stream: Iterator[protocol.Message], inbox: queue.SimpleQueue[protocol.Message], cancelled: set[int]
) -> None:
    """Keep stdin empty, note cancellations at once, and end the process with the stream."""
    with contextlib.suppress(protocol.ProtocolError, OSError):
        for message in stream:
            if message.get("t") == "cancel":
                cancelled.add(int(message["job"]))
            else:
                inbox.put(message)
    with contextlib.suppress(OSError):
        os.rmdir(os.getcwd())  # empty unless something was left; the supervisor deletes that
    os._exit(0)


def _run(
    message: protocol.Message,
    handlers: Mapping[str, Handler],
    answers: BinaryIO,
    cancelled: set[int],
    limits: Mapping[str, Any],
) -> None:
    job = int(message["job"])
    if limits.get("processor_seconds"):
        sandbox.allow_processor_seconds(float(limits["processor_seconds"]))
    try:
        handler = handlers[message["op"]]
        replies = handler(message["payload"], lambda: job in cancelled)
        stopped = job in cancelled
        for body in () if stopped else replies:
            _send(answers, protocol.reply(job, body))
            if job in cancelled:
                stopped = True
                break
        _send(answers, protocol.end(job, cancelled=stopped or job in cancelled))
    except EngineError as error:
        data = {"candidates": list(error.candidates)} if hasattr(error, "candidates") else {}
        _send(answers, protocol.failure(job, type(error).__name__, str(error), data))
    except (KeyboardInterrupt, SystemExit, BrokenPipeError):
        raise
    except BaseException as error:  # noqa: BLE001 - reported to the supervisor, which shows it as a bug
        if isinstance(error, MemoryError):
            _send(answers, protocol.failure(job, "memory", "MemoryError"))
            return
        frames = "".join(traceback.format_tb(error.__traceback__)[-6:])
        _send(answers, protocol.failure(job, "bug", type(error).__name__, {"frames": frames}))
    finally:
        cancelled.discard(job)


def _send(answers: BinaryIO, message: protocol.Message) -> None:
    answers.write(protocol.pack(message, limit=protocol.MAX_REPLY_BYTES))
    answers.flush()
