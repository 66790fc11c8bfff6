"""Small factors and primality of arrays of numbers below 2^63.

By size: a table of smallest factors; a bitmap of primes, once enough numbers were tested; a compiled test or, without
compiled loops, gmpy2.
"""

from functools import cache
from math import isqrt

import gmpy2
import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.hashing import MASK, Int

SMALL_PRIMES = tuple(q for q in range(2, 100) if gmpy2.is_prime(q))
TABLE_LIMIT = 1 << 22  # smallest factors of numbers below this are stored, one byte each
MIN_SIEVE = 1 << 16  # numbers that are sieved first; larger tables double it
LARGE, PRIME, NO_FACTOR = SMALL_PRIMES[-1] + 1, 254, 255  # codes in place of a smallest factor
BITMAP_LIMIT = 1 << 27  # numbers below this have a bit in a bitmap of 4.5 MB
BITMAP_AFTER = (
    1 << 17
)  # numbers tested before the bitmap is built: gmpy2 has then taken about as long as the bitmap does
WHEEL = 30
SPOKES = (1, 7, 11, 13, 17, 19, 23, 29)  # the residues of primes above 5 modulo 30


def has_factor(numbers: Int, q: int) -> NDArray[np.bool_]:
    """Whether a small prime divides each number (0 and the prime itself do not count).

    Odd primes: n is a multiple exactly when n times the inverse of q modulo 2^64 is n / q, so at most (2^64 - 1) / q
    (Granlund and Montgomery, 1994, section 9); three cheap passes replace a division.

    >>> has_factor(np.array([97, 91, 7]), 7).tolist()
    [False, True, False]
    """
    if q == 2:
        return ((numbers & 1) == 0) & (numbers > 2)
    quotient = numbers.view(np.uint64) * np.uint64(pow(q, -1, 1 << 64))
    quotient -= np.uint64(2)  # 0 and 1 wrap to huge numbers
    return quotient <= np.uint64(MASK // q - 2)


def are_prime(numbers: Int) -> NDArray[np.bool_]:
    """Which numbers (int64 (n,), not negative) are prime.

    >>> are_prime(np.array([0, 1, 2, 91, 97, 10403, 10**18 + 9])).tolist()
    [False, False, True, False, True, False, True]
    """
    if numbers.max(initial=0) < TABLE_LIMIT:
        return smallest_factors(numbers) == PRIME
    mapped = numbers < BITMAP_LIMIT
    if not (mapped.any() and _bitmap_pays(len(numbers))):
        return _test_primes(numbers)
    if mapped.all():
        return _in_bitmap(numbers)
    prime = np.empty(len(numbers), dtype=bool)
    prime[mapped], prime[~mapped] = _in_bitmap(numbers[mapped]), _test_primes(numbers[~mapped])
    return prime


def with_smallest_factor(numbers: Int, first: int, last: int) -> NDArray[np.bool_]:
    """Which numbers have a smallest prime factor, not themselves, from `first` to `last`.

    Args:
        numbers: int64 (n,), not negative.
        first: a small prime, or the prime after the last of them; 0, with `last` 0, selects primes.
        last: a small prime; 0: no upper limit.

    >>> numbers = np.array([0, 7, 35, 49, 10403, 10007 * 10009])
    >>> with_smallest_factor(numbers, 7, 11).tolist()
    [False, False, False, True, False, False]
    >>> with_smallest_factor(numbers, 101, 0).tolist()
    [False, False, False, False, True, True]
    """
    if not first:
        return are_prime(numbers)
    if numbers.max(initial=0) < TABLE_LIMIT:
        factors = smallest_factors(numbers)
        return (factors >= min(first, LARGE)) & (factors <= (last or LARGE))
    factors = _first_factors(numbers)
    fits = (factors >= first) & (factors <= (last or LARGE))
    if not last:
        none = np.flatnonzero(factors == 0)
        fits[none] = ~are_prime(numbers[none])
    return fits


def _first_factors(numbers: Int) -> NDArray[np.uint8]:
    """The smallest of `SMALL_PRIMES` that properly divides each number, uint8 (n,); 1 for 0 and 1, 0 for none."""
    if compiled.LIBRARY:
        return _divisors().first_factors(numbers)
    factors, left = (numbers < 2).astype(np.uint8), np.flatnonzero(numbers >= 2)
    for q in SMALL_PRIMES:
        divided = has_factor(numbers[left], q)
        factors[left[divided]], left = q, left[~divided]
    return factors


def _test_primes(numbers: Int) -> NDArray[np.bool_]:
    """Trial division, then a compiled test or that of gmpy2 (BPSW, proven below 2^64), number by number.

    Miller-Rabin on arrays is slower: on 18-digit numbers gmpy2 needs 0.9 microseconds for a composite and 10 for a
    prime, arrays about 2 and 20, compiled loops 0.1 and 0.3 (which also run a BPSW test from 4,759,123,141 on).
    """
    if compiled.LIBRARY:
        return _divisors().are_prime(numbers)
    left = np.flatnonzero(_first_factors(numbers) == 0)
    prime = np.zeros(len(numbers), dtype=bool)
    prime[left] = np.fromiter(map(gmpy2.is_prime, numbers[left].tolist()), dtype=bool, count=len(left))
    return prime


@cache
def _divisors() -> compiled.SmallPrimes:
    return compiled.SmallPrimes(SMALL_PRIMES[1:])


_requested = np.zeros((), dtype=np.int64)  # numbers tested so far


def _bitmap_pays(count: int) -> bool:
    """Count `count` more tested numbers and return whether the bitmap is worth building. Results do not change."""
    np.add(_requested, count, out=_requested)
    return bool(_requested >= BITMAP_AFTER)


def _in_bitmap(numbers: Int) -> NDArray[np.bool_]:
    """Which numbers below `BITMAP_LIMIT` are prime."""
    turn = numbers // WHEEL
    bit = _BITS.take(numbers - turn * WHEEL)
    return ((_bitmap().take(turn) & bit) > 0) | (numbers == 2) | (numbers == 3) | (numbers == 5)


_BITS = np.array([1 << SPOKES.index(r) if r in SPOKES else 0 for r in range(WHEEL)], dtype=np.uint8)


@cache
def _bitmap() -> NDArray[np.uint8]:
    """A table of bytes; bit b of byte i is set where 30 i + SPOKES[b] is prime."""
    bits = np.full(BITMAP_LIMIT // WHEEL + 1, 255, dtype=np.uint8)
    primes = [q for q in range(7, isqrt(BITMAP_LIMIT) + 1) if gmpy2.is_prime(q)]
    if compiled.LIBRARY:
        compiled.cross_out(bits, primes, SPOKES)
    else:
        _cross_out(bits, primes)
    bits[0] &= 0xFE  # 1 is not prime
    return bits


def _cross_out(bits: NDArray[np.uint8], primes: list[int]) -> None:
    """Clear the bits of the multiples of primes, from their squares on (Eratosthenes, spoke by spoke)."""
    for bit, spoke in enumerate(SPOKES):
        prime = np.ones(len(bits), dtype=np.uint8)
        for q in primes:
            first = -spoke * pow(WHEEL, -1, q) % q  # q divides 30 * first + spoke
            begin = -(-(q * q - spoke) // WHEEL)
            prime[begin + (first - begin) % q :: q] = 0
        bits &= prime << bit | np.uint8(~(1 << bit) & 255)


def smallest_factors(numbers: Int) -> NDArray[np.uint8]:
    """The smallest prime factor of each number below `TABLE_LIMIT`, uint8 (n,).

    `LARGE` stands for all factors above 97, `PRIME` for that of a prime and `NO_FACTOR` for that of 0 and 1.

    >>> smallest_factors(np.array([91, 97, 101 * 103])).tolist() == [7, PRIME, LARGE]
    True
    """
    sieve = _sieve(MIN_SIEVE)
    if (maximum := int(numbers.max(initial=0))) >= MIN_SIEVE:
        sieve = _sieve(1 << maximum.bit_length())
    return sieve.take(numbers)


@cache
def _sieve(size: int) -> NDArray[np.uint8]:
    """The smallest factors of 0 .. size - 1 (Eratosthenes), largest primes first, so that the smallest one remains."""
    factors = np.full(size, PRIME, dtype=np.uint8)
    factors[:2] = NO_FACTOR
    primes = [q for q in range(2, isqrt(size) + 1) if gmpy2.is_prime(q)]
    for q in reversed(primes):
        factors[q * q :: q] = min(q, LARGE)
    return factors
