"""The command line: text for people, `--json` for programs, exit codes that mean something.

0 done · 1 failed · 2 wrong input · 3 no such thing · 4 the network failed · 5 not a feed · 6 the profile · 7 no keyring ·
8 a worker failed · 9 a model · 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from engine.errors import EngineError, InputError, NotAFeedError, SecretsError

Printer = Callable[[str], None]


# ---- what every command shares ---------------------------------------------------------------


class Session:
    """The options that hold for every command, and the engine when one is needed."""

    def __init__(self, profile: Path, passphrase_file: Path | None, encryption: str | None) -> None:
        self.profile = profile
        self.passphrase_file = passphrase_file
        self.encryption = encryption

    @contextmanager
    def engine(self) -> Iterator[Any]:
        """Open the profile, asking on a terminal for what is missing."""
        from engine import open_engine

        with open_engine(self.profile, **self._access()) as engine:
            yield engine

    def _access(self) -> dict[str, Any]:
        from engine import profile_state

        named = self.passphrase_file or os.environ.get("MILLPOND_PASSPHRASE_FILE")
        if named:
            return {"passphrase": _read_passphrase(Path(named)), "encryption": self.encryption or "passphrase"}
        if self.encryption:
            wanted: dict[str, Any] = {"encryption": self.encryption}
            if self.encryption == "passphrase":
                wanted["passphrase"] = self._ask_passphrase(new=not profile_state(self.profile).exists)
            return wanted
        state = profile_state(self.profile)
        if state.exists:
            return {"passphrase": self._ask_passphrase(new=False)} if state.encryption == "passphrase" else {}
        if state.keyring_works:
            return {"encryption": "keyring"}
        if not sys.stdin.isatty():
            raise SecretsError(
                "This machine has no keyring to keep the key of a new profile. Choose: --passphrase-file FILE "
                "(or MILLPOND_PASSPHRASE_FILE) to encrypt with a passphrase, or --encryption plain for no encryption."
            )
        click.echo("This machine has no keyring to keep the key of your profile.", err=True)
        if click.confirm("Encrypt with a passphrase that you type each time?", default=True, err=True):
            return {"encryption": "passphrase", "passphrase": self._ask_passphrase(new=True)}
        if click.confirm("Keep the profile unencrypted?", default=False, err=True):
            return {"encryption": "plain"}
        raise SecretsError("Nothing was made: a profile needs a passphrase, or your word that it may be plain.")

    @staticmethod
    def _ask_passphrase(*, new: bool) -> str:
        if not sys.stdin.isatty():
            raise SecretsError(
                "This profile needs its passphrase: give --passphrase-file FILE or set MILLPOND_PASSPHRASE_FILE."
            )
        return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True))


def _read_passphrase(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The passphrase file {path} cannot be read: {error}.") from error
    if not text:
        raise InputError(f"The passphrase file {path} is empty.")
    return text


def default_profile() -> Path:
    """Where the profile lies when nobody says otherwise."""
    import platformdirs

    return Path(os.environ.get("MILLPOND_PROFILE") or platformdirs.user_data_dir("millpond", appauthor=False)) / "profile"


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value


def show_json(value: Any) -> None:
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=1))


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago, in few words."""
    if moment is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 0:
        return "in " + ago(datetime.now(UTC) + timedelta(seconds=seconds)).removesuffix(" ago")
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "now"


