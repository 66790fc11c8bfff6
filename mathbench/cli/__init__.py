"""The command line: one file per group of commands; heavy imports happen inside the commands."""

import sys
from typing import Any

import typer

from mathbench.cli import baselines, check, datasets, doctor, inspect, leaderboard, predict, run, tasks
from mathbench.cli.output import print_message
from mathbench.errors import CheckFailed, MathbenchError, did_you_mean, os_error_message

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
for group in (datasets, check, tasks, doctor, baselines, run, predict, inspect, leaderboard):
    group.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit code 0 for success, 1 when a check failed, 2 for bad input."""
    try:
        code = app(arguments, standalone_mode=False)
    except MathbenchError as error:
        _refuse(str(error))
        sys.exit(1 if isinstance(error, CheckFailed) else 2)
    except OSError as error:
        _refuse(os_error_message(error))
        sys.exit(2)
    except _USAGE as error:
        if not error.format_message():  # no arguments at all: the help has been shown
            sys.exit(0)
        _refuse(_usage(error))
        sys.exit(2)
    if code == _INTERRUPTED:  # typer makes an exit code of Ctrl-C
        print_message("interrupted; what is finished is kept")
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: Any) -> str:
    """What was wrong with the words of the command line, and what came or what there is."""
    said = str(error.format_message())
    if said.startswith("No such command"):
        command = said.partition("'")[2].partition("'")[0]
        return f"unknown command '{command}'. {did_you_mean(command, _commands(error))}"
    return said


def _commands(error: Any) -> list[str]:
    """The commands of the group in which one was not found."""
    return list(error.ctx.command.list_commands(error.ctx)) if error.ctx else []


def _refuse(why: str) -> None:
    """Say what went wrong."""
    print_message(why, "error: ", "bold red")
