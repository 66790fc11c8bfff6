"""The trials of a sweep as runs on an engine: what they share, and what happens to each as it ends."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mathbench.cli.grid_view import GridView
from mathbench.cli.output import print_message
from mathbench.cli.request import DataOptions, EngineOptions, RunRequest
from mathbench.cli.resume import print_resumed
from mathbench.cli.running import finish_run
from mathbench.cli.sweep_spec import SweepSpec
from mathbench.errors import InputError, MathbenchError

if TYPE_CHECKING:
    from mathbench.baselines.jobs.run_all import RunOutcome, RunPool
    from mathbench.baselines.jobs.run_job import RunJob
    from mathbench.baselines.jobs.source import RowSource
    from mathbench.baselines.result import Result
    from mathbench.baselines.run import RunOptions
    from mathbench.baselines.sweeps.grid import Trial
    from mathbench.dataset.data import Data
    from mathbench.engine import Engine


@dataclass(frozen=True)
class TrialJobs:
    """Makes the job of each trial.

    Args:
        sweep: what the trials have in common.
        source: the rows of all trials.
        options: of a run, with the folder of the sweep.
    """

    sweep: SweepSpec
    source: "RowSource"
    options: "RunOptions"

    def make(self, trial: "Trial", **changes: Any) -> "RunJob":
        """Return the job of a trial, with changed options."""
        from mathbench.baselines.jobs.run_job import RunJob

        options = replace(self.options, out=self.options.out / trial.name, **changes)
        return RunJob.of(self.sweep.make_spec(trial), self.source, options, trial.name)


@dataclass
class Trials:
    """Runs trials, and finishes each in the order in which it was given: plots it, and submits it.

    Args:
        request: how each run is finished.
        data: the rows of all trials.
        pool: the workers.
        view: shows the progress.
    """

    request: RunRequest
    data: "Data"
    pool: "RunPool"
    view: GridView
    results: dict[str, "Result"] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)

    def run(self, jobs: Sequence["RunJob"]) -> None:
        """Run jobs, and keep results and errors by the name of the trial."""
        print_resumed(jobs)
        waiting = list(jobs)
        try:
            for outcome in self.pool.outcomes(jobs):
                self._keep(outcome)
                while waiting and self._ended(waiting[0]):
                    self._finish(waiting.pop(0))
        except KeyboardInterrupt:
            print_message("stopping: each run in progress finishes its step and writes a checkpoint")
            raise

    def _keep(self, outcome: "RunOutcome") -> None:
        self.view.done(outcome)
        if outcome.value is not None:
            self.results[outcome.job.title] = outcome.value
        elif outcome.error is not None:
            self.errors[outcome.job.title] = outcome.error

    def _ended(self, job: "RunJob") -> bool:
        return job.title in self.results or job.title in self.errors

    def _finish(self, job: "RunJob") -> None:
        if job.title in self.results:
            finish_run(self.request, self.data, job.out, plots=False)


def row_source(options: DataOptions, data: "Data") -> "RowSource":
    """Return where the rows of a request come from. This process has them already, and keeps them."""
    from mathbench.baselines.jobs.source import GeneratedRows, StoredRows, keep_rows

    source: RowSource
    if options.folder is not None:
        source = StoredRows(options.folder, options.config)
    else:
        sizes = {split: table.num_rows for split, table in data.splits.items()}
        source = GeneratedRows(data.task, tuple(sizes.items()), data.seed)
    keep_rows(source, data)
    return source


def open_engine(request: RunRequest) -> "Engine":
    """Return the requested engine.

    Raises:
        InputError: for workers that do not go with other options.
    """
    from mathbench.engine import make_engine

    options = request.engine
    if options.parallel and request.sweep.prune:
        raise InputError(
            "--prune compares each trial with those before it while it runs, in one process: leave out --workers "
            "and --engine."
        )
    engine = make_engine(options.name, options.workers, options.address)
    _note_shared_gpus(request.device, options)
    return engine


def _note_shared_gpus(device: str, options: EngineOptions) -> None:
    """Say that several workers share a GPU."""
    from mathbench.engine.gpus import visible_gpus

    gpus, workers = len(visible_gpus()), options.workers or 1
    if device.startswith("cuda") and options.name == "local" and 0 < gpus < workers:
        print_message(f"{workers} workers share {gpus} GPU{'s' if gpus > 1 else ''}, in turn")


def failure_of(errors: dict[str, Exception], total: int) -> MathbenchError | None:
    """Return the error that ends a sweep of which some runs failed; None if none did.

    Runs that failed for the same reason are named together. If there are several reasons, each is printed.
    """
    if not errors:
        return None
    reasons: dict[str, list[str]] = {}
    for name, error in errors.items():
        reasons.setdefault(describe_error(error), []).append(name)
    if len(errors) == total and len(reasons) == 1:
        return InputError(next(iter(reasons)))
    lines = [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]
    head = f"{len(errors):,} of {total:,} runs failed"
    if len(lines) == 1:
        return InputError(f"{head}: {lines[0]}")
    for line in lines:
        print_message(line, "failed: ", "bold red")
    return InputError(f"{head}. The others are finished; --resume runs these again.")


def describe_error(error: Exception) -> str:
    """Return an error as one line; of one that nobody expected, also where it was raised."""
    if isinstance(error, MathbenchError):
        return str(error)
    words = f"{type(error).__name__}: {error}".strip().rstrip(":")
    return words + (f" ({place})" if (place := _place(error)) else "")


def _place(error: Exception) -> str:
    """Return file and line of the last frame of the traceback in an error's notes."""
    import re

    frames = re.findall(r'File "([^"]+)", line (\d+)', "\n".join(getattr(error, "__notes__", [])))
    return ":".join(frames[-1]) if frames else ""


def in_order(trials: Sequence["Trial"], results: dict[str, "Result"]) -> Iterator[tuple["Trial", "Result"]]:
    """Yield the trials that have results, with them."""
    return ((trial, results[trial.name]) for trial in trials if trial.name in results)
