"""Greatest common divisors: `gcd(48,36)` -> `12`."""

from dataclasses import dataclass, replace
from math import gcd
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import compiled
from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import ranges
from mathbench.generators.toolkit.longest import longest_operand
from mathbench.generators.toolkit.ranges import TaskNumbers
from mathbench.hashing import U64, Int
from mathbench.numbers import text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum


class DivisorClass(NamedTuple):
    """The numbers `low` of a stratum: integers in the stratum, int64 (k, 1) in :meth:`Gcd.draw`.

    Attributes:
        divisor: the smallest divisor that points stand for.
        quotients: the `low` of the operands divided by it, see :class:`operands.OperandRanges`. Smallest quotients of 0
            stand for those of the first multiples of the divisor.
        minimum, maximum: the smallest and the largest value of each operand; none where every point is in range.
    """

    divisor: Any
    quotients: Any
    minimum: Any = ()
    maximum: Any = ()

    @classmethod
    def of(cls, low: Int) -> "DivisorClass":
        """Name the parts of `low`."""
        return cls(low[0], low[1:4], low[4:6], low[6:8])

    @property
    def low(self) -> tuple[int, ...]:
        """The inverse of :meth:`of`."""
        return self.divisor, *self.quotients, *self.minimum, *self.maximum


@dataclass(frozen=True)
class Gcd(Enumerated):
    """Compute the greatest common divisor of two positive numbers.

    ``distribution`` is that of the answers: ``natural``, as for random operands (61 % ones); ``log-uniform``, the same
    number of rows for answers 1, 2-3, 4-7, 8-15, ...; ``uniform``, in proportion to the number of answers in each of
    these classes. The last two have answers up to a tenth of the largest value of the shorter operand, in a
    range of numbers at most half as many as there are numbers.

    >>> Gcd().oracle("gcd(48,36)")
    '12'
    """

    family: ClassVar[str] = "gcd"
    summary: ClassVar[str] = "gcd(48,36) -> 12"
    symmetry: ClassVar[str] = "order of operands"

    digits: int = parameter(4, "digits of the longest operand", low=1, high=60)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    distribution: str = parameter(
        "log-uniform", "distribution of the answers", choices=("natural", "log-uniform", "uniform")
    )
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=60)
    longer: int = parameter(2, "extrapolate: maximum number of additional digits", low=1, high=40)
    step: int = parameter(1, "difference between consecutive lengths in digits", low=1, high=60)
    # a divisor does not depend on signs
    smallest: int | None = ranges.smallest(low=0)
    largest: int | None = ranges.largest(low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = tuples.lengths(self)
        ranges.check(self, least=1)
        what = f"digits={self.digits} with longer={self.longer} in base {self.base}"
        tuples.check_range(self.family, 4 * self.base**lengths.longest, what)

    def inner(self) -> list[Stratum]:
        choices = tuples.length_tuples(tuples.lengths(self).inner, 2)
        return self._strata(choices, TaskNumbers.of(self, least=1).inner)

    def outer(self) -> list[Stratum]:
        numbers = TaskNumbers.of(self, least=1).outer
        return self._strata(tuples.outer_tuples(self, numbers), numbers)

    def _strata(self, choices: list[tuple[int, ...]], numbers: tuples.NumberRange) -> list[Stratum]:
        if self.distribution == "natural":
            plain = tuples.strata(choices, numbers, "lengths")
            return [replace(s, sizes=(1, *s.sizes), low=DivisorClass(1, s.low).low) for s in plain]
        filled = [lengths for lengths in choices if all(map(numbers.count, lengths))]
        return [stratum for longer, shorter in filled for stratum in self._classes(longer, shorter, numbers)]

    def _classes(self, longer: int, shorter: int, numbers: tuples.NumberRange) -> list[Stratum]:
        """One stratum per class 2^i .. 2^(i+1)-1 of answers; a point is (answer, operand / answer, other / answer)."""
        low, counts = zip(*((numbers.first(n), numbers.count(n)) for n in (longer, shorter)), strict=True)
        high = [first + count - 1 for first, count in zip(low, counts, strict=True)]
        every = tuples.NumberRange(self.base, 1)
        narrow = counts != (every.count(longer), every.count(shorter))
        # up to here, each divisor has two neighbouring multiples among the numbers of either operand
        largest, strata = max(min((high[1] + 1) // 10, min(counts) // 2), 1), []
        weight = 1 if longer == shorter else 2
        classes = [(1 << i, min((2 << i) - 1, largest)) for i in range(largest.bit_length())]
        shares = tuples.apportion([last - first + 1 for first, last in classes], 64)
        for (first, last), share in zip(classes, shares, strict=True):
            stops = [(-(-a // last), b // first) for a, b in zip(low, high, strict=True)]
            if narrow:  # of the quotients that some divisor has, few are possible for each
                stops = [(0, (count - 1) // first) for count in counts]
            sizes, folded = [last - first + 1, *(b - a + 1 for a, b in stops)], 0
            if longer == shorter:
                folded, sizes[2] = sizes[1], sizes[1] // 2 + 1
            quotients = tuples.OperandRanges(folded, [smallest for smallest, _ in stops])
            name = f"digits={longer}+{shorter},gcd={first}" + (f"-{last}" if last > first else "")
            weight_here = weight * (share if self.distribution == "uniform" else 1)
            if weight_here:
                row = DivisorClass(first, quotients.low, low, high)
                strata.append(Stratum(name, tuple(sizes), row.low, weight_here))
        return strata

    def draw(self, coordinates: U64, low: Int) -> Int:
        return _quotients(coordinates, low) * (coordinates[0].view(np.int64) + low[0])

    longest = longest_operand
    steps = written_steps.gcd
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_sorted(operands, 2, self.base)

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        return tuples.shuffle_operands(problems, random_bits, 2)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        row = DivisorClass.of(low)
        once = tuples.count_once(operands, coordinates[1:], row.quotients, 2)
        if self.distribution == "natural":
            return once
        fits: NDArray[np.bool_] = np.logical_and.reduce((operands >= row.minimum) & (operands <= row.maximum))
        if once is not None:
            fits &= once
        rows = np.flatnonzero(fits)
        # the quotients of the greatest common divisor are coprime
        a, b = _quotients(coordinates.take(rows, axis=1), low)
        fits[rows] = _coprime(a, b)
        return fits

    def solve(self, problems: Problems) -> Int:
        return _gcd(problems.operands[0], problems.operands[1])

    def questions(self, problems: Problems) -> pa.StringArray:
        a, b = (text.number(operand, self.base) for operand in problems.operands)
        opening, comma, closing = (text.literal(t, len(problems.stratum)) for t in ("gcd(", ",", ")"))
        return text.join(opening, a, comma, b, closing)

    def answers(self, results: Int) -> pa.StringArray:
        return text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        return text.to_text(gcd(*self.operands_of(question)), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        inside = question.removeprefix("gcd(").removesuffix(")")
        return tuple(sorted((int(term, self.base) for term in inside.split(",")), reverse=True))


def _quotients(coordinates: U64, low: Int) -> Int:
    """The operands of points, divided by their divisor, int64 (2, n)."""
    row = DivisorClass.of(low)
    quotients = tuples.draw(coordinates[1:], row.quotients)
    if not tuples.OperandRanges.of(row.quotients).minimum.any():
        quotients += -(-row.minimum // (coordinates[0].view(np.int64) + row.divisor))
    return quotients


def _coprime(a: Int, b: Int) -> NDArray[np.bool_]:
    """Which pairs have no common factor; Euclid's algorithm runs only where parity does not decide."""
    coprime = (a | b) & 1 == 1
    rows = np.flatnonzero(coprime)
    coprime[rows] = _gcd(a[rows], b[rows]) == 1
    return coprime


def _gcd(a: Int, b: Int) -> Int:
    """The greatest common divisors, int64 (n,); in 32 bits where possible, which processors divide faster."""
    if compiled.LIBRARY:
        return compiled.gcd(a, b)
    narrow = max(a.max(initial=0), b.max(initial=0)) < 1 << 31
    if narrow:
        return np.gcd(a.astype(np.int32), b.astype(np.int32)).astype(np.int64)
    return np.gcd(a, b)
