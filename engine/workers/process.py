"""One worker process: started, spoken with, watched and ended. Used by one supervisor thread only."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import site
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import psutil

from engine.errors import WorkerError
from engine.workers import failures, protocol

STDERR_BYTES = 8192  # how much of its last words is kept
STOP_GRACE_SECONDS = 2.0
FOLDER = "millpond-worker-"  # then the parent's process id
# Looked up by libraries of the models or of the platform; everything else of the environment stays away.
PASSED_ON = ("SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NUMBER_OF_PROCESSORS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker may use. 0 means no limit."""

    address_bytes: int = 0  # of address space, by the kernel
    resident_bytes: int = 0  # of resident memory, polled
    processor_seconds: float = 0.0  # for one job, by the kernel
    start_seconds: float = 120.0  # until it is ready
    idle_seconds: float | None = 900.0  # then it is let go; None: never
    back_off_seconds: float = 0.5  # before the third start in a row, doubled each time
    nice: int = 5
    sandbox: bool = True


class Died(Exception):
    """The process is gone. `reason` goes after "The worker stopped: "."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Event:
    message: protocol.Message
    size: int


class Process:
    """A started worker. Three threads keep its pipes moving, so that neither side can ever block the other."""

    def __init__(
        self, role: str, config: dict[str, Any], limits: Limits, command: Sequence[str] | None = None
    ) -> None:
        """Raises WorkerError when the system cannot start it."""
        self.role = role
        self._limits = limits
        self.ready = False
        self._began = time.monotonic()
        _sweep()
        self._folder = tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-")
        self._events: queue.SimpleQueue[Event | str | None] = queue.SimpleQueue()
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stderr: deque[bytes] = deque()
        try:
            self._popen = subprocess.Popen(
                [*(command or own_command()), role],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._folder,
                env=environment(self._folder),
                start_new_session=True,  # Ctrl-C in a terminal is for the parent
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise WorkerError(f"The {role} worker cannot be started: {error.strerror}.") from error
        self._watched = psutil.Process(self._popen.pid) if self._popen.poll() is None else None
        self._threads = [
            threading.Thread(target=target, name=f"{role} {name}", daemon=True)
            for name, target in (("answers", self._read), ("stderr", self._drain), ("commands", self._write))
        ]
        for thread in self._threads:
            thread.start()
        self.send(
            protocol.start(
                config,
                {
                    "parent": os.getpid(),
                    "address_bytes": limits.address_bytes,
                    "processor_seconds": limits.processor_seconds,
                    "nice": limits.nice,
                    "sandbox": limits.sandbox,
                },
            )
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def resident_bytes(self) -> int:
        """0 once it is gone."""
        try:
            return int(self._watched.memory_info().rss) if self._watched else 0
        except psutil.Error:
            return 0

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self._began

    def await_ready(self, cancelled: Callable[[], bool]) -> bool:
        """Wait until the role has started; False when `cancelled` came first.

        Raises:
            Died: it ended, or took too long.   EngineError: its start failed as the role says.
        """
        while not cancelled():
            if self.age_seconds > self._limits.start_seconds:
                self.kill()
                raise Died(f"it was not ready after {self._limits.start_seconds:g} seconds")
            self.check_memory()
            event = self.event(0.25)
            if event is None:
                continue
            if event.message.get("t") == "ready":
                self.ready = True
                return True
            if event.message.get("t") == "error":
                raise failures.from_wire(self.role, event.message)
        return False

    def check_memory(self) -> None:
        """Raises Died, after killing it, when it has outgrown its limit."""
        limit = self._limits.resident_bytes
        if limit and self.resident_bytes() > limit:
            self.kill()
            raise Died(f"it needed more than {limit / 1e6:.0f} MB of memory")

    def event(self, timeout: float) -> Event | None:
        """The next message; None when there was none in time, or when `wake` was called.

        Raises:
            Died: its answers ended or made no sense.
        """
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(event, str):
            self._events.put(event)  # whoever asks next hears it too
            if event == "nonsense":
                self.kill()
                raise Died("it answered with nonsense")
            raise Died(self._last_words())
        return event

    def wake(self) -> None:
        self._events.put(None)

    def send(self, message: protocol.Message) -> None:
        self._outgoing.put(protocol.pack(message))

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self._popen.kill()

    def stop(self) -> None:
        """End it: closed stdin, a short wait, then by force. Its folder goes with it."""
        self._outgoing.put(None)
        try:
            self._popen.wait(timeout=STOP_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._popen.wait()
        for thread in self._threads:
            thread.join(timeout=5)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _last_words(self) -> str:
        try:
            status: int | None = self._popen.wait(timeout=STOP_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._popen.wait()
        self._threads[1].join(timeout=1)
        return failures.death(status, b"".join(self._stderr).decode("utf-8", "replace"))

    # ---- the three threads -------------------------------------------------------------------------

    def _read(self) -> None:
        stream = cast(BinaryIO, self._popen.stdout)
        counted = _Counted(stream)
        try:
            with stream:
                hello = stream.readline(protocol.MAX_HELLO_BYTES)
                if hello and hello != f"{protocol.HELLO} {self.role}\n".encode():
                    raise protocol.ProtocolError("no greeting")
                for message in protocol.messages(counted, limit=protocol.MAX_REPLY_BYTES):
                    self._events.put(Event(message, counted.taken()))
        except protocol.ProtocolError:
            # A process that was killed leaves half a message; one that lives and writes nonsense is another matter.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout=0.2)
            self._events.put("nonsense" if self._popen.poll() is None else "end")
        except (OSError, ValueError):
            self._events.put("end")
        else:
            self._events.put("end")

    def _drain(self) -> None:
        stream = cast(BinaryIO, self._popen.stderr)
        kept = 0
        with contextlib.suppress(OSError, ValueError), stream:
            while data := os.read(stream.fileno(), 4096):
                self._stderr.append(data)
                kept += len(data)
                while kept > STDERR_BYTES and len(self._stderr) > 1:
                    kept -= len(self._stderr.popleft())

    def _write(self) -> None:
        stream = cast(BinaryIO, self._popen.stdin)
        with contextlib.suppress(OSError, ValueError):
            while (data := self._outgoing.get()) is not None:
                stream.write(data)
                stream.flush()
        with contextlib.suppress(OSError, ValueError):
            stream.close()


class _Counted:
    """Counts what is read of a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._bytes = 0

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._bytes += len(data)
        return data

    def taken(self) -> int:
        taken, self._bytes = self._bytes, 0
        return taken


@cache
def _sweep() -> None:
    """Once: delete the working folders of this user's parents that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        parent = folder.name.removeprefix(FOLDER).partition("-")[0]
        if not parent.isdecimal() or psutil.pid_exists(int(parent)):
            continue
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and (not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()):
                shutil.rmtree(folder, ignore_errors=True)


def own_command() -> list[str]:
    """How this program starts itself as a worker."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "worker"]
    return [sys.executable, "-m", "engine", "worker"]


def environment(folder: str) -> dict[str, str]:
    """The whole environment of a worker: where Python's modules are, and that nothing is to be fetched."""
    found = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    modules = [str(Path(__file__).resolve().parents[2])]
    if site.ENABLE_USER_SITE and site.getusersitepackages() in sys.path:
        modules.append(site.getusersitepackages())
    return found | {
        "PYTHONPATH": os.pathsep.join(modules),
        "PYTHONSAFEPATH": "1",  # never modules from the working folder
        "PYTHONUTF8": "1",
        "HOME": folder,
        "TMPDIR": folder,
        "TEMP": folder,
        "TMP": folder,
        "LANG": "C.UTF-8",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": folder,
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "MALLOC_ARENA_MAX": "2",  # glibc's arenas per thread double the resident size of a model worker
    }
