"""Differences: `8-57` -> `-49`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench import operands as tuples
from mathbench import text
from mathbench.formats import reach, steps
from mathbench.parameters import parameter
from mathbench.stratum import Stratum
from mathbench.task import Int, Problems, Task


@dataclass(frozen=True)
class Subtraction(Task):
    """Subtract numbers of 1 to `digits` digits; both signs are equally likely.

    `57-8` and `8-57` are one problem: who knows one knows the other.

    >>> Subtraction().oracle("8-57")
    '-49'
    """

    family: ClassVar[str] = "subtraction"
    summary: ClassVar[str] = "8-57 -> -49"
    symmetry: ClassVar[str] = "order of operands (which changes the sign only)"

    digits: int = parameter(3, "digits of the longest operand", low=1, high=62)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter("lengths", "what is equally likely", choices=("lengths", "numbers"))
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=62)
    longer: int = parameter(2, "extrapolate: up to so many digits more", low=1, high=40)

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_digits(self, largest_result=2 * self.base ** (self.digits + self.longer))

    def inner(self) -> list[Stratum]:
        choices = tuples.tuples(self.digits, 2, shortest=self.shortest)
        return tuples.strata(choices, tuples.Numbers(self.base), self.distribution)

    def outer(self) -> list[Stratum]:
        choices = tuples.tuples(self.digits + self.longer, 2, self.digits + 1, self.shortest)
        return tuples.strata(choices, tuples.Numbers(self.base), "lengths")

    draw = staticmethod(tuples.draw)
    canonical = staticmethod(tuples.ordered)
    valid = staticmethod(tuples.once)
    pose = staticmethod(tuples.pose)
    longest = reach.of_operands
    steps = steps.subtraction

    def solve(self, problems: Problems) -> Int:
        return problems.operands[0] - problems.operands[1]

    def questions(self, problems: Problems) -> pa.StringArray:
        a, b = (text.number(operand, self.base) for operand in problems.operands)
        return text.join(a, text.literal("-", len(problems.stratum)), b)

    def answers(self, results: Int) -> pa.StringArray:
        sign = text.literal("-", len(results), results < 0)
        return text.join(sign, text.number(np.abs(results), self.base))

    def oracle(self, question: str) -> str:
        a, b = question.split("-")
        return text.show(int(a, self.base) - int(b, self.base), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split("-")), reverse=True))
