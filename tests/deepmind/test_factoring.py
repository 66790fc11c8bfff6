"""Primes and factors of whole arrays, against SymPy and against numbers that are known to be hard."""

import numpy as np
import pytest
import sympy

from mathbench.generators.deepmind.numbers.factoring import prime_factors
from mathbench.generators.deepmind.numbers.large_primality import (
    BOUND,
    is_probable_prime,
    next_prime,
    previous_prime,
)

# strong pseudoprimes to the first bases, and Carmichael numbers (OEIS A014233, A002997)
IMPOSTORS = [
    3_215_031_751,
    2_152_302_898_747,
    3_474_749_660_383,
    10_024_721,
    172_947_529,
    1_436_697_831_295_441,
]


def spread(low: float, high: float, many: int) -> np.ndarray:
    """Integers whose logarithms are evenly spread."""
    rng = np.random.Generator(np.random.PCG64(5))
    return (10 ** rng.uniform(low, high, many)).astype(np.int64)


@pytest.mark.parametrize("high", [9, 10, 12, 14])
def test_primes_are_those_of_sympy(high):
    numbers = spread(7.1, high, 1500) | 1
    numbers = np.concatenate([numbers, [p for p in map(sympy.nextprime, numbers[:200].tolist())]])
    assert is_probable_prime(numbers).tolist() == [sympy.isprime(n) for n in numbers.tolist()]


def test_impostors_are_no_primes():
    numbers = np.array([n for n in IMPOSTORS if n < BOUND])
    assert not any(is_probable_prime(np.array([n])).any() for n in numbers)
    assert not is_probable_prime(numbers).any()


def test_next_primes_are_those_of_sympy():
    numbers = np.concatenate([np.arange(-3, 300), spread(2, 14, 800), np.arange(-200, 200) + (1 << 22)])
    assert next_prime(numbers).tolist() == [sympy.nextprime(n - 1) for n in numbers.tolist()]
    limits = np.arange(3, 500)
    assert previous_prime(limits).tolist() == [sympy.prevprime(n) for n in limits.tolist()]


def test_factors_are_those_of_sympy():
    primes = next_prime(spread(3.4, 6, 100))
    numbers = np.concatenate([np.arange(1, 600), spread(3, 13, 800), primes * primes[::-1], primes**2])
    found = prime_factors(numbers)
    for i, number in enumerate(numbers.tolist()):
        many, expected = found.prime_count[i], sorted(sympy.factorint(number).items())
        assert found.primes[:, i].tolist() == [p for p, _ in expected] + [0] * (len(found.primes) - many)
        assert found.powers[:many, i].tolist() == [p**a for p, a in expected]
    assert (found.powers.prod(axis=0) == numbers).all()
