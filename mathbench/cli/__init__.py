"""The command line: one file per group of commands.

Start-up stays fast because the files import what is heavy (NumPy, Arrow, a framework) inside the commands.
"""

import sys
import warnings
from typing import Any, TextIO

import typer

from mathbench.cli import (
    baselines,
    certify,
    check,
    datasets,
    doctor,
    inspect,
    leaderboard,
    predict,
    run,
    tasks,
)
from mathbench.cli.output import print_message
from mathbench.errors import CheckFailed, MathbenchError, MissingSplit, did_you_mean, os_error_message

# typer carries its own click, so the base of its usage errors is found through a public subclass of it
_USAGE: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
_INTERRUPTED = 130

app = typer.Typer(
    name="mathbench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Clean mathematical data for neural networks, baselines, exact-match scores and a leaderboard.",
)
for group in (datasets, check, tasks, doctor, baselines, run, certify, predict, inspect, leaderboard):
    group.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit code 0 for success, 1 for a failed check, 2 for bad input."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", MissingSplit)
        warnings.showwarning = _show_warning
        _run(arguments)


def _run(arguments: list[str] | None) -> None:
    try:
        code = app(arguments, standalone_mode=False)
    except MathbenchError as error:
        _print_error(str(error))
        sys.exit(1 if isinstance(error, CheckFailed) else 2)
    except OSError as error:
        _print_error(os_error_message(error))
        sys.exit(2)
    except _USAGE as error:
        # without any arguments there is no message: the help has been shown
        if not error.format_message():
            sys.exit(0)
        _print_error(_usage_message(error))
        sys.exit(2)
    # typer turns Ctrl-C into an exit code
    if code == _INTERRUPTED:
        print_message("interrupted; finished work is kept")
    sys.exit(code if isinstance(code, int) else 0)


def _usage_message(error: Any) -> str:
    """Return the message of a usage error, for an unknown command with the nearest one."""
    message = str(error.format_message())
    if not message.startswith("No such command"):
        return message
    command = message.partition("'")[2].partition("'")[0]
    known = list(error.ctx.command.list_commands(error.ctx)) if error.ctx else []
    return f"unknown command '{command}'. {did_you_mean(command, known)}"


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of mathbench as one line, and those of other packages as Python does."""
    if issubclass(category, MissingSplit):
        print_message(str(message), "warning: ", "bold yellow")
    else:
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def _print_error(message: str) -> None:
    print_message(message, "error: ", "bold red")
