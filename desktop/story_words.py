"""What is said of a story: on its card, to a screen reader, above its tellings."""

from __future__ import annotations

from desktop.strings import plural, tr
from engine import PostRow

# On these networks everybody writes: who tells it is a person, not an outlet.
OF_PEOPLE = frozenset({"mastodon", "bluesky", "reddit", "hackernews", "lemmy", "lobsters"})


def others(row: PostRow) -> str:
    """"+3 outlets", "+2 outlets · 3 people", "+1 post" where one outlet told it twice; "" of a post that stands alone."""
    if row.story_posts < 2:
        return ""
    if row.outlets < 2:
        return plural("+{n} post", "+{n} posts", row.story_posts - 1)
    person = row.people > 0 and row.extras is not None and row.extras.source_kind in OF_PEOPLE and bool(row.author)
    people = row.people - person
    outlets = row.outlets - row.people - (not person)
    if not people:
        return plural("+{n} outlet", "+{n} outlets", outlets)
    if outlets < 1:
        return plural("+{n} person", "+{n} people", people)
    return f"{plural('+{n} outlet', '+{n} outlets', outlets)} · {plural('{n} person', '{n} people', people)}"


def news(row: PostRow) -> str:
    """"2 new" of a followed story to which something came; else ""."""
    return plural("{n} new", "{n} new", row.story_new) if row.story_followed and row.story_new else ""


def spoken(row: PostRow) -> list[str]:
    """The same for a screen reader, in whole words."""
    said: list[str] = []
    if row.story_posts > 1:
        said.append(plural("{n} post tells this", "{n} posts tell this", row.story_posts))
        if row.outlets > 1:
            said.append(plural("from {n} source", "from {n} sources", row.outlets))
    if row.story_followed:
        said.append(tr("a story that you follow"))
    if words := news(row):
        said.append(words)
    return said


def also_told(outlets: int, posts: int) -> str:
    """The heading above the other tellings of a story of `outlets` sources and `posts` posts."""
    if posts < 2:
        return tr("Nobody else tells it yet")
    if outlets < 2:
        return plural("Told once more by this source", "Told {n} more times by this source", posts - 1)
    return plural("Also told by {n} other", "Also told by {n} others", outlets - 1)
