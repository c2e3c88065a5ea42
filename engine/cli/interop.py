"""Commands that take over from other readers."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.shared import ID, Line, Session, ago, command, main, show_json
from engine.types import ImportDone, ImportPreview


@command(main, "import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--preview", is_flag=True, help="Count what is there without taking anything over.")
@click.option("--allow-private", is_flag=True, help="Also take addresses on this machine or its network.")
def import_command(session: Session, path: Path, preview: bool, allow_private: bool, as_json: bool) -> None:
    """Take over from another reader: RSS Guard, QuiteRSS, Liferea, Newsboat, or an OPML list.

    PATH is its database, the folder that holds it, or a list. Its files are only read.
    """
    with session.engine() as engine:
        if preview:
            found = engine.inspect_import(path, allow_private=allow_private)
            return show_json(found) if as_json else _show_preview(found)
        line = Line()
        done = None
        for event in engine.import_from(path, allow_private=allow_private):
            if isinstance(event, ImportDone):
                done = event
            else:
                line.show(f"{event.done} of {event.total} articles")
        line.end()
        assert done is not None
        return show_json(done) if as_json else _show_done(done)


def _show_preview(found: ImportPreview) -> None:
    click.echo(f"{found.label}: {found.path}")
    click.echo(f"  {found.feeds} feeds in {found.folders} folders, {found.new_feeds} of them not followed yet")
    if found.reader != "opml":
        click.echo(f"  {found.posts} articles, {found.unread} unread, {found.starred} starred")
    _show_left_out(found)


def _show_done(done: ImportDone) -> None:
    click.echo(f"{done.feeds} feeds added from {done.label}, {done.already} were there already.")
    if done.reader != "opml":
        click.echo(f"{done.posts} articles added; {done.updated} that were there became read or saved.")
    _show_left_out(done)
    click.echo(f"Undo:  millpond undo-import {done.id}")


def _show_left_out(found: ImportPreview | ImportDone) -> None:
    if found.private:
        click.echo("Left out, because they lie on this machine or its network (--allow-private takes them):")
    for url in found.private:
        click.echo(f"  {url}")
    if found.refused:
        click.echo("Left out, because they are no addresses of feeds:")
    for url in found.refused:
        click.echo(f"  {url}")


@command(main, "imports")
def imports_command(session: Session, as_json: bool) -> None:
    """List what was taken over from other readers."""
    with session.engine() as engine:
        past = engine.imports()
        if as_json:
            return show_json(past)
        if not past:
            click.echo("Nothing was imported yet:  millpond import PATH")
        for one in past:
            undone = "  undone" if one.undone_at else ""
            click.echo(f"{one.id:5}  {ago(one.at):>10}  {one.reader}  {one.name}: {one.feeds} feeds, {one.posts} articles{undone}")


@command(main, "undo-import")
@click.argument("import_id", type=ID)
def undo_import(session: Session, import_id: int, as_json: bool) -> None:
    """Remove exactly what an import added; what you did something with since stays."""
    with session.engine() as engine:
        changes = engine.undo_import(import_id)
        if as_json:
            return show_json(changes)
        click.echo(f"Import {import_id} is undone.")
