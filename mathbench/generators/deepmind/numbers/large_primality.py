"""Primality tests and next primes for arrays of numbers below 3.4 * 10^14.

The strong test to a few fixed bases is exact up to the bounds of Jaeschke, "On strong pseudoprimes to several bases",
Math. Comp. 61 (1993). A product modulo n is computed as x y - q n, with the quotient q estimated in floating point. The
result is about n / 2 in size at most, and exact since it is computed in integers. Measured for numbers of 12 digits:
0.5 microseconds per base; gmpy2 takes 0.8 for a composite number and 6 for a prime.
"""

from functools import cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.hashing import U64, Int
from mathbench.numbers.primality import TABLE_LIMIT, are_prime

BOUND = 341_550_071_728_321
_BASES = (
    (4_759_123_141, (2, 7, 61)),
    (1_122_004_669_633, (2, 13, 23, 1_662_803)),
    (BOUND, (2, 3, 5, 7, 11, 13, 17)),
)
_EXACT = 1 << 51  # quotients below this are estimated with an error of at most one
_CHUNK = 1 << 13  # numbers at a time, so that their arrays stay in the cache
_WINDOW = 64  # odd numbers that are searched for a prime at a time
_BATCH_TESTS = 1 << 12  # this many tests at once cost little more than one
# primes that share a table of windows
_SIEVE_GROUPS = ((3, 5, 7, 11, 13), (17, 19, 23), (29, 31, 37), (41, 43, 47))
# larger primes are sieved in pairs up to the size at which a look-up costs less than it saves
_FIRST_PAIR, _LAST_PAIR = 53, 200


@cache
def primes() -> Int:
    """All primes below `TABLE_LIMIT`, ascending, int64."""
    return np.flatnonzero(are_prime(np.arange(TABLE_LIMIT)))


@cache
def _primes_below() -> Int:
    """The number of primes below each number from 0 to `TABLE_LIMIT`."""
    return np.concatenate([[0], np.cumsum(are_prime(np.arange(TABLE_LIMIT)))])


def previous_prime(limits: Int) -> Int:
    """The largest prime below each limit, int64 (n,), from 3 to `TABLE_LIMIT`."""
    return primes().take(_primes_below().take(limits) - 1)


def next_prime(numbers: Int) -> Int:
    """The smallest prime that is at least each number.

    Args:
        numbers: int64 (n,), further below `BOUND` than the largest gap between primes.

    >>> next_prime(np.array([-1, 3, 24, 10**12])).tolist()
    [2, 3, 29, 1000000000039]
    """
    found = np.empty_like(numbers)
    few = numbers <= primes()[-1]
    found[few] = primes().take(_primes_below().take(numbers[few].clip(0)))
    found[~few] = _search_next_primes(numbers[~few])
    return found


def is_probable_prime(numbers: Int) -> Bool:
    """Which odd numbers, int64 (n,), above 10^7 and below `BOUND`, are prime; exact, not probabilistic.

    >>> is_probable_prime(np.array([10**12 + 39, 10**12 + 41, 10000019 * 10000079])).tolist()
    [True, False, False]
    """
    bases = next(bases for bound, bases in _BASES if numbers.max(initial=0) < bound)
    return _pass_strong_test(numbers, bases)


def _pass_strong_test(numbers: Int, bases: tuple[int, ...]) -> Bool:
    """Which odd numbers pass the strong test to all bases."""
    pending = np.arange(len(numbers))
    for base in bases:
        pending = pending[_is_strong_probable_prime(numbers[pending], base)]
    passed = np.zeros(len(numbers), np.bool_)
    passed[pending] = True
    return passed


def _is_strong_probable_prime(numbers: Int, base: int) -> Bool:
    """Which odd numbers are strong probable primes to a base (Miller and Rabin)."""
    chunks = [numbers[start : start + _CHUNK] for start in range(0, len(numbers), _CHUNK)]
    return np.concatenate([_strong_test(chunk, base) for chunk in chunks] or [np.empty(0, np.bool_)])


def _strong_test(numbers: Int, base: int) -> Bool:
    """For n - 1 = d 2^k with d odd: whether base^d is 1 or -1, or one of k - 1 squarings makes it -1, modulo n."""
    less, inverse = numbers - 1, 1.0 / numbers
    twos = np.bitwise_count((less & -less) - 1).astype(np.int64)
    power = _power(base, less >> twos, numbers, inverse)
    passed = np.abs(power) == 1
    for squarings in range(1, int(twos.max())):
        rows = np.flatnonzero(~passed & (twos > squarings))
        root = power[rows]
        size = root.astype(np.float64)
        power[rows] = balanced_remainder(root * root, size * size, numbers[rows], inverse[rows])
        passed[rows] = power[rows] == -1
    return passed


