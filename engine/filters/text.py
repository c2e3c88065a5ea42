"""Text as rules see it: one case, one width, words apart."""

from __future__ import annotations

import unicodedata

import regex

# A word of a script with spaces, or one character of a script without (Han, kana, Thai, Lao, Khmer, Myanmar).
_TOKEN = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])[\p{L}\p{M}\p{N}_])+"
    r"|[+#]+"
)


def fold(text: str) -> str:
    """Return text in one case and one width."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def tokens(text: str) -> list[str]:
    """Return the words of a text, folded. "C++" is "c" and "++"; a Han character is a word of its own."""
    return _TOKEN.findall(fold(text)) if _TOKEN.search(text) else []


def spaced(text: str) -> str:
    """Return the words of a text, folded, with one space around each: a phrase stands in it where its own form does."""
    return " " + " ".join(_TOKEN.findall(fold(text))) + " "
