"""How long a study takes: what finished runs took, and short probes of cells that have none.

A probe trains a cell for a few CPU seconds and counts its steps. Cells of one learner share it where nothing that takes
time differs: the family of their tasks, the lengths of numbers, the rows, and the settings.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from statistics import fmean

from mathbench.baselines.jobs.run_all import LOCAL, RunOutcome, open_pool
from mathbench.baselines.jobs.run_job import RunJob, RunReport
from mathbench.baselines.result import Result
from mathbench.engine import Engine
from mathbench.studies.plan import Cell, StudyPlan
from mathbench.studies.results import CellResults, read_cells
from mathbench.studies.run_study import open_folder

PROBES = "probes"  # folder inside that of a study
SECONDS = 2.0
# where an estimate comes from
FINISHED = "finished runs"
PROBE = "probe"
SAME_LEARNER = "other tasks"
OTHER_LEARNERS = "other learners"


@dataclass(frozen=True)
class Estimate:
    """What the missing runs of a cell are expected to cost.

    Args:
        cell: the cell.
        runs: number of runs that are missing.
        seconds: CPU seconds of one run: the mean of the finished ones, or those of a run to its last step.
        source: `FINISHED`, `PROBE`, the task on which the same learner was probed at the same cost or, where the number
            of probes is limited, `SAME_LEARNER` or `OTHER_LEARNERS`, whose mean it is.
        error: why the probe failed; empty if it did not.
    """

    cell: Cell
    runs: int
    seconds: float
    source: str
    error: str = ""

    @property
    def total(self) -> float:
        """CPU seconds of all runs that are missing."""
        return self.runs * self.seconds


def estimate(
    plan: StudyPlan,
    engine: Engine = LOCAL,
    seconds: float = SECONDS,
    most: int | None = None,
    progress: Callable[[RunJob, RunReport], None] = lambda job, report: None,
    announce: Callable[[Sequence[RunJob]], None] = lambda jobs: None,
    done: Callable[[RunOutcome], None] = lambda outcome: None,
) -> list[Estimate]:
    """Return what the missing runs of each cell are expected to cost, in the order of the study.

    Most trainings that are probed end earlier than their last step: at their target, or given up.

    Args:
        plan: of the study.
        engine: who does the probes.
        seconds: CPU seconds of training of each probe.
        most: number of probes at most, the first of every learner before the second of any; None for all.
        progress: called with a probe and how far it is.
        announce: called with the probes before they start.
        done: called with every probe that has ended.
    """
    missing = missing_cells(plan)
    probed = _cells_to_probe(plan, missing, most)
    jobs = {key: _probe(plan, cell, seconds) for key, cell in probed.items()}
    outcomes = {}
    with open_folder(plan), open_pool(engine, progress) as pool:
        announce(list(jobs.values()))
        for outcome in pool.outcomes(list(jobs.values())):
            outcomes[outcome.job.title] = outcome
            done(outcome)
    found: dict[str, Estimate] = {}
    for one in missing:
        if one.runs:
            found[one.cell.name] = _from_runs(one)
        elif (key := _cost_key(plan, one.cell)) in jobs:
            found[one.cell.name] = _from_probe(one, probed[key], outcomes[jobs[key].title])
    known = [one for one in found.values() if not one.error]
    return [found.get(one.cell.name) or _from_others(one, known) for one in missing]


def missing_cells(plan: StudyPlan) -> list[CellResults]:
    """Return the cells that have missing runs."""
    return [one for one in read_cells(plan) if one.missing]


def cpu_seconds(result: Result) -> float:
    """Return the CPU seconds of a whole run, from one that was ended early."""
    timings = result.timings
    steps, taken = int(result.recipe.get("steps", 0)), int(timings["steps"])
    whole = timings["fit_cpu_s"] * (steps / taken if taken else 1.0)
    return float(whole + timings.get("predict_s", 0.0))


def _cells_to_probe(plan: StudyPlan, missing: Sequence[CellResults], most: int | None) -> dict[str, Cell]:
    """Return the first cell without a finished run of each cost, by `_cost_key`."""
    found: dict[str, Cell] = {}
    for one in missing:
        if not one.runs:
            found.setdefault(_cost_key(plan, one.cell), one.cell)
    of_learner: Counter[str] = Counter()
    turn = {}
    for key, cell in found.items():
        turn[key] = of_learner[cell.learner.name]
        of_learner[cell.learner.name] += 1
    chosen = set(sorted(found, key=turn.__getitem__)[:most])
    return {key: cell for key, cell in found.items() if key in chosen}


def _cost_key(plan: StudyPlan, cell: Cell) -> str:
    """Return what decides how long a run takes, as text. Settings that name parameters of a task cost the same."""
    task, learner = cell.task.task, cell.learner
    # of a task without known lengths, no other is known to cost the same
    numbers = [task.family, task.number_base, task.longest()] if task.longest() else [cell.task.name]
    network = [learner.name, learner.baseline, learner.recipe, learner.framework, learner.format]
    return json.dumps(
        [network, learner.unfilled_settings_on(cell.task), numbers, plan.rows(cell).sizes], sort_keys=True
    )


def _from_runs(cell: CellResults) -> Estimate:
    """Return the estimate for a cell with finished runs: what they took."""
    taken = [
        result.timings["fit_cpu_s"] + result.timings.get("predict_s", 0.0) for result in cell.runs.values()
    ]
    return Estimate(cell.cell, cell.missing, fmean(taken), FINISHED)


def _from_probe(cell: CellResults, probed: Cell, outcome: RunOutcome) -> Estimate:
    """Return the estimate for a cell without finished runs, from the probe of a cell that costs as much."""
    source = PROBE if probed == cell.cell else probed.task.name
    if outcome.value is None:
        return Estimate(cell.cell, cell.missing, 0.0, source, str(outcome.error))
    return Estimate(cell.cell, cell.missing, cpu_seconds(outcome.value), source)


def _from_others(cell: CellResults, known: Sequence[Estimate]) -> Estimate:
    """Return the estimate for a cell that is not probed: the mean of those of its learner, or of all."""
    own = [one.seconds for one in known if one.cell.learner.name == cell.cell.learner.name]
    seconds = own or [one.seconds for one in known]
    source = SAME_LEARNER if own else OTHER_LEARNERS
    return Estimate(cell.cell, cell.missing, fmean(seconds) if seconds else 0.0, source)


def _probe(plan: StudyPlan, cell: Cell, seconds: float) -> RunJob:
    """Return a short run of a cell. Its folder depends on everything that decides how long it takes."""
    job = plan.job(cell, plan.seeds_of(cell.learner)[0], cpu_budget=seconds, long=())
    known = json.dumps([job.spec, repr(job.source), seconds], sort_keys=True)
    out = (
        plan.out / PROBES / f"{cell.task.name}-{cell.learner.name}-{sha256(known.encode()).hexdigest()[:12]}"
    )
    return replace(job, options=replace(job.options, out=out))
