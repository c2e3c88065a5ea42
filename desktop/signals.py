"""What the trained heads say of a post, in words: on cards, in hints, to screen readers, and in rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from desktop.strings import decimal, tr
from engine import SIGNAL_NAMES, SURE_FROM, Condition, PostRow, Rule, Signals

Verdict = Literal["yes", "no", "unsure"]

MOODS = ("negative", "neutral", "positive")
FEELINGS = ("joy", "sadness", "anger", "optimism")
SIGNALS = (*MOODS, *SIGNAL_NAMES)
LOUD = frozenset({"hostility", "spam", "scam"})  # worth a warning colour
ON_CARDS = 2
RULE_FROM = 0.8
_POSSIBLE = 0.25  # of an unsure mood: what has this much may be it


def signal_words(name: str) -> str:
    """A signal as the person reads it after "it seems"."""
    return {
        "negative": tr("negative"), "neutral": tr("neutral"), "positive": tr("positive"), "joy": tr("joyful"), "sadness": tr("sad"),
        "anger": tr("angry"), "optimism": tr("optimistic"), "hostility": tr("hostile"), "promotion": tr("advertising"),
        "clickbait": tr("clickbait"), "spam": tr("spam"), "scam": tr("a scam"),
    }.get(name) or tr("{name} (nothing tells this)").format(name=name)  # fmt: skip


def card_words(name: str) -> str:
    """A signal that is surely there, as a card says it: what accuses somebody is said as the guess that it is."""
    return {
        "hostility": tr("seems hostile"), "spam": tr("looks like spam"), "scam": tr("looks like a scam"),
    }.get(name) or signal_words(name)  # fmt: skip


def signal_meaning(name: str) -> str:
    """What a signal is about, in a sentence."""
    told: dict[str, Callable[[], str]] = {
        "negative": lambda: tr("The tone of the text, whatever it is about."),
        "neutral": lambda: tr("The tone of the text, whatever it is about."),
        "positive": lambda: tr("The tone of the text, whatever it is about."),
        "joy": lambda: tr("The writer sounds glad."),
        "sadness": lambda: tr("The writer sounds sad."),
        "anger": lambda: tr("The writer sounds angry."),
        "optimism": lambda: tr("The writer sounds hopeful."),
        "hostility": lambda: tr("It attacks people. Swearing alone does not count, nor does a report about violence."),
        "promotion": lambda: tr("It wants to sell something, or somebody paid for it."),
        "clickbait": lambda: tr("The headline holds back what it is about, so that one must look."),
        "spam": lambda: tr("Unwanted mass mail, or a comment that only draws attention to itself."),
        "scam": lambda: tr("It wants money, a password or a call back under a false pretext."),
    }
    return told[name]() if name in told else ""


def verdict_words(verdict: Verdict) -> str:
    return {"yes": tr("yes"), "no": tr("no"), "unsure": tr("unsure")}[verdict]


def asked(row: PostRow) -> list[tuple[str, float, Verdict]]:
    """Every signal that somebody told of a post, by the order of SIGNALS: name, probability, whether it is there."""
    found: list[tuple[str, float, Verdict]] = []
    mood = row.sentiment
    if mood is not None:
        for name, share in zip(MOODS, (mood.negative, mood.neutral, mood.positive), strict=True):
            if mood.label == "unsure":
                found.append((name, share, "unsure" if share >= _POSSIBLE else "no"))
            else:
                found.append((name, share, "yes" if mood.label == name else "no"))
    told = Signals(sentiment=mood, shares=row.shares)
    for name in SIGNAL_NAMES:
        verdict = told.verdict(name)
        if verdict != "unknown":
            found.append((name, row.shares[name], verdict))
    return found


def on_card(row: PostRow) -> list[str]:
    """The strongest signals that are surely there, few enough for a card; of the feelings one."""
    sure = sorted((name for name, share in row.shares.items() if share >= SURE_FROM and name in SIGNAL_NAMES), key=lambda name: -row.shares[name])
    feelings = [name for name in sure if name in FEELINGS]
    return [name for name in sure if name not in feelings[1:]][:ON_CARDS]


def told_in_figures(row: PostRow) -> list[str]:
    """Lines for a hint: the mood in figures, what is surely there, and what nobody can tell."""
    lines = []
    if row.sentiment is not None:
        mood = row.sentiment
        told = tr("Mood: positive {p} · neutral {u} · negative {n}")
        lines.append(told.format(p=decimal(mood.positive), u=decimal(mood.neutral), n=decimal(mood.negative)))
    others = [one for one in asked(row) if one[0] not in MOODS]
    for verdict, words in (("yes", tr("It seems: {what}")), ("unsure", tr("Unsure whether: {what}"))):
        some = [f"{signal_words(name)} {decimal(share)}" for name, share, said in others if said == verdict]
        if some:
            lines.append(words.format(what=" · ".join(some)))
    return lines


def rule_of(name: str, share: float) -> Rule:
    """A rule that quietens posts like one of which a signal had this probability."""
    low = min(RULE_FROM, int(share * 20) / 20) if share >= SURE_FROM else RULE_FROM
    return Rule(
        name=tr("Seems {what}").format(what=signal_words(name)),
        conditions=(Condition(field="signal", value=name, low=low),),
        action="muffle",
    )
