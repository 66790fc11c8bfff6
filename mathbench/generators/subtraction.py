"""Differences: `8-57` -> `-49`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands, pairs
from mathbench.generators.toolkit.longest import longest_operand
from mathbench.hashing import Int
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems


@dataclass(frozen=True)
class Subtraction(Enumerated):
    """Subtract numbers of 1 to `digits` digits; both signs are equally likely.

    `57-8` and `8-57` are one problem: either answer gives the other.

    >>> Subtraction().oracle("8-57")
    '-49'
    """

    family: ClassVar[str] = "subtraction"
    summary: ClassVar[str] = "8-57 -> -49"
    symmetry: ClassVar[str] = "order of operands (which changes the sign only)"

    digits: int = parameter(3, "digits of the longest operand", low=1, high=operands.MAX_DIGITS)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=operands.MAX_DIGITS)
    longer: int = parameter(
        2, "extrapolate: maximum number of additional digits", low=1, high=operands.MAX_DIGITS
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=operands.MAX_DIGITS
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = operands.lengths(self)
        operands.check_operand_count(self.family, lengths, 2)
        operands.check_long(self.family, lengths.longest, "operands")

    def bound(self, longest: int) -> int:
        return 2 * self.base**longest

    inner = pairs.inner
    outer = pairs.outer
    draw = staticmethod(operands.draw)
    canonical = pairs.canonical
    valid = pairs.valid
    pose = pairs.pose
    longest = longest_operand
    steps = written_steps.subtraction
    steps_max_digits = written_steps.MAX_DIGITS_LINEAR

    def solve(self, problems: Problems) -> Int:
        a, b = arithmetic.split(problems.operands, 2)
        return arithmetic.subtract(a, b, self.base)

    def questions(self, problems: Problems) -> pa.StringArray:
        a, b = (arithmetic.number(n, self.base) for n in arithmetic.split(problems.operands, 2))
        return text.join(a, text.literal("-", len(problems.stratum)), b)

    def answers(self, results: Int) -> pa.StringArray:
        sign = text.literal("-", results.shape[-1], arithmetic.negative(results))
        return text.join(sign, arithmetic.number(np.abs(results), self.base))

    def oracle(self, question: str) -> str:
        a, b = question.split("-")
        return text.to_text(int(a, self.base) - int(b, self.base), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split("-")), reverse=True))
