"""`python -m tests.evaluate --data DIR [--task NAME]… [--json]`: one table, or one JSON object, of every set."""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine import EngineError, open_engine
from tests.evaluate import tasks

LIMIT = 2_000  # rows, users, questions or pages judged of one set


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder laid out like ../shared/data")
    parser.add_argument("--task", action="append", choices=tasks.names(), help="may be given again; all without it")
    parser.add_argument("--json", action="store_true", help="print {task: {set: {metric: value}}}")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"judge at most so many of a set ({LIMIT})")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        parser.error(f"there is no folder {options.data}")

    report: dict[str, dict[str, dict[str, tasks.Value]]] = {}
    failed = False
    for name in options.task or tasks.names():
        rows = report[name] = {}
        # A profile of its own for each task: what one adds must not be found by another.
        with tempfile.TemporaryDirectory(prefix="millpond-evaluate-") as folder:
            try:
                with open_engine(Path(folder), key=secrets.token_bytes(32)) as engine:
                    for result, seconds in tasks.timed(tasks.load(name)(engine, options.data, options.limit)):
                        rows[_unused(result.name, rows)] = row = result.as_json(seconds)
                        if not options.json:
                            print(line(name, result.name, row), flush=True)
            except EngineError as error:
                failed = True
                print(f"{name}: {error}", file=sys.stderr)
    if options.json:
        print(json.dumps(report, indent=1, ensure_ascii=False))
    return 1 if failed else 0


def line(task: str, name: str, row: dict[str, tasks.Value]) -> str:
    """One row of the table: metrics as percentages, then counts."""
    counts = {"n", "seconds", "sampled_from", "trained_on"}
    shown = [
        f"{metric} {value * 100:.1f}" if isinstance(value, float) else f"{metric} {value}"
        for metric, value in row.items()
        if metric not in counts and not isinstance(value, list)
    ]
    total = f" of {row['sampled_from']}" if "sampled_from" in row else ""
    mark = "   (trained on: counts for nothing)" if row.get("trained_on") else ""
    return f"{task:<10} {name:<26} {'  '.join(shown)}   n {row['n']}{total}, {row['seconds']} s{mark}"


def _unused(name: str, rows: dict[str, dict[str, tasks.Value]]) -> str:
    number, free = 2, name
    while free in rows:
        free, number = f"{name}-{number}", number + 1
    return free


def stay_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: names are not looked up and nothing but loopback is connected to, whatever the data names."""
    if event == "socket.getaddrinfo" and not _is_loopback(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, "the evaluation stays on this machine")
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_loopback(arguments[1][0]):
        raise ConnectionRefusedError("the evaluation stays on this machine")


def _is_loopback(host: str | bytes | None) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host or "localhost"
    return name in ("localhost", "::1") or name.startswith("127.")


if __name__ == "__main__":
    sys.addaudithook(stay_on_this_machine)
    sys.exit(main())
