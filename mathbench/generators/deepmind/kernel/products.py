"""Sums, products and compositions of polynomials in one variable, as arrays of their coefficients."""

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.task import Int

_BITS = 61  # no coefficient may have more


def times(a: Int, b: Int) -> tuple[Int, Bool]:
    """Products.

    Args:
        a, b: int64 (d + 1, n) and (e + 1, n); row i belongs to the power i.

    Returns:
        int64 (d + e + 1, n), and which products are certain to be in range, bool (n,).

    >>> found, good = times(np.array([[1], [2]]), np.array([[3], [0], [1]]))
    >>> found[:, 0].tolist(), good.tolist()
    ([3, 6, 1, 2], [True])
    """
    found = np.zeros((len(a) + len(b) - 1, a.shape[1]), dtype=np.int64)
    for power, coefficient in enumerate(a):
        found[power : power + len(b)] += coefficient * b
    room = (1 << _BITS) // np.maximum(np.abs(a).sum(axis=0), 1)
    return found, np.abs(b).sum(axis=0) <= room


def composed(f: Int, g: Int) -> tuple[Int, Bool]:
    """Compositions f(g(x)); arguments and results as for `times`.

    >>> found, _ = composed(np.array([[1], [0], [1]]), np.array([[1], [1]]))
    >>> found[:, 0].tolist()
    [2, 2, 1]
    """
    found, good = f[-1:], np.ones(f.shape[1], dtype=np.bool_)
    for coefficient in f[-2::-1]:
        found, fits = times(found, g)
        found[0] += coefficient
        good = good & fits
    return found, good
