"""Paired tests between all models that answered the same rows, of one task or over several tasks.

**One seed each**: McNemar's test in its exact form, about these two trained networks.

**Several seeds on a side**: about the models, so that the spread between seeds counts. The variance of the difference
has a part of rows, from the means over seeds per row, and a part of seeds, with the few degrees of freedom that they
give. What differs at random per row and seed is in both parts, so that their sum is not too small on average: Owen,
The Annals of Applied Statistics 1 (2007). The parts do not share one number of degrees of freedom but are combined as
in `mathbench.scores.variance_parts`: two seeds that are equal by chance would otherwise look like certainty.

**Several tasks**: the mean paired difference. Its variance has the parts of a bootstrap that draws tasks, rows and
seeds: rows and seeds within the tasks, and tasks. For a mean these are known in closed form (Efron, Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 5), so that nothing is drawn. Student's t takes account of the number of
tasks, which the percentiles of a bootstrap over few tasks do not. With one task the part of tasks is absent: the
statement is about that task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.row_moments import Bool, Float, RowMoments, row_moments
from mathbench.scores.distributions import sign_test
from mathbench.scores.statistics import holm
from mathbench.scores.variance_parts import VariancePart, half_widths, p_values

LEVEL = 0.05  # of all statements about one table together


@dataclass(frozen=True)
class PairedTests:
    """The comparison of M models, each with each.

    Args:
        shares: float (M,), the mean share of right answers.
        low, high: float (M,), its 95 % interval.
        difference: float (M, M), the share of the first model minus that of the second.
        difference_low, difference_high: float (M, M), the 95 % interval of the paired difference.
        p: float (M, M), two-sided p-values; 1 on the diagonal.
        corrected: float (M, M), p-values corrected for the number of pairs (Holm).
    """

    shares: Float
    low: Float
    high: Float
    difference: Float
    difference_low: Float
    difference_high: Float
    p: Float
    corrected: Float

    def better(self, level: float = LEVEL) -> Bool:
        """Whether the first model is significantly better than the second, bool (M, M).

        Args:
            level: the probability of one or more wrong statements in the whole table, at most.
        """
        return np.asarray((self.corrected <= level) & (self.difference > 0))


def compare_models(rights: Sequence[Bool]) -> PairedTests:
    """Compare models on the rows of one task and split.

    Args:
        rights: per model, bool (seeds, n): which rows each training seed has right; (n,) for one seed.

    Raises:
        InputError: for no rows, or different numbers of rows.

    >>> tests = compare_models([np.arange(100) < 90, np.arange(100) < 80, np.arange(100) % 10 > 0])
    >>> tests.p.round(4).tolist()
    [[1.0, 0.002, 1.0], [0.002, 1.0, 0.0755], [1.0, 0.0755, 1.0]]
    >>> tests.better().sum(axis=1).tolist()
    [1, 0, 0]
    """
    return compare_over_tasks([row_moments(rights)])


def compare_over_tasks(tasks: Sequence[RowMoments], weights: Sequence[float] | None = None) -> PairedTests:
    """Compare models by the mean of their shares of right answers over tasks.

    Args:
        tasks: per task, the moments of the same models in the same order.
        weights: per task; equal by default.

    Raises:
        InputError: for no tasks, different numbers of models, or weights that are not positive.
    """
    share = _task_weights(tasks, weights)
    own = means_over_tasks(tasks, weights)
    differences = np.stack([task.difference for task in tasks])
    pairs = _parts([t.pair_rows() for t in tasks], [t.pair_seeds() for t in tasks], differences, share)
    difference = own.shares[:, None] - own.shares[None, :]
    half = half_widths(pairs)
    np.fill_diagonal(half, 0)
    p = _pair_p_values(tasks, difference, pairs)
    return PairedTests(
        own.shares,
        own.low,
        own.high,
        difference,
        np.maximum(-1, difference - half),
        np.minimum(1, difference + half),
        p,
        _symmetric(holm(_upper(p))),
    )


@dataclass(frozen=True)
class Means:
    """The means of M models over tasks.

    Args:
        shares: float (M,), the mean share of right answers.
        low, high: float (M,), its 95 % interval.
    """

    shares: Float
    low: Float
    high: Float


def means_over_tasks(tasks: Sequence[RowMoments], weights: Sequence[float] | None = None) -> Means:
    """The means of models over tasks, without comparisons.

    Args:
        tasks: per task, the moments of the same models in the same order.
        weights: per task; equal by default.

    Raises:
        InputError: as `compare_over_tasks`.
    """
    share = _task_weights(tasks, weights)
    means = np.stack([task.shares for task in tasks])
    shares = share @ means
    half = half_widths(_parts([t.own_rows() for t in tasks], [t.own_seeds() for t in tasks], means, share))
    return Means(shares, np.maximum(0, shares - half), np.minimum(1, shares + half))


def _task_weights(tasks: Sequence[RowMoments], weights: Sequence[float] | None) -> Float:
    """Weights with sum 1."""
    given = np.ones(len(tasks)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(tasks) or len({len(task.shares) for task in tasks}) > 1:
        raise InputError("a mean over tasks requires the same models in every task, and at least one task.")
    if len(given) != len(tasks) or not np.all((given > 0) & np.isfinite(given)):
        raise InputError(
            f"each task requires a positive weight. Received: {given.tolist()} for {len(tasks)} tasks."
        )
    return np.asarray(given / given.sum())


def _parts(
    rows: Sequence[VariancePart], seeds: Sequence[VariancePart], values: Float, weights: Float
) -> list[VariancePart]:
    """The parts of the variance of a weighted mean over tasks.

    Args:
        rows, seeds: per task, the parts of the value of the task.
        values: float (T, ...), the values.
        weights: float (T,), with sum 1.
    """
    squares = weights**2
    variances = [np.stack([part.variance for part in parts]) for parts in (rows, seeds)]
    by_rows, by_seeds = (np.tensordot(squares, variance, 1) for variance in variances)
    found = [VariancePart(by_rows, np.inf), VariancePart(by_seeds, _degrees(seeds, squares))]
    if len(weights) > 1:
        found.append(_between_tasks(values, weights))
    return found


def _degrees(seeds: Sequence[VariancePart], squares: Float) -> Float:
    """Degrees of freedom of a weighted sum of variances.

    Source: Satterthwaite, Biometrics Bulletin 2 (1946).
    """
    variances = np.stack([part.variance for part in seeds]).T * squares
    degrees = np.stack([np.broadcast_to(part.degrees, part.variance.shape) for part in seeds]).T
    total, shares = variances.sum(axis=-1), (variances**2 / degrees).sum(axis=-1)
    return np.asarray(np.divide(total**2, shares, out=np.ones_like(total), where=shares > 0).T)


def _between_tasks(values: Float, weights: Float) -> VariancePart:
    """The variance of a weighted mean of independent tasks, from the differences between them."""
    squares = float((weights**2).sum())
    centred = values - np.tensordot(weights, values, 1)
    spread = np.tensordot(weights, centred**2, 1) / (1 - squares)
    return VariancePart(spread * squares, 1 / squares - 1)


def _pair_p_values(tasks: Sequence[RowMoments], difference: Float, parts: Sequence[VariancePart]) -> Float:
    """Two-sided p-values, (M, M): exact for one task and one seed on both sides."""
    if len(difference) == 1:
        return np.ones((1, 1))
    one_each = np.zeros(_upper(difference).shape, dtype=np.bool_)
    if len(tasks) == 1 and not tasks[0].independent:
        seeds = tasks[0].seeds
        one_each = _upper((seeds[:, None] == 1) & (seeds[None, :] == 1))
    p = np.empty(one_each.shape)
    others = [
        VariancePart(
            _upper(part.variance)[~one_each],
            _upper(np.broadcast_to(part.degrees, difference.shape))[~one_each],
        )
        for part in parts
    ]
    p[~one_each] = p_values(_upper(difference)[~one_each], others)
    if one_each.any():
        only = np.rint(tasks[0].only)
        one, two = _upper(only)[one_each], _upper(only.T)[one_each]
        p[one_each] = sign_test(np.minimum(one, two), one + two)
    return _symmetric(p)


def _upper(matrix: NDArray[Any]) -> NDArray[Any]:
    """The values above the diagonal, one per pair."""
    return matrix[np.triu_indices(len(matrix), 1)]


def _symmetric(pairs: Float) -> Float:
    """The inverse of `_upper` for symmetric matrices, with 1 on the diagonal."""
    models = int((1 + np.sqrt(1 + 8 * len(pairs))) / 2 + 0.5)
    matrix = np.ones((models, models))
    rows, columns = np.triu_indices(models, 1)
    matrix[rows, columns] = matrix[columns, rows] = pairs
    return matrix
