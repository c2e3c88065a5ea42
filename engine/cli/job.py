"""Commands that do the whole job: refresh, the demo, `run`."""

from __future__ import annotations

import sys
from typing import Any

import click

from engine.cli.shared import ID, REASONS, Line, Session, command, has_display, main, open_window, show_json, show_rows
from engine.errors import NotFoundError


@command(main)
@click.argument("feed_ids", type=ID, nargs=-1)
@click.option("--force", is_flag=True, help="Ask now, even where it is not due yet.")
@click.option("--no-enrich", is_flag=True, help="Fetch only; let the models wait.")
def refresh(session: Session, feed_ids: tuple[int, ...], force: bool, no_enrich: bool, as_json: bool) -> None:
    """Fetch new posts, then let the models on this machine read them."""
    with session.engine() as engine:
        if unknown := set(feed_ids) - {feed.id for feed in engine.feeds()}:
            raise NotFoundError(f"There is no feed {min(unknown)}.")
        report = run_refresh(engine, list(feed_ids) or None, force=force, enrich=not no_enrich)
        for _step in engine.tidy():
            pass
        if as_json:
            return show_json(report)
        click.echo(
            f"{report['new']} new posts from {report['fetched']} feeds"
            + (f", {report['unchanged']} unchanged" if report["unchanged"] else "")
            + (f", {len(report['failed'])} failed:" if report["failed"] else ".")
        )
        for failure in report["failed"]:
            click.echo(f"  {failure['title']}: {failure['error']}")
        for warning in report["warnings"]:
            click.echo(f"  {warning['title']}: {warning['warning']}")
        for failure in report["stages_failed"]:
            click.echo(f"  {failure['stage']}: {failure['error']}")
    if (report["failed"] or report["offline"]) and not report["fetched"]:
        sys.exit(4)


def run_refresh(engine: Any, feed_ids: list[int] | None, *, force: bool, enrich: bool) -> dict[str, Any]:
    """Refresh and enrich, showing progress, and return what came of it."""
    from engine.types import FeedFailed, FeedRefreshed, Offline, Progress, StageFailed

    report: dict[str, Any] = {"new": 0, "updated": 0, "fetched": 0, "unchanged": 0, "failed": [], "warnings": [], "stages_failed": [], "offline": False}
    line = Line()
    for event in engine.refresh(feed_ids, force=force):
        if isinstance(event, FeedRefreshed):
            report["fetched"] += 1
            report["new"] += event.new
            report["updated"] += event.updated
            report["unchanged"] += event.status == 304
            report["warnings"] += [{"feed_id": event.feed_id, "title": event.title, "warning": w} for w in event.warnings]
        elif isinstance(event, FeedFailed):
            report["failed"].append({"feed_id": event.feed_id, "title": event.title, "error": event.error})
        elif isinstance(event, Offline):
            report["offline"] = True
            line.end()
            click.echo(event.error, err=True)
        else:
            line.show(f"fetching {event.done} of {event.total} feeds, {report['new']} new posts")
    for event in engine.enrich() if enrich else ():
        if isinstance(event, Progress):
            line.show(f"{event.stage} {event.done} of {event.total if event.total is not None else '…'}  {event.detail}")
        elif isinstance(event, StageFailed):
            report["stages_failed"].append({"stage": event.stage, "error": event.error})
    line.end()
    return report


@command(main)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
def demo(session: Session, limit: int, as_json: bool) -> None:
    """Run the whole job on a sample internet inside this machine, in a profile that is thrown away."""
    from engine.demo import run_demo

    line = Line()
    report = run_demo(line.show, limit=limit)
    line.end()
    if as_json:
        return show_json(report)
    say = click.echo
    say(f"{report['feeds']} sample feeds served on this machine, {report['posts']} posts read.\n")
    show_rows(report["rows"])
    say("\nWhy the first one stands first:")
    for reason in report["explanation"].reasons:
        say(f"  {reason.contribution:+8.3f}  {REASONS.get(reason.name, reason.name)}")
    summary = report["summary"]
    if summary is not None:
        how = "by the local model, every sentence checked" if summary.method == "model" else "picked sentences"
        say(f"\nSummary of “{report['summary_title']}” ({how}):")
        for sentence in summary.sentences:
            say(f"  {sentence.text}")
    say(f"\nHidden by the rule “{report['rule']}”: {report['hidden']} posts (they wait in the tray).")
    say(f"Left this machine: nothing. {report['requests']} requests, all to loopback.")
    for failure in report["stages_failed"]:
        say(f"Not done: {failure['stage']}: {failure['error']}")


@main.command("run", hidden=True)
@click.pass_obj
@click.pass_context
def run_command(context: click.Context, session: Session) -> None:
    """Open the window; where there is no display, run the demo instead and say so."""
    if has_display():
        sys.exit(open_window(session))
    click.echo("There is no display here, so the window cannot open. The same job on a sample internet instead:\n")
    context.invoke(demo, as_json=False, limit=20)
    click.echo("\nWith a display, the same command opens the window. Your own feeds without one:  "
               "millpond feeds add URL; millpond refresh; millpond timeline")
