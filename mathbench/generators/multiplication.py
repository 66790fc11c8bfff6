"""Products: `57*8` -> `456`."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from mathbench import operands as tuples
from mathbench import text
from mathbench.formats import reach, steps
from mathbench.parameters import parameter
from mathbench.stratum import Stratum
from mathbench.task import Int, Problems, Task


@dataclass(frozen=True)
class Multiplication(Task):
    """Multiply two numbers of 1 to `digits` digits.

    >>> Multiplication(base=2).oracle("101*11")
    '1111'
    """

    family: ClassVar[str] = "multiplication"
    summary: ClassVar[str] = "57*8 -> 456"
    symmetry: ClassVar[str] = "order of operands"

    digits: int = parameter(3, "digits of the longer operand", low=1, high=31)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter("lengths", "what is equally likely", choices=("lengths", "numbers"))
    shortest: int = parameter(1, "digits of the shorter operand", low=1, high=31)
    longer: int = parameter(1, "extrapolate: up to so many digits more", low=1, high=30)

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_digits(self, largest_result=self.base ** (2 * (self.digits + self.longer)))

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
    longest = reach.of_products
    steps = steps.multiplication

    def solve(self, problems: Problems) -> Int:
        return problems.operands[0] * problems.operands[1]

    def questions(self, problems: Problems) -> pa.StringArray:
        a, b = (text.number(operand, self.base) for operand in problems.operands)
        return text.join(a, text.literal("*", len(problems.stratum)), b)

    def answers(self, results: Int) -> pa.StringArray:
        return text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        a, b = self.operands_of(question)
        return text.show(a * b, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split("*")), reverse=True))
