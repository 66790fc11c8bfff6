"""Tails of the binomial and of Student's t distribution, for arrays, without SciPy."""

from functools import lru_cache
from math import erfc, inf, lgamma, log, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

MAX_Z = 21.0  # a two-sided p-value of 7e-98; smaller ones are given as that
NORMAL = np.linspace(0, MAX_Z, 2101)  # the points at which quantiles are tabulated
SMALL_FACTORIALS = 16  # below, Stirling's series is replaced by the value itself

# degrees of freedom with a table; others are rounded down to the next one, which makes p-values larger
DEGREES = np.array(
    [*np.arange(1, 10, 0.25), *range(10, 30), *range(30, 100, 5), 100, 150, 200, 300, 500, 1000, inf]
)


def sign_test(fewer: ArrayLike, n: ArrayLike) -> Float:
    """Two-sided p-values of sign tests: 2 P(X <= fewer) for X ~ Binomial(n, 1/2), at most 1.

    The last term comes from Stirling's series, the others from their ratios, so that no difference of large numbers
    occurs and the relative error stays below 1e-9.

    Args:
        fewer: int (...), the smaller of the two counts.
        n: int (...), the sum of the two.

    Source: Loader, Fast and Accurate Computation of Binomial Probabilities (2000).

    >>> sign_test([1, 0, 50_000], [7, 0, 100_000]).round(12).tolist()
    [0.125, 1.0, 1.0]
    """
    k, total = (np.asarray(values, dtype=np.float64) for values in (fewer, n))
    term = np.ones(np.broadcast_shapes(k.shape, total.shape))
    tail = term.copy()
    step = 0.0
    # the ratio of neighbouring terms is at most 1 and reaches 0 after `fewer` steps
    while np.any(term > tail * 1e-17):
        term = term * np.maximum(k - step, 0) / (total - k + 1 + step)
        tail += term
        step += 1
    return np.asarray(np.minimum(1.0, 2 * tail * np.exp(_log_fair_binomial(k, total))))


def _log_fair_binomial(k: Float, n: Float) -> Float:
    """The logarithm of P(X = k) for X ~ Binomial(n, 1/2), k <= n / 2."""
    rest = n - k
    share = np.divide(rest - k, n, out=np.zeros(np.shape(rest - k)), where=n > 0)
    # (1 + s) log(1 + s) + (1 - s) log(1 - s), without the product 0 * log(0)
    log_less = np.log1p(-share, out=np.zeros_like(share), where=share < 1)
    deviance = n / 2 * ((1 + share) * np.log1p(share) + (1 - share) * log_less)
    size = np.log(np.maximum(n, 1)) - np.log(np.maximum(k, 1)) - np.log(np.maximum(rest, 1)) - log(2 * pi)
    at_end = (k == 0) | (rest == 0)
    inside = _stirling_error(n) - _stirling_error(k) - _stirling_error(rest) - deviance + size / 2
    return np.asarray(np.where(at_end, -n * log(2), inside))


def _stirling_error(n: Float) -> Float:
    """The logarithm of n! / (sqrt(2 pi n) (n / e)^n), Stirling's formula."""
    m = np.maximum(n, SMALL_FACTORIALS)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * m**2)) / m**2) / m**2) / m
    index = np.minimum(n, SMALL_FACTORIALS).astype(np.int64)
    return np.asarray(np.where(n < SMALL_FACTORIALS, _small_stirling_errors()[index], series))


@lru_cache(maxsize=1)
def _small_stirling_errors() -> Float:
    exact = [lgamma(n + 1) - (n + 0.5) * log(n) + n - log(2 * pi) / 2 for n in range(1, SMALL_FACTORIALS + 1)]
    return np.array([0.0, *exact])


def normal_two_sided(z: ArrayLike) -> Float:
    """P(|Z| > z) of the standard normal distribution.

    >>> normal_two_sided(1.959963984540054).round(12).item()
    0.05
    """
    return np.asarray(np.vectorize(erfc, otypes=[np.float64])(np.asarray(z) / sqrt(2)))


