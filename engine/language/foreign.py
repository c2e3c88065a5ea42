"""What strangers wrote, made fit for a model: nothing hidden in it."""

from __future__ import annotations

from dataclasses import dataclass

import regex

# Characters without a shape: tags, variation selectors beyond the usual, zero-width ones, and those that turn the direction
# of writing. A joiner between letters of the scripts that need it stays.
_HIDDEN = regex.compile(
    r"[\U000E0000-\U000E0FFF\u200B\u200E\u200F\u2028-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0\uFFF9-\uFFFB]"
)
_JOINER = regex.compile(
    r"(?<![\p{Arabic}\p{Devanagari}\p{Bengali}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Gujarati}\p{Gurmukhi}\p{Sinhala}\p{Khmer}"
    r"\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}\uFE0F])[\u200C\u200D]"
)
_SELECTOR = regex.compile(r"(?<=[\uFE00-\uFE0F])[\uFE00-\uFE0F]")
_CONTROL = regex.compile(r"[\p{Cc}--[\n\t]]", regex.VERSION1)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without hidden characters, and whether it held any."""

    text: str
    hidden: bool


def clean(text: str) -> Cleaned:
    """Remove what cannot be seen: a person who reads the text reads what the model reads.

    What is left keeps its order and its characters, so that words found in it are found in the text as it is shown by
    whoever passes over what cannot be seen there. Offsets move where something was removed: check evidence against this text.
    """
    if text.isascii() and text.isprintable():
        return Cleaned(text, hidden=False)
    shown = _HIDDEN.sub("", text)
    if "\u200c" in shown or "\u200d" in shown:
        shown = _JOINER.sub("", shown)
    if "\ufe0f" in shown or "\ufe00" in shown:
        shown = _SELECTOR.sub("", shown)
    return Cleaned(_CONTROL.sub(" ", shown), hidden=len(shown) < len(text))
