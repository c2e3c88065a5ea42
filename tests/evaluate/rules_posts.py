"""Sentences about posts, each with posts that somebody judged: those written here, and others laid out as JSON lines.

A case here begins with `= ` and the sentence. `? ` names words of a part that no rule can say, and that must be given back. Then the posts,
`title | text | name=value, name=value`: `+` shall be taken, `!` would be taken but is let through (breakout), `-` is not meant. In values,
`signal` is `name:share;name:share`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import PlainPost
from tests.evaluate.layouts import read_jsonl

OWN = Path(__file__).parent / "rules"
_EXTRA = {
    "folder": "folder", "network": "network", "kind": "network", "platform": "network", "language": "language", "lang": "language", "media": "media",
    "categories": "categories", "tags": "categories", "words": "words", "word_count": "words", "length": "words", "age_hours": "age_hours",
    "age": "age_hours", "outlets": "outlets", "signals": "signals",
}  # fmt: skip
_NETWORKS = {"mastodon": "mastodon", "bluesky": "bluesky", "reddit": "reddit", "lemmy": "lemmy", "hacker news": "hackernews", "youtube": "youtube", "r/": "reddit"}


@dataclass(frozen=True, slots=True)
class Judged:
    post: PlainPost
    taken: bool
    breaks_out: bool = False


@dataclass(slots=True)
class Case:
    words: str
    posts: list[Judged] = field(default_factory=list)
    unsayable: list[str] = field(default_factory=list)


def own(name: str) -> list[Case]:
    """The cases that are written here: "tuned" or "held_out"."""
    cases: list[Case] = []
    for line in (OWN / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "=":
            cases.append(Case(rest))
        elif kind == "?":
            cases[-1].unsayable.append(rest)
        elif kind in {"+", "-", "!"}:
            title, text, *facts = rest.split(" | ")
            known = dict(part.split("=", 1) for part in facts[0].split(", ")) if facts else {}
            if "signal" in known:
                known["signals"] = known.pop("signal").replace(":", "=").replace(";", " ")
            cases[-1].posts.append(Judged(_post({"title": title, "text": text, **known}), kind == "+", kind == "!"))
    return cases


def collections(root: Path) -> Iterator[tuple[str, list[Case]]]:
    """The cases of every `*.jsonl` below `root`: see `tests.evaluate.tasks.rules`."""
    for path in sorted(root.rglob("*.jsonl")):
        cases = []
        for row in read_jsonl(path):
            if not (isinstance(row, Mapping) and isinstance(row.get("posts"), list) and (row.get("words") or row.get("text"))):
                continue
            said = row.get("unexpressed") or []
            cases.append(
                Case(
                    str(row.get("words") or row["text"]),
                    [Judged(_post(post), bool(post.get("taken")), bool(post.get("breakout"))) for post in row["posts"]],
                    [said] if isinstance(said, str) else [str(one) for one in said],
                )
            )
        if cases:
            yield path.stem, cases


def _post(row: Mapping[str, Any]) -> PlainPost:
    extra = {known: _text(row[name]) for name, known in _EXTRA.items() if row.get(name) not in (None, "", [], {})}
    source = str(row.get("source") or "")
    if "network" not in extra:
        named = [kind for name, kind in _NETWORKS.items() if source.casefold().startswith(name)]
        extra |= {"network": named[0]} if named else {}
    else:
        extra["network"] = _NETWORKS.get(extra["network"].casefold(), extra["network"].casefold())
    if "media" in extra:
        extra["media"] = extra["media"].replace(",", " ")
    return PlainPost(
        title=str(row.get("title") or ""), text=str(row.get("text") or ""), url=str(row.get("url") or ""), source=source, author=str(row.get("author") or ""), extra=extra
    )


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={share}" for name, share in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
