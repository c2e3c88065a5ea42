"""How text is cut into what the word index holds, the same for posts and for queries."""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han. Each of their characters is a word here, and a
# word of theirs is a phrase: the index's own tokeniser takes a whole sentence for one word.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)
_QUERY_CHARACTERS = 1000
_QUERY_TERMS = 32


def spaced(text: str) -> str:
    """Return text as the index takes it: one width of letters, a space around every character of unspaced scripts."""
    if text.isascii():
        return text.replace("\0", " ")
    text = unicodedata.normalize("NFKC", text).replace("\0", " ")
    return " ".join(_UNSPACED.split(text))  # the split keeps what it splits at


def encodable(text: str) -> str:
    """Return text without lone surrogates, which UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def words_of(text: str) -> list[str]:
    """Return the terms of what a person typed: parts between blanks, as phrases of the index's words."""
    text = unicodedata.normalize("NFKC", encodable(text[:_QUERY_CHARACTERS])).replace("\0", " ")
    terms: dict[str, None] = {}
    for part in text.split():
        # A term without a letter or digit holds nothing that is indexed, and would match nothing.
        if any(character.isalnum() or unicodedata.category(character) in ("Mn", "Mc", "Co") for character in part):
            terms[" ".join(spaced(part).split())] = None
    return list(terms)[:_QUERY_TERMS]


def phrase(term: str) -> str:
    """Quote a term: inside double quotes the index knows no syntax."""
    return '"' + term.replace('"', '""') + '"'


def all_of(terms: list[str]) -> str:
    return " ".join(map(phrase, terms))
