"""Divisors: one of a number's divisors at random, each as likely, and how many there are.

Small numbers are looked up. Of larger ones the small prime factors are found by division; what is left over counts as
one prime, which a product of two large primes is not: a random way to take a number apart, not its factorisation.
"""

from functools import cache

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Chance
from mathbench.task import Int

_LISTED = 1 << 17  # numbers below this are looked up
_PRIMES = [p for p in range(2, 362) if all(p % q for q in range(2, p))]  # up to the square root of that


def divisor(chance: Chance, numbers: Int) -> tuple[Int, Int]:
    """A random positive divisor of each number, and how many it has; 1 and 1 for zero.

    Args:
        chance: random choices.
        numbers: int64 (n,), of either sign.

    Returns:
        int64 (n,) each.

    >>> divisor(Chance(np.arange(3, dtype=np.uint64)), np.array([1, -12, 999983 * 64]))[1].tolist()
    [1, 6, 14]
    """
    size, word = np.abs(numbers), chance.words()
    small = size < _LISTED
    listed, start = _list()
    here = np.where(small, size, 1)
    many = start.take(here + 1) - start.take(here)
    found = listed.take(start.take(here) + Chance(word).below(many))
    rows = np.flatnonzero(~small)
    if len(rows):
        found[rows], many[rows] = _divided(Chance(word.take(rows)), size[rows])
    return found, many


def _divided(chance: Chance, size: Int) -> tuple[Int, Int]:
    found, many, left = np.ones_like(size), np.ones_like(size), size
    for prime in _PRIMES:
        rows, power = np.flatnonzero(left % prime == 0), np.zeros_like(size)
        left = left.copy()
        luck = chance.take(rows)
        inside = rows
        while len(inside):
            left[inside] //= prime
            power[inside] += 1
            inside = inside[left[inside] % prime == 0]
        many[rows] *= power[rows] + 1
        found[rows] *= prime ** luck.below(power[rows] + 1)
    found *= np.where(chance.coin(), left, 1)
    return found, many * np.where(left > 1, 2, 1)


@cache
def _list() -> tuple[Int, Int]:
    """The divisors of 0 (1 only, for want of better), of 1, of 2, ... laid end to end, and where each list starts."""
    numbers = np.arange(1, _LISTED)
    multiples = (_LISTED - 1) // numbers
    found = np.repeat(numbers, multiples)
    times = np.arange(len(found)) - np.repeat(np.cumsum(multiples) - multiples, multiples) + 1
    order = np.argsort(found * times, kind="stable")
    many = np.bincount(found * times, minlength=_LISTED)
    many[0] = 1
    return np.concatenate([[1], found[order]]), np.concatenate([[0], np.cumsum(many)])
