"""What only some networks know of a post, in words: for cards, for the reading pane, and for a screen reader."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from desktop.strings import day, moment, number, plural, size, tr
from engine import Extras, Poll, PostRow

NAME = 40  # characters of a name on a card
LABELS = 3  # shown on a card
ANSWERS = 4  # of a poll, shown on a card

# Names, not translated. A kind that is not here is called by its own name.
NETWORKS = {
    "greader": "Google Reader",
    "hackernews": "Hacker News", "reddit": "Reddit", "youtube": "YouTube", "lemmy": "Lemmy", "lobsters": "Lobsters",
    "github": "GitHub", "stackexchange": "Stack Exchange", "arxiv": "arXiv", "discourse": "Discourse",
    "mastodon": "Mastodon", "bluesky": "Bluesky", "nostr": "Nostr",
}  # fmt: skip

# What turns the words around it, or is drawn as a box. The joiners stay: Persian and emoji need them.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF, *range(9), *range(14, 32)])
_FROM_THE_RIGHT = frozenset({"R", "AL"})


def straight(text: str) -> str:
    """A stranger's words without the characters that would turn around what stands beside them."""
    return text if text.isascii() and text.isprintable() else text.translate(_TURNING)


def apart(name: str) -> str:
    """A name that may be put between others: one that is written from the right keeps its direction to itself."""
    if name.isascii() or not any(unicodedata.bidirectional(c) in _FROM_THE_RIGHT for c in name):
        return name
    return f"\u2068{name}\u2069"


def network(extras: Extras | None) -> str:
    """The name of the network that a post is from; "" for a feed of no particular one."""
    kind = extras.source_kind if extras is not None else ""
    return NETWORKS.get(kind, plain(kind, NAME)) if kind != "feed" else ""


def headline(row: PostRow) -> str:
    """What a post is called in one line: its warning where it stands behind one, else its title, else its text."""
    return warning(row.extras) or straight(row.title or row.excerpt)


