"""Exact fractions: drawn, added, multiplied; and where 63 bits were too few for that."""

from functools import cache

import numpy as np

from mathbench.generators.deepmind.kernel import entropy as decades
from mathbench.generators.deepmind.kernel.chance import Bool, Chance
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.task import Int

LIMIT = 1 << 61  # the sum of two numbers up to here is still a number
_SMALL = 2 * 3 * 5 * 7 * 11 * 13  # larger primes make hardly any number less likely to be coprime


def entropy_of(values: Numbers) -> Int:
    """The entropy that makes each value one of the larger ones, int64 (n,), in units.

    A fraction has that of its numerator and of its denominator, a decimal that of its digits.
    """
    plain = values.decimal | values.integer
    return decades.of_value(values.top) + np.where(plain, 0, decades.of_value(values.bottom))


def total(a: Numbers, b: Numbers) -> tuple[Numbers, Bool]:
    """Sums, and where they are right, bool (n,): nothing was larger than `LIMIT` on the way; decimals stay decimals.

    >>> from mathbench import text
    >>> half, third = (Numbers.rationals(np.array([1]), np.array([k])) for k in (2, 3))
    >>> text.join(total(half, third)[0].written()).to_pylist()
    ['5/6']
    """
    decimal = a.decimal | b.decimal
    if a.integer.all() and b.integer.all():
        right = (np.abs(a.top) <= LIMIT) & (np.abs(b.top) <= LIMIT)
        return Numbers(a.top + b.top, a.bottom, decimal), right
    common = np.gcd(a.bottom, b.bottom)
    more, times = b.bottom // common, a.bottom // common
    right = fits(a.top, more) & fits(b.top, times) & fits(a.bottom, more)
    top, bottom = np.where(right, a.top * more + b.top * times, 0), np.where(right, a.bottom * more, 1)
    common = np.gcd(top, bottom)
    return Numbers(top // common, bottom // common, decimal), right


def negated(a: Numbers, where: Bool) -> Numbers:
    """With the other sign in some rows, bool (n,)."""
    return Numbers(np.where(where, -a.top, a.top), a.bottom, a.decimal)


def fits(a: Int, b: Int) -> Bool:
    """Where the product of two integers is at most LIMIT in absolute value, bool (n,).

    >>> fits(np.array([1 << 40, -3]), np.array([1 << 30, 4])).tolist()
    [False, True]
    """
    return np.asarray(np.abs(a) <= LIMIT // np.maximum(np.abs(b), 1))


def rational(chance: Chance, entropy: Int) -> tuple[Int, Int]:
    """Draw fractions that are not integers, in lowest terms.

    Args:
        chance: random choices.
        entropy: int64 (n,), units, shared at random by numerator and denominator.

    Returns:
        Numerators and denominators, int64 (n,) each.
    """
    above = chance.below(np.maximum(entropy, 0) + 1)
    top = chance.integer(above, least=1)
    return top, coprime(chance, entropy - above, top, signed=False, least=2)


def coprime(chance: Chance, entropy: Int, to: Int, signed: bool = True, least: int = 1) -> Int:
    """Draw integers of some entropy that have no common divisor with given ones, int64 (n,).

    About as many numbers as the entropy says are coprime: the range is the wider the fewer of them are.

    Args:
        chance: random choices.
        entropy: int64 (n,), units.
        to: int64 (n,); to 0 only 1 and -1 are coprime.
        signed: whether there are negative numbers.
        least: the smallest absolute value.
    """
    common = np.gcd(to, _SMALL)
    many = decades.choices(entropy) + least
    coprimes = _totients().take(common)
    many = many // coprimes * common + many % coprimes * common // coprimes + (common > 1)
    most = np.where(to == 0, 1, (many + 1) // 2 if signed else many)
    least_of = np.where(to == 0, 1, np.minimum(least, most))
    size = chance.until(
        lambda again, here: again.between(least_of[here], most[here]),
        lambda drawn, here: np.gcd(drawn, to[here]) == 1,
    )
    return size * chance.sign() if signed else size


@cache
def _totients() -> Int:
    """Euler's totient of every divisor of `_SMALL`, which has each of its prime factors once; 1 elsewhere."""
    found = np.ones(_SMALL + 1, dtype=np.int64)
    for prime in (2, 3, 5, 7, 11, 13):
        found[::prime] *= prime - 1
    return found
