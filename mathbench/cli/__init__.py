"""The command line: one file per group of commands; heavy imports happen inside the commands."""

import sys
from typing import Any

import typer
from rich.markup import escape

from mathbench.cli import board, data, listing, run
from mathbench.cli.output import say
from mathbench.errors import CheckFailed, MathbenchError

# typer carries its own click, so the base of its usage errors is found through a public subclass of it
_USAGE: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

app = typer.Typer(
    name="mathbench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Clean mathematical data for neural networks, baselines, exact-match scores and a leaderboard.",
)
for group in (data, listing, run, board):
    group.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit code 0 for success, 1 when a check failed, 2 for bad input."""
    try:
        code = app(arguments, standalone_mode=False)
    except KeyboardInterrupt:
        say("interrupted; finished parts are kept, run the same command again to go on")
        sys.exit(130)
    except MathbenchError as error:
        _refuse(str(error))
        sys.exit(1 if isinstance(error, CheckFailed) else 2)
    except OSError as error:
        _refuse(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
        sys.exit(2)
    except _USAGE as error:
        _refuse(error.format_message())
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(reason: str) -> None:
    """Say what went wrong; names in it come from users and files, so brackets are no markup."""
    say(f"[bold red]error:[/] {escape(reason)}")
