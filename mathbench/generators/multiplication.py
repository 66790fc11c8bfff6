"""Products: `57*8` -> `456`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.formats import written_steps
from mathbench.generators.toolkit import decimals, operands, pairs, ranges
from mathbench.generators.toolkit.decimals import DecimalLayout
from mathbench.generators.toolkit.longest import longest_product
from mathbench.hashing import Int
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems


@dataclass(frozen=True)
class Multiplication(Enumerated):
    """Multiply two numbers of 1 to `digits` digits.

    With a `smallest` below zero, operands may be negative: `-7*(-12)`. `7*12` and `-7*(-12)` are different problems.
    With `places`, operands are decimals: `1.25*0.5`.

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
    smallest: int | None = ranges.smallest()
    largest: int | None = ranges.largest()
    places: int = parameter(
        0, "maximum number of places after the point", low=0, high=decimals.MAX_PLACES // 2, added=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs.check(self)
        if self.places:
            stop = self.base ** (operands.lengths(self).longest + self.places)
            pairs.check_places(self, self.bound(stop))
        operands.check_long(self.family, 2 * operands.lengths(self).longest, "products")

    def bound(self, stop: int) -> int:
        return stop * stop

    inner = pairs.inner
    outer = pairs.outer
    draw = pairs.draw
    canonical = pairs.canonical
    valid = pairs.valid
    pose = pairs.pose
    steps = written_steps.multiplication
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    @property
    def numeric(self) -> bool:
        return not self.places

    def longest(self) -> tuple[int, int] | None:
        return None if self.places else longest_product(self)

    def solve(self, problems: Problems) -> Int:
        if self.places:
            return problems.operands[0] * problems.operands[1]
        a, b = arithmetic.split(problems.operands, 2)
        return np.asarray(arithmetic.multiply(a, b, self.base))

    def questions(self, problems: Problems) -> pa.StringArray:
        return pairs.questions(self, problems, "*")

    def answers(self, results: Int) -> pa.StringArray:
        if self.places:
            return text.join(DecimalLayout(self.base, 2 * self.places).shortest(results))
        return arithmetic.written(results, self.base)

    def oracle(self, question: str) -> str:
        if self.places:
            first, second = (decimals.parse(term, self.base) for term in question.split("*"))
            return decimals.to_text(first * second, self.base)
        a, b = self.operands_of(question)
        return text.to_text(a * b, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        if self.places:
            return decimals.canonical_words(question.split("*"), self.base)
        return tuple(sorted(operands.parse_terms(question, "*", self.base), reverse=True))
