"""Wishes that the grammar of plain words does not read, put by the language model into a form that it reads.

The model never writes a rule. It says what to do and which of the person's own words name the posts; its text is held to a grammar made of
these words alone, so it cannot add one. What it says is then read by the grammar like any other wish, with all its checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.language.model import TextModel
from engine.language.prompts import chat

MAX_WORDS = 60
MAX_TOKENS = 90
VERSION = "rules-1"
# What a rule does, and the verb by which the grammar reads it.
VERBS = {
    "hide": "hide", "muffle": "show less of", "label": "label", "boost": "boost", "star": "star", "notify": "notify me about", "read": "mark as read", "allow": "never hide"
}  # fmt: skip
_INSTRUCTIONS = """\
You turn a wish about posts in a feed reader into JSON. "action" is one of: hide (do not show), muffle (show less), boost (show more or higher), \
star (save), notify (tell the person), read (mark as read), label (tag), allow (never hide), none (the text is no wish about posts). \
"posts" copies the words that name the posts. "unless" copies the words that name an exception, or is empty.

Wish: My eyes hurt from all that tennis
{"action":"hide","posts":"tennis","unless":""}
Wish: Could do with way more jazz around here
{"action":"boost","posts":"jazz","unless":""}
Wish: Wake me up the moment Lisbon comes up
{"action":"notify","posts":"Lisbon","unless":""}
Wish: Golf bores me to death, unless Ann wrote it
{"action":"hide","posts":"golf","unless":"Ann wrote it"}
Wish: Put whatever concerns sailing aside for me
{"action":"star","posts":"sailing","unless":""}
Wish: My lunch was cold today
{"action":"none","posts":"","unless":""}"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the model made of a wish: `posts` and `unless` are pieces of the person's words."""

    action: str
    posts: str
    unless: str

    def as_wish(self) -> str:
        """The same in a form that the grammar reads."""
        return f"{VERBS[self.action]} {self.posts}" + (f" unless {self.unless}" if self.unless else "")


def propose(model: TextModel, words: str, *, cancelled: Callable[[], bool] | None = None) -> Proposal | None:
    """Ask a model what somebody wishes. None: it sees no wish, or names no posts.

    A model that cannot keep to a grammar is asked all the same: its answer is checked in the same way.

    Raises:
        CancelledError.   ModelError.   WorkerError.
    """
    spoken = words_of(words)
    if not spoken:
        return None
    options = {"grammar": grammar_of(spoken)} if model.can_keep_to_grammar else {}
    pieces = chat(model.template, _INSTRUCTIONS, [words], "Wish: the text above. Answer with the JSON alone.\n")
    written = "".join(
        model.complete(pieces, cancelled=cancelled, urgent=True, max_tokens=MAX_TOKENS, temperature=0.0, repeat_penalty=1.0, **options)
    )
    return read(written, spoken)


def words_of(text: str) -> list[str]:
    """The words of a wish as the model may copy them."""
    found = (word.strip(",.;:!?()\"“”") for word in text.split())
    return [word for word in found if re.search(r"\w", word) and not re.search(r"[\"\\\x00-\x1f]", word)][:MAX_WORDS]


def grammar_of(words: list[str]) -> str:
    """The GBNF of an answer in which every text is a run of these words, or empty."""
    lines = [
        r'root ::= "{\"action\":\"" action "\",\"posts\":\"" text "\",\"unless\":\"" text "\"}"',
        "action ::= " + " | ".join(f'"{name}"' for name in (*VERBS, "none")),
        "text ::= " + " | ".join(['""', *(f"run{at}" for at in range(len(words)))]),
    ]
    for at, word in enumerate(words):
        literal = json.dumps(word, ensure_ascii=False)
        lines.append(f"run{at} ::= {literal}" + (f' (" " run{at + 1})?' if at + 1 < len(words) else ""))
    return "\n".join(lines) + "\n"


def read(written: str, words: list[str]) -> Proposal | None:
    """Take an answer apart; None where it is cut off, sees no wish, or holds a text that is no run of the words."""
    try:
        said = json.loads(written)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("action") not in VERBS:
        return None
    runs = {" ".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)}
    posts, unless = (" ".join(str(said.get(name, "")).split()) for name in ("posts", "unless"))
    if posts not in runs:
        return None
    return Proposal(action=said["action"], posts=posts, unless=unless if unless in runs and unless != posts else "")
