"""How text is cut into what the word index holds, the same for posts and for queries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han. Each of their characters is a word here, and a
# word of theirs is a phrase: the index's own tokeniser takes a whole sentence for one word.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff])"
)
_QUERY_CHARACTERS = 1000
_QUERY_TERMS = 32
_QUERY_PIECES = 64
_QUOTED = re.compile(r'(?<!\S)(-?)["“„]([^"“”„]*)["“”]')
_LATIN = re.compile("[a-z]{3,}")
_FIRST_OF_TWO = "\u3005"  # Han and kana follow; Thai, Lao, Myanmar and Khmer come before


def spaced(text: str) -> str:
    """Return text as the index takes it: one width of letters, a space around every character of unspaced scripts."""
    if text.isascii():
        return text.replace("\0", " ")
    text = unicodedata.normalize("NFKC", text).replace("\0", " ")
    return " ".join(_UNSPACED.split(text))  # the split keeps what it splits at


def encodable(text: str) -> str:
    """Return text without lone surrogates, which UTF-8 cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person typed into a search: terms, each a phrase of the index's words."""

    terms: tuple[str, ...]
    quoted: tuple[str, ...]  # each of them has to be there
    excluded: tuple[str, ...]  # none of them may be there

    @property
    def all(self) -> list[str]:
        return list(dict.fromkeys((*self.quoted, *self.terms)))

    @property
    def pieces(self) -> list[str]:
        """The terms and the words that they are made of, any of which says something by itself."""
        found = dict.fromkeys(piece for term in self.terms for piece in _pieces(term))
        found |= dict.fromkeys(other for piece in found for other in _other_number(piece))
        return list(found)[:_QUERY_PIECES]


def wanted(text: str) -> Wanted:
    """Read a search: words, "phrases in quotes", and -words or -"phrases" that are to be absent.

    With nothing but exclusions there is nothing to look for: then a dash means nothing.
    """
    text = _normal(text)
    quoted: dict[bool, list[str]] = {True: [], False: []}

    def taken(match: re.Match[str]) -> str:
        quoted[bool(match[1])].append(match[2])
        return " "

    rest = _QUOTED.sub(taken, text)
    parts = rest.split()
    absent = [part[1:] for part in parts if _is_exclusion(part)]
    terms = _terms(part for part in parts if not _is_exclusion(part))
    required = _terms(quoted[False])
    if not terms and not required:
        return Wanted(terms=tuple(_terms(text.split())), quoted=(), excluded=())
    excluded = _terms((*absent, *quoted[True]))
    return Wanted(terms=tuple(terms), quoted=tuple(required), excluded=tuple(excluded))


def without_exclusions(text: str) -> str:
    """Return what a search is about, for a model that reads sentences."""
    said = _QUOTED.sub(lambda match: " " if match[1] else f" {match[2]} ", _normal(text))
    kept = " ".join(part for part in said.split() if not _is_exclusion(part))
    return kept or text


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", encodable(text[:_QUERY_CHARACTERS])).replace("\0", " ")


def _is_exclusion(part: str) -> bool:
    return len(part) > 1 and part[0] == "-" and part[1].isalnum()


def words_of(text: str) -> list[str]:
    """Return the parts of a text between blanks, as phrases of the index's words."""
    return _terms(_normal(text).split())


def _terms(parts: Iterable[str]) -> list[str]:
    terms: dict[str, None] = {}
    for part in parts:
        # A term without a letter or digit holds nothing that is indexed, and would match nothing.
        if any(character.isalnum() or unicodedata.category(character) in ("Mn", "Mc", "Co") for character in part):
            terms[" ".join(spaced(part).split())] = None
    return list(terms)[:_QUERY_TERMS]


def _pieces(term: str) -> list[str]:
    """Cut a term into what is worth looking for by itself.

    Of scripts without spaces that are pairs of characters, threes where a character is less than a syllable; of others
    the words between punctuation, and the whole term, which may mean more than they ("AT&T", "C-3PO").
    """
    found: list[str] = []
    for unspaced, run in groupby(term.split(), key=lambda word: bool(_UNSPACED.fullmatch(word))):
        words = list(run)
        if unspaced:
            size = min(2 if words[0] >= _FIRST_OF_TWO else 3, len(words))
            found += [" ".join(words[start : start + size]) for start in range(len(words) - size + 1)]
            continue
        for word in words:
            inner = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in word).split()
            found += [word] if inner else []
            if len(inner) > 1:
                found += [part for part in inner if len(part) > 1]
    return found


def _other_number(word: str) -> list[str]:
    """Return the plural of an English word, or the singular of a plural (the rules of Harman's S-stemmer, 1991)."""
    low = word.lower()
    if not _LATIN.fullmatch(low):
        return []
    if low.endswith("s"):
        if low.endswith("ies") and len(low) > 4:
            return [low[:-3] + "y"]
        return [] if low.endswith(("ss", "us")) or len(low) < 4 else [low[:-1]]
    if low.endswith(("x", "z", "ch", "sh")):
        return [low + "es"]
    if low.endswith("y") and low[-2] not in "aeiou":
        return [low[:-1] + "ies"]
    return [low + "s"]


def phrase(term: str) -> str:
    """Quote a term: inside double quotes the index knows no syntax."""
    return '"' + term.replace('"', '""') + '"'


def all_of(terms: Iterable[str]) -> str:
    return " ".join(map(phrase, terms))


def any_of(terms: Iterable[str]) -> str:
    return " OR ".join(map(phrase, terms))
