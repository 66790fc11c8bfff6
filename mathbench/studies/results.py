"""The results of a study, read from the folders of its runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mathbench.baselines.result import RESULT_FILE, Result
from mathbench.studies.plan import Cell, StudyPlan


@dataclass(frozen=True)
class CellResults:
    """The finished runs of a cell.

    Args:
        cell: the cell.
        runs: results by training seed, as far as they are finished.
        folders: the run directories by training seed.
        seeds: all training seeds that the study wants.
    """

    cell: Cell
    runs: dict[int, Result]
    folders: dict[int, Path]
    seeds: tuple[int, ...]

    @property
    def complete(self) -> bool:
        """Whether every run is finished."""
        return len(self.runs) == len(self.seeds)

    @property
    def missing(self) -> int:
        """The number of runs that are not finished."""
        return len(self.seeds) - len(self.runs)

    @property
    def validation(self) -> float:
        """The mean exact match on validation."""
        return self.mean("validation")

    def mean(self, split: str) -> float:
        """Return the mean exact match on a split."""
        shares = self.shares(split)
        return sum(shares) / len(shares) if shares else float("nan")

    def shares(self, split: str) -> list[float]:
        """Return the exact match of each run on a split, or at a number of digits such as ``100``, as far as known."""
        found = []
        for result in self.runs.values():
            score = result.scores.get(split) or result.long.get(split)
            if score:
                found.append(float(score["exact_match"]))
        return found


def read_cell(plan: StudyPlan, cell: Cell) -> CellResults:
    """Read the finished runs of a cell."""
    seeds = plan.seeds_of(cell.learner)
    folders = {seed: cell.folder(plan.out) / f"seed{seed}" for seed in seeds}
    done = {seed: folder for seed, folder in folders.items() if (folder / RESULT_FILE).is_file()}
    return CellResults(cell, {seed: Result.load(folder) for seed, folder in done.items()}, done, seeds)


def read_cells(plan: StudyPlan) -> Iterator[CellResults]:
    """Read all cells of a study, without those of searches."""
    return (read_cell(plan, cell) for cell in plan.cells())
