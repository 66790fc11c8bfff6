"""Bounds of tanh and of sine in integers: no floating point, every error bounded.

Numbers are integers in units of 2^-PRECISION. The exponential function is a sum of positive terms followed by
squarings, so rounding every operation down gives a lower bound, and rounding every operation up, with a bound of the
terms that are left out, gives an upper bound. Sine is a sum of few terms after a multiple of pi / 2 is taken away; what
is lost by rounding is less than a unit per operation.
"""

from fractions import Fraction

PRECISION = 128
ONE = 1 << PRECISION
TERMS = 24  # of the series at an argument below 1/64: what is left out is below 2^-200
HALVED_BELOW = ONE >> 6
LARGEST = 40 * ONE  # tanh differs from 1 by less than 2^-110 there
PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")
PI_ERROR = Fraction(1, 10**80)  # pi lies between PI and PI + PI_ERROR
MAX_ARGUMENT = 1 << 20  # of sine
SINE_TERMS = 20  # at an argument below 0.8: what is left out is below 2^-130
SINE_ERROR = 64  # units: 2 per term for rounding, 1 each for what is left out, the argument and pi


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


def sine_and_cosine(x: Fraction) -> tuple[int, int]:
    """Return the sine and the cosine of a number in units of 2^-PRECISION, each off by less than SINE_ERROR of them.

    Raises:
        ValueError: for numbers above `MAX_ARGUMENT`.

    >>> sine, cosine = sine_and_cosine(Fraction(1))
    >>> abs(Fraction(sine, ONE) - Fraction("0.84147098480789650665250232163029899962")) < Fraction(1, 2**120)
    True
    """
    if abs(x) > MAX_ARGUMENT:
        raise ValueError(f"sine is bounded up to {MAX_ARGUMENT}.")
    quarter = round(2 * x / PI)
    rest = _rounded((x - quarter * PI / 2) * ONE, up=False)
    sine, cosine = _series(rest, rest, 2), _series(rest, ONE, 1)
    # each quarter of a turn makes the cosine the next sine
    for _ in range(quarter % 4):
        sine, cosine = cosine, -sine
    return sine, cosine


def _series(x: int, term: int, n: int) -> int:
    """The series of sine (first term x, n = 2) or cosine (1, n = 1) at an argument below 0.8."""
    total, square = term, (x * x) >> PRECISION
    for factor in range(n, n + 2 * SINE_TERMS, 2):
        term = -((term * square) >> PRECISION) // (factor * (factor + 1))
        total += term
    return total