class Line:
    """One line of progress on standard error, where that is a terminal."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._live = sys.stderr.isatty()

    def show(self, text: str) -> None:
        if self._live and time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            click.echo("\r\033[K" + text[:110], nl=False, err=True)

    def end(self) -> None:
        if self._live:
            click.echo("\r\033[K", nl=False, err=True)


def command(group: click.Group, name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Register a command that gets the session first and knows `--json`."""

    def register(function: Callable[..., Any]) -> click.Command:
        @click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
        @click.pass_obj
        @wraps(function)
        def run(session: Session, /, *args: Any, **kwargs: Any) -> Any:
            return function(session, *args, **kwargs)

        return group.command(name)(run)

    return register


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command, the window opens.",
)
@click.option("--profile", type=click.Path(path_type=Path), default=None, help="Folder of the profile.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), default=None, help="File that holds the passphrase.")
@click.option("--encryption", type=click.Choice(["keyring", "passphrase", "plain"]), default=None,
              help="How a new profile is encrypted.")
@click.version_option(package_name="millpond")
@click.pass_context
def main(context: click.Context, profile: Path | None, passphrase_file: Path | None, encryption: str | None) -> None:
    """Millpond: your feeds, filtered at home."""
    context.obj = Session(profile or default_profile(), passphrase_file, encryption)
    if context.invoked_subcommand is None:
        sys.exit(open_window(context.obj))


def open_window(session: Session) -> int:
    """Open the window. The only place where the engine's code knows that there is one."""
    from desktop import run

    access: dict[str, Any] = {}
    named = session.passphrase_file or os.environ.get("MILLPOND_PASSPHRASE_FILE")
    if named:
        access["passphrase"] = _read_passphrase(Path(named))
    if session.encryption:
        access["encryption"] = session.encryption
    return int(run(session.profile, **access))


def entry(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code. Errors that a person can act on become one plain sentence."""
    try:
        outcome = main.main(args=arguments, prog_name="millpond", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except EngineError as error:
        click.echo(f"millpond: {error}", err=True)
        if isinstance(error, NotAFeedError) and error.candidates:
            click.echo("Feeds that this page names:\n" + "\n".join(f"  {url}" for url in error.candidates), err=True)
        return error.exit_code
    except click.exceptions.Abort:
        click.echo("millpond: interrupted; what was done is kept.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


# ---- feeds -----------------------------------------------------------------------------------


@main.group()
def feeds() -> None:
    """The feeds you follow."""


@command(feeds, "add")
@click.argument("url")
@click.option("--folder", default="", help="Folder to put it in.")
def feeds_add(session: Session, url: str, folder: str, as_json: bool) -> None:
    """Follow the feed at URL (or the one that the site there names)."""
    with session.engine() as engine:
        feed = engine.add_feed(url, folder=folder)
        if as_json:
            return show_json(feed)
        click.echo(f"Following {feed.title} ({feed.posts} posts).")


@command(feeds, "list")
def feeds_list(session: Session, as_json: bool) -> None:
    """List the feeds and how they fare."""
    with session.engine() as engine:
        known = engine.feeds()
        if as_json:
            return show_json(known)
        if not known:
            click.echo("You follow nothing yet. Add a feed:  millpond feeds add URL")
        for feed in known:
            where = f" [{feed.folder}]" if feed.folder else ""
            trouble = "  stopped" if feed.stopped else f"  ! {feed.error}" if feed.error else ""
            click.echo(f"{feed.id:5}  {feed.unread:5} unread  {feed.title}{where}{trouble}")


@command(feeds, "remove")
@click.argument("feed_id", type=int)
def feeds_remove(session: Session, feed_id: int, as_json: bool) -> None:
    """Stop following a feed. `millpond feeds restore ID` brings it back as it was."""
    with session.engine() as engine:
        changes = engine.remove_feed(feed_id)
        if as_json:
            return show_json(changes)
        click.echo(f"No longer following feed {feed_id}. Undo:  millpond feeds restore {feed_id}")


@command(feeds, "restore")
@click.argument("feed_id", type=int)
def feeds_restore(session: Session, feed_id: int, as_json: bool) -> None:
    """Follow a removed feed again, with its posts and what you did with them."""
    with session.engine() as engine:
        changes = engine.restore_feed(feed_id)
        if as_json:
            return show_json(changes)
        click.echo(f"Following feed {feed_id} again.")


@command(feeds, "import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--allow-private", is_flag=True, help="Also take addresses on this machine or its network.")
def feeds_import(session: Session, path: Path, allow_private: bool, as_json: bool) -> None:
    """Follow the feeds of an OPML file."""
    with session.engine() as engine:
        outcome = engine.import_opml(path, allow_private=allow_private)
        if as_json:
            return show_json(outcome)
        click.echo(f"{outcome.added} feeds added, {outcome.already} were there already.")
        if outcome.private:
            click.echo("Left out, because they lie on this machine or its network (--allow-private takes them):")
        for url in outcome.private:
            click.echo(f"  {url}")
        if outcome.refused:
            click.echo("Left out, because they are no addresses of feeds:")
        for url in outcome.refused:
            click.echo(f"  {url}")


@command(feeds, "export")
@click.argument("path", type=click.Path(path_type=Path))
def feeds_export(session: Session, path: Path, as_json: bool) -> None:
    """Write the feeds to an OPML file."""
    with session.engine() as engine:
        engine.export_opml(path)
        if as_json:
            return show_json({"path": str(path), "feeds": len(engine.feeds())})
        click.echo(f"{len(engine.feeds())} feeds written to {path}.")


@command(main)
@click.argument("feed_ids", type=int, nargs=-1)
@click.option("--force", is_flag=True, help="Ask now, even where it is not due yet.")
@click.option("--no-enrich", is_flag=True, help="Fetch only; let the models wait.")
def refresh(session: Session, feed_ids: tuple[int, ...], force: bool, no_enrich: bool, as_json: bool) -> None:
    """Fetch new posts, then let the models on this machine read them."""
    with session.engine() as engine:
        report = run_refresh(engine, list(feed_ids) or None, force=force, enrich=not no_enrich)
        if as_json:
            return show_json(report)
        click.echo(
            f"{report['new']} new posts from {report['fetched']} feeds"
            + (f", {report['unchanged']} unchanged" if report["unchanged"] else "")
            + (f", {len(report['failed'])} failed:" if report["failed"] else ".")
        )
        for failure in report["failed"]:
            click.echo(f"  {failure['title']}: {failure['error']}")
        for failure in report["stages_failed"]:
            click.echo(f"  {failure['stage']}: {failure['error']}")
    if report["failed"] and not report["fetched"]:
        sys.exit(4)


def run_refresh(engine: Any, feed_ids: list[int] | None, *, force: bool, enrich: bool) -> dict[str, Any]:
    """Refresh and enrich, showing progress, and return what came of it."""
    from engine.types import FeedFailed, FeedRefreshed, Progress, StageFailed

    report: dict[str, Any] = {"new": 0, "updated": 0, "fetched": 0, "unchanged": 0, "failed": [], "stages_failed": []}
    line = Line()
    for event in engine.refresh(feed_ids, force=force):
        if isinstance(event, FeedRefreshed):
            report["fetched"] += 1
            report["new"] += event.new
            report["updated"] += event.updated
            report["unchanged"] += event.status == 304
        elif isinstance(event, FeedFailed):
            report["failed"].append({"feed_id": event.feed_id, "title": event.title, "error": event.error})
        else:
            line.show(f"fetching {event.done} of {event.total} feeds, {report['new']} new posts")
    for event in engine.enrich() if enrich else ():
        if isinstance(event, Progress):
            line.show(f"{event.stage} {event.done} of {event.total if event.total is not None else '…'}  {event.detail}")
        elif isinstance(event, StageFailed):
            report["stages_failed"].append({"stage": event.stage, "error": event.error})
    line.end()
    return report


# ---- reading ---------------------------------------------------------------------------------


def show_rows(rows: Iterable[Any]) -> None:
    """Print posts, one or two lines each."""
    for row in rows:
        marks = "".join(mark for mark, on in (("★", row.saved), ("♥", row.liked), ("·", not row.read)) if on)
        if row.muffled_by is not None:
            click.echo(f"{row.id:6}    ┄ {row.feed_title}: {(row.title or row.excerpt)[:60]}  (muffled by rule {row.muffled_by})")
            continue
        click.echo(f"{row.id:6} {marks:>2} {(row.title or row.excerpt)[:90]}")
        feeling = ""
        if row.sentiment is not None:
            label = row.sentiment.label
            feeling = f" · {label}" + (f" {row.sentiment.confidence:.2f}" if label == "unsure" else "")
        reason = f" · {REASONS.get(row.reason, row.reason)}" if row.reason else ""
        reason += f" ({row.reason_detail})" if row.reason and row.reason_detail else ""
        click.echo(f"          {row.feed_title} · {ago(row.published_at)}{feeling}{reason}")


REASONS = {
    "close_to_liked": "close to what you liked",
    "close_to_disliked": "close to what you disliked",
    "words_liked": "words you liked",
    "words_disliked": "words you disliked",
    "source_liked": "a source you like",
    "source_disliked": "a source you like less",
    "fresh": "fresh",
    "rare_poster": "posts rarely",
    "already_from_source": "already some from this source",
    "already_seen": "already seen",
    "saved_like_this": "like what you saved",
    "baseline": "where every post starts",
}


@command(main)
@click.option("--order", type=click.Choice(["for_you", "newest"]), default="for_you", show_default=True)
@click.option("--feed", "feed_id", type=int, default=None)
@click.option("--folder", default=None)
@click.option("--unread", is_flag=True)
@click.option("--saved", is_flag=True)
@click.option("--hidden", is_flag=True, help="The tray: what your rules and you hid.")
@click.option("--days", type=float, default=None, help="Only the last … days.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=30, show_default=True)
def timeline(
    session: Session, order: str, feed_id: int | None, folder: str | None, unread: bool, saved: bool, hidden: bool,
    days: float | None, limit: int, as_json: bool,
) -> None:
    """Show the timeline: ranked for you, or newest first."""
    from engine.types import TimelineQuery

    since = datetime.now(UTC) - timedelta(days=days) if days is not None else None
    query = TimelineQuery(
        order="newest" if order == "newest" else "for_you", feed_id=feed_id, folder=folder, unread=unread or None,
        saved=saved or None, hidden=hidden, since=since, limit=limit,
    )
    with session.engine() as engine:
        rows = engine.rows(engine.timeline(query))
        if as_json:
            return show_json(rows)
        if not rows:
            click.echo("Nothing here." if engine.feeds() else "You follow nothing yet:  millpond feeds add URL")
        show_rows(rows)


@command(main)
@click.argument("post_id", type=int)
def show(session: Session, post_id: int, as_json: bool) -> None:
    """Show a post. It counts as opened and read."""
    with session.engine() as engine:
        post = engine.post(post_id)
        engine.record(post_id, "opened")
        engine.mark([post_id], read=True)
        if as_json:
            return show_json(post)
        click.echo(post.row.title or "(no title)")
        click.echo(f"{post.row.feed_title}" + (f" · {post.row.author}" if post.row.author else "")
                   + f" · {post.row.published_at:%Y-%m-%d %H:%M} UTC")
        click.echo(post.row.url)
        click.echo()
        click.echo(post.text or "(no text)")


@command(main)
@click.argument("post_id", type=int)
@click.option("--not", "negative", is_flag=True, help="Dislike.")
@click.option("--clear", is_flag=True, help="Take it back.")
def like(session: Session, post_id: int, negative: bool, clear: bool, as_json: bool) -> None:
    """Like a post (or, with --not, dislike it): the timeline learns from it."""
    with session.engine() as engine:
        changes = engine.feedback(post_id, None if clear else not negative)
        if as_json:
            return show_json(changes)
        click.echo("Taken back." if clear else "Disliked." if negative else "Liked.")


@command(main)
@click.argument("post_ids", type=int, nargs=-1, required=True)
@click.option("--undo", is_flag=True, help="Show again.")
def hide(session: Session, post_ids: tuple[int, ...], undo: bool, as_json: bool) -> None:
    """Hide posts: they go to the tray."""
    with session.engine() as engine:
        changes = engine.mark(list(post_ids), hidden=not undo)
        if as_json:
            return show_json(changes)
        click.echo("Shown again." if undo else "Hidden. Undo:  millpond hide --undo " + " ".join(map(str, post_ids)))


@command(main)
@click.argument("post_ids", type=int, nargs=-1, required=True)
@click.option("--undo", is_flag=True)
def save(session: Session, post_ids: tuple[int, ...], undo: bool, as_json: bool) -> None:
    """Save posts: they are kept for ever."""
    with session.engine() as engine:
        changes = engine.mark(list(post_ids), saved=not undo)
        if as_json:
            return show_json(changes)
        click.echo("No longer saved." if undo else "Saved.")


@command(main)
@click.argument("post_id", type=int)
@click.option("--max-words", type=click.IntRange(10, 400), default=60, show_default=True)
def summarise(session: Session, post_id: int, max_words: int, as_json: bool) -> None:
    """Summarise a post; every sentence is checked against the post's own words."""
    with session.engine() as engine:
        summary = engine.summarise(post_id, max_words=max_words)
        if as_json:
            return show_json(summary)
        how = f"by {summary.model}, every sentence checked" if summary.method == "model" else "picked sentences"
        click.echo(f"Summary ({how}):")
        for number, sentence in enumerate(summary.sentences, 1):
            click.echo(f"  {sentence.text} [{number}]")
        for number, sentence in enumerate(summary.sentences, 1):
            for span in sentence.evidence:
                click.echo(f"  [{number}] “{summary.text[span.start:span.end]}”")
        if not summary.sentences:
            click.echo("  The post has too little text to summarise.")


@command(main)
@click.argument("post_id", type=int)
def why(session: Session, post_id: int, as_json: bool) -> None:
    """Say why a post stands where it stands, or what hid it."""
    with session.engine() as engine:
        explanation = engine.explain(post_id)
        if as_json:
            return show_json(explanation)
        if explanation.hit is not None:
            click.echo(f"Rule {explanation.hit.rule_id} ({explanation.hit.action}) took it for: “{explanation.hit.matched}”")
        place = f", number {explanation.position} of For you" if explanation.position is not None else ""
        click.echo(f"Score {explanation.score:+.3f}{place}")
        for reason in explanation.reasons:
            detail = f"  ({reason.detail})" if reason.detail else ""
            click.echo(f"  {reason.contribution:+8.3f}  {REASONS.get(reason.name, reason.name)}{detail}")
        for other, title, cosine in explanation.nearest_liked:
            click.echo(f"  near {cosine:.2f}: {title} ({other})")


@command(main)
@click.argument("text", nargs=-1, required=True)
@click.option("--mode", type=click.Choice(["hybrid", "words", "meaning"]), default="hybrid", show_default=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def search(session: Session, text: tuple[str, ...], mode: str, limit: int, as_json: bool) -> None:
    """Find posts by words, by meaning, or both."""
    with session.engine() as engine:
        result = engine.search(" ".join(text), mode=mode, limit=limit)
        if as_json:
            return show_json(result)
        if not result.hits:
            click.echo("Nothing found.")
        show_rows(engine.rows([hit.id for hit in result.hits]))
        if result.newest_only:
            click.echo("So many posts match that only the newest were compared.")


# ---- rules -----------------------------------------------------------------------------------


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
@click.argument("rule_id", type=int)
def rules_remove(session: Session, rule_id: int, as_json: bool) -> None:
    """Remove a rule; what it hid is shown again."""
    with session.engine() as engine:
        changes = engine.delete_rule(rule_id)
        if as_json:
            return show_json(changes)
        click.echo(f"Rule {rule_id} removed; {len(changes.updated)} posts are back.")


# ---- models, ledger, doctor ------------------------------------------------------------------


@main.group()
def models() -> None:
    """The models that run on this machine."""


@command(models, "list")
def models_list(session: Session, as_json: bool) -> None:
    """List the models of the catalogue and which are here."""
    from engine import list_models

    known = list_models()
    if as_json:
        return show_json(known)
    for model in known:
        state = "installed" if model.installed else ""
        click.echo(f"{model.name:36} {model.kind:10} {model.size_bytes / 1e6:7.0f} MB  {model.licence:14} {state}")


@command(models, "install")
@click.argument("names", nargs=-1)
@click.option("--default", "defaults", is_flag=True, help="The two that Millpond starts with.")
def models_install(session: Session, names: tuple[str, ...], defaults: bool, as_json: bool) -> None:
    """Fetch models and check them against the catalogue's hashes."""
    from engine import install_model, list_models

    known = list_models()
    wanted = [model.name for model in known if model.default] if defaults else list(names)
    if not wanted:
        raise InputError("Name a model (see `millpond models list`), or say --default.")
    here = {model.name for model in known if model.installed}
    line = Line()
    for name in wanted:
        if name in here:
            if not as_json:
                click.echo(f"{name} is here already.")
            continue
        if not as_json:
            click.echo(f"Fetching {name} …", err=True)
        for progress in install_model(name):
            total = f" of {progress.total / 1e6:.0f}" if progress.total else ""
            line.show(f"{name}: {progress.done / 1e6:.0f}{total} MB  {progress.detail}")
        line.end()
        if not as_json:
            click.echo(f"{name} is installed.")
    if as_json:
        show_json([model for model in list_models() if model.name in wanted])


@command(models, "remove")
@click.argument("name")
def models_remove(session: Session, name: str, as_json: bool) -> None:
    """Remove a model's files."""
    from engine import remove_model

    remove_model(name)
    if as_json:
        return show_json({"removed": name})
    click.echo(f"{name} is removed.")


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
def doctor(session: Session, as_json: bool) -> None:
    """Check that everything that Millpond stands on is as it should be."""
    with session.engine() as engine:
        checks = engine.doctor()
    if as_json:
        show_json(checks)
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    if not all(check.ok for check in checks):
        sys.exit(1)


@command(main, "settings")
@click.argument("name", required=False)
@click.argument("value", required=False)
def settings_command(session: Session, name: str | None, value: str | None, as_json: bool) -> None:
    """Show the settings, or set one."""
    from engine.settings import ALL, by_name

    with session.engine() as engine:
        if name is not None and value is not None:
            engine.set_setting(name, by_name(name).parse(value))
        values = engine.settings()
        if as_json:
            return show_json(values)
        for setting in ALL:
            if name in (None, setting.name):
                click.echo(f"{setting.name} = {values[setting.name]}    {setting.help}")


@command(main)
@click.argument("path", type=click.Path(path_type=Path))
def backup(session: Session, path: Path, as_json: bool) -> None:
    """Write a checked copy of the profile's database to PATH."""
    with session.engine() as engine:
        engine.backup(path)
        if as_json:
            return show_json({"path": str(path)})
        click.echo(f"Written and checked: {path}")


# ---- the whole job ---------------------------------------------------------------------------


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


def has_display() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
