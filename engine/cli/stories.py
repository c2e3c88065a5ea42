"""Commands over stories: who tells the same, taking apart, putting together, following."""

from __future__ import annotations

from typing import Any

import click

from engine.cli.reading import require_posts
from engine.cli.shared import ID, Session, ago, command, main, show_json
from engine.errors import InputError


@command(main)
@click.argument("post_id", type=ID)
def story(session: Session, post_id: int, as_json: bool) -> None:
    """Show who tells the story of a post, and what only each of them says."""
    with session.engine() as engine:
        require_posts(engine, [post_id])
        found = engine.story(post_id, differences=True)
        if as_json:
            return show_json(found)
        if found is None:
            click.echo(f"Only post {post_id} tells it. Put posts together with:  millpond merge ID ID")
            return
        sources = f"{found.outlets} source{'s' if found.outlets != 1 else ''}"
        click.echo(f"{len(found.posts)} posts of {sources} tell it{', and you follow it' if found.followed else ''}.")
        for post in found.posts:
            _show_telling(post, leads=post.post_id == found.lead_id)


def _show_telling(post: Any, *, leads: bool) -> None:
    said = [
        post.feed_title,
        post.author if post.author.casefold() not in post.feed_title.casefold() else "",
        ago(post.published_at),
        "stands for the story" if leads else "",
        "hidden" if post.hidden else "",
        "new" if post.new else "",
    ]
    click.echo(f"{post.post_id:6} {' ' if post.read else '·':>2} {post.title or '(no title)':.90}")
    click.echo(f"          {' · '.join(part for part in said if part)}")
    for sentence in post.only_here:
        click.echo(f"          only here: {sentence}")


@command(main)
@click.argument("post_ids", type=ID, nargs=-1, required=True)
def split(session: Session, post_ids: tuple[int, ...], as_json: bool) -> None:
    """Take posts out of their story. It is remembered: they are never folded into it again."""
    with session.engine() as engine:
        require_posts(engine, post_ids)
        act = engine.split_story(list(post_ids))
        if as_json:
            return show_json(act)
        click.echo(f"Taken out. Undo:  millpond undo-story {act.id}")


@command(main)
@click.argument("post_ids", type=ID, nargs=-1, required=True)
def merge(session: Session, post_ids: tuple[int, ...], as_json: bool) -> None:
    """Make one story of the stories of these posts. It is remembered."""
    if len(set(post_ids)) < 2:
        raise InputError("Give two or more different posts to put together.")
    with session.engine() as engine:
        require_posts(engine, post_ids)
        act = engine.merge_stories(list(post_ids))
        if as_json:
            return show_json(act)
        click.echo(f"Put together. Undo:  millpond undo-story {act.id}")


@command(main, "undo-story")
@click.argument("act_id", type=ID)
def undo_story(session: Session, act_id: int, as_json: bool) -> None:
    """Take back a split or a merge, by the number that it printed."""
    with session.engine() as engine:
        changes = engine.undo_story_act(act_id)
        if as_json:
            return show_json(changes)
        click.echo("Taken back.")


@command(main, "follow-story")
@click.argument("post_id", type=ID)
@click.option("--off", is_flag=True, help="Follow it no longer.")
def follow_story(session: Session, post_id: int, off: bool, as_json: bool) -> None:
    """Follow the story of a post: what comes to it later is marked as new. List them:  millpond timeline --followed"""
    with session.engine() as engine:
        require_posts(engine, [post_id])
        changes = engine.follow_story(post_id, not off)
        if as_json:
            return show_json(changes)
        click.echo("No longer followed." if off else "Followed.")
