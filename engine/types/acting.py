"""What a person does on a network, waiting to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Verb = Literal["favourite", "boost", "bookmark", "reply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act on a post in an account's name. It is sent once, or kept with what stood in its way."""

    id: int
    post_id: int
    url: str  # the post's own page, by which the account's server finds it
    account: str
    verb: Verb
    undo: bool  # takes an earlier one back
    text: str  # of a reply
    key: str  # by which a server knows a reply that it was sent before
    state: Literal["waiting", "done", "failed"]
    made_at: datetime
    attempts: int  # a waiting act with attempts may have arrived
    next_try_at: datetime | None
    error: str  # why it waits or failed, in plain words
    result: str = ""  # the address of the reply that it made
