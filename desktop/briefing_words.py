"""What is said of a briefing and of each thing in it."""

from __future__ import annotations

from datetime import datetime

from desktop.strings import ago, decimal, moment, number, plural, tr
from engine import Briefing, BriefingGroup, BriefingItem, Span, Summary, SummarySentence

MINUTES = (3, 5, 10, 15)


def length_words(briefing: Briefing) -> str:
    """"About 5 min · since the last briefing, 29 Nov, 07:30 · 20 of 1,980 posts"."""
    since = tr("since the last briefing, {when}") if briefing.since_last else tr("since {when}")
    told = plural("{n} thing", "{n} things", len(briefing.items))
    parts = (
        tr("about {n} min").format(n=number(max(1, round(briefing.reading_minutes)))),
        since.format(when=moment(briefing.since)),
        tr("{things} from {posts}").format(things=told, posts=plural("{n} post", "{n} posts", briefing.posts)),
    )
    return " · ".join(parts)


def writer_words(briefing: Briefing) -> str:
    """Who wrote what is told, and why not the model."""
    items = [item for item in briefing.items if item.sentences]
    written = sum(item.method == "model" for item in items)
    if not items:
        return ""
    picked = plural("{n} in picked sentences", "{n} in picked sentences", len(items) - written)
    if written:
        words = plural("{n} told by the local model, every sentence checked", "{n} told by the local model, every sentence checked", written)
        if written < len(items):
            words += f" · {picked}"
    else:
        words = tr("told in picked sentences")
    why = {
        "off": tr("language models are switched off"),
        "no_model": tr("no language model is installed"),
        "failed": tr("the language model failed"),
        "slow": tr("the language model took too long"),
        "budget": tr("the language model’s time was over"),
        "server": tr("your model server works only when asked"),
        "cancelled": tr("the language model was stopped"),
    }.get(briefing.note, "")
    return f"{words} ({why})" if why else words


def group_words(group: BriefingGroup, *, alone: bool) -> str:
    """What a group is called; words that its posts share stand in quotation marks."""
    if group.kind == "words":
        return tr("About “{words}”").format(words=group.title)
    return group.title or (tr("What came") if alone else tr("And also"))


def source_words(item: BriefingItem, now: datetime) -> str:
    """Where an item comes from, and how many tell it."""
    words = [item.feed_title, ago(item.published_at, now)]
    if item.outlets > 1:
        words.append(plural("{n} outlet", "{n} outlets", item.outlets))
    if item.read:
        words.append(tr("read"))
    return " · ".join(words)


def news_words(item: BriefingItem) -> str:
    """"2 new since 29 Nov, 07:30" of a story that an earlier briefing told; else ""."""
    if item.new_since is None:
        return ""
    return plural("{n} new since", "{n} new since", item.new) + " " + moment(item.new_since)


def method_words(item: BriefingItem) -> str:
    """Who wrote an item's sentences."""
    if not item.sentences:
        return ""
    return tr("by the local model, every sentence checked") if item.method == "model" else tr("picked sentences")


def method_tip(item: BriefingItem) -> str:
    """The model's name, or why it is picked sentences."""
    if item.method == "model":
        return item.model
    return {
        "rejected": tr("what the model wrote did not pass the check"),
        "short": tr("the post is too short to sum up"),
        "language": tr("no installed model writes this language"),
        "failed": tr("the language model failed"),
        "slow": tr("the language model took too long"),
    }.get(item.note, "")


def outside_words(item: BriefingItem) -> str:
    """Why the one thing outside the bubble is here."""
    if item.nearest_liked is not None:
        why = tr("the nearest thing that you liked is far from it ({likeness})").format(likeness=decimal(item.nearest_liked))
    else:
        why = tr("its words are none that you liked")
    if item.outlets > 1:
        told = plural("{n} outlet tells it", "{n} outlets tell it", item.outlets)
        return tr("Here because {why}, and {told}.").format(why=why, told=told)
    return tr("Here because {why}.").format(why=why)


def end_words(briefing: Briefing) -> str:
    if not briefing.left_out:
        return tr("Nothing was left out.")
    return plural("{n} post was left out.", "{n} posts were left out.", briefing.left_out)


def spoken(item: BriefingItem, now: datetime) -> str:
    """An item for a screen reader."""
    parts = [item.title, source_words(item, now), news_words(item), *(sentence.text for sentence in item.sentences), method_words(item)]
    return ". ".join(part.rstrip(".") for part in parts if part)


def as_summary(item: BriefingItem) -> Summary | None:
    """An item's sentences as the reading pane shows them, their evidence by the words that stand in the post."""
    if not item.sentences:
        return None
    text, sentences = "", []
    for sentence in item.sentences:
        spans = []
        for quote in sentence.quotes:
            spans.append(Span(start=len(text), end=len(text) + len(quote)))
            text += quote + "\n"
        sentences.append(SummarySentence(text=sentence.text, evidence=tuple(spans)))
    return Summary(sentences=tuple(sentences), method=item.method, model=item.model, text=text, note=item.note)
