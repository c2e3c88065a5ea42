"""`millpond ask`: a question, and what the stored posts say to it."""

from __future__ import annotations

import click

from engine.cli.shared import ID, Session, command, main, show_json
from engine.types import Answer, AskAction, AskDone, AskFound

NOTES = {
    "no_model": "No language model is installed; these are sentences of the posts.",
    "language": "The language model does not speak this language; these are sentences of the posts.",
    "rejected": "What the language model wrote does not stand in the posts; these are sentences of the posts.",
    "failed": "The language model failed; these are sentences of the posts.",
    "slow": "The language model took too long; these are sentences of the posts.",
    "disagreement": "The sources disagree, so no model writes an answer; these are their sentences.",
}
METHODS = {
    "model": "By the local model {model}, checked against the posts:",
    "picked": "Picked from your posts:",
    "help": "From Millpond's help:",
    "app": "About your feeds and rules:",
}


@command(main)
@click.argument("question")
@click.option("--feed", "feed_id", type=ID, default=None, help="Look in one feed only.")
@click.option("--folder", default=None, help="Look in one folder only.")
def ask(session: Session, question: str, feed_id: int | None, folder: str | None, as_json: bool) -> None:
    """Answer a question from your stored posts, with their words as sources. Nothing of the question is kept."""
    with session.engine() as engine:
        answer = None
        for event in engine.ask(question, feed_id=feed_id, folder=folder):
            if isinstance(event, AskFound) and not as_json and event.sources and not event.looked.by_meaning:
                click.echo(f"Reading {_posts(len(event.sources))} …", err=True)
            if isinstance(event, AskDone):
                answer = event.answer
        assert answer is not None
        if as_json:
            return show_json(answer)
        _show(answer)


def _show(answer: Answer) -> None:
    if answer.method == "nothing":
        click.echo("I found nothing about this.")
        words = f" for: {', '.join(answer.looked.words)}" if answer.looked.words else ""
        click.echo(f"Read closely: {_posts(answer.looked.posts)}{words}.")
    else:
        click.echo(METHODS[answer.method].format(model=answer.model))
    for disagreement in answer.disagreements:
        click.echo("Sources disagree:")
        for side in disagreement.sides:
            click.echo(f"  {side.value}  ({_count(side.outlets)}) {''.join(f'[{number}]' for number in side.numbers)}")
    for sentence in answer.sentences:
        marks = "".join(f"[{citation.number}]" for citation in sentence.citations)
        click.echo(f"  {sentence.text} {marks}".rstrip())
    if answer.note in NOTES:
        click.echo(NOTES[answer.note])
    if answer.sources:
        click.echo()
    for source in answer.sources:
        date = f"{source.published_at:%Y-%m-%d}" if source.published_at else ""
        post = f"post {source.post_id}" if source.post_id else ""
        click.echo(f"[{source.number}] " + " · ".join(filter(None, (source.title or "(no title)", source.feed_title, date, post))))
    for action in answer.actions:
        click.echo(f"→ {_command(action)}")
    if answer.follow_ups:
        click.echo("You could also ask: " + "  ".join(answer.follow_ups))


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"


def _count(outlets: int) -> str:
    return "1 source" if outlets == 1 else f"{outlets} sources"


def _command(action: AskAction) -> str:
    """What a person would type to do it."""
    return {
        "page": f"In the window: {action.target}",
        "help": f"Help in the window: {action.target}",
        "rule": f"Rule {action.id}, {action.name}:  millpond rules list",
        "new_rule": "A new rule:  millpond rules add --help",
        "tray": "What is hidden:  millpond timeline --hidden",
        "feed": f"{action.name}:  millpond timeline --feed {action.id}",
        "refresh_feed": f"Look for new posts:  millpond refresh --feed {action.id}",
        "add_feed": f"Follow it:  millpond feeds add {action.target}",
    }[action.kind]
