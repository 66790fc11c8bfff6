"""The tables of a board: entries and rankings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from mathbench.leaderboard.submission_manifest import SUPERVISIONS, Supervision

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
        badge: what was checked of the score, one of `submission_record.BADGES`; of several submissions the weakest.
        rank: 1 + the number of models that are significantly better; models that cannot be told apart share a rank.
            None for models that are not ranked: open, incomplete, claimed.
        framework, encoding, recipe: of its training; the recipe by its name or the start of its digest.
        data: the rows and the seed of its training data.
        parameters: the number of trained parameters.
        seeds: the number of different training seeds.
        spread: the standard deviation between training seeds; None for one seed.
        submitted: the time of its first submission.
        submissions: the digests of its submissions.
        attempts: of this model on this task, in a season; how often these submissions were sent, outside.
        differs: whether a claimed score differs from the recomputed one.
        supervision: what its training gives away, one of `SUPERVISIONS`; None where it is not stated.
        proof: what its weights are proved right about, if all its submissions are proved; else empty.
        submitter: the name of the token that it was submitted with; None where the host put it on the board.
        revision: a label of its revision; empty where none is stated.
        attempt: the number of the ranked attempt; 0 outside of seasons.
        complete: whether it answered all rows of the season.
        external: whether it was trained on other data than rows of the task.
        wins, losses: numbers of models that are significantly worse and better.
        cpu_seconds: of its training; None where it is not stated.
        round_entries: of a model in a sealed round, how many entries of its submitter were answered, of how many;
            empty for others.
        runnable: whether it is a run of mathbench.
        settings: of its training, by which lines that look alike are told apart; not shown otherwise.
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
    supervision: Supervision = None
    proof: str = ""
    submitter: str | None = None
    revision: str = ""
    attempt: int = 0
    complete: bool = True
    external: bool = False
    wins: int = 0
    losses: int = 0
    cpu_seconds: float | None = None
    round_entries: str = ""
    runnable: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return self.low, self.high


V = TypeVar("V")


def grouped(values: Iterable[V], key: Callable[[V], Any]) -> dict[Any, list[V]]:
    """Values by their key, in the order in which keys appear.

    >>> grouped([1, 2, 3], lambda n: n % 2)
    {1: [1, 3], 0: [2]}
    """
    groups: dict[Any, list[V]] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return groups


class Supervised(Protocol):
    """A model with its supervision."""

    @property
    def supervision(self) -> Supervision:
        """One of `SUPERVISIONS`."""


T = TypeVar("T", bound=Supervised)


def by_supervision(models: Iterable[T]) -> dict[Supervision, list[T]]:
    """Group models by their supervision, in the order of `SUPERVISIONS`; models of different groups are never mixed.

    >>> lines = [Entry("model", "m", 9, 1, 1, 1, "b", supervision=given) for given in (None, "dense", "examples")]
    >>> list(by_supervision(lines))
    ['examples', 'dense', None]
    """
    groups: dict[Supervision, list[T]] = {supervision: [] for supervision in SUPERVISIONS}
    for model in models:
        groups[model.supervision].append(model)
    return {supervision: found for supervision, found in groups.items() if found}


@dataclass(frozen=True)
class RankTable:
    """The ranking of one split of one task, of the models with one supervision.

    Args:
        task: the task's name.
        task_id: its versioned id.
        parameters: its parameters.
        split: the split.
        lines: the entries, best first; floors and the exact solver are sorted in by their score.
        supervision: of the models, one of `SUPERVISIONS`; None where it is not stated.
        season: the season; empty for a table of open submissions, which have no ranks.
        group: of the task in the season.
        title: the name of the task in the season.
        independent: whether every model answered rows of its own, as in a sealed season.
    """

    task: str
    task_id: str
    parameters: Mapping[str, Any]
    split: str
    lines: tuple[Entry, ...]
    supervision: Supervision = None
    season: str = ""
    group: str = ""
    title: str = ""
    independent: bool = False

    @property
    def ranked(self) -> int:
        """The number of models with a rank."""
        return sum(line.rank is not None for line in self.lines)


SORTS: dict[str, Callable[[Entry], Any]] = {
    "score": lambda line: (-line.exact_match, line.rank or 0, line.submitted),
    "model": lambda line: (line.model, line.framework or "", -line.exact_match),
    "parameters": lambda line: (line.parameters is None, line.parameters or 0, -line.exact_match),
    "time": lambda line: (line.submitted, -line.exact_match),
}
