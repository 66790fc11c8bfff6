"""A baseline without training steps: fitted on training rows, it answers questions, text to text.

Floors and the exact solver are answerers, and so are third parties' models (``run-baseline
./mine.py:MyModel``).
"""

from typing import Any, Protocol, Self

import pyarrow as pa

from mathbench.task import Task


class Answerer(Protocol):
    """A way to answer questions; made by ``fit`` from a task and its training rows.

    A third party's class has these methods. It may also have ``save(folder)`` and a class method ``load(task,
    folder)``, without which its run can be scored but not asked again.
    """

    @classmethod
    def applies(cls, task: Task) -> bool:
        """Whether it makes sense on a task."""

    @classmethod
    def fit(cls, task: Task, train: pa.Table, validation: pa.Table) -> Self:
        """Learn from tables with the columns question, answer and stratum."""

    def predict(self, questions: list[str]) -> list[str]:
        """Answer each question."""

    def state(self) -> dict[str, Any]:
        """What was learnt, as plain values; ``type(self)(task, **state)`` makes it again."""


def applies_to(kind: Any, task: Task) -> bool:
    """Whether an answerer applies to a task; a class that does not say applies to all."""
    return bool(kind.applies(task)) if hasattr(kind, "applies") else True
