"""What every command shares: the options, the profile, how things are printed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from engine.errors import EngineError, SecretsError

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
    "rule_boost": "a rule of yours ranks it higher",
    "already_seen": "already seen",
    "saved_like_this": "like what you saved",
    "author_liked": "an author you like",
    "author_disliked": "an author you like less",
    "signals_liked": "a tone you like",
    "signals_disliked": "a tone you like less",
    "hour_liked": "came at an hour that you like",
    "hour_disliked": "came at an hour that you like less",
    "more_topic": "a topic you want more of",
    "less_topic": "a topic you want less of",
    "more_word": "words you want more of",
    "less_word": "words you want less of",
    "more_source": "a source you want more of",
    "less_source": "a source you want less of",
    "more_author": "an author you want more of",
    "less_author": "an author you want less of",
    "more_signal": "a tone you want more of",
    "less_signal": "a tone you want less of",
    "weighed_down": "weighed down by how it seems",
    "big_story": "many outlets tell it",
    "small_story": "few outlets tell it",
    "unsure": "shown to learn",
    "already_on_topic": "already some on this topic",
    "already_in_story": "its story was told above",
    "baseline": "where every post starts",
}


ID = click.IntRange(0, 2**63 - 1)  # what the database can hold


class Session:
    """The options that hold for every command, and the engine when one is needed."""

    def __init__(
        self, profile: Path, passphrase_file: Path | None, encryption: str | None, allow_network: bool = False
    ) -> None:
        self.profile = profile
        self.passphrase_file = passphrase_file
        self.encryption = encryption
        self.allow_network = allow_network

    @contextmanager
    def engine(self) -> Iterator[Any]:
        """Open the profile, asking on a terminal for what is missing."""
        from engine import open_engine
        from engine.store import require_place

        require_place(self.profile, allow_network=self.allow_network)  # before a secret is asked for
        with open_engine(self.profile, **self._access(), allow_network=self.allow_network) as engine:
            yield engine

    def rescue(self) -> Any:
        """Put the profile's damaged database right; returns the `Rescue`."""
        from engine import InputError, profile_state, rescue_profile

        if not profile_state(self.profile).exists:
            raise InputError(f"There is no profile in {self.profile}.")
        return rescue_profile(self.profile, **self._access())

    def _access(self) -> dict[str, Any]:
        from engine import profile_state
        from engine.secrets import read_passphrase_file

        named = self.passphrase_file or os.environ.get("MILLPOND_PASSPHRASE_FILE")
        if named:
            return {"passphrase": read_passphrase_file(Path(named)), "encryption": self.encryption}
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
    if isinstance(value, date):  # a datetime too
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
@click.option("--allow-network-folder", is_flag=True,
              help="The profile may lie on a network file system; open it from one machine at a time.")
@click.version_option(package_name="millpond")
@click.pass_context
def main(
    context: click.Context,
    profile: Path | None,
    passphrase_file: Path | None,
    encryption: str | None,
    allow_network_folder: bool,
) -> None:
    """Millpond: your feeds, filtered at home."""
    context.obj = Session(profile or default_profile(), passphrase_file, encryption, allow_network_folder)
    if context.invoked_subcommand is None:
        if not has_display() and not os.environ.get("QT_QPA_PLATFORM"):
            raise EngineError(
                "There is no display here, so the window cannot open. Every command works without one "
                "(millpond --help); `millpond demo` shows the whole job."
            )
        sys.exit(open_window(context.obj))


def open_window(session: Session) -> int:
    """Open the window. The only place where the engine's code knows that there is one."""
    from desktop import run
    from engine.secrets import read_passphrase_file

    access: dict[str, Any] = {}
    named = session.passphrase_file or os.environ.get("MILLPOND_PASSPHRASE_FILE")
    if named:
        access["passphrase"] = read_passphrase_file(Path(named))
    if session.encryption:
        access["encryption"] = session.encryption
    if session.allow_network:
        access["allow_network"] = True
    return int(run(session.profile, **access))


def has_display() -> bool:
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def extras_words(extras: Any) -> str:
    """What only some networks know of a post, on one line; "" when that is nothing."""
    if extras is None:
        return ""
    said = []
    if extras.boosted_by:
        others = len(extras.boosted_by) - 1
        said.append(f"boosted by {extras.boosted_by[0]}" + (f" and {others} more" if others else ""))
    if extras.duration_seconds:
        minutes, seconds = divmod(round(extras.duration_seconds), 60)
        said.append(f"{minutes}:{seconds:02}")
    for count, word in ((extras.score, "point"), (extras.comments_count, "comment"), (extras.views_count, "view")):
        if count is not None:
            said.append(f"{count} {word}{'' if count == 1 else 's'}")
    if extras.poll is not None:
        votes = extras.poll.votes or (None,) * len(extras.poll.options)
        answers = (f"{option} {n}" if n is not None else option for option, n in zip(extras.poll.options, votes, strict=True))
        said.append("poll: " + ", ".join(answers))
    if extras.quote is not None:
        said.append(f"quotes {extras.quote.author}: {extras.quote.text[:60]}")
    if extras.sensitive and not extras.content_warning:
        said.append("sensitive")
    if extras.visibility not in ("", "public"):
        said.append(extras.visibility)
    if extras.reply_to_url:
        said.append("reply")
    if extras.edited_at is not None:
        said.append("edited")
    return " · ".join((*said, *extras.labels))


def signals_by_verdict(row: Any) -> dict[str, list[str]]:
    """What heads said of a post besides its mood, as words with figures: "yes", "unsure", "no"."""
    from engine.types import Signals

    said = Signals(shares=row.shares)
    found: dict[str, list[str]] = {"yes": [], "unsure": [], "no": []}
    for name in sorted(row.shares, key=lambda name: -row.shares[name]):
        found.get(said.verdict(name), []).append(f"{name} {row.shares[name]:.2f}")
    return found


def story_words(row: Any) -> str:
    """Who else tells what a post tells, and what is new where the story is followed."""
    outlets, posts = row.outlets - 1, row.story_posts - 1
    words = f"+{outlets} source{'s' if outlets != 1 else ''}" if outlets else f"+{posts} post{'s' if posts != 1 else ''}"
    return words + (f", {row.story_new} new" if row.story_followed and row.story_new else "")


def show_rows(rows: Iterable[Any]) -> None:
    """Print posts, one or two lines each."""
    for row in rows:
        marks = "".join(mark for mark, on in (("★", row.saved), ("♥", row.liked), ("·", not row.read)) if on)
        if row.muffled_by is not None:
            click.echo(f"{row.id:6}    ┄ {row.feed_title}: {(row.title or row.excerpt)[:60]}  (muffled by rule {row.muffled_by})")
            continue
        words = extras_words(row.extras)
        covered = row.extras is not None and row.extras.content_warning
        click.echo(f"{row.id:6} {marks:>2} {f'⚠ {covered}' if covered else row.title or row.excerpt:.90}")
        feeling = ""
        if row.sentiment is not None:
            label = row.sentiment.label
            feeling = f" · {label}" + (f" {row.sentiment.confidence:.2f}" if label == "unsure" else "")
        feeling += "".join(f" · {words}" for words in signals_by_verdict(row)["yes"][:2])
        reason = f" · {REASONS.get(row.reason, row.reason)}" if row.reason else ""
        reason += f" ({row.reason_detail})" if row.reason and row.reason_detail else ""
        told = f" · {story_words(row)}" if row.story_posts > 1 else ""
        click.echo(f"          {row.feed_title} · {ago(row.published_at)}{told}{feeling}{reason}")
        if words:
            click.echo(f"          {words}")
