"""Primality by table, bitmap and gmpy2: the three agree where they meet, and which one answers changes nothing."""

import gmpy2
import numpy as np
import pytest

from mathbench.numbers import primality
from mathbench.numbers.primality import (
    BITMAP_LIMIT,
    PRIME,
    TABLE_LIMIT,
    are_prime,
    has_factor,
    smallest_factors,
)


def test_the_bitmap_agrees_with_the_table_on_all_small_numbers():
    numbers = np.arange(TABLE_LIMIT)
    assert np.array_equal(primality._in_bitmap(numbers), smallest_factors(numbers) == PRIME)


@pytest.mark.parametrize(
    "low, high", [(TABLE_LIMIT, BITMAP_LIMIT), (BITMAP_LIMIT - 3000, BITMAP_LIMIT), (BITMAP_LIMIT, 1 << 62)]
)
def test_every_way_agrees_with_gmpy2(monkeypatch, low, high):
    numbers = np.unique(np.random.default_rng(0).integers(low, high, 3000))
    expected = [gmpy2.is_prime(n) for n in numbers.tolist()]
    for asked in (0, 1 << 40):  # before and after the bitmap pays
        monkeypatch.setattr(primality, "_requested", np.array(asked))
        assert are_prime(numbers).tolist() == expected
        assert are_prime(np.append(numbers, 1 << 60)).tolist() == [*expected, False]


@pytest.mark.parametrize("q", primality.SMALL_PRIMES)
def test_factors_are_found(q):
    numbers = np.append(np.arange(5000), (1 << 62) // q * q)
    assert np.array_equal(has_factor(numbers, q), (numbers % q == 0) & (numbers > q))
