"""Certificates of second-order networks with tanh states, which read a number from its first digit to its last.

A box is the set of states within `radius` of a centre, coordinate by coordinate. The check shows that

1. the first digit leads from the start into the box that `first` names,
2. from every state of a box, every digit leads into the box that `table` names,
3. all over a box, the output that `outputs` names is the largest, and
4. the automaton of the boxes gives the true answer to every word.

By induction over the digits, the network gives the true answer to every number, however long.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mathbench.certificates.arrays import Array, Nested, check_names, check_shapes
from mathbench.certificates.automaton import Automaton, difference, residues
from mathbench.certificates.bounds import tanh_bounds
from mathbench.certificates.exact import SCALE, dot, integer, integers, norm, product, value
from mathbench.certificates.verdict import FUNCTION_ERROR, Verdict, relative_error
from mathbench.errors import CheckFailed, InputError

NETWORK = "second-order-rnn"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class ResidueClaim:
    """What a network is claimed to be right about: numbers in a base and their residues modulo k.

    Attributes:
        k: the divisor.
        base: the base, whose digits are the symbols of the network.
        answers: the answer for each residue, (k,).
    """

    k: int
    base: int
    answers: tuple[str, ...]

    def __str__(self) -> str:
        what = (
            f"whether a number is a multiple of {self.k}"
            if set(self.answers) <= {"true", "false"}
            else f"the residue of a number modulo {self.k}"
        )
        return f"{what}, for numbers in base {self.base} of any number of digits"

    def is_about(self, family: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether the claim covers every problem of a task, see `document.Claim`.

        >>> claim, parameters = ResidueClaim(3, 10, true_labels(3)), {"k": 3, "base": 10, "answer": "label"}
        >>> claim.is_about("divisible", parameters), claim.is_about("divisible", {**parameters, "base": 2})
        (True, False)
        """
        answer = "label" if self.answers == true_labels(self.k) else "residue"
        claimed = {"k": self.k, "base": self.base, "answer": answer, "format": "plain"}
        given = {"format": "plain", **parameters}
        if given.get("smallest", 0) < 0:
            return False
        return family == "divisible" and {name: given.get(name) for name in claimed} == claimed


@dataclass(frozen=True)
class SecondOrderCertificate:
    """The content of a certificate of a second-order network with tanh states.

    Attributes:
        claim: what is claimed.
        classes: the answer of each output of the network.
        matrices, bias: of each digit, (base, units, units) and (base, units).
        start: the first state, (units,).
        weight, offset: of the outputs, (classes, units) and (classes,).
        centres: of the boxes, (boxes, units).
        radius: half the width of the boxes.
        first: the box after a first digit, (base,).
        table: the box after a further digit, (boxes, base).
        outputs: the output with the largest value in each box, (boxes,).
    """

    claim: ResidueClaim
    classes: tuple[str, ...]
    matrices: Nested
    bias: Nested
    start: Nested
    weight: Nested
    offset: Nested
    centres: Nested
    radius: Fraction
    first: tuple[int, ...]
    table: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]

    @property
    def network(self) -> str:
        """The baseline whose weights it holds."""
        return NETWORK

    @property
    def steps(self) -> int:
        """The work of the check in products of two weights, from the sizes alone."""
        k, base = self.claim.k, self.claim.base
        units, boxes, classes = len(self.start), len(self.centres), len(self.classes)
        # bounds of tanh take as long as 120 products, a pair of states of two automata as long as five
        transitions = (boxes + 1) * base * units * (units + 120)
        return transitions + 3 * boxes * classes * units + 5 * boxes * k * base

    def check(self) -> Verdict:
        """Check that the claim is proved.

        Raises:
            CheckFailed: with the first statement that does not hold.
        """
        _check_automaton(self)
        if self.radius <= 0:
            raise CheckFailed("the radius of the boxes is not positive.")
        exact = _Exact(self)
        transitions = exact.transitions()
        margin, output_rounding = min(exact.margins()), exact.output_rounding()
        steps = (len(transitions), min(transitions), margin, exact.rounding(), output_rounding)
        return Verdict(str(self.claim), *steps, function="tanh")


