"""Macro averages: one number per model over all tasks, with a bootstrap interval.

As in rankings, models are ranked among those of the same supervision.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from statistics import fmean, pvariance
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.ranking.tables import SOLVER, by_supervision
from mathbench.leaderboard.submission_manifest import Supervision
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.reserve import SPLITS
from mathbench.scores.results import Score
from mathbench.scores.statistics import Z95

DRAWS = 10_000

Float = NDArray[np.float64]


@dataclass(frozen=True)
class MacroAverage:
    """The macro average of a model over the tasks of a board.

    Args:
        kind: ``"model"``, ``"floor"`` or ``"solver"``; only models are ranked.
        model, framework: its name.
        split: the split.
        scores: of its submissions, per answered task.
        of: the number of tasks that models of this supervision answered.
        seed: of the bootstrap.
        rank: among models that answered all tasks: 1 + the number whose interval lies above; None for others.
        supervision: of the models that it stands with, one of `SUPERVISIONS`.
    """

    kind: str
    model: str
    framework: str | None
    split: str
    scores: tuple[tuple[Score, ...], ...] = field(repr=False)
    of: int
    seed: int = 0
    rank: int | None = None
    supervision: Supervision = None

    @property
    def tasks(self) -> int:
        """The number of answered tasks."""
        return len(self.scores)

    @cached_property
    def mean(self) -> float:
        """The mean of its shares of right answers, with equal weights for all tasks."""
        return fmean(fmean(score.exact_match for score in scores) for scores in self.scores)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval; with a single task it covers the uncertainty of its rows only."""
        return _interval(self.scores, self.seed)

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.interval[0]

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.interval[1]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        names = ("kind", "model", "framework", "split", "mean", "low", "high", "tasks", "of", "rank")
        return {name: getattr(self, name) for name in (*names, "supervision")}


def macro_averages(
    records: Sequence[SubmissionRecord], split: str = "interpolate", seed: int = 0
) -> list[MacroAverage]:
    """The macro average of every model, by supervision, those that answered all tasks first.

    Submissions of one name and framework to one task count with their mean, so that many submissions do not pay.

    Args:
        records: the board's submissions; withdrawn ones are ignored.
        split: the split.
        seed: of the bootstrap.

    Raises:
        InputError: for an unknown split.
    """
    if split not in SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SPLITS)}")
    active = [k for k in records if k.withdrawn is None and split in k.checked.scores]
    floors = {name for entry in active for name in entry.summary.floors}
    models: dict[_Model, _Scores] = {}
    for entry in active:
        kind = _kind(entry, floors)
        supervision = entry.summary.supervision if kind == "model" else None
        model = _Model(kind, entry.summary.model, entry.summary.framework, supervision)
        models.setdefault(model, {}).setdefault(entry.task_key, []).append(entry.checked.scores[split].total)
    submitted = {model.name for model in models}
    models |= {
        model: tasks for model, tasks in _references(active, split).items() if model.name not in submitted
    }
    ranked = by_supervision(model for model in models if model.kind == "model")
    beside = [model for model in models if model.kind != "model"]
    with_models = {task for model, tasks in models.items() if model.kind == "model" for task in tasks}
    without_models = {entry.task_key for entry in active} - with_models
    found: list[MacroAverage] = []
    for supervision, same in (ranked or {None: []}).items():
        tasks = without_models.union(*(models[model] for model in same))
        group = {model: {t: s for t, s in models[model].items() if t in tasks} for model in (*same, *beside)}
        found += _group(group, split, len(tasks), seed, supervision)
    return found


class _Model(NamedTuple):
    """A model, a floor or the exact solver, whatever tasks it answered."""

    kind: str
    name: str
    framework: str | None
    supervision: Supervision = None


_Scores = dict[str, list[Score]]  # of the submissions to each task


