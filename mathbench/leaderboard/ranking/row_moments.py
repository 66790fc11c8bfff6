"""Sums over the rows of a task that tests between all its models need; no other step reads rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.scores.statistics import Z95
from mathbench.scores.variance_parts import VariancePart

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]

BLOCK_ROWS = 1 << 16  # rows that are held as floating point numbers at once


@dataclass(frozen=True)
class RowMoments:
    """The results of M models on the n rows of a task, summed over the rows.

    Args:
        n: the number of rows.
        seeds: int (M,), the number of training seeds per model.
        shares: float (M,), the mean share of right answers.
        spreads: float (M,), the variance of that share between seeds; 0 for one seed.
        both: float (M, M), sums over rows of the products of two models' means over seeds: the number of rows that
            both have right, as a mean over pairs of seeds.
        independent: whether every model, and every seed of it, answered rows of its own. There are no pairs of rows
            then, and `both` is what independent rows give on average.
    """

    n: int
    seeds: NDArray[np.int64]
    shares: Float
    spreads: Float
    both: Float
    independent: bool = False

    @property
    def only(self) -> Float:
        """The number of rows that only the first model has right, (M, M), as a mean over pairs of seeds."""
        return self.n * self.shares[:, None] - self.both

    @property
    def difference(self) -> Float:
        """The share of the first model minus that of the second, (M, M)."""
        return np.asarray(self.shares[:, None] - self.shares[None, :])

    def pair_rows(self) -> VariancePart:
        """The part of rows in the variance of a difference, (M, M).

        Half a row is added to each of the four counts, so that equal answers do not count as certain.

        Source: Agresti, Min, Statistics in Medicine 24 (2005).
        """
        own = np.diagonal(self.both)
        squares = own[:, None] + own[None, :] - 2 * self.both
        size = self.n + 2
        total = np.maximum(squares, 0) + 1 - (self.n * self.difference) ** 2 / size
        return VariancePart(total / size**2, np.inf)

    def pair_seeds(self) -> VariancePart:
        """The part of training seeds in the variance of a difference, (M, M).

        The spread of a model with one seed is taken to be that of the other model. For two models with several seeds,
        the degrees of freedom are those of Welch, but at most twice the smaller number less one, since for two or three
        seeds Welch's number is often too large by chance.

        Source: Welch, Biometrika 34 (1947).
        """
        one = (self.seeds == 1)[:, None]
        spread = np.where(one, self.spreads[None, :], self.spreads[:, None]) / self.seeds[:, None]
        total = spread + spread.T
        free = np.broadcast_to(self.seeds[:, None] - 1.0, spread.shape)
        least = np.where(one | one.T, np.maximum(free, free.T), 2 * np.minimum(free, free.T) - 1)
        shares = spread**2 / np.maximum(free, 1) + spread.T**2 / np.maximum(free.T, 1)
        welch = np.divide(total**2, shares, out=np.ones_like(total), where=shares > 0)
        return VariancePart(total, np.maximum(1, np.where(one | one.T, least, np.minimum(welch, least))))

    def own_rows(self) -> VariancePart:
        """The part of rows in the variance of a share, (M,).

        Source: Agresti, Coull, The American Statistician 52 (1998), which is positive for scores of 0 and 100 %.
        """
        size = self.n + Z95**2
        shares = (self.n * self.shares + Z95**2 / 2) / size
        return VariancePart(shares * (1 - shares) / size, np.inf)

    def own_seeds(self) -> VariancePart:
        """The part of training seeds in the variance of a share, (M,)."""
        return VariancePart(self.spreads / self.seeds, np.maximum(1, self.seeds - 1.0))


def independent_moments(rights: Sequence[Bool]) -> RowMoments:
    """Sum the results of models that each answered rows of their own, as in a sealed season.

    The variance of a difference is then the sum of the variances of the two shares: `both` is the product of the two
    shares times n, and on its diagonal the sum whose variance is that of a mean over independent rows of all seeds.

    Args:
        rights: per model, bool (seeds, n), where each seed answered n rows of its own; (n,) for one seed.

    Raises:
        InputError: for no rows, or different numbers of rows.

    >>> moments = independent_moments([np.array([True, True, False, True]), np.array([True, False, False, False])])
    >>> moments.both.tolist()
    [[3.0, 0.75], [0.75, 1.0]]
    """
    models = [np.atleast_2d(right) for right in rights]
    n = _row_count(models, "as many rows of their own")
    seeds, by_seed, shares, spreads = _shares(models)
    within = np.array([(own * (1 - own)).sum() / len(own) ** 2 for own in by_seed])
    both = n * (np.outer(shares, shares) + np.diag(within))
    return RowMoments(n, seeds, shares, spreads, both, independent=True)


def own_moments(shares: Sequence[Sequence[float]], n: int) -> RowMoments:
    """What is known of models from their shares alone, without comparisons between them.

    Args:
        shares: per model, the share of right answers of each training seed.
        n: the number of rows.
    """
    spreads = np.array([np.var(own, ddof=1) if len(own) > 1 else 0.0 for own in shares])
    seeds = np.array([len(own) for own in shares])
    means = np.array([own[0] if len(own) == 1 else fmean(own) for own in shares])
    return RowMoments(n, seeds, means, spreads, np.empty((0, 0)))


def row_moments(rights: Sequence[Bool]) -> RowMoments:
    """Sum the results of models on the same rows.

    Args:
        rights: per model, bool (seeds, n): which rows each training seed has right; (n,) for one seed.

    Raises:
        InputError: for no rows, or different numbers of rows.

    >>> moments = row_moments([np.array([[True, True, False, True]]), np.array([[True, False, False, False]])])
    >>> moments.only.tolist()
    [[0.0, 2.0], [0.0, 0.0]]
    """
    models = [np.atleast_2d(right) for right in rights]
    n = _row_count(models, "the same rows")
    seeds, _, shares, spreads = _shares(models)
    both = _products(models, n) if (seeds > 1).any() else _common([right[0] for right in models])
    return RowMoments(n, seeds, shares, spreads, both)


def _row_count(models: Sequence[Bool], required: str) -> int:
    """The number of rows, which is the same for all models; `required` words the error."""
    sizes = {right.shape[1] for right in models}
    if len(sizes) != 1 or not min(right.size for right in models):
        raise InputError(
            f"a comparison requires results of all models on {required}. "
            f"Received: {', '.join(f'{size:,}' for size in sorted(sizes)) or 'no'} rows."
        )
    return sizes.pop()


def _shares(models: Sequence[Bool]) -> tuple[NDArray[np.int64], list[Float], Float, Float]:
    """The number of seeds, and the shares of right answers: per seed, their mean, their variance between seeds."""
    by_seed = [right.mean(axis=1) for right in models]
    spreads = np.array([shares.var(ddof=1) if len(shares) > 1 else 0.0 for shares in by_seed])
    seeds = np.array([len(shares) for shares in by_seed])
    return seeds, by_seed, np.array([shares.mean() for shares in by_seed]), spreads


def _products(models: Sequence[Bool], n: int) -> Float:
    total = np.zeros((len(models), len(models)))
    for start in range(0, n, BLOCK_ROWS):
        means = np.stack([_mean(right[:, start : start + BLOCK_ROWS]) for right in models])
        total += means @ means.T
    return total


def _common(rights: Sequence[Bool]) -> Float:
    """The number of rows that two models with one seed both have right, (M, M)."""
    packed = np.packbits(np.stack(rights), axis=1)
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)
    return np.stack([np.bitwise_count(words & row).sum(axis=1) for row in words]).astype(np.float64)


def _mean(right: Bool) -> Float:
    """The mean over seeds of each row."""
    return right[0].astype(np.float64) if len(right) == 1 else right.mean(axis=0)
