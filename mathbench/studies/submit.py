"""Putting the runs of a study on a board, each learner as a model of its own name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mathbench.leaderboard.submission_record import Receipt
from mathbench.leaderboard.submit import submit_run
from mathbench.studies.plan import StudyPlan
from mathbench.studies.results import CellResults, read_cells
from mathbench.studies.search import best_variant, tried_variants

SEARCHED = "-searched"  # behind the name of a learner whose settings or rows a search found


@dataclass(frozen=True)
class Entry:
    """A run to be submitted.

    Args:
        run: its directory.
        model: the name of the model on the board.
    """

    run: Path
    model: str


def entries(plan: StudyPlan) -> list[Entry]:
    """Return the finished runs of networks; of a search, those of the variant that was trained with all seeds.

    Shortcuts are left out: a board computes them itself.
    """
    return [
        entry
        for results in read_cells(plan)
        if results.cell.learner.trained
        for entry in _of_cell(plan, results)
    ]


def _of_cell(plan: StudyPlan, results: CellResults) -> Iterator[Entry]:
    name = results.cell.learner.name
    for folder in results.folders.values():
        yield Entry(folder, name)
    best = best_variant(results, tried_variants(plan, results)) if results.runs else None
    if best is not None and best.complete:
        for folder in best.folders.values():
            yield Entry(folder, name + SEARCHED)


def submit_entry(entry: Entry, board: str | Path | None = None, token_file: Path | None = None) -> Receipt:
    """Submit a run under the name of its learner; see `mathbench.leaderboard.submit.submit_run`."""
    return submit_run(entry.run, board, token_file, entry.model)
