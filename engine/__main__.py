"""`millpond`, `python -m engine`: the command line, and the door through which workers start."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program with the arguments it was given."""
    if sys.argv[1:2] == ["worker"]:
        # Before click, Qt and the engine itself: a worker loads only what its role needs.
        from engine.workers.serve import serve

        sys.exit(serve(sys.argv[2] if len(sys.argv) > 2 else ""))
    from engine.cli import entry

    sys.exit(entry())


if __name__ == "__main__":
    main()
