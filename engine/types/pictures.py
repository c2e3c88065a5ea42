"""Pictures of posts, fetched because the person's policy says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PicturePolicy = Literal["never", "click", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as the `parse` worker wrote it anew: nothing of the file that was fetched is left but what it shows."""

    url: str
    mime: Literal["image/jpeg", "image/png"]
    width: int  # pixels
    height: int
    data: bytes
