"""Statements, true or false: `12+29=41` -> `true`, `12*29=348` -> `true`."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.formats import written_steps
from mathbench.generators.toolkit import long_wrong_results, operands, pairs, ranges, wrong_results
from mathbench.generators.toolkit.longest import longest_statement
from mathbench.generators.toolkit.shares import parse_shares
from mathbench.hashing import U64, Int, mix64
from mathbench.numbers import arithmetic, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum
from mathbench.task import LABELS

Mask = NDArray[np.bool_]

ERRORS = ("digit", "carry", "swap", "congruent")  # kinds 1, 2, 3, 4; kind 0 is a true statement


@dataclass(frozen=True)
class Statement(Enumerated):
    """Base class of the families of statements; half of the claimed results of every length are right.

    Wrong results, by kind: ``digit``, one digit is changed; ``carry``, one carry is dropped; ``swap``, two neighbouring
    digits are swapped; ``congruent``, off by a small multiple of lcm(base-1, base, base+1), so that the last digit,
    casting out nines and casting out elevens all agree. Where an error is impossible (no carry, equal digits, a result
    too short), a digit is changed and the stratum is that of changed digits. ``errors`` gives the shares. With a
    `smallest` below zero, numbers may be negative: `7+(-12)=-5`. Wrong results have the sign of the right one, and
    ``carry`` drops a borrow where the operands have different signs.
    """

    version: ClassVar[int] = 2

    digits: int = parameter(3, "digits of the longest operand", low=1, high=operands.MAX_DIGITS)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    errors: str = parameter("digit:1,carry:1,swap:1,congruent:1", "kinds of error and their shares")
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=operands.MAX_DIGITS)
    longer: int = parameter(
        1, "extrapolate: maximum number of additional digits", low=1, high=operands.MAX_DIGITS
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=operands.MAX_DIGITS
    )
    smallest: int | None = ranges.smallest()
    largest: int | None = ranges.largest()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shares()
        pairs.check(self)
        lengths = operands.lengths(self)
        longest = len(text.to_text(self.result(*[self.base**lengths.longest - 1] * 2), self.base))
        operands.check_long(self.family, longest, "results")

    @abstractmethod
    def result(self, a: Any, b: Any) -> Any:
        """The true result, of integers or of columns of numbers."""

    @abstractmethod
    def drop_carry(self, a: Int, b: Int, truth: Int, random_bits: U64) -> Int:
        """The result without one of its carries or borrows; the true result where there is none to drop."""

    @property
    def recognition(self) -> bool:
        return True

    def bound(self, stop: int) -> int:
        return int(self.base * self.result(stop, stop))

    def _shares(self) -> list[int]:
        return parse_shares(self.family, self.errors, ERRORS, "kind of error")

    def inner(self) -> list[Stratum]:
        return self._by_kind(pairs.inner(self))

    def outer(self) -> list[Stratum]:
        return self._by_kind(pairs.outer(self))

    def _by_kind(self, strata: list[Stratum]) -> list[Stratum]:
        """Per pair of lengths one stratum of true statements and one per error, all on the same problems."""
        parts = self._shares()
        kinds = [("true", sum(parts)), *zip(ERRORS, parts, strict=True)]
        return [
            replace(
                s,
                name=f"{s.name},{name}",
                weight=s.weight * part,
                kind=kind,
                group=s.name,
                label=LABELS[kind == 0],
                space=s.name,
            )
            for s in strata
            for kind, (name, part) in enumerate(kinds)
        ]

    draw = staticmethod(operands.draw)
    canonical = pairs.canonical
    valid = pairs.valid
    longest = longest_statement

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        """Order the operands and choose the claimed results."""
        posed = pairs.pose(self, problems, random_bits)
        a, b = arithmetic.split(posed.operands, 2)
        truth = self.result(a, b)
        posed.claimed = claimed = truth.copy()
        for kind, name in enumerate(ERRORS, start=1):
            rows = np.flatnonzero(posed.kind == kind)
            if len(rows):
                x, y, right = (number[..., rows] for number in (a, b, truth))
                words = mix64(random_bits[rows] + np.uint64(kind))
                claimed[..., rows] = self._wrong_results(name, x, y, right, words)
        failed = np.flatnonzero((posed.kind > 1) & arithmetic.equal(claimed, truth))
        changed = self._wrong_results("digit", a, b, truth[..., failed], mix64(random_bits[failed]))
        claimed[..., failed] = changed
        posed.stratum = posed.stratum.copy()
        posed.stratum[failed] -= posed.kind[failed] - 1  # to the stratum of changed digits
        return posed

    def _wrong_results(self, kind: str, a: Int, b: Int, truth: Int, random_bits: U64) -> Int:
        if kind == "carry":
            return self.drop_carry(a, b, truth, random_bits)
        errors = _error_module(truth)
        change = {
            "digit": errors.change_digit,
            "swap": errors.swap_digits,
            "congruent": errors.stay_congruent,
        }
        return _with_sign(truth, change[kind](np.abs(truth), self.base, random_bits))

    def solve(self, problems: Problems) -> Int:
        truth = self.result(*arithmetic.split(problems.operands, 2))
        return arithmetic.equal(truth, _claimed_result(problems)).astype(np.int64)

    def questions(self, problems: Problems) -> pa.StringArray:
        (a, b), c, rows = (
            arithmetic.split(problems.operands, 2),
            _claimed_result(problems),
            len(problems.stratum),
        )
        first, third = (arithmetic.signed(number, self.base) for number in (a, c))
        second = arithmetic.signed(b, self.base, brackets=True)
        sign, equals = text.literal(self.statement_sign, rows), text.literal("=", rows)
        return text.join(first, sign, second, equals, third)

    def oracle(self, question: str) -> str:
        left, right = question.split("=")
        a, b = operands.parse_terms(left, self.statement_sign, self.base)
        return str((a + b if self.statement_sign == "+" else a * b) == int(right, self.base)).lower()

    def operands_of(self, question: str) -> tuple[int, ...]:
        left = question.partition("=")[0]
        return tuple(sorted(operands.parse_terms(left, self.statement_sign, self.base), reverse=True))


@dataclass(frozen=True)
class CorrectAddition(Statement):
    """Decide whether a claimed sum is right.

    >>> CorrectAddition().oracle("12+29=41")
    'true'
    """

    family: ClassVar[str] = "correct-addition"
    summary: ClassVar[str] = "12+29=41 -> true"
    symmetry: ClassVar[str] = "order of operands; shares its splits with addition"
    statement_sign: ClassVar[str] = "+"
    steps = written_steps.claimed_sum
    steps_max_digits = written_steps.MAX_DIGITS_LINEAR

    @property
    def reserve_family(self) -> str:
        return "addition"

    def result(self, a: Any, b: Any) -> Any:
        return arithmetic.add(a, b, self.base)

    def drop_carry(self, a: Int, b: Int, truth: Int, random_bits: U64) -> Int:
        """Drop the carry into one place, or the borrow from it, chosen evenly among the places that have one."""
        if self.signed:
            return wrong_results.drop_carry_or_borrow(a, b, truth, self.base, random_bits)
        return _error_module(truth).drop_carry(a, b, truth, self.base, random_bits)


@dataclass(frozen=True)
class CorrectMultiplication(Statement):
    """Decide whether a claimed product is right.

    >>> CorrectMultiplication().oracle("12*29=348")
    'true'
    """

    family: ClassVar[str] = "correct-multiplication"
    summary: ClassVar[str] = "12*29=348 -> true"
    symmetry: ClassVar[str] = "order of operands; shares its splits with multiplication"
    statement_sign: ClassVar[str] = "*"
    steps = written_steps.claimed_product
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    @property
    def reserve_family(self) -> str:
        return "multiplication"

    def result(self, a: Any, b: Any) -> Any:
        return arithmetic.multiply(a, b, self.base)

    def drop_carry(self, a: Int, b: Int, truth: Int, random_bits: U64) -> Int:
        """Subtract one unit carried into one place above the first."""
        return _with_sign(truth, _error_module(truth).lose_unit(np.abs(truth), self.base, random_bits))


def _claimed_result(problems: Problems) -> Int:
    if problems.claimed is None:
        raise RuntimeError("a statement without a claim: problems were not posed")
    return problems.claimed


def _with_sign(truth: Int, magnitude: Int) -> Int:
    """Absolute values of wrong results with the sign of the true ones, so that no sign reveals them."""
    return np.where(truth < 0, -magnitude, magnitude)


def _error_module(truth: Int) -> ModuleType:
    """The module with the kinds of error for the precision of a column."""
    return long_wrong_results if truth.ndim == 2 else wrong_results
