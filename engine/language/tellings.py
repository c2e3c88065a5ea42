"""A story summed up from all its tellings: what two or more of them say, what one says, where they differ.

The model reads one telling at a time and never a second one beside it. What it writes is checked against the telling that
it read, and then, as every sentence that was picked, against each of the others: a claim names all tellings that support it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from engine.language import extractive, output, prompts
from engine.language.disagreements import Disagreement, disagreements
from engine.language.evidence import Checker
from engine.language.foreign import clean
from engine.language.model import TextModel
from engine.language.sentences import count_words, split
from engine.language.summary import (
    FROM_WORDS,
    MODEL_CHARACTERS,
    Cancelled,
    Embed,
    kept_sentences,
    model_text,
    similarity_of,
)
from engine.language.tokens import read
from engine.types import ClaimSource, Span, StoryClaim, StoryDifference, StorySummary, StoryText
from engine.workers.supervisor import CancelledError

Steps = Generator[None, None, StorySummary]

VERSION = "story-1"
MOST_TELLINGS = 6
MODEL_TELLINGS = 3  # that the model reads
LEAST_WORDS = 8  # of a telling
MOST_CHARACTERS = 12_000  # of a telling
MOST_SENTENCES = 24  # of one telling that are looked for in the others
MODEL_SECONDS = 25.0  # for one telling
WORDS_EACH = 45  # that are written or picked of one telling
AGREED_SHARE = 0.6  # of the words go to what several say
ALIKE = 0.6  # share of the shorter claim's words that stand in the other where one of them is enough
WORTH_LOOKING = 0.7  # share of a sentence's words that another telling must have somewhere
SHORT_CLAIM, LONG_CLAIM = 4, 40  # words


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a telling: a model, or none and why not (as in `Summary.note`), and what makes vectors of its sentences."""

    generate: TextModel | None = None
    note: str = "no_model"
    embed: Embed | None = None


@dataclass(slots=True)
class _Telling:
    told: StoryText
    check: Checker
    keys: frozenset[str]


@dataclass(slots=True)
class _Claim:
    text: str
    own: int  # the telling that it was made of
    place: int  # where it stands in that telling, or in what the model wrote of it
    sources: dict[int, tuple[Span, ...]]
    keys: frozenset[str]
    kind: int  # 0: by the model, 1: among the picked sentences, 2: any other sentence


def write(
    tellings: Sequence[StoryText],
    readers: Callable[[StoryText], Reader],
    *,
    template: str = "chatml",
    model: str = "",
    max_words: int = 90,
    cancelled: Cancelled | None = None,
    urgent: bool = False,
    seconds: float = MODEL_SECONDS,
) -> Steps:
    """Sum up a story in steps of well below a second; closing the generator stops the model.

    Args:
        tellings: the one that stands for the story first; of more than six the rest is left out.
        seconds: how long the model has for one telling.
    Raises:
        CancelledError: `cancelled()` said so, or the worker was closed.
    """
    told = [_cleaned(one) for one in tellings]
    told = [one for one in told if count_words(one.text) >= LEAST_WORDS][:MOST_TELLINGS]
    read_by = [readers(one) for one in told]
    yield
    known = [_telling(one, reader) for one, reader in zip(told, read_by, strict=True)]
    claims: list[_Claim] = []
    rejected, note, asked = 0, "", 0
    texts: set[str] = set()
    for place, (one, reader) in enumerate(zip(known, read_by, strict=True)):
        yield
        if reader.generate is None or asked == MODEL_TELLINGS or one.told.text in texts or count_words(one.told.text) < FROM_WORDS:
            note = note or (reader.note if reader.generate is None else "")
            continue
        texts.add(one.told.text)
        asked += 1
        pieces = prompts.summary(template, one.told.title, one.told.text[:MODEL_CHARACTERS], WORDS_EACH, fenced=prompts.takes_fences(reader.generate.name))
        written, trouble = yield from model_text(
            reader.generate, pieces, max_words=WORDS_EACH, cancelled=cancelled, urgent=urgent, seconds=seconds
        )
        kept, refused = kept_sentences(output.plain(written, [one.told.title, one.told.text]), one.check, WORDS_EACH)
        rejected += refused
        note = trouble or note
        claims += [_Claim(sentence.text, place, at, {place: sentence.evidence}, _keys(sentence.text), 0)
                   for at, sentence in enumerate(kept)]  # fmt: skip
    for place, one in enumerate(known):
        claims += _sentences(one.told, place)
    for claim in claims:
        if cancelled is not None and cancelled():
            raise CancelledError("Nobody waits for it any more.")
        _look_elsewhere(claim, known)
        yield
    found = _chosen(claims, max_words)
    by_model = any(claim.kind == 0 for claim in found)
    return StorySummary(
        tellings=tuple(told),
        agreed=tuple(_shown(claim, told) for claim in found if len(claim.sources) > 1),
        single=tuple(_shown(claim, told) for claim in found if len(claim.sources) == 1),
        differences=tuple(_difference(one, told) for one in disagreements([each.text for each in told])),
        method="model" if by_model else "extractive",
        model=model if by_model else "",
        rejected=rejected,
        left_out=len(tellings) - len(told),
        note="" if by_model else note or ("rejected" if asked else "short"),
    )


def _telling(told: StoryText, reader: Reader) -> _Telling:
    check = Checker(told.text, similarity=similarity_of(reader.embed if reader.generate else None), context=told.title)
    return _Telling(told, check, _keys(f"{told.title}\n{told.text}"))


