"""The window over 200,000 posts: time to its timeline beside RSS Guard's own start, memory, and stalls.

    python -m tests.benchmarks.window [start use stalls]      (needs Xvfb, xdotool and rssguard)
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PARTS = ("start", "use", "stalls")
ROUNDS = 5
POSTS = 200_000


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """A virtual screen; yields the environment for programs on it."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x900x24"]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, pass_fds=[writing])
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        # An installed program has its bytecode.
        left_out = ("QT_QPA_PLATFORM", "PYTHONDONTWRITEBYTECODE")
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        yield environment | {"DISPLAY": f":{number}"}
    finally:
        server.terminate()
        server.wait()


def rssguard(environment: dict[str, str]) -> float:
    """Seconds from start until RSS Guard with an empty profile shows its window; of a start that never does, again."""
    for _ in range(3):
        if seconds := _rssguard_once(environment):
            return seconds
    raise SystemExit("RSS Guard showed no window, three times")


def _rssguard_once(environment: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = environment | {"HOME": folder, "QTWEBENGINE_DISABLE_SANDBOX": "1"}  # its engine refuses root otherwise
        started = time.perf_counter()
        process = subprocess.Popen(
            ["rssguard", "--data", folder],
            env=home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            command = ["xdotool", "search", "--onlyvisible", "--name", "^RSS Guard [0-9]"]
            while time.perf_counter() - started < 10 and process.poll() is None:
                if subprocess.run(command, env=environment, capture_output=True).stdout.strip():
                    return time.perf_counter() - started
                time.sleep(0.01)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its web engine's processes too
            process.wait()
    return 0.0


def fill(profile: Path, key: bytes, count: int = POSTS) -> None:
    """Make a profile of made-up posts with vectors and scores."""
    from engine.store import Store
    from tests.benchmarks import store as bench
    from tests.benchmarks.corpus import NOW, Corpus

    with Store.open(profile, key=key, clock=lambda: NOW) as opened:
        bench.fill(opened, Corpus(), count)
        bench.derive(opened, count)


def probe(profile: Path, key: bytes, environment: dict[str, str], task: str) -> dict[str, float]:
    """Run `tests.benchmarks.window_probe` and return what it measured, with the time from its start."""
    command = [sys.executable, "-m", "tests.benchmarks.window_probe", str(profile), task]
    environment = environment | {"PROBE_KEY": key.hex(), "PROBE_STARTED": repr(time.time())}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"the probe failed:\n{ran.stderr[-2000:]}")
    found: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def starts(profile: Path, key: bytes, environment: dict[str, str], rounds: int) -> dict[str, float]:
    """Seconds to RSS Guard's window and to our timeline, in turns."""
    theirs, ours = [], []
    probe(profile, key, environment, "start")  # bytecode is written, files are read once
    rssguard(environment)
    for _ in range(rounds):
        theirs.append(rssguard(environment))
        ours.append(probe(profile, key, environment, "start")["timeline_seconds"])
    seconds, peer = sorted(ours)[rounds // 2], sorted(theirs)[rounds // 2]
    return {"rssguard_seconds": peer, "timeline_seconds": seconds, "ratio": seconds / peer}


def stalls(folder: Path, key: bytes, environment: dict[str, str], rounds: int) -> dict[str, float]:
    """How long the event loop stands still while 10,000 posts come in, and what all processes weigh meanwhile."""
    runs = []
    for turn in range(rounds):
        runs.append(probe(folder / f"stalls-{turn}", key, environment, "stalls"))
        print(json.dumps(runs[-1]), flush=True)
    return {
        "stall_p99_ms_median": sorted(run["stall_p99_ms"] for run in runs)[rounds // 2],
        "stall_worst_ms_fourth_of_five": sorted(run["stall_worst_ms"] for run in runs)[max(rounds - 2, 0)],
        "all_processes_mb": max(run["all_processes_mb"] for run in runs),
    }


def measure(parts: Sequence[str] = PARTS, count: int = POSTS, rounds: int = ROUNDS) -> None:
    """Print a line for each part as soon as it is known."""
    for program in ("Xvfb", "xdotool", "rssguard"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed")
    key = secrets.token_bytes(32)
    with tempfile.TemporaryDirectory() as name, screen() as environment:
        folder = Path(name)
        if {"start", "use"} & set(parts):
            fill(folder / "profile", key, count)
        if "start" in parts:
            print(json.dumps(starts(folder / "profile", key, environment, rounds)), flush=True)
        if "use" in parts:
            print(json.dumps(probe(folder / "profile", key, environment, "use")), flush=True)
        if "stalls" in parts:
            print(json.dumps(stalls(folder, key, environment, rounds)), flush=True)


def resident_mb(*, with_children: bool) -> float:
    """Resident memory of this process, and of the workers that it started."""
    this = psutil.Process()
    family = [this, *this.children(recursive=True)] if with_children else [this]
    total = 0.0
    for process in family:
        try:
            total += process.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            continue
    return total


if __name__ == "__main__":
    measure(sys.argv[1:] or PARTS)
