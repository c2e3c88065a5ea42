"""Accounts on networks: signing in with the browser, signing out."""

from __future__ import annotations

import contextlib
import sys
import webbrowser

import click

from engine.cli.shared import Session, ago, command, main, show_json
from engine.errors import InputError


@main.group()
def accounts() -> None:
    """Sign in to Mastodon servers and Bluesky, to read home timelines and lists, or to a FreshRSS or Miniflux server."""


@command(accounts, "list")
def list_accounts(session: Session, as_json: bool) -> None:
    """Show who is signed in."""
    with session.engine() as engine:
        found = engine.accounts()
        if as_json:
            return show_json([{"name": one.name, "kind": one.kind, "server": one.server, "added_at": one.added_at, "synced_at": one.synced_at, "error": one.error} for one in found])
        for one in found:
            click.echo(f"{one.name}  ({one.server})")
            if one.kind == "greader":
                click.echo(f"    {one.error}" if one.error else f"    read and starred posts agreed: {ago(one.synced_at)}")
        if not found:
            click.echo("Nobody is signed in:  millpond accounts add SERVER")


@command(accounts, "add")
@click.argument("server")
@click.option("--no-browser", is_flag=True, help="Print the address instead of opening the browser.")
@click.option("--act", is_flag=True, help="To favourite, boost, bookmark and answer too, not to read alone.")
@click.option("--no-home", is_flag=True, help="Do not follow the home timeline.")
def add_account(session: Session, server: str, no_browser: bool, act: bool, no_home: bool, as_json: bool) -> None:
    """Sign in to a Mastodon server; the token is kept in the system's keyring and nowhere else."""

    def show(address: str) -> None:
        click.echo(f"Agree in your browser:\n  {address}", err=True)
        if not no_browser:
            webbrowser.open(address)

    with session.engine() as engine:
        account = engine.sign_in(server, show, act=act)
        home = ""
        if not no_home:
            try:
                home = engine.add_feed(f"{account.server}/home", kind="mastodon", account=account.name, title=f"Home of {account.name}").title
            except InputError:
                home = ""  # followed already
        if as_json:
            return show_json({"name": account.name, "server": account.server, "home": home})
        click.echo(f"Signed in as {account.name}." + (f" Following “{home}”." if home else ""))


@command(accounts, "add-bluesky")
@click.argument("handle")
@click.option("--server", default="", help="That keeps the account; it is found where this is left out.")
@click.option("--no-home", is_flag=True, help="Do not follow the home timeline.")
def add_bluesky(session: Session, handle: str, server: str, no_home: bool, as_json: bool) -> None:
    """Sign in to Bluesky with an app password, which is asked for (or read from standard input) and not kept."""
    terminal = sys.stdin.isatty()
    password = click.prompt("App password", hide_input=True, err=True) if terminal else sys.stdin.readline().strip()
    with session.engine() as engine:
        account = engine.sign_in_bluesky(handle, password, server=server)
        if not no_home:
            with contextlib.suppress(InputError):  # followed already
                engine.add_feed(f"{account.server}/home", kind="bluesky", account=account.name, title=f"Home of {account.name}")
        if as_json:
            return show_json({"name": account.name, "server": account.server})
        click.echo(f"Signed in as {account.name}.")


@command(accounts, "add-reader")
@click.argument("address")
@click.argument("user")
def add_reader(session: Session, address: str, user: str, as_json: bool) -> None:
    """Keep a FreshRSS or Miniflux server: follow its feeds, with read and starred posts the same on both sides.

    The API password is asked for (or read from standard input) and not kept.
    """
    terminal = sys.stdin.isatty()
    password = click.prompt("API password", hide_input=True, err=True) if terminal else sys.stdin.readline().strip()
    with session.engine() as engine:
        account, new = engine.sign_in_reader(address, user, password)
        if as_json:
            return show_json({"name": account.name, "server": account.server, "new_feeds": new})
        click.echo(f"Signed in as {account.name}. New feeds: {new}; their posts come with:  millpond refresh")


@command(accounts, "remove")
@click.argument("name")
def remove_account(session: Session, name: str, as_json: bool) -> None:
    """Sign out: the token is taken back and forgotten."""
    with session.engine() as engine:
        engine.sign_out(name)
        if as_json:
            return show_json({"name": name})
        click.echo(f"Signed out of {name}.")
