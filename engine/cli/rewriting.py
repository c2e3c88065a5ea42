"""Rewrites on the command line: a plain title, a translation, an explanation, a draft of an answer."""

from __future__ import annotations

import click

from engine.cli.shared import ID, Session, command, main, show_json

_CHECKED = {"title": ", checked", "translation": "; it can be wrong", "reply": "; only its names, numbers and links were looked up in the post"}
_NOTES = {
    "no_model": "picked from the post: no language model is installed",
    "language": "picked from the post: no installed model writes this language",
    "rejected": "picked from the post: what the model wrote did not pass the check",
    "slow": "picked from the post: the language model took too long",
    "failed": "picked from the post: the language model stopped",
}


@command(main)
@click.argument("post_id", type=ID)
@click.argument("kind", type=click.Choice(["title", "translation", "explanation", "reply"]))
@click.option("--into", "language", default="", help="The language of a translation, such as de.")
def rewrite(session: Session, post_id: int, kind: str, language: str, as_json: bool) -> None:
    """Write a plain title, a translation, an explanation or a draft of an answer for a post. Nothing is sent, and the post stays as it is."""
    with session.engine() as engine:
        made = engine.rewrite(post_id, kind, language=language)
        if as_json:
            return show_json(made)
        if made.kind == "explanation":
            if not made.sources:
                click.echo("None of your other posts tells of what is named here.")
            for source in made.sources:
                click.echo(f"{source.about}: {source.text}")
                click.echo(f"  post {source.post_id} · {source.feed_title} · {source.title}")
            return None
        click.echo(made.text or "(nothing)")
        by = f"by {made.model}{_CHECKED.get(made.kind, '')}" if made.method == "model" else _NOTES.get(made.note, "picked from the post")
        click.echo(f"({'a draft, not sent; ' if made.kind == 'reply' else ''}{by})")
        return None
