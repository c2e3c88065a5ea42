"""Acting on networks: favourites, boosts, bookmarks, replies, and what waits to be sent."""

from __future__ import annotations

import click

from engine.cli.shared import ID, Session, command, main, show_json
from engine.errors import BusyError
from engine.types import Act

_STATES = {"waiting": "waits", "done": "sent", "failed": "failed"}


@command(main, "act")
@click.argument("verb", type=click.Choice(["favourite", "boost", "bookmark", "reply"]))
@click.argument("post_id", type=ID)
@click.option("--undo", is_flag=True, help="Take it back.")
@click.option("--text", default="", help="Of a reply.")
@click.option("--account", default="", help="As whom, where several are signed in.")
def act(session: Session, verb: str, post_id: int, undo: bool, text: str, account: str, as_json: bool) -> None:
    """Favourite, boost, bookmark or answer a post of Mastodon in your name; what cannot be sent now waits."""
    with session.engine() as engine:
        made = engine.act(post_id, verb, undo=undo, text=text, account=account)
        if made is None:
            return show_json({"state": "dropped"}) if as_json else click.echo("It was not sent yet, and is dropped.")
        try:
            for _ in engine.send_acts():
                pass
        except BusyError:
            pass  # whoever refreshes now sends it next time
        (now,) = [one for one in engine.acts(post_id) if one.id == made.id]
        if as_json:
            return show_json(_plain(now))
        click.echo(_line(now))


@command(main, "outbox")
@click.option("--retry", type=ID, help="Try this one again at once.")
@click.option("--discard", type=ID, help="Forget this one.")
def outbox(session: Session, retry: int | None, discard: int | None, as_json: bool) -> None:
    """Show what waits to be sent, and what was refused."""
    with session.engine() as engine:
        if discard is not None:
            engine.discard_act(discard)
        if retry is not None:
            engine.retry_act(retry)
            for _ in engine.send_acts():
                pass
        left = [one for one in engine.acts() if one.state != "done"]
        if as_json:
            return show_json([_plain(one) for one in left])
        for one in left:
            click.echo(_line(one))
        if not left:
            click.echo("Nothing waits.")


def _line(one: Act) -> str:
    what = f"{'undo ' if one.undo else ''}{one.verb}"
    return f"{one.id}  {what} of post {one.post_id} as {one.account}: {_STATES[one.state]}{f' ({one.error})' if one.error else ''}"


def _plain(one: Act) -> dict[str, object]:
    return {
        "id": one.id, "post_id": one.post_id, "account": one.account, "verb": one.verb, "undo": one.undo, "text": one.text,
        "state": one.state, "made_at": one.made_at, "attempts": one.attempts, "next_try_at": one.next_try_at, "error": one.error,
        "result": one.result,
    }  # fmt: skip
