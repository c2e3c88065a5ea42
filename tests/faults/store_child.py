"""A process that writes to a profile without end and prints each act once the store has acknowledged it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.engine.store_posts import KEY, NOW, post, take


def main() -> None:
    from engine.store import Store

    profile, first = Path(sys.argv[1]), int(sys.argv[2])
    with Store.open(profile, key=KEY, clock=lambda: NOW) as store:
        feed = store.feeds()[0].id
        for number in range(first, first + 1_000_000, 5):
            ids = sorted(take(store, feed, [post(n, text=f"heron {n} " * 40) for n in range(number, number + 5)]).new)
            _tell("posts", *ids)
            store.mark(ids[:2], read=True, saved=True)
            _tell("saved", *ids[:2])
            store.feedback(ids[2], True)
            _tell("liked", ids[2])


def _tell(what: str, *ids: int) -> None:
    os.write(1, f"{what} {' '.join(map(str, ids))}\n".encode())


if __name__ == "__main__":
    main()
