"""Pairs of operands, drawn freely or for a given result."""

from typing import NamedTuple

import numpy as np

from mathbench.generators.deepmind.kernel import expression_trees, rationals
from mathbench.generators.deepmind.kernel.entropy import UNIT, log10_units
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.hashing import Int


def share_entropy(rng: RandomStream, entropy: Int) -> tuple[Int, Int]:
    """Split entropy at random between two numbers, at least one decade each.

    Args:
        rng: random streams.
        entropy: int64 (n,), units for both.
    """
    first = np.maximum(rng.randint_below(entropy + 1), UNIT)
    return first, np.maximum(entropy - first, UNIT)


class Values(NamedTuple):
    """Results of operations for which operands are drawn.

    Attributes:
        top, bottom: int64 (m,), in lowest terms.
        operations: int64 (m,), the number of operations of the expression, this one included.
        entropy: int64 (m,), units for this operation.
        factor, divisors: int64 (m,), a random divisor of the numerator, and the number of its divisors.
        kind: int64 (m,), the operation.
    """

    top: Int
    bottom: Int
    operations: Int
    entropy: Int
    factor: Int
    divisors: Int
    kind: Int

    def take(self, rows: Int) -> "Values":
        return Values(*(column.take(rows) for column in self))


# two fractions, int64 (2, m), in any terms, and where 63 bits were enough
OperandPair = tuple[Int, Int, Bool]


def draw_operands(rng: RandomStream, values: Values, fractional: bool) -> OperandPair:
    """Draw two operands for each operation, in lowest terms; 0/1 where 63 bits were not enough.

    Args:
        rng: random streams.
        values: the results and their operations.
        fractional: whether the terms of a sum may be fractions.
    """
    count, rng = len(values.kind), rng.fork()
    left, right = np.ones((2, 2, count), dtype=np.int64)
    good = np.zeros(count, np.bool_)
    products, more = values.kind >= expression_trees.MUL, values.operations
    cases = (
        (~products, _terms if fractional else _whole_terms),
        ((values.kind == expression_trees.MUL) & (more == 1), _factors),
        ((values.kind == expression_trees.MUL) & (more == 2), _scaled_factors),
        ((values.kind == expression_trees.DIV) & (more == 1), _expanded),
        ((values.kind == expression_trees.DIV) & (more == 2), _quotient),
        (products & (more >= 3), _ratio),
    )
    for case, draw in cases:
        if not len(rows := np.flatnonzero(case)):
            rng.skip()
            continue
        left[:, rows], right[:, rows], good[rows] = draw(rng.take(rows), values.take(rows))
    swapped = rng.bernoulli() & (values.kind == expression_trees.MUL)
    left, right = np.where(swapped, right, left), np.where(swapped, left, right)
    return _reduced(left, good), _reduced(right, good), good


def _reduced(fraction: Int, good: Bool) -> Int:
    """Reduce fractions to lowest terms with a positive denominator; 0/1 where they are not good."""
    top, bottom = np.where(good, fraction, [[0], [1]])
    rows = np.flatnonzero(bottom != 1)
    common = np.gcd(top[rows], bottom[rows]) * np.sign(bottom[rows])
    top[rows] //= common
    bottom[rows] //= common
    return np.stack([top, bottom])


def _whole_terms(rng: RandomStream, values: Values) -> OperandPair:
    """Two integers with a given sum or difference."""
    term = rng.integer(values.entropy)
    return _with_other(rng, values, np.stack([term, np.ones_like(term)]))


def _terms(rng: RandomStream, values: Values) -> OperandPair:
    """Two numbers with a given sum or difference. With three or more operations left, both may be fractions."""
    top, bottom = rng.integer(values.entropy), np.ones_like(values.top)
    rows = np.flatnonzero((values.operations >= 3) & rng.bernoulli())
    top[rows], bottom[rows] = rationals.draw_rational(rng.take(rows), values.entropy[rows])
    return _with_other(rng, values, np.stack([top, bottom]))


