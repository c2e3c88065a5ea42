"""The command line: text for people, `--json` for programs, exit codes that mean something.

0 done · 1 failed · 2 wrong input · 3 no such thing · 4 the network failed · 5 not a feed · 6 the profile · 7 no keyring ·
8 a worker failed · 9 a model · 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from engine.cli import (  # noqa: F401 - each registers its commands
    accounts,
    acting,
    asking,
    briefing,
    feeds,
    health,
    house,
    interop,
    job,
    models,
    ranking,
    reading,
    rewriting,
    rules,
    stories,
    summaries,
)
from engine.cli.shared import has_display, main, open_window
from engine.errors import EngineError, NotAFeedError

__all__ = ["entry", "has_display", "main", "open_window"]


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
