"""Rules from plain words by a grammar, in English and Chinese. Pure: the person's names and the present are given.

What it reads it strikes out, and what remains it gives back: nothing a person wrote is passed over in silence, and every word that a
condition looks for is one of theirs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import regex

from engine.filters.plainwords_chinese import read_chinese
from engine.filters.plainwords_english import Reader
from engine.filters.plainwords_parts import Names, rules_of
from engine.types import PlainNames, PlainRemark, PlainRule, Rule

MAX_CHARACTERS = 1000
_HAN = regex.compile(r"\p{Han}")


def read_rules(text: str, *, names: PlainNames | None = None, now: datetime, topics: bool = True) -> PlainRule:
    """Understand what somebody wants done with posts.

    Args:
        names: the person's feeds, folders and authors.   now: an aware datetime; days begin where this machine is.
        topics: whether meanings can be compared; without, a subject is looked for as words.
    Returns:
        the rules, unsaved, each with the words as its name; and what of the words they do not say.
    """
    words = " ".join(text.split())
    if not words:
        return PlainRule(words="")
    if len(words) > MAX_CHARACTERS:
        return PlainRule(words=words, unexpressed=(words,))
    known = Names(names or PlainNames())
    if len(_HAN.findall(words)) * 3 > len(words):
        clauses, unexpressed = read_chinese(words, known, now)
    else:
        reader = Reader(known, now, topics)
        clauses = reader.clauses(words)
        unexpressed = [_as_written(part, words) for part in reader.unexpressed]
    rules: list[Rule] = []
    remarks: list[PlainRemark] = []
    for clause in clauses:
        made, said = rules_of(clause)
        made = [replace(rule, name=_as_written(rule.name, words)) for rule in made]
        left = [_as_written(part, words) for part in clause.found.unexpressed]
        if not made and (not left or clause.found.groups or clause.exceptions):
            left = [_as_written(clause.words, words)]
        elif made and left:
            said = [*said, PlainRemark(name="wider")]
        rules += [rule for rule in made if rule not in rules]
        unexpressed += left
        remarks += [*clause.found.remarks, *(one for one in said if made or one.name != "nothing" or not left)]
    if len(clauses) == 1 and len(rules) == 1 and rules[0].action != "label":
        rules = [replace(rules[0], name=words[:80])]
    return PlainRule(words=words, rules=tuple(rules), unexpressed=tuple(dict.fromkeys(unexpressed)), remarks=tuple(dict.fromkeys(remarks)))


def _as_written(part: str, words: str) -> str:
    """A part of the words with the capitals that it has there."""
    at = words.lower().find(part.lower())
    return words[at : at + len(part)] if at >= 0 and len(words.lower()) == len(words) else part
