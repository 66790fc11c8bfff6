"""Canonical problems of many parts: hashes of numbers in their order, and of collections in any order."""

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.hashing import GOLDEN, U64, mix
from mathbench.task import Int


def word(*numbers: Int | U64) -> U64:
    """A hash of some numbers in their order.

    Args:
        numbers: int64 or uint64 arrays whose shapes broadcast.

    >>> bool((word(np.array([1, 2]), np.array([2, 1])) == word(np.array([1, 2]), np.array([2, 1]))).all())
    True
    """
    state = np.zeros((), dtype=np.uint64)
    for number in numbers:
        state = mix(state + np.uint64(GOLDEN) + number.astype(np.uint64))
    return state


def collection(words: U64, live: Bool) -> U64:
    """A hash of some words whatever their order, uint64 (n,).

    Args:
        words: uint64 (t, n), well mixed.
        live: bool (t, n), which ones there are.
    """
    return np.where(live, words, np.uint64(0)).sum(axis=0, dtype=np.uint64)


def row(*numbers: Int | U64) -> Int:
    """A canonical problem of one hash, int64 (1, n)."""
    return word(*numbers).view(np.int64)[None]


def polynomial(coefficients: Int) -> U64:
    """A hash of polynomials, uint64 (n,); zeros above the highest power do not matter.

    Args:
        coefficients: int64 (d + 1, n); row i belongs to the power i.
    """
    powers = np.arange(len(coefficients))[:, None]
    return collection(word(powers, coefficients), coefficients != 0)
