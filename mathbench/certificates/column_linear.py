"""Certificates of networks with a linear state over columns of digits, read out by sines, for sums.

Column by column from the units on, such a network adds a vector for every digit to its state, says the digit of the
sum, and moves to the next state. A box is the set of states within `radius` of a centre; there is one for each carry.
The check shows that

1. the first state lies in the box of carry 0,
2. from every state of a box, for all digits of a column, the digit said is that of their sum with the carry, and
3. the next state lies in the box of the next carry, if the digit of the sum is fed back.

By induction over the columns, the network says the digits of the sum of numbers of any length. A claimed sum is right
just if it has these digits, and the first wrong one is found wherever it stands.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as tuples

from mathbench.certificates.arrays import Array, Nested, check_names, check_shapes
from mathbench.certificates.bounds import ONE, PRECISION, sine_bounds
from mathbench.certificates.exact import SCALE, dot, integer, integers, norm, product, value
from mathbench.certificates.verdict import FUNCTION_ERROR, Verdict, relative_error
from mathbench.errors import CheckFailed, InputError

NETWORK = "column-linear"
ANSWERS = ("label", "sum")
MAX_SINES = 1 << 20  # pairs of a box and digits, times sines: some ten seconds

Column = tuple[int, ...]  # a digit of each number


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

    def __str__(self) -> str:
        numbers = f"{self.operands} numbers in base {self.base} of any number of digits"
        return f"whether a sum of {numbers} is right" if self.answer == "label" else f"the sum of {numbers}"


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
        centres: of the boxes, one for each carry, (operands, units).
        radius: half the width of the boxes.
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
    radius: Fraction

    @property
    def network(self) -> str:
        """The baseline whose weights it holds."""
        return NETWORK

    def check(self) -> Verdict:
        """Check that the claim is proved.

        Raises:
            CheckFailed: with the first statement that does not hold.
        """
        if self.radius <= 0:
            raise CheckFailed("the radius of the boxes is not positive.")
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
    check_names(arrays, _shapes(claim, 1, 1))
    sines, units = arrays["shift"].shape[0], arrays["carry"].shape[0]
    check_shapes(arrays, _shapes(claim, units, sines))
    if (work := claim.base**claim.operands * claim.operands * sines) > MAX_SINES:
        raise InputError(f"a check may take at most {MAX_SINES:,} values of sine. Received: {work:,}.")
    nested = {name: array.nested() for name, array in arrays.items()}
    nested |= {"radius": Fraction(nested["radius"][0])}
    return ColumnLinearCertificate(claim, **nested)


def claim_texts(claim: SumClaim) -> dict[str, str]:
    """Return a claim as texts by name."""
    return {"claim": json.dumps(vars(claim))}


def _shapes(claim: SumClaim, units: int, sines: int) -> dict[str, tuple[int, ...]]:
    """The shapes that the arrays must have."""
    return {
        "digits": (claim.operands, claim.base, units),
        "carry": (units, units),
        "feedback": (claim.base, units),
        "phases": (sines, units),
        "shift": (sines,),
        "weight": (claim.base, sines),
        "offset": (claim.base,),
        "centres": (claim.operands, units),
        "radius": (1,),
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
        if claim.base**claim.extra < claim.operands:
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise InputError("the claim is not one of sums.") from None
    return claim


class _Exact:
    """The numbers of a certificate as integers, see `mathbench.certificates.exact`."""

    def __init__(self, certificate: ColumnLinearCertificate):
        self._claim, self._radius = certificate.claim, integer(certificate.radius)
        self._digits, self._carry = integers(certificate.digits), integers(certificate.carry)
        self._feedback, self._centres = integers(certificate.feedback), integers(certificate.centres)
        self._phases, self._shift = integers(certificate.phases), integers(certificate.shift)
        self._weight, self._offset = integers(certificate.weight), integers(certificate.offset)
        self._spread = [norm(row) * self._radius for row in self._carry]
        self._phase_spread = [norm(row) * self._radius for row in self._phases]

    def check_start(self) -> None:
        """Check that the first state, zero, lies in the box of carry 0."""
        if max(map(abs, self._centres[0])) > self._radius:
            raise CheckFailed("the first state is not in the box of carry 0.")

    def steps(self) -> Iterator[tuple[Fraction, Fraction]]:
        """The clearance and the margin for every carry and all digits of a column."""
        for carry, centre in enumerate(self._centres):
            for column in tuples(range(self._claim.base), repeat=self._claim.operands):
                vectors = [table[digit] for table, digit in zip(self._digits, column, strict=True)]
                state = [sum(coordinate) for coordinate in zip(centre, *vectors, strict=True)]
                following, digit = divmod(sum(column) + carry, self._claim.base)
                where = f"carry {carry} and the digits {','.join(map(str, column))}"
                yield self._clearance(state, following, digit, where), self._margin(state, digit, where)

    def _clearance(self, state: Sequence[int], following: int, digit: int, where: str) -> Fraction:
        """How far the next states stay inside the box of the next carry."""
        rows = zip(self._carry, self._feedback[digit], self._centres[following], self._spread, strict=True)
        distances = [
            abs(dot(row, state) + ((added - centre) << SCALE)) + spread for row, added, centre, spread in rows
        ]
        clearance = product((self._radius << SCALE) - max(distances))
        if clearance <= 0:
            raise CheckFailed(f"the states after {where} may leave the box of carry {following}.")
        return clearance

    def _margin(self, state: Sequence[int], digit: int, where: str) -> Fraction:
        """A lower bound of the output of a digit minus every other."""
        waves = [self._sine(phase, state) for phase in range(len(self._phases))]
        others = [other for other in range(self._claim.base) if other != digit]
        margin = min(self._lead(digit, other, waves) for other in others)
        if margin <= 0:
            raise CheckFailed(f"the digit said after {where} may be another than {digit}.")
        return margin

    def _sine(self, phase: int, state: Sequence[int]) -> tuple[int, int]:
        """Bounds of one sine, in units of 2^-PRECISION."""
        middle = dot(self._phases[phase], state) + (self._shift[phase] << SCALE)
        spread = self._phase_spread[phase]
        try:
            low, high = sine_bounds(product(middle - spread), product(middle + spread))
        except ValueError as error:
            raise CheckFailed(f"a phase is too large: {error}") from None
        return int(low * ONE), int(high * ONE)

    def _lead(self, digit: int, other: int, waves: Sequence[tuple[int, int]]) -> Fraction:
        """A lower bound of one output minus another."""
        lead = (self._offset[digit] - self._offset[other]) << PRECISION
        for one, two, (low, high) in zip(self._weight[digit], self._weight[other], waves, strict=True):
            lead += (one - two) * (low if one >= two else high)
        return Fraction(lead, 1 << (SCALE + PRECISION))

    def rounding(self) -> tuple[Fraction, Fraction]:
        """Bounds of the errors of one step and of the difference of two outputs in float32, for states in the boxes.

        What is added to a column, and the bias of a sum of products, are further terms of a sum. A sine does not
        enlarge differences.
        """
        largest = max(abs(c) for centre in self._centres for c in centre) + self._radius
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


def _sum_error(row: Sequence[int], largest: Fraction, term: int, error: Fraction) -> Fraction:
    """The error of a sum of products with numbers that are off by `error` themselves, and of a term added to it."""
    size = value(norm(row))
    return size * error + relative_error(len(row) + 1) * (size * (largest + error) + value(term))
