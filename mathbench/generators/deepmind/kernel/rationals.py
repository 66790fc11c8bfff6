"""Exact fractions, random divisors, and linear equations a*x + b*y = c in integers.

Fractions are drawn, added and multiplied, and every operation says where 63 bits were too few. Divisors of small
numbers are looked up. Of larger numbers the small prime factors are found by division; the cofactor counts as one
prime, even where it is a product of two large ones: enough to draw a divisor, not a full factorisation.
"""

from functools import cache

import numpy as np

from mathbench.generators.deepmind.kernel import entropy as decades
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int

LIMIT = 1 << 61  # the sum of two numbers up to here is still a number
_SMALL = 2 * 3 * 5 * 7 * 11 * 13  # larger primes make hardly any number less likely to be coprime


def rational_entropy(values: Numbers) -> Int:
    """The entropy that makes each value one of the larger ones, int64 (n,), in units.

    A fraction has that of its numerator and of its denominator, a decimal that of its digits.
    """
    plain = values.decimal | values.integer
    return decades.entropy_of(values.top) + np.where(plain, 0, decades.entropy_of(values.bottom))


def add(a: Numbers, b: Numbers) -> tuple[Numbers, Bool]:
    """Sums, and where they are right, bool (n,): nothing was larger than `LIMIT` on the way; decimals stay decimals.

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
    """With the other sign in some rows, bool (n,)."""
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
        entropy: int64 (n,), units, shared at random by numerator and denominator.

    Returns:
        Numerators and denominators, int64 (n,) each.
    """
    above = rng.randint_below(np.maximum(entropy, 0) + 1)
    top = rng.integer(above, minimum=1)
    return top, coprime(rng, entropy - above, top, signed=False, minimum=2)


