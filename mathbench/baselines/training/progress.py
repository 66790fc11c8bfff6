"""Progress of a training on stderr: a bar in a terminal, otherwise a line per validation."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from mathbench.baselines.settings import TrainingSettings
from mathbench.baselines.training.clock import Budget, Clock
from mathbench.baselines.training.samples import SampleLog, shown
from mathbench.baselines.training.self_improvement import Generation
from mathbench.baselines.training.state import TrainingState, Validation
from mathbench.scores.error_scale import percent


class TrainingProgress:
    """A callback that shows where a training goes on, loss, validation, sample answers, rows per second and time left.

    Args:
        console: where it is shown, None for no output.
        settings: provides the number of steps and the rows per step.
        budget: seconds of wall and CPU time.
        samples: answers to a few questions, which stands before it among the callbacks.
    """

    def __init__(
        self,
        console: Console | None,
        settings: TrainingSettings,
        budget: Budget,
        samples: SampleLog,
    ):
        self._console, self._settings, self._budget, self._samples = console, settings, budget, samples
        self._bar = _Bar(
            TextColumn("training"),
            BarColumn(),
            TextColumn("{task.completed:,}/{task.total:,} steps  {task.fields[words]}"),
            TimeElapsedColumn(),
            console=console,
            disable=console is None or not console.is_terminal,
            transient=False,
        )
        self._task = self._bar.add_task("training", total=settings.steps, words="")
        self._start, self._first, self._displayed = time.perf_counter(), 0, 0.0
        self._clock = Clock(TrainingState())

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_start(self, state: TrainingState) -> None:
        """Say where a resumed or extended training goes on."""
        self._start, self._first, self._clock = time.perf_counter(), state.step, Clock(state)
        self._bar.update(self._task, completed=state.step)
        if state.step and self._console is not None:
            self._console.print(where_it_goes_on(state, self._settings), soft_wrap=True, highlight=False)

    def on_step(self, state: TrainingState, loss: float) -> None:
        """Update the bar, a few times a second."""
        now = time.perf_counter()
        if now - self._displayed > 0.2:
            self._displayed = now
            self._bar.update(self._task, completed=state.step, words=self._status(state, loss))

    def on_validation(self, state: TrainingState, found: Validation) -> None:
        """Update the bar and the sample answers. Outside a terminal print a line of each."""
        status = self._status(state, state.history[-1]["loss"])
        samples = tuple(shown(sample) for sample in self._samples.latest)
        # a low terminal shows fewer, so that the bar stays in sight
        self._bar.samples = samples[: max(self._bar.console.height - 2, 0)]
        self._bar.update(self._task, completed=state.step, words=status)
        if self._console is not None and not self._console.is_terminal:
            print_line = self._console.print
            print_line(f"step {state.step:,}/{self._settings.steps:,}  {status}", soft_wrap=True)
            if samples:
                print_line("  " + "   ".join(samples), soft_wrap=True, markup=False, highlight=False)

    def on_generation(self, found: Generation) -> None:
        """Print what a generation labelled."""
        if self._console is not None:
            self._console.print(generation_line(asdict(found)), soft_wrap=True, highlight=False)

    def _status(self, state: TrainingState, loss: float) -> str:
        spent = time.perf_counter() - self._start
        speed = max(state.step - self._first, 1) / max(spent, 1e-9)  # steps per second
        share = f"{state.history[-1]['validation']:.2%}" if state.history else "-"
        rows = f"{speed * self._settings.batch:,.0f} rows/s"
        return f"loss {loss:.4f}  validation {share}  {rows}  {self._time_left(state, speed)}"

    def _time_left(self, state: TrainingState, speed: float) -> str:
        """Return the time that is left, by the steps or by a budget, with what is spent of each budget."""
        left, busy = self._clock.remaining(self._budget), self._clock.busy
        seconds = min((self._settings.steps - state.step) / speed, left.wall, left.cpu / max(busy, 1e-3))
        words = [f"{_minutes(max(seconds, 0.0))} left"]
        for name, budget, rest in (
            ("s", self._budget.wall, left.wall),
            ("CPU s", self._budget.cpu, left.cpu),
        ):
            if budget < math.inf:
                digits = 0 if budget >= 10 else 1
                words.append(f"{max(budget - rest, 0.0):,.{digits}f} of {budget:,.{digits}f} {name}")
        return "  ".join(words)


class _Bar(Progress):
    """A progress bar below the latest sample answers, each cut off at the width of the terminal."""

    # before the first validation, and while the bar is being built
    samples: tuple[str, ...] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the lines above the bar, and the bar."""
        for line in self.samples:
            yield Text(f"  {line}", no_wrap=True, overflow="crop")
        yield from super().get_renderables()


def generation_line(found: Mapping[str, Any]) -> str:
    """Return a line on what a generation labelled.

    >>> fields = {"generation": 2, "digits": 7, "problems": 1000, "kept": 900}
    >>> generation_line({**fields, "exact_match": 0.95, "kept_exact_match": 0.99})
    'generation 2: 7 digits, 900 of 1,000 problems labelled, 99.00 % of the labels right (of all answers 95.0 %)'
    """
    return (
        f"generation {found['generation']}: {found['digits']:,} digits, {found['kept']:,} of "
        f"{found['problems']:,} problems labelled, {percent(found['kept_exact_match'])} % of the labels right "
        f"(of all answers {percent(found['exact_match'])} %)"
    )


def where_it_goes_on(state: TrainingState, settings: TrainingSettings) -> str:
    """Return a line on where a training goes on, or that it is at its end.

    >>> state = TrainingState(step=50, wall=75.0, cpu=70.0, history=[{"step": 50, "validation": 0.25}])
    >>> state.best, state.best_step = 0.25, 50
    >>> where_it_goes_on(state, TrainingSettings(steps=200))
    'going on at step 50 of 200 (25 %), best validation so far 25.00% at step 50, 1:15 spent (70.0 CPU s)'
    """
    share = f"{100 * state.step / settings.steps:.0f} %"
    best = f", best validation so far {state.best:.2%} at step {state.best_step:,}" if state.history else ""
    spent = f", {_minutes(state.wall)} spent ({state.cpu:,.1f} CPU s)"
    where = f"step {state.step:,} of {settings.steps:,} ({share})"
    if state.step >= settings.steps:
        return f"at its end already, {where}: nothing is left to train{best}{spent}"
    return f"going on at {where}{best}{spent}"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
