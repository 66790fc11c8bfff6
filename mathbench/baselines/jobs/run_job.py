"""One run as the job of an engine, and what it reports while it trains."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from mathbench.baselines.jobs.source import RowSource, open_rows_of
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.training.tracking import StepTracker
from mathbench.errors import InputError, shown

PAUSE = 0.5  # seconds between reports of steps


@dataclass(frozen=True)
class RunReport:
    """How far a run is.

    Args:
        step: steps taken.
        steps: the largest number of steps, 0 where nothing is trained.
        validation: the last exact match on validation, None before the first.
        validated: whether this is the report of a validation.
    """

    step: int = 0
    steps: int = 0
    validation: float | None = None
    validated: bool = False


@dataclass(frozen=True)
class RunJob:
    """One run. Make it with `RunJob.of`.

    Args:
        spec: everything that determines the weights apart from the rows, as plain values: classes of a guest's file
            are known to a process only after it has loaded the file.
        source: where the rows come from.
        options: the run directory and everything else.
        name: its name among other runs; the run directory by default.
        file: of a guest, the absolute path of its file.
        labels: what the run is, for who shows many of them, such as the name of its task in a study.
    """

    advice: ClassVar[str] = "continue with --resume: it goes on from its last checkpoint"

    spec: Mapping[str, Any]
    source: RowSource
    options: RunOptions
    name: str = ""
    file: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: RunSpec, source: RowSource, options: RunOptions, name: str = "") -> "RunJob":
        """Return the job of a run.

        Args:
            spec: of the run.
            source: where the rows come from.
            options: the run directory and everything else. Progress goes to `RunReport`, not to a console.
            name: its name among other runs.

        Raises:
            InputError: for a language model, whose questions are answered in parallel already.
        """
        if spec.prompting is not None:
            raise InputError(f"{spec.baseline.name} is asked, not trained: it is not run by workers.")
        if not isinstance(options.out, Path):
            raise InputError(f"out must be a path. Received: {shown(options.out)}.")
        file = spec.baseline.origin.file if spec.baseline.origin else ""
        return cls(spec.to_json(), source, replace(options, console=None), name, file)

    @property
    def out(self) -> Path:
        """The run directory."""
        return self.options.out

    @property
    def title(self) -> str:
        """The name of the run."""
        return self.name or str(self.out)

    @property
    def group(self) -> str:
        """The rows that the run shares with others."""
        return self.source.title

    @property
    def gpus(self) -> int:
        """1 where a GPU is asked for by name."""
        return int(self.options.device_config.device.startswith(("cuda", "gpu")))

    def make_spec(self) -> RunSpec:
        """Return the spec.

        Raises:
            InputError: for a baseline or a file that is not here.
        """
        try:
            return RunSpec.from_json(dict(self.spec), self.file)
        except (KeyError, TypeError) as error:
            raise InputError(f"{self.title}: the spec is of another version: {error}.") from None


def do_run(job: RunJob, progress: Callable[[RunReport], None]) -> Result:
    """Run a job, from its last checkpoint if its options allow to resume; the function that engines apply.

    Raises:
        InputError: as `mathbench.baselines.run.run`.
    """
    reporter = _Reporter(progress, int(job.spec["recipe"].get("steps", 0)))
    options = replace(job.options, trackers=(*job.options.trackers, reporter))
    return run(job.make_spec(), open_rows_of(job.source), options)


class _Reporter(StepTracker):
    """A tracker that reports how far a run is.

    Args:
        progress: receives the reports.
        steps: the largest number of steps.
    """

    def __init__(self, progress: Callable[[RunReport], None], steps: int):
        self._progress, self._steps = progress, steps
        self._validation: float | None = None
        self._last = 0.0

    def start(self, config: Mapping[str, Any]) -> None:
        """Report that the run has started."""
        self._progress(RunReport(0, self._steps))

    def on_step(self, step: int) -> None:
        """Report a step, twice a second at most."""
        now = time.monotonic()
        if now - self._last >= PAUSE:
            self._last = now
            self._progress(RunReport(step, self._steps, self._validation))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Report a validation."""
        self._validation = values["validation"]
        self._progress(RunReport(step, self._steps, self._validation, validated=True))

    def finish(self, summary: Mapping[str, float]) -> None:
        """See `mathbench.baselines.training.tracking.Tracker`."""
