"""Sums of two or more numbers: `57+8` -> `65`."""

from dataclasses import dataclass, replace
from functools import partial
from math import gcd
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit.longest import longest_sum
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

MAX_OPERANDS = 8  # of ten operands of one length, only one point of 1.8 million is a sorted sum


@dataclass(frozen=True)
class Addition(Enumerated):
    """Add numbers of 1 to `digits` digits.

    >>> task = Addition(digits=2)
    >>> task.oracle("57+8"), [s.name for s in task.inner()]
    ('65', ['digits=1+1', 'digits=2+1', 'digits=2+2'])
    """

    family: ClassVar[str] = "addition"
    summary: ClassVar[str] = "57+8 -> 65"
    symmetry: ClassVar[str] = "order of operands"
    extrapolates: ClassVar[str] = "longer operands; more operands"

    digits: int = parameter(3, "digits of the longest operand", low=1, high=tuples.MAX_DIGITS)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    operands: int = parameter(2, "number of operands", low=2, high=6)
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=tuples.MAX_DIGITS)
    smallest: int = parameter(0, "smallest operand", low=0, high=1 << 40)
    largest: int = parameter(0, "largest operand; 0: all of `digits` digits", low=0, high=1 << 40)
    written: str = parameter("a+b", "notation of the sum", choices=("a+b", "a + b"))
    longer: int = parameter(
        2, "extrapolate: maximum number of additional digits", low=0, high=tuples.MAX_DIGITS
    )
    more: int = parameter(1, "extrapolate: maximum number of additional operands", low=0, high=4)
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=tuples.MAX_DIGITS
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_extrapolation(self.family, longer=self.longer, more=self.more)
        if self.operands + self.more > MAX_OPERANDS:
            raise InputError(
                f"addition: operands and more must add up to at most {MAX_OPERANDS}. "
                f"Received: operands={self.operands}, more={self.more}."
            )
        self._check_limits()
        lengths = tuples.lengths(self)
        tuples.check_operand_count(self.family, lengths, self.operands)
        tuples.check_operand_count(self.family, lengths._replace(outer=range(0)), self.operands + self.more)
        tuples.check_long(self.family, lengths.longest + 1, "sums")

    @property
    def _numbers(self) -> tuples.NumberRange:
        return tuples.NumberRange(self.base, self.smallest, self.largest or None)

    def _check_limits(self) -> None:
        long = self._limb_count(self.digits + self.longer, self.operands + self.more) > 1
        if long and (self.largest or self.smallest):
            raise InputError(
                "addition: smallest and largest require sums below 2^63. Give a smaller value of digits or longer."
            )
        if self.largest and not self.smallest <= self.largest < self.base**self.digits:
            raise InputError(
                f"addition: largest must be from smallest={self.smallest} to the largest number of "
                f"digits={self.digits}. Received: {self.largest}."
            )
        if not any(map(self._numbers.count, tuples.lengths(self).inner)):
            raise InputError(
                f"addition: there are no operands of {self.shortest} to {self.digits} digits from "
                f"smallest={self.smallest} to largest={self.largest or self.base**self.digits - 1}."
            )

    def inner(self) -> list[Stratum]:
        choices = tuples.length_tuples(tuples.lengths(self).inner, self.operands)
        limb_count = self._limb_count(self.digits, self.operands)
        return tuples.strata(choices, self._numbers, self.distribution, limb_count=limb_count)

    def outer(self) -> list[Stratum]:
        lengths, maximum = tuples.lengths(self), self.operands + self.more
        limb_count = self._limb_count(lengths.longest, maximum)
        make = partial(tuples.strata, distribution="lengths", limb_count=limb_count, operands=maximum)
        longer = tuples.length_tuples([*lengths.inner, *lengths.outer], self.operands, self.digits + 1)
        strata = make(longer, tuples.NumberRange(self.base, self.smallest))
        for operands in range(self.operands + 1, maximum + 1):
            more = make(tuples.length_tuples(lengths.inner, operands), self._numbers)
            strata = _evenly(strata, more)
        return strata

    def _limb_count(self, digits: int, operands: int) -> int:
        return tuples.limb_count(digits, self.base, operands * self.base**digits)

    def _operand_count(self, operands: Int) -> int:
        """The number of columns of operands; extrapolate has more, and its numbers are at least as long."""
        inner = self.operands * self._limb_count(self.digits, self.operands)
        return self.operands if len(operands) == inner else self.operands + self.more

    draw = staticmethod(tuples.draw)
    longest = longest_sum
    steps = written_steps.addition
    steps_max_digits = written_steps.MAX_DIGITS_LINEAR

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_sorted(operands, self._operand_count(operands), self.base)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        return tuples.count_once(operands, coordinates, low, self._operand_count(operands))

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        return tuples.shuffle_operands(problems, random_bits, self._operand_count(problems.operands))

    def solve(self, problems: Problems) -> Int:
        return arithmetic.total(self._split(problems.operands), self.base)

    def _split(self, operands: Int) -> list[Int]:
        return arithmetic.split(operands, self._operand_count(operands))

    def questions(self, problems: Problems) -> pa.StringArray:
        first, *others = self._split(problems.operands)
        pieces = [arithmetic.number(first, self.base)]
        for operand in others:
            pieces += _term(operand, self.base, self.written[1:-1])
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        return arithmetic.written(results, self.base)

    def oracle(self, question: str) -> str:
        return text.to_text(sum(self.operands_of(question)), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split("+")), reverse=True))


def _term(operand: Int, base: int, sign: str) -> list[text.TextPiece]:
    """A sign and a number in the rows that have this operand, no text in the others."""
    rows = operand.shape[-1]
    if operand.min(initial=0) >= 0:
        return [text.literal(sign, rows), arithmetic.number(operand, base)]
    present = ~arithmetic.negative(operand)
    return [text.literal(sign, rows, present), arithmetic.number(np.maximum(operand, 0), base, present)]


def _evenly(first: list[Stratum], second: list[Stratum]) -> list[Stratum]:
    """Join two lists of strata, weighted so that both lists get the same number of rows."""
    one, two = sum(s.weight for s in first) or 1, sum(s.weight for s in second)
    common = gcd(one, two)
    scaled = [(s, two // common) for s in first] + [(s, one // common) for s in second]
    return [replace(s, weight=s.weight * factor) for s, factor in scaled]