def degrees_index(degrees: ArrayLike) -> NDArray[np.intp]:
    """The position in `DEGREES` of degrees of freedom, rounded down.

    >>> DEGREES[degrees_index([1, 2.9, 17.2, 2000, np.inf])].tolist()
    [1.0, 2.75, 17.0, 1000.0, inf]
    """
    # five tasks with equal weights have 4 - 1e-16 degrees of freedom by rounding
    rounded = np.maximum(degrees, 1) * (1 + 1e-9)
    return np.asarray(np.searchsorted(DEGREES, rounded, side="right") - 1)


def student_quantile(z: ArrayLike, degrees: ArrayLike) -> Float:
    """The points of Student's t distributions beyond which they have the same share as the normal one beyond z.

    Args:
        z: float (...), from 0 to `MAX_Z`.
        degrees: float (...), of freedom, at least 1; rounded down to one of `DEGREES`.

    >>> student_quantile(1.959963984540054, [1, 4, np.inf]).round(3).tolist()
    [12.706, 2.776, 1.96]
    """
    found, index = np.broadcast_arrays(np.asarray(z, dtype=np.float64), degrees_index(degrees))
    points = np.empty(found.shape)
    for one in np.unique(index):
        where = index == one
        points[where] = _stretched(np.interp(found[where], NORMAL, _equivalents(one)), DEGREES[one])
    return points


@lru_cache(maxsize=len(DEGREES))
def tabulated_squares(index: int) -> Float:
    """The squares of Student's t at the points `NORMAL`, for the degrees of freedom `DEGREES[index]`."""
    return np.asarray(_stretched(_equivalents(index), DEGREES[index]) ** 2)


@lru_cache(maxsize=len(DEGREES))
def _equivalents(index: int) -> Float:
    """Per point of `NORMAL`, the argument of `_stretched` with the same two-sided share.

    Both differ little and smoothly, so that linear interpolation is exact to about 1e-6.
    """
    degrees = float(DEGREES[index])
    if degrees == inf:
        return NORMAL
    # a little further than `NORMAL`, so that the table covers it
    arguments = np.linspace(0, MAX_Z + 0.4, 2 * len(NORMAL))
    logs = log_student_two_sided(_stretched(arguments, degrees), degrees)
    found = np.log(normal_two_sided(NORMAL))
    return np.asarray(np.interp(-found, -logs, arguments))


def _stretched(z: Float, degrees: Any) -> Float:
    """Wallace's approximation of Student's t from a normal deviate (Annals of Math. Statistics 30, 1959)."""
    if degrees == inf:
        return z
    scale = ((8 * degrees + 3) / (8 * degrees + 1)) ** 2 / degrees
    return np.asarray(np.sqrt(degrees * np.expm1(z**2 * scale)))


def log_student_two_sided(t: ArrayLike, degrees: float) -> Float:
    """The logarithm of P(|T| > t) of Student's t distribution, also far out in its tail.

    Args:
        t: float (n,), at least 0.
        degrees: of freedom.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22 (incomplete beta function).

    >>> np.exp(log_student_two_sided([0, 1, 12.7062047], 1)).round(6).tolist()
    [1.0, 0.5, 0.05]
    """
    values = np.atleast_1d(np.asarray(t, dtype=np.float64))
    ratio = values**2 / degrees
    near = values**2 < 3  # where the fraction for the complement converges
    logs = np.empty(values.shape)
    logs[near] = np.log1p(-np.exp(_log_beta_tail(ratio[near] / (1 + ratio[near]), 0.5, degrees / 2)))
    logs[~near] = _log_beta_tail(1 / (1 + ratio[~near]), degrees / 2, 0.5)
    return logs


def _log_beta_tail(x: Float, a: float, b: float) -> Float:
    """The logarithm of the incomplete beta function I_x(a, b), by its continued fraction (Lentz's method)."""
    with np.errstate(divide="ignore"):
        front = a * np.log(x) + b * np.log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b) - log(a)
    c, d = np.ones_like(x), 1 / (1 - (a + b) * x / (a + 1))
    value, step, changed = d.copy(), 0, True
    while changed:
        step += 1
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for factor in (even, odd):
            d, c = 1 / (1 + factor * d), 1 + factor / c
            value = value * (c * d)
        changed = bool(np.any(np.abs(c * d - 1) > 1e-15)) and step < 10_000
    return np.asarray(front + np.log(value))
