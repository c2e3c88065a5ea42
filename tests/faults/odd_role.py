"""A worker role that misbehaves on request; the real supervisor, protocol and sandbox run around it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.errors import NotAFeedError, ParseError

Payload = dict[str, Any]
Replies = Iterator[dict[str, Any]]
Cancelled = Callable[[], bool]


def start(config: Payload) -> dict[str, Callable[[Payload, Cancelled], Replies]]:
    if config.get("stillborn"):
        os._exit(9)
    if config.get("slow_start_seconds"):
        time.sleep(config["slow_start_seconds"])
    if config.get("bad_model"):
        from engine.errors import ModelError

        raise ModelError("The model is not there.")
    return {name: function for name, function in globals().items() if getattr(function, "is_op", False)}


def op(function: Callable[[Payload, Cancelled], Replies]) -> Callable[[Payload, Cancelled], Replies]:
    function.is_op = True  # type: ignore[attr-defined]
    return function


@op
def echo(payload: Payload, cancelled: Cancelled) -> Replies:
    yield payload


@op
def count(payload: Payload, cancelled: Cancelled) -> Replies:
    for number in range(payload["n"]):
        if payload.get("crash_once") and number == payload["crash_at"] and not Path(payload["crash_once"]).exists():
            Path(payload["crash_once"]).touch()
            _die("segfault")
        yield {"number": number, "pid": os.getpid()}
        time.sleep(payload.get("pause", 0))


@op
def die(payload: Payload, cancelled: Cancelled) -> Replies:
    _die(payload["how"])
    yield {}


def _die(how: str) -> None:
    if how == "segfault":
        ctypes.string_at(0)
    elif how == "abort":
        os.abort()
    elif how == "words":
        os.write(2, b"GGML_ASSERT(x) failed\nfailed: Cannot allocate memory\n")
        os._exit(1)
    else:
        os._exit(int(how))


@op
def hang(payload: Payload, cancelled: Cancelled) -> Replies:
    if payload.get("holding_the_lock"):
        ctypes.PyDLL(None).sleep(1000)  # PyDLL keeps the interpreter's lock: no thread of this process runs
    time.sleep(1000)
    yield {}


@op
def spin(payload: Payload, cancelled: Cancelled) -> Replies:
    until = time.process_time() + payload["seconds"]
    while time.process_time() < until:
        pass
    yield {"spun": True}


@op
def eat(payload: Payload, cancelled: Cancelled) -> Replies:
    eaten = []
    for _ in range(payload["megabytes"]):
        eaten.append(bytearray(os.urandom(1 << 20)))
    time.sleep(payload.get("digest_seconds", 0))
    yield {"megabytes": len(eaten)}


@op
def large(payload: Payload, cancelled: Cancelled) -> Replies:
    for _ in range(payload.get("times", 1)):
        yield {"data": b"x" * payload["size"]}


@op
def garbage(payload: Payload, cancelled: Cancelled) -> Replies:
    """Write raw bytes where answers go: the only pipe to write to whose number is not a standard one."""
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, payload["bytes"])
    time.sleep(1000)
    yield {}


@op
def noise(payload: Payload, cancelled: Cancelled) -> Replies:
    print("printed by some library")
    os.write(1, b"written by native code\n")
    for _ in range(200):
        sys.stderr.write("x" * 100_000 + "\n")
    yield {"done": True}


@op
def surroundings(payload: Payload, cancelled: Cancelled) -> Replies:
    import resource

    yield {
        "environment": dict(os.environ),
        "folder": os.listdir(),
        "nice": os.nice(0),
        "core": list(resource.getrlimit(resource.RLIMIT_CORE)),
        "address": list(resource.getrlimit(resource.RLIMIT_AS)),
        "path": sys.path,
        "session": os.getsid(0) == os.getpid(),
        "modules": list(sys.modules),
        "pid": os.getpid(),
    }


@op
def fail(payload: Payload, cancelled: Cancelled) -> Replies:
    if payload["how"] == "candidates":
        raise NotAFeedError("That is a page.", ("https://example.org/feed",))
    if payload["how"] == "parse":
        raise ParseError("That is no feed.")
    raise KeyError("a secret of the reader")
    yield {}


@op
def escape(payload: Payload, cancelled: Cancelled) -> Replies:
    """Try to get out, in Python and around it. Each result is "refused" or what was achieved."""
    yield {name: _outcome(attempt) for name, attempt in ATTEMPTS.items() if name in payload.get("names", ATTEMPTS)}


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        return f"managed: {attempt()!r}"
    except PermissionError:
        return "refused"
    except OSError as error:
        return f"failed: {error}"


def _socket() -> object:
    import socket

    return socket.socket()


def _pair() -> object:
    import socket

    return socket.socketpair()


def _lookup() -> object:
    import socket

    return socket.getaddrinfo("localhost", 80)


def _program() -> object:
    import subprocess

    return subprocess.run(["/bin/true"], check=True)


def _fork() -> object:
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)


def _native(name: str, *arguments: object) -> Callable[[], object]:
    def attempt() -> object:
        library = ctypes.CDLL(None, use_errno=True)
        result = getattr(library, name)(*arguments)
        if result == -1:
            raise OSError(ctypes.get_errno(), name)
        if result == 0 and name in {"fork", "vfork"}:
            os._exit(0)
        return result

    return attempt


def _native_spawn() -> object:
    process = ctypes.c_int()
    arguments = (ctypes.c_char_p * 2)(b"/bin/true", None)
    status = ctypes.CDLL(None).posix_spawn(ctypes.byref(process), b"/bin/true", None, None, arguments, None)
    if status:
        raise OSError(status, "posix_spawn")
    return process.value


ATTEMPTS: dict[str, Callable[[], object]] = {
    "socket": _socket,
    "socketpair": _pair,
    "name lookup": _lookup,
    "subprocess": _program,
    "os.system": lambda: os.system("true"),
    "os.fork": _fork,
    "os.execv": lambda: os.execv("/bin/true", ["true"]),
    "kill the parent": lambda: os.kill(os.getppid(), 0),
    "native socket": _native("socket", 2, 1, 0),
    "native socket by number": _native("syscall", 41 if os.uname().machine == "x86_64" else 198, 2, 1, 0),
    "native unix socket": _native("socket", 1, 1, 0),
    "native connect": _native("connect", 0, b"\0" * 16, 16),
    "native fork": _native("fork"),
    "native spawn": _native_spawn,
    "native kill": _native("kill", os.getppid(), 0),
    "native ptrace": _native("ptrace", 16, os.getppid(), 0, 0),
    "native io_uring": _native("syscall", 425, 8, 0),
}
