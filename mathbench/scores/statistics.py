"""Statistics of scores: confidence intervals, the spread over training seeds, McNemar's test, Holm's correction.

Empty input is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.scores.distributions import sign_test, student_quantile

Bool = NDArray[np.bool_]

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution


@dataclass(frozen=True)
class McNemar:
    """The rows that only one of two models has right, and the exact two-sided p-value."""

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True)
class SeedStatistics:
    """A score over several training seeds: mean, sample standard deviation (0 for one), smallest, largest."""

    n: int
    mean: float
    deviation: float
    low: float
    high: float


def wilson(correct: float, n: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a share (JASA 22, 1927), which is accurate near 0 and 1, where most scores are.

    Raises:
        InputError: for n = 0.

    >>> [round(bound, 4) for bound in wilson(9990, 10_000)]
    [0.9982, 0.9995]
    """
    if n < 1:
        raise InputError("an interval requires at least one row. Received: n=0.")
    share, z2 = correct / n, Z95 * Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # at 0 and 1 the formula gives the bound exactly, but for rounding
    return (0.0 if correct == 0 else centre - half), (1.0 if correct == n else centre + half)


def mcnemar(first: Bool, second: Bool) -> McNemar:
    """McNemar's test in its exact binomial form, for two models on the same rows.

    Args:
        first: bool (n,), which rows the first model has right.
        second: the same for the second model.

    Raises:
        InputError: for no rows, or different numbers of rows.

    Source: McNemar, Psychometrika 12 (1947); the exact form is the sign test on the rows where they differ.

    >>> test = mcnemar(np.array([True] * 6 + [False]), np.array([False] * 6 + [True]))
    >>> test.only_first, test.only_second, round(test.p, 12)
    (6, 1, 0.125)
    """
    if len(first) != len(second) or not len(first):
        raise InputError(
            f"McNemar's test requires two results for each row. Received: {len(first):,} and {len(second):,} rows."
        )
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    return McNemar(one, two, float(sign_test(min(one, two), one + two)))


def seed_statistics(values: Sequence[float]) -> SeedStatistics:
    """Mean and spread of one score over several training seeds.

    >>> seed_statistics([0.75, 1.0])
    SeedStatistics(n=2, mean=0.875, deviation=0.1767766952966369, low=0.75, high=1.0)
    """
    if not len(values):
        raise InputError("mean and spread require at least one score. Received: none.")
    array = np.asarray(values, dtype=np.float64)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else 0.0
    return SeedStatistics(len(array), float(array.mean()), deviation, float(array.min()), float(array.max()))


def interval_bounds(shares: Sequence[float], n: int) -> tuple[float, float, float | None]:
    """The 95 % interval of a mean over training seeds, and the standard deviation between them.

    All seeds answered the same `n` rows, so that more seeds add no rows: the Wilson interval of one run stays, and
    the uncertainty of the mean over seeds (Student's t) is added to it in quadrature.

    Returns:
        The bounds, and the deviation; None for one seed.

    >>> [round(x, 3) for x in interval_bounds([0.9, 0.92, 0.94], 1000)]
    [0.867, 0.972, 0.02]
    """
    mean = fmean(shares)
    low, high = wilson(mean * n, n)
    if len(shares) == 1:
        return low, high, None
    spread = stdev(shares)
    half = float(student_quantile(Z95, len(shares) - 1)) * spread / sqrt(len(shares))
    return max(0.0, mean - hypot(mean - low, half)), min(1.0, mean + hypot(high - mean, half)), spread


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct p-values for their number, so that the probability of any wrong rejection keeps its level.

    Holds for dependent tests too, such as those of all pairs of models.

    Args:
        p: float (n,).

    Source: Holm, Scandinavian Journal of Statistics 6 (1979).

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate(factors * p[order]))
    return corrected
