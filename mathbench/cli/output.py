"""What every command shares: data to stdout, words to stderr, task parameters from free options.

Progress bars: on stderr, with rows per second and time left; silent where stderr is no terminal.
"""

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mathbench.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from rich.progress import Task as ProgressTask
    from rich.table import Table

    from mathbench.task import Task


PIPE = 180  # a pipe has no width, and a table cut to 80 columns would lose what is in it

out = Console(highlight=False, width=None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE)
err = Console(stderr=True, highlight=False)

FREE_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}


def print_message(message: str, lead: str = "", style: str = "") -> None:
    """Print one line for the user, on stderr.

    Args:
        message: the words; names in them come from users and files, so brackets are no markup.
        lead: printed before them.
        style: of the lead.
    """
    err.print(Text.assemble((lead, style), escape_line(message)), soft_wrap=True)


def escape_line(message: str) -> str:
    r"""Words in which line ends and other characters that do not print are written out.

    >>> escape_line("a\nb")
    'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> "Table":
    """A table without lines that folds what is too wide and cuts nothing off."""
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def print_json(value: Any) -> None:
    """Print data as JSON, on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def parse_task_options(arguments: list[str], known: tuple[str, ...] = ()) -> dict[str, str]:
    """Read task parameters given as options.

    Args:
        arguments: what the command line parser left over, such as ``["--k", "7", "--base=2"]``.
        known: the command's own options, for hints.

    Raises:
        InputError: for anything that is not an option with a value.

    >>> parse_task_options(["--k", "7", "--base=2"])
    {'k': '7', 'base': '2'}
    """
    options, rest = {}, list(arguments)
    while rest:
        word = rest.pop(0)
        match = re.fullmatch(r"--([a-z][\w-]*)(?:=(.*))?", word, re.DOTALL)
        if not match:
            raise InputError(f"unexpected argument '{word}'. Task parameters are given as --name value.")
        name, value = match.groups()
        if value is None:
            if not rest:
                hint = f" {did_you_mean(name, known)}" if known else ""
                raise InputError(f"option --{name} needs a value.{hint}")
            value = rest.pop(0)
        options[name.replace("-", "_")] = value
    return options


def make_task(name: str | None, arguments: list[str], known: tuple[str, ...] = ()) -> "Task":
    """The task that a command line asks for."""
    from mathbench.families import task

    if name is None:
        raise InputError("which task? Give --task NAME; `mathbench tasks` lists them.")
    return task(name, **parse_task_options(arguments, known))


class _Speed(ProgressColumn):
    """Rows per second; nothing until it is known."""

    def render(self, task: "ProgressTask") -> Text:
        """As rich asks for it."""
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "", style="cyan")


class ProgressBar:
    """A context manager; call it with the number of rows finished since its last call.

    Args:
        label: what is being done.
        total: rows in all.
    """

    def __init__(self, label: str, total: int):
        columns = (
            SpinnerColumn(),
            TextColumn(label),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._bar = self._progress.add_task(label, total=total)

    def __enter__(self) -> "ProgressBar":
        self._progress.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._progress.__exit__(*details)

    def __call__(self, rows: int) -> None:
        """Move on by some rows."""
        self._progress.advance(self._bar, rows)
