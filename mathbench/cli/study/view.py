"""The live view of a study, and the list of its cells."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mathbench.cli.grid_view import GridView
from mathbench.cli.output import out, print_json, print_message, table
from mathbench.cli.resume import print_resumed

if TYPE_CHECKING:
    from mathbench.baselines.jobs.run_all import RunOutcome
    from mathbench.baselines.jobs.run_job import RunJob, RunReport
    from mathbench.studies.plan import StudyPlan


class StudyView:
    """Shows the progress of a study. A context manager.

    Args:
        plan: what is run.
    """

    def __init__(self, plan: "StudyPlan"):
        self._plan = plan
        self._grid = GridView(None)

    def __enter__(self) -> "StudyView":
        self._grid.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._grid.__exit__(*details)

    def announce(self, jobs: Sequence["RunJob"]) -> None:
        """Say how many runs follow, and which of them go on."""
        if jobs:
            print_message(f"{len(jobs):,} runs")
            print_resumed(jobs)

    def report(self, job: "RunJob", report: "RunReport") -> None:
        """Show how far a run is."""
        self._grid.report(job, report)

    def done(self, outcome: "RunOutcome") -> None:
        """Show that a run has ended."""
        self._grid.done(outcome)


def print_cells(plan: "StudyPlan", json: bool) -> None:
    """Print every cell with the number of its runs."""
    cells = [(cell, len(plan.seeds_of(cell.learner))) for cell in plan.cells()]
    plan.jobs()
    if json:
        print_json(
            [{"task": cell.task.name, "learner": cell.learner.name, "runs": runs} for cell, runs in cells]
        )
        return
    shown = table("task", "learner", "supervision", "wave", "runs", right=("wave", "runs"))
    for cell, runs in cells:
        shown.add_row(
            cell.task.name, cell.learner.name, cell.learner.supervision, str(cell.learner.wave), str(runs)
        )
    out.print(shown)
    print_message(f"{sum(runs for _, runs in cells):,} runs of {len(cells):,} cells")
