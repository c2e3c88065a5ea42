"""`make bench`: speed against named peers and baselines, all ratios from one run on one machine.

    python -m tests.benchmarks [calibration store ranking stories rules refreshing embedding labels briefing window]
"""

from __future__ import annotations

import json
import runpy
import sys
import time

PARTS = ("calibration", "store", "ranking", "stories", "rules", "refreshing", "embedding", "labels", "briefing", "window")


def calibrate() -> float:
    """Milliseconds of a fixed loop of pure Python: what this machine is worth today."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        total = 0
        for number in range(5_000_000):
            total += number & 7
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[2]


def main() -> None:
    chosen = sys.argv[1:] or PARTS
    for part in chosen:
        print(f"== {part}", flush=True)
        if part == "calibration":
            print(json.dumps({"calibration_ms": round(calibrate(), 1)}), flush=True)
            continue
        sys.argv = [f"tests.benchmarks.{part}"]
        try:
            runpy.run_module(f"tests.benchmarks.{part}", run_name="__main__")
        except SystemExit as ended:  # a part that says that it went well does not end the others
            if ended.code not in (None, 0):
                raise


if __name__ == "__main__":
    main()
