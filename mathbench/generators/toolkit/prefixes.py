"""Tuples of different numbers by the number of digits that they begin with in common: strata and points.

A stratum `digits=5+5,prefix=3` has the numbers of five digits that agree in exactly the first three; `prefix=3-4` has
those that agree in the first three or four. Numbers of different lengths have one stratum, as in
:mod:`mathbench.generators.toolkit.operands`. So every tuple of different numbers is one point of one stratum.

A point has the common digits of all numbers, one coordinate per limb, and then the other digits of every number. The
latter are folded and ordered like operands; only points whose numbers differ in the digits after the prefix are valid.
"""

from collections import Counter
from functools import reduce
from itertools import combinations
from math import comb, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench.generators.toolkit import operands as tuples
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic
from mathbench.stratum import Stratum

MAX_CLASSES = 16  # classes of common digits per length, besides the numbers that differ in their first digit

Mask = NDArray[np.bool_]


class PrefixPoints(NamedTuple):
    """The numbers `low` of a stratum: integers in the stratum, int64 (k, 1) where points become numbers.

    Attributes:
        limb: the limb with the last of the digits in which numbers must not all agree.
        unit: the weight of this digit in its limb; 0: nothing to check.
        units: per limb, the weight of the common digits in it.
        common: per limb, the smallest value of the common digits.
        ranges: the other digits, see :class:`mathbench.generators.toolkit.operands.OperandRanges`.
    """

    limb: Any
    unit: Any
    units: Any
    common: Any
    ranges: tuples.OperandRanges

    @classmethod
    def of(cls, low: Any, operands: int) -> "PrefixPoints":
        """Name the parts of `low`."""
        limbs = (len(low) - 3) // (2 + operands)
        ranges = tuples.OperandRanges.of(low[2 + 2 * limbs :])
        return cls(low[0], low[1], low[2 : 2 + limbs], low[2 + limbs : 2 + 2 * limbs], ranges)

    @property
    def low(self) -> tuple[int, ...]:
        """The inverse of :meth:`of`."""
        return self.limb, self.unit, *self.units, *self.common, *self.ranges.low


class Prefix(NamedTuple):
    """The numbers of one length that agree in their first `shortest` to `longest` digits, and in no more.

    >>> [prefix.name for prefix in prefixes(5)]
    ['prefix=0', 'prefix=1', 'prefix=2', 'prefix=3', 'prefix=4']
    >>> [prefix.name for prefix in prefixes(40)][:4]
    ['prefix=0', 'prefix=1-2', 'prefix=3-4', 'prefix=5-7']
    """

    shortest: int
    longest: int

    @property
    def name(self) -> str:
        """Its part of the name of a stratum."""
        more = f"-{self.longest}" if self.longest > self.shortest else ""
        return f"prefix={self.shortest}{more}"

    @property
    def width(self) -> int:
        """The number of its common lengths."""
        return self.longest + 1 - self.shortest


