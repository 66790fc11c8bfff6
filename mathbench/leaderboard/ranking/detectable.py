"""How large a difference between two models a number of rows can show."""

from collections.abc import Sequence
from math import inf, sqrt
from statistics import NormalDist

import numpy as np

from mathbench.errors import InputError
from mathbench.scores.distributions import student_quantile


def detectable_difference(
    n: int,
    accuracy: float,
    discordant: float | None = None,
    *,
    comparisons: int = 1,
    level: float = 0.05,
    power: float = 0.8,
) -> float:
    """The smallest difference between the accuracies of two models that McNemar's exact test shows with some power.

    Args:
        n: the number of rows that both answered.
        accuracy: of the two models, from 0 to 1.
        discordant: the share of rows that one model alone has right; by default that of independent errors,
            2 a (1 - a). Models that are wrong about the same rows have less, and smaller differences show.
        comparisons: the number of pairs that the level is divided among (Bonferroni, the first step of Holm).
        level: the two-sided error rate of all comparisons.
        power: the probability with which the difference is found.

    Returns:
        The difference as a share; infinite when no difference between such models is found with this power.

    Raises:
        InputError: for less than one row or comparison, and shares outside 0 to 1.

    Source: Connor, Biometrics 43 (1987), solved for the difference, with the continuity correction of the exact test.

    >>> round(detectable_difference(1_000, 0.9), 4), round(detectable_difference(10_000, 0.9), 4)
    (0.0385, 0.012)
    """
    share = _discordant(accuracy, discordant)
    _check(n, comparisons, level, power)
    z, z_power = _deviates(comparisons, level, power)
    # n d - 1 = z sqrt(n q) + z' sqrt(n (q - d^2)), squared and solved for d
    a, b = n * n + z_power**2 * n, n * (1 + z * sqrt(n * share))
    c = (1 + z * sqrt(n * share)) ** 2 - z_power**2 * n * share
    found = (b + sqrt(max(0.0, b * b - a * c))) / a
    return found if found <= share else inf


def detectable_season_difference(
    rows: Sequence[int],
    accuracy: float,
    discordant: float | None = None,
    *,
    between_tasks: float = 0.0,
    comparisons: int = 1,
    level: float = 0.05,
    power: float = 0.8,
) -> float:
    """The smallest difference between mean accuracies over tasks that `compare_over_tasks` shows with some power.

    Args:
        rows: the number of rows of each task.
        accuracy: of the two models, from 0 to 1.
        discordant: the share of rows that one model alone has right; by default 2 a (1 - a).
        between_tasks: the standard deviation between tasks of the true difference.
        comparisons: the number of pairs that the level is divided among.
        level: the two-sided error rate of all comparisons.
        power: the probability with which the difference is found.

    Returns:
        The difference as a share. It is that of `detectable_difference` for one task.

    Raises:
        InputError: for no tasks, less than one row or comparison, and shares outside 0 to 1.

    >>> round(detectable_season_difference([1_000] * 30, 0.9), 4)
    0.009
    """
    if len(rows) == 1:
        return detectable_difference(
            rows[0], accuracy, discordant, comparisons=comparisons, level=level, power=power
        )
    _check(min(rows, default=0), comparisons, level, power)
    z, z_power = _deviates(comparisons, level, power)
    tasks = len(rows)
    by_rows = _discordant(accuracy, discordant) * float(np.sum(1 / np.asarray(rows))) / tasks**2
    by_tasks = by_rows + between_tasks**2 / tasks
    t = float(student_quantile(z, tasks - 1))
    return sqrt(z * z * by_rows + t * t * by_tasks) + z_power * sqrt(by_tasks)


def _discordant(accuracy: float, discordant: float | None) -> float:
    share = 2 * accuracy * (1 - accuracy) if discordant is None else discordant
    if not 0 <= accuracy <= 1 or not 0 <= share <= 1:
        raise InputError(
            "an accuracy and a share of rows are required. "
            f"Received: accuracy {accuracy}, discordant {discordant}. Allowed: 0 to 1."
        )
    return share


def _check(n: int, comparisons: int, level: float, power: float) -> None:
    if n < 1 or comparisons < 1:
        raise InputError(
            f"at least one row and one comparison are required. Received: {n} rows, {comparisons} comparisons."
        )
    if not 0 < level < 1 or not 0 < power < 1:
        raise InputError(f"level and power must lie between 0 and 1. Received: {level} and {power}.")


def _deviates(comparisons: int, level: float, power: float) -> tuple[float, float]:
    normal = NormalDist()
    return -normal.inv_cdf(level / comparisons / 2), normal.inv_cdf(power)
