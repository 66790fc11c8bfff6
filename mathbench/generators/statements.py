"""Is this result right? `12+29=41` -> `true`, `12*29=348` -> `true`."""

from abc import abstractmethod
from dataclasses import dataclass
from math import lcm
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import operands as tuples
from mathbench import text
from mathbench.errors import InputError, did_you_mean
from mathbench.formats import reach, steps
from mathbench.hashing import U64, mix, scale
from mathbench.parameters import parameter
from mathbench.stratum import Stratum
from mathbench.task import Int, Problems, Task

Mask = NDArray[np.bool_]

ERRORS = ("digit", "carry", "swap", "congruent")  # kinds 1, 2, 3, 4; kind 0 is a true statement


@dataclass(frozen=True)
class Statement(Task):
    """What the two families of statements share; half of the claims of every length are right.

    Wrong claims, by kind: ``digit``, one digit is another; ``carry``, one carry was dropped; ``swap``, two neighbouring
    digits changed places; ``congruent``, off by a small multiple of lcm(base-1, base, base+1), so that the last
    digit, casting out nines and casting out elevens all agree. Where an error is impossible (no carry, equal
    digits, a claim too short) a digit is changed and the stratum says so. ``errors`` gives the shares.
    """

    sign: ClassVar[str]

    digits: int = parameter(3, "digits of the longest operand", low=1, high=62)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    errors: str = parameter("digit:1,carry:1,swap:1,congruent:1", "kinds of error and their shares")
    distribution: str = parameter("lengths", "what is equally likely", choices=("lengths", "numbers"))
    shortest: int = parameter(1, "digits of the shortest operand", low=1, high=62)
    longer: int = parameter(1, "extrapolate: up to so many digits more", low=1, high=40)

    def __post_init__(self) -> None:
        super().__post_init__()
        shares(self.family, self.errors)
        tuples.check_digits(
            self, largest_result=self.base * self.result(*(self.base ** (self.digits + self.longer),) * 2)
        )

    @staticmethod
    @abstractmethod
    def result(a: Any, b: Any) -> Any:
        """The true result, of integers or of arrays."""

    @abstractmethod
    def drop_carry(self, a: Int, b: Int, luck: U64) -> Int:
        """The result without one of its carries; the true result where there is none to drop."""

    @property
    def recognition(self) -> bool:
        return True

    def inner(self) -> list[Stratum]:
        return self._strata(tuples.tuples(self.digits, 2, shortest=self.shortest), self.distribution)

    def outer(self) -> list[Stratum]:
        choices = tuples.tuples(self.digits + self.longer, 2, self.digits + 1, self.shortest)
        return self._strata(choices, "lengths")

    def _strata(self, choices: list[tuple[int, ...]], distribution: str) -> list[Stratum]:
        """Per tuple of lengths one stratum of true statements and one per error, all on the same problems."""
        parts = shares(self.family, self.errors)
        kinds = [("true", sum(parts)), *zip(ERRORS, parts, strict=True)]
        return [
            Stratum(f"{s.name},{name}", s.sizes, s.low, s.weight * part, kind, group=s.name, space=s.name)
            for s in tuples.strata(choices, tuples.Numbers(self.base), distribution)
            for kind, (name, part) in enumerate(kinds)
        ]

    longest = reach.of_claims
    draw = staticmethod(tuples.draw)
    canonical = staticmethod(tuples.ordered)
    valid = staticmethod(tuples.once)

    def pose(self, problems: Problems, luck: U64) -> Problems:
        """Order the operands and make the claim."""
        posed = tuples.pose(problems, luck)
        a, b = posed.operands
        posed.claimed = claimed = self.result(a, b)
        for kind, name in enumerate(ERRORS, start=1):
            rows = np.flatnonzero(posed.kind == kind)
            if len(rows):
                claimed[rows] = self._wrong(name, a[rows], b[rows], mix(luck[rows] + np.uint64(kind)))
        failed = np.flatnonzero((posed.kind > 1) & (claimed == self.result(a, b)))
        claimed[failed] = change_digit(claimed[failed], self.base, mix(luck[failed]))
        posed.stratum = posed.stratum.copy()
        posed.stratum[failed] -= posed.kind[failed] - 1  # to the stratum of changed digits
        return posed

    def _wrong(self, kind: str, a: Int, b: Int, luck: U64) -> Int:
        truth = self.result(a, b)
        if kind == "carry":
            return self.drop_carry(a, b, luck)
        change = {"digit": change_digit, "swap": swap_digits, "congruent": stay_congruent}[kind]
        return change(truth, self.base, luck)

    def solve(self, problems: Problems) -> Int:
        return (self.result(*problems.operands) == problems.claimed).astype(np.int64)

    def questions(self, problems: Problems) -> pa.StringArray:
        if problems.claimed is None:
            raise RuntimeError("a statement without a claim: problems were not posed")
        a, b, c = (text.number(n, self.base) for n in (*problems.operands, problems.claimed))
        rows = len(problems.claimed)
        return text.join(a, text.literal(self.sign, rows), b, text.literal("=", rows), c)

    def oracle(self, question: str) -> str:
        left, right = question.split("=")
        a, b = (int(number, self.base) for number in left.split(self.sign))
        return str((a + b if self.sign == "+" else a * b) == int(right, self.base)).lower()

    def operands_of(self, question: str) -> tuple[int, ...]:
        left = question.partition("=")[0]
        return tuple(sorted((int(number, self.base) for number in left.split(self.sign)), reverse=True))


