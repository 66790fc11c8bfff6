"""Sums of two or more numbers: `57+8` -> `65`."""

from dataclasses import dataclass
from math import gcd
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench import operands as tuples
from mathbench import text
from mathbench.errors import InputError
from mathbench.formats import reach, steps
from mathbench.parameters import parameter
from mathbench.reserve import ABSENT
from mathbench.stratum import Stratum
from mathbench.task import Int, Problems, Task


@dataclass(frozen=True)
class Addition(Task):
    """Add numbers of 1 to `digits` digits.

    >>> task = Addition(digits=2)
    >>> task.oracle("57+8"), [s.name for s in task.inner()]
    ('65', ['digits=1+1', 'digits=2+1', 'digits=2+2'])
    """

    family: ClassVar[str] = "addition"
    summary: ClassVar[str] = "57+8 -> 65"
    symmetry: ClassVar[str] = "order of operands"
    extrapolates: ClassVar[str] = "longer operands; more operands"

    digits: int = parameter(3, "digits of the longest operand", low=1, high=62)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    operands: int = parameter(2, "how many numbers are added", low=2, high=6)
    distribution: str = parameter("lengths", "what is equally likely", choices=("lengths", "numbers"))
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=62)
    smallest: int = parameter(0, "smallest operand", low=0, high=1 << 40)
    largest: int = parameter(0, "largest operand; 0: all of `digits` digits", low=0, high=1 << 40)
    written: str = parameter("a+b", "how a sum is written", choices=("a+b", "a + b"))
    longer: int = parameter(2, "extrapolate: up to so many digits more", low=0, high=40)
    more: int = parameter(1, "extrapolate: up to so many operands more", low=0, high=4)

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_extrapolation(self.family, longer=self.longer, more=self.more)
        self._check_limits()
        reach = self.base ** (self.digits + self.longer)
        tuples.check_digits(self, largest_result=(self.operands + self.more) * reach)
        tuples.check_many(self.digits + self.longer, self.operands, self.shortest)
        tuples.check_many(self.digits, self.operands + self.more, self.shortest)

    @property
    def _numbers(self) -> tuples.Numbers:
        return tuples.Numbers(self.base, self.smallest, self.largest or None)

    def _check_limits(self) -> None:
        if self.largest and not self.smallest <= self.largest < self.base**self.digits:
            raise InputError(
                f"addition: largest must be from smallest={self.smallest} to the largest number of "
                f"digits={self.digits}. Received: {self.largest}."
            )

    def inner(self) -> list[Stratum]:
        choices = tuples.tuples(self.digits, self.operands, shortest=self.shortest)
        return tuples.strata(choices, self._numbers, self.distribution)

    def outer(self) -> list[Stratum]:
        reach = self.digits + self.longer
        longer = tuples.tuples(reach, self.operands, self.digits + 1, self.shortest)
        strata = tuples.strata(longer, tuples.Numbers(self.base, self.smallest), "lengths")
        for operands in range(self.operands + 1, self.operands + self.more + 1):
            more = tuples.tuples(self.digits, operands, shortest=self.shortest)
            strata = _evenly(strata, tuples.strata(more, self._numbers, "lengths"))
        return tuples.padded(strata, self.operands + self.more)

    draw = staticmethod(tuples.draw)
    canonical = staticmethod(tuples.ordered)
    valid = staticmethod(tuples.once)
    pose = staticmethod(tuples.pose)
    longest = reach.of_sums
    steps = steps.addition

    def solve(self, problems: Problems) -> Int:
        return np.sum(np.maximum(problems.operands, 0), axis=0)

    def questions(self, problems: Problems) -> pa.StringArray:
        first, *others = problems.operands
        pieces = [text.number(first, self.base)]
        for operand in others:
            pieces += _term(operand, self.base, self.written[1:-1])
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        return text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        return text.show(sum(self.operands_of(question)), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split("+")), reverse=True))


def _term(operand: Int, base: int, sign: str) -> list[text.Piece]:
    """A sign and a number where there is an operand, nothing where there is none."""
    if operand.min(initial=0) >= 0:
        return [text.literal(sign, len(operand)), text.number(operand, base)]
    here = operand != ABSENT
    return [text.literal(sign, len(operand), here), text.number(np.maximum(operand, 0), base, here)]


def _evenly(first: list[Stratum], second: list[Stratum]) -> list[Stratum]:
    """Both lists, weighted so that each as a whole gets the same number of rows."""
    one, two = sum(s.weight for s in first) or 1, sum(s.weight for s in second)
    common = gcd(one, two)
    scaled = [(s, two // common) for s in first] + [(s, one // common) for s in second]
    return [Stratum(**{**vars(s), "weight": s.weight * factor}) for s, factor in scaled]
