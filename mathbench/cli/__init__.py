"""The command line: one file per group of commands.

Start-up stays fast because the files import what is heavy (NumPy, Arrow, a framework) inside the commands.
"""

import sys
import warnings
from typing import Annotated, Any, TextIO

import typer

from mathbench.cli import (
    automaton,
    baselines,
    certify,
    check,
    datasets,
    doctor,
    evaluate,
    export,
    importing,
    inspect,
    leaderboard,
    new,
    plot,
    predict,
    probe,
    run,
    schema,
    streams,
    study,
    tasks,
)
from mathbench.cli.command import CommandGroup, check_words
from mathbench.cli.output import print_message
from mathbench.cli.usage import usage_message
from mathbench.errors import CheckFailed, MathbenchError, MathbenchWarning, os_error_message

# typer carries its own click, so the base of its usage errors is found through a public subclass of it
_USAGE: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
_INTERRUPTED = 130

app = CommandGroup(
    name="mathbench",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Clean mathematical data for neural networks, baselines, exact-match scores and a leaderboard.",
)
for group in (
    datasets,
    check,
    tasks,
    doctor,
    baselines,
    run,
    study,
    certify,
    predict,
    probe,
    evaluate,
    plot,
    inspect,
    automaton,
    export,
    importing,
    leaderboard,
    new,
    schema,
):
    group.register(app)


def _print_version(requested: bool) -> None:
    if requested:
        from mathbench.version import __version__

        sys.stdout.write(f"mathbench {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit."),
    ] = False,
) -> None:
    """Read the options of `mathbench` itself."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    Exit code 0 for success, 1 for a failed check, 2 for bad input or an error of the system, 130 after Ctrl-C. It does
    not depend on who reads the output.
    """
    streams.prepare()
    words = sys.argv[1:] if arguments is None else arguments
    with warnings.catch_warnings():
        warnings.simplefilter("always", MathbenchWarning)
        warnings.showwarning = _show_warning
        code = _exit_code(words)
    streams.finish()
    sys.exit(code)


def _run(words: list[str]) -> int:
    """Run a command line; return its exit code."""
    check_words(words)
    code = app(words, standalone_mode=False)
    # typer turns Ctrl-C into an exit code
    if code == _INTERRUPTED:
        print_message("interrupted; finished work is kept")
    # a full disk shows here
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _exit_code(words: list[str]) -> int:
    """Run a command line and print an expected error as one line; return the exit code."""
    try:
        return _run(words)
    except MathbenchError as error:
        _print_error(str(error))
        return 1 if isinstance(error, CheckFailed) else 2
    except OSError as error:
        _print_error(os_error_message(error))
        return 2
    except _USAGE as error:
        # without any arguments there is no message: the help has been shown
        if not error.format_message():
            return 0
        _print_error(usage_message(error))
        return 2


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of mathbench as one line, and those of other packages as Python does."""
    if issubclass(category, MathbenchWarning):
        print_message(str(message), "warning: ", "bold yellow")
    else:
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def _print_error(message: str) -> None:
    print_message(message, "error: ", "bold red")
