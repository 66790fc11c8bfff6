"""Multiples of k: `2225` -> `false` for k = 3; or the residue itself."""

import itertools
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from mathbench.errors import InputError
from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import ranges, residues
from mathbench.generators.toolkit.longest import longest_residue
from mathbench.generators.toolkit.ranges import TaskNumbers
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic, limbs, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

MAX_RESIDUES = 100  # beyond this many, the residues that are not zero share one stratum


class Progression(NamedTuple):
    """The numbers `low` of a stratum: integers in the stratum, int64 (1,) in :meth:`Divisible.draw`.

    Point i is the number `start + step * i`. With step 0 it is the non-multiple of k with index `start + i`; there are
    `others` = k - 1 of them between two multiples.
    """

    start: Any
    step: Any
    others: Any = 0


@dataclass(frozen=True)
class Divisible(Enumerated):
    """Decide whether a number is a multiple of k, or compute its residue.

    Half of the numbers of every length are multiples; the others are balanced over the other residues. Lengths without
    multiples share those of the next length. With ``answer="residue"`` all residues are equally likely where a split
    has enough numbers of a length for all of them. With ``labels="natural"`` all numbers of a length are equally
    likely, so that one in k is a multiple. With a `smallest` below zero, numbers may be negative; residues are 0 to k-1
    all the same: -1 has the residue k-1.

    >>> Divisible(k=3).oracle("2225"), Divisible(k=3, answer="residue").oracle("2225")
    ('false', '2')
    """

    family: ClassVar[str] = "divisible"
    summary: ClassVar[str] = "2225 -> false (is it a multiple of k?)"
    answers_residues: ClassVar[bool] = True
    version: ClassVar[int] = 2

    k: int = parameter(7, "the divisor", low=2, high=1 << 40, always=True, value_only=True)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    digits: int = parameter(5, "digits of the longest number", low=1, high=tuples.MAX_DIGITS)
    answer: str = parameter("label", "kind of answer", choices=("label", "residue"))
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shortest number", low=1, high=tuples.MAX_DIGITS)
    longer: int = parameter(
        2, "extrapolate: maximum number of additional digits", low=1, high=tuples.MAX_DIGITS
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=tuples.MAX_DIGITS
    )
    smallest: int | None = ranges.smallest("number")
    largest: int | None = ranges.largest("number")
    labels: str = parameter(
        "balanced", "share of multiples", choices=("balanced", "natural"), kw_only=True, added=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.labels == "natural" and not self.recognition:
            raise InputError("divisible: labels=natural goes with answer=label. Received: answer=residue.")
        lengths, numbers = tuples.lengths(self), ranges.check(self)
        tuples.check_long(self.family, lengths.longest, "numbers")
        signs = len(numbers.inner.classes([1]))
        tuples.check_operand_count(self.family, lengths, 1, min(self.k, MAX_RESIDUES), signs)
        ranges.check_limbs(self, numbers.inner, lengths.inner, self._limb_count(numbers.inner, self.digits))
        long = self._limb_count(numbers.outer, lengths.longest)
        ranges.check_limbs(self, numbers.outer, lengths.outer, long)
        if self.k > limbs.MAX_MODULUS and long > 1:
            raise InputError(
                f"divisible: k must be at most 2^35 for numbers beyond 2^63. Received: {self.k}."
            )
        if self.smallest is not None or self.largest is not None:
            self._check_multiples(numbers.inner)
        elif 10 * self.k > self.base**self.digits:
            least = next(n for n in itertools.count(self.digits) if self.base**n >= 10 * self.k)
            raise InputError(
                f"divisible: digits must be at least {least} for k={self.k} in base {self.base}, as shorter numbers "
                f"contain fewer than ten multiples, too few for train and tests. Received: {self.digits}."
            )

    def _check_multiples(self, numbers: tuples.NumberRange) -> None:
        """Check that a range has numbers with either label."""
        edges = [
            residues.residue_counts(n, numbers, self.k, cut=False)
            for n in numbers.classes(tuples.lengths(self).inner)
        ]
        multiples = sum(-(-stop // self.k) + -start // self.k for start, stop in edges)
        if self.balanced_labels and multiples in (0, sum(stop - start for start, stop in edges)):
            raise InputError(
                f"divisible: the numbers from smallest={numbers.first_number} to largest={self.largest or 'none'} are "
                f"{'all' if multiples else 'no'} multiples of k={self.k}. Give a wider range."
            )

    longest = longest_residue
    steps = written_steps.divisible
    steps_max_digits = written_steps.MAX_DIGITS_LINEAR

    @property
    def recognition(self) -> bool:
        return self.answer == "label"

    @property
    def residue_count(self) -> int:
        return 0 if self.recognition else self.k

    @property
    def balanced_labels(self) -> bool:
        return self.recognition and self.labels == "balanced"

    def inner(self) -> list[Stratum]:
        return self._strata(TaskNumbers.of(self).inner, tuples.lengths(self).inner, self.distribution)

    def outer(self) -> list[Stratum]:
        return self._strata(TaskNumbers.of(self).outer, tuples.lengths(self).outer, "lengths")

    def _limb_count(self, numbers: tuples.NumberRange, digits: int) -> int:
        return tuples.limb_count(digits, self.base, 2 * numbers.stop(digits))

    def _strata(self, numbers: tuples.NumberRange, digits: range, distribution: str) -> list[Stratum]:
        lengths = [n for n in numbers.classes(digits) if numbers.count(n)]
        shares = [1] * len(lengths)
        if distribution == "numbers":
            parts = max(16, tuples.SHARE_PARTS // (2 * min(self.k, MAX_RESIDUES)))
            shares = tuples.apportion([numbers.count(n) for n in lengths], parts)
        limb_count = self._limb_count(numbers, max(digits))
        return [
            residues.from_limbs(stratum, n, self.base, limb_count)
            for n, share in zip(lengths, shares, strict=True)
            if share
            for stratum in self._length(n, numbers, share, cut=limb_count > 1)
        ]

    def _length(self, length: int, numbers: tuples.NumberRange, share: int, cut: bool) -> list[Stratum]:
        """The strata of one length, balanced. `cut`: numbers have limbs, and strata are of the last limbs."""
        low, high = residues.residue_counts(length, numbers, self.k, cut)
        if self.k > MAX_RESIDUES or self.labels == "natural":
            return self._pooled(length, low, high, share)
        starts = {r: low + (r - low) % self.k for r in range(self.k)}
        starts = {r: start for r, start in starts.items() if start < high}
        zeros = len(starts) - 1 if self.recognition else 1
        group = tuples.lengths_name([length])
        return [
            Stratum(
                f"{group},residue={r}",
                (-(-(high - start) // self.k),),
                Progression(start, self.k),
                share * (zeros if r == 0 else 1),
                group=group,
                label=self._label(r),
                share=1.0,
            )
            for r, start in starts.items()
        ]

    def _pooled(self, length: int, low: int, high: int, share: int) -> list[Stratum]:
        group = tuples.lengths_name([length])
        if not self.balanced_labels:
            return [Stratum(group, (high - low,), Progression(low, 1), share, share=1.0)]
        multiples = [-(-edge // self.k) for edge in (low, high)]  # below each edge, zero included
        others = [edge - below for edge, below in zip((low, high), multiples, strict=True)]
        zero = (multiples[1] - multiples[0], Progression(multiples[0] * self.k, self.k))
        rest = (others[1] - others[0], Progression(others[0], 0, self.k - 1))
        named = (("residue=0", zero), ("residue>0", rest))
        return [
            Stratum(
                f"{group},{name}", (size,), row, share, group=group, label=self._label(residue), share=1.0
            )
            for residue, (name, (size, row)) in enumerate(named)
            if size
        ]

    def _label(self, residue: int) -> str:
        return self._answer(residue) if self.recognition else ""

    def draw(self, coordinates: U64, low: Int) -> Int:
        row, upper = residues.split_low(Progression, low)
        index = coordinates[0].astype(np.int64)
        numbers = row.start + row.step * index
        if row.others.any():
            index = index + row.start
            turn = index // np.maximum(row.others, 1)
            numbers = np.where(row.others > 0, index + turn + 1, numbers)
        if not len(upper):
            return numbers[None, :]
        return residues.numbers(numbers, self.k, coordinates[1:], upper, self.base)

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_unsorted(operands, 1, self.base)

    def solve(self, problems: Problems) -> Int:
        residue = arithmetic.residue(arithmetic.single(problems.operands), self.k, self.base)
        return (residue == 0).astype(np.int64) if self.recognition else residue

    def questions(self, problems: Problems) -> pa.StringArray:
        return arithmetic.written(arithmetic.single(problems.operands), self.base)

    def answers(self, results: Int) -> pa.StringArray:
        return super().answers(results) if self.recognition else text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        return self._answer(int(question, self.base) % self.k)

    def answers_by_residue(self) -> list[str] | None:
        return None if self.signed else [self._answer(residue) for residue in range(self.k)]

    def _answer(self, residue: int) -> str:
        return str(residue == 0).lower() if self.recognition else text.to_text(residue, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return (int(question, self.base),)
