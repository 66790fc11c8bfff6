"""The check of a certificate: exact rational sums and bounds of tanh, without floating point and without PyTorch.

A box is the set of states within `radius` of a centre, coordinate by coordinate. The check shows that

1. the first digit leads from the start into the box that `first` names,
2. from every state of a box, every digit leads into the box that `table` names,
3. all over a box, the output that `outputs` names is the largest, and
4. the automaton of the boxes gives the true answer to every word.

By induction over the digits, the network gives the true answer to every number, however long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mathbench.certificates.automaton import Automaton, difference, residues
from mathbench.certificates.bounds import tanh_bounds
from mathbench.certificates.document import Certificate, Nested
from mathbench.errors import CheckFailed

SCALE = 149  # every finite float32 is an integer in units of 2^-149
ROUNDING = Fraction(1, 1 << 24)  # relative error of one operation in float32
TANH_ERROR = Fraction(
    1, 1 << 20
)  # assumed of tanh in float32: an error of at most eight units in the last place


@dataclass(frozen=True)
class Verdict:
    """What a check has shown.

    Attributes:
        claim: the claim, in words.
        transitions: pairs of a box and a digit.
        clearance: the smallest distance of the image of a box from the edge of the box that it lies in.
        margin: the smallest difference between the output of a box and any other.
        rounding: a bound of the error of one step in float32.
        output_rounding: a bound of the error of the difference of two outputs in float32.
    """

    claim: str
    transitions: int
    clearance: Fraction
    margin: Fraction
    rounding: Fraction
    output_rounding: Fraction

    @property
    def covers_float32(self) -> bool:
        """Whether the proof also holds for float32, given the assumption on tanh."""
        return self.clearance >= self.rounding and self.margin > self.output_rounding


def check(certificate: Certificate) -> Verdict:
    """Check a certificate.

    Raises:
        CheckFailed: with the first statement that does not hold.
    """
    _check_automaton(certificate)
    if certificate.radius <= 0:
        raise CheckFailed("the radius of the boxes is not positive.")
    exact = _Exact(certificate)
    transitions = list(exact.transitions())
    return Verdict(
        str(certificate.claim),
        len(transitions),
        min(transitions),
        min(exact.margins()),
        exact.rounding(),
        exact.output_rounding(),
    )


def _check_automaton(certificate: Certificate) -> None:
    claim, classes = certificate.claim, certificate.classes
    boxes = Automaton(
        certificate.first, certificate.table, tuple(classes[output] for output in certificate.outputs)
    )
    word = difference(boxes, residues(claim.k, claim.base, claim.answers))
    if word is not None:
        number = ",".join(map(str, word))
        raise CheckFailed(
            f"the automaton of the boxes gives a wrong answer to the number with the digits {number}."
        )


class _Exact:
    """The numbers of a certificate as integers in units of 2^-SCALE; products are in units of 2^-(2 * SCALE)."""

    def __init__(self, certificate: Certificate):
        self._certificate = certificate
        self._matrices, self._bias = _integers(certificate.matrices), _integers(certificate.bias)
        self._start, self._centres = _integers(certificate.start), _integers(certificate.centres)
        self._weight, self._offset = _integers(certificate.weight), _integers(certificate.offset)
        self._radius = _integer(certificate.radius)
        self._norms = [[sum(map(abs, row)) for row in matrix] for matrix in self._matrices]

    def transitions(self) -> "list[Fraction]":
        """The clearance of every transition: from the start, and from every box with every digit."""
        clearances = []
        for digit, box in enumerate(self._certificate.first):
            clearances.append(self._clearance(digit, self._start, 0, box, f"the start and digit {digit}"))
        for source, row in enumerate(self._certificate.table):
            for digit, box in enumerate(row):
                where = f"box {source} and digit {digit}"
                clearances.append(self._clearance(digit, self._centres[source], self._radius, box, where))
        return clearances

    def _clearance(self, digit: int, centre: Sequence[int], radius: int, target: int, where: str) -> Fraction:
        """How far the image of the states around a centre stays inside the target box."""
        smallest = Fraction(self._radius, 1 << SCALE)
        for unit, row in enumerate(self._matrices[digit]):
            middle = sum(w * c for w, c in zip(row, centre, strict=True)) + (self._bias[digit][unit] << SCALE)
            spread = self._norms[digit][unit] * radius
            low, high = tanh_bounds(_product(middle - spread), _product(middle + spread))
            aim = Fraction(self._centres[target][unit], 1 << SCALE)
            edge = Fraction(self._radius, 1 << SCALE)
            smallest = min(smallest, aim + edge - high, low - (aim - edge))
        if smallest <= 0:
            raise CheckFailed(f"the states after {where} may leave box {target}.")
        return smallest

    def margins(self) -> list[Fraction]:
        """For every box, how much larger its output is than any other, all over the box."""
        margins = []
        for box, output in enumerate(self._certificate.outputs):
            others = [other for other in range(len(self._offset)) if other != output]
            margin = min(self._lead(box, output, other) for other in others)
            if margin <= 0:
                raise CheckFailed(f"in box {box}, the output {output} is not everywhere the largest.")
            margins.append(margin)
        return margins

    def _lead(self, box: int, output: int, other: int) -> Fraction:
        """A lower bound, over a box, of one output minus another."""
        row = [a - b for a, b in zip(self._weight[output], self._weight[other], strict=True)]
        middle = sum(w * c for w, c in zip(row, self._centres[box], strict=True))
        middle += (self._offset[output] - self._offset[other]) << SCALE
        return _product(middle - sum(map(abs, row)) * self._radius)

    def rounding(self) -> Fraction:
        """A bound of the error of one step in float32, for states in the boxes.

        A sum of n products in any order is off by at most n u / (1 - n u) times the sum of their absolute values, with
        u = 2^-24; the bias is one more term, and tanh does not enlarge differences.
        """
        return max(
            _relative(len(row) + 1) * (_product(norm * self._largest_state()) + _value(abs(bias)))
            + TANH_ERROR
            for matrix, norms, biases in zip(self._matrices, self._norms, self._bias, strict=True)
            for row, norm, bias in zip(matrix, norms, biases, strict=True)
        )

    def output_rounding(self) -> Fraction:
        """A bound of the error of the difference of two outputs in float32."""
        return 2 * max(
            _relative(len(row) + 1)
            * (_product(sum(map(abs, row)) * self._largest_state()) + _value(abs(offset)))
            for row, offset in zip(self._weight, self._offset, strict=True)
        )

    def _largest_state(self) -> int:
        coordinates = [abs(c) for centre in [*self._centres, self._start] for c in centre]
        return max(coordinates) + self._radius


def _relative(terms: int) -> Fraction:
    return terms * ROUNDING / (1 - terms * ROUNDING)


def _integers(numbers: Nested) -> Nested:
    return [_integers(n) if isinstance(n, list) else _integer(n) for n in numbers]


def _integer(number: float | Fraction) -> int:
    return int(Fraction(number) * (1 << SCALE))


def _value(integer: int) -> Fraction:
    return Fraction(integer, 1 << SCALE)


def _product(integer: int) -> Fraction:
    return Fraction(integer, 1 << (2 * SCALE))