def prefixes(length: int) -> list[Prefix]:
    """The classes of numbers of a length by common digits."""
    count = min(length - 1, MAX_CLASSES)
    edges = [1 + (length - 1) * i // max(count, 1) for i in range(count + 1)]
    return [Prefix(0, 0), *(Prefix(edges[i], edges[i + 1] - 1) for i in range(count))]


class PrefixLayout(NamedTuple):
    """The layout of tuples of numbers in columns.

    Attributes:
        base: the number base.
        operands: numbers of a tuple.
        per_limb: digits per limb.
        limb_count: limbs per number; 1: numbers below 2^63 that are not cut into limbs.
    """

    base: int
    operands: int
    per_limb: int
    limb_count: int

    @property
    def _numbers(self) -> tuples.NumberRange:
        return tuples.NumberRange(self.base)

    @property
    def _plain(self) -> tuples.OperandLayout:
        return tuples.OperandLayout(self.per_limb, self.limb_count)

    def count(self, lengths: tuple[int, ...], prefix: Prefix | None = None) -> int:
        """The number of tuples of different numbers.

        Args:
            lengths: their lengths.
            prefix: of numbers of one length, how many digits they have in common; None: any number.

        >>> layout = PrefixLayout(10, 2, per_limb=8, limb_count=1)
        >>> layout.count((2, 1)), layout.count((2, 2)), layout.count((2, 2), Prefix(1, 1))
        (900, 4005, 405)
        """
        if prefix is None:
            return prod(comb(self._numbers.count(n), k) for n, k in Counter(lengths).items())
        length, numbers = lengths[0], self._numbers.count(lengths[0])
        others = self.base ** (length - prefix.shortest) if prefix.shortest else numbers
        agreeing = self.base ** (length - prefix.longest - 1)
        pairs = comb(others, self.operands) - others // agreeing * comb(agreeing, self.operands)
        return numbers // others * pairs

    def different_lengths(self, lengths: tuple[int, ...]) -> Stratum:
        """The stratum of numbers that are not all of one length."""
        plain = self._plain.stratum(lengths, self._numbers, weight=1)
        ranges = tuples.OperandRanges.of(plain.low)
        low = PrefixPoints(0, 0, [0] * self.limb_count, [0] * self.limb_count, ranges).low
        share = plain.share if self.operands == 2 else 0.0
        return Stratum(plain.name, (1,) * self.limb_count + plain.sizes, low, share=share)

    def common_prefix(self, length: int, prefix: Prefix) -> Stratum:
        """The stratum of numbers of one length with a common prefix."""
        lengths = (length,) * self.operands
        limb, digit = self._place(length - prefix.longest - 1)
        parts = self._parts(length, prefix.shortest)
        own = [part.own for part in parts for _ in lengths]
        folded, sizes = own[0][1], [size for _, size in own]
        sizes[1] = folded // 2 + 1
        ranges = tuples.OperandRanges(folded, [first for first, _ in own])
        common = [part.common for part in parts]
        low = PrefixPoints(
            limb, self.base**digit, [part.unit for part in parts], [first for first, _ in common], ranges
        )
        sizes = [size for _, size in common] + sizes
        share = self.count(lengths, prefix) / prod(sizes) if self.operands == 2 else 0.0
        name = f"digits={'+'.join(map(str, lengths))},{prefix.name}"
        return Stratum(name, tuple(sizes), low.low, share=share)

    def equal_numbers(self, length: int) -> Stratum:
        """The stratum of one number of a length, `operands` times."""
        ranges = self._plain.ranges(length, self._numbers)
        own = tuples.OperandRanges(0, [0] * (self.operands * self.limb_count))
        low = PrefixPoints(0, 0, [1] * self.limb_count, [first for first, _ in ranges], own).low
        sizes = [size for _, size in ranges] + [1] * (self.operands * self.limb_count)
        name = f"digits={'+'.join([str(length)] * self.operands)}"
        return Stratum(name, tuple(sizes), low, share=1.0)

    def _parts(self, length: int, prefix: int) -> list["_Limb"]:
        """The digits of each limb of the numbers of a length, cut after their first `prefix` digits."""
        ranges = self._plain.ranges(length, self._numbers)
        if not prefix:
            return [_Limb((0, 1), 0, own) for own in ranges]
        limb, digit = self._place(length - prefix)
        unit, (first, count) = self.base**digit, ranges[limb]
        below = [_Limb((0, 1), 0, own) for own in ranges[:limb]]
        above = [_Limb(common, 1, (0, 1)) for common in ranges[limb + 1 :]]
        return [*below, _Limb((first // unit, count // unit), unit, (0, unit)), *above]

    def _place(self, digits: int) -> tuple[int, int]:
        """The limb above the last `digits` digits, and how many of these it has."""
        return divmod(digits, self.per_limb) if self.limb_count > 1 else (0, digits)


class _Limb(NamedTuple):
    """The digits of one limb.

    Attributes:
        common: the smallest value and the number of values of the digits that all numbers have in common.
        unit: the weight of these digits.
        own: the smallest value and the number of values of the digits of each number.
    """

    common: tuple[int, int]
    unit: int
    own: tuple[int, int]


def draw(coordinates: U64, low: Int, operands: int) -> Int:
    """Convert points to numbers.

    Args:
        coordinates: uint64 (L + L * operands, n).
        low: int64 (p, 1), see :class:`PrefixPoints`.
        operands: numbers of a tuple.

    Returns:
        int64 (L * operands, n), as in :func:`mathbench.numbers.arithmetic.split`.

    >>> stratum = PrefixLayout(10, 2, per_limb=8, limb_count=1).common_prefix(3, Prefix(1, 1))
    >>> draw(np.array([[4], [71], [2]], dtype=np.uint64), np.array(stratum.low)[:, None], 2).T.tolist()
    [[571, 573]]
    """
    row = PrefixPoints.of(low, operands)
    count = len(row.units)
    numbers = tuples.draw(coordinates[count:], low[2 + 2 * count :])
    by_limb = numbers.reshape(count, operands, -1)
    by_limb += ((coordinates[:count].view(np.int64) + row.common) * row.units)[:, None]
    return numbers


def valid(numbers: Int, coordinates: U64, low: Int, operands: int) -> Mask | None:
    """Which points are the one point of their tuple, bool (n,); None: all. Arguments as for :func:`draw`."""
    row = PrefixPoints.of(low, operands)
    count = len(row.units)
    checks = [
        tuples.count_once(numbers, coordinates[count:], low[2 + 2 * count :], operands),
        _differ(numbers.reshape(count, operands, -1), int(row.limb[0]), int(row.unit[0])),
        _all_different(arithmetic.split(numbers, operands)),
    ]
    masks = [mask for mask in checks if mask is not None]
    return reduce(np.logical_and, masks) if masks else None


def _differ(by_limb: Int, limb: int, unit: int) -> Mask | None:
    """Where numbers, int64 (L, operands, n), do not all agree in their digits from a place on."""
    if not unit:
        return None
    first, *others = by_limb[limb:].swapaxes(0, 1)
    last = first[0] // unit
    agree = [(other[0] // unit == last) & (other[1:] == first[1:]).all(axis=0) for other in others]
    return ~np.logical_and.reduce(agree)


def _all_different(numbers: list[Int]) -> Mask | None:
    """Where no two numbers are equal; None for two, which are checked by :func:`_differ`."""
    if len(numbers) == 2:
        return None
    return ~np.logical_or.reduce([arithmetic.equal(a, b) for a, b in combinations(numbers, 2)])
