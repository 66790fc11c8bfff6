"""Primality by table, bitmap and gmpy2: the three agree where they meet, and which one answers changes nothing."""

import gmpy2
import numpy as np
import pytest
import sympy

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


def pseudoprimes() -> list[int]:
    """Odd composites that single tests take for primes: strong pseudoprimes, Lucas pseudoprimes, Carmichael numbers."""
    strong = [2047, 3215031751, 3474749660383, 341550071728321, 3825123056546413051]
    lucas = [5459, 5777, 10877, 989, 3239, 58519, 72389, 73919, 75077]
    carmichael = [561, 41041, 825265, 321197185, 5394826801, 232250619601, 9746347772161, 1436697831295441]
    squares = [1093**2, 3511**2, 2147483647**2, 3037000493**2]
    return strong + lucas + carmichael + squares


def risky(count: int) -> list[int]:
    """Products p (k (p - 1) + 1) and p (k (p + 1) - 1) of primes: most pseudoprimes of either test are of this form."""
    random, found = np.random.default_rng(5), []
    for start in random.integers(1 << 16, 1 << 30, count).tolist():
        p = int(gmpy2.next_prime(start))
        others = [q for k in range(2, 8) for q in (k * (p - 1) + 1, k * (p + 1) - 1)]
        found += [p * q for q in others if p * q < 1 << 63 and gmpy2.is_prime(q)]
    return found


def test_no_pseudoprime_passes():
    numbers = pseudoprimes() + risky(4000)
    assert sum(gmpy2.is_strong_prp(n, 2) for n in numbers) > 100
    assert sum(gmpy2.is_extra_strong_lucas_prp(n, 3) for n in numbers if n % 5) > 100
    assert not are_prime(np.array(numbers)).any()
    assert not primality._test_primes(np.array(numbers)).any()


def test_each_kind_of_test_agrees_with_sympy_in_one_batch():
    sizes = (100, 10_000, 4_759_123_141, 1 << 40, (1 << 62) - 1)
    random = np.random.default_rng(6)
    numbers = np.concatenate([np.arange(3000), *(random.integers(n // 2, n, 800) for n in sizes)])
    assert primality._test_primes(numbers).tolist() == [sympy.isprime(n) for n in numbers.tolist()]


def test_the_largest_numbers():
    numbers = np.arange((1 << 63) - 1, (1 << 63) - 2000, -2)
    assert primality._test_primes(numbers).tolist() == [gmpy2.is_prime(n) for n in numbers.tolist()]
