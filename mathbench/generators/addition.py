"""Sums of two or more numbers: `57+8` -> `65`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import gcd
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.formats import written_steps
from mathbench.generators.toolkit import carries, decimals, pairs, ranges
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit.decimals import DecimalLayout
from mathbench.generators.toolkit.longest import longest_sum
from mathbench.generators.toolkit.ranges import TaskNumbers
from mathbench.hashing import ABSENT, U64, Int
from mathbench.integers import as_integer
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

MAX_OPERANDS = 8  # of ten operands of one length, only one point of 1.8 million is a sorted sum


@dataclass(frozen=True)
class Addition(Enumerated):
    """Add numbers of 1 to `digits` digits.

    With a `smallest` below zero, operands may be negative: `7+(-12)`. Those after the first are then in brackets, and
    numbers of either sign are equally likely. With `places`, operands are decimals: `1.25+0.5`. With
    ``carries="uniform"``, strata are also by the longest chain of carries, and each length is equally likely: `9957+48`
    has a chain of four.

    >>> task = Addition(digits=2)
    >>> task.oracle("57+8"), [s.name for s in task.inner()]
    ('65', ['digits=1+1', 'digits=2+1', 'digits=2+2'])
    """

    family: ClassVar[str] = "addition"
    borrows: ClassVar[bool] = False
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
    smallest: int | None = ranges.smallest()
    largest: int | None = ranges.largest()
    written: str = parameter("a+b", "notation of the sum", choices=("a+b", "a + b"))
    longer: int = parameter(
        2, "extrapolate: maximum number of additional digits", low=0, high=tuples.MAX_DIGITS
    )
    more: int = parameter(
        1, "extrapolate: maximum number of additional operands; none with places or carries", low=0, high=4
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=tuples.MAX_DIGITS
    )
    places: int = parameter(
        0, "maximum number of places after the point", low=0, high=decimals.MAX_PLACES, added=True
    )
    carries: str = parameter(
        "natural",
        "longest chain of carries: as in random numbers, or every length equally likely",
        choices=carries.CHOICES,
        added=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        tuples.check_extrapolation(self.family, longer=self.longer, more=self.more)
        if self.operands + self.more > MAX_OPERANDS:
            raise InputError(
                f"addition: operands and more must add up to at most {MAX_OPERANDS}. "
                f"Received: operands={self.operands}, more={self.more}."
            )
        lengths, numbers = tuples.lengths(self), ranges.check(self)
        if self._of_pairs:
            self._check_pairs()
        signs, shorter = len(numbers.inner.classes([1])), lengths._replace(outer=range(0))
        tuples.check_operand_count(self.family, lengths, self.operands, signs=signs)
        tuples.check_operand_count(self.family, shorter, self.operands + self.more, signs=signs)
        tuples.check_long(self.family, lengths.longest + 1, "sums")
        ranges.check_limbs(self, numbers.inner, lengths.inner, self._inner_limbs)
        for own in numbers:
            ranges.check_limbs(self, own, lengths.inner, self._outer_limbs)

    @property
    def _of_pairs(self) -> bool:
        """Whether operands are the pairs of :mod:`pairs`, which do not have other numbers of operands."""
        return bool(self.places) or self.carries == carries.UNIFORM

    def _check_pairs(self) -> None:
        if (self.operands, self.more) != (2, 0):
            what = "carries=uniform" if self.carries == carries.UNIFORM else "places"
            given = f"operands={self.operands}, more={self.more}"
            raise InputError(f"addition: {what} requires operands=2 and more=0. Received: {given}.")
        stop = self.base ** (tuples.lengths(self).longest + self.places)
        check = carries.check if self.carries == carries.UNIFORM else pairs.check_places
        check(self, self.bound(stop))

    @property
    def numeric(self) -> bool:
        return not self.places

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name. Bounds that are not given are stored as 0, as in the first manifests.

        A largest operand of 0 is a bound only beside a smallest one below 0; then one that is not given is left out.
        """
        given, stored = super().parameters, {"smallest": 0, "largest": 0}
        if self.signed:
            return given
        order = [field.name for field in self.fields()]
        return dict(sorted((stored | given).items(), key=lambda item: order.index(item[0])))

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Make a task from parameters given as text or values, also as :attr:`parameters` stores them.

        Tasks of pairs have no more operands in extrapolate unless `more` is given, which is then refused.
        """
        smallest, largest = (as_integer(options.get(name)) for name in ("smallest", "largest"))
        unlimited = largest == 0 and smallest is not None and smallest >= 0
        pairs_only = str(options.get("places", 0)) != "0" or options.get("carries") == carries.UNIFORM
        given = {name: value for name, value in options.items() if not (unlimited and name == "largest")}
        return super().of({"more": 0, **given} if pairs_only else given)

    def inner(self) -> list[Stratum]:
        if self._of_pairs:
            return pairs.inner(self)
        numbers = TaskNumbers.of(self).inner
        choices = tuples.length_tuples(numbers.classes(tuples.lengths(self).inner), self.operands)
        return tuples.strata(choices, numbers, self.distribution, limb_count=self._inner_limbs)

    def outer(self) -> list[Stratum]:
        if self._of_pairs:
            return pairs.outer(self)
        numbers, maximum = TaskNumbers.of(self), self.operands + self.more
        make = partial(tuples.strata, distribution="lengths", limb_count=self._outer_limbs, operands=maximum)
        strata = make(tuples.outer_tuples(self, numbers.outer, self.operands), numbers.outer)
        lengths = numbers.inner.classes(tuples.lengths(self).inner)
        for operands in range(self.operands + 1, maximum + 1):
            more = make(tuples.length_tuples(lengths, operands), numbers.inner)
            strata = _evenly(strata, more)
        return strata

    @property
    def _inner_limbs(self) -> int:
        """Limbs per operand in train, validation and interpolate."""
        stop = TaskNumbers.of(self).inner.stop(self.digits)
        return tuples.limb_count(self.digits, self.base, self.operands * stop)

    @property
    def _outer_limbs(self) -> int:
        """Limbs per operand in extrapolate."""
        longest, numbers = tuples.lengths(self).longest, TaskNumbers.of(self)
        stop = max(numbers.outer.stop(longest) if self.longer else 0, numbers.inner.stop(self.digits))
        return tuples.limb_count(longest, self.base, (self.operands + self.more) * stop)

    def _operand_count(self, operands: Int) -> int:
        """The number of columns of operands; extrapolate has more, and its numbers are at least as long."""
        inner = self.operands * self._inner_limbs
        return self.operands if len(operands) == inner else self.operands + self.more

    draw = pairs.draw
    steps = written_steps.addition
    steps_max_digits = written_steps.MAX_DIGITS_LINEAR

    def bound(self, stop: int) -> int:
        return self.operands * stop

    def longest(self) -> tuple[int, int] | None:
        return None if self.places else longest_sum(self)

    def canonical(self, operands: Int) -> Int:
        if self.places:
            return pairs.canonical(self, operands)
        return tuples.canonical_sorted(operands, self._operand_count(operands), self.base)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        if self._of_pairs:
            return pairs.valid(self, operands, coordinates, low)
        return tuples.count_once(operands, coordinates, low, self._operand_count(operands))

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        count = 2 if self.places else self._operand_count(problems.operands)
        return tuples.shuffle_operands(problems, random_bits, count)

    def solve(self, problems: Problems) -> Int:
        if self.places:
            return problems.operands[0] + problems.operands[1]
        return arithmetic.total(self._split(problems.operands), self.base)

    def _split(self, operands: Int) -> list[Int]:
        return arithmetic.split(operands, self._operand_count(operands))

    def questions(self, problems: Problems) -> pa.StringArray:
        if self.places:
            return pairs.questions(self, problems, self.written[1:-1])
        first, *others = self._split(problems.operands)
        pieces = [arithmetic.signed(first, self.base)]
        for operand in others:
            pieces += _term(operand, self.base, self.written[1:-1])
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        if self.places:
            return text.join(DecimalLayout(self.base, self.places).shortest(results))
        return arithmetic.written(results, self.base)

    def oracle(self, question: str) -> str:
        if self.places:
            terms = (decimals.parse(term.strip(), self.base) for term in question.split("+"))
            return decimals.to_text(sum(terms, Fraction()), self.base)
        return text.to_text(sum(self.operands_of(question)), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        if self.places:
            return decimals.canonical_words(map(str.strip, question.split("+")), self.base)
        return tuple(sorted(tuples.parse_terms(question, "+", self.base), reverse=True))


def _term(operand: Int, base: int, sign: str) -> list[text.TextPiece]:
    """A sign and a number in the rows that have this operand, no text in the others."""
    rows = operand.shape[-1]
    if operand.min(initial=0) > ABSENT:
        return [text.literal(sign, rows), arithmetic.signed(operand, base, brackets=True)]
    present = (operand if operand.ndim == 1 else operand[0]) != ABSENT
    number = arithmetic.signed(np.where(present, operand, 0), base, present, brackets=True)
    return [text.literal(sign, rows, present), number]


def _evenly(first: list[Stratum], second: list[Stratum]) -> list[Stratum]:
    """Join two lists of strata, weighted so that both lists get the same number of rows."""
    one, two = sum(s.weight for s in first) or 1, sum(s.weight for s in second)
    common = gcd(one, two)
    scaled = [(s, two // common) for s in first] + [(s, one // common) for s in second]
    return [replace(s, weight=s.weight * factor) for s, factor in scaled]
