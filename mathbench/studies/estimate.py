"""How long a study takes, from short probes: every cell is trained for a few CPU seconds, and its steps are counted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from mathbench.baselines.jobs.run_all import LOCAL, open_pool
from mathbench.baselines.jobs.run_job import RunJob, RunReport
from mathbench.baselines.result import Result
from mathbench.engine import Engine
from mathbench.studies.plan import Cell, StudyPlan
from mathbench.studies.results import read_cell
from mathbench.studies.run_study import open_folder

PROBES = "probes"  # folder inside that of a study
SECONDS = 2.0


@dataclass(frozen=True)
class Estimate:
    """What the runs of a cell are expected to cost. Most end earlier: at their target, or given up.

    Args:
        cell: the cell.
        runs: number of runs that are missing.
        seconds: CPU seconds of one run, to its last step and with the answers to the test splits.
        error: why the probe failed; empty if it did not.
    """

    cell: Cell
    runs: int
    seconds: float
    error: str = ""

    @property
    def total(self) -> float:
        """CPU seconds of all runs that are missing."""
        return self.runs * self.seconds


def estimate(
    plan: StudyPlan,
    engine: Engine = LOCAL,
    seconds: float = SECONDS,
    progress: Callable[[RunJob, RunReport], None] = lambda job, report: None,
) -> Iterator[Estimate]:
    """Probe the cells that have missing runs, and yield what each is expected to cost.

    Args:
        plan: of the study.
        engine: who does the probes.
        seconds: CPU seconds of training of each probe.
        progress: called with a probe and how far it is.
    """
    jobs: dict[str, tuple[Cell, int, RunJob]] = {}
    for cell, missing in missing_cells(plan):
        job = _probe(plan, cell, seconds)
        jobs[job.title] = cell, missing, job
    with open_folder(plan), open_pool(engine, progress) as pool:
        for outcome in pool.outcomes([job for _, _, job in jobs.values()]):
            cell, missing, _ = jobs[outcome.job.title]
            if outcome.value is None:
                yield Estimate(cell, missing, 0.0, str(outcome.error))
            else:
                yield Estimate(cell, missing, cpu_seconds(outcome.value))


def missing_cells(plan: StudyPlan) -> list[tuple[Cell, int]]:
    """Return the cells that have missing runs, with the number of these."""
    counted = [
        (cell, len(plan.seeds_of(cell.learner)) - len(read_cell(plan, cell).runs)) for cell in plan.cells()
    ]
    return [(cell, missing) for cell, missing in counted if missing]


def cpu_seconds(result: Result) -> float:
    """Return the CPU seconds of a whole run, from one that was ended early."""
    timings = result.timings
    steps, taken = int(result.recipe.get("steps", 0)), int(timings["steps"])
    whole = timings["fit_cpu_s"] * (steps / taken if taken else 1.0)
    return float(whole + timings.get("predict_s", 0.0))


def _probe(plan: StudyPlan, cell: Cell, seconds: float) -> RunJob:
    """Return a short run of a cell. Its folder depends on everything that decides how long it takes."""
    job = plan.job(cell, plan.seeds_of(cell.learner)[0], cpu_budget=seconds, long=())
    known = json.dumps([job.spec, repr(job.source), seconds], sort_keys=True)
    out = (
        plan.out / PROBES / f"{cell.task.name}-{cell.learner.name}-{sha256(known.encode()).hexdigest()[:12]}"
    )
    return replace(job, options=replace(job.options, out=out))
