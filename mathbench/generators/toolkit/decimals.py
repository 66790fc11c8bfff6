"""Pairs of numbers with a point, such as 9.11 and 9.9: strata, points and text.

A stratum `digits=1+1,places=2+1,prefix=1` has pairs such as 9.11 and 9.9: one digit before the point, two places and
one, and exactly one digit in common. One of `digits=1+1,places=2+1` has all pairs of such numbers, also equal ones.
Numbers have no zeros at their end, so that every pair is in one stratum. A point has the common digits, and then the
other digits of each number.

Numbers are counted in units of the last place that a task allows. A column of n numbers is int64 (2, n): the numbers in
these units, and how many places of each are shown.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.toolkit import operands as tuples
from mathbench.hashing import ABSENT, U64, Int
from mathbench.numbers import text
from mathbench.stratum import Stratum

MAX_PLACES = text.WORD - 1  # a point and the places are one word of text

Mask = NDArray[np.bool_]


class DecimalPoints(NamedTuple):
    """The numbers `low` of a stratum: integers in the stratum, int64 (k, 1) where points become numbers.

    Attributes:
        places: the places of each number, (2,).
        scales: the weight of the last digit of each number, (2,).
        units: the weight of the common digits among the digits of each number, (2,).
        common: the smallest value of the common digits.
        differ: the weight of the digit by which numbers must differ; 0: nothing to check.
        ranges: the other digits, see :class:`mathbench.generators.toolkit.operands.OperandRanges`.
    """

    places: Any
    scales: Any
    units: Any
    common: Any
    differ: Any
    ranges: tuples.OperandRanges

    @classmethod
    def of(cls, low: Any) -> "DecimalPoints":
        """Name the parts of `low`."""
        return cls(low[:2], low[2:4], low[4:6], low[6], low[7], tuples.OperandRanges.of(low[8:]))

    @property
    def low(self) -> tuple[int, ...]:
        """The inverse of :meth:`of`."""
        return *self.places, *self.scales, *self.units, self.common, self.differ, *self.ranges.low


class Shape(NamedTuple):
    """The digits of a number before and after the point."""

    digits: int
    places: int

    @property
    def length(self) -> int:
        """All digits."""
        return self.digits + self.places


class Pair(NamedTuple):
    """Pairs of numbers that make one stratum.

    Attributes:
        first, second: their shapes, in descending order.
        prefix: of numbers with equally many digits before the point, how many digits they have in common.
    """

    first: Shape
    second: Shape
    prefix: int | None = None

    @property
    def shapes(self) -> tuple[Shape, Shape]:
        """Both shapes."""
        return self.first, self.second

    @property
    def name(self) -> str:
        """The name of the stratum.

        >>> Pair(Shape(1, 2), Shape(1, 1), 1).name
        'digits=1+1,places=2+1,prefix=1'
        """
        end = "" if self.prefix is None else f",prefix={self.prefix}"
        digits, places = (f"{a}+{b}" for a, b in zip(*self.shapes, strict=True))
        return f"digits={digits},places={places}{end}"


def parse(term: str, base: int) -> Fraction:
    """The value of a number with or without a point, from its text.

    >>> parse("1.25", 10), parse("0.1", 2)
    (Fraction(5, 4), Fraction(1, 2))
    """
    whole, _, places = term.partition(".")
    return Fraction(int(whole + places, base), base ** len(places))


def to_text(value: Fraction, base: int) -> str:
    """The shortest text of a number, some power of the base times which is an integer.

    >>> to_text(Fraction(-5, 4), 10), to_text(Fraction(3), 10)
    ('-1.25', '3')
    """
    places = 0
    while value * base**places % 1:
        places += 1
    digits = text.to_text(abs(int(value * base**places)), base).rjust(places + 1, "0")
    point = "." + digits[-places:] if places else ""
    return "-" * (value < 0) + digits[: len(digits) - places] + point


def canonical_words(terms: Iterable[str], base: int) -> tuple[int, ...]:
    """The canonical form of numbers from their texts, see :meth:`DecimalLayout.canonical`.

    >>> canonical_words(["0.50", "12"], 10)
    (12, 5, 1)
    """
    words: list[int] = []
    for term in sorted(terms, key=lambda term: parse(term, base), reverse=True):
        whole, _, places = term.partition(".")
        places = places.rstrip("0")
        words += [int(whole + places, base), *([len(places)] if places else [])]
    return tuple(words)


class DecimalLayout(NamedTuple):
    """The layout of pairs of decimals in columns.

    Attributes:
        base: the number base, at least 3: in base 2, digits that are not zero do not differ.
        places: the largest number of places.
    """

    base: int
    places: int

    def shape_pairs(self, digits: tuple[int, ...]) -> Iterator[Pair]:
        """Yield the pairs of shapes with some digits before the point, in descending order.

        >>> [pair.name for pair in DecimalLayout(10, 1).shape_pairs((1, 1))]
        ['digits=1+1,places=0+0', 'digits=1+1,places=1+0', 'digits=1+1,places=1+1']
        """
        for a in range(self.places + 1):
            for b in range(self.places + 1 if digits[0] > digits[1] else a + 1):
                yield Pair(Shape(digits[0], a), Shape(digits[1], b))

    def pairs(self, digits: tuple[int, int]) -> Iterator[list[Pair]]:
        """Yield the pairs with some digits before the point, in descending order, for each pair of shapes."""
        for a in range(self.places + 1):
            for b in range(self.places + 1 if digits[0] > digits[1] else a + 1):
                first, second = Shape(digits[0], a), Shape(digits[1], b)
                if digits[0] > digits[1]:
                    yield [Pair(first, second)]
                else:
                    yield [Pair(first, second, prefix) for prefix in range(second.length + (a != b))]

    def stratum(self, pair: Pair) -> Stratum:
        """The stratum of some pairs."""
        prefix = pair.prefix or 0
        units = [self.base ** (shape.length - prefix) for shape in pair.shapes]
        common, own = (0, 1), [self._range(shape) for shape in pair.shapes]
        if prefix:
            common = self._first_digits(pair.first.digits, prefix)
            own = [(0, unit) for unit in units]
        row = self._row(pair.shapes, units, common[0], own)
        sizes = [common[1], *(size for _, size in own)]
        if pair.prefix is not None and prefix < pair.second.length:
            row = row._replace(differ=self.base ** (pair.first.digits + self.places - prefix - 1))
        share = self._share(pair)
        if pair.first == pair.second:
            row = row._replace(ranges=row.ranges._replace(folded=sizes[1]))
            share *= sizes[1] / 2 / (sizes[1] // 2 + 1)
            sizes[2] = sizes[1] // 2 + 1
        return Stratum(pair.name, tuple(sizes), row.low, share=share)

    def equal_numbers(self, shape: Shape) -> Stratum:
        """The stratum of a number of some shape, twice."""
        first, count = self._range(shape)
        row = self._row((shape, shape), [1, 1], first, [(0, 1), (0, 1)])
        share = 1 - 1 / self.base if shape.places else 1.0
        return Stratum(Pair(shape, shape).name, (count, 1, 1), row.low, share=share)

    def _share(self, pair: Pair) -> float:
        """The share of pairs whose next digits differ and whose last places are not zero."""
        nonzero = 1 - 1 / self.base
        last = nonzero ** sum(shape.places > 0 for shape in pair.shapes)
        if pair.prefix is None or pair.prefix == pair.second.length:
            return last
        if pair.first == pair.second and pair.first.places and pair.prefix == pair.first.length - 1:
            return nonzero * (1 - 2 / self.base)
        leading = pair.prefix == 0 and pair.first.digits > 1
        return last * (1 - 1 / (self.base - leading))

    def _row(
        self, shapes: tuple[Shape, Shape], units: list[int], common: int, own: list[tuple[int, int]]
    ) -> DecimalPoints:
        scales = [self.base ** (self.places - shape.places) for shape in shapes]
        ranges = tuples.OperandRanges(0, [first for first, _ in own])
        return DecimalPoints([shape.places for shape in shapes], scales, units, common, 0, ranges)

    def _range(self, shape: Shape) -> tuple[int, int]:
        """The smallest value of the digits of a shape, and the number of values."""
        return self._first_digits(shape.digits, shape.length)

    def _first_digits(self, digits: int, length: int) -> tuple[int, int]:
        """The smallest value and the number of values of the first `length` digits of numbers, point aside."""
        numbers = tuples.NumberRange(self.base)
        first, count = numbers.first(digits), numbers.count(digits)
        if length >= digits:
            scale = self.base ** (length - digits)
            return first * scale, count * scale
        scale = self.base ** (digits - length)
        return first // scale, count // scale

    def draw(self, coordinates: U64, low: Int) -> Int:
        """Convert points to pairs.

        Args:
            coordinates: uint64 (3, n).
            low: int64 (p, 1), see :class:`DecimalPoints`.

        Returns:
            int64 (4, n): both numbers in units of the last place, and the places of both.

        >>> layout = DecimalLayout(10, places=3)
        >>> stratum = layout.stratum(Pair(Shape(1, 2), Shape(1, 1), 1))
        >>> layout.draw(np.array([[9], [11], [9]], dtype=np.uint64), np.array(stratum.low)[:, None]).T.tolist()
        [[9110, 9900, 2, 1]]
        """
        row = DecimalPoints.of(low)
        numbers = tuples.draw(coordinates[1:], low[8:])
        numbers += (coordinates[0].view(np.int64) + row.common) * row.units
        numbers *= row.scales
        return np.concatenate([numbers, np.broadcast_to(row.places, numbers.shape)])

    def valid(self, operands: Int, coordinates: U64, low: Int) -> Mask | None:
        """Which points are the one point of their pair, bool (n,)."""
        row = DecimalPoints.of(low)
        numbers, differ = operands[:2], int(row.differ[0])
        checks = [tuples.count_once(numbers, coordinates[1:], low[8:], 2)]
        for number, places, scale in zip(numbers, row.places, row.scales, strict=True):
            if places[0]:
                checks.append(number // scale[0] % self.base != 0)
        if differ:
            checks.append(numbers[0] // differ != numbers[1] // differ)
        masks = [mask for mask in checks if mask is not None]
        return reduce(np.logical_and, masks) if masks else None

    def canonical(self, operands: Int) -> Int:
        """Both numbers, the larger first: its digits and, if it has any, its places, int64 (4, n)."""
        larger = np.maximum(operands[0], operands[1])
        swapped = operands[0] != larger
        places = np.where(swapped, operands[[3, 2]], operands[2:])
        numbers = np.stack([larger, np.minimum(operands[0], operands[1])])
        digits = numbers // self._powers[self.places - places]
        return np.stack([digits, np.where(places > 0, places, ABSENT)], axis=1).reshape(4, -1)

    @property
    def _powers(self) -> Int:
        return np.concatenate([[1], text.powers(self.base)])[: self.places + 1]

    def shortest(self, values: Int) -> text.TextPiece:
        """Convert numbers of either sign in units of the last place, int64 (n,), to text without zeros at the end.

        >>> text.join(DecimalLayout(10, places=2).shortest(np.array([175, -150, 0, 5]))).to_pylist()
        ['1.75', '-1.5', '0', '0.05']
        """
        zeros = [values % power == 0 for power in self._powers[1:].tolist()]
        shown = self.places - np.sum(zeros, axis=0, dtype=np.int64) * np.ones_like(values)
        sign = text.literal("-", len(values), values < 0)
        return *sign, *self.number(np.stack([np.abs(values), shown]))

    def number(self, column: Int) -> text.TextPiece:
        """Convert a column of numbers, int64 (2, n), to text.

        >>> text.join(DecimalLayout(10, places=3).number(np.array([[9110, 50, 7000], [2, 3, 0]]))).to_pylist()
        ['9.11', '0.050', '7']
        """
        numbers, places = column
        whole, rest = np.divmod(numbers, self._powers[-1])
        powers = self._powers
        # a one before the places keeps their zeros, and is then overwritten by the point
        (word,) = text.number(rest // powers[self.places - places] + powers[places], self.base)
        point = word._replace(characters=word.characters ^ np.uint64(ord("1") ^ ord(".")))
        return *text.number(whole, self.base), point.masked(places > 0)
