"""What a person can change of a reason where it stands: as data, so that a menu can offer it and a test can ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from desktop.interests import STEP
from desktop.strings import tr
from engine import Explanation, InterestKind, PostRow, Reason

LIKE_POST = "post:"  # begins the key of a topic that is: like this post
LONGEST = 44  # characters of a title in a menu
WORDS = 3  # of a reason's words that are offered

_BY_WORDS = frozenset({"words_liked", "words_disliked", "more_word", "less_word"})
_BY_SOURCE = frozenset({"source_liked", "source_disliked", "more_source", "less_source", "rare_poster", "already_from_source"})
_BY_AUTHOR = frozenset({"author_liked", "author_disliked", "more_author", "less_author"})
_BY_MEANING = frozenset({"close_to_liked", "close_to_disliked", "more_topic", "less_topic", "already_on_topic", "unsure"})
_BY_SIGNAL = frozenset({"signals_liked", "signals_disliked", "more_signal", "less_signal", "weighed_down"})
_BY_TOPIC_EDITS = frozenset({"more_topic", "less_topic"})
_OF_LAYOUT = frozenset({
    "fresh", "already_seen", "big_story", "small_story", "already_in_story", "rare_poster", "already_from_source", "already_on_topic",
    "unsure", "hour_liked", "hour_disliked",
})  # fmt: skip
_LEARNT = _BY_WORDS | _BY_AUTHOR | _BY_SIGNAL | {"source_liked", "source_disliked", "close_to_liked", "close_to_disliked", "more_topic", "less_topic"}
Act = Literal["nudge", "reset", "forget", "weights", "rule", "profile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a reason's menu. `text` says afterwards what was done."""

    words: str
    act: Act
    text: str = ""
    kind: InterestKind = "word"
    key: str = ""
    by: float = 0.0
    post_id: int = 0


def changes_of(reason: Reason, row: PostRow, explanation: Explanation, edits: Mapping[tuple[InterestKind, str], float]) -> list[Change]:
    """What can be changed of a reason of a post; the way back first where the person changed it before."""
    found: list[Change] = []
    targets: list[tuple[InterestKind, str, str]] = []
    if reason.name in _BY_SOURCE:
        targets.append(("source", str(row.feed_id), row.feed_title))
    elif reason.name in _BY_AUTHOR and row.author:
        targets.append(("author", row.author, row.author))
    elif reason.name in _BY_WORDS:
        targets += [("word", word, word) for word in _words(reason.detail)]
    elif reason.name in _BY_MEANING:
        targets.append(("topic", f"{LIKE_POST}{row.id}", tr("posts like this one")))
        if reason.name in _BY_TOPIC_EDITS:
            targets += [(kind, key, key) for kind, key in edits if kind == "topic" and not key.startswith(LIKE_POST)][:WORDS]
    for kind, key, name in targets:
        short = _short(name)
        if kind == "topic" and name == key:  # described by the person: another post may be what brings it here
            found.append(_reset(kind, key, short))
            continue
        if (kind, key) in edits:
            found.append(_reset(kind, key, short))
        pair = [
            Change(words=_more_words(kind).format(name=short), act="nudge", kind=kind, key=key, by=STEP, text=tr("More of “{name}”").format(name=short)),
            Change(words=_less_words(kind).format(name=short), act="nudge", kind=kind, key=key, by=-STEP, text=tr("Less of “{name}”").format(name=short)),
        ]
        found += pair if reason.contribution < 0 else reversed(pair)
    if reason.name in ("close_to_liked", "saved_like_this"):
        for post_id, title, _ in explanation.nearest_liked[:WORDS]:
            found.append(Change(words=tr("Forget that I liked “{title}”").format(title=_short(title or tr("(no title)"))), act="forget", post_id=post_id))
    if reason.name == "rule_boost":
        found.append(Change(words=tr("Open my rules"), act="rule"))
    elif reason.name in _OF_LAYOUT or reason.name == "weighed_down":
        found.append(Change(words=tr("Change how much this weighs…"), act="weights"))
    if reason.name in _LEARNT:
        found.append(Change(words=tr("See all that was learnt"), act="profile"))
    return found


def _reset(kind: InterestKind, key: str, name: str) -> Change:
    words, text = tr("Take back what I changed of “{name}”"), tr("“{name}” is as it was learnt")
    return Change(words=words.format(name=name), act="reset", kind=kind, key=key, text=text.format(name=name))


def _words(detail: str) -> list[str]:
    return [word for part in detail.split(",") if (word := part.strip())][:WORDS]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1].rstrip() + "…"


def _more_words(kind: InterestKind) -> str:
    words = {"source": tr("More of this source: {name}"), "author": tr("More of this author: {name}"), "topic": tr("More of this topic")}
    return words.get(kind, tr("More of the word “{name}”"))


def _less_words(kind: InterestKind) -> str:
    words = {"source": tr("Less of this source: {name}"), "author": tr("Less of this author: {name}"), "topic": tr("Less of this topic")}
    return words.get(kind, tr("Less of the word “{name}”"))
