"""One number per model over all tasks: the macro average, with a bootstrap interval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError, did_you_mean
from mathbench.hashing import check_seed
from mathbench.leaderboard.kept import Kept
from mathbench.leaderboard.ranking import SOLVER
from mathbench.leaderboard.submission import canonical
from mathbench.metrics import Score
from mathbench.reserve import SPLITS

DRAWS = 10_000

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Average:
    """A model over the tasks of a board.

    Args:
        kind: ``"model"``, ``"floor"`` or ``"solver"``; only models are ranked.
        model, framework: its name.
        split: the split.
        mean: the mean of its shares of right answers, each task counting once.
        low, high: the 95 % bootstrap interval; with one task only its rows are drawn again.
        tasks: how many tasks it answered.
        of: how many there are.
        rank: among models that answered all tasks: 1 + the number that are better beyond doubt; None for others.
    """

    kind: str
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
    standing = [k for k in kept if k.withdrawn is None and split in k.checked.scores]
    models: dict[tuple[str, str, str | None], dict[str, list[Score]]] = {}
    for entry in standing:
        by_task = models.setdefault((_kind(entry, standing), entry.facts.model, entry.facts.framework), {})
        by_task.setdefault(_task(entry), []).append(entry.checked.scores[split].total)
    submitted = {model for _, model, _ in models}
    models |= {key: tasks for key, tasks in _references(standing, split).items() if key[1] not in submitted}
    of = len({_task(entry) for entry in standing})
    found = [
        _average(name, split, [scores for _, scores in sorted(by_task.items())], of, seed)
        for name, by_task in models.items()
    ]
    return _ranked(found)


def _kind(entry: Kept, kept: Sequence[Kept]) -> str:
    """Floors and the exact solver that were submitted as runs stand in for the reported ones."""
    if entry.facts.model == SOLVER:
        return "solver"
    return "floor" if any(entry.facts.model in k.facts.floors for k in kept) else "model"


def _references(
    kept: Sequence[Kept], split: str
) -> dict[tuple[str, str, str | None], dict[str, list[Score]]]:
    """The floors that submissions report, the highest where they disagree, and the exact solver, per task."""
    found: dict[tuple[str, str, str | None], dict[str, list[Score]]] = {}
    for entry in kept:
        task = _task(entry)
        for name, by_split in entry.facts.floors.items():
            if split in by_split:
                score = Score(by_split[split]["n"], by_split[split]["correct"])
                best = found.setdefault(("floor", name, None), {}).setdefault(task, [score])
                best[0] = max(best[0], score, key=lambda s: s.exact_match)
        worst = found.setdefault(("solver", SOLVER, None), {}).setdefault(task, [entry.checked.solver[split]])
        worst[0] = min(worst[0], entry.checked.solver[split], key=lambda s: s.exact_match)
    return found


def _task(entry: Kept) -> str:
    """A task with its parameters; who answered other rows of it answered the same task."""
    said = entry.facts.task
    return canonical({"id": said["id"], "parameters": said["parameters"]})


def _average(
    name: tuple[str, str, str | None], split: str, tasks: list[list[Score]], of: int, seed: int
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
    chosen = source.integers(len(tasks), size=draws * len(tasks))
    shares = np.empty(len(chosen))
    for i, scores in enumerate(tasks):
        places = np.flatnonzero(chosen == i)
        shares[places] = _drawn(scores, source, len(places))
    low, high = np.quantile(shares.reshape(draws, -1).mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _drawn(scores: Sequence[Score], source: np.random.Generator, places: int) -> Float:
    """The share of one task, with its submissions and rows drawn again: float (places,)."""
    n, right = (np.array([getattr(s, field) for s in scores]) for field in ("n", "correct"))
    chosen = source.integers(len(scores), size=(len(scores), places))
    return np.asarray((source.binomial(n[chosen], (right / n)[chosen]) / n[chosen]).mean(axis=0))


def _ranked(found: list[Average]) -> list[Average]:
    whole = [a for a in found if a.kind == "model" and a.tasks == a.of]
    ranks = {id(a): 1 + sum(other.low > a.high for other in whole) for a in whole}
    ranked = [replace(a, rank=ranks.get(id(a))) for a in found]
    return sorted(ranked, key=lambda a: (a.tasks < a.of, -a.mean, a.model, a.framework or ""))
