"""The command for briefings: made and printed as it comes, shown again, or written as a file."""

from __future__ import annotations

import textwrap
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from engine.cli.shared import ID, Line, Session, ago, command, main, show_json
from engine.errors import InputError

WIDTH = 96


@command(main)
@click.option("--minutes", type=float, default=None, help="How long it takes to read; as the settings say where nothing is given.")
@click.option("--since", default="last", show_default=True, help="last, today, yesterday, week, or a date such as 2026-11-23.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Also write it as a page by itself.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Also write it as Markdown (.md).")
@click.option("--show", "shown", type=ID, default=None, help="Show a kept briefing, by its number, in the place of making one.")
@click.option("--list", "listed", is_flag=True, help="List the briefings that are kept.")
def briefing(
    session: Session, minutes: float | None, since: str, html: Path | None, markdown: Path | None, shown: int | None, listed: bool, as_json: bool
) -> None:
    """Tell what came in a few minutes: the best of it, two lines each, and an end. Ctrl+C keeps what is there."""
    for path, endings in ((html, (".html", ".htm")), (markdown, (".md", ".markdown"))):
        if path is not None and path.suffix.lower() not in endings:
            raise InputError(f"Give the file a name that ends in {endings[0]}.")
    start = _moment(since)
    with session.engine() as engine:
        if listed:
            return _show_list(engine.briefings(), as_json)
        if shown is not None:
            found = engine.briefing(shown)
            if not as_json:
                _Printer().show(found, found.items)
        else:
            length = float(engine.settings()["briefing_length"]) if minutes is None else minutes
            found = _make(engine, length, start, quietly=as_json)
        if as_json:
            show_json(found)
        for path in (html, markdown):
            if path is not None and found.id:
                engine.write_briefing(found.id, path)
                click.echo(f"Written: {path}", err=True)
            elif path is not None:
                click.echo(f"Nothing is new, so {path} was not written.", err=True)


def _moment(words: str) -> datetime | None:
    from engine.language.briefing import since_words

    now = datetime.now().astimezone()
    try:
        return since_words(words, now, None)
    except KeyError:
        pass
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise InputError(f"--since takes last, today, yesterday, week, or a date such as 2026-11-23, not “{words}”.") from None
    return found if found.tzinfo is not None else found.astimezone()


def _make(engine: Any, minutes: float, since: datetime | None, *, quietly: bool) -> Any:
    """Make a briefing and print each thing once it is as it stays. Returns it as it is kept."""
    line, printer = Line(), _Printer()
    events = engine.brief(minutes, since)
    found = None
    try:
        for event in events:
            found = event.briefing
            if not quietly:
                line.end()
                # What the model has looked at stays as it is; one that it told before is never looked at again.
                settled = found.items if found.done else found.items[: event.done]
                printer.show(found, settled)
                if not found.done:
                    line.show(f"The local model reads {event.done + 1} of {event.total}")
    except KeyboardInterrupt:
        events.close()
        if found is None:
            raise
        line.end()
        if not quietly:
            printer.show(found, found.items)
            click.echo("Stopped: what the model had not told is told in picked sentences.", err=True)
    assert found is not None
    return engine.briefing(found.id) if found.id else found


class _Printer:
    """Prints a briefing in parts, each thing once."""

    def __init__(self) -> None:
        self._printed: set[int] = set()
        self._headed = self._ended = False
        self._group: object = None

    def show(self, briefing: Any, items: Any) -> None:
        from engine.language import briefing_file as words

        if not briefing.items:
            since = f"{briefing.since.astimezone():%Y-%m-%d %H:%M}"
            click.echo(f"Nothing unread has come since {since}. More:  millpond briefing --since week")
            return
        if not self._headed:
            self._headed = True
            click.echo(words.title_words(briefing))
            click.echo(words.length_words(briefing))
        settled = {item.post_id for item in items}
        for group in (*briefing.groups, *([briefing.outside] if briefing.outside is not None else [])):
            inside = getattr(group, "items", None)
            for item in inside if inside is not None else (group,):
                if item.post_id in self._printed or item.post_id not in settled:
                    continue
                self._printed.add(item.post_id)
                name = "Outside your usual" if inside is None else words.group_words(group.kind, group.title, alone=len(briefing.groups) == 1)
                if name != self._group:
                    self._group = name
                    click.echo(f"\n{name}")
                if inside is None:
                    click.echo(f"  {words.outside_words(item)}")
                _show_item(item)
        if (briefing.done or len(self._printed) == len(briefing.items)) and not self._ended:
            self._ended = True
            click.echo(f"\n{words.writer_words(briefing)}")
            click.echo(words.end_words(briefing))


def _show_item(item: Any) -> None:
    from engine.language import briefing_file as words

    click.echo(f"\n  {words.one_line(item.title) or '(no title)'}  [{item.post_id}]")
    method = words.method_words(item)
    click.echo(f"  {words.item_words(item)}" + (f" · {method}" if method else ""))
    told = " ".join(words.one_line(sentence.text) for sentence in item.sentences)
    for line in textwrap.wrap(told, WIDTH):
        click.echo(f"    {line}")


def _show_list(kept: Any, as_json: bool) -> None:
    if as_json:
        return show_json(kept)
    if not kept:
        click.echo("No briefing is kept yet:  millpond briefing")
    for each in kept:
        stopped = "" if each.done else " · interrupted"
        click.echo(f"{each.id:6}  {ago(each.made_at):>12} · {len(each.items)} of {each.posts} posts · {each.minutes:g} min{stopped}")
