"""Entropy of a number: the decimal logarithm of the number of values it can take.

Difficulty is stated in entropy (Saxton et al., 2019): a number of entropy 3 is one of about a thousand. It is stored in
integer units of 1/1024 of a decade, and powers of ten come from a table of exact integers, so that no row depends on
the rounding of a processor.
"""

from functools import cache
from math import isqrt

import numpy as np

from mathbench.hashing import Int

UNIT = 1024  # units per decade
DECADES = 18  # powers of ten up to 10^18 fit into 63 bits
_SCALE = 10**60  # of the fixed-point numbers below


def entropy_units(decades: float) -> int:
    """Convert decades to units.

    >>> entropy_units(3), entropy_units(0.5)
    (3072, 512)
    """
    return round(decades * UNIT)


@cache
def _powers() -> Int:
    """floor(10^(u / UNIT)) for u from 0 to DECADES * UNIT, int64, from powers with an error below 10^-50."""
    root = 10 * _SCALE
    for _ in range(UNIT.bit_length() - 1):
        root = isqrt(root * _SCALE)
    decade = [_SCALE]
    for _ in range(UNIT - 1):
        decade.append(decade[-1] * root // _SCALE)
    below = [power * 10**d // _SCALE for d in range(DECADES) for power in decade]
    return np.array([*below, 10**DECADES], dtype=np.int64)


def size_of_entropy(entropy: Int) -> Int:
    """The number of values at a given entropy, rounded down: floor(10^(entropy / UNIT)), int64 (n,), at most 10^18.

    >>> size_of_entropy(np.array([0, UNIT, 1536, 18 * UNIT])).tolist()
    [1, 10, 31, 1000000000000000000]
    """
    return _powers().take(np.clip(entropy, 0, DECADES * UNIT))


def choice_count(entropy: Int) -> Int:
    """The number of values at a given entropy, rounded up: ceil(10^(entropy / UNIT)), int64 (n,), at least 1.

    >>> choice_count(np.array([-5, 0, 1, UNIT, 1536])).tolist()
    [1, 1, 2, 10, 32]
    """
    return _choices().take(np.clip(entropy, 0, DECADES * UNIT))


@cache
def _choices() -> Int:
    not_exact = np.arange(DECADES * UNIT + 1) % UNIT != 0
    return _powers() + not_exact


def log10_units(values: Int) -> Int:
    """The entropy of a choice among `values`, int64 (n,), 1 or more: their decimal logarithm in units, rounded up.

    >>> log10_units(np.array([1, 2, 10])).tolist()
    [0, 309, 1024]
    """
    small = _logarithms()
    return small.take(values) if values.max(initial=0) < len(small) else np.searchsorted(_powers(), values)


@cache
def _logarithms() -> Int:
    return np.searchsorted(_powers(), np.arange(1 << 13)).astype(np.int64)


def entropy_of(value: Int) -> Int:
    """The entropy at which a value is one of the larger ones, 10^e being about 5 |value| + 1, int64 (n,), in units.

    >>> entropy_of(np.array([0, 2, -20])).tolist()
    [0, 1067, 2053]
    """
    size = np.minimum(np.abs(value), 10**17) * 5 + 1
    return np.searchsorted(_powers(), size).astype(np.int64)
