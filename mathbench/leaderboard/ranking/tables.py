"""The tables of a board: entries and rankings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SOLVER = "exact-solver"  # the name of that baseline


@dataclass(frozen=True)
class Entry:
    """One line of a table: a model, a floor or the exact solver.

    Args:
        kind: ``"model"``, ``"floor"`` or ``"solver"``; only models are ranked.
        model: its name.
        n: the number of rows of one run.
        exact_match: the share of right answers; for several training seeds their mean.
        low, high: the 95 % interval.
        badge: how the score was verified.
        rank: 1 + the number of models whose interval lies above; ties share a rank.
        framework, encoding, recipe: of its training; the recipe by its name or the start of its digest.
        data: the rows and the seed of its training data.
        parameters: the number of trained parameters.
        seeds: the number of different training seeds.
        spread: the standard deviation between training seeds; None for one seed.
        submitted: the time of its first submission.
        submissions: the digests of its submissions.
        attempts: how often these submissions were sent in all.
        differs: whether a claimed score differs from the recomputed one.
    """

    kind: str
    model: str
    n: int
    exact_match: float
    low: float
    high: float
    badge: str
    rank: int | None = None
    framework: str | None = None
    encoding: str = ""
    recipe: str = ""
    data: str = ""
    parameters: int | None = None
    seeds: int = 0
    spread: float | None = None
    submitted: str = ""
    submissions: tuple[str, ...] = ()
    attempts: int = 0
    differs: bool = False

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return self.low, self.high


@dataclass(frozen=True)
class RankTable:
    """The ranking of one split of one task.

    Args:
        task: the task's name.
        task_id: its versioned id.
        parameters: its parameters.
        split: the split.
        lines: the entries, best first; floors and the exact solver are sorted in by their score.
    """

    task: str
    task_id: str
    parameters: Mapping[str, Any]
    split: str
    lines: tuple[Entry, ...]


SORTS: dict[str, Callable[[Entry], Any]] = {
    "score": lambda line: (-line.exact_match, line.rank or 0, line.submitted),
    "model": lambda line: (line.model, line.framework or "", -line.exact_match),
    "parameters": lambda line: (line.parameters is None, line.parameters or 0, -line.exact_match),
    "time": lambda line: (line.submitted, -line.exact_match),
}
