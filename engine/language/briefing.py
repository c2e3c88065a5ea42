"""What goes into a briefing: how long things take to read, which of them fit, what belongs together, and what groups are called.

Pure: values in, values out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from engine.language.sentences import count_words, words
from engine.ranking.features import terms_of_word
from engine.types import BriefingGroup, BriefingItem, BriefingSentence, Floats, Span, Summary, Vectors

WORDS_A_MINUTE = 230.0  # silent reading of English prose: 238 in Brysbaert's review of 190 studies (2019); news takes a little longer
CHARACTERS_A_MINUTE = 400.0  # of Han script
ITEM_WORDS = 40  # about two lines
ITEM_SENTENCES = 2
HEAD_MINUTES = 0.03  # of an item: its source, a look at what it is
OUTSIDE_MINUTES = 0.25  # kept free for the one thing outside the bubble
MOST_ITEMS = 80
LATE_SECONDS = 3 * 86_400.0  # a post that comes so long after it was published is still news
FIRST_HOURS = 24.0  # what the first briefing looks back to
TOGETHER = 0.34  # mean cosine from which two groups are one subject
TITLE_WORDS = 2
_LEAST_HAN, _MOST_HAN = 2, 4  # characters of a telling word in a script without spaces
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]{2,}")
_HAN_FUNCTION = frozenset("的了是在和与不也就都而及着过把被为从到对这那有我你他她它们")
_CUT_AT = 1.5  # times ITEM_WORDS: a sentence longer than this is cut
_DAYS = {"daily": range(7), "weekdays": range(5), "weekends": range(5, 7)}


def reading_minutes(text: str) -> float:
    """How long reading a text takes."""
    han = len(_HAN.findall(text))
    others = count_words(_HAN.sub(" ", text)) if han else count_words(text)
    return others / WORDS_A_MINUTE + han / CHARACTERS_A_MINUTE


def item_minutes(item: BriefingItem) -> float:
    """How long reading an item takes."""
    return HEAD_MINUTES + sum(reading_minutes(text) for text in (item.title, *(sentence.text for sentence in item.sentences)))


def two_lines(summary: Summary, title: str = "") -> tuple[BriefingSentence, ...]:
    """Return the first sentences of a summary, about two lines of them, each with its evidence.

    A picked sentence that only repeats the title is passed over, and one that goes on and on is cut; the model's are
    taken as they are.
    """
    picked = summary.method == "extractive"
    found: list[BriefingSentence] = []
    room = ITEM_WORDS
    for sentence in summary.sentences:
        text, spans = sentence.text, sentence.evidence
        if picked and _same(text, title):
            continue
        length = count_words(text)
        if picked and not found and length > _CUT_AT * ITEM_WORDS and spans:
            end = _end_of_words(summary.text, spans[0], ITEM_WORDS)
            spans = (Span(start=spans[0].start, end=end),)
            text = " ".join(summary.text[spans[0].start : end].split()) + "…"
            length = ITEM_WORDS
        if found and (length > room or len(found) == ITEM_SENTENCES):
            break
        quotes = tuple(" ".join(summary.text[span.start : span.end].split()) for span in spans)
        found.append(BriefingSentence(text=text, evidence=spans, quotes=quotes))
        room -= length
    return tuple(found)


def with_summary(item: BriefingItem, summary: Summary) -> BriefingItem:
    """Return an item told by a summary of its post."""
    return replace(
        item, sentences=two_lines(summary, item.title), method=summary.method, model=summary.model, note=summary.note
    )


def fitting(items: Iterable[BriefingItem], minutes: float) -> list[BriefingItem]:
    """Take items while there is time to read them, at least one; no more are asked for than are looked at."""
    chosen: list[BriefingItem] = []
    left = minutes
    for item in items:
        takes = item_minutes(item)
        if chosen and takes > left:
            break
        chosen.append(item)
        left -= takes
        if left <= 0 or len(chosen) == MOST_ITEMS:
            break
    return chosen


def grouped(
    items: Sequence[BriefingItem], *, folders: Mapping[int, str], vectors: Mapping[int, Floats] | None = None
) -> tuple[BriefingGroup, ...]:
    """Put items that are about the same subject together, the group of the best first, what stands alone last.

    By vectors where there are some; else, and among what is left, by folder, then by source. A group is called by its
    folder or source, or by words that its items share; never by anything that stands in none of them.

    Args:
        folders: of each item by post id, "" where it is in none.   vectors: unit vectors by post id, as far as there are any.
    """
    groups: list[tuple[str, str, list[int]]] = []
    left = list(range(len(items)))
    known = vectors or {}
    for members in _near(items, known):
        kind, title = _name(items, members, folders)
        if kind:
            groups.append((kind, title, members))
            left = [place for place in left if place not in set(members)]
    for kind, key in (("folder", lambda item: folders.get(item.post_id, "")), ("source", lambda item: item.feed_title)):
        by_name: dict[str, list[int]] = defaultdict(list)
        for place in left:
            by_name[key(items[place])].append(place)
        for title, members in by_name.items():
            if title and len(members) > 1:
                groups.append((kind, title, members))
                left = [place for place in left if place not in set(members)]
    groups.sort(key=lambda group: min(group[2]))
    if left:
        groups.append(("rest", "", left))
    return tuple(
        BriefingGroup(kind=kind, title=title, items=tuple(items[place] for place in sorted(members)))  # type: ignore[arg-type]
        for kind, title, members in groups
    )


def due(now: datetime, at: str, days: str, last: datetime | None) -> bool:
    """Whether a briefing that is made by itself is due.

    Args:
        now: local and aware.   at: "07:30", or "" for never.   days: "daily", "weekdays", "weekends".
        last: when the last one was made, aware.
    """
    if not at or now.weekday() not in _DAYS.get(days, ()):
        return False
    hour, minute = (int(part) for part in at.split(":"))
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return now >= moment and (last is None or last < moment)


def since_words(words: str, now: datetime, last: datetime | None) -> datetime | None:
    """Return the moment that words mean: "last" (None: since the last briefing), "yesterday", "week", "today".

    Args:
        now: local and aware.
    Raises:
        KeyError: they mean none.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"last": None, "today": midnight, "yesterday": midnight - timedelta(days=1), "week": now - timedelta(days=7)}[words]


