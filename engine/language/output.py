"""The gate that every generated text passes before it is shown or stored: plain text, and nothing to follow that no source has."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from engine.language.foreign import clean

MOST_CHARACTERS = 4000
_PASSES = 8  # what is left when something was taken out may again be something to take out

# What a template says to a model; an answer never says it to a person.
_ROLE_TOKEN = regex.compile(
    r"<\|[^<>|\n]{1,40}\|>|</?(?:start_of_turn|end_of_turn|bos|eos|s|think|tool_call)>|\[/?INST\]|<</?SYS>>"
    r"|\[(?:text|end)(?: \d{1,3})?(?: [0-9a-f]{4,16})?\]", regex.IGNORECASE
)
_THOUGHT = regex.compile(r"<think>.{0,4000}?</think>", regex.IGNORECASE | regex.DOTALL)
_MARKUP_LINK = regex.compile(r"!?\[([^\[\]\n]{0,300})\]\(([^()\s]{1,2000})[^()\n]{0,200}\)")
_TAG = regex.compile(r"</?[a-zA-Z][a-zA-Z0-9-]{0,20}(?:\s[^<>]{0,1000})?/?>|<!--.{0,1000}?-->", regex.DOTALL)
_ENDINGS = (
    "com|org|net|edu|gov|int|info|biz|io|ai|app|dev|co|me|tv|xyz|site|online|shop|store|club|top|link|click|live|news|example|test|"
    "onion|eu|uk|de|fr|es|it|nl|be|ch|at|se|no|dk|fi|pl|cz|ru|ua|cn|jp|kr|in|br|mx|ca|au|nz|us"
)
_LINK = regex.compile(
    r"(?<![\w@])(?:[a-z][a-z0-9+.-]{1,20}://[^\s<>\"'“”]{1,2000}"
    r"|(?:javascript|data|mailto|vbscript|tel|sms|magnet):[^\s<>\"'“”]{1,2000}"
    rf"|(?:[\p{{L}}\p{{N}}-]{{1,63}}\.){{1,6}}(?:{_ENDINGS})(?![\w-])(?::\d{{1,5}})?(?:/[^\s<>\"'“”]{{0,2000}})?)",
    regex.IGNORECASE,
)
_MENTION = regex.compile(r"(?<![\w/])[\w.+-]{0,64}@[\w-]{1,64}(?:[.@][\w-]{1,63}){0,6}")
_BEFORE_STOP = regex.compile(r"[ \t]+([.,;:!?…。，；：！？)\]])")
_EMPTY = regex.compile(r"\(\s*\)|\[\s*\]|<\s*>")
_BLANKS = regex.compile(r"[ \t\u00a0]+")
_LINES = regex.compile(r"\s*\n\s*\n\s*(?:\n\s*)*")


def plain(text: str, sources: Iterable[str], *, most: int = MOST_CHARACTERS) -> str:
    """Return a generated text as plain text without control, zero-width or bidi characters, markup or tokens of a template,
    and without links, addresses and @mentions that stand in none of the sources.

    Args:
        sources: what the model read.   most: characters; a longer text ends at a word, with "…".
    """
    known: set[str] | None = None
    for _ in range(_PASSES):
        before = text
        text = _ROLE_TOKEN.sub(" ", _THOUGHT.sub(" ", clean(text).text))
        text = _TAG.sub(" ", _MARKUP_LINK.sub(lambda found: f"{found[1]} {found[2]}", text))
        if _LINK.search(text) or "@" in text:
            known = _leads(sources) if known is None else known
            text = _without_leads(text, known)
        text = _BEFORE_STOP.sub(r"\1", _BLANKS.sub(" ", _EMPTY.sub("", text)))
        text = _LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()
        if text == before:
            break
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    at = cut.rfind(" ", most * 3 // 4)
    return (cut[:at] if at > 0 else cut).rstrip() + "…"


def _leads(sources: Iterable[str]) -> set[str]:
    """All links, addresses and names of people that stand in the sources."""
    found: set[str] = set()
    for source in sources:
        shown = clean(source).text
        found.update(_same(lead) for lead in _LINK.findall(shown))
        found.update(_same(lead) for lead in _MENTION.findall(shown))
    return found


def _without_leads(text: str, known: set[str]) -> str:
    def kept(found: regex.Match[str]) -> str:
        words: str = found[0]
        tail = words[len(words.rstrip(_STOPS)) :]
        return words if _same(words) in known else tail

    return _MENTION.sub(kept, _LINK.sub(kept, text))


_STOPS = ".,;:!?…)]}'\"。，；：！？"


def _same(link: str) -> str:
    """A link as it is compared: without its scheme where that is of the web, "www.", case, and the stop of a sentence."""
    link = link.casefold().rstrip(_STOPS).rstrip("/")
    for start in ("https://", "http://"):
        link = link.removeprefix(start)
    return link.removeprefix("www.")
