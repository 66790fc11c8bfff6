"""Units of measurement and their conversion factors."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from mathbench.hashing import Int


class Unit(NamedTuple):
    """A unit.

    Attributes:
        name, plural: singular and plural name.
        symbol: its symbol; empty: it is always written by name.
        size: its size in the base unit of its dimension.
    """

    name: str
    plural: str
    symbol: str
    size: Fraction

    @property
    def with_article(self) -> str:
        """The name with its article.

        >>> Unit("hour", "hours", "", Fraction(3600)).with_article
        'an hour'
        """
        return f"an {self.name}" if self.name == "hour" else f"a {self.name}"  # the h is silent


def _unit(name: str, symbol: str, size: int | Fraction, plural: str = "") -> Unit:
    return Unit(name, plural or f"{name}s", symbol, Fraction(size))


def _negative_power(digits: int) -> Fraction:
    return Fraction(1, 10**digits)


DIMENSIONS = (
    (
        _unit("meter", "m", 1),
        _unit("kilometer", "km", 1000),
        _unit("centimeter", "cm", _negative_power(2)),
        _unit("millimeter", "mm", _negative_power(3)),
        _unit("micrometer", "um", _negative_power(6)),
        _unit("nanometer", "nm", _negative_power(9)),
    ),
    (
        _unit("second", "s", 1),
        _unit("minute", "", 60),
        _unit("hour", "", 60 * 60),
        _unit("day", "", 24 * 60 * 60),
        _unit("week", "", 7 * 24 * 60 * 60),
        _unit("millisecond", "ms", _negative_power(3)),
        _unit("microsecond", "us", _negative_power(6)),
        _unit("nanosecond", "ns", _negative_power(9)),
    ),
    (
        _unit("year", "", 1),
        _unit("decade", "", 10),
        _unit("century", "", 100, "centuries"),
        _unit("millennium", "", 1000, "millennia"),
        _unit("month", "", Fraction(1, 12)),
    ),
    (
        _unit("kilogram", "kg", 1),
        _unit("tonne", "t", 1000),
        _unit("gram", "g", _negative_power(3)),
        _unit("milligram", "mg", _negative_power(6)),
        _unit("microgram", "ug", _negative_power(9)),
        _unit("nanogram", "ng", _negative_power(12)),
    ),
    (_unit("litre", "l", 1), _unit("millilitre", "ml", _negative_power(3))),
)
UNITS = tuple(unit for units in DIMENSIONS for unit in units)


class UnitPair(NamedTuple):
    """Two units of one dimension.

    Attributes:
        dimension: index in `DIMENSIONS`.
        base, target: indices in `UNITS`.
        scale: the size of the base unit in target units.
    """

    dimension: int
    base: int
    target: int
    scale: Fraction


PAIRS = tuple(
    UnitPair(dimension, UNITS.index(base), UNITS.index(target), base.size / target.size)
    for dimension, units in enumerate(DIMENSIONS)
    for base in units
    for target in units
    if base is not target
)
BASE, TARGET = (np.array([pair[i] for pair in PAIRS]) for i in (1, 2))


def integer_multiplier(scale: Fraction) -> int:
    """The smallest multiplier of a decimal that makes the result of a conversion a decimal too.

    >>> integer_multiplier(Fraction(1, 60)), integer_multiplier(Fraction(1, 1000))
    (3, 1)
    """
    rest = scale.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    return rest


def mantissa_and_exponent(value: Fraction) -> tuple[int, int]:
    """A decimal as mantissa and exponent, where the mantissa is not a multiple of ten.

    >>> mantissa_and_exponent(Fraction(604800)), mantissa_and_exponent(Fraction(1, 32))
    ((6048, 2), (3125, -5))
    """
    exponent = 0
    while value.denominator > 1:
        value, exponent = value * 10, exponent - 1
    while value % 10 == 0:
        value, exponent = value / 10, exponent + 1
    return int(value), exponent


def conversion_factors() -> Int:
    """The conversion of decimals between each pair of units.

    Returns:
        int64 (3, pairs): a decimal is multiplied by the first number to get the quantity of a question. The answer is
        the decimal times the second number times ten to the power of the third.
    """
    multiples = [integer_multiplier(pair.scale) for pair in PAIRS]
    found = [(m, *mantissa_and_exponent(m * pair.scale)) for m, pair in zip(multiples, PAIRS, strict=True)]
    return np.array(found).T
