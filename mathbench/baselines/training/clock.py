"""Seconds of a training and their budgets."""

import math
import time
from dataclasses import dataclass

from mathbench.baselines.training.state import TrainingState


@dataclass(frozen=True)
class Budget:
    """The seconds after which a training ends, including those before a resume; infinite by default.

    Args:
        wall: seconds of wall time.
        cpu: seconds of CPU time of this process and its threads.
    """

    wall: float = math.inf
    cpu: float = math.inf


UNLIMITED = Budget()


class Clock:
    """Wall and CPU seconds of a training, including those before a resume.

    Args:
        state: of the training; `write` updates its seconds.
    """

    def __init__(self, state: TrainingState):
        self._state = state
        self._before = (state.wall, state.cpu)
        self._start = (time.perf_counter(), time.process_time())

    @property
    def wall(self) -> float:
        """Seconds of wall time."""
        return self._before[0] + time.perf_counter() - self._start[0]

    @property
    def cpu(self) -> float:
        """Seconds of CPU time."""
        return self._before[1] + time.process_time() - self._start[1]

    @property
    def busy(self) -> float:
        """CPU seconds per second of wall time since this clock was started."""
        return (time.process_time() - self._start[1]) / max(time.perf_counter() - self._start[0], 1e-9)

    def write(self) -> None:
        """Write the seconds into the state."""
        self._state.wall, self._state.cpu = self.wall, self.cpu

    def remaining(self, budget: Budget) -> Budget:
        """Return what is left of a budget. What the run that this one extends has spent does not count."""
        state = self._state
        return Budget(
            budget.wall - (self.wall - state.earlier_wall), budget.cpu - (self.cpu - state.earlier_cpu)
        )

    def used_up(self, budget: Budget) -> bool:
        """Whether one of the budgets is used up."""
        left = self.remaining(budget)
        return left.wall <= 0 or left.cpu <= 0
