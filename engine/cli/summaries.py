"""Commands over summaries: of a post, a story, a conversation; and what the person wants of a feed's summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from engine.cli.feeds import feeds
from engine.cli.shared import ID, Session, command, main, show_json
from engine.errors import InputError, NotFoundError
from engine.types import StoryClaim, StorySummary, Summary, SummaryBudget, SummarySentence, SummaryWish

NOTES = {
    "no_model": "no language model is installed",
    "rejected": "what the model wrote did not pass the check",
    "short": "the text is too short to sum up",
    "off": "summaries by the language model are switched off",
    "failed": "the language model failed",
    "slow": "the language model took too long",
    "language": "no installed model writes this language",
}
PAUSES = {
    "budget": "today's minutes are used",
    "battery": "the machine runs on its battery",
    "off": "they are switched off",
    "no_model": "no language model is installed",
    "server": "a model server of yours works only when you ask (the setting server_when_idle)",
}
KINDS = {"number": "numbers", "date": "dates", "name": "names"}


@command(main)
@click.argument("post_id", type=ID)
@click.option("--story", is_flag=True, help="The story that it tells with others: what they agree on, and where they differ.")
@click.option("--thread", is_flag=True, help="The conversation below it, which is fetched for that.")
@click.option("--words", "--max-words", "words", type=click.IntRange(10, 400), default=None, help="At most so many; 60 as a rule.")
def summarise(session: Session, post_id: int, story: bool, thread: bool, words: int | None, as_json: bool) -> None:
    """Summarise a post; every sentence is checked against the post's own words."""
    if story and thread:
        raise InputError("Take either --story or --thread.")
    if words is not None and (story or thread):
        raise InputError("--words is for a post alone.")
    with session.engine() as engine:
        if story:
            told: StorySummary = engine.summarise_story(post_id)
            return show_json(told) if as_json else _show_story(told)
        summary: Summary = engine.summarise_thread(engine.thread(post_id)) if thread else engine.summarise(post_id, words)
        if as_json:
            return show_json(summary)
        _show(summary.sentences, summary.text, _how(summary))


def _how(summary: Summary | StorySummary) -> str:
    if summary.method == "model":
        how = f"by {summary.model}, every sentence checked"
        return f"{how}, {summary.rejected} refused" if summary.rejected else how
    return "picked sentences" + (f": {NOTES[summary.note]}" if summary.note in NOTES else "")


def _show(sentences: Sequence[SummarySentence], text: str, how: str) -> None:
    click.echo(f"Summary ({how}):")
    for number, sentence in enumerate(sentences, 1):
        click.echo(f"  {sentence.text} [{number}]")
    for number, sentence in enumerate(sentences, 1):
        for span in sentence.evidence:
            click.echo(f"  [{number}] “{text[span.start : span.end]}”")
    if not sentences:
        click.echo("  There is too little text to summarise.")


def _show_story(story: StorySummary) -> None:
    left_out = f", {story.left_out} more left out" if story.left_out else ""
    click.echo(f"Summary of a story in {len(story.tellings)} tellings{left_out} ({_how(story)}):")
    names = {told.post_id: told.feed_title for told in story.tellings}
    texts = {told.post_id: told.text for told in story.tellings}

    def show(claims: Sequence[StoryClaim]) -> None:
        for claim in claims:
            click.echo(f"  {claim.text}")
            for source in claim.sources:
                words = " … ".join(texts[source.post_id][span.start : span.end] for span in source.evidence)
                click.echo(f"      {names[source.post_id]} ({source.post_id}): “{words}”")

    for heading, claims in (("Several say:", story.agreed), ("Found in one telling:", story.single)):
        if claims:
            click.echo(heading)
            show(claims)
    for difference in story.differences:
        click.echo(f"They differ in {KINDS[difference.kind]}: {' – '.join(difference.words)}")
        show(difference.claims)
    if not (story.agreed or story.single):
        click.echo("  There is too little text to summarise.")


@command(feeds, "summaries")
@click.argument("feed_id", type=ID)
@click.option("--words", type=click.IntRange(10, 400), default=None, help="At most so many words.")
@click.option("--prompt", default=None, help="What a summary shall be like besides, in your own words.")
@click.option("--always/--not-always", default=None, help="Sum up each new post that is long enough when the machine is idle.")
@click.option("--clear", is_flag=True, help="As usual again.")
def feeds_summaries(
    session: Session, feed_id: int, words: int | None, prompt: str | None, always: bool | None, clear: bool, as_json: bool
) -> None:
    """Show, or set, what the summaries of a feed's posts shall be like."""
    with session.engine() as engine:
        if all(feed.id != feed_id for feed in engine.feeds()):
            raise NotFoundError(f"There is no feed {feed_id}.")
        wish = SummaryWish() if clear else engine.summary_wish(feed_id)
        wish = replace(
            wish,
            max_words=wish.max_words if words is None else words,
            prompt=wish.prompt if prompt is None else prompt.strip(),
            always=wish.always if always is None else always,
        )
        if wish != engine.summary_wish(feed_id):
            engine.set_summary_wish(feed_id, wish)
        if as_json:
            return show_json(wish)
        click.echo(f"At most {wish.max_words or 60} words" + (", of each new post." if wish.always else ", when asked or by your settings."))
        if wish.prompt:
            click.echo(f"Besides: {wish.prompt}")


@command(main, "summaries")
def summaries(session: Session, as_json: bool) -> None:
    """Say how much of today's time for summaries in idle time is used, and why they pause."""
    with session.engine() as engine:
        budget: SummaryBudget = engine.summary_budget()
        if as_json:
            return show_json(budget)
        used, limit = f"{budget.used_seconds / 60:.1f}", budget.limit_seconds
        click.echo(f"Used today: {used} minutes, without a limit." if limit is None else f"Used today: {used} of {limit / 60:.0f} minutes.")
        click.echo(f"They pause: {PAUSES[budget.paused]}." if budget.paused else "They are made when the machine is idle.")
