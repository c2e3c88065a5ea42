"""Commands over the person's own algorithm: timelines, what was learnt, the algorithm file, and how good it all was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine.cli.rules import said_of
from engine.cli.shared import ID, Session, command, main, plain, show_json
from engine.errors import InputError, NotFoundError
from engine.types import AlgorithmChange, Timeline

_KINDS = ["word", "source", "author", "topic", "signal"]


def timeline_named(engine: Any, name: str) -> Timeline:
    """Return the timeline of that name, whatever its case. Raises NotFoundError, naming those there are."""
    known: list[Timeline] = engine.timelines()
    for timeline in known:
        if timeline.name.casefold() == name.casefold():
            return timeline
    there = ", ".join(f"“{timeline.name}”" for timeline in known) or "none yet"
    raise NotFoundError(f"There is no timeline “{name}”. There are: {there}.")


@main.group()
def timelines() -> None:
    """Timelines of your own, each with its feeds and its weights."""


@command(timelines, "list")
def timelines_list(session: Session, as_json: bool) -> None:
    """List your timelines."""
    with session.engine() as engine:
        known = engine.timelines()
        if as_json:
            return show_json(known)
        for timeline in known:
            click.echo(f"{timeline.id:4}  {timeline.name}  ({_what(timeline)})")
        if not known:
            click.echo("No timelines yet. Try:  millpond timelines save Work --preset fresh --signal promotion=3")


@command(timelines, "save")
@click.argument("name")
@click.option("--rename", default="", help="Give it another name.")
@click.option("--preset", type=click.Choice(["balanced", "fresh", "favourites", "quiet"]), default=None)
@click.option("--strength", type=float, default=None, help="0 to 2; 0 is newest first, exactly.")
@click.option("--exploration", type=float, default=None, help="0 to 1.")
@click.option("--weight", "weights", multiple=True, metavar="NAME=NUMBER", help="Replaces a weight of the preset; NAME= goes back.")
@click.option("--signal", "signals", multiple=True, metavar="NAME=NUMBER", help="What a post loses that surely seems so; NAME= goes back.")
@click.option("--feed", "feed_ids", type=ID, multiple=True, help="Only this feed; may be repeated.")
@click.option("--folder", default=None, help="Only the feeds of this folder.")
@click.option("--all-feeds", is_flag=True, help="Posts of all feeds again.")
def timelines_save(
    session: Session, name: str, rename: str, preset: str | None, strength: float | None, exploration: float | None,
    weights: tuple[str, ...], signals: tuple[str, ...], feed_ids: tuple[int, ...], folder: str | None, all_feeds: bool, as_json: bool,
) -> None:
    """Make the timeline NAME, or change what is given of it."""
    if folder is not None and feed_ids:
        raise InputError("A timeline shows a folder or chosen feeds, not both.")
    with session.engine() as engine:
        known = engine.timelines()
        found = next((one for one in known if one.name.casefold() == name.casefold()), None)
        timeline = found or Timeline(name=name, position=len(known))
        if all_feeds:
            timeline = replace(timeline, feed_ids=(), folder=None)
        if folder is not None:
            timeline = replace(timeline, folder=folder, feed_ids=())
        if feed_ids:
            if strange := set(feed_ids) - {feed.id for feed in engine.feeds()}:
                raise NotFoundError(f"There is no feed {min(strange)}.")
            timeline = replace(timeline, feed_ids=feed_ids, folder=None)
        timeline = replace(
            timeline,
            name=rename or timeline.name,
            preset=preset or timeline.preset,
            strength=timeline.strength if strength is None else strength,
            exploration=timeline.exploration if exploration is None else exploration,
            weights=_changed(timeline.weights, weights, "--weight"),
            signals=_changed(timeline.signals, signals, "--signal"),
        )
        saved, _ = engine.save_timeline(timeline)
        if as_json:
            return show_json(saved)
        click.echo(f"Timeline “{saved.name}” {'changed' if found else 'made'} ({_what(saved)}). Show it:  millpond timeline --named \"{saved.name}\"")


@command(timelines, "from-words")
@click.argument("text")
@click.option("--save", is_flag=True, help="Save the timeline, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def timelines_from_words(session: Session, text: str, save: bool, yes: bool, as_json: bool) -> None:
    """Show the timeline that your own words become, such as:  a quiet timeline from my News folder, newest first, without ads"""
    with session.engine() as engine:
        found = engine.timeline_from_words(text)
        if not as_json:
            click.echo(f"“{found.timeline.name}” ({_what(found.timeline)})" if found.timeline is not None else "No timeline could be made of this.")
            for line in said_of(found):
                click.echo(line)
        saved = None
        if save and found.timeline is not None and (yes or click.confirm("Save it?", err=True)):
            saved, _ = engine.save_timeline(replace(found.timeline, position=len(engine.timelines())))
        if as_json:
            return show_json({**plain(found), "saved": plain(saved) if saved is not None else None})
        if saved is not None:
            click.echo(f"Timeline “{saved.name}” saved.")


@command(timelines, "delete")
@click.argument("name")
def timelines_delete(session: Session, name: str, as_json: bool) -> None:
    """Delete the timeline NAME. Its posts stay where they are."""
    with session.engine() as engine:
        changes = engine.delete_timeline(timeline_named(engine, name).id)
        if as_json:
            return show_json(changes)
        click.echo(f"Timeline “{name}” deleted.")


def _what(timeline: Timeline) -> str:
    where = f"folder {timeline.folder}" if timeline.folder else f"{len(timeline.feed_ids)} feeds" if timeline.feed_ids else "all feeds"
    if timeline.strength == 0:
        return f"{where}, newest first"
    parts = [where, timeline.preset, f"strength {timeline.strength:g}"]
    if timeline.exploration:
        parts.append(f"exploration {timeline.exploration:g}")
    parts += [f"{name} {value:g}" for name, value in timeline.weights.items()]
    parts += [f"{name} −{value:g}" for name, value in timeline.signals.items()]
    return ", ".join(parts)


def _changed(before: Any, given: Iterable[str], option: str) -> dict[str, float]:
    changed = dict(before)
    for part in given:
        name, sign, value = part.partition("=")
        if not sign:
            raise InputError(f"{option} takes NAME=NUMBER, not “{part}”.")
        if not value:
            changed.pop(name, None)
            continue
        try:
            changed[name] = float(value)
        except ValueError:
            raise InputError(f"{option} {name} takes a number, not “{value}”.") from None
    return changed


@command(main)
@click.option("--kind", type=click.Choice(_KINDS), default=None, help="Only these.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=40, show_default=True)
def learned(session: Session, kind: str | None, limit: int, as_json: bool) -> None:
    """Show all that was learnt of you, as words and weights."""
    with session.engine() as engine:
        profile = engine.learned()
        found = [one for one in profile.learned if kind in (None, one.kind)]
        if as_json:
            return show_json(replace(profile, learned=tuple(found)))
        if not found:
            click.echo("Nothing is learnt yet. Like a few posts:  millpond like ID")
            return
        click.echo(f"From {profile.likes} likes, {profile.dislikes} dislikes, {profile.acts} acts in all:")
        for one in found[:limit]:
            said = f"  yours; learnt {one.learnt:+.2f}" if one.edited else f"  ± {one.doubt:.2f}, {one.acts} acts"
            click.echo(f"  {one.weight:+6.2f}  {one.kind:7} {one.name}{said}")
        if len(found) > limit:
            click.echo(f"  … and {len(found) - limit} more (--limit)")


@command(main, "edit-interest")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("key")
@click.argument("weight", type=float, required=False)
@click.option("--reset", is_flag=True, help="Go back to what was learnt.")
def edit_interest(session: Session, kind: str, key: str, weight: float | None, reset: bool, as_json: bool) -> None:
    """Give something a weight of your own, from -4 (less of it) to 4 (more of it), or take that back.

    KEY is the word, the feed's number, the author's name, the topic in a few words, or the signal's name.
    """
    if reset == (weight is not None):
        raise InputError("Give a weight, or --reset.")
    with session.engine() as engine:
        changes = engine.edit_interest(kind, key, weight)
        if as_json:
            return show_json(changes)
        click.echo(f"{kind} “{key}” is as it was learnt." if weight is None else f"{kind} “{key}” weighs {weight:+g}.")


edit_interest.context_settings = {"ignore_unknown_options": True}  # a weight below 0 is no option


@main.group()
def algorithm() -> None:
    """The algorithm file: all that decides on the order, as text. It holds nothing of what you read."""


@command(algorithm, "export")
@click.argument("path", type=click.Path(path_type=Path), required=False)
def algorithm_export(session: Session, path: Path | None, as_json: bool) -> None:
    """Write the algorithm file to PATH, or print it."""
    with session.engine() as engine:
        text = engine.export_algorithm()
    if path is None:
        return show_json({"text": text}) if as_json else click.echo(text, nl=False)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    if as_json:
        return show_json({"path": str(path)})
    click.echo(f"Written to {path}.")


@command(algorithm, "compare")
@click.argument("path", type=click.Path(path_type=Path))
def algorithm_compare(session: Session, path: Path, as_json: bool) -> None:
    """Show what taking over the file at PATH would change. Nothing is changed."""
    with session.engine() as engine:
        changes = engine.compare_algorithm(_text(path))
        if as_json:
            return show_json(changes)
        _show_changes(changes)


@command(algorithm, "import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def algorithm_import(session: Session, path: Path, yes: bool, as_json: bool) -> None:
    """Take over the algorithm file at PATH, after showing what it changes."""
    text = _text(path)
    with session.engine() as engine:
        changes = engine.compare_algorithm(text)
        if not as_json:
            _show_changes(changes)
        if changes and not yes and not as_json:
            click.confirm("Take it over?", abort=True, err=True)
        done = engine.import_algorithm(text)
        if as_json:
            return show_json({"changes": changes, "changed": done})
        if changes:
            click.echo("Taken over.")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text file.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _show_changes(changes: Iterable[AlgorithmChange]) -> None:
    nothing = True
    for change in changes:
        nothing = False
        sign, value = ("+", change.after) if not change.before else ("-", change.before) if not change.after else ("~", f"{change.before} → {change.after}")
        click.echo(f"{sign} {change.what} “{change.name}”: {value}")
    if nothing:
        click.echo("The file says what holds already.")


@command(main)
def evaluation(session: Session, as_json: bool) -> None:
    """Say how good rules and ranking were, by your own marks."""
    with session.engine() as engine:
        found = engine.evaluation()
        if as_json:
            return show_json(found)
        click.echo(f"Your rules took {found.hidden} posts; you brought {found.restored} of them back.")
        for rule in found.rules:
            said = f"wrong in {rule.mistakes} of {rule.judged} judged ({rule.low:.0%} to {rule.high:.0%})" if rule.judged else "not judged yet"
            click.echo(f"  {rule.rule_id:4}  {rule.name}: takes {rule.taken}, {said}")
        for week in found.weeks:
            if week.auc is None:
                click.echo(f"  week of {week.week}: too little was done ({week.liked} liked, {week.passed} passed over)")
                continue
            other = f"; newest first {week.newest_first:.0%}" if week.newest_first is not None else ""
            click.echo(f"  week of {week.week}: {week.auc:.0%} of pairs in the right order{other} ({week.liked} liked, {week.passed} passed over)")
        if not found.weeks:
            click.echo("Nothing to measure the order by yet: like, save and open posts of the timeline for some days.")
