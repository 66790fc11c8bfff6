"""Splits that have fewer rows than a study asks for, because the task has no more problems."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mathbench.studies.plan import StudyPlan


@dataclass(frozen=True)
class FewerRows:
    """A split of a task that has fewer rows than its learners ask for.

    Args:
        task: the name of the task.
        split: the split.
        rows: the rows that it has.
        asked: the larger numbers of rows that are asked for, in ascending order.
    """

    task: str
    split: str
    rows: int
    asked: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "asked": list(self.asked)}

    def __str__(self) -> str:
        asked = " or ".join(f"{rows:,}" for rows in self.asked)
        return f"{self.split} has {self.rows:,} row{'s' * (self.rows != 1)}, not {asked}"


def fewer_rows(plan: StudyPlan) -> list[FewerRows]:
    """Return the splits that have fewer rows than the chosen cells or their searches ask for."""
    found: dict[tuple[str, str, int], set[int]] = {}
    for cell in plan.cells():
        for one in (cell, *plan.variants(cell)):
            has = dict(plan.rows(one).sizes)
            for split, asked in one.asked_rows.items():
                if asked > has.get(split, 0):
                    found.setdefault((cell.task.name, split, has.get(split, 0)), set()).add(asked)
    return [FewerRows(*key, tuple(sorted(asked))) for key, asked in found.items()]


def lines(found: Sequence[FewerRows]) -> list[str]:
    """Return a line for each task.

    >>> lines([FewerRows("threes", "train", 240, (1000,)), FewerRows("threes", "validation", 30, (50, 60))])
    ['threes: train has 240 rows, not 1,000; validation has 30 rows, not 50 or 60']
    """
    by_task: dict[str, list[str]] = {}
    for one in found:
        by_task.setdefault(one.task, []).append(str(one))
    return [f"{task}: {'; '.join(words)}" for task, words in by_task.items()]
