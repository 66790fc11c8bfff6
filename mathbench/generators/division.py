"""Division with remainder: `57/8` -> `7,1`."""

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
class Division(Task):
    """Divide with remainder; the divisor is at least 1 and no longer than the dividend.

    >>> Division().oracle("57/8")
    '7,1'
    """

    family: ClassVar[str] = "division"
    summary: ClassVar[str] = "57/8 -> 7,1 (quotient, remainder)"
    extrapolates: ClassVar[str] = "longer dividends"

    digits: int = parameter(4, "digits of the dividend", low=1, high=62)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter("lengths", "what is equally likely", choices=("lengths", "numbers"))
    shortest: int = parameter(1, "digits of the shortest divisor", low=1, high=62)
    longer: int = parameter(2, "extrapolate: up to so many digits more", low=1, high=40)

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_digits(self, largest_result=2 * self.base ** (self.digits + self.longer))

    def inner(self) -> list[Stratum]:
        return self._strata(self.digits, 1, self.distribution)

    def outer(self) -> list[Stratum]:
        return self._strata(self.digits + self.longer, self.digits + 1, "lengths")

    def _strata(self, digits: int, longest_from: int, distribution: str) -> list[Stratum]:
        choices = tuples.tuples(digits, 2, longest_from, self.shortest)
        return tuples.strata(choices, tuples.Numbers(self.base, 1), distribution, symmetric=False)

    draw = staticmethod(tuples.draw)
    longest = reach.of_operands
    steps = steps.division

    def solve(self, problems: Problems) -> Int:
        return np.stack(np.divmod(problems.operands[0], problems.operands[1]))

    def questions(self, problems: Problems) -> pa.StringArray:
        dividend, divisor = (text.number(operand, self.base) for operand in problems.operands)
        return text.join(dividend, text.literal("/", len(problems.stratum)), divisor)

    def answers(self, results: Int) -> pa.StringArray:
        quotient, remainder = (text.number(result, self.base) for result in results)
        return text.join(quotient, text.literal(",", len(results[0])), remainder)

    def oracle(self, question: str) -> str:
        dividend, divisor = self.operands_of(question)
        return ",".join(text.show(result, self.base) for result in divmod(dividend, divisor))

    def operands_of(self, question: str) -> tuple[int, ...]:
        dividend, divisor = question.split("/")
        return int(dividend, self.base), int(divisor, self.base)
