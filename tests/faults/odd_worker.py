"""`python -m tests.faults.odd_worker odd`: the real inside of a worker around the role that misbehaves."""

import sys

from engine.workers.serve import serve

if __name__ == "__main__":
    sys.exit(serve(sys.argv[1], {"odd": "tests.faults.odd_role"}))