def _with_other(rng: RandomStream, values: Values, term: Int) -> OperandPair:
    """The pair of a term x and the other one: x + (v - x), (v - x) + x, x - (x - v) or (v + x) - x."""
    minus, second = values.kind == expression_trees.SUB, rng.bernoulli()
    good = (
        rationals.fits_in_63_bits(values.top, term[1])
        & rationals.fits_in_63_bits(term[0], values.bottom)
        & rationals.fits_in_63_bits(values.bottom, term[1])
    )
    taken = np.where(minus & second, 1, -1) * term[0]
    other = np.stack([values.top * term[1] + taken * values.bottom, values.bottom * term[1]])
    other[0] *= np.where(minus & ~second, -1, 1)
    return np.where(second, other, term), np.where(second, term, other), good


def _factors(rng: RandomStream, values: Values) -> OperandPair:
    """Two integers with a given product."""
    left, right = _separated(rng, values.top, values.factor)
    ones = np.ones_like(left)
    return np.stack([left, ones]), np.stack([right, ones]), np.ones(len(left), np.bool_)


def _separated(rng: RandomStream, numbers: Int, factor: Int) -> tuple[Int, Int]:
    """Write numbers as products of two, the first with the absolute value of a factor; the sign goes to either."""
    left = np.where(rng.bernoulli() & (numbers < 0), -factor, factor)
    return left, numbers // left


def _scaled_factors(rng: RandomStream, values: Values) -> OperandPair:
    """A fraction and an integer with a given product."""
    left, right = _separated(rng, values.top, values.factor)
    scale = rationals.draw_coprime(
        rng, values.entropy - factor_pair_entropy(values.top, values.divisors), to=left
    )
    good = rationals.fits_in_63_bits(scale, values.bottom) & rationals.fits_in_63_bits(right, scale)
    return np.stack([left, scale * values.bottom]), np.stack([right * scale, np.ones_like(left)]), good


def factor_pair_entropy(numbers: Int, divisors: Int) -> Int:
    """The entropy of the choice of two factors of a number, with the sign at either."""
    return log10_units(divisors * np.where(numbers < 0, 2, 1))


def _expanded(rng: RandomStream, values: Values) -> OperandPair:
    """Two integers with a given quotient: numerator and denominator times a common factor."""
    scale, ones = rng.integer(values.entropy, minimum=1), np.ones_like(values.top)
    good = rationals.fits_in_63_bits(values.top, scale) & rationals.fits_in_63_bits(values.bottom, scale)
    return np.stack([values.top * scale, ones]), np.stack([values.bottom * scale, ones]), good


def _quotient(rng: RandomStream, values: Values) -> OperandPair:
    """A fraction and an integer, in either order, with a given quotient."""
    under = (values.top == 0) | rng.bernoulli()
    number = rationals.draw_coprime(rng, values.entropy, to=np.where(under, values.bottom, values.top))
    above, below = np.where(under, values.top, values.bottom), np.where(under, values.bottom, values.top)
    good = rationals.fits_in_63_bits(above, number)
    number, fraction = np.stack([number, np.ones_like(number)]), np.stack([above * number, below])
    return np.where(under, fraction, number), np.where(under, number, fraction), good


def _ratio(rng: RandomStream, values: Values) -> OperandPair:
    """Two fractions with a given quotient or product."""
    p2, p1 = _separated(rng, values.top, values.factor)
    q1, count = rationals.draw_divisor(rng, values.bottom)
    q2 = values.bottom // q1
    rest = values.entropy - factor_pair_entropy(values.top, values.divisors) - log10_units(count)
    for_r = rng.randint_below(np.maximum(rest, 0) + 1)
    good = rationals.fits_in_63_bits(values.top, values.bottom)
    r = rationals.draw_coprime(rng, for_r, to=np.where(good, q1 * p2, 1))
    s = rationals.draw_coprime(rng, rest - for_r, to=np.where(good, p1 * q2, 1), signed=False)
    good &= (
        rationals.fits_in_63_bits(r, p1)
        & rationals.fits_in_63_bits(s, q1)
        & rationals.fits_in_63_bits(r, q2)
        & rationals.fits_in_63_bits(s, p2)
    )
    left, right = np.stack([r * p1, s * q1]), np.stack([r * q2, s * p2])
    return left, np.where(values.kind == expression_trees.MUL, right[::-1], right), good
