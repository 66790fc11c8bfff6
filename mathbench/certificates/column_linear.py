"""Certificates of networks with a linear state over columns of digits, read out by sines, for sums.

Column by column from the units on, such a network adds a vector for every digit to its state, says the digit of the
sum, and moves to the next state. A box is the set of states that differ from a centre by at most some radii, coordinate
by coordinate, and it has a carry. The check shows that

1. the first state lies in the first box, whose carry is 0,
2. from every state of a box, for all digits of a column, the digit said is that of their sum with the carry, and
3. if that digit is fed back, the next state lies in the box that `table` names, which has the carry of that sum.

By induction over the columns, the network says the digits of the sum of numbers of any length. A claimed sum is right
just if it has these digits, and the first wrong one is found wherever it stands.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as tuples
from typing import Any

from mathbench.certificates.arrays import Array, Nested, check_names, check_shapes
from mathbench.certificates.bounds import PRECISION, SINE_ERROR, sine_and_cosine
from mathbench.certificates.exact import SCALE, dot, integers, norm, product, value
from mathbench.certificates.verdict import FUNCTION_ERROR, Verdict, relative_error
from mathbench.errors import CheckFailed, InputError

NETWORK = "column-linear"
ANSWERS = ("label", "sum")
MAX_WORK = 60_000_000  # products of two weights: some twenty seconds
MAX_COLUMNS = 1 << 16
# a sine is computed from two sines and two cosines, each off by SINE_ERROR, and rounded
WAVE_ERROR = 4 * SINE_ERROR + 4


@dataclass(frozen=True)
class SumClaim:
    """What a network is claimed to be right about: sums in a base.

    Attributes:
        base: the base.
        operands: how many numbers are added.
        answer: ``label`` for whether a claimed sum is right, ``sum`` for the sum written out.
        extra: columns that the network reads beyond the longest number.
    """

    base: int
    operands: int
    answer: str
    extra: int

    @property
    def columns(self) -> int:
        """How many columns of digits there are."""
        return self.base**self.operands

    def __str__(self) -> str:
        numbers = f"{self.operands} numbers in base {self.base} of any number of digits"
        return f"whether a sum of {numbers} is right" if self.answer == "label" else f"the sum of {numbers}"

    def is_about(self, family: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether the claim covers every problem of a task, see `document.Claim`.

        >>> claim, parameters = SumClaim(10, 2, "sum", 1), {"base": 10, "operands": 2, "more": 0}
        >>> claim.is_about("addition", parameters), claim.is_about("addition", {**parameters, "more": 1})
        (True, False)
        """
        given = {"format": "plain", **parameters}
        if given["format"] != "plain" or given.get("base") != self.base:
            return False
        if given.get("smallest", 0) < 0 or given.get("places", 0):
            return False
        if self.answer == "label":
            return family == "correct-addition" and self.operands == 2
        return family == "addition" and (given.get("operands"), given.get("more")) == (self.operands, 0)


@dataclass(frozen=True)
class ColumnLinearCertificate:
    """The content of a certificate.

    Attributes:
        claim: what is claimed.
        digits: the vector of each digit of each number, (operands, base, units).
        carry: maps a state with the vectors of a column to the next state, (units, units).
        feedback: added to the next state for the digit said, (base, units).
        phases, shift: of the sines, (sines, units) and (sines,).
        weight, offset: of the outputs, (base, sines) and (base,).
        centres, radii: of the boxes, (boxes, units); the first state lies in the first box.
        carries: the carry of each box, (boxes,).
        table: the box after each column, (boxes, base ** operands), in the order of the digits as a number.
    """

    claim: SumClaim
    digits: Nested
    carry: Nested
    feedback: Nested
    phases: Nested
    shift: Nested
    weight: Nested
    offset: Nested
    centres: Nested
    radii: Nested
    carries: Nested
    table: Nested

    @property
    def network(self) -> str:
        """The baseline whose weights it holds."""
        return NETWORK

    @property
    def steps(self) -> int:
        """The work of the check in products of two weights, from the sizes alone."""
        return check_work(self.claim, len(self.carry), len(self.shift), len(self.carries))

    def check(self) -> Verdict:
        """Check that the claim is proved.

        Raises:
            CheckFailed: with the first statement that does not hold.
        """
        exact = _Exact(self)
        exact.check_start()
        clearances, margins = zip(*exact.steps(), strict=True)
        rounding, output_rounding = exact.rounding()
        found = (len(margins), min(clearances), min(margins), rounding, output_rounding)
        return Verdict(str(self.claim), *found, function="sine")


