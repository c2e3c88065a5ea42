"""How a fresh order reaches a list that someone is reading: what is on screen stays, what is below follows."""

from __future__ import annotations

from collections.abc import Sequence


def merge(
    shown: Sequence[int], fresh: Sequence[int], keep: int, *, by_time: bool = False
) -> tuple[list[int], list[int]]:
    """Put `fresh` below the first `keep` posts of `shown`, which stay where they are.

    Args:
        by_time: the order is one of time: a post that is newer than what is kept must not appear below it.
    Returns:
        The ids to show, and those unknown to `shown` that belong above or among the kept ones: they wait until the
        person asks for them.
    """
    head = list(shown[:keep])
    held, known = set(head), set(shown)
    border = keep
    if by_time:
        border = max((place + 1 for place, post_id in enumerate(fresh) if post_id in held), default=0)
    waiting: list[int] = []
    tail: list[int] = []
    for place, post_id in enumerate(fresh):
        if post_id in held:
            continue
        (waiting if place < border and post_id not in known else tail).append(post_id)
    return head + tail, waiting
