"""A scale of shares for plots and heat maps: linear up to 90 %, and logarithmic in the error above."""

from math import log10

LINEAR = 0.9  # the share up to which the scale is linear
DECADES = 3  # powers of ten of the error above that, from 10 % to 0.01 %


def level(share: float, decades: int = DECADES) -> float:
    """The height of a share on the scale, from 0 to 1.

    The lower half is linear up to 90 %. The upper half is logarithmic in the error, so that 99 % and 99.9 % are as far
    apart as 90 % and 99 %. Shares with an error of at most 10 to the power of -1 - `decades`, by default 99.99 % and
    above, have the last value.

    >>> level(0), level(0.45), level(0.9), round(level(0.99), 3), round(level(0.999), 3), level(1)
    (0.0, 0.25, 0.5, 0.667, 0.833, 1.0)
    >>> round(level(0.99, decades=4), 3), round(level(0.9999, decades=4), 3), level(1, decades=4)
    (0.625, 0.875, 1.0)
    """
    if share <= LINEAR:
        return 0.5 * share / LINEAR
    error = max(1 - share, 10.0 ** -(1 + decades))
    return min(0.5 + 0.5 * (-log10(error) - 1) / decades, 1.0)


def percent(share: float) -> str:
    """A share in percent as short text, with more digits the closer it is to 100; only exact values become 0 and 100.

    >>> percent(1), percent(0.99996), percent(0.9995), percent(0.99), percent(0.9876), percent(0.00001), percent(0)
    ('100', '99.996', '99.95', '99.00', '98.8', '<0.1', '0')
    """
    if share in (0, 1):
        return str(round(share * 100))
    if share < 0.0005:
        return "<0.1"
    if share >= 0.999995:
        return ">99.999"
    digits = 1 if share < 0.99 else 2 if share < 0.9995 else 3
    return f"{100 * share:.{digits}f}".removesuffix("0" if digits == 3 else "")
