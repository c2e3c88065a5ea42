"""What strangers wrote, made fit for a model: nothing hidden in it, and remarks on what wants to steer the model."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

# Characters without a shape: tags, variation selectors beyond the usual, zero-width ones, and those that turn the direction
# of writing. A joiner between letters of the scripts that need it stays.
_HIDDEN = regex.compile(r"[\U000E0000-\U000E0FFF\u200B\u200E\u200F\u2028-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\u00AD\u061C\u180E]|(?<![\p{Arabic}\p{Devanagari}\p{Bengali}\p{Tamil}\p{Extended_Pictographic}\uFE0F])[\u200C\u200D]")
_CONTROL = regex.compile(r"[\p{Cc}--[\n\t]]", regex.VERSION1)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without hidden characters, and whether it held any."""

    text: str
    hidden: bool


def clean(text: str) -> Cleaned:
    """Remove what cannot be seen: a person who reads the text reads what the model reads.

    Offsets move where something was removed; check evidence against the cleaned text.
    """
    shown = _CONTROL.sub(" ", _HIDDEN.sub("", text))
    return Cleaned(unicodedata.normalize("NFC", shown), hidden=_HIDDEN.search(text) is not None)
