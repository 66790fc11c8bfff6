"""Arithmetic modulo a number: `(57+8)%13` -> `0`."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

import gmpy2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import ranges
from mathbench.generators.toolkit.longest import longest_modular
from mathbench.generators.toolkit.ranges import TaskNumbers
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic, modular, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

_SIGNS = {"plus": "+", "minus": "-", "times": "*", "divide": "/", "conditional": "?"}
_PRIME_ONLY = ("divide", "conditional")
_SIGN = re.compile(r"(?<=[0-9a-z)])[-+*/?]")  # between two operands


@dataclass(frozen=True)
class Modular(Enumerated):
    """Add, subtract, multiply or divide modulo a number, or evaluate a polynomial of two numbers.

    With ``digits=0`` the operands are the residues 0 .. modulus-1 and the splits partition the table of ordered pairs,
    as in the grokking experiments (Power et al., 2022, arXiv 2201.02177); `a+b` and `b+a` are in the same split, and so
    are `a-b` and `b-a`. ``train_share`` selects less than the 80 % of train; shares of different size are nested.

    The polynomials are those of Power et al.: ``x^2+xy+y^2`` asks `(3^2+3*5+5^2)%97`. ``divide`` asks for `a` times the
    inverse of `b`; the modulus must be prime, and `b` is not a multiple of it. ``conditional`` is written `(a?b)%97`:
    a/b if b is odd, a-b if b is even. With `digits` and a `smallest` below zero, operands may be negative, other than
    those of polynomials: `(7+(-12))%5`.

    >>> Modular(modulus=13).oracle("(12+8)%13"), Modular(modulus=13, operation="divide").oracle("(1/5)%13")
    ('7', '8')
    """

    family: ClassVar[str] = "modular"
    summary: ClassVar[str] = "(57+8)%13 -> 0"
    answers_residues: ClassVar[bool] = True
    symmetry: ClassVar[str] = "order of operands"
    points_per_problem: ClassVar[int] = 2
    extrapolates: ClassVar[str] = "operands beyond the residues; with digits, longer ones"

    modulus: int = parameter(97, "the modulus", low=2, high=1 << 30, always=True)
    operation: str = parameter("plus", "the operation", choices=(*_SIGNS, *modular.POLYNOMIALS), always=True)
    digits: int = parameter(0, "digits of the longest operand; 0: operands are residues", low=0, high=31)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    longer: int = parameter(1, "extrapolate: maximum number of additional digits", low=1, high=30)
    train_share: float = parameter(
        0.8, "share of all problems that train draws from", low=0.01, high=0.8, kw_only=True
    )
    smallest: int | None = ranges.smallest()
    largest: int | None = ranges.largest()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.operation in _PRIME_ONLY and not gmpy2.is_prime(self.modulus):
            raise InputError(
                f"modular: operation {self.operation} requires a prime modulus. Received: {self.modulus}."
            )
        self._check_bounds()
        stop = self.base**self.digits if self.digits else self.modulus
        largest = (stop * self.base**self.longer) ** 2
        tuples.check_range(self.family, largest, f"longer={self.longer} with operands up to {stop}")

    def _check_bounds(self) -> None:
        bounds = {name: getattr(self, name) for name in ("smallest", "largest")}
        given = next((f"{name}={value}" for name, value in bounds.items() if value is not None), "")
        if given and not self.digits:
            raise InputError(
                f"modular: smallest and largest require digits; without them operands are residues. Received: {given}."
            )
        if self.signed and self.operation in modular.POLYNOMIALS:
            raise InputError(
                f"modular: operands of the polynomial {self.operation} must not be negative. Received: {given}."
            )
        if self.digits:
            ranges.check(self, lengths=self._lengths)

    @property
    def _lengths(self) -> range:
        """The digits of the operands in train, where they are not residues."""
        return range(1, self.digits + 1)

    @property
    def residue_count(self) -> int:
        return self.modulus

    def inner(self) -> list[Stratum]:
        if self.digits:
            numbers = TaskNumbers.of(self).inner
            return self._by_length(numbers, tuples.length_tuples(numbers.classes(self._lengths), 2))
        first = 1 if self.operation == "divide" else 0
        low = tuples.OperandRanges(0, (0, first)).low
        return [Stratum("residues", (self.modulus, self.modulus - first), low, share=1.0)]

    def outer(self) -> list[Stratum]:
        if self.digits:
            numbers = TaskNumbers.of(self).outer
            lengths = numbers.classes(range(1, self.digits + self.longer + 1))
            return self._by_length(numbers, tuples.length_tuples(lengths, 2, self.digits + 1))
        size = self.modulus * self.base**self.longer - self.modulus
        low = tuples.OperandRanges(0, (self.modulus, self.modulus)).low
        share = 1 - 1 / self.modulus if self.operation in _PRIME_ONLY else 1.0
        return [Stratum("beyond-residues", (size, size), low, share=share)]

    def _by_length(self, numbers: tuples.NumberRange, choices: list[tuple[int, ...]]) -> list[Stratum]:
        strata = tuples.strata(choices, numbers, "lengths")
        # the share of pairs without a divisor depends on the range of numbers: it is estimated by sampling
        return [replace(s, share=0.0) for s in strata] if self.operation in _PRIME_ONLY else strata

    draw = staticmethod(tuples.draw)
    longest = longest_modular
    steps = written_steps.modular
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_sorted(operands, 2, self.base)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        keep = tuples.count_once(operands, coordinates, low, 2) if self.digits else None
        if self.operation not in _PRIME_ONLY:
            return keep
        # pairs without order are posed with the possible divisor last
        possible = self._divides(operands[1]) | (self._divides(operands[0]) if self.digits else False)
        return possible if keep is None else keep & possible

    def _divides(self, numbers: Int) -> NDArray[np.bool_]:
        """Which numbers are possible as the second operand, where the operation divides; bool (n,)."""
        possible: NDArray[np.bool_] = numbers % self.modulus > 0
        return possible if self.operation == "divide" else possible | (numbers & 1 == 0)

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        if not self.digits:
            return problems
        posed = tuples.shuffle_operands(problems, random_bits, 2)
        if self.operation in _PRIME_ONLY:
            possible = self._divides(posed.operands[1])
            posed.operands = np.where(possible, posed.operands, posed.operands[::-1])
        return posed

    def solve(self, problems: Problems) -> Int:
        x, y = problems.operands
        if self.operation in modular.POLYNOMIALS:
            return modular.polynomial(self.operation, x, y, self.modulus)
        if self.operation == "divide":
            return modular.quotient(x, y, self.modulus)
        if self.operation == "conditional":
            return modular.quotient_or_difference(x, y, self.modulus)
        result = {"plus": np.add, "minus": np.subtract, "times": np.multiply}[self.operation](x, y)
        return np.mod(result, self.modulus)

    def questions(self, problems: Problems) -> pa.StringArray:
        rows = len(problems.stratum)
        x, y = problems.operands
        numbers = {"x": arithmetic.signed(x, self.base), "y": arithmetic.signed(y, self.base, brackets=True)}
        words = re.findall(r"[xy]|[^xy]+", self._template)
        inside = [numbers[word] if word in numbers else text.literal(word, rows) for word in words]
        end = text.literal(f")%{text.to_text(self.modulus, self.base)}", rows)
        return text.join(text.literal("(", rows), *inside, end)

    @property
    def _template(self) -> str:
        """The operation on `x` and `y` as it is written; exponents are in the base of the operands."""
        if self.operation in _SIGNS:
            return f"x{_SIGNS[self.operation]}y"
        formula = self.operation.replace("xy", "x*y")
        return re.sub(r"\d", lambda exponent: text.to_text(int(exponent[0]), self.base), formula)

    def answers(self, results: Int) -> pa.StringArray:
        return text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        inside, modulus = _parts(question)
        return text.to_text(_value(inside, self.base, int(modulus, self.base)), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        inside, _ = _parts(question)
        # x or y, each with or without an exponent
        shown = [int(word.strip("()").partition("^")[0], self.base) for word in _SIGN.split(inside)]
        return max(shown), min(shown)


def _parts(question: str) -> tuple[str, str]:
    """The text of a question inside and after the brackets."""
    inside, modulus = question.removeprefix("(").split(")%")
    return inside, modulus


def _value(expression: str, base: int, modulus: int) -> int:
    """The residue of an expression of two operands, from its text."""
    sign = _SIGN.search(expression)
    if sign and sign[0] in "?/-":
        x, y = (int(number.strip("()"), base) for number in _SIGN.split(expression))
        divides = sign[0] == "/" or (sign[0] == "?" and y % 2 == 1)
        return (x * pow(y, -1, modulus) if divides else x - y) % modulus
    total = 0
    for term in re.split(r"(?<=[0-9a-z)])\+", expression):
        product = 1
        for power in term.split("*"):
            number, _, exponent = power.strip("()").partition("^")
            product *= int(number, base) ** int(exponent or "1", base)
        total += product
    return total % modulus
