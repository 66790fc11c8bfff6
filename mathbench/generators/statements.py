"""Statements, true or false: `12+29=41` -> `true`, `12*29=348` -> `true`."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.formats import written_steps
from mathbench.generators.toolkit import long_wrong_results, operands, pairs, wrong_results
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
    too short), a digit is changed and the stratum is that of changed digits. ``errors`` gives the shares.
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

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shares()
        lengths = operands.lengths(self)
        operands.check_operand_count(self.family, lengths, 2)
        longest = len(text.to_text(self.result(*[self.base**lengths.longest - 1] * 2), self.base))
        operands.check_long(self.family, longest, "results")

    @abstractmethod
    def result(self, a: Any, b: Any) -> Any:
        """The true result, of integers or of columns of numbers."""

    @abstractmethod
    def drop_carry(self, a: Int, b: Int, truth: Int, random_bits: U64) -> Int:
        """The result without one of its carries; the true result where there is none to drop."""

    @property
    def recognition(self) -> bool:
        return True

    def bound(self, longest: int) -> int:
        return int(self.base * self.result(*[self.base**longest] * 2))

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
        change_digit = _error_module(truth).change_digit
        claimed[..., failed] = change_digit(truth[..., failed], self.base, mix64(random_bits[failed]))
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
        return change[kind](truth, self.base, random_bits)

    def solve(self, problems: Problems) -> Int:
        truth = self.result(*arithmetic.split(problems.operands, 2))
        return arithmetic.equal(truth, _claimed_result(problems)).astype(np.int64)

    def questions(self, problems: Problems) -> pa.StringArray:
        numbers = (*arithmetic.split(problems.operands, 2), _claimed_result(problems))
        a, b, c = (arithmetic.number(n, self.base) for n in numbers)
        rows = len(problems.stratum)
        return text.join(a, text.literal(self.statement_sign, rows), b, text.literal("=", rows), c)

    def oracle(self, question: str) -> str:
        left, right = question.split("=")
        a, b = (int(number, self.base) for number in left.split(self.statement_sign))
        return str((a + b if self.statement_sign == "+" else a * b) == int(right, self.base)).lower()

    def operands_of(self, question: str) -> tuple[int, ...]:
        left = question.partition("=")[0]
        return tuple(
            sorted((int(number, self.base) for number in left.split(self.statement_sign)), reverse=True)
        )


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
        """Drop the carry into one place, chosen evenly among the places that get one."""
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
        return _error_module(truth).lose_unit(truth, self.base, random_bits)


def _claimed_result(problems: Problems) -> Int:
    if problems.claimed is None:
        raise RuntimeError("a statement without a claim: problems were not posed")
    return problems.claimed


def _error_module(truth: Int) -> ModuleType:
    """The module with the kinds of error for the precision of a column."""
    return long_wrong_results if truth.ndim == 2 else wrong_results
