"""Differences: `8-57` -> `-49`."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from mathbench.formats import written_steps
from mathbench.generators.toolkit import carries, decimals, operands, pairs, ranges
from mathbench.generators.toolkit.decimals import DecimalLayout
from mathbench.generators.toolkit.longest import longest_difference
from mathbench.hashing import Int
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems


@dataclass(frozen=True)
class Subtraction(Enumerated):
    """Subtract numbers of 1 to `digits` digits; both signs are equally likely.

    `57-8` and `8-57` are one problem: either answer gives the other. With a `smallest` below zero, operands may be
    negative: `-7-(-12)`. With `places`, operands are decimals: `1.25-0.5`. With
    ``carries="uniform"``, strata are also by the longest chain of borrows, and each length is equally likely.

    >>> Subtraction().oracle("8-57")
    '-49'
    """

    family: ClassVar[str] = "subtraction"
    borrows: ClassVar[bool] = True
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
    smallest: int | None = ranges.smallest()
    largest: int | None = ranges.largest()
    places: int = parameter(
        0, "maximum number of places after the point", low=0, high=decimals.MAX_PLACES, added=True
    )
    carries: str = parameter(
        "natural",
        "longest chain of borrows: as in random numbers, or every length equally likely",
        choices=carries.CHOICES,
        added=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs.check(self)
        if self.places:
            stop = self.base ** (operands.lengths(self).longest + self.places)
            pairs.check_places(self, self.bound(stop))
        if self.carries == carries.UNIFORM:
            carries.check(self, self.bound(self.base ** operands.lengths(self).longest))
        operands.check_long(self.family, operands.lengths(self).longest, "operands")

    def bound(self, stop: int) -> int:
        return 2 * stop

    inner = pairs.inner
    outer = pairs.outer
    draw = pairs.draw
    canonical = pairs.canonical
    valid = pairs.valid
    pose = pairs.pose
    steps = written_steps.subtraction
    steps_max_digits = written_steps.MAX_DIGITS_LINEAR

    @property
    def numeric(self) -> bool:
        return not self.places

    def longest(self) -> tuple[int, int] | None:
        return None if self.places else longest_difference(self)

    def solve(self, problems: Problems) -> Int:
        if self.places:
            return problems.operands[0] - problems.operands[1]
        a, b = arithmetic.split(problems.operands, 2)
        return arithmetic.subtract(a, b, self.base)

    def questions(self, problems: Problems) -> pa.StringArray:
        return pairs.questions(self, problems, "-")

    def answers(self, results: Int) -> pa.StringArray:
        if self.places:
            return text.join(DecimalLayout(self.base, self.places).shortest(results))
        return arithmetic.written(results, self.base)

    def oracle(self, question: str) -> str:
        if self.places:
            first, second = (decimals.parse(term, self.base) for term in question.split("-"))
            return decimals.to_text(first - second, self.base)
        a, b = operands.parse_terms(question, "-", self.base)
        return text.to_text(a - b, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        if self.places:
            return decimals.canonical_words(question.split("-"), self.base)
        return tuple(sorted(operands.parse_terms(question, "-", self.base), reverse=True))
