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
            off = "" if rule.enabled else "  (off)"
            wrong = errors.get(rule.id)
            said = f"  ({wrong.mistakes} of {wrong.judged} judged were mistakes)" if wrong is not None else ""
            click.echo(f"{rule.id:4}  {counts.get(rule.id, 0):6} posts  {format_rule(rule)}{off}{said}")


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
