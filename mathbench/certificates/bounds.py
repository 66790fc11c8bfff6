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


def sine_bounds(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Return bounds of sine between two numbers.

    Raises:
        ValueError: for numbers above `MAX_ARGUMENT`.

    >>> low, high = sine_bounds(Fraction(1), Fraction(1))
    >>> low < Fraction("0.84147098480789650665250232163029899962") < high, high - low < Fraction(1, 2**120)
    (True, True)
    >>> sine_bounds(Fraction(1), Fraction(2))[1]
    Fraction(1, 1)
    """
    if max(-low, high) > MAX_ARGUMENT:
        raise ValueError(f"sine is bounded up to {MAX_ARGUMENT}.")
    ends = sorted((_sine(low), _sine(high)))
    # the extrema of sine are at pi / 2 + n pi: 1 for even n, -1 for odd n
    extrema = _extrema(low, high)
    smallest = -ONE if any(n % 2 for n in extrema) else max(ends[0] - SINE_ERROR, -ONE)
    largest = ONE if any(n % 2 == 0 for n in extrema) else min(ends[1] + SINE_ERROR, ONE)
    return Fraction(smallest, ONE), Fraction(largest, ONE)


def _extrema(low: Fraction, high: Fraction) -> range:
    """All n with pi / 2 + n pi between two numbers, and possibly one more at either end; two are enough."""
    slack = MAX_ARGUMENT * PI_ERROR
    first, last = ((x - PI / 2) / PI for x in (low - slack, high + slack))
    start = -(-first.numerator // first.denominator)
    return range(start, min(last.numerator // last.denominator, start + 1) + 1)


def _sine(x: Fraction) -> int:
    """Sine within SINE_ERROR units."""
    quarter = round(2 * x / PI)
    rest = _rounded((x - quarter * PI / 2) * ONE, up=False)
    value = _alternating(rest, first=quarter % 2 == 0)
    return -value if quarter % 4 >= 2 else value


def _alternating(x: int, first: bool) -> int:
    """The series of sine, or of cosine if not `first`, at an argument below 0.8."""
    term = x if first else ONE
    total, square = term, (x * x) >> PRECISION
    for n in range(2 + first, 2 * SINE_TERMS, 2):
        term = -((term * square) >> PRECISION) // (n * (n - 1))
        total += term
    return total
