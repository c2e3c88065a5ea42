"""Commands over the feeds' health: how they fare, trying again, making two one."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from engine.cli.feeds import feeds
from engine.cli.shared import ID, Session, ago, command, show_json
from engine.types import FeedRepaired

_OUTCOMES = {
    "works": "works again", "moved": "has moved, and is read from there now:", "found": "was found on its site, and is read from there now:",
    "duplicate": "has become a feed that you follow already:", "failed": "still fails:",
}  # fmt: skip
_SAME = {"address": "the same address", "redirect": "one address after redirects", "posts": "the same posts"}


@command(feeds, "health")
@click.option("--all", "everything", is_flag=True, help="List the feeds that are fine, too.")
def feeds_health(session: Session, everything: bool, as_json: bool) -> None:
    """Say how the feeds fare, the worst first, and which are there twice."""
    from engine import health
    from engine.vault import without_secrets

    with session.engine() as engine:
        found = engine.health()
        if as_json:
            return show_json(found)
        now = datetime.now(UTC)
        for feed in found.feeds:
            if feed.verdict == "fine" and not everything:
                continue
            click.echo(f"{feed.feed_id:5}  {feed.verdict:8}  {feed.title}  {without_secrets(feed.url)}")
            why = health.words(feed, now)
            if why:
                click.echo(f"       {why}")
            at = f"{feed.next_check_at.astimezone():%Y-%m-%d %H:%M}, " if feed.next_check_at is not None else ""
            click.echo(f"       last success {ago(feed.last_success_at)}; next look {at}{health.next_words(feed)}")
        for group in found.duplicates:
            click.echo(f"Twice there ({_SAME[group.cause]}): {', '.join(group.titles)}")
            click.echo(f"       millpond feeds merge {' '.join(map(str, group.feed_ids))}")
        fine = sum(feed.verdict == "fine" for feed in found.feeds)
        click.echo(f"{fine} of {len(found.feeds)} feeds are fine." if found.feeds else "You follow nothing yet.")


@command(feeds, "repair")
@click.argument("feed_ids", type=ID, nargs=-1)
def feeds_repair(session: Session, feed_ids: tuple[int, ...], as_json: bool) -> None:
    """Try feeds again now: follow permanent moves, and look for those that are gone on their sites.

    Without FEED_IDS, all that fail or are dead.
    """
    with session.engine() as engine:
        wanted = feed_ids or tuple(feed.feed_id for feed in engine.health().feeds if feed.verdict in {"dead", "failing"})
        told = []
        for event in engine.repair(wanted) if wanted else ():
            if isinstance(event, FeedRepaired):
                told.append(event)
                if not as_json:
                    click.echo(f"{event.title}: {_OUTCOMES[event.outcome]} {event.error or (event.address if event.outcome != 'works' else '')}".rstrip())
        if as_json:
            show_json(told)
        elif not told:
            click.echo("No feed needs repairing.")


@command(feeds, "merge")
@click.argument("keep", type=ID)
@click.argument("others", type=ID, nargs=-1, required=True)
def feeds_merge(session: Session, keep: int, others: tuple[int, ...], as_json: bool) -> None:
    """Make feeds one: KEEP has the posts of OTHERS, and what you did with them. `millpond feeds unmerge` undoes it."""
    with session.engine() as engine:
        merged = engine.merge_feeds(keep, others)
        if as_json:
            return show_json(merged)
        click.echo(f"{merged.moved} posts moved, {merged.united} were there twice. Undo:  millpond feeds unmerge {merged.id}")


@command(feeds, "unmerge")
@click.argument("merge_id", type=ID, required=False)
def feeds_unmerge(session: Session, merge_id: int | None, as_json: bool) -> None:
    """Undo a merge; without MERGE_ID, list the merges."""
    with session.engine() as engine:
        if merge_id is None:
            merges = engine.merges()
            if as_json:
                return show_json(merges)
            for merge in merges:
                undone = "  undone" if merge.undone_at is not None else ""
                click.echo(f"{merge.id:5}  {ago(merge.at)}  feeds {', '.join(map(str, merge.feed_ids))} into {merge.keep_id}{undone}")
            if not merges:
                click.echo("No feeds were merged.")
            return None
        changes = engine.undo_merge(merge_id)
        if as_json:
            return show_json(changes)
        click.echo("The feeds are apart again.")
