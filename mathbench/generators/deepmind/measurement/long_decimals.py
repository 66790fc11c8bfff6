"""Decimals that are too long for a numerator and a denominator of 63 bits."""

import numpy as np

from mathbench.generators.deepmind.kernel import templates
from mathbench.hashing import Int
from mathbench.numbers import text

_ZEROS = "0" * 32  # weeks, written in nanoseconds with nine decimal places, need 25
_TENS = np.array([10**k for k in range(19)])


def decimal_text(mantissa: Int, exponent: Int) -> text.TextPiece:
    """Write mantissa * 10^exponent as a decimal without trailing zeros after the point.

    Args:
        mantissa: int64 (n,), not negative, below 10^18.
        exponent: int64 (n,), from -32 to 32.

    >>> numbers = decimal_text(np.array([15, 1200, 7, 30]), np.array([-1, -5, 2, -1]))
    >>> text.join(numbers).to_pylist()
    ['1.5', '0.012', '700', '3']
    """
    mantissa, exponent = _without_trailing_zeros(mantissa, exponent)
    places = np.maximum(-exponent, 0)
    over = _TENS.take(np.minimum(places, 18))
    integer = np.where(places > 18, 0, mantissa // over)
    rest, split = mantissa - integer * over, places > 0
    zeros = text.literal(_ZEROS, len(mantissa))
    leading = np.where(split, places - text.length(rest, 10), 0)
    pieces = (
        text.number(integer, 10),
        templates.truncate(zeros, np.maximum(exponent, 0)),
        text.literal(".", len(mantissa), split),
        templates.truncate(zeros, leading),
        text.number(rest, 10, split),
    )
    return tuple(word for piece in pieces for word in piece)


def _without_trailing_zeros(mantissa: Int, exponent: Int) -> tuple[Int, Int]:
    """Remove trailing zeros after the point."""
    for zeros in (8, 4, 2, 1):
        power = 10**zeros
        shorter = mantissa // power
        divisible = (shorter * power == mantissa) & (exponent <= -zeros)
        mantissa, exponent = np.where(divisible, shorter, mantissa), exponent + zeros * divisible
    return mantissa, exponent
