"""What a worker gives up before it touches anything untrusted.

No sockets and no other programs: an audit hook refuses them in Python, and on Linux a seccomp filter refuses the
system calls, so that native code is bound too. No core dumps, no ptrace by others, a lower priority, an address space
and processor time that end. The filter is written as BPF here, not through libseccomp, which a machine may lack and
which Python finds only by running a compiler.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from typing import Any

REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.fork",
    "os.startfile",
    "pty.spawn",
    "ftplib.",
    "http.client.",
    "imaplib.",
    "poplib.",
    "smtplib.",
    "telnetlib.",
    "urllib.Request",
    "webbrowser.",
    "winreg.ConnectRegistry",
)

# name: (x86_64, generic table of aarch64 and riscv64); None where the table has no such call
_REFUSED_CALLS: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "connect": (42, 203),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "sendmmsg": (307, 269),
    "recvmmsg": (299, 243),
    "fork": (57, None),
    "vfork": (58, None),
    "kill": (62, 129),  # the parent runs under the same user
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "io_uring_setup": (425, 425),  # can open sockets without the calls above
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
}
_CLONE, _CLONE3, _TGKILL = (56, 220), (435, 435), (234, 131)
_CLONE_THREAD = 0x0001_0000
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1), "riscv64": (0xC00000F3, 1)}

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD_WORD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


class SandboxError(PermissionError):
    """Something in the worker tried what workers may not."""


def enter(limits: dict[str, Any]) -> tuple[str, ...]:
    """Give up everything; there is no way back. Called once, before any thread and any untrusted byte.

    Args:
        limits: "address_bytes" (0: none) and "nice".
    Returns:
        What holds now, of "session", "cores", "address", "audit" and "seccomp".
    """
    held = []
    with contextlib.suppress(OSError, AttributeError):
        os.nice(int(limits.get("nice", 0)))
    if _no_cores():
        held.append("cores")
    if limits.get("address_bytes") and _limit_address_space(int(limits["address_bytes"])):
        held.append("address")
    if sys.platform == "linux" and _seccomp():
        held.append("seccomp")
    sys.addaudithook(_refuse)
    held.append("audit")
    return tuple(held)


def die_with_parent(parent: int) -> None:
    """On Linux the kernel ends this process when its parent's end; elsewhere the closed stdin does."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, 9)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(0)


def allow_processor_seconds(seconds: float) -> None:
    """Let this process use `seconds` more of the processor; then the kernel ends it (SIGXCPU)."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(REFUSED_EVENTS):
        raise SandboxError(errno.EACCES, f"a worker may not do this: {event}")


def _no_cores() -> bool:
    if sys.platform == "win32":
        return False
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)
    return resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def _limit_address_space(size_bytes: int) -> bool:
    if sys.platform == "win32":
        return False
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (size_bytes, size_bytes))
    except (ValueError, OSError):  # macOS refuses this limit
        return False
    return True


def _prctl(option: int, argument: int, pointer: Any = None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.prctl(option, ctypes.c_ulong(argument), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def seccomp_program(machine: str, pid: int) -> bytes:
    """The BPF program for a machine as `platform.machine()` names it; b"" for one whose call numbers we lack.

    Threads may be made, processes not; a signal may go to `pid` alone (that is how abort() works). Layout and constants: linux/filter.h, linux/seccomp.h, linux/audit.h.
    """
    if machine not in _ARCHITECTURES:
        return b""
    architecture, column = _ARCHITECTURES[machine]
    numbers = sorted(number for row in _REFUSED_CALLS.values() if (number := row[column]) is not None)

    def step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
        return struct.pack("=HBBI", code, when_true, when_false, value)

    program = [
        step(_LOAD_WORD, 4),  # seccomp_data.arch: a process may switch to the 32-bit table
        step(_JUMP_EQUAL, architecture, 1, 0),
        step(_RETURN, _KILL_PROCESS),
        step(_LOAD_WORD, 0),  # seccomp_data.nr
    ]
    if machine == "x86_64":  # the x32 table has the same calls under other numbers
        program += [step(_JUMP_GREATER_EQUAL, 0x4000_0000, 0, 1), step(_RETURN, _KILL_PROCESS)]
    for number, offset, test, value, when_true in (
        (_CLONE[column], 16, _JUMP_BITS, _CLONE_THREAD, 1),  # offset 16: the first argument's low word
        (_TGKILL[column], 16, _JUMP_EQUAL, pid, 1),
    ):
        program += [
            step(_JUMP_EQUAL, number, 0, 4),
            step(_LOAD_WORD, offset),
            step(test, value, when_true, 0),
            step(_RETURN, _ERRNO | errno.EACCES),
            step(_RETURN, _ALLOW),
        ]
    # The C library falls back to clone, whose flags can be read, when clone3 does not exist.
    program += [step(_JUMP_EQUAL, _CLONE3[column], 0, 1), step(_RETURN, _ERRNO | errno.ENOSYS)]
    for index, number in enumerate(numbers):
        program.append(step(_JUMP_EQUAL, number, len(numbers) - index, 0))
    program += [step(_RETURN, _ALLOW), step(_RETURN, _ERRNO | errno.EACCES)]
    return b"".join(program)


def _seccomp() -> bool:
    program = seccomp_program(platform.machine(), os.getpid())
    if not program or struct.calcsize("P") != 8:
        return False
    code = ctypes.create_string_buffer(program, len(program))
    filter_program = _Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1) != 0:
        return False
    return _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_program)) == 0
