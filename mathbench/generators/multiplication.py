"""Products: `57*8` -> `456`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands, pairs
from mathbench.generators.toolkit.longest import longest_product
from mathbench.hashing import Int
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems


@dataclass(frozen=True)
class Multiplication(Enumerated):
    """Multiply two numbers of 1 to `digits` digits.

    >>> Multiplication(base=2).oracle("101*11")
    '1111'
    """

    family: ClassVar[str] = "multiplication"
    summary: ClassVar[str] = "57*8 -> 456"
    symmetry: ClassVar[str] = "order of operands"

    digits: int = parameter(3, "digits of the longer operand", low=1, high=operands.MAX_DIGITS // 2)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shorter operand", low=1, high=operands.MAX_DIGITS // 2)
    longer: int = parameter(
        1, "extrapolate: maximum number of additional digits", low=1, high=operands.MAX_DIGITS // 2
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=operands.MAX_DIGITS // 2
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = operands.lengths(self)
        operands.check_operand_count(self.family, lengths, 2)
        operands.check_long(self.family, 2 * lengths.longest, "products")

    def bound(self, longest: int) -> int:
        return self.base ** (2 * longest)

    inner = pairs.inner
    outer = pairs.outer
    draw = staticmethod(operands.draw)
    canonical = pairs.canonical
    valid = pairs.valid
    pose = pairs.pose
    longest = longest_product
    steps = written_steps.multiplication
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    def solve(self, problems: Problems) -> Int:
        a, b = arithmetic.split(problems.operands, 2)
        return np.asarray(arithmetic.multiply(a, b, self.base))

    def questions(self, problems: Problems) -> pa.StringArray:
        a, b = (arithmetic.number(n, self.base) for n in arithmetic.split(problems.operands, 2))
        return text.join(a, text.literal("*", len(problems.stratum)), b)

    def answers(self, results: Int) -> pa.StringArray:
        return arithmetic.written(results, self.base)

    def oracle(self, question: str) -> str:
        a, b = self.operands_of(question)
        return text.to_text(a * b, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split("*")), reverse=True))
