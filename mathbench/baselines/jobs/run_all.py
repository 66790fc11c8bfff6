"""Doing many runs on an engine: finished ones are read, unfinished ones go on, and no failure stops the others."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mathbench.baselines import run_directory
from mathbench.baselines.jobs.run_job import RunJob, RunReport, do_run
from mathbench.baselines.jobs.source import GeneratedRows, rows_in_memory
from mathbench.baselines.result import Result
from mathbench.baselines.run import run_identity, task_record
from mathbench.engine import Engine, Outcome, Pool
from mathbench.engine.local import Local
from mathbench.errors import InputError

RunOutcome = Outcome[RunJob, Result]
LOCAL = Local()


def run_all(
    jobs: Sequence[RunJob],
    engine: Engine = LOCAL,
    progress: Callable[[RunJob, RunReport], None] = lambda job, report: None,
) -> Iterator[RunOutcome]:
    """Do many runs, and yield the outcome of each as it finishes: first those that are finished already.

    The bits of a run do not depend on the engine or on the other runs. Interrupt the iteration, for example by Ctrl-C,
    and runs in progress finish their step and write a checkpoint.

    Args:
        jobs: the runs; their directories must differ. Runs on the same rows should follow each other.
        engine: who does them, see `mathbench.engine.make_engine`.
        progress: called with a run and how far it is.

    Yields:
        The result of each run, or the error that ended it: `InputError`, what a guest raised, or `WorkerLost`.

    Raises:
        InputError: before anything is run: for two runs in one directory, for a directory with another run, and for
            an unfinished run that may neither be resumed nor discarded.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from mathbench.baselines.jobs.source import GeneratedRows
    >>> from mathbench.baselines.run import RunOptions
    >>> from mathbench.baselines.spec import RunSpec
    >>> from mathbench.baselines.table import baseline
    >>> from mathbench.families import task
    >>> rows = GeneratedRows.of(task("gcd"), dict.fromkeys(("train", "validation", "interpolate", "extrapolate"), 50))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     specs = [RunSpec(baseline(name), "none", "", 0) for name in ("constant", "exact-solver")]
    ...     jobs = [RunJob.of(spec, rows, RunOptions(Path(folder) / spec.baseline.name)) for spec in specs]
    ...     for outcome in run_all(jobs):
    ...         print(outcome.job.spec["baseline"], outcome.value.scores["interpolate"]["correct"] > 40)
    constant False
    exact-solver True
    """
    with open_pool(engine, progress) as pool:
        yield from pool.outcomes(jobs)


@dataclass(frozen=True)
class RunPool:
    """Workers that do runs.

    Args:
        pool: the workers of an engine.
    """

    pool: Pool[RunJob, Result]

    def outcomes(self, jobs: Sequence[RunJob]) -> Iterator[RunOutcome]:
        """Yield the outcome of each run, as `run_all`."""
        finished = check_runs(jobs)
        for job in finished:
            yield Outcome(job, Result.load(job.out))
        clear_runs(jobs)
        done = {job.title for job in finished}
        yield from self.pool.outcomes([_resumable(job) for job in jobs if job.title not in done])


@contextmanager
def open_pool(
    engine: Engine, progress: Callable[[RunJob, RunReport], None] = lambda job, report: None
) -> Iterator[RunPool]:
    """Open workers that stay for several sequences of runs."""
    with engine.pool(do_run, progress) as pool:
        yield RunPool(pool)


def check_runs(jobs: Sequence[RunJob]) -> list[RunJob]:
    """Check that the runs can be done in their directories; return those that are finished. Nothing is changed.

    Raises:
        InputError: as `run_all`.
    """
    for what, names in (
        ("run directory", [str(job.out) for job in jobs]),
        ("name", [job.title for job in jobs]),
    ):
        name, count = Counter(names).most_common(1)[0] if names else ("", 0)
        if count > 1:
            raise InputError(f"every run needs a {what} of its own. Received: {name} {count} times.")
    return [job for job in jobs if _is_finished(job)]


def discard_other_runs(jobs: Sequence[RunJob]) -> list[RunJob]:
    """Delete the runs of other specs in the directories of some runs; return the jobs of these directories.

    Raises:
        InputError: before anything is deleted, for a directory with foreign files, and for one that another process
            writes into.
    """
    others = [job for job in jobs if _holds_other_run(job)]
    for job in others:
        run_directory.clear_run(job.out)
    return others


def _holds_other_run(job: RunJob) -> bool:
    try:
        _is_finished(job)
    except run_directory.OtherRun:
        return True
    return False


def clear_runs(jobs: Sequence[RunJob]) -> None:
    """Delete the runs that are to be discarded, so that none of them counts as finished after an interruption."""
    for job in jobs:
        if job.options.force and job.out.is_dir():
            run_directory.clear_run(job.out)


def _resumable(job: RunJob) -> RunJob:
    """Return a job that another worker can continue."""
    return replace(job, options=replace(job.options, resume=True, force=False))


def _is_finished(job: RunJob) -> bool:
    """Check the directory of a run; return whether it holds the finished run.

    Of rows that are not in memory, the digest is not known here. Where the task, its version, its parameters, seed and
    sizes are the same, so are the rows. A finished run on a dataset is read by a worker, which knows its rows.
    """
    options = job.options
    if not (job.out / run_directory.SPEC_FILE).is_file():
        return run_directory.is_finished(job.out, {}, options.resume, options.force)
    known = _known_identity(job)
    finished = run_directory.is_finished(job.out, known, options.resume, options.force)
    return finished and (isinstance(job.source, GeneratedRows) or rows_in_memory(job.source) is not None)


def _known_identity(job: RunJob) -> dict[str, Any]:
    """Return what identifies a run; what is not known here is as its directory has it."""
    data = rows_in_memory(job.source)
    if data is not None:
        return run_identity(job.make_spec(), data)
    stored = run_directory.read_spec(job.out)
    if not isinstance(job.source, GeneratedRows):
        return {**job.spec, "task": stored.get("task"), "data": stored.get("data")}
    rows = {"seed": job.source.seed, "sizes": dict(job.source.sizes)}
    digest = stored.get("data", {}).get("digest")
    return {**job.spec, "task": task_record(job.source.task), "data": {**rows, "digest": digest}}
