"""One number per model over all tasks: the macro average, with a bootstrap interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.kept import Kept
from mathbench.leaderboard.submission import canonical
from mathbench.metrics import Score
from mathbench.reserve import SPLITS

DRAWS = 10_000

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """A model over the tasks of a board.

    Args:
        model, framework: its name.
        split: the split.
        mean: the mean of its shares of right answers, each task counting once.
        low, high: the 95 % bootstrap interval; with one task only its rows are drawn again.
        tasks: how many tasks it answered.
        of: how many there are.
        rank: among models that answered all tasks: 1 + the number that are better beyond doubt; None for others.
    """

    model: str
    framework: str | None
    split: str
    mean: float
    low: float
    high: float
    tasks: int
    of: int
    rank: int | None = None


def averages(kept: Sequence[Kept], split: str = "interpolate", seed: int = 0) -> list[Average]:
    """The macro average of every model, those that answered all tasks first.

    All submissions of one name and framework to one task count there with their mean: who sends many gains
    nothing by the luckiest.

    Args:
        kept: the board's submissions; withdrawn ones do not count.
        split: the split.
        seed: of the bootstrap.

    Raises:
        InputError: for an unknown split.
    """
    if split not in SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SPLITS)}")
    models: dict[tuple[str, str | None], dict[str, list[Score]]] = {}
    for entry in kept:
        if entry.withdrawn is None and split in entry.checked.scores:
            by_task = models.setdefault((entry.facts.model, entry.facts.framework), {})
            by_task.setdefault(_task(entry), []).append(entry.checked.scores[split].total)
    of = len({task for by_task in models.values() for task in by_task})
    found = [
        _average(name, split, [scores for _, scores in sorted(by_task.items())], of, seed)
        for name, by_task in models.items()
    ]
    return _ranked(found)


def _task(entry: Kept) -> str:
    """A task with its parameters; who answered other rows of it answered the same task."""
    said = entry.facts.task
    return canonical({"id": said["id"], "parameters": said["parameters"]})


def _average(
    name: tuple[str, str | None], split: str, tasks: list[list[Score]], of: int, seed: int
) -> Average:
    mean = fmean(fmean(score.exact_match for score in scores) for scores in tasks)
    low, high = bootstrap(tasks, seed)
    return Average(*name, split, mean, low, high, len(tasks), of)


def bootstrap(tasks: Sequence[Sequence[Score]], seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """The 95 % percentile interval of a macro average.

    Each draw takes as many tasks as there are, with replacement, and for each of them as many submissions and rows
    as it had, with replacement. Rows are right or wrong, so the number that is right among rows drawn again is
    binomial: the rows themselves are not needed.

    Args:
        tasks: the scores of a model's submissions, per task.
        seed: the same seed gives the same interval.
        draws: how many.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13.

    >>> low, high = bootstrap([[Score(1000, 900)], [Score(1000, 500)]])
    >>> 0.4 < low < 0.55 and 0.85 < high < 0.95
    True
    """
    source = np.random.default_rng(int(check_seed(seed)))
    drawn = np.stack([_drawn(scores, source, (draws, len(tasks))) for scores in tasks])
    chosen = source.integers(len(tasks), size=(draws, len(tasks)))
    means = np.take_along_axis(drawn, chosen[None], axis=0)[0].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _drawn(scores: Sequence[Score], source: np.random.Generator, shape: tuple[int, int]) -> Float:
    """The share of one task in every place of every draw: float (draws, places)."""
    n, right = (np.array([getattr(s, field) for s in scores]) for field in ("n", "correct"))
    chosen = source.integers(len(scores), size=(len(scores), *shape))
    return np.asarray((source.binomial(n[chosen], (right / n)[chosen]) / n[chosen]).mean(axis=0))


def _ranked(found: list[Average]) -> list[Average]:
    lows = [a.low for a in found if a.tasks == a.of]
    ranked = [
        Average(**vars(a) | {"rank": 1 + sum(low > a.high for low in lows)}) if a.tasks == a.of else a
        for a in found
    ]
    return sorted(ranked, key=lambda a: (a.rank is None, -a.mean, a.model, a.framework or ""))
