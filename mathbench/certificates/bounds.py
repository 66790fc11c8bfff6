"""Bounds of tanh in integers: no floating point, every rounding in the safe direction.

Numbers are integers in units of 2^-PRECISION. The exponential function is a sum of positive terms followed by
squarings, so rounding every operation down gives a lower bound, and rounding every operation up, with a bound of the
terms that are left out, gives an upper bound.
"""

from fractions import Fraction

PRECISION = 128
ONE = 1 << PRECISION
TERMS = 24  # of the series at an argument below 1/64: what is left out is below 2^-200
HALVED_BELOW = ONE >> 6
LARGEST = 40 * ONE  # tanh differs from 1 by less than 2^-110 there


def tanh_bounds(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Return a lower bound of tanh(low) and an upper bound of tanh(high).

    >>> low, high = tanh_bounds(Fraction(1, 2), Fraction(1, 2))
    >>> low < Fraction("0.46211715726000975850231848364367254873") < high, high - low < Fraction(1, 2**100)
    (True, True)
    """
    return Fraction(_tanh(low, up=False), ONE), Fraction(_tanh(high, up=True), ONE)


def _tanh(x: Fraction, up: bool) -> int:
    """A bound of tanh, an odd and increasing function: from above if `up`, else from below."""
    if x < 0:
        return -_tanh(-x, not up)
    twice = min(_rounded(2 * x * ONE, up), LARGEST)
    if twice == LARGEST and up:
        return ONE
    # 1 - 2 / (exp(2x) + 1) grows with exp(2x)
    rest = Fraction(2 * ONE * ONE, _exp(twice, up) + ONE)
    return ONE - _rounded(rest, not up)


def _exp(x: int, up: bool) -> int:
    """A bound of exp of a number that is not negative."""
    halvings = max(x.bit_length() - HALVED_BELOW.bit_length() + 1, 0)
    small = _shifted(x, halvings, up)
    total = term = ONE
    for n in range(1, TERMS):
        term = _divided(_shifted(term * small, PRECISION, up), n, up)
        total += term
    if up:  # the terms left out shrink by more than a half each, so they add up to less than the last one
        total += term + 1
    for _ in range(halvings):
        total = _shifted(total * total, PRECISION, up)
    return total


def _shifted(x: int, bits: int, up: bool) -> int:
    return -(-x >> bits) if up else x >> bits


def _divided(x: int, n: int, up: bool) -> int:
    return -(-x // n) if up else x // n


def _rounded(x: Fraction, up: bool) -> int:
    return _divided(x.numerator, x.denominator, up)
