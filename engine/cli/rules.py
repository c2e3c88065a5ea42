"""Commands over the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.shared import ID, Line, Session, command, main, plain, show_json, show_rows
from engine.errors import BusyError, InputError
from engine.types import PLAIN_REMARKS, PlainRule, PlainTimeline


@main.group()
def rules() -> None:
    """Rules that hide or muffle posts."""


@command(rules, "list")
def rules_list(session: Session, as_json: bool) -> None:
    """List the rules and how many posts each took."""
    from engine.filters import format_rule

    with session.engine() as engine:
        known, counts, errors = engine.rules(), engine.rule_counts(), engine.rule_errors()
        if as_json:
            return show_json(
                [
                    {**plain(rule), "posts": counts.get(rule.id, 0), "errors": plain(errors[rule.id]) if rule.id in errors else None}
                    for rule in known
                ]
            )
        if not known:
            click.echo('No rules yet. Try:  millpond rules add \'hide words "crypto price"\'')
        for rule in known:
            wrong = errors.get(rule.id)
            said = f"  ({wrong.mistakes} of {wrong.judged} judged were mistakes)" if wrong is not None else ""
            click.echo(f"{rule.id:4}  {counts.get(rule.id, 0):6} posts  {format_rule(rule)}{said}")


@command(rules, "add")
@click.argument("text")
@click.option("--name", default="")
@click.option("--try", "dry", is_flag=True, help="Only show what it would take.")
def rules_add(session: Session, text: str, name: str, dry: bool, as_json: bool) -> None:
    """Add a rule, such as:  hide words "crypto price"   ·   muffle author "Jane" in 3,7   ·   hide phrase "sponsored by"

    Others:  hide topic "football results" over 0.4 unless outlets 5   ·   label signal promotion over 0.8
    ·   star domain "example.org" length over 800   ·   read age over 72 until 2026-12-24
    """
    from dataclasses import replace

    from engine.filters import parse_rule

    rule = parse_rule(text)
    if name:
        rule = replace(rule, name=name)
    with session.engine() as engine:
        if dry:
            preview = engine.preview_rule(rule)
            if as_json:
                return show_json(preview)
            click.echo(f"It would take {preview.posts} posts, the newest of them:")
            show_rows(engine.rows(list(preview.ids[:10])))
            if not preview.ready:
                click.echo("The topic was not compared: no embedding model could be asked (see `millpond models`).")
            for words, near in (("just taken", preview.inside), ("just not taken", preview.outside)):
                if near:
                    click.echo(f"\nNearest to {preview.threshold:g}, {words}:")
                for row, (_, score) in zip(engine.rows([post_id for post_id, _ in near]), near, strict=False):
                    click.echo(f"  {score:.2f}  {(row.title or row.excerpt)[:70]}")
            return
        saved = engine.save_rule(rule)
        judge_rest(engine)
        posts = engine.rule_counts().get(saved.rule.id, saved.posts) if saved.more else saved.posts
        if as_json:
            return show_json(replace(saved, posts=posts, more=False))
        click.echo(f"Rule {saved.rule.id} took {posts} posts.")


@command(rules, "from-words")
@click.argument("text")
@click.option("--save", is_flag=True, help="Save the rules, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rules_from_words(session: Session, text: str, save: bool, yes: bool, as_json: bool) -> None:
    """Show the rules that your own words become, such as:  hide crypto prices unless it makes the news

    Others:  mute football until Monday   ·   star posts from Ada about rust   ·   label long reads (over 2000 words)
    ·   hide everything from Daily Mail except about science   ·   隐藏标题党和广告
    """
    from engine.filters import format_rule

    with session.engine() as engine:
        found = engine.rule_from_words(text)
        if not as_json:
            for rule in found.rules:
                click.echo(format_rule(rule))
            for line in said_of(found):
                click.echo(line)
            if not found.rules:
                click.echo("No rule could be made of this.")
        saved = []
        if save and found.rules and (yes or click.confirm("Save these rules?" if len(found.rules) > 1 else "Save this rule?", err=True)):
            saved = [engine.save_rule(rule) for rule in found.rules]
            judge_rest(engine)
        if as_json:
            return show_json({**plain(found), "text": [format_rule(rule) for rule in found.rules], "saved": [plain(one) for one in saved]})
        for one in saved:
            click.echo(f"Rule {one.rule.id} saved.")


def said_of(found: PlainRule | PlainTimeline) -> list[str]:
    """What there is to say of words that were understood, a line for each."""
    lines = [f"Not expressed: “{part}”" for part in found.unexpressed]
    return lines + [PLAIN_REMARKS[remark.name].format(detail=remark.detail) for remark in found.remarks]


@command(rules, "export")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), required=False)
def rules_export(session: Session, path: Path | None, as_json: bool) -> None:
    """Write all rules as text, one a line, to a file or to the screen. Feeds stand there by their addresses."""
    with session.engine() as engine:
        text = engine.export_rules()
    if path is not None:
        write_text(path, text)
        if not as_json:
            click.echo(f"Written to {path}.")
            return
    if as_json:
        return show_json({"path": str(path) if path is not None else None, "text": text})
    click.echo(text, nl=False)


@command(rules, "import")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--only-these", is_flag=True, help="Remove the rules that the file does not hold.")
@click.option("--try", "dry", is_flag=True, help="Only show what would change.")
def rules_import(session: Session, path: Path, only_these: bool, dry: bool, as_json: bool) -> None:
    """Take rules over from a text of one a line. Rules that are there already stay; one of the same name is changed."""
    text = read_text(path)
    with session.engine() as engine:
        compared = engine.compare_rules(text, others=only_these)
        if not as_json:
            for change in compared.changes:
                for sign, line in (("-", change.before), ("+", change.after)):
                    if line:
                        click.echo(f"{sign} {line}")
            for remark in compared.remarks:
                click.echo(remark)
        if dry:
            return show_json(compared) if as_json else click.echo("Nothing was changed." if compared.changes else "Nothing would change.")
        done = engine.import_rules(text, others=only_these)
        judge_rest(engine)
        if as_json:
            return show_json(done)
        click.echo(f"{done.added} rules added, {done.changed} changed, {done.removed} removed.")


def read_text(path: Path) -> str:
    """Raises InputError."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8.") from None


def write_text(path: Path, text: str) -> None:
    """Raises InputError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from None


def judge_rest(engine: Any) -> None:
    """Judge the past by rules that changed, showing progress; where another Millpond does it already, leave it to that one."""
    line = Line()
    try:
        for step in engine.reapply_rules():
            line.show(f"applying “{step.detail}”: {step.done} of {step.total} posts")
    except BusyError:
        click.echo("Another Millpond applies the rule to older posts.", err=True)
    line.end()


@command(rules, "remove")
@click.argument("rule_id", type=ID)
def rules_remove(session: Session, rule_id: int, as_json: bool) -> None:
    """Remove a rule; what it hid is shown again."""
    with session.engine() as engine:
        count = engine.rule_counts().get(rule_id, 0)
        changes = engine.delete_rule(rule_id)
        judge_rest(engine)
        if as_json:
            return show_json(changes)
        click.echo(f"Rule {rule_id} removed; {count} posts are back.")
