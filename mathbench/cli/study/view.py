"""The live view of a study: a line per task above the bars of the runs in progress, or plain lines in a log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mathbench.cli.grid_view import GridView
from mathbench.cli.output import print_message, table
from mathbench.cli.resume import print_resumed
from mathbench.cli.study.cells import print_fewer_rows
from mathbench.scores.error_scale import percent

if TYPE_CHECKING:
    from rich.table import Table

    from mathbench.baselines.jobs.run_all import RunOutcome
    from mathbench.baselines.jobs.run_job import RunJob, RunReport
    from mathbench.studies.plan import StudyPlan

SPLITS = ("interpolate", "extrapolate")


@dataclass
class TaskProgress:
    """How far the runs of a task are.

    Attributes:
        runs: number of runs, as far as they are known.
        finished, failed: of them.
        cpu_seconds: of the finished trainings.
        best: the largest exact match on validation so far.
        learner: whose that is.
        scores: exact match of that run on the test splits.
    """

    runs: int = 0
    finished: int = 0
    failed: int = 0
    cpu_seconds: float = 0.0
    best: float = -1.0
    learner: str = ""
    scores: tuple[float, ...] = ()

    def add(self, outcome: "RunOutcome") -> None:
        """Count a run that has ended."""
        result = outcome.value
        if result is None:
            self.failed += 1
            return
        self.finished += 1
        self.cpu_seconds += result.timings["fit_cpu_s"]
        validation = result.scores.get("validation", {}).get("exact_match", -1.0)
        if validation > self.best:
            self.best, self.learner = validation, outcome.job.labels["learner"]
            self.scores = tuple(
                result.scores[split]["exact_match"] for split in SPLITS if split in result.scores
            )


class StudyView:
    """Shows the progress of a study. A context manager.

    Args:
        plan: what is run.
    """

    def __init__(self, plan: "StudyPlan"):
        self._plan, self._announced = plan, False
        self._tasks = {task.name: TaskProgress() for task in plan.study.tasks}
        self._grid = GridView(0, above=self._table, failures=True)

    def __enter__(self) -> "StudyView":
        self._grid.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._grid.__exit__(*details)

    def announce(self, jobs: Sequence["RunJob"]) -> None:
        """Count runs that follow, and say which of them go on; before the first, which splits have fewer rows."""
        if not self._announced:
            print_fewer_rows(self._plan)
        self._announced = True
        for job in jobs:
            self._tasks[job.labels["task"]].runs += 1
        self._grid.add(len(jobs))
        if jobs:
            print_message(f"{len(jobs):,} runs")
            print_resumed(jobs)

    def report(self, job: "RunJob", report: "RunReport") -> None:
        """Show how far a run is."""
        self._grid.report(job, report)

    def done(self, outcome: "RunOutcome") -> None:
        """Show that a run has ended."""
        self._tasks[outcome.job.labels["task"]].add(outcome)
        self._grid.done(outcome)

    def _table(self) -> "Table":
        numbers = ("runs", "failed", "CPU s", "validation", *SPLITS)
        shown = table("task", *numbers, "best learner so far", right=numbers)
        for name, one in self._tasks.items():
            if one.runs:
                scores = [percent(share) for share in (one.best, *one.scores) if share >= 0]
                scores += [""] * (1 + len(SPLITS) - len(scores))
                failed = str(one.failed or "")
                counts = (f"{one.finished}/{one.runs}", failed, f"{one.cpu_seconds:,.0f}")
                shown.add_row(name, *counts, *scores, one.learner)
        return shown
