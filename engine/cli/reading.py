"""Commands over the posts: read, judge, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from engine.cli.ranking import timeline_named
from engine.cli.shared import ID, REASONS, Session, command, main, show_json, show_rows, signals_by_verdict
from engine.errors import InputError, NotFoundError
from engine.types import Counterfactual

VERDICTS = {"yes": "It seems", "unsure": "Unsure", "no": "Surely not"}


def _days_ago(days: float) -> datetime:
    if not 0 <= days <= 36500:  # nan is in no interval
        raise InputError("--days takes a number from 0 to 36500.")
    return datetime.now(UTC) - timedelta(days=days)


def require_posts(engine: Any, ids: Sequence[int]) -> None:
    """Raises NotFoundError before anything is changed."""
    if unknown := set(ids) - {row.id for row in engine.rows(list(ids))}:
        raise NotFoundError(f"There is no post {min(unknown)}. Nothing was changed.")


@command(main)
@click.option("--order", type=click.Choice(["for_you", "newest"]), default="for_you", show_default=True)
@click.option("--feed", "feed_id", type=ID, default=None)
@click.option("--folder", default=None)
@click.option("--named", default="", help="A timeline of your own, by its name.")
@click.option("--unread", is_flag=True)
@click.option("--saved", is_flag=True)
@click.option("--followed", is_flag=True, help="One line for each story that you follow.")
@click.option("--hidden", is_flag=True, help="The tray: what your rules and you hid.")
@click.option("--days", type=float, default=None, help="Only the last … days.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=30, show_default=True)
def timeline(
    session: Session, order: str, feed_id: int | None, folder: str | None, named: str, unread: bool, saved: bool,
    followed: bool, hidden: bool, days: float | None, limit: int, as_json: bool,
) -> None:
    """Show the timeline: ranked for you, or newest first."""
    from engine.types import TimelineQuery

    since = _days_ago(days) if days is not None else None
    query = TimelineQuery(
        order="newest" if order == "newest" or followed else "for_you", feed_id=feed_id, folder=folder, unread=unread or None,
        saved=saved or None, followed=followed, hidden=hidden, since=since, limit=limit,
    )
    with session.engine() as engine:
        if feed_id is not None and all(feed.id != feed_id for feed in engine.feeds()):
            raise NotFoundError(f"There is no feed {feed_id}.")
        if named:
            query = replace(query, timeline_id=timeline_named(engine, named).id)
        rows = engine.rows(engine.timeline(query))
        if as_json:
            return show_json(rows)
        if not rows and followed:
            click.echo("You follow no story yet:  millpond follow-story ID")
        elif not rows:
            click.echo("Nothing here." if engine.feeds() else "You follow nothing yet:  millpond feeds add URL")
        show_rows(rows)


@command(main)
@click.argument("post_id", type=ID)
@click.option("--whole", is_flag=True, help="Fetch the whole article from its page, as the site's robots.txt allows.")
def show(session: Session, post_id: int, whole: bool, as_json: bool) -> None:
    """Show a post. It counts as opened and read."""
    with session.engine() as engine:
        post = engine.post(post_id)
        article = (engine.stored_full_text(post_id) or engine.full_text(post_id)) if whole else None
        engine.record(post_id, "opened")
        engine.mark([post_id], read=True)
        if as_json:
            return show_json({"post": post, "article": article} if whole else post)
        click.echo(post.row.title or "(no title)")
        click.echo(f"{post.row.feed_title}" + (f" · {post.row.author}" if post.row.author else "")
                   + f" · {post.row.published_at:%Y-%m-%d %H:%M} UTC")
        click.echo(post.row.url)
        mood = post.row.sentiment
        if mood is not None:
            click.echo(f"Mood: {mood.label} (negative {mood.negative:.2f}, neutral {mood.neutral:.2f}, positive {mood.positive:.2f})")
        for verdict, words in signals_by_verdict(post.row).items():
            if words:
                click.echo(f"{VERDICTS[verdict]}: {', '.join(words)}")
        if post.row.flags:
            click.echo(f"Holds text that tries to steer a language model ({', '.join(post.row.flags)}). Millpond follows none of it.")
        click.echo()
        click.echo(article.text if article is not None else post.text or "(no text)")


@command(main)
@click.argument("post_id", type=ID)
def comments(session: Session, post_id: int, as_json: bool) -> None:
    """Fetch the conversation around a post and print it. Nothing of it is kept."""
    with session.engine() as engine:
        thread = engine.thread(post_id)
        if as_json:
            return show_json(thread)
        for comment in thread.comments:
            indent = "  " * comment.depth
            click.echo(f"{indent}{comment.author}" + (f" · {comment.score}" if comment.score is not None else ""))
            for line in comment.text.splitlines():
                click.echo(f"{indent}  {line}")
        if thread.left_out:
            click.echo(f"… and {thread.left_out} more")
        if not thread.comments:
            click.echo("Nobody has answered yet.")


@command(main)
@click.argument("post_id", type=ID)
@click.option("--not", "negative", is_flag=True, help="Dislike.")
@click.option("--clear", is_flag=True, help="Take it back.")
def like(session: Session, post_id: int, negative: bool, clear: bool, as_json: bool) -> None:
    """Like a post (or, with --not, dislike it): the timeline learns from it."""
    with session.engine() as engine:
        changes = engine.feedback(post_id, None if clear else not negative)
        if as_json:
            return show_json(changes)
        click.echo("Taken back." if clear else "Disliked." if negative else "Liked.")


@command(main)
@click.argument("post_ids", type=ID, nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Show again.")
def hide(session: Session, post_ids: tuple[int, ...], undo: bool, as_json: bool) -> None:
    """Hide posts: they go to the tray."""
    with session.engine() as engine:
        require_posts(engine, post_ids)
        changes = engine.mark(list(post_ids), hidden=not undo)
        if as_json:
            return show_json(changes)
        gone = sorted({*post_ids, *(row.id for row in engine.rows(sorted(changes.updated)) if row.hidden)})
        click.echo("Shown again." if undo else "Hidden. Undo:  millpond hide --undo " + " ".join(map(str, gone)))


@command(main)
@click.argument("post_ids", type=ID, nargs=-1, required=True)
@click.option("--undo", is_flag=True)
def save(session: Session, post_ids: tuple[int, ...], undo: bool, as_json: bool) -> None:
    """Save posts: they are kept for ever."""
    with session.engine() as engine:
        require_posts(engine, post_ids)
        changes = engine.mark(list(post_ids), saved=not undo)
        if as_json:
            return show_json(changes)
        click.echo("No longer saved." if undo else "Saved.")


@command(main)
@click.argument("post_id", type=ID)
@click.option("--named", default="", help="In a timeline of your own.")
def why(session: Session, post_id: int, named: str, as_json: bool) -> None:
    """Say why a post stands where it stands, or what hid it, and what would have to change."""
    with session.engine() as engine:
        own = timeline_named(engine, named) if named else None
        explanation = engine.explain(post_id, timeline_id=own.id if own is not None else None)
        if as_json:
            return show_json(explanation)
        if explanation.hit is not None:
            click.echo(f"Rule {explanation.hit.rule_id} ({explanation.hit.action}) took it for: “{explanation.hit.matched}”")
        place = f", number {explanation.position} of {own.name if own is not None else 'For you'}" if explanation.position is not None else ""
        click.echo(f"Score {explanation.score:+.3f}{place}")
        for reason in explanation.reasons:
            detail = f"  ({reason.detail})" if reason.detail else ""
            click.echo(f"  {reason.contribution:+8.3f}  {REASONS.get(reason.name, reason.name)}{detail}")
        for other, title, cosine in explanation.nearest_liked:
            click.echo(f"  near {cosine:.2f}: {title} ({other})")
        for case in explanation.counterfactuals:
            click.echo(f"  number {case.position} {_case(case)}")


def _case(case: Counterfactual) -> str:
    said = {
        "without": f"without: {REASONS.get(case.name, case.name)}",
        "feed_weight": "if you wanted more of its source" if case.amount > 0 else "if you wanted less of its source",
        "read": "once you have read it",
        "unread": "had you not read it",
        "younger": f"had it come {case.amount:g} hours later",
        "strength": "with strength 0, newest first",
    }
    return said.get(case.change, case.change)


@command(main)
@click.argument("text", nargs=-1, required=True)
@click.option("--mode", type=click.Choice(["hybrid", "words", "meaning"]), default="hybrid", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def search(session: Session, text: tuple[str, ...], mode: str, limit: int, as_json: bool) -> None:
    """Find posts by words, by meaning, or both."""
    with session.engine() as engine:
        result = engine.search(" ".join(text), mode=mode, limit=limit)
        if as_json:
            return show_json(result)
        if not result.hits:
            click.echo("Nothing found.")
        show_rows(engine.rows([hit.id for hit in result.hits]))
        if result.newest_only:
            click.echo("So many posts match that only the newest were compared.")