def _keys(text: str) -> frozenset[str]:
    return frozenset(token.key for token in read(text) if not token.negation)


def _sentences(told: StoryText, place: int) -> list[_Claim]:
    """The telling's own sentences; those that sum it up best are told apart."""
    picked = {sentence.evidence[0] for sentence in extractive.summarise(told.text, max_words=WORDS_EACH).sentences}
    claims = []
    for at, span in enumerate(split(told.text)[:MOST_SENTENCES]):
        text = " ".join(told.text[span.start : span.end].split())
        if span in picked or SHORT_CLAIM <= count_words(text) <= LONG_CLAIM:
            claims.append(_Claim(text, place, at, {place: (span,)}, _keys(text), 1 if span in picked else 2))
    return claims


def _look_elsewhere(claim: _Claim, tellings: Sequence[_Telling]) -> None:
    """Put the claim to the other tellings; those that support it become sources."""
    for place, other in enumerate(tellings):
        if place == claim.own or not claim.keys or len(claim.keys & other.keys) < WORTH_LOOKING * len(claim.keys):
            continue
        verdict = other.check.check(claim.text)
        if verdict.ok and verdict.spans:
            claim.sources[place] = verdict.spans


def _chosen(claims: Sequence[_Claim], max_words: int) -> list[_Claim]:
    """Pick what several tellings say, the most of them first, then what one says, each in its turn; nothing twice."""
    agreed = sorted(
        (claim for claim in claims if len(claim.sources) > 1),
        key=lambda claim: (-len(claim.sources), claim.kind, claim.place, claim.own),
    )
    single = sorted(
        (claim for claim in claims if len(claim.sources) == 1 and claim.kind < 2),
        key=lambda claim: (claim.place if claim.kind == 0 else claim.place + 100, claim.own),
    )
    found: list[_Claim] = []
    used = _take(agreed, found, round(max_words * AGREED_SHARE), once=False)
    used += _take(single, found, max_words - used, once=True)
    _take(single, found, max_words - used, once=False)
    return sorted(found, key=lambda claim: (-len(claim.sources), claim.own, claim.place))


def _take(claims: Sequence[_Claim], found: list[_Claim], room: int, *, once: bool) -> int:
    """Add claims to `found` while there is room, of each telling `once` or as many as fit; returns the words used."""
    used = 0
    tellings: set[int] = set()
    for claim in claims:
        words = count_words(claim.text)
        if words > room - used or (once and claim.own in tellings) or any(_alike(claim, other) for other in found):
            continue
        found.append(claim)
        tellings.add(claim.own)
        used += words
    return used


def _alike(one: _Claim, other: _Claim) -> bool:
    return len(one.keys & other.keys) >= ALIKE * max(1, min(len(one.keys), len(other.keys)))


def _shown(claim: _Claim, told: Sequence[StoryText]) -> StoryClaim:
    sources = sorted(claim.sources.items(), key=lambda item: (item[0] != claim.own, item[0]))
    return StoryClaim(
        text=claim.text,
        sources=tuple(ClaimSource(post_id=told[place].post_id, evidence=spans) for place, spans in sources),
    )


def _difference(found: Disagreement, told: Sequence[StoryText]) -> StoryDifference:
    """One claim for each value, in the words of the first telling that says it."""
    claims: dict[str, tuple[str, str, list[ClaimSource]]] = {}
    for said in found.said:
        text = told[said.text].text
        words, sentence = text[said.words.start : said.words.end], text[said.sentence.start : said.sentence.end]
        source = ClaimSource(post_id=told[said.text].post_id, evidence=(said.sentence,))
        claims.setdefault(said.value, (words, " ".join(sentence.split()), []))[2].append(source)
    return StoryDifference(
        kind=found.kind,
        claims=tuple(StoryClaim(text=text, sources=tuple(sources)) for _, text, sources in claims.values()),
        words=tuple(words for words, _, _ in claims.values()),
    )


def packed(summary: StorySummary) -> str:
    """A summary as it is kept: without the texts of the tellings, which are kept already."""
    whole = asdict(summary)
    whole["tellings"] = [one.post_id for one in summary.tellings]
    return json.dumps(whole, ensure_ascii=False)


def unpacked(content: str, tellings: Sequence[StoryText]) -> StorySummary | None:
    """The summary that was kept of these tellings; None where one of them is gone."""
    whole = json.loads(content)
    by_id = {one.post_id: _cleaned(one) for one in tellings}
    if not by_id.keys() >= set(whole["tellings"]):
        return None
    return StorySummary(
        tellings=tuple(by_id[post_id] for post_id in whole["tellings"]),
        agreed=tuple(map(_claim, whole["agreed"])),
        single=tuple(map(_claim, whole["single"])),
        differences=tuple(
            StoryDifference(kind=one["kind"], claims=tuple(map(_claim, one["claims"])), words=tuple(one["words"]))
            for one in whole["differences"]
        ),
        **{name: whole[name] for name in ("method", "model", "rejected", "left_out", "note")},
    )


def _claim(kept: dict[str, Any]) -> StoryClaim:
    sources = tuple(
        ClaimSource(post_id=source["post_id"], evidence=tuple(Span(**span) for span in source["evidence"]))
        for source in kept["sources"]
    )
    return StoryClaim(text=kept["text"], sources=sources)


def _cleaned(one: StoryText) -> StoryText:
    return replace(one, text=clean(one.text[:MOST_CHARACTERS]).text)
