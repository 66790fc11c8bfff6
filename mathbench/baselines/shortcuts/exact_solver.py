"""The ceiling: the task's own solver, which reads the question text and shares nothing with the generator."""

from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from mathbench.task import Task


@dataclass(frozen=True)
class ExactSolver:
    """Answers every question right; below 1 it would show a fault in the data."""

    task: Task

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Every task whose questions say what is asked."""
        return task.part_of_stratum("") is task

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """There is nothing to learn."""
        return cls(task)

    def predict(self, questions: list[str]) -> list[str]:
        """Solve."""
        return [self.task.oracle(question) for question in questions]

    def state(self) -> dict[str, Any]:
        """Nothing."""
        return {}
