"""Text as rules see it: one case, one width, words apart."""

from __future__ import annotations

import unicodedata

import regex

_APART = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"  # scripts without spaces
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_APART}]]"
# A word of a script with spaces, or one character of a script without.
_TOKEN = regex.compile(rf"[{_APART}]|{_LETTER}+|[+#]+", regex.VERSION1)
_ALONE = regex.compile(rf"[{_APART}]", regex.VERSION1)


def fold(text: str) -> str:
    """Return text in one case and one width."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def tokens(text: str) -> list[str]:
    """Return the words of a text, folded. "C++" is "c" and "++"; a Han character is a word of its own."""
    return _TOKEN.findall(fold(text)) if _TOKEN.search(text) else []


def spaced(text: str) -> str:
    """Return the words of a text, folded, with one space around each: a phrase stands in it where its own form does."""
    return " " + " ".join(_TOKEN.findall(fold(text))) + " "


def word_pattern(token: str) -> regex.Pattern[str] | None:
    """What finds a word of `tokens` in a folded text where it stands by itself; None where its letters alone will do."""
    if _ALONE.fullmatch(token):
        return None
    around = "[+#]" if token[0] in "+#" else _LETTER
    return regex.compile(rf"(?<!{around}){regex.escape(token)}(?!{around})", regex.VERSION1)
