"""The progress of many runs on stderr: a bar for each one in progress and one for all, or plain lines."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from mathbench.cli.output import PLAIN, err, print_message
from mathbench.errors import InputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mathbench.baselines.jobs.run_all import RunOutcome
    from mathbench.baselines.jobs.run_job import RunJob, RunReport

PAUSE = 10.0  # seconds between two lines of one run, where stderr is not a terminal


class GridView:
    """Shows the progress of many runs. A context manager.

    Args:
        total: the number of runs; None where it is not known before.
        above: makes what is shown above the bars.
        failures: whether a run that fails before it has begun is named at once; without, only by the caller's summary.
    """

    def __init__(
        self, total: int | None, above: "Callable[[], RenderableType] | None" = None, failures: bool = False
    ):
        self._failures = failures
        self._live = err.is_terminal and not PLAIN
        self._progress = _Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            TimeElapsedColumn(),
            console=err,
            disable=not self._live,
            transient=True,
        )
        self._progress.above = above
        self._total, self._done = total, 0
        self._bar = self._progress.add_task("all runs", total=total, words=self._count())
        self._running: dict[str, TaskID] = {}
        self._printed: dict[str, float] = {}

    def __enter__(self) -> "GridView":
        self._progress.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._progress.__exit__(*details)

    def add(self, runs: int) -> None:
        """Add runs to the total."""
        self._total = (self._total or 0) + runs
        self._progress.update(self._bar, total=self._total, words=self._count())

    def report(self, job: "RunJob", report: "RunReport") -> None:
        """Show how far a run is."""
        if self._live:
            task = self._running.get(job.title)
            if task is None:
                task = self._running[job.title] = self._progress.add_task(job.title, total=None, words="")
            self._progress.update(
                task, completed=report.step, total=report.steps or None, words=_words(report)
            )
        elif job.title not in self._printed:
            print_message(f"run {job.title}")
            self._printed[job.title] = time.monotonic()
        elif report.validated and time.monotonic() >= self._printed[job.title] + PAUSE:
            print_message(f"{job.title}  {_words(report)}")
            self._printed[job.title] = time.monotonic()

    def done(self, outcome: "RunOutcome") -> None:
        """Show that a run has ended. Of a run that was finished before nothing is printed."""
        self._done += 1
        task = self._running.pop(outcome.job.title, None)
        if task is not None:
            self._progress.remove_task(task)
        self._progress.update(self._bar, completed=self._done, words=self._count())
        began = task is not None or self._printed.pop(outcome.job.title, None) is not None
        if began or (self._failures and outcome.error is not None):
            self._print(f"{outcome.job.title}  {_ending(outcome)}  ({self._count()})")

    def _count(self) -> str:
        """Return how many runs have ended."""
        return f"{self._done:,} of {self._total:,} runs" if self._total else f"{self._done:,} runs"

    def _print(self, line: str) -> None:
        err.print(Text(line), soft_wrap=True)


class _Bars(Progress):
    """Bars below something else."""

    above: "Callable[[], RenderableType] | None" = None

    def get_renderables(self) -> "Iterable[RenderableType]":
        """Return what stands above the bars, and the bars."""
        if self.above is not None:
            yield self.above()
        yield from super().get_renderables()


def _words(report: "RunReport") -> str:
    """Return steps and validation as a phrase."""
    steps = f"step {report.step:,}/{report.steps:,}" if report.steps else "fitting"
    return steps + ("" if report.validation is None else f"  validation {report.validation:.2%}")


def _ending(outcome: "RunOutcome") -> str:
    """Return how a run has ended, as a phrase."""
    result = outcome.value
    if result is None:
        return "failed" if outcome.error is None else f"failed: {_reason(outcome.error)}"
    best = f"validation {result.best['validation']:.2%}  " if "validation" in result.best else ""
    return f"{best}{result.timings['fit_cpu_s']:.1f} CPU s"


def _reason(error: Exception) -> str:
    """Return why a run has failed, in one line."""
    lines = str(error).splitlines() or [""]
    return lines[0] if isinstance(error, InputError) else f"{type(error).__name__}: {lines[0]}"
