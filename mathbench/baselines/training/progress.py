"""Progress of a training on stderr: a bar in a terminal, otherwise a line per validation."""

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.training.loop import TrainingState
from mathbench.baselines.training.tracking import StepTracker, Tracker, metric_values


class TrainingProgress:
    """A callback that shows loss, validation exact match, rows per second and time left, and feeds the trackers.

    Args:
        console: where it is shown, None for no output.
        settings: provides the number of steps and the rows per step.
        trackers: receive every validation.
        budget: seconds of wall time; infinite by default.
    """

    def __init__(
        self,
        console: Console | None,
        settings: TrainingSettings,
        trackers: Sequence[Tracker] = (),
        budget: float = math.inf,
    ):
        self._console, self._settings, self._trackers, self._budget = console, settings, trackers, budget
        self._steps = [tracker for tracker in trackers if isinstance(tracker, StepTracker)]
        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            TextColumn("{task.completed:,}/{task.total:,} steps  {task.fields[words]}"),
            TimeElapsedColumn(),
            console=console,
            disable=console is None or not console.is_terminal,
            transient=False,
        )
        self._task = self._bar.add_task("training", total=settings.steps, words="")
        self._start, self._first, self._displayed = time.perf_counter(), -1, 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_step(self, state: TrainingState, loss: float) -> None:
        """Update the bar, a few times a second."""
        if self._first < 0:
            self._first = state.step - 1
        for tracker in self._steps:
            tracker.on_step(state.step)
        now = time.perf_counter()
        if now - self._displayed > 0.2:
            self._displayed = now
            self._bar.update(self._task, completed=state.step, words=self._status(state, loss))

    def on_validation(self, state: TrainingState) -> None:
        """Update the bar and the trackers. Outside a terminal print a line."""
        entry = state.history[-1]
        for tracker in self._trackers:
            tracker.log(int(entry["step"]), metric_values(entry))
        status = self._status(state, entry["loss"])
        self._bar.update(self._task, completed=state.step, words=status)
        if self._console is not None and not self._console.is_terminal:
            self._console.print(f"step {state.step:,}/{self._settings.steps:,}  {status}", soft_wrap=True)

    def _status(self, state: TrainingState, loss: float) -> str:
        spent = time.perf_counter() - self._start
        speed = max(state.step - max(self._first, 0), 1) / max(spent, 1e-9)  # steps per second
        remaining = min(
            (self._settings.steps - state.step) / speed, max(self._budget - state.wall - spent, 0.0)
        )
        share = f"{state.history[-1]['validation']:.2%}" if state.history else "-"
        rows = f"{speed * self._settings.batch:,.0f} rows/s"
        return f"loss {loss:.4f}  validation {share}  {rows}  {_clock(remaining)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
