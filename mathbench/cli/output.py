"""What commands print: data to stdout, messages and progress bars to stderr."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
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

if TYPE_CHECKING:
    from rich.progress import Task as ProgressTask
    from rich.table import Table

# a pipe has no width, and the default of 80 columns would cut tables off
PIPE = 180

out = Console(highlight=False, width=None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE)
err = Console(stderr=True, highlight=False)


def print_message(message: str, lead: str = "", style: str = "") -> None:
    """Print one line for the user on stderr.

    Args:
        message: the text. It may hold names from users and files, so brackets are not read as markup.
        lead: printed before it.
        style: of the lead.
    """
    err.print(Text.assemble((lead, style), escape_line(message)), soft_wrap=True)


def escape_line(message: str) -> str:
    r"""Escape line ends and other characters that do not print.

    >>> escape_line("a\nb")
    'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> "Table":
    """Make a table without lines that folds wide cells instead of cutting them off.

    Args:
        columns: their headers.
        right: which of them are aligned to the right.
        title: of the table.
    """
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def print_json(value: Any) -> None:
    """Print data as JSON on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def json_lines(rows: Iterable[Any]) -> Iterator[str]:
    r"""Yield rows as JSON lines.

    >>> list(json_lines([{"row": 1}]))
    ['{"row": 1}\n']
    """
    return (json.dumps(row) + "\n" for row in rows)


class _Speed(ProgressColumn):
    """Rows per second; empty until it is known."""

    def render(self, task: "ProgressTask") -> Text:
        """Return the text of the column, called by rich."""
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "", style="cyan")


class ProgressBar:
    """A progress bar with rows per second and time left, silent where stderr is not a terminal.

    A context manager. Call it with the number of rows finished since its last call.

    Args:
        label: the name of the work.
        total: the number of rows.
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
        """Advance the bar by a number of rows."""
        self._progress.advance(self._bar, rows)
