"""Canonical problems: the numbers that make a problem what it is, fit for a fingerprint."""

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.task import Int


def folded(values: Int) -> Int:
    """Integers of either sign as integers from 0 on, different for different ones; int64, absolute value below 2^62.

    A fingerprint passes over -1, which marks an absent number.

    >>> folded(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    return (values << 1) ^ (values >> 63)


def ordered(first: Int, second: Int, where: Bool) -> Int:
    """Two operands one below the other, the smaller one first where their order does not matter.

    Operands are compared by their first numbers, then by their second ones, and so on.

    Args:
        first, second: int64 (k, n), the numbers that each operand consists of.
        where: bool (n,), the problems in which the order does not matter.

    Returns:
        int64 (2 k, n).

    >>> ordered(np.array([[5, 5], [1, 1]]), np.array([[5, 5], [0, 0]]), np.array([True, False])).T.tolist()
    [[5, 0, 5, 1], [5, 1, 5, 0]]
    """
    swap, tied = np.zeros(len(where), np.bool_), where
    for a, b in zip(first, second, strict=True):
        swap |= tied & (a > b)
        tied = tied & (a == b)
    return np.concatenate([np.where(swap, second, first), np.where(swap, first, second)])
