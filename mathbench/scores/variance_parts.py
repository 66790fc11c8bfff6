"""Tests of a difference whose variance is a sum of parts, each estimated with degrees of freedom of its own.

With parts v_c, the two-sided test at level p rejects a difference of 0 when d^2 > sum of t_c(p)^2 v_c, where t_c(p) is
the point of Student's t for the degrees of freedom of the part. For normal differences and independent estimates its
error rate is at most p, whatever the true variances are: P(Z^2 < x) is concave in x, so that its expectation is at
least the weighted mean of what the parts reach alone, which is 1 - p for each. One number of degrees of freedom for
the sum (Welch, Satterthwaite) gives no such bound: next to a part that is known well, a spread that two runs show as
small by chance makes it reject too often.

Source: Banerjee, Sankhya 22 (1960); for the degrees of freedom within a part: Welch, Biometrika 34 (1947).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mathbench.scores.distributions import (
    NORMAL,
    Float,
    degrees_index,
    normal_two_sided,
    student_quantile,
    tabulated_squares,
)
from mathbench.scores.statistics import Z95


@dataclass(frozen=True)
class VariancePart:
    """A part of the variance of an estimate.

    Args:
        variance: float (...), its estimate.
        degrees: float (...), the degrees of freedom of the estimate; infinite for a variance that is as good as known.
    """

    variance: Float
    degrees: Float | float


def half_widths(parts: Sequence[VariancePart], z: float = Z95) -> Float:
    """Half the width of the interval of an estimate.

    Args:
        parts: of its variance.
        z: the normal deviate of the level; 95 % by default.

    >>> half_widths([VariancePart(np.array([0.01]), np.inf), VariancePart(np.array([0.01]), 2)]).round(3).tolist()
    [0.473]
    """
    total = sum(part.variance * student_quantile(z, part.degrees) ** 2 for part in parts)
    return np.asarray(np.sqrt(total))


def p_values(differences: ArrayLike, parts: Sequence[VariancePart]) -> Float:
    """Two-sided p-values of differences.

    Args:
        differences: float (n,).
        parts: of their variances, float (n,); one of them must be positive.

    >>> p_values([0.4303], [VariancePart(np.array([0.01]), 2)]).round(4).tolist()
    [0.05]
    """
    squares = np.asarray(differences, dtype=np.float64) ** 2
    if not squares.size:
        return squares
    found = [(part.variance, *_tables(part.degrees, squares.shape)) for part in parts]
    low, high = np.zeros(squares.shape, np.int64), np.full(squares.shape, len(NORMAL) - 1)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        above = _limits(found, middle) <= squares
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    left, right = (np.sqrt(_limits(found, at)) for at in (low, high))
    part = np.clip((np.sqrt(squares) - left) / (right - left), 0, 1)
    return normal_two_sided(NORMAL[low] + part * (NORMAL[high] - NORMAL[low]))


_Tables = tuple[Float, Float, np.ndarray]


def _tables(degrees: Float | float, shape: tuple[int, ...]) -> tuple[Float, np.ndarray]:
    """The squares of Student's t per occurring degrees of freedom, and which of them each difference needs."""
    index, which = np.unique(np.broadcast_to(degrees_index(degrees), shape), return_inverse=True)
    return np.stack([tabulated_squares(int(one)) for one in index]), which.reshape(shape)


def _limits(parts: Sequence[_Tables], at: np.ndarray) -> Float:
    """The square of the smallest difference that is significant at the points `NORMAL[at]`."""
    return np.asarray(sum(variance * table[which, at] for variance, table, which in parts))