@dataclass(frozen=True)
class CorrectAddition(Statement):
    """Say whether a claimed sum is right.

    >>> CorrectAddition().oracle("12+29=41")
    'true'
    """

    family: ClassVar[str] = "correct-addition"
    summary: ClassVar[str] = "12+29=41 -> true"
    symmetry: ClassVar[str] = "order of operands; shares its splits with addition"
    sign: ClassVar[str] = "+"
    steps = steps.claimed_sum

    @property
    def reserve_family(self) -> str:
        return "addition"

    @staticmethod
    def result(a: Any, b: Any) -> Any:
        return a + b

    def drop_carry(self, a: Int, b: Int, luck: U64) -> Int:
        """Drop the carry into one place, chosen evenly among the places that get one."""
        powers = [p for p in text.powers(self.base).tolist() if p <= int(np.max(a + b, initial=0))]
        carries = [a % p + b % p >= p for p in powers]
        return a + b - pick(np.array(powers, dtype=np.int64), carries, luck)


@dataclass(frozen=True)
class CorrectMultiplication(Statement):
    """Say whether a claimed product is right.

    >>> CorrectMultiplication().oracle("12*29=348")
    'true'
    """

    family: ClassVar[str] = "correct-multiplication"
    summary: ClassVar[str] = "12*29=348 -> true"
    symmetry: ClassVar[str] = "order of operands; shares its splits with multiplication"
    sign: ClassVar[str] = "*"
    steps = steps.claimed_product

    @property
    def reserve_family(self) -> str:
        return "multiplication"

    @staticmethod
    def result(a: Any, b: Any) -> Any:
        return a * b

    def drop_carry(self, a: Int, b: Int, luck: U64) -> Int:
        """Lose one unit carried into one place above the first."""
        product = a * b
        powers = [p for p in text.powers(self.base).tolist() if p <= int(np.max(product, initial=0))]
        return product - pick(np.array(powers, dtype=np.int64), [product >= p for p in powers], luck)


def shares(family: str, errors: str) -> list[int]:
    """Read `"digit:2,swap:1"` as the share of each kind of error.

    >>> shares("correct-addition", "digit:2,swap:1")
    [2, 0, 1, 0]

    Raises:
        InputError: for an unknown kind, a share that is no number from 0 to 99, or no error at all.
    """
    parts = dict.fromkeys(ERRORS, 0)
    for entry in errors.split(","):
        kind, _, share = entry.strip().partition(":")
        if kind not in parts:
            raise InputError(f"{family}: unknown kind of error '{kind}'. {did_you_mean(kind, ERRORS)}")
        if not (share or "1").isdecimal() or int(share or "1") > 99:
            raise InputError(
                f"{family}: the share of '{kind}' must be an integer from 0 to 99. Received: {share!r}."
            )
        parts[kind] = int(share or "1")
    if not any(parts.values()):
        raise InputError(
            f"{family}: at least one kind of error must have a share above 0. Received: {errors!r}."
        )
    return list(parts.values())


def pick(values: Int, allowed: list[Mask], luck: U64) -> Int:
    """One of several values per row, chosen evenly among those allowed there; 0 where none is.

    Args:
        values: int64 (v,).
        allowed: v masks of shape (n,).
        luck: uint64 (n,).
    """
    if not allowed:
        return np.zeros(len(luck), dtype=np.int64)
    table = np.stack(allowed)
    wanted = scale(luck, table.sum(axis=0).astype(np.uint64)).astype(np.int64)
    chosen = table & (np.cumsum(table, axis=0) - 1 == wanted)
    return np.where(chosen.any(axis=0), values[chosen.argmax(axis=0)], 0)


def change_digit(truth: Int, base: int, luck: U64) -> Int:
    """Change one digit to another; a leading digit does not become zero.

    >>> change_digit(np.array([7]), 10, np.array([5], dtype=np.uint64)).tolist() != [7]
    True
    """
    lengths = text.length(truth, base)
    places = np.maximum(lengths - (base == 2), 1)  # in base 2 a leading 1 has nothing else to be
    place = scale(luck, places.astype(np.uint64)).astype(np.int64)
    power = np.concatenate([[1], text.powers(base)])[place]
    old = truth // power % base
    leading = ((place == lengths - 1) & (lengths > 1)).astype(np.int64)
    new = leading + scale(mix(luck), (base - 1 - leading).astype(np.uint64)).astype(np.int64)
    new += new >= old
    return truth + (new - old) * power


def swap_digits(truth: Int, base: int, luck: U64) -> Int:
    """Swap two neighbouring digits that differ; a leading zero does not arise."""
    places = int(text.length(truth, base).max(initial=1)) - 1
    powers = np.concatenate([[1], text.powers(base)])[: max(places, 0)]
    low = [truth // p % base for p in powers.tolist()]
    high = [truth // p // base % base for p in powers.tolist()]
    rest = [truth // p // base // base for p in powers.tolist()]
    allowed = [(a != b) & ((r > 0) | ((a > 0) & (b > 0))) for a, b, r in zip(low, high, rest, strict=True)]
    power = pick(powers, allowed, luck)
    safe = np.maximum(power, 1)
    return truth + (truth // safe % base - truth // safe // base % base) * (base - 1) * power


def stay_congruent(truth: Int, base: int, luck: U64) -> Int:
    """Move by up to `base` multiples of lcm(base-1, base, base+1), staying at the same length."""
    step = lcm(base - 1, base, base + 1)
    lengths = text.length(truth, base)
    powers = np.concatenate([[1], text.powers(base)])
    low, high = np.where(lengths > 1, powers[lengths - 1], 0), powers[np.minimum(lengths, len(powers) - 1)]
    least = -np.minimum((truth - low) // step, base)
    most = np.minimum((high - 1 - truth) // step, base)
    turns = least + scale(luck, np.maximum(most - least, 0).astype(np.uint64)).astype(np.int64)
    turns += turns >= 0
    return np.where(most > least, truth + turns * step, truth)