def plain(text: str, most: int = 200) -> str:
    """A stranger's words on one line: without controls that turn the text around, cut at `most` characters."""
    kept = "".join(c for c in text[: 4 * most] if unicodedata.category(c) not in {"Cf", "Cc", "Co", "Cs"} or c in "\u200c\u200d\n\t")
    words = " ".join(kept.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def tip(text: str, most: int = 400) -> str:
    """A stranger's words for a tool tip: Qt guesses rich text there, which could show what lies on this machine."""
    return plain(text, most).replace("<", "‹").replace(">", "›")


def warning(extras: Extras | None) -> str:
    """The content warning behind which a post stands; "" when it stands open."""
    return plain(extras.content_warning, 300) if extras is not None else ""


def boosters(extras: Extras | None) -> str:
    """"boosted by Ada and 2 others"; "" when nobody did."""
    names = [apart(plain(name, NAME)) for name in extras.boosted_by if name.strip()] if extras is not None else []
    if not names:
        return ""
    if len(names) == 1:
        return tr("boosted by {name}").format(name=names[0])
    if len(names) == 2:
        return tr("boosted by {name} and {other}").format(name=names[0], other=names[1])
    return tr("boosted by {name} and {n} others").format(name=names[0], n=number(len(names) - 1))


def duration(seconds: float) -> str:
    """"4:05" or "1:02:09"."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a poll. `share` is 0 to 1, None while the votes are not told."""

    words: str
    share: float | None


def answers(extras: Extras | None) -> list[Answer]:
    """The first answers of a poll, for a card."""
    poll = extras.poll if extras is not None and not extras.content_warning else None
    if poll is None:
        return []
    total = sum(poll.votes)
    shares = [votes / total if total else 0.0 for votes in poll.votes]
    return [
        Answer(plain(words, 120), shares[place] if place < len(shares) else None)
        for place, words in enumerate(poll.options[:ANSWERS])
    ]


def percent(share: float) -> str:
    return tr("{n} %").format(n=number(round(share * 100)))


def poll_words(poll: Poll, now: datetime | None = None) -> str:
    """"poll, 3 answers, 120 votes"."""
    parts = [tr("poll"), plural("{n} answer", "{n} answers", len(poll.options))]
    if poll.votes:
        parts.append(plural("{n} vote", "{n} votes", sum(poll.votes)))
    if poll.ends_at is not None and poll.ends_at <= (now or datetime.now(UTC)):
        parts.append(tr("ended"))
    return ", ".join(parts)


_MEASURED = re.compile(r"(age|length|outlets|[\w ]+?) ([\d.e+]+)$")


def matched_words(matched: str) -> str:
    """What made a rule take a post, as the person reads it: words stay, measures become phrases."""
    return ", ".join(_measure(part) for part in matched.split(", "))


def _measure(part: str) -> str:
    found = _MEASURED.match(part)
    if found is None:
        return part
    name, value = found[1], found[2]
    if name == "length":
        return tr("{n} words long").format(n=value)
    if name == "age":
        return tr("{n} hours old when it came").format(n=value)
    if name == "outlets":
        return tr("{n} outlets tell it").format(n=value)
    return tr("{what}: {share}").format(what=name, share=value) if value.startswith(("0.", "1.0")) else part


def rule_badges(row: PostRow) -> list[str]:
    """What the person's rules put on a post: labels, and why one let it through."""
    found = [plain(label, NAME) for label in row.labels]
    if row.broke_out:
        name, _, value = row.broke_out.rpartition(" ")
        if name == "outlets":
            why = tr("{n} outlets tell it").format(n=value)
        elif row.broke_out == "source":
            why = tr("a feed that you trust")
        else:
            why = tr("it seems strong: {what}").format(what=row.broke_out)
        found.append(tr("let through: {why}").format(why=why))
    return found


def facts(extras: Extras | None) -> list[str]:
    """Short phrases, the most telling first."""
    if extras is None:
        return []
    found: list[str] = []
    if extras.duration_seconds:
        found.append(duration(extras.duration_seconds))
    if extras.is_short:
        found.append(tr("short"))
    if extras.score is not None:
        found.append(plural("{n} point", "{n} points", extras.score))
    if extras.comments_count is not None:
        found.append(plural("{n} comment", "{n} comments", extras.comments_count))
    if extras.views_count is not None:
        found.append(plural("{n} view", "{n} views", extras.views_count))
    if extras.poll is not None:
        found.append(poll_words(extras.poll))
    if extras.reply_to_url:
        found.append(tr("reply"))
    if extras.visibility in {"followers", "direct"}:
        found.append(tr("followers only") if extras.visibility == "followers" else tr("to you alone"))
    if extras.sensitive and not extras.content_warning:
        found.append(tr("sensitive pictures"))
    if extras.edited_at is not None:
        found.append(tr("edited"))
    found += [plain(label, NAME) for label in extras.labels[:LABELS] if label.strip()]
    return found


def long_facts(extras: Extras | None) -> list[str]:
    """As `facts`, with what there is room for in the reading pane."""
    found = facts(extras)
    if extras is None:
        return found
    if extras.edited_at is not None:
        found[found.index(tr("edited"))] = tr("edited {when}").format(when=moment(extras.edited_at))
    found += [plain(label, NAME) for label in extras.labels[LABELS:] if label.strip()]
    if extras.poll is not None and extras.poll.ends_at is not None and extras.poll.ends_at > datetime.now(UTC):
        found.append(tr("poll open until {when}").format(when=day(extras.poll.ends_at)))
    said = boosters(extras)
    return [said, *found] if said else found


def media_words(alt: str, size_bytes: int | None, seconds: float | None) -> str:
    """What is said of a sound or film that is not fetched."""
    parts = [alt]
    if seconds:
        parts.append(duration(seconds))
    if size_bytes:
        parts.append(size(size_bytes))
    return " · ".join(part for part in parts if part)