def _power(base: int, exponents: Int, numbers: Int, inverse: NDArray[np.float64]) -> Int:
    """base^exponent modulo each number, as the residue nearest to zero; one or two bits of the exponents at a time."""
    largest = int(numbers.max())
    bits = 2 if base**6 * largest < _EXACT else 1
    factors = base ** np.arange(1 << bits)
    wide = int(factors[-1]) ** 2 * largest >= _EXACT  # else the next square needs no reduction
    power = np.ones_like(numbers)
    for position in reversed(range(0, int(exponents.max()).bit_length(), bits)):
        for _ in range(bits):
            size = power.astype(np.float64)
            power = balanced_remainder(power * power, size * size, numbers, inverse)
        power *= factors.take((exponents >> position) & (len(factors) - 1))
        if wide:
            power = balanced_remainder(power, power.astype(np.float64), numbers, inverse)
    return balanced_remainder(power, power.astype(np.float64), numbers, inverse)


def balanced_remainder(
    values: Int, size: NDArray[np.float64], numbers: Int, inverse: NDArray[np.float64]
) -> Int:
    """The residues of values modulo some numbers that are nearest to zero, at most about half of these in size.

    Args:
        values: int64 (n,), modulo 2^64.
        size: float64 (n,), approximate values, at most 2^51 times the numbers.
        numbers: int64 (n,), below 2^49.
        inverse: float64 (n,), 1 / numbers.
    """
    return values - np.rint(size * inverse).astype(np.int64) * numbers


def _search_next_primes(numbers: Int) -> Int:
    """The next primes of numbers above 10^6: sieve windows of odd numbers and test the rest in turn."""
    found, pending, start = np.empty_like(numbers), np.arange(len(numbers)), numbers | 1
    window = _sieve_window(start)
    while len(pending):
        tested, window = _pop_candidates(start, window)
        prime = is_probable_prime(tested.ravel()).reshape(tested.shape)
        some = prime.any(axis=0)
        found[pending[some]] = tested[prime.argmax(axis=0)[some], some]
        pending, start, window = pending[~some], start[~some], window[~some]
        empty = window == 0
        start[empty] += 2 * _WINDOW
        window[empty] = _sieve_window(start[empty])
    return found


def _pop_candidates(start: Int, window: U64) -> tuple[Int, U64]:
    """The first candidates of each window, int64 (trials, n), and the windows, uint64 (n,), without them.

    Where a window has fewer candidates, the number after the window is used.
    """
    trials = min(8, max(1, _BATCH_TESTS // len(start)))
    numbers = np.empty((trials, len(start)), np.int64)
    for number in numbers:
        number[:] = start + 2 * np.bitwise_count((window & -window) - np.uint64(1)).astype(np.int64)
        window = window & (window - np.uint64(1))
    return numbers, window


def _sieve_window(start: Int) -> U64:
    """Which of the 64 odd numbers from each start on have no small factor, as bits from the lowest."""
    struck, from_ = np.zeros(len(start), np.uint64), start.view(np.uint64)
    for modulus, windows in _windows():
        struck |= windows.take((from_ - from_ // modulus * modulus).view(np.int64))
    return ~struck


@cache
def _windows() -> list[tuple[np.uint64, U64]]:
    """Products of small primes, with the bits of the odd numbers to strike for each residue of the product."""
    pairs = primes()[(primes() >= _FIRST_PAIR) & (primes() < _LAST_PAIR)].tolist()
    groups = (*_SIEVE_GROUPS, *zip(pairs[::2], pairs[1::2], strict=False))
    return [(np.uint64(prod(group)), _struck_bits(group)) for group in groups]


def _struck_bits(group: tuple[int, ...]) -> U64:
    """For each residue of the product of some primes, the bits of the odd numbers that one of them divides."""
    residues, struck = np.arange(prod(group)), np.zeros(prod(group), np.uint64)
    for q in group:
        of_prime = [sum(1 << i for i in range(_WINDOW) if (r + 2 * i) % q == 0) for r in range(q)]
        struck |= np.array(of_prime, dtype=np.uint64).take(residues % q)
    return struck
