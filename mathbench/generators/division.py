"""Division with remainder: `57/8` -> `7,1`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import pairs, ranges
from mathbench.generators.toolkit.longest import longest_operand
from mathbench.hashing import Int
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum


@dataclass(frozen=True)
class Division(Enumerated):
    """Divide with remainder; the divisor is at least 1 and no longer than the dividend.

    >>> Division().oracle("57/8")
    '7,1'
    """

    family: ClassVar[str] = "division"
    summary: ClassVar[str] = "57/8 -> 7,1 (quotient, remainder)"
    extrapolates: ClassVar[str] = "longer dividends"

    digits: int = parameter(4, "digits of the dividend", low=1, high=tuples.MAX_DIGITS)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shortest divisor", low=1, high=tuples.MAX_DIGITS)
    longer: int = parameter(
        2, "extrapolate: maximum number of additional digits", low=1, high=tuples.MAX_DIGITS
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=tuples.MAX_DIGITS
    )
    # negative numbers have several remainders, depending on the convention
    smallest: int | None = ranges.smallest("dividend and divisor", low=0)
    largest: int | None = ranges.largest("dividend and divisor", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs.check(self, least=1)
        tuples.check_long(self.family, tuples.lengths(self).longest, "operands")

    def bound(self, stop: int) -> int:
        return 2 * stop

    def inner(self) -> list[Stratum]:
        return pairs.inner(self, least=1, symmetric=False)

    def outer(self) -> list[Stratum]:
        return pairs.outer(self, least=1, symmetric=False)

    draw = staticmethod(tuples.draw)
    longest = longest_operand
    steps = written_steps.division
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_unsorted(operands, 2, self.base)

    def solve(self, problems: Problems) -> Int:
        a, b = arithmetic.split(problems.operands, 2)
        return np.stack(arithmetic.divide(a, b, self.base))

    def questions(self, problems: Problems) -> pa.StringArray:
        dividend, divisor = (arithmetic.number(n, self.base) for n in arithmetic.split(problems.operands, 2))
        return text.join(dividend, text.literal("/", len(problems.stratum)), divisor)

    def answers(self, results: Int) -> pa.StringArray:
        quotient, remainder = (arithmetic.number(result, self.base) for result in results)
        return text.join(quotient, text.literal(",", results.shape[-1]), remainder)

    def oracle(self, question: str) -> str:
        dividend, divisor = self.operands_of(question)
        return ",".join(text.to_text(result, self.base) for result in divmod(dividend, divisor))

    def operands_of(self, question: str) -> tuple[int, ...]:
        dividend, divisor = question.split("/")
        return int(dividend, self.base), int(divisor, self.base)
