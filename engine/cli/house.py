"""Commands over the house itself: ledger, settings, backup, doctor."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.cli.shared import Session, command, main, plain, show_json


@command(main)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--host", default=None)
def ledger(session: Session, limit: int, host: str | None, as_json: bool) -> None:
    """Show every request that left this machine: when, where, for what, how many bytes."""
    with session.engine() as engine:
        rows = engine.ledger(limit=limit, host=host)
        if as_json:
            return show_json(rows)
        if not rows:
            click.echo("Nothing has left this machine.")
        for row in rows:
            outcome = str(row.status) if row.status is not None else row.error or "no answer"
            click.echo(f"{row.at:%Y-%m-%d %H:%M:%S}  {row.host:32} {row.purpose:10} "
                       f"↑{row.sent_bytes} ↓{row.received_bytes}  {outcome}")


@command(main)
@click.option("--restore", is_flag=True, help="Put a damaged database right: the last good copy and all that can be read.")
def doctor(session: Session, restore: bool, as_json: bool) -> None:
    """Check that everything that Millpond stands on is as it should be."""
    if restore:
        return _restore(session, as_json)
    with session.engine() as engine:
        checks = engine.doctor()
    if as_json:
        show_json(checks)
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    if not all(check.ok for check in checks):
        sys.exit(1)


def _restore(session: Session, as_json: bool) -> None:
    found = session.rescue()
    if as_json:
        return show_json({**plain(found), "set_aside": str(found.set_aside or "")})
    made = f"a copy of {found.copy_made_at:%Y-%m-%d %H:%M} UTC" if found.copy_made_at else "nothing: there was no good copy"
    click.echo(f"The database was put together again. It began with {made}.")
    click.echo(f"Read out of the damaged one: {found.rows.get('posts', 0)} posts, what you did with "
               f"{found.rows.get('post_states', 0)}, {found.rows.get('feeds', 0)} feeds, {found.rows.get('rules', 0)} rules.")
    if found.damaged_tables:
        click.echo(f"Not everything could be read of: {', '.join(found.damaged_tables)}.")
    if found.posts_without_text:
        click.echo(f"The text of {found.posts_without_text} posts is lost.")
    if found.set_aside is not None:
        click.echo(f"The damaged database was kept, as it was, in {found.set_aside}.")


@command(main, "settings")
@click.argument("name", required=False)
@click.argument("value", required=False)
def settings_command(session: Session, name: str | None, value: str | None, as_json: bool) -> None:
    """Show the settings, or set one."""
    from engine.settings import ALL, by_name

    setting = by_name(name) if name is not None else None
    with session.engine() as engine:
        if setting is not None and value is not None:
            engine.set_setting(setting.name, setting.parse(value))
        values = engine.settings()
        if as_json:
            return show_json(values)
        for each in ALL if setting is None else (setting,):
            click.echo(f"{each.name} = {values[each.name]}    {each.help}")


@command(main)
@click.argument("path", type=click.Path(path_type=Path))
def backup(session: Session, path: Path, as_json: bool) -> None:
    """Write a checked copy of the profile's database to PATH."""
    with session.engine() as engine:
        engine.backup(path)
        if as_json:
            return show_json({"path": str(path)})
        click.echo(f"Written and checked: {path}")
