"""One number per model over all tasks: the macro average, with a bootstrap interval."""

from bisect import bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from statistics import fmean, pvariance
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.ranking.tables import SOLVER
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.reserve import SPLITS
from mathbench.scores.results import Score
from mathbench.scores.statistics import Z95

DRAWS = 10_000

Float = NDArray[np.float64]


@dataclass(frozen=True)
class MacroAverage:
    """A model over the tasks of a board.

    Args:
        kind: ``"model"``, ``"floor"`` or ``"solver"``; only models are ranked.
        model, framework: its name.
        split: the split.
        scores: of its submissions, per task that it answered.
        of: how many tasks there are.
        seed: of the bootstrap.
        rank: among models that answered all tasks: 1 + the number that are better beyond doubt; None for others.
    """

    kind: str
    model: str
    framework: str | None
    split: str
    scores: tuple[tuple[Score, ...], ...] = field(repr=False)
    of: int
    seed: int = 0
    rank: int | None = None

    @property
    def tasks(self) -> int:
        """How many tasks it answered."""
        return len(self.scores)

    @cached_property
    def mean(self) -> float:
        """The mean of its shares of right answers, each task counting once."""
        return fmean(fmean(score.exact_match for score in scores) for scores in self.scores)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval; with one task only its rows are uncertain."""
        return _interval(self.scores, self.seed)

    @property
    def low(self) -> float:
        """Its lower end."""
        return self.interval[0]

    @property
    def high(self) -> float:
        """Its upper end."""
        return self.interval[1]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        names = ("kind", "model", "framework", "split", "mean", "low", "high", "tasks", "of", "rank")
        return {name: getattr(self, name) for name in names}


def macro_averages(
    records: Sequence[SubmissionRecord], split: str = "interpolate", seed: int = 0
) -> list[MacroAverage]:
    """The macro average of every model, those that answered all tasks first.

    All submissions of one name and framework to one task count there with their mean: who sends many gains
    nothing by the luckiest.

    Args:
        records: the board's submissions; withdrawn ones do not count.
        split: the split.
        seed: of the bootstrap.

    Raises:
        InputError: for an unknown split.
    """
    if split not in SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SPLITS)}")
    standing = [k for k in records if k.withdrawn is None and split in k.checked.scores]
    floors = {name for entry in standing for name in entry.summary.floors}
    models: dict[tuple[str, str, str | None], dict[str, list[Score]]] = {}
    for entry in standing:
        by_task = models.setdefault((_kind(entry, floors), entry.summary.model, entry.summary.framework), {})
        by_task.setdefault(entry.task_key, []).append(entry.checked.scores[split].total)
    submitted = {model for _, model, _ in models}
    models |= {key: tasks for key, tasks in _references(standing, split).items() if key[1] not in submitted}
    of = len({entry.task_key for entry in standing})
    found = [
        MacroAverage(*name, split, tuple(tuple(scores) for _, scores in sorted(by_task.items())), of, seed)
        for name, by_task in models.items()
    ]
    return _assign_ranks(found)


def _kind(entry: SubmissionRecord, floors: AbstractSet[str]) -> str:
    """Floors and the exact solver that were submitted as runs stand in for the reported ones."""
    if entry.summary.model == SOLVER:
        return "solver"
    return "floor" if entry.summary.model in floors else "model"


def _references(
    records: Sequence[SubmissionRecord], split: str
) -> dict[tuple[str, str, str | None], dict[str, list[Score]]]:
    """The floors that submissions report, the highest where they disagree, and the exact solver, per task."""
    found: dict[tuple[str, str, str | None], dict[str, list[Score]]] = {}
    for entry in records:
        task = entry.task_key
        for name, by_split in entry.summary.floors.items():
            if split in by_split:
                score = Score(by_split[split]["n"], by_split[split]["correct"])
                best = found.setdefault(("floor", name, None), {}).setdefault(task, [score])
                best[0] = max(best[0], score, key=lambda s: s.exact_match)
        worst = found.setdefault(("solver", SOLVER, None), {}).setdefault(task, [entry.checked.solver[split]])
        worst[0] = min(worst[0], entry.checked.solver[split], key=lambda s: s.exact_match)
    return found


@lru_cache(maxsize=1 << 15)  # drawn once for a model, however often a board is shown
def _interval(scores: tuple[tuple[Score, ...], ...], seed: int) -> tuple[float, float]:
    return bootstrap(scores, seed)


def bootstrap(tasks: Sequence[Sequence[Score]], seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The 95 % percentile interval of a macro average.

    Each draw takes as many tasks as there are, with replacement. The rows and submissions of the tasks drawn are
    uncertain too; their mean over hundreds of rows is drawn from the normal distribution of its variance.

    Args:
        tasks: the scores of a model's submissions, per task.
        seed: the same seed gives the same interval.
        draws: how many.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13; variance of a share:
    Agresti, Coull, The American Statistician 52 (1998), so that a score of 0 or 100 % is not certain.

    >>> low, high = bootstrap([[Score(1000, 900)], [Score(1000, 500)]])
    >>> 0.4 < low < 0.55 and 0.85 < high < 0.95
    True
    """
    times, noise = _draws(len(tasks), int(check_seed(seed)), draws)
    shares = np.array([fmean(score.exact_match for score in scores) for scores in tasks])
    variances = np.array([_variance(scores) for scores in tasks])
    spread = np.sqrt(_sums(times, variances)) / len(tasks)
    low, high = np.quantile(_sums(times, shares) / len(tasks) + spread * noise, (0.025, 0.975))
    return max(0.0, float(low)), min(1.0, float(high))


def _sums(times: Float, values: Float) -> Float:
    """Per draw, the sum over the tasks drawn: too small a product for threads to help."""
    return np.asarray(np.einsum("dt,t->d", times, values))


@lru_cache(maxsize=256)  # all models of a board are drawn with the same tasks
def _draws(tasks: int, seed: int, draws: int) -> tuple[Float, Float]:
    """How often each draw takes each task, (draws, tasks), and its standard normal deviation, (draws,)."""
    source = np.random.default_rng(seed)
    times = source.multinomial(tasks, np.full(tasks, 1 / tasks), size=draws)
    return times.astype(np.float64), source.standard_normal(draws)


def _variance(scores: Sequence[Score]) -> float:
    """Of the mean share of a task's submissions, when rows and submissions are drawn again."""
    rows = fmean(_row_variance(score) for score in scores)
    return (rows + pvariance(score.exact_match for score in scores)) / len(scores)


def _row_variance(score: Score) -> float:
    n = score.n + Z95**2
    share = (score.correct + Z95**2 / 2) / n
    return share * (1 - share) / n


def _assign_ranks(found: list[MacroAverage]) -> list[MacroAverage]:
    whole = [a for a in found if a.kind == "model" and a.tasks == a.of]
    lows = sorted(a.low for a in whole)
    ranks = {id(a): 1 + len(lows) - bisect_right(lows, a.high) for a in whole}
    ranked = [replace(a, rank=ranks.get(id(a))) for a in found]
    return sorted(ranked, key=lambda a: (a.tasks < a.of, -a.mean, a.model, a.framework or ""))
