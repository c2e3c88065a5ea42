"""Commands over the feeds: follow, list, leave, import, export."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.shared import ID, Session, command, main, show_json
from engine.sources.registry import network
from engine.types import Preview


@main.group()
def feeds() -> None:
    """The feeds you follow."""


@command(feeds, "add")
@click.argument("address")
@click.option("--folder", default="", help="Folder to put it in.")
@click.option("--kind", default="", help="The kind of source, for addresses that do not tell it (reddit, lemmy, …).")
@click.option("--option", "options", multiple=True, help="A switch of its kind, such as shorts for YouTube.")
@click.option("--preview", is_flag=True, help="Show what is there without following it.")
def feeds_add(
    session: Session, address: str, folder: str, kind: str, options: tuple[str, ...], preview: bool, as_json: bool
) -> None:
    """Follow what ADDRESS stands for: a feed, a site that names one, a subreddit, a channel, a community, …"""
    with session.engine() as engine:
        if preview:
            return _show_preview(engine.preview(address, kind=kind, options=options), as_json)
        feed = engine.add_feed(address, folder=folder, kind=kind, options=options)
        if as_json:
            return show_json(feed)
        kind_of = f" on {network(feed.kind)}" if feed.kind != "feed" else ""
        posts = f"{feed.posts} posts" if feed.last_success_at else "its posts come when its turn comes"
        click.echo(f"Following {feed.title}{kind_of} ({posts}).")


def _show_preview(found: Preview, as_json: bool) -> None:
    if as_json:
        return show_json(found)
    what = f"{found.network}, {found.target.what}" if found.target.kind != "feed" else found.network
    click.echo(f"{found.title}  [{what}]  {found.target.url}")
    if found.options:
        click.echo(f"Switches: {', '.join(found.options)}")
    for post in found.posts:
        when = f"{post.published_at:%Y-%m-%d}" if post.published_at else "no date   "
        click.echo(f"  {when}  {post.title or post.text[:80]}")
    click.echo("You follow it already." if found.followed else "Not followed yet.")


@command(feeds, "list")
def feeds_list(session: Session, as_json: bool) -> None:
    """List the feeds and how they fare."""
    with session.engine() as engine:
        known = engine.feeds()
        if as_json:
            return show_json(known)
        if not known:
            click.echo("You follow nothing yet. Add a feed:  millpond feeds add URL")
        for feed in known:
            where = f" [{feed.folder}]" if feed.folder else ""
            where += f" ({network(feed.kind)})" if feed.kind not in {"feed", "local"} else ""
            trouble = "  stopped" if feed.stopped else f"  ! {feed.error}" if feed.error else ""
            click.echo(f"{feed.id:5}  {feed.unread:5} unread  {feed.title}{where}{trouble}")


@command(feeds, "remove")
@click.argument("feed_id", type=ID)
def feeds_remove(session: Session, feed_id: int, as_json: bool) -> None:
    """Stop following a feed. `millpond feeds restore ID` brings it back as it was."""
    with session.engine() as engine:
        changes = engine.remove_feed(feed_id)
        if as_json:
            return show_json(changes)
        click.echo(f"No longer following feed {feed_id}. Undo:  millpond feeds restore {feed_id}")


@command(feeds, "restore")
@click.argument("feed_id", type=ID)
def feeds_restore(session: Session, feed_id: int, as_json: bool) -> None:
    """Follow a removed feed again, with its posts and what you did with them."""
    with session.engine() as engine:
        changes = engine.restore_feed(feed_id)
        if as_json:
            return show_json(changes)
        click.echo(f"Following feed {feed_id} again.")


@command(feeds, "import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--allow-private", is_flag=True, help="Also take addresses on this machine or its network.")
def feeds_import(session: Session, path: Path, allow_private: bool, as_json: bool) -> None:
    """Follow the feeds of an OPML file."""
    with session.engine() as engine:
        outcome = engine.import_opml(path, allow_private=allow_private)
        if as_json:
            return show_json(outcome)
        click.echo(f"{outcome.added} feeds added, {outcome.already} were there already.")
        if outcome.private:
            click.echo("Left out, because they lie on this machine or its network (--allow-private takes them):")
        for url in outcome.private:
            click.echo(f"  {url}")
        if outcome.refused:
            click.echo("Left out, because they are no addresses of feeds:")
        for url in outcome.refused:
            click.echo(f"  {url}")


@command(feeds, "export")
@click.argument("path", type=click.Path(path_type=Path))
def feeds_export(session: Session, path: Path, as_json: bool) -> None:
    """Write the feeds to an OPML file."""
    with session.engine() as engine:
        without = engine.export_opml(path)
        if as_json:
            return show_json({"path": str(path), "feeds": len(engine.feeds()), "without_secrets": without})
        click.echo(f"{len(engine.feeds())} feeds written to {path}.")
        if without:
            click.echo(f"{without} of the addresses hold a secret, which stays here: after importing the list, follow them anew.")
