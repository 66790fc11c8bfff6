"""What commands print: data to stdout, messages and progress bars to stderr."""

import json
import os
import re
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

from mathbench.errors import one_line

if TYPE_CHECKING:
    from rich.progress import Task as ProgressTask
    from rich.table import Table

# a pipe has no width, and the default of 80 columns would cut tables off
PIPE = 180
# under NO_COLOR, rich would still print bold text and the escape codes of progress bars
PLAIN = bool(os.environ.get("NO_COLOR"))

# rich and typer read the size of the terminal from these, and end with a traceback if it is not a number
for variable in ("COLUMNS", "LINES", "TERMINAL_WIDTH"):
    if not re.fullmatch("[1-9][0-9]{0,3}", os.environ.get(variable, "1")):
        del os.environ[variable]


def _console(stderr: bool, width: int | None = None) -> Console:
    return Console(stderr=stderr, highlight=False, width=width, color_system=None if PLAIN else "auto")


_terminal = sys.stdout is not None and sys.stdout.isatty()
out = _console(stderr=False, width=None if _terminal or os.environ.get("COLUMNS") else PIPE)
err = _console(stderr=True)


def print_message(message: str, lead: str = "", style: str = "") -> None:
    """Print one line for the user on stderr.

    Args:
        message: the text. It may hold names from users and files, so brackets are not read as markup.
        lead: printed before it.
        style: of the lead.
    """
    err.print(Text.assemble((lead, style), one_line(message)), soft_wrap=True)


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
        total: the number of rows; None where it is not known before.
    """

    def __init__(self, label: str, total: int | None):
        columns = (
            SpinnerColumn(),
            TextColumn(label),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=err, transient=True, disable=PLAIN or not err.is_terminal)
        self._bar = self._progress.add_task(label, total=total)

    def __enter__(self) -> "ProgressBar":
        self._progress.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._progress.__exit__(*details)

    def __call__(self, rows: int) -> None:
        """Advance the bar by a number of rows."""
        self._progress.advance(self._bar, rows)
