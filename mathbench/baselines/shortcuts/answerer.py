"""The interface of a baseline without training steps: fitted on training rows, it maps question text to answer text.

Floors, the exact solver and models of third parties (``run-baseline ./mine.py:MyModel``) are answerers.
"""

from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    import pyarrow as pa

    from mathbench.task import Task


class Answerer(Protocol):
    """A baseline that is fitted by ``fit`` on a task and its training rows.

    A third party's class has these methods. It may also have ``save(folder)`` and a class method ``load(task,
    folder)``. Without them its runs can be scored, but not loaded again to answer questions.
    """

    @classmethod
    def applies(cls, task: "Task") -> bool:
        """Return whether the baseline applies to a task.

        The error for other tasks quotes the first paragraph of the docstring of the implementation, as the reason.
        """

    @classmethod
    def fit(cls, task: "Task", train: "pa.Table", validation: "pa.Table") -> Self:
        """Fit on tables with the columns question, answer and stratum."""

    def predict(self, questions: list[str]) -> list[str]:
        """Answer each question."""

    def state(self) -> dict[str, Any]:
        """Return what was learnt as plain values, from which ``type(self)(task, **state)`` restores the baseline."""


def applies_to(kind: Any, task: "Task") -> bool:
    """Return whether an answerer class applies to a task. Classes without ``applies`` apply to all tasks."""
    return bool(kind.applies(task)) if hasattr(kind, "applies") else True
