"""Exact fractions, random divisors and the extended Euclidean algorithm, for arrays.

Operations on fractions return where 63 bits were enough. Divisors of small numbers come from a table. Larger numbers
are divided by the small primes, and the cofactor counts as one prime even where it is a product of two large ones: this
suffices to draw a divisor.
"""

from functools import cache
from math import prod

import numpy as np

from mathbench.generators.deepmind.kernel.entropy import choice_count, entropy_of
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int

LIMIT = 1 << 61  # the sum of two numbers up to here fits into 63 bits
SMALL_PRIMES = (2, 3, 5, 7, 11, 13)  # larger ones hardly change how many numbers are coprime to a given one
_SMALL = prod(SMALL_PRIMES)

_TABLE_SIZE = 1 << 17  # the divisors of numbers below this come from a table
# the primes up to the square root of that
_PRIMES = np.array([p for p in range(2, 362) if all(p % q for q in range(2, p))])
_BLOCK = 1 << 10  # numbers divided at a time, so that the quotients by all primes stay in the cache
# per prime, (primes, 1): its inverse modulo 2^64, without meaning for 2, and the quotient of its largest multiple
_INVERSES = np.array([[pow(int(p) | 1, -1, 1 << 64)] for p in _PRIMES], dtype=np.uint64)
_MAX_QUOTIENTS = np.array([[((1 << 64) - 1) // int(p)] for p in _PRIMES], dtype=np.uint64)


def rational_entropy(values: Numbers) -> Int:
    """The entropy at which each value is one of the larger ones, int64 (n,), in units.

    That of a fraction is the sum over numerator and denominator, that of a decimal belongs to its digits.
    """
    plain = values.decimal | values.integer
    return entropy_of(values.top) + np.where(plain, 0, entropy_of(values.bottom))


def add(a: Numbers, b: Numbers) -> tuple[Numbers, Bool]:
    """Sums, and where no number on the way exceeded `LIMIT`, bool (n,). Sums of decimals are decimals.

    >>> from mathbench.numbers import text
    >>> half, third = (Numbers.rationals(np.array([1]), np.array([k])) for k in (2, 3))
    >>> text.join(add(half, third)[0].rendered()).to_pylist()
    ['5/6']
    """
    decimal = a.decimal | b.decimal
    if a.integer.all() and b.integer.all():
        right = (np.abs(a.top) <= LIMIT) & (np.abs(b.top) <= LIMIT)
        return Numbers(a.top + b.top, a.bottom, decimal), right
    common = np.gcd(a.bottom, b.bottom)
    more, times = b.bottom // common, a.bottom // common
    right = fits_in_63_bits(a.top, more) & fits_in_63_bits(b.top, times) & fits_in_63_bits(a.bottom, more)
    top, bottom = np.where(right, a.top * more + b.top * times, 0), np.where(right, a.bottom * more, 1)
    common = np.gcd(top, bottom)
    return Numbers(top // common, bottom // common, decimal), right


def negate(a: Numbers, where: Bool) -> Numbers:
    """Change the sign in the rows of a mask, bool (n,)."""
    return Numbers(np.where(where, -a.top, a.top), a.bottom, a.decimal)


def fits_in_63_bits(a: Int, b: Int) -> Bool:
    """Where the product of two integers is at most LIMIT in absolute value, bool (n,).

    >>> fits_in_63_bits(np.array([1 << 40, -3]), np.array([1 << 30, 4])).tolist()
    [False, True]
    """
    return np.asarray(np.abs(a) <= LIMIT // np.maximum(np.abs(b), 1))


def draw_rational(rng: RandomStream, entropy: Int) -> tuple[Int, Int]:
    """Draw fractions that are not integers, in lowest terms.

    Args:
        rng: random streams.
        entropy: int64 (n,), units, split at random between numerator and denominator.

    Returns:
        Numerators and denominators, int64 (n,) each.
    """
    for_top = rng.randint_below(np.maximum(entropy, 0) + 1)
    top = rng.integer(for_top, minimum=1)
    return top, draw_coprime(rng, entropy - for_top, top, signed=False, minimum=2)


def draw_coprime(rng: RandomStream, entropy: Int, to: Int, signed: bool = True, minimum: int = 1) -> Int:
    """Draw integers of given entropy that are coprime to other integers, int64 (n,).

    The range widens with the share of numbers that are not coprime, so that about 10^entropy values remain.

    Args:
        rng: random streams.
        entropy: int64 (n,), units.
        to: int64 (n,), the other integers; only 1 and -1 are coprime to 0.
        signed: whether to draw negative numbers too.
        minimum: the smallest absolute value.
    """
    common = np.gcd(to, _SMALL)
    count = choice_count(entropy) + minimum
    coprimes = _totients().take(common)
    count = count // coprimes * common + count % coprimes * common // coprimes + (common > 1)
    maximum = np.where(to == 0, 1, (count + 1) // 2 if signed else count)
    low = np.where(to == 0, 1, np.minimum(minimum, maximum))
    size = rng.reject_until(
        lambda again, here: again.randint(low[here], maximum[here]),
        lambda drawn, here: np.gcd(drawn, to[here]) == 1,
    )
    return size * rng.sign() if signed else size


@cache
def _totients() -> Int:
    """Euler's totient of every divisor of `_SMALL`, which is square-free, at that divisor."""
    found = np.ones(_SMALL + 1, dtype=np.int64)
    for prime in SMALL_PRIMES:
        found[::prime] *= prime - 1
    return found


def draw_divisor(rng: RandomStream, numbers: Int) -> tuple[Int, Int]:
    """Draw a positive divisor of each number, and count its positive divisors; 1 and 1 for zero.

    Args:
        rng: random streams.
        numbers: int64 (n,), of either sign.

    Returns:
        int64 (n,) each.

    >>> draw_divisor(RandomStream(np.arange(3, dtype=np.uint64)), np.array([1, -12, 999983 * 64]))[1].tolist()
    [1, 6, 14]
    """
    size, word = np.abs(numbers), rng.words()
    small = size < _TABLE_SIZE
    divisors, start = _divisor_lists()
    number = np.where(small, size, 1)
    count = start.take(number + 1) - start.take(number)
    found = divisors.take(start.take(number) + RandomStream(word).randint_below(count))
    rows = np.flatnonzero(~small)
    if len(rows):
        found[rows], count[rows] = _draw_by_division(RandomStream(word.take(rows)), size[rows])
    return found, count


def _draw_by_division(rng: RandomStream, size: Int) -> tuple[Int, Int]:
    """As `draw_divisor`, for numbers outside the table, with a separate draw for each prime."""
    row, position = _small_prime_factors(size)
    prime, power, cofactor = _PRIMES.take(position), np.zeros_like(row), size.take(row)
    pending = np.arange(len(row))
    while len(pending):
        cofactor[pending] //= prime[pending]
        power[pending] += 1
        pending = pending[cofactor[pending] % prime[pending] == 0]
    chosen = rng.continue_at(row, position).randint_below(power + 1)
    rng.skip(len(_PRIMES))
    found, count, taken = np.ones((3, len(size)), dtype=np.int64)
    for product, factor in ((found, prime**chosen), (count, power + 1), (taken, prime**power)):
        np.multiply.at(product, row, factor)
    cofactor = size // taken
    return found * np.where(rng.bernoulli(), cofactor, 1), count * np.where(cofactor > 1, 2, 1)


def _small_prime_factors(size: Int) -> tuple[Int, Int]:
    """All pairs of a number and a small prime that divides it: their indices, int64 (m,) each.

    An odd p divides n where n / p modulo 2^64 is at most 2^64 / p, which takes a product in place of a division.
    """
    parts = []
    for start in range(0, len(size), _BLOCK):
        some = size[start : start + _BLOCK].view(np.uint64)
        divided = some * _INVERSES <= _MAX_QUOTIENTS
        divided[0] = some & np.uint64(1) == 0
        position, row = np.nonzero(divided)
        parts.append((row + start, position))
    row, position = (np.concatenate(part) for part in zip(*parts, strict=True))
    return row, position


@cache
def _divisor_lists() -> tuple[Int, Int]:
    """The divisors of 0 (1 by convention), of 1, of 2, ... concatenated, and where each list starts."""
    numbers = np.arange(1, _TABLE_SIZE)
    multiples = (_TABLE_SIZE - 1) // numbers
    found = np.repeat(numbers, multiples)
    times = np.arange(len(found)) - np.repeat(np.cumsum(multiples) - multiples, multiples) + 1
    order = np.argsort(found * times, kind="stable")
    count = np.bincount(found * times, minlength=_TABLE_SIZE)
    count[0] = 1
    return np.concatenate([[1], found[order]]), np.concatenate([[0], np.cumsum(count)])


def bezout_cofactors(a: Int, b: Int) -> tuple[Int, Int, Int]:
    """Integers x and y with a*x + b*y = gcd(a, b), and the gcd; int64 arrays of one shape.

    Computed by the extended Euclidean algorithm: |x| <= |b| and |y| <= |a|, unless one of them is zero.

    >>> [part.tolist() for part in bezout_cofactors(np.array([12, -7]), np.array([18, 3]))]
    [[-1, -1], [1, -2], [6, 1]]
    """
    rest, next_rest = np.abs(a), np.abs(b)
    x, next_x, y, next_y = np.ones_like(a), np.zeros_like(a), np.zeros_like(a), np.ones_like(a)
    while next_rest.any():
        on = next_rest != 0
        quotient = np.where(on, rest // np.where(on, next_rest, 1), 0)
        rest, next_rest = np.where(on, next_rest, rest), np.where(on, rest - quotient * next_rest, 0)
        x, next_x = np.where(on, next_x, x), np.where(on, x - quotient * next_x, next_x)
        y, next_y = np.where(on, next_y, y), np.where(on, y - quotient * next_y, next_y)
    return x * np.sign(a), y * np.sign(b), rest


def draw_divisor_below_100(rng: RandomStream, numbers: Int) -> Int:
    """Draw a divisor with a uniform exponent for each prime below 100. The cofactor counts as one more prime.

    Args:
        rng: random streams.
        numbers: int64 (n,), 1 or more.
    """
    found, rest, rng = np.ones_like(numbers), numbers.copy(), rng.fork()
    for prime in _PRIMES[_PRIMES < 100].tolist():
        random_bits, count = rng.words(), np.zeros_like(numbers)
        rows = np.flatnonzero(rest % prime == 0)
        while len(rows):
            rest[rows] //= prime
            count[rows] += 1
            rows = rows[rest[rows] % prime == 0]
        found *= prime ** (random_bits % (count + 1).astype(np.uint64)).astype(np.int64)
    return found * np.where(rng.bernoulli(), rest, 1)
