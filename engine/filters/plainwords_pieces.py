"""Pieces of a person's text, and what can be told of them by their letters alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.filters import plainwords_patterns as pat
from engine.filters.plainwords_lexicon import CARRIERS, STOP
from engine.filters.rule import SIGNAL_FROM
from engine.filters.text import tokens
from engine.types import Condition


@dataclass(slots=True)
class Part:
    """A piece of the person's text, and the same with quoted texts, names and what was read already replaced, letter for letter."""

    source: str
    view: str

    def cut(self, start: int, end: int) -> Part:
        return Part(self.source[start:end], self.view[start:end])

    def strike(self, start: int, end: int) -> Part:
        """Take out a piece and return it as it was."""
        taken = self.cut(start, end)
        self.view = self.view[:start] + pat.STRUCK * (end - start) + self.view[end:]
        return taken

    def said(self) -> str:
        return " ".join(self.source.strip(" ,.;:!?()").split())

    def pieces(self, pattern: re.Pattern[str]) -> Iterator[Part]:
        """What stands between the places where a pattern is found."""
        start = 0
        for found in pattern.finditer(self.view):
            yield self.cut(start, found.start())
            start = found.end()
        yield self.cut(start, len(self.view))

    def trimmed(self) -> Part:
        """Without words at its ends that mean nothing."""
        start, end = 0, len(self.view)
        while found := pat.EDGES.search(self.view[start:end]):
            if found.end() == found.start():
                break
            if capital := pat.CAPITALS.search(self.source[start + found.start() : start + found.end()]):  # "US" is not "us"
                if found.start() > 0 or capital.start() == 0:
                    break
                start += capital.start()
                continue
            if found.start() == 0:
                start += found.end()
            else:
                end = start + found.start()
            if start >= end:
                return Part("", "")
        return self.cut(start, end)


def loose(text: str) -> Condition:
    """Words without their endings, so that other forms of them are found too."""
    found = [one for one in tokens(text) if one not in STOP]
    stems = [_stem(one) for one in found]
    if stems and all(len(stem) >= pat.PART_FROM for stem in stems):
        return Condition(field="words", value=" ".join(stems), whole_word=False)
    return Condition(field="words", value=" ".join(found) or text)


def _stem(word: str) -> str:
    for ending, short in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if word.endswith(ending) and not word.endswith(("ss", "us", "is")) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("" if short == "y" else short)
    return word


def listed(part: Part) -> list[Part]:
    return [item for item in (piece.trimmed() for piece in part.pieces(pat.ITEMS)) if item.view.strip(" " + pat.STRUCK)]


def bare(text: str) -> str:
    return " ".join(text.strip(" \t\n\"'“”„«»‘’,.;:!?()").split())


def plain_words(text: str) -> str:
    return " ".join(text.strip(" ,.;:!?()").split()).lower()


def signal_said(plain: str) -> str:
    for name, pattern in pat.SIGNALS_SAID:
        if pattern.fullmatch(plain):
            return name
    plain = re.sub(rf"^(?:very|really|too|so|pure|just|all|any|a|an|the) | (?:{CARRIERS}|comments|emails|mails|videos|language|tone|mood|rubbish|offers)$", "", plain).strip()
    return next((name for name, pattern in pat.SIGNALS_SAID if pattern.fullmatch(plain)), "")


def seems(signal: str) -> Condition:
    return Condition(field="signal", value=signal, low=SIGNAL_FROM)


def names_in(text: str) -> list[str]:
    """Runs of words that are written like names: a capital, or digits after one."""
    found: list[str] = []
    run: list[str] = []
    for word in text.split():
        bare = word.strip(",.;:!?()'’\"")
        bare = re.sub(r"['’]s$", "", bare)
        named = any(letter.isupper() for letter in bare) and bare not in {"I", "I'm", "I’m"}
        if named or (run and bare[:1].isdigit()) or (run and bare.lower() in {"of", "the", "and", "for", "de", "van", "von", "la", "del", "&"}):
            run.append(bare)
        elif run:
            found.append(" ".join(run))
            run = []
    found += [" ".join(run)] if run else []
    trimmed = (re.sub(r"(?:\s+(?:of|the|and|for|de|van|von|la|del|&))+$", "", name) for name in found)
    return [name for name in trimmed if tokens(name)]