def parse(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> ColumnLinearCertificate:
    """Read a certificate from its arrays.

    Raises:
        InputError: for the first thing that is wrong.
    """
    claim = _claim(metadata.get("claim", ""))
    check_names(arrays, _shapes(claim, 1, 1, 1))
    sines, units, boxes = (arrays[name].shape[0] for name in ("shift", "carry", "carries"))
    check_shapes(arrays, _shapes(claim, units, sines, boxes))
    if (work := check_work(claim, units, sines, boxes)) > MAX_WORK:
        raise InputError(f"a check may take at most {MAX_WORK:,} products of weights. Received: {work:,}.")
    if min(arrays["radii"].numbers) < 0:
        raise InputError("radii must not be negative.")
    arrays["carries"].check_indices("carries", claim.operands)
    arrays["table"].check_indices("table", boxes)
    return ColumnLinearCertificate(claim, **{name: array.nested() for name, array in arrays.items()})


def claim_texts(claim: SumClaim) -> dict[str, str]:
    """Return a claim as texts by name."""
    return {"claim": json.dumps(vars(claim))}


def check_work(claim: SumClaim, units: int, sines: int, boxes: int) -> int:
    """Return the work of a check, in products of two weights."""
    # a sine with its cosine takes as long as 250 products
    alone = (claim.columns + boxes) * (units * units + sines * (units + 250))
    return alone + boxes * claim.columns * (4 * units + 2 * sines + claim.base * sines)


def _shapes(claim: SumClaim, units: int, sines: int, boxes: int) -> dict[str, tuple[int, ...]]:
    """The shapes that the arrays must have."""
    return {
        "digits": (claim.operands, claim.base, units),
        "carry": (units, units),
        "feedback": (claim.base, units),
        "phases": (sines, units),
        "shift": (sines,),
        "weight": (claim.base, sines),
        "offset": (claim.base,),
        "centres": (boxes, units),
        "radii": (boxes, units),
        "carries": (boxes,),
        "table": (boxes, claim.columns),
    }


def _claim(text: str) -> SumClaim:
    try:
        claim = SumClaim(**json.loads(text))
        numbers = (claim.base, claim.operands, claim.extra)
        if not all(type(number) is int for number in numbers) or claim.answer not in ANSWERS:
            raise ValueError
        # the last carry is below the number of operands and must fit into the extra columns
        if not (2 <= claim.base <= 36 and 2 <= claim.operands <= 6 and 1 <= claim.extra <= 8):
            raise ValueError
        if claim.base**claim.extra < claim.operands or claim.columns > MAX_COLUMNS:
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise InputError("the claim is not one of sums.") from None
    return claim


class _Exact:
    """The numbers of a certificate as integers, see `mathbench.certificates.exact`."""

    def __init__(self, certificate: ColumnLinearCertificate):
        self._claim, self._carries, self._table = certificate.claim, certificate.carries, certificate.table
        self._digits, self._carry = integers(certificate.digits), integers(certificate.carry)
        self._feedback, self._centres = integers(certificate.feedback), integers(certificate.centres)
        self._radii, self._phases = integers(certificate.radii), integers(certificate.phases)
        self._shift, self._weight = integers(certificate.shift), integers(certificate.weight)
        self._offset = integers(certificate.offset)
        self._leads = [
            [[abs(a - b) for a, b in zip(one, other, strict=True)] for other in self._weight]
            for one in self._weight
        ]

    def check_start(self) -> None:
        """Check that the first state, zero, lies in the first box, and that its carry is 0."""
        inside = all(abs(c) <= r for c, r in zip(self._centres[0], self._radii[0], strict=True))
        if self._carries[0] or not inside:
            raise CheckFailed("the first state is not in the first box, or its carry is not 0.")

    def steps(self) -> Iterator[tuple[Fraction, Fraction]]:
        """The clearance and the margin for every box and all digits of a column."""
        columns = [
            _Column(self, digits) for digits in tuples(range(self._claim.base), repeat=self._claim.operands)
        ]
        for number, carry in enumerate(self._carries):
            box = _Box(self, number)
            for column, following in zip(columns, self._table[number], strict=True):
                next_carry, digit = divmod(column.total + carry, self._claim.base)
                where = f"box {number} and the digits {','.join(map(str, column.digits))}"
                if self._carries[following] != next_carry:
                    raise CheckFailed(f"the box after {where} does not have the carry {next_carry}.")
                yield box.clearance(column, following, digit, where), box.margin(column, digit, where)

    def rounding(self) -> tuple[Fraction, Fraction]:
        """Bounds of the errors of one step and of the difference of two outputs in float32, for states in the boxes.

        What is added to a column, and the bias of a sum of products, are further terms of a sum. A sine does not
        enlarge differences.
        """
        boxes = zip(self._centres, self._radii, strict=True)
        largest = max(abs(c) + r for box in boxes for c, r in zip(*box, strict=True))
        largest += sum(max(abs(c) for vector in table for c in vector) for table in self._digits)
        error = relative_error(self._claim.operands + 1) * value(largest)
        reach = value(largest) + error
        added = [max(map(abs, column)) for column in zip(*self._feedback, strict=True)]
        step = max(_sum_error(row, reach, term, error) for row, term in zip(self._carry, added, strict=True))
        phase = max(
            _sum_error(row, reach, abs(term), error)
            for row, term in zip(self._phases, self._shift, strict=True)
        )
        output = max(
            _sum_error(row, Fraction(1), abs(term), phase + FUNCTION_ERROR)
            for row, term in zip(self._weight, self._offset, strict=True)
        )
        return step, 2 * output

    def moved(self, vector: Sequence[int]) -> list[int]:
        """A state or a part of one, moved on by a column, in units of products."""
        return [dot(row, vector) for row in self._carry]

    def waves(self, phases: Sequence[int]) -> tuple[list[int], list[int]]:
        """Sines and cosines of phases, in units of 2^-PRECISION."""
        try:
            sines, cosines = zip(*(sine_and_cosine(product(phase)) for phase in phases), strict=True)
        except ValueError as error:
            raise CheckFailed(f"a phase is too large: {error}") from None
        return list(sines), list(cosines)


class _Column:
    """The digits of a column, the sum of their vectors, where it moves a state, and the waves of its phases."""

    def __init__(self, exact: _Exact, digits: tuple[int, ...]):
        vectors = [table[digit] for table, digit in zip(exact._digits, digits, strict=True)]
        vector = [sum(coordinate) for coordinate in zip(*vectors, strict=True)]
        self.digits, self.total = digits, sum(digits)
        self.moved = exact.moved(vector)
        self.sines, self.cosines = exact.waves([dot(row, vector) for row in exact._phases])


class _Box:
    """The states of a box: where they move, the waves of the phases of its centre, and how far they spread."""

    def __init__(self, exact: _Exact, number: int):
        centre, radii = exact._centres[number], exact._radii[number]
        self._exact, self._moved = exact, exact.moved(centre)
        self._spread = [dot(map(abs, row), radii) for row in exact._carry]
        phases = zip(exact._phases, exact._shift, strict=True)
        self._sines, self._cosines = exact.waves([dot(row, centre) + (s << SCALE) for row, s in phases])
        # a sine changes by at most its argument
        spreads = [dot(map(abs, row), radii) for row in exact._phases]
        self._uncertain = [(s >> (2 * SCALE - PRECISION)) + 1 + WAVE_ERROR for s in spreads]
        self._losses: dict[int, list[int]] = {}

    def clearance(self, column: _Column, following: int, digit: int, where: str) -> Fraction:
        """How far the next states stay inside the next box."""
        exact = self._exact
        parts = (self._moved, column.moved, exact._feedback[digit], exact._centres[following])
        distances = [
            (radius << SCALE) - spread - abs(mine + more + ((added - centre) << SCALE))
            for mine, more, added, centre, radius, spread in zip(
                *parts, exact._radii[following], self._spread, strict=True
            )
        ]
        if min(distances) <= 0:
            raise CheckFailed(f"the states after {where} may leave box {following}.")
        return product(min(distances))

    def margin(self, column: _Column, digit: int, where: str) -> Fraction:
        """A lower bound of the output of a digit minus every other."""
        exact = self._exact
        # the sine of a sum of two phases
        waves = [
            (s * c + t * k) >> PRECISION
            for s, k, t, c in zip(self._sines, self._cosines, column.sines, column.cosines, strict=True)
        ]
        rows = zip(exact._weight, exact._offset, strict=True)
        outputs = [dot(row, waves) + (offset << PRECISION) for row, offset in rows]
        leads = [
            outputs[digit] - output - loss
            for other, (output, loss) in enumerate(zip(outputs, self._losses_of(digit), strict=True))
            if other != digit
        ]
        if min(leads) <= 0:
            raise CheckFailed(f"the digit said after {where} may be another than {digit}.")
        return Fraction(min(leads), 1 << (SCALE + PRECISION))

    def _losses_of(self, digit: int) -> list[int]:
        """By how much the lead of a digit over each other may be smaller than at the centre."""
        if digit not in self._losses:
            self._losses[digit] = [dot(row, self._uncertain) for row in self._exact._leads[digit]]
        return self._losses[digit]


def _sum_error(row: Sequence[int], largest: Fraction, term: int, error: Fraction) -> Fraction:
    """The error of a sum of products with numbers that are off by `error` themselves, and of a term added to it."""
    size = value(norm(row))
    return size * error + relative_error(len(row) + 1) * (size * (largest + error) + value(term))
