"""Pairs of numbers by the longest chain of carries in their sum, or of borrows in their difference.

A chain of length c begins in a place whose digits make a carry and goes on through c - 1 places that hand it on: digits
that add up to base - 1 or, for borrows, equal ones. A stratum `digits=3+2,chain=2` has the pairs of these lengths whose
longest chain has length 2; a borrow is that of the larger number minus the smaller one. Long chains are rare among
random numbers, so they are constructed: a point has the place where the first longest chain begins, the two digits
there, and all digits that the chain leaves free. Points whose longest chain is another one, or whose numbers have other
lengths, are no problems; so every pair is exactly one point.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.errors import InputError
from mathbench.generators.toolkit import operands as tuples
from mathbench.hashing import U64, Int
from mathbench.stratum import Stratum

UNIFORM = "uniform"
CHOICES = ("natural", UNIFORM)
SHARE_PARTS = 720  # rows per round for each length of chains
_BITS = 62  # of a coordinate
_CERTAIN = 0.999  # of an exact share, so that rounding does not make it too large

Mask = NDArray[np.bool_]


class ChainPoints(NamedTuple):
    """The numbers `low` of a stratum: integers in the stratum, int64 (1,) where points become numbers.

    Attributes:
        longer, shorter: the digits of the two numbers.
        chain: the length of the longest chain.
    """

    longer: Any
    shorter: Any
    chain: Any


class CarryRule(NamedTuple):
    """How two digits make and hand on carries or borrows.

    Attributes:
        base: the number base.
        borrows: whether digits are subtracted.
    """

    base: int
    borrows: bool

    def makes(self, a: Any, b: Any) -> Any:
        """Whether digits make a carry of their own."""
        return a < b if self.borrows else a + b >= self.base

    def passes(self, a: Any, b: Any) -> Any:
        """Whether digits hand on a carry and make none."""
        return a == b if self.borrows else a + b == self.base - 1

    def passing(self, b: Int) -> Int:
        """The first digit that hands on a carry, given the second."""
        return b if self.borrows else self.base - 1 - b

    def pairs(self, making: bool) -> Int:
        """The pairs of digits that make a carry, or do not, int64 (2, k)."""
        a, b = np.divmod(np.arange(self.base**2), self.base)
        return np.stack([a, b])[:, self.makes(a, b) == making]

    @property
    def per_coordinate(self) -> int:
        """Places without a carry whose digits are one coordinate."""
        return int(_BITS / np.log2(self.base * (self.base + 1) // 2))

    def longest(self, longer: int) -> int:
        """The length of the longest chain that is possible; nothing can be borrowed from beyond the first digit."""
        return longer - self.borrows

    def stratum(self, longer: int, shorter: int, chain: int) -> Stratum:
        """The stratum of two lengths and a chain; its share of points that are problems is exact."""
        if chain:
            starts = min(shorter, self.longest(longer) - chain + 1)
            digits = self.base ** (shorter - 1), self.base ** (longer - chain)
            sizes = (starts, self.base * (self.base - 1) // 2, *digits)
        else:
            full, rest = divmod(shorter, self.per_coordinate)
            pairs, places = self.base * (self.base + 1) // 2, [self.per_coordinate] * full + [rest]
            sizes = (self.base ** (longer - shorter), *(pairs**count for count in places))
        name = f"{tuples.lengths_name((longer, shorter))},chain={chain}"
        share = _CERTAIN * self.problem_count(longer, shorter, chain) / prod(sizes)
        return Stratum(name, sizes, tuple(ChainPoints(longer, shorter, chain)), share=share)

    def problem_count(self, longer: int, shorter: int, chain: int) -> float:
        """The number of pairs whose longest chain has some length; at least half of a pair in two orders."""
        more = _count_up_to(self, longer, shorter, chain)
        exact = more - (_count_up_to(self, longer, shorter, chain - 1) if chain else 0)
        return exact if self.borrows or longer > shorter else exact / 2

    def draw(self, coordinates: U64, low: Int) -> Int:
        """Convert points to pairs, int64 (2, n), the longer number first.

        Args:
            coordinates: uint64 (k, n).
            low: int64 (3, 1), see :class:`ChainPoints`.

        >>> low = np.array([[3], [2], [2]])
        >>> CarryRule(10, borrows=False).draw(np.array([[1], [0], [4], [7]], dtype=np.uint64), low).T.tolist()
        [[917, 94]]
        """
        longer, shorter, chain = lengths = low[:, 0].tolist()
        if chain and compiled.LIBRARY:
            return compiled.chained_pairs(coordinates[:4], self.pairs(making=True), lengths, *self)
        digits = self._chained if chain else self._without
        numbers = np.zeros((2, coordinates.shape[1]), dtype=np.int64)
        for place, pair in enumerate(digits(coordinates.view(np.int64), longer, shorter, chain)):
            for number, digit in zip(numbers, pair, strict=True):
                number += digit * self.base**place
        return numbers

    def _chained(
        self, coordinates: Int, longer: int, shorter: int, chain: int
    ) -> Iterator[tuple[Int, Int | int]]:
        """Yield the digits of both numbers, units first."""
        start, first, b_left, a_left = coordinates[:4]
        start_a, start_b = self.pairs(making=True).take(first, axis=1)
        for place in range(longer):
            starts, chained = start == place, (start <= place) & (place < start + chain)
            b: Int = np.zeros_like(start)
            if place < shorter:
                b = np.where(starts, start_b, b_left % self.base)
                b_left = np.where(starts, b_left, b_left // self.base)
            free = np.where(chained, self.passing(b), a_left % self.base)
            a_left = np.where(chained, a_left, a_left // self.base)
            yield np.where(starts, start_a, free), b

    def _without(
        self, coordinates: Int, longer: int, shorter: int, _: int
    ) -> Iterator[tuple[Int, Int | int]]:
        """Yield the digits of both numbers where there is no carry."""
        pairs = self.pairs(making=False)
        upper, rest = coordinates[0], coordinates[1:].copy()
        for place in range(longer):
            if place < shorter:
                left = rest[place // self.per_coordinate]
                a, b = pairs.take(left % pairs.shape[1], axis=1)
                left //= pairs.shape[1]
                yield a, b
            else:
                yield upper // self.base ** (place - shorter) % self.base, 0

    def valid(self, operands: Int, coordinates: U64, low: Int) -> Mask:
        """Which points are the one point of their pair, bool (n,)."""
        longer, shorter, chain = low[:, 0].tolist()
        a, b = operands
        keep: Mask = a >= b
        for number, length in ((a, longer), (b, shorter)):
            if length > 1:
                keep &= number >= self.base ** (length - 1)
        if not chain:
            return keep
        starts = self.chain_starts(operands, longer, chain)
        return keep & (starts == coordinates[0].view(np.int64))

    def chain_starts(self, operands: Int, places: int, chain: int) -> Int:
        """Return the places where the first chains of some length begin, int64 (n,); -1 for none, or if one is longer.

        Args:
            operands: int64 (2, n), not negative.
            places: digits to look at, from the units on.
            chain: the length, above 0.

        >>> CarryRule(10, borrows=False).chain_starts(np.array([[917, 95, 12], [94, 5, 9]]), 3, 2)
        array([ 1,  0, -1])
        """
        if compiled.LIBRARY:
            return compiled.chain_starts(operands, places, *self, chain)
        a, b = operands
        found = np.full(len(a), -1, dtype=np.int64)
        longest = np.zeros_like(a)
        for place, run in enumerate(self._runs(a, b, places)):
            longest = np.maximum(longest, run)
            found = np.where((found < 0) & (run == chain), place - chain + 1, found)
        return np.where(longest <= chain, found, -1)

    def _runs(self, a: Int, b: Int, places: int) -> Iterator[Int]:
        """Yield, for each place from the units on, the length of the chain that has come as far, int64 (n,)."""
        run = np.zeros_like(a)
        for _ in range(places):
            (a, first), (b, second) = np.divmod(a, self.base), np.divmod(b, self.base)
            longer = (run + 1) * ((run > 0) & self.passes(first, second))
            run = np.where(self.makes(first, second), 1, longer)
            yield run


@lru_cache(maxsize=4096)
def _count_up_to(rule: CarryRule, longer: int, shorter: int, chain: int) -> int:
    """The number of pairs in which no chain is longer than some length; of differences, those not below zero."""
    ways = [1] + [0] * chain  # by the length of the chain that has come as far
    for place in range(longer):
        lead_a, lead_b = place == longer - 1 > 0, place == shorter - 1 > 0
        make, hand_on, none = _digit_pairs(rule, lead_a, lead_b, place < shorter)
        total = sum(ways)
        after = [none * total + hand_on * ways[0]]
        after += [
            make * total * (run == 1) + hand_on * (run > 1) * ways[run - 1] for run in range(1, chain + 1)
        ]
        ways = after
    return ways[0] if rule.borrows else sum(ways)


@lru_cache(maxsize=256)
def _digit_pairs(rule: CarryRule, lead_a: bool, lead_b: bool, both: bool) -> tuple[int, int, int]:
    """How many pairs of digits make a carry, hand one on, and neither; a first digit is not 0."""
    pairs = [(a, b) for a in range(lead_a, rule.base) for b in (range(lead_b, rule.base) if both else (0,))]
    make = sum(rule.makes(a, b) for a, b in pairs)
    hand_on = sum(rule.passes(a, b) for a, b in pairs)
    return make, hand_on, len(pairs) - make - hand_on


def strata(rule: CarryRule, choices: list[tuple[int, ...]]) -> list[Stratum]:
    """The strata of some pairs of lengths; every length of chains has the same number of rows.

    >>> found = strata(CarryRule(10, borrows=True), [(2, 1), (2, 2)])
    >>> [(s.name, s.weight) for s in found][:3]
    [('digits=2+1,chain=0', 480), ('digits=2+1,chain=1', 480), ('digits=2+2,chain=0', 240)]
    """
    found = [
        (chain, lengths, rule.stratum(lengths[0], lengths[1], chain))
        for lengths in choices
        for chain in range(rule.longest(lengths[0]) + 1)
    ]
    found = [entry for entry in found if entry[2].share]
    totals: dict[int, int] = {}
    for chain, lengths, _ in found:
        totals[chain] = totals.get(chain, 0) + tuples.orderings(lengths)
    return [
        replace(s, weight=max(round(SHARE_PARTS * tuples.orderings(lengths) / totals[chain]), 1))
        for chain, lengths, s in found
    ]


def check(task: Any, bound: int) -> None:
    """Check that pairs can be chosen by their carries.

    Args:
        task: the task.
        bound: a bound on its results.

    Raises:
        InputError: for parameters that do not go together, or results of 2^63 or more.
    """
    others = {"smallest": None, "largest": None, "places": 0, "distribution": "lengths"}
    for name, default in others.items():
        if (given := getattr(task, name)) != default:
            raise InputError(
                f"{task.family}: carries=uniform cannot be combined with {name}. Received: {name}={given}."
            )
    lengths = tuples.lengths(task)
    tuples.check_operand_count(task.family, lengths, 2, lengths.longest + 1)
    what = f"carries=uniform with numbers of up to {lengths.longest} digits in base {task.base}"
    tuples.check_range(task.family, bound, what)
