"""A worker's end in plain words: from its exit status and what it last wrote to stderr; and its errors, made whole."""

from __future__ import annotations

import logging
import re
import signal
from typing import Any

from engine import errors

log = logging.getLogger(__name__)

MAX_MESSAGE_CHARACTERS = 500

_SIGNALS = {
    "SIGSEGV": "it crashed (it read memory that is not its own)",
    "SIGBUS": "it crashed (it read memory that is not there)",
    "SIGILL": "it crashed (this processor lacks an instruction that it uses)",
    "SIGFPE": "it crashed (an arithmetic error)",
    "SIGABRT": "it gave up because of an inner error",
    "SIGSYS": "it tried something that workers may not do",
    "SIGXCPU": "it used more processor time than one job may",
    "SIGKILL": "it was killed, by the system or by someone",
    "SIGTERM": "it was asked to stop by someone",
}


def death(status: int | None, stderr: str) -> str:
    """Why a process ended: no sentence, but what follows "The worker stopped: ".

    Args:
        status: as `Popen.returncode` has it.   stderr: its last lines; never shown itself, it may hold anything.
    """
    if re.search(r"MemoryError|bad_alloc|[Cc]annot allocate memory|out of memory|DefaultCPUAllocator", stderr):
        return "it ran out of memory"
    if status is not None and status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            return f"it was ended by signal {-status}"
        return _SIGNALS.get(name, f"it was ended by {name}")
    missing = re.search(r"No module named '([\w.]{1,80})'", stderr)
    if missing:
        return f"the library {missing[1]} is not installed"
    library = re.search(r"([\w.+-]{1,80}\.so[\w.]{0,20}): cannot open shared object file", stderr)
    if library:
        return f"the system library {library[1]} is not installed"
    if status == 0:
        return "it ended without an answer"
    raised = re.findall(r"^([A-Za-z_][\w.]{0,80}(?:Error|Exception))\b", stderr, re.MULTILINE)
    if raised:
        return f"it failed with {raised[-1].rpartition('.')[2]}"
    return f"it ended with status {status}"


def from_wire(role: str, message: dict[str, Any]) -> errors.EngineError:
    """The error that a worker reports. Nothing in the message is believed: a kind unheard of is a bug."""
    kind, text = str(message.get("kind")), str(message.get("message"))[:MAX_MESSAGE_CHARACTERS]
    data = message.get("data")
    if kind == "NotAFeedError":
        candidates = data.get("candidates") if isinstance(data, dict) else ()
        return errors.NotAFeedError(text, tuple(str(item)[:4000] for item in (candidates or ())[:50]))
    made = getattr(errors, kind, None) if kind in _KINDS else None
    if made is not None:
        error: errors.EngineError = made(text)
        return error
    frames = data.get("frames") if isinstance(data, dict) else None
    log.info("worker bug role=%s error=%s\n%s", role, text[:80], str(frames)[:4000])
    name = text if re.fullmatch(r"\w{1,80}", text) else "an unknown error"
    return errors.WorkerError(f"The {role} worker failed on this ({name}). This is a bug in Millpond.")


_KINDS = frozenset({"EngineError", "InputError", "NotFoundError", "ParseError", "WorkerError", "ModelError"})
