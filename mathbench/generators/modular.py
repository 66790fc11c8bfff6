"""Arithmetic modulo a number: `(57+8)%13` -> `0`."""

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.formats import written_steps
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit.longest import longest_modular
from mathbench.hashing import U64, Int
from mathbench.numbers import text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

_NAMES = {"+": "plus", "-": "minus", "*": "times"}


@dataclass(frozen=True)
class Modular(Enumerated):
    """Add, subtract or multiply modulo a number.

    With ``digits=0`` the operands are the residues 0 .. modulus-1 and the splits partition the table of ordered pairs,
    as in the grokking experiments (Power et al., 2022, arXiv 2201.02177); `a+b` and `b+a` are in the same split.
    ``train_share`` selects less than the 80 % of train; shares of different size are nested.

    >>> Modular(modulus=13).oracle("(12+8)%13")
    '7'
    """

    family: ClassVar[str] = "modular"
    summary: ClassVar[str] = "(57+8)%13 -> 0"
    answers_residues: ClassVar[bool] = True
    symmetry: ClassVar[str] = "order of operands"
    extrapolates: ClassVar[str] = "operands beyond the residues; with digits, longer ones"

    modulus: int = parameter(97, "the modulus", low=2, high=1 << 30, always=True)
    operation: str = parameter("plus", "the operation", choices=tuple(_NAMES.values()), always=True)
    digits: int = parameter(0, "digits of the longest operand; 0: operands are residues", low=0, high=31)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    longer: int = parameter(1, "extrapolate: maximum number of additional digits", low=1, high=30)
    train_share: float = parameter(0.8, "share of all problems that train draws from", low=0.01, high=0.8)

    def __post_init__(self) -> None:
        super().__post_init__()
        stop = self.base**self.digits if self.digits else self.modulus
        largest = (stop * self.base**self.longer) ** 2
        tuples.check_range(self.family, largest, f"longer={self.longer} with operands up to {stop}")

    @property
    def train_part(self) -> float:
        return self.train_share

    def inner(self) -> list[Stratum]:
        if not self.digits:
            low = tuples.OperandRanges(0, (0, 0)).low
            return [Stratum("residues", (self.modulus, self.modulus), low, share=1.0)]
        choices = tuples.length_tuples(range(1, self.digits + 1), 2)
        return tuples.strata(choices, tuples.NumberRange(self.base), "lengths")

    def outer(self) -> list[Stratum]:
        if self.digits:
            choices = tuples.length_tuples(range(1, self.digits + self.longer + 1), 2, self.digits + 1)
            return tuples.strata(choices, tuples.NumberRange(self.base), "lengths")
        size = self.modulus * self.base**self.longer - self.modulus
        low = tuples.OperandRanges(0, (self.modulus, self.modulus)).low
        return [Stratum("beyond-residues", (size, size), low, share=1.0)]

    draw = staticmethod(tuples.draw)
    longest = longest_modular
    steps = written_steps.modular
    steps_max_digits = written_steps.MAX_DIGITS_QUADRATIC

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_sorted(operands, 2, self.base)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        return tuples.count_once(operands, coordinates, low, 2) if self.digits else None

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        return tuples.shuffle_operands(problems, random_bits, 2) if self.digits else problems

    def solve(self, problems: Problems) -> Int:
        a, b = problems.operands
        result = {"plus": np.add, "minus": np.subtract, "times": np.multiply}[self.operation](a, b)
        return np.mod(result, self.modulus)

    @property
    def _sign(self) -> str:
        return next(sign for sign, name in _NAMES.items() if name == self.operation)

    def questions(self, problems: Problems) -> pa.StringArray:
        a, b = (text.number(operand, self.base) for operand in problems.operands)
        rows = len(problems.stratum)
        end = text.literal(f")%{text.to_text(self.modulus, self.base)}", rows)
        return text.join(text.literal("(", rows), a, text.literal(self._sign, rows), b, end)

    def answers(self, results: Int) -> pa.StringArray:
        return text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        a, sign, b, modulus = re.fullmatch(r"\((\w+)([-+*])(\w+)\)%(\w+)", question).groups()  # type: ignore[union-attr]
        x, y = int(a, self.base), int(b, self.base)
        value = x + y if sign == "+" else x - y if sign == "-" else x * y
        return text.to_text(value % int(modulus, self.base), self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        inside = question[1:].partition(")")[0]
        return tuple(sorted((int(term, self.base) for term in re.split(r"[-+*]", inside)), reverse=True))
