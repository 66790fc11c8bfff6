"""Progress bars: on stderr, with rows per second and time left; silent where stderr is no terminal."""

from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mathbench.cli.output import err


class _Speed(ProgressColumn):
    """Rows per second; nothing until it is known."""

    def render(self, task: Task) -> Text:
        """As rich asks for it."""
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "", style="cyan")


class Bar:
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

    def __enter__(self) -> "Bar":
        self._progress.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._progress.__exit__(*details)

    def __call__(self, rows: int) -> None:
        """Move on by some rows."""
        self._progress.advance(self._bar, rows)
