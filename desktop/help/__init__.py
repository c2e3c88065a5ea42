"""Help inside the app: one Markdown file for each topic, in `resources/help`."""

from __future__ import annotations

from dataclasses import dataclass

from resources import path


@dataclass(frozen=True, slots=True)
class Topic:
    """`text` is Markdown without its first heading, which is `title`."""

    name: str
    title: str
    text: str


def topics() -> list[Topic]:
    """Read the topics, in the order of their file names."""
    found = []
    for file in sorted(path("help").glob("*.md")):
        head, _, rest = file.read_text(encoding="utf-8").partition("\n")
        found.append(Topic(file.stem.partition("-")[2], head.removeprefix("#").strip(), rest.strip()))
    return found