def _group(
    models: Mapping[_Model, _Scores], split: str, of: int, seed: int, supervision: Supervision
) -> list[MacroAverage]:
    """The averages of models of one supervision, with the floors and the exact solver on the same tasks."""
    found = []
    for model, by_task in models.items():
        scores = tuple(tuple(scores) for _, scores in sorted(by_task.items()))
        if scores:
            average = MacroAverage(*model[:3], split, scores, of, seed, supervision=supervision)
            found.append(average)
    return _assign_ranks(found)


def _kind(entry: SubmissionRecord, floors: AbstractSet[str]) -> str:
    """The kind of a submission; submitted floors and exact solvers replace the reported ones."""
    if entry.summary.model == SOLVER:
        return "solver"
    return "floor" if entry.summary.model in floors else "model"


def _references(records: Sequence[SubmissionRecord], split: str) -> dict[_Model, _Scores]:
    """Per task, the highest reported score of each floor, and the lowest score of the exact solver."""
    found: dict[_Model, _Scores] = {}
    for entry in records:
        task = entry.task_key
        for name, by_split in entry.summary.floors.items():
            if split in by_split:
                score = Score(by_split[split]["n"], by_split[split]["correct"])
                best = found.setdefault(_Model("floor", name, None), {}).setdefault(task, [score])
                best[0] = max(best[0], score, key=lambda s: s.exact_match)
        if (solved := entry.checked.solver.get(split)) is not None:
            worst = found.setdefault(_Model("solver", SOLVER, None), {}).setdefault(task, [solved])
            worst[0] = min(worst[0], solved, key=lambda s: s.exact_match)
    return found


@lru_cache(maxsize=1 << 15)  # computed once for a model, however often a board is displayed
def _interval(scores: tuple[tuple[Score, ...], ...], seed: int) -> tuple[float, float]:
    return bootstrap(scores, seed)


def bootstrap(tasks: Sequence[Sequence[Score]], seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The 95 % percentile interval of a macro average.

    Each draw resamples the tasks with replacement. The uncertainty of rows and submissions within the tasks is added
    as normal noise: a mean over hundreds of rows is nearly normal.

    Args:
        tasks: the scores of a model's submissions, per task.
        seed: the same seed gives the same interval.
        draws: the number of draws.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13; variance of a share:
    Agresti, Coull, The American Statistician 52 (1998), which is positive for scores of 0 and 100 %.

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
    """Per draw, the sum over the drawn tasks. The product is too small for threads to help, hence einsum."""
    return np.asarray(np.einsum("dt,t->d", times, values))


@lru_cache(maxsize=256)  # shared by all models with the same number of tasks
def _draws(tasks: int, seed: int, draws: int) -> tuple[Float, Float]:
    """The count of each task in each draw, (draws, tasks), and standard normal noise, (draws,)."""
    rng = np.random.default_rng(seed)
    times = rng.multinomial(tasks, np.full(tasks, 1 / tasks), size=draws)
    return times.astype(np.float64), rng.standard_normal(draws)


def _variance(scores: Sequence[Score]) -> float:
    """The variance of the mean share of a task's submissions, over rows and submissions."""
    rows = fmean(_row_variance(score) for score in scores)
    return (rows + pvariance(score.exact_match for score in scores)) / len(scores)


def _row_variance(score: Score) -> float:
    n = score.n + Z95**2
    share = (score.correct + Z95**2 / 2) / n
    return share * (1 - share) / n


def _assign_ranks(found: list[MacroAverage]) -> list[MacroAverage]:
    complete = [a for a in found if a.kind == "model" and a.tasks == a.of]
    lows = sorted(a.low for a in complete)
    ranks = {id(a): 1 + len(lows) - bisect_right(lows, a.high) for a in complete}
    ranked = [replace(a, rank=ranks.get(id(a))) for a in found]
    return sorted(ranked, key=lambda a: (a.tasks < a.of, -a.mean, a.model, a.framework or ""))
