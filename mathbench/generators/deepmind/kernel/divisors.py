"""Divisors: one of a number's divisors at random, each as likely, and how many there are.

Small numbers are looked up. Of larger ones the small prime factors are found by division; what is left over counts as
one prime, which a product of two large primes is not: a random way to take a number apart, not its factorisation.
"""

from functools import cache

import numpy as np

from mathbench.generators.deepmind.kernel.chance import Chance
from mathbench.task import Int

_LISTED = 1 << 17  # numbers below this are looked up
_PRIMES = np.array(
    [p for p in range(2, 362) if all(p % q for q in range(2, p))]
)  # up to the square root of that
_AT_ONCE = 1 << 10  # numbers looked at side by side, so that all primes of them stay in the cache
# of each prime, (primes, 1): its inverse modulo 2^64, any number for 2; and the largest multiple, divided by it
_INVERSES = np.array([[pow(int(p) | 1, -1, 1 << 64)] for p in _PRIMES], dtype=np.uint64)
_HIGHEST = np.array([[((1 << 64) - 1) // int(p)] for p in _PRIMES], dtype=np.uint64)


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
    """The same for numbers that are divided by the small primes, the luck for each prime apart."""
    row, turn = _dividing(size)
    prime, power, left = _PRIMES.take(turn), np.zeros_like(row), size.take(row)
    inside = np.arange(len(row))
    while len(inside):
        left[inside] //= prime[inside]
        power[inside] += 1
        inside = inside[left[inside] % prime[inside] == 0]
    chosen = chance.later(row, turn).below(power + 1)
    chance.skip(len(_PRIMES))
    found, many, taken = np.ones((3, len(size)), dtype=np.int64)
    for product, factor in ((found, prime**chosen), (many, power + 1), (taken, prime**power)):
        np.multiply.at(product, row, factor)
    left = size // taken
    return found * np.where(chance.coin(), left, 1), many * np.where(left > 1, 2, 1)


def _dividing(size: Int) -> tuple[Int, Int]:
    """The small primes that divide some numbers: which number, and the place of the prime; int64 (m,) each.

    An odd number p divides n where n / p modulo 2^64 is at most 2^64 / p: a product in place of a division.
    """
    parts = []
    for start in range(0, len(size), _AT_ONCE):
        some = size[start : start + _AT_ONCE].view(np.uint64)
        divided = some * _INVERSES <= _HIGHEST
        divided[0] = some & np.uint64(1) == 0
        turn, row = np.nonzero(divided)
        parts.append((row + start, turn))
    row, turn = (np.concatenate(part) for part in zip(*parts, strict=True))
    return row, turn


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
