"""The ceiling: the task's exact solver, which reads the question text and is independent of the generator."""

from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from mathbench.task import Task


@dataclass(frozen=True)
class ExactSolver:
    """Answers every question correctly. A score below 1 indicates an error in the data."""

    task: Task

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Requires a single task that has a solver, because questions of a mixture do not name their task."""
        return task.generated and task.part_of_stratum("") is task

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Return the solver. Nothing is learnt."""
        task.require_solver()
        return cls(task)

    def predict(self, questions: list[str]) -> list[str]:
        """Solve the questions."""
        return [self.task.oracle(question) for question in questions]

    def state(self) -> dict[str, Any]:
        """Return no state."""
        return {}
