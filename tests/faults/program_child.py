"""The program while its person is busy: it refreshes without end, and tells each act and each post once acknowledged."""

from __future__ import annotations

import os
import sys
import threading

from engine import FeedRefreshed, TimelineQuery, open_engine


def main() -> None:
    # The passphrase comes by MILLPOND_PASSPHRASE_FILE.
    with open_engine(sys.argv[1]) as engine:
        os.write(1, b"ready\n")

        def refresh() -> None:
            while True:
                for event in engine.refresh(force=True):
                    if isinstance(event, FeedRefreshed) and event.new:
                        _tell("stored", *event.changes.new)

        threading.Thread(target=refresh, daemon=True).start()
        turn = 0
        while True:
            for post_id in engine.timeline(TimelineQuery(order="newest", limit=400)):
                turn += 1
                match turn % 3:
                    case 0:
                        engine.feedback(post_id, True)
                        _tell("liked", post_id)
                    case 1:
                        engine.mark([post_id], saved=True)
                        _tell("saved", post_id)
                    case _:
                        engine.mark([post_id], hidden=True)
                        _tell("hidden", post_id)


def _tell(what: str, *ids: int) -> None:
    os.write(1, f"{what} {' '.join(map(str, ids))}\n".encode())


if __name__ == "__main__":
    main()
