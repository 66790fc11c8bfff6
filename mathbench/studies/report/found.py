"""What a study found in its cells: finished runs, or those of a search where they are better."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from mathbench.errors import InputError
from mathbench.scores.error_scale import percent
from mathbench.scores.statistics import seed_statistics
from mathbench.studies.plan import StudyPlan
from mathbench.studies.results import CellResults, read_cells
from mathbench.studies.search import best_variant, tried_variants

SPLITS = ("interpolate", "extrapolate")


@dataclass(frozen=True)
class Found:
    """The results of one learner on one task.

    Args:
        results: the runs that count: of the learner as the study has it, or of the best variant of its search.
        tried: the exact match on validation of every variant that was tried, by the variant.
    """

    results: CellResults
    tried: dict[str, float]

    @property
    def task(self) -> str:
        """The name of the task."""
        return self.results.cell.task.name

    @property
    def learner(self) -> str:
        """The name of the learner."""
        return self.results.cell.learner.name

    @property
    def supervision(self) -> str:
        """What the training gave away."""
        return self.results.cell.learner.supervision

    @property
    def variant(self) -> str:
        """The settings that the search found; empty for those of the study."""
        return self.results.cell.variant

    @property
    def weights(self) -> int:
        """Trained weights."""
        return next(iter(self.results.runs.values())).parameters

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of the training, the median of the runs."""
        return median(result.timings["fit_cpu_s"] for result in self.results.runs.values())

    def text(self, split: str) -> str:
        """Return the exact match on a split or at a number of digits in percent, see `percents`."""
        return percents(self.results.shares(split))


@dataclass(frozen=True)
class StudyResults:
    """All that is finished of a study.

    Args:
        plan: of the study.
        found: its cells with finished runs, in the order of the study.
        missing: the names of cells without finished runs.
    """

    plan: StudyPlan
    found: tuple[Found, ...]
    missing: tuple[str, ...]

    @property
    def tasks(self) -> list[str]:
        """The tasks with results, in the order of the study."""
        known = {one.task for one in self.found}
        return [task.name for task in self.plan.study.tasks if task.name in known]

    @property
    def groups(self) -> dict[str, list[str]]:
        """The tasks with results by their group."""
        groups: dict[str, list[str]] = {}
        for name in self.tasks:
            groups.setdefault(self.plan.study.task(name).group or "tasks", []).append(name)
        return groups

    @property
    def supervisions(self) -> list[str]:
        """The supervisions with results; results of different ones never stand in one table."""
        return list(dict.fromkeys(one.supervision for one in self.found if one.supervision))

    def of_task(self, task: str) -> list[Found]:
        """Return the results on a task."""
        return [one for one in self.found if one.task == task]

    def floor(self, task: str, split: str) -> tuple[str, float] | None:
        """Return name and exact match of the best shortcut on a split of a task."""
        for one in self.of_task(task):
            for result in one.results.runs.values():
                shares = {
                    name: scores[split]["exact_match"]
                    for name, scores in result.floors.items()
                    if split in scores
                }
                return max(shares.items(), key=lambda pair: pair[1], default=None)
        return None


def read_results(plan: StudyPlan) -> StudyResults:
    """Read what is finished of a study.

    Raises:
        InputError: when nothing is.
    """
    cells = list(read_cells(plan))
    found = tuple(_found(plan, results) for results in cells if results.runs)
    if not found:
        raise InputError(f"no run in {plan.out} is finished.")
    return StudyResults(plan, found, tuple(results.cell.name for results in cells if not results.runs))


def _found(plan: StudyPlan, results: CellResults) -> Found:
    """Return the results that count of a cell: those of its best variant where all seeds of it are finished."""
    tried = tried_variants(plan, results)
    best = best_variant(results, tried)
    better = best is not None and best.complete and best.validation > results.validation
    shares = {one.cell.variant: one.validation for one in tried}
    return Found(best if best is not None and better else results, shares)


def percents(shares: Sequence[float]) -> str:
    """Return shares in percent: their mean, and the least and the largest where they differ from it.

    >>> percents([1.0, 1.0]), percents([0.5, 0.75]), percents([])
    ('100', '62.5 (50.0-75.0)', '')
    """
    if not shares:
        return ""
    spread = seed_statistics(shares)
    mean, low, high = percent(spread.mean), percent(spread.low), percent(spread.high)
    return mean if low == high else f"{mean} ({low}-{high})"


def lengths_of(found: Sequence[Found]) -> Iterator[int]:
    """Yield the numbers of digits at which any of the runs were scored besides the splits, in ascending order."""
    known = {int(digits) for one in found for result in one.results.runs.values() for digits in result.long}
    yield from sorted(known)