def parse(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> SecondOrderCertificate:
    """Read a certificate from its arrays.

    Raises:
        InputError: for the first thing that is wrong.
    """
    claim, classes = _claim(metadata.get("claim", "")), _classes(metadata.get("classes", ""))
    check_names(arrays, _shapes(1, 1, 1, 1))
    units, boxes = arrays["start"].shape[0], arrays["centres"].shape[0]
    check_shapes(arrays, _shapes(claim.base, units, boxes, len(classes)))
    for name, limit in (("first", boxes), ("table", boxes), ("outputs", len(classes))):
        arrays[name].check_indices(name, limit)
    nested = {name: array.nested() for name, array in arrays.items()}
    nested |= {"radius": Fraction(nested["radius"][0]), "table": tuple(map(tuple, nested["table"]))}
    nested |= {name: tuple(nested[name]) for name in ("first", "outputs")}
    return SecondOrderCertificate(claim, classes, **nested)


def claim_texts(claim: ResidueClaim, classes: Sequence[str]) -> dict[str, str]:
    """Return a claim and the answers of the outputs as texts by name."""
    content = {"k": claim.k, "base": claim.base, "answers": list(claim.answers)}
    return {"claim": json.dumps(content), "classes": json.dumps(list(classes))}


def _shapes(base: int, units: int, boxes: int, classes: int) -> dict[str, tuple[int, ...]]:
    """The shapes that the arrays must have."""
    return {
        "matrices": (base, units, units),
        "bias": (base, units),
        "start": (units,),
        "weight": (classes, units),
        "offset": (classes,),
        "centres": (boxes, units),
        "radius": (1,),
        "first": (base,),
        "table": (boxes, base),
        "outputs": (boxes,),
    }


def _check_automaton(certificate: SecondOrderCertificate) -> None:
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
    """The numbers of a certificate as integers, see `mathbench.certificates.exact`."""

    def __init__(self, certificate: SecondOrderCertificate):
        self._certificate = certificate
        self._matrices, self._bias = integers(certificate.matrices), integers(certificate.bias)
        self._start, self._centres = integers(certificate.start), integers(certificate.centres)
        self._weight, self._offset = integers(certificate.weight), integers(certificate.offset)
        self._radius = integer(certificate.radius)
        self._norms = [[norm(row) for row in matrix] for matrix in self._matrices]

    def transitions(self) -> list[Fraction]:
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
            middle = dot(row, centre) + (self._bias[digit][unit] << SCALE)
            spread = self._norms[digit][unit] * radius
            low, high = tanh_bounds(product(middle - spread), product(middle + spread))
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
        middle = dot(row, self._centres[box])
        middle += (self._offset[output] - self._offset[other]) << SCALE
        return product(middle - norm(row) * self._radius)

    def rounding(self) -> Fraction:
        """A bound of the error of one step in float32, for states in the boxes.

        The bias is one more term of a sum, and tanh does not enlarge differences.
        """
        return max(
            relative_error(len(row) + 1) * (product(size * self._largest_state()) + value(abs(bias)))
            + FUNCTION_ERROR
            for matrix, norms, biases in zip(self._matrices, self._norms, self._bias, strict=True)
            for row, size, bias in zip(matrix, norms, biases, strict=True)
        )

    def output_rounding(self) -> Fraction:
        """A bound of the error of the difference of two outputs in float32."""
        return 2 * max(
            relative_error(len(row) + 1) * (product(norm(row) * self._largest_state()) + value(abs(offset)))
            for row, offset in zip(self._weight, self._offset, strict=True)
        )

    def _largest_state(self) -> int:
        coordinates = [abs(c) for centre in [*self._centres, self._start] for c in centre]
        return max(coordinates) + self._radius


def _claim(text: str) -> ResidueClaim:
    try:
        value = json.loads(text)
        k, base, answers = value["k"], value["base"], tuple(value["answers"])
        valid = type(k) is int and type(base) is int and len(value) == 3
        if not (valid and 2 <= k <= 1 << 16 and 2 <= base <= 36 and len(answers) == k):
            raise ValueError
        if answers not in (true_labels(k), residue_texts(k, base)):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError("the claim is not one of multiples or residues.") from None
    return ResidueClaim(k, base, answers)


def true_labels(k: int) -> tuple[str, ...]:
    """The labels of the residues modulo k: whether the number is a multiple.

    >>> true_labels(3)
    ('true', 'false', 'false')
    """
    return ("true", *["false"] * (k - 1))


def residue_texts(k: int, base: int) -> tuple[str, ...]:
    """The residues modulo k, written in a base.

    >>> residue_texts(4, 2)
    ('0', '1', '10', '11')
    """
    return tuple(_written(residue, base) for residue in range(k))


def _written(number: int, base: int) -> str:
    return DIGITS[number] if number < base else _written(number // base, base) + DIGITS[number % base]


def _classes(text: str) -> tuple[str, ...]:
    try:
        values = json.loads(text)
        if not (isinstance(values, list) and 2 <= len(values) <= 1 << 16 and len(set(values)) == len(values)):
            raise ValueError
        if not all(isinstance(value, str) for value in values):
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise InputError("classes must be a list of different texts.") from None
    return tuple(values)
