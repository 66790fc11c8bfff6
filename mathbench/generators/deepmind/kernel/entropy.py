"""Entropy: how much choice a number has, the decimal logarithm of how many values it could take.

Difficulty is stated in entropy (Saxton et al., 2019): a number of entropy 3 is one of about a thousand. It is kept in
whole units of 1/1024 of a decade, and powers of ten come from a table of exact integers, so that no row depends on how
a processor rounds.
"""

from functools import cache
from math import isqrt

import numpy as np

from mathbench.hashing import Int

UNIT = 1024  # units per decade
DECADES = 18  # powers of ten up to 10^18 fit into 63 bits
_DIGITS = 10**60  # precision of the root below


def entropy_units(decades: float) -> int:
    """Entropy in units.

    >>> entropy_units(3), entropy_units(0.5)
    (3072, 512)
    """
    return round(decades * UNIT)


@cache
def _powers() -> Int:
    """floor(10^(u / UNIT)) for u from 0 to DECADES * UNIT, int64; squaring it back loses less than 10^-50."""
    root = 10 * _DIGITS
    for _ in range(UNIT.bit_length() - 1):
        root = isqrt(root * _DIGITS)
    decade = [_DIGITS]
    for _ in range(UNIT - 1):
        decade.append(decade[-1] * root // _DIGITS)
    below = [power * 10**d // _DIGITS for d in range(DECADES) for power in decade]
    return np.array([*below, 10**DECADES], dtype=np.int64)


def size_of_entropy(entropy: Int) -> Int:
    """How many values a number of some entropy has: floor(10^(entropy / UNIT)), int64 (n,); at most 10^18.

    >>> size_of_entropy(np.array([0, UNIT, 1536, 18 * UNIT])).tolist()
    [1, 10, 31, 1000000000000000000]
    """
    return _powers().take(np.clip(entropy, 0, DECADES * UNIT))


def choice_count(entropy: Int) -> Int:
    """How many values a number of some entropy takes: 10^(entropy / UNIT) rounded up, int64 (n,); at least 1.

    >>> choice_count(np.array([-5, 0, 1, UNIT, 1536])).tolist()
    [1, 1, 2, 10, 32]
    """
    return _choices().take(np.clip(entropy, 0, DECADES * UNIT))


@cache
def _choices() -> Int:
    broken = np.arange(DECADES * UNIT + 1) % UNIT != 0
    return _powers() + broken


def log10_units(values: Int) -> Int:
    """The entropy of a choice among so many, int64 (n,), 1 or more, in units, rounded up.

    >>> log10_units(np.array([1, 2, 10])).tolist()
    [0, 309, 1024]
    """
    small = _logarithms()
    return small.take(values) if values.max(initial=0) < len(small) else np.searchsorted(_powers(), values)


@cache
def _logarithms() -> Int:
    return np.searchsorted(_powers(), np.arange(1 << 13)).astype(np.int64)


def entropy_of(value: Int) -> Int:
    """The entropy that makes a value one of the larger ones: 10^e is about 5 |value| + 1; int64 (n,), in units.

    >>> entropy_of(np.array([0, 2, -20])).tolist()
    [0, 1067, 2053]
    """
    requested = np.minimum(np.abs(value), 10**17) * 5 + 1
    return np.searchsorted(_powers(), requested, side="left").astype(np.int64)
