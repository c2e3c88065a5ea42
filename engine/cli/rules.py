"""Commands over the rules."""

from __future__ import annotations

import click

from engine.cli.shared import ID, Session, command, main, plain, show_json, show_rows


@main.group()
def rules() -> None:
    """Rules that hide or muffle posts."""


@command(rules, "list")
def rules_list(session: Session, as_json: bool) -> None:
    """List the rules and how many posts each took."""
    from engine.filters import format_rule

    with session.engine() as engine:
        known, counts = engine.rules(), engine.rule_counts()
        if as_json:
            return show_json([{**plain(rule), "posts": counts.get(rule.id, 0)} for rule in known])
        if not known:
            click.echo('No rules yet. Try:  millpond rules add \'hide words "crypto price"\'')
        for rule in known:
            off = "" if rule.enabled else "  (off)"
            click.echo(f"{rule.id:4}  {counts.get(rule.id, 0):6} posts  {format_rule(rule)}{off}")


@command(rules, "add")
@click.argument("text")
@click.option("--name", default="")
@click.option("--try", "dry", is_flag=True, help="Only show what it would take.")
def rules_add(session: Session, text: str, name: str, dry: bool, as_json: bool) -> None:
    """Add a rule, such as:  hide words "crypto price"   ·   muffle author "Jane" in 3,7   ·   hide phrase "sponsored by" """
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
            return show_rows(engine.rows(list(preview.ids[:10])))
        saved = engine.save_rule(rule)
        if as_json:
            return show_json(saved)
        click.echo(f"Rule {saved.rule.id} took {saved.posts} posts.")


@command(rules, "remove")
@click.argument("rule_id", type=ID)
def rules_remove(session: Session, rule_id: int, as_json: bool) -> None:
    """Remove a rule; what it hid is shown again."""
    with session.engine() as engine:
        changes = engine.delete_rule(rule_id)
        if as_json:
            return show_json(changes)
        click.echo(f"Rule {rule_id} removed; {len(changes.updated)} posts are back.")
