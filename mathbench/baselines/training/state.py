"""What a training has reached: its state, the result of a validation, and the callbacks that receive both."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.baselines.settings import TrainingSettings


@dataclass
class TrainingState:
    """The progress of a training. With weights and optimiser state it is everything that a resumed run needs.

    Attributes:
        step: steps taken.
        best_step, best: step and value of the best validation exact match, the latest of equal ones.
        stale: validations since the last improvement.
        loss_sum, losses: sum and number of losses since the last validation.
        wall, cpu: seconds of training, including those before a resume.
        earlier_wall, earlier_cpu: those of the run that this one extends, which its budgets do not count.
        history: one entry per validation: step, loss, rate, validation, cpu_s, wall_s. Runs of earlier versions have no
            seconds.
    """

    step: int = 0
    best_step: int = 0
    best: float = -1.0
    stale: int = 0
    loss_sum: float = 0.0
    losses: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    earlier_wall: float = 0.0
    earlier_cpu: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)

    def kept(self, settings: TrainingSettings) -> dict[str, float]:
        """Return step and validation exact match of the weights that are kept: the best, or the last ones."""
        if settings.keep == "best":
            return {"step": self.best_step, "validation": self.best}
        return {"step": self.validated[-1], "validation": self.history[-1]["validation"]}

    @property
    def validated(self) -> list[int]:
        """The steps of all validations, in order."""
        return [int(entry["step"]) for entry in self.history]


@dataclass(frozen=True, eq=False)
class Validation:
    """The answers of one validation.

    Args:
        predictions: the answers in the format of the task, strings (n,).
        right: whether each answer is right, bool (n,).

    >>> Validation(pa.array(["65", "7"]), np.array([True, False])).exact_match
    0.5
    """

    predictions: pa.Array
    right: NDArray[np.bool_]

    @property
    def exact_match(self) -> float:
        """The share of right answers."""
        return float(self.right.mean())


class Callback(Protocol):
    """Receives the progress of a training."""

    def on_start(self, state: TrainingState) -> None:
        """Called once before the first step, after a checkpoint is read."""

    def on_step(self, state: TrainingState, loss: float) -> None:
        """Called after every step."""

    def on_validation(self, state: TrainingState, found: Validation) -> None:
        """Called after every validation, whose entry is the last of the history."""


class Recorder:
    """A callback that does nothing. Subclasses override what they need."""

    def on_start(self, state: TrainingState) -> None:
        """Do nothing."""

    def on_step(self, state: TrainingState, loss: float) -> None:
        """Do nothing."""

    def on_validation(self, state: TrainingState, found: Validation) -> None:
        """Do nothing."""
