"""What the person's splits and merges say of how alike posts of one story are. Pure."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 0.12  # further than this the person's acts move nothing
_TRUST = 4.0  # acts that the shipped bar counts for


def taught_bar(judged: Sequence[tuple[float, bool]], present: float) -> float:
    """Return what is to be added to the bar, from -MOST to MOST.

    The bar that errs least on what the person put together or apart, the nearest to the present one of several; it is approached
    the more, the more acts there are.

    Args:
        judged: how alike two posts are that the person put together (True) or apart (False).
        present: the bar as shipped.
    """
    if not judged:
        return 0.0
    steps = [present + MOST * step / 12 for step in range(-12, 13)]

    def errors(bar: float) -> tuple[int, float]:
        return sum((alike >= bar) != together for alike, together in judged), abs(bar - present)

    best = min(steps, key=errors)
    if errors(best)[0] == errors(present)[0]:
        return 0.0
    return (best - present) * len(judged) / (len(judged) + _TRUST)