def coprime(rng: RandomStream, entropy: Int, to: Int, signed: bool = True, minimum: int = 1) -> Int:
    """Draw integers of some entropy that have no common divisor with given ones, int64 (n,).

    About as many numbers as the entropy says are coprime: the range is the wider the fewer of them are.

    Args:
        rng: random streams.
        entropy: int64 (n,), units.
        to: int64 (n,); to 0 only 1 and -1 are coprime.
        signed: whether there are negative numbers.
        minimum: the smallest absolute value.
    """
    common = np.gcd(to, _SMALL)
    count = decades.choice_count(entropy) + minimum
    coprimes = _totients().take(common)
    count = count // coprimes * common + count % coprimes * common // coprimes + (common > 1)
    maximum = np.where(to == 0, 1, (count + 1) // 2 if signed else count)
    least_of = np.where(to == 0, 1, np.minimum(minimum, maximum))
    size = rng.reject_until(
        lambda again, here: again.randint(least_of[here], maximum[here]),
        lambda drawn, here: np.gcd(drawn, to[here]) == 1,
    )
    return size * rng.sign() if signed else size


@cache
def _totients() -> Int:
    """Euler's totient of every divisor of `_SMALL`, which has each of its prime factors once; 1 elsewhere."""
    found = np.ones(_SMALL + 1, dtype=np.int64)
    for prime in (2, 3, 5, 7, 11, 13):
        found[::prime] *= prime - 1
    return found


_TABLE_SIZE = 1 << 17  # numbers below this are looked up
_PRIMES = np.array(
    [p for p in range(2, 362) if all(p % q for q in range(2, p))]
)  # up to the square root of that
_BLOCK = 1 << 10  # numbers looked at side by side, so that all primes of them stay in the cache
# of each prime, (primes, 1): its inverse modulo 2^64, any number for 2; and the largest multiple, divided by it
_INVERSES = np.array([[pow(int(p) | 1, -1, 1 << 64)] for p in _PRIMES], dtype=np.uint64)
_MAX_QUOTIENTS = np.array([[((1 << 64) - 1) // int(p)] for p in _PRIMES], dtype=np.uint64)


def draw_divisor(rng: RandomStream, numbers: Int) -> tuple[Int, Int]:
    """A random positive divisor of each number, and how many it has; 1 and 1 for zero.

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
    listed, start = _divisor_lists()
    here = np.where(small, size, 1)
    count = start.take(here + 1) - start.take(here)
    found = listed.take(start.take(here) + RandomStream(word).randint_below(count))
    rows = np.flatnonzero(~small)
    if len(rows):
        found[rows], count[rows] = _draw_by_division(RandomStream(word.take(rows)), size[rows])
    return found, count


def _draw_by_division(rng: RandomStream, size: Int) -> tuple[Int, Int]:
    """The same for numbers that are divided by the small primes, the luck for each prime apart."""
    row, turn = _small_prime_factors(size)
    prime, power, left = _PRIMES.take(turn), np.zeros_like(row), size.take(row)
    inside = np.arange(len(row))
    while len(inside):
        left[inside] //= prime[inside]
        power[inside] += 1
        inside = inside[left[inside] % prime[inside] == 0]
    chosen = rng.continue_at(row, turn).randint_below(power + 1)
    rng.skip(len(_PRIMES))
    found, count, taken = np.ones((3, len(size)), dtype=np.int64)
    for product, factor in ((found, prime**chosen), (count, power + 1), (taken, prime**power)):
        np.multiply.at(product, row, factor)
    left = size // taken
    return found * np.where(rng.bernoulli(), left, 1), count * np.where(left > 1, 2, 1)


def _small_prime_factors(size: Int) -> tuple[Int, Int]:
    """The small primes that divide some numbers: which number, and the place of the prime; int64 (m,) each.

    An odd number p divides n where n / p modulo 2^64 is at most 2^64 / p: a product in place of a division.
    """
    parts = []
    for start in range(0, len(size), _BLOCK):
        some = size[start : start + _BLOCK].view(np.uint64)
        divided = some * _INVERSES <= _MAX_QUOTIENTS
        divided[0] = some & np.uint64(1) == 0
        turn, row = np.nonzero(divided)
        parts.append((row + start, turn))
    row, turn = (np.concatenate(part) for part in zip(*parts, strict=True))
    return row, turn


@cache
def _divisor_lists() -> tuple[Int, Int]:
    """The divisors of 0 (1 only, for want of better), of 1, of 2, ... laid end to end, and where each list starts."""
    numbers = np.arange(1, _TABLE_SIZE)
    multiples = (_TABLE_SIZE - 1) // numbers
    found = np.repeat(numbers, multiples)
    times = np.arange(len(found)) - np.repeat(np.cumsum(multiples) - multiples, multiples) + 1
    order = np.argsort(found * times, kind="stable")
    count = np.bincount(found * times, minlength=_TABLE_SIZE)
    count[0] = 1
    return np.concatenate([[1], found[order]]), np.concatenate([[0], np.cumsum(count)])


_PRIMES_BELOW_100 = [p for p in range(2, 100) if all(p % q for q in range(2, p))]


def bezout_cofactors(a: Int, b: Int) -> tuple[Int, Int, Int]:
    """Numbers x and y with a*x + b*y = gcd(a, b), and the gcd; int64 arrays of one shape.

    The extended Euclidean algorithm: |x| <= |b| and |y| <= |a|, unless one of them is zero.

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


def draw_smooth_divisor(rng: RandomStream, of: Int) -> Int:
    """A divisor: of every prime's power any exponent is as likely; what primes above 100 leave counts as a prime.

    Args:
        of: int64 (n,), 1 or more.
    """
    found, rest, rng = np.ones_like(of), of.copy(), rng.fork()
    for prime in _PRIMES_BELOW_100:
        random_bits, count = rng.words(), np.zeros_like(of)
        rows = np.flatnonzero(rest % prime == 0)
        while len(rows):
            rest[rows] //= prime
            count[rows] += 1
            rows = rows[rest[rows] % prime == 0]
        found *= prime ** (random_bits % (count + 1).astype(np.uint64)).astype(np.int64)
    return found * np.where(rng.bernoulli(), rest, 1)
