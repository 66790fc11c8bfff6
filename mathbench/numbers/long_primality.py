"""Factors and primality of long numbers: small factors by residues of columns, then gmpy2 number by number."""

from collections.abc import Iterator
from functools import cache
from math import prod

import gmpy2
import numpy as np
from numpy.typing import NDArray

from mathbench.numbers import arithmetic, limbs
from mathbench.numbers.limbs import Int

Mask = NDArray[np.bool_]

TRIAL_LIMIT = 2000
_MAX_PRODUCT = 1 << 31  # for smaller moduli, many products are summed between two divisions


def is_below_two(numbers: Int) -> Mask:
    """Where numbers are 0 or 1, bool (n,)."""
    return (numbers[0] < 2) & ~numbers[1:].any(axis=0)


def has_any(numbers: Int, primes: tuple[int, ...], base: int) -> Mask:
    """Whether one of several small primes divides each number (the prime itself does not count), bool (n,).

    >>> has_any(np.array([[97, 91, 7], [0, 0, 0]]), (3, 7), 10).tolist()
    [False, True, False]
    """
    found, alone = np.zeros(numbers.shape[1], dtype=bool), ~numbers[1:].any(axis=0)
    for group in _groups(primes):
        rest = limbs.residue(numbers, prod(group), limbs.radix_of(base))
        for q in group:
            found |= (rest % q == 0) & ~(alone & (numbers[0] == q))
    return found


def without(numbers: Int, rows: Int, primes: tuple[int, ...], base: int) -> Int:
    """The rows, of those given, whose numbers have none of several small factors."""
    for group in _groups(primes):
        rows = rows[~has_any(numbers[:, rows], group, base)]
    return rows


def are_prime(numbers: Int, base: int) -> Mask:
    """Which long numbers are prime, bool (n,): trial division by the primes below `TRIAL_LIMIT`, then gmpy2.

    Testing a number of 100 digits takes 60 microseconds, trial division 3 (measured on a busy machine).

    gmpy2 runs the Baillie-PSW test, which no known composite passes, and a Miller-Rabin test with a random base. It is
    exact below 2^64.

    >>> are_prime(np.array([[91, 97, 39], [0, 0, 10000]]), 10).tolist()
    [False, True, True]
    """
    left = without(numbers, np.flatnonzero(~is_below_two(numbers)), _small_primes(), base)
    prime = np.zeros(numbers.shape[1], dtype=bool)
    digits = arithmetic.written(numbers[:, left], base).to_pylist()
    prime[left] = [gmpy2.is_prime(gmpy2.mpz(number, base)) for number in digits]
    return prime


@cache
def _small_primes() -> tuple[int, ...]:
    return tuple(q for q in range(2, TRIAL_LIMIT) if gmpy2.is_prime(q))


def _groups(primes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Split a list of primes into runs with a small product."""
    start = 0
    for end in range(1, len(primes) + 1):
        if end == len(primes) or prod(primes[start : end + 1]) >= _MAX_PRODUCT:
            yield primes[start:end]
            start = end