# ---- subjects --------------------------------------------------------------------------------


def _near(items: Sequence[BriefingItem], vectors: Mapping[int, Floats]) -> list[list[int]]:
    """Places of items that lie near each other, groups of two and more: average linkage over cosines."""
    places = [place for place, item in enumerate(items) if item.post_id in vectors]
    if len(places) < 2:
        return []
    table: Vectors = np.stack([vectors[items[place].post_id] for place in places]).astype(np.float32)
    likeness = table @ table.T
    groups = [[number] for number in range(len(places))]
    while len(groups) > 1:
        best, pair = TOGETHER, (-1, -1)
        for one in range(len(groups)):
            for other in range(one + 1, len(groups)):
                mean = float(likeness[np.ix_(groups[one], groups[other])].mean())
                if mean >= best:
                    best, pair = mean, (one, other)
        if pair[0] < 0:
            break
        groups[pair[0]] += groups.pop(pair[1])
    return [[places[number] for number in group] for group in groups if len(group) > 1]


def _name(items: Sequence[BriefingItem], members: Sequence[int], folders: Mapping[int, str]) -> tuple[str, str]:
    """What a group can be called: the folder that it alone fills, else words that its items share, else folder or source."""
    inside = {folders.get(items[place].post_id, "") for place in members}
    folder = inside.pop() if len(inside) == 1 else ""
    alone = folder and sum(folders.get(item.post_id, "") == folder for item in items) == len(members)
    if alone:
        return "folder", folder
    telling = telling_words([_text(items[place]) for place in members], [_text(item) for at, item in enumerate(items) if at not in set(members)])
    if telling:
        return "words", " · ".join(telling)
    sources = {items[place].feed_title for place in members}
    if len(sources) == 1:
        return "source", sources.pop()
    return ("folder", folder) if folder else ("", "")


def telling_words(texts: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]]) -> list[str]:
    """Return up to two words that most of some texts have and few others do, as they are written there.

    Args:
        texts, others: (title, text) of each.
    """
    inside = [_words(title, text) for title, text in texts]
    outside = Counter(key for title, text in others for key in _words(title, text))
    spread: Counter[str] = Counter(key for found in inside for key in found)
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    weight: Counter[str] = Counter()
    for found in inside:
        for key, (written, in_title) in found.items():
            forms[key][written] += 1
            weight[key] += 2 if in_title else 1
    scored = []
    for key, times in spread.items():
        if times < 2 or 2 * times < len(texts):
            continue
        strange = outside[key] / max(len(others), 1)
        worth = weight[key] / (2 * len(texts)) - 1.5 * strange + 0.02 * min(len(key), 8)
        if strange < 0.5 * times / len(texts):
            scored.append((worth, key))
    chosen: list[str] = []
    for _, key in sorted(scored, key=lambda pair: (-pair[0], pair[1])):
        if not any(key in other or other in key for other in chosen):
            chosen.append(key)
        if len(chosen) == TITLE_WORDS:
            break
    return [max(forms[key], key=lambda form: (forms[key][form], form)) for key in chosen]


def _words(title: str, text: str) -> dict[str, tuple[str, bool]]:
    """The words of a text that can tell something, each as it is written and whether it stands in the title."""
    found: dict[str, tuple[str, bool]] = {}
    for part, in_title in ((title, True), (text, False)):
        for word in words(part):
            if len(word) > 2 and not word.isdigit() and not _HAN.match(word) and terms_of_word(word):
                key = word.casefold().removesuffix("'s").removesuffix("’s")
                key = key[:-1] if key.endswith("s") and len(key) > 3 and not key.endswith("ss") else key
                found.setdefault(key, (word, in_title))
        for run in _HAN_RUN.findall(part) if in_title else ():
            for length in range(_LEAST_HAN, _MOST_HAN + 1):
                for start in range(len(run) - length + 1):
                    written = run[start : start + length]
                    if _HAN_FUNCTION.isdisjoint(written):
                        found.setdefault(written, (written, True))
    return found


def _text(item: BriefingItem) -> tuple[str, str]:
    return item.title, " ".join(sentence.text for sentence in item.sentences)


def _same(one: str, other: str) -> bool:
    return bool(other) and [word.casefold() for word in words(one)] == [word.casefold() for word in words(other)]


def _end_of_words(text: str, span: Span, count: int) -> int:
    """Where the first `count` words of a span end; two Han characters count as one."""
    room, end = 2 * count, span.start
    for match in re.finditer(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\s\u3400-\u4dbf\u4e00-\u9fff]+", text[span.start : span.end]):
        room -= 1 if _HAN.match(match.group()) else 2
        if room < 0:
            break
        end = span.start + match.end()
    return end
