"""Chains of operations modulo a number: `(3+5*4-2)%7` -> `0`."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.generators.toolkit.longest import longest_chain
from mathbench.hashing import ABSENT, MASK, U64, Int, mix64, mix64_int
from mathbench.numbers import text
from mathbench.parameters import parameter
from mathbench.sampling.domain import SMALL_POINTS
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

SMALLEST_MODULUS = 5  # of larger tables; below it too many of their problems are the same
_SIGNS = {"plus": "+", "minus": "-", "times": "*"}
_MINUS = 1 << 63  # marks a term that is subtracted
# Low estimates of the share of points in a reserve, relative to that of the reserve. Many points are one problem in
# another order, so that the share varies more than that of as many problems would, most with few residues.
FEW_RESIDUES = 32
SHARE, SHARE_OF_FEW = 0.9, 0.5
COUNTED = 1e-6  # so low that small tables are counted before anything is promised


@dataclass(frozen=True)
class ModularChain(Enumerated):
    """Add, subtract and multiply several residues modulo a number; products come first.

    The splits partition the table of all residues and all signs. Chains that differ only in the order of their terms,
    or of the factors of a term, are in the same split.

    >>> ModularChain(modulus=7).oracle("(3+5*4-2)%7")
    '0'
    """

    family: ClassVar[str] = "modular-chain"
    summary: ClassVar[str] = "(3+5*4-2)%7 -> 0"
    answers_residues: ClassVar[bool] = True
    symmetry: ClassVar[str] = "order of terms, and of factors"
    extrapolates: ClassVar[str] = "more operands"
    points_per_problem: ClassVar[int] = 0

    modulus: int = parameter(97, "the modulus", low=2, high=1 << 30, always=True)
    operands: int = parameter(3, "number of operands", low=3, high=16, always=True)
    operations: str = parameter(
        "plus-minus-times", "the operations", choices=("plus-minus", "plus-minus-times"), always=True
    )
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    more: int = parameter(3, "extrapolate: maximum number of additional operands", low=1, high=24)
    train_share: float = parameter(
        0.8, "share of all problems that train draws from", low=0.01, high=0.8, kw_only=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        longest = self.operands + self.more
        if self.modulus < SMALLEST_MODULUS and self._points(longest) > SMALL_POINTS:
            raise InputError(
                f"modular-chain: a modulus below {SMALLEST_MODULUS} has too few different chains of {longest} "
                f"operands. Give a smaller value of operands or more. Received: modulus={self.modulus}."
            )

    @property
    def residue_count(self) -> int:
        return self.modulus

    def inner(self) -> list[Stratum]:
        return [self._stratum(self.operands, self.operands)]

    def outer(self) -> list[Stratum]:
        most = self.operands + self.more
        return [self._stratum(count, most) for count in range(self.operands + 1, most + 1)]

    def _stratum(self, count: int, columns: int) -> Stratum:
        """The chains of some operands, in columns for the operands and one for all signs."""
        missing = columns - count
        sizes = (*[self.modulus] * count, *[1] * missing, len(self._signs) ** (count - 1))
        low = (*[0] * count, *[ABSENT] * missing, 0)
        large = SHARE_OF_FEW if self.modulus < FEW_RESIDUES else SHARE
        share = large if self._points(count) > SMALL_POINTS else COUNTED
        return Stratum(f"operands={count}", sizes, low, share=share)

    def _points(self, count: int) -> int:
        return int(self.modulus**count * len(self._signs) ** (count - 1))

    @property
    def _signs(self) -> str:
        return "".join(_SIGNS[name] for name in self.operations.split("-"))

    def draw(self, coordinates: U64, low: Int) -> Int:
        return coordinates.view(np.int64) + low

    longest = longest_chain

    def canonical(self, operands: Int) -> Int:
        # a missing operand becomes 0, which is mixed to 0
        mixed = mix64((np.maximum(operands[:-1], -1) + 1).view(np.uint64))
        word = _fold(mixed, self._signs_of(operands), np.add, _mixed_term)
        return (word >> np.uint64(1)).view(np.int64)[None]

    def solve(self, problems: Problems) -> Int:
        def multiply(product: Int, number: Int) -> Int:
            value = product * number
            value -= value // self.modulus * self.modulus
            return value

        numbers = np.maximum(problems.operands[:-1], 0)
        return _fold(numbers, self._signs_of(problems.operands), multiply, _signed_term) % self.modulus

    def _signs_of(self, operands: Int) -> Iterator[Int]:
        """The index of the sign before each operand from the second on, int64 (n,): 0 plus, 1 minus, 2 times."""
        rest, count = operands[-1], len(self._signs)
        for _ in operands[1:-1]:
            quotient = rest // count
            yield rest - quotient * count
            rest = quotient

    def questions(self, problems: Problems) -> pa.StringArray:
        first, *others = problems.operands[:-1]
        rows = len(first)
        pieces = [text.literal("(", rows), text.number(first, self.base)]
        signs = np.frombuffer(self._signs.encode(), dtype=np.uint8).astype(np.uint64)
        for number, sign in zip(others, self._signs_of(problems.operands), strict=True):
            present = number != ABSENT
            where = None if present.all() else present
            character = text.PaddedText(signs.take(sign), np.ones(rows, dtype=np.uint64), 1)
            pieces += [(character.masked(where),), text.number(np.maximum(number, 0), self.base, where)]
        pieces.append(text.literal(f")%{text.to_text(self.modulus, self.base)}", rows))
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        return text.join(text.number(results, self.base))

    def oracle(self, question: str) -> str:
        value = sum(sign * prod(factors) for sign, factors in self._terms(question))
        modulus = int(question.partition("%")[2], self.base)
        return text.to_text(value % modulus, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        terms = [(sum(mix64_int(n + 1) for n in factors), sign) for sign, factors in self._terms(question)]
        word = sum(mix64_int((term & MASK) ^ (_MINUS if sign < 0 else 0)) for term, sign in terms)
        return ((word & MASK) >> 1,)

    def _terms(self, question: str) -> list[tuple[int, list[int]]]:
        """The sign and the factors of each term of a question, from its text."""
        if not re.fullmatch(r"\(\w+([-+*]\w+)*\)%\w+", question):
            raise ValueError(f"not a chain: {question}")
        inside = question[1 : question.index(")")]
        return [
            (-1 if sign == "-" else 1, [int(factor, self.base) for factor in term.split("*")])
            for sign, term in re.findall(r"([-+]?)([^-+]+)", inside)
        ]


def _fold(numbers: Any, signs: Iterable[Int], multiply: Callable[..., Any], value: Callable[..., Any]) -> Any:
    """The sum of the values of all terms, (n,), of numbers (operands, n) of any type.

    A missing operand is a term of its own, of the number 0, whose value must be 0.

    Args:
        numbers: the operands.
        signs: the index of the sign before each operand from the second on, int64 (n,).
        multiply: converts a product and a further factor, (n,) each, to their product.
        value: converts products (n,), and whether they are subtracted, to values.
    """
    product, minus = numbers[0], np.zeros(len(numbers[0]), dtype=bool)
    total = np.zeros_like(product)
    for number, sign in zip(numbers[1:], signs, strict=True):
        times = sign == 2
        total += value(product, minus) * ~times
        product = np.where(times, multiply(product, number), number)
        minus = (minus & times) | (sign == 1)
    total += value(product, minus)
    return total


def _signed_term(product: Int, minus: NDArray[np.bool_]) -> Int:
    return product * (1 - 2 * minus)


def _mixed_term(product: U64, minus: NDArray[np.bool_]) -> U64:
    """A random word for each term, which depends on its factors but not on their order; 0 for none."""
    return mix64(product ^ (minus.astype(np.uint64) << np.uint64(63)))
