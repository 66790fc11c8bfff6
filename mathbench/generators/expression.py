"""Expressions with brackets: `3*(4-7)+2` -> `-7`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from math import factorial, gcd, lcm, log2, prod, sqrt
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.formats import expression_steps
from mathbench.generators.toolkit import expression_shapes as shapes
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit.expression_fold import values, words
from mathbench.generators.toolkit.expression_shapes import Kind
from mathbench.generators.toolkit.expression_tree import parse, value_of, word_of
from mathbench.generators.toolkit.longest import longest_expression
from mathbench.hashing import ABSENT, U64, Int
from mathbench.numbers import text
from mathbench.parameters import parameter
from mathbench.sampling.domain import SMALL_POINTS
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

SIGNS = {"plus-minus": "+-", "plus-minus-times": "+-*", "plus-minus-times-divide": "+-*/"}
MAX_DIVIDEND = 10**5  # the pairs of numbers that divide each other are a table
SMALLEST_DIVIDEND = 4  # divided by 2
ROUND = 60  # rows per round for each combination of operands, depth and digits, shared by up to five kinds
# Low estimates of the share of points in a reserve, relative to that of the reserve. Expressions in another order are
# in the same reserve, up to n! of n operands, so that the share varies more than that of as many independent points.
SIGMAS = 5
SMALLEST_RESERVE = 0.1
SHARE, LOWEST_SHARE = 0.9, 0.25
COUNTED = 1e-6  # so low that a space is counted before anything is promised


class Limits(NamedTuple):
    """The numbers `low` of a stratum.

    Attributes:
        columns: the columns of numbers in its split.
        digits: the digits of its longest numbers.
        kind: the kind of its shapes.
    """

    columns: int
    digits: int
    kind: Kind

    @classmethod
    def of(cls, low: Int) -> "Limits":
        """Name the parts of `low`, int64 (5, 1)."""
        columns, digits, *kind = low[:, 0].tolist()
        return cls(columns, digits, Kind(*kind))


class Axes(NamedTuple):
    """The numbers of operands, the depths and the lengths of some strata, in all combinations."""

    operands: range
    depths: range
    digits: range


@dataclass(frozen=True)
class Expression(Enumerated):
    """Evaluate expressions with brackets; products and quotients come first.

    Expressions have 2 to `operands` numbers of up to `digits` digits, and brackets only where they matter. All
    arrangements of signs and brackets in a stratum are equally likely. A divisor is a number of at least 2, and the
    number before it is a larger multiple of it. With a ``modulus``, the residue of the value is asked for:
    `(3*(4-7)+2)%5`.

    Expressions that differ only in the order of terms, or of the factors and divisors of a term, are in the same
    split. So is an expression without brackets and divisions modulo a number as a chain of `modular-chain`.

    >>> Expression().oracle("3*(4-7)+2"), Expression(modulus=5).oracle("(3*(4-7)+2)%5")
    ('-7', '3')
    """

    family: ClassVar[str] = "expression"
    summary: ClassVar[str] = "3*(4-7)+2 -> -7"
    symmetry: ClassVar[str] = "order of terms, and of factors"
    points_per_problem: ClassVar[int] = 0
    extrapolates: ClassVar[str] = "more operands; deeper brackets; longer numbers"

    operands: int = parameter(4, "maximum number of operands", low=2, high=shapes.MAX_OPERANDS, always=True)
    depth: int = parameter(
        1, "maximum depth of brackets; 0: no brackets", low=0, high=shapes.MAX_DEPTH, always=True
    )
    digits: int = parameter(2, "digits of the longest number", low=1, high=60)
    operations: str = parameter("plus-minus-times", "the operations", choices=tuple(SIGNS), always=True)
    modulus: int = parameter(0, "the modulus; 0: none", low=0, high=1 << 30)
    base: int = parameter(10, "number base", low=2, high=36, always=True)
    more: int = parameter(
        2, "extrapolate: maximum number of additional operands", low=0, high=shapes.MAX_OPERANDS - 2
    )
    deeper: int = parameter(
        1, "extrapolate: maximum number of additional levels of brackets", low=0, high=shapes.MAX_DEPTH
    )
    longer: int = parameter(1, "extrapolate: maximum number of additional digits", low=0, high=60)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_shapes()
        if self.modulus == 1:
            raise InputError("expression: modulus must be 0, for none, or at least 2. Received: 1.")
        if "/" in self.signs:
            self._check_divisions()
        if self.largest >= 1 << 63:
            raise InputError(
                f"expression: values must stay below 2^63. Give smaller values of operands, digits, more or longer. "
                f"Received: operands={self.operands}, digits={self.digits}, more={self.more}, "
                f"longer={self.longer}, base={self.base}."
            )

    def _check_shapes(self) -> None:
        """Check the numbers of operands and the depths of brackets."""
        if self.operands + self.more > shapes.MAX_OPERANDS:
            raise InputError(
                f"expression: operands and more must add up to at most {shapes.MAX_OPERANDS}. "
                f"Received: operands={self.operands}, more={self.more}."
            )
        deepest = min(self.operands - 2, shapes.MAX_DEPTH)
        if self.depth > deepest:
            raise InputError(
                f"expression: depth must be at most {deepest} with operands={self.operands}. "
                f"Received: {self.depth}."
            )
        deeper = min(self.deeper, deepest - self.depth)
        tuples.check_extrapolation(self.family, more=self.more, longer=self.longer, deeper=deeper)

    def _check_divisions(self) -> None:
        """Check that there is something to divide, and that the table of it is not too large."""
        reached, end = self.base**self.digits - 1, self.base ** (self.digits + self.longer)
        if reached < SMALLEST_DIVIDEND or end > MAX_DIVIDEND:
            raise InputError(
                f"expression: divide requires numbers of up to digits that reach {SMALLEST_DIVIDEND}, and numbers "
                f"of up to digits and longer below {MAX_DIVIDEND:,}. "
                f"Received: digits={self.digits}, longer={self.longer}, base={self.base}."
            )

    @property
    def signs(self) -> str:
        """The signs of the operations."""
        return SIGNS[self.operations]

    @property
    def largest(self) -> int:
        """A bound on the size of everything that is computed, over all splits."""
        return self._bound(products="*" in self.signs and not self._reduces)

    def _bound(self, products: bool) -> int:
        """A bound on the size of sums of all operands or of products of them."""
        axes = [(self.operands + self.more, self.digits), (self.operands, self.digits + self.longer)]
        return max(self.base ** (digits * n) if products else n * self.base**digits for n, digits in axes)

    @property
    def _reduces(self) -> bool:
        """Whether residues are enough at every step; a division is exact only before the remainder is taken."""
        return self.modulus > 0 and "/" not in self.signs

    @property
    def reserve_family(self) -> str:
        return "modular-chain"

    @property
    def residue_count(self) -> int:
        return self.modulus

    longest = longest_expression
    steps = expression_steps.expression

    @property
    def steps_max_digits(self) -> int | None:  # type: ignore[override]
        """Steps are exact also where the answer is a residue, so that their values must stay below 2^63."""
        if not self._reduces or self._bound(products="*" in self.signs) < 1 << 63:
            return None
        return int(63 / (log2(self.base) * (self.operands + self.more)))

    def inner(self) -> list[Stratum]:
        return self._strata([self._inner_axes], self.operands)

    def outer(self) -> list[Stratum]:
        inner = self._inner_axes
        axes = [
            inner._replace(operands=_beyond(self.operands, self.more)),
            inner._replace(depths=_beyond(self.depth, min(self.deeper, shapes.MAX_DEPTH - self.depth))),
            inner._replace(digits=_beyond(self.digits, self.longer)),
        ]
        return self._strata(axes, self.operands + self.more)

    @property
    def _inner_axes(self) -> Axes:
        return Axes(range(2, self.operands + 1), range(self.depth + 1), range(1, self.digits + 1))

    def _strata(self, axes: list[Axes], columns: int) -> list[Stratum]:
        """The strata of some axes, as many rows of each axis as of every other."""
        lists = [found for a in axes if (found := list(self._along(a, columns)))]
        rows = [sum(stratum.weight for stratum in found) for found in lists]
        times = [lcm(*rows) // count for count in rows]
        weights = [t * s.weight for t, found in zip(times, lists, strict=True) for s in found]
        strata = [stratum for found in lists for stratum in found]
        return [replace(s, weight=weight // gcd(*weights)) for s, weight in zip(strata, weights, strict=True)]

    def _along(self, axes: Axes, columns: int) -> Iterator[Stratum]:
        """The strata of one axis, as many rows of each combination as of every other."""
        for operands, depth, digits in product(*axes):
            most = operands // 2 if "/" in self.signs else 0
            kinds = [Kind(operands, depth, divisions) for divisions in range(most + 1)]
            sizes = {kind: size for kind in kinds if prod(size := self._sizes(digits, kind))}
            for kind, size in sizes.items():
                yield self._stratum(Limits(columns, digits, kind), size, ROUND // len(sizes))

    def _stratum(self, limits: Limits, sizes: tuple[int, ...], weight: int) -> Stratum:
        columns, digits, kind = limits
        name = f"digits={digits},operands={kind.operands},depth={kind.depth}"
        if "/" in self.signs:
            name += f",divisions={kind.divisions}"
        return Stratum(name, sizes, (columns, digits, *kind), weight, share=self._share(limits, sizes))

    def _sizes(self, digits: int, kind: Kind) -> tuple[int, ...]:
        """The number of shapes, of numbers that stand alone, and of pairs of numbers that are divided."""
        numbers, pairs = self.base**digits, len(_multiples(self.base**digits)[0]) if kind.divisions else 0
        alone = kind.operands - 2 * kind.divisions
        return (len(shapes.expressions(self.signs, kind)), *[numbers] * alone, *[pairs] * kind.divisions)

    def _share(self, limits: Limits, sizes: tuple[int, ...]) -> float:
        """A low estimate of the share of points that are problems, relative to that of the reserve."""
        numbers, shorter = self.base**limits.digits, self._first(limits.digits)
        pairs = len(_multiples(shorter)[0]) / len(_multiples(numbers)[0]) if limits.kind.divisions else 0.0
        alone = limits.kind.operands - 2 * limits.kind.divisions
        long = 1 - (shorter / numbers) ** alone * pairs**limits.kind.divisions
        independent = long * prod(sizes) / factorial(limits.kind.operands)
        share = min(SHARE, 1 - SIGMAS * sqrt((1 / SMALLEST_RESERVE - 1) / independent))
        if share < LOWEST_SHARE:
            share = COUNTED if prod(sizes) <= SMALL_POINTS else LOWEST_SHARE
        return long * share

    def _first(self, digits: int) -> int:
        """The smallest number of some digits; 0 has one."""
        return int(self.base ** (digits - 1)) if digits > 1 else 0

    def draw(self, coordinates: U64, low: Int) -> Int:
        columns, _, kind = Limits.of(low)
        chosen, drawn = coordinates[0].view(np.int64), coordinates[1:].view(np.int64)
        operands = np.full((columns + 1, len(chosen)), ABSENT)
        # points beyond the end of a space are drawn too, and left out later
        shapes.expressions(self.signs, kind).take(chosen, mode="clip", out=operands[-1])
        if kind.divisions:
            self._place(operands, chosen, drawn, Limits.of(low))
        else:
            operands[: kind.operands] = drawn[: kind.operands]
        return operands

    def _place(self, operands: Int, chosen: Int, drawn: Int, limits: Limits) -> None:
        """Put the numbers that stand alone, and those of each division, where the chosen shapes have them."""
        kind, pairs = limits.kind, _multiples(self.base**limits.digits)
        alone = kind.operands - 2 * kind.divisions
        numbers = [*drawn[:alone]]
        for pair in drawn[alone : alone + kind.divisions]:
            numbers += [column.take(pair, mode="clip") for column in pairs]
        every, rows = np.concatenate(numbers), np.arange(len(chosen))
        for column, source in zip(operands, shapes.sources(self.signs, kind), strict=False):
            index = source.take(chosen, mode="clip")
            index *= len(rows)
            index += rows
            every.take(index, out=column, mode="clip")

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        first = self._first(Limits.of(low).digits)
        return operands[:-1].max(axis=0) >= first if first else None

    def canonical(self, operands: Int) -> Int:
        return (words(operands[:-1], operands[-1]) >> np.uint64(1)).view(np.int64)[None]

    def solve(self, problems: Problems) -> Int:
        found = values(problems.operands[:-1], problems.operands[-1], self.modulus if self._reduces else 0)
        return found % self.modulus if self.modulus else found

    def questions(self, problems: Problems) -> pa.StringArray:
        numbers, chosen = problems.operands[:-1], problems.operands[-1]
        pieces: list[text.TextPiece] = [text.literal("(", len(chosen))] if self.modulus else []
        for position, number in enumerate(numbers):
            present = number != ABSENT
            pieces.append((_written(shapes.between(chosen, position), present & (position > 0)),))
            pieces.append(text.number(np.maximum(number, 0), self.base, None if present.all() else present))
        pieces.append((_written(shapes.between(chosen, len(numbers)), np.zeros(len(chosen), dtype=bool)),))
        if self.modulus:
            pieces.append(text.literal(f")%{text.to_text(self.modulus, self.base)}", len(chosen)))
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        sign = text.literal("-", len(results), results < 0)
        return text.join(sign, text.number(np.abs(results), self.base))

    def oracle(self, question: str) -> str:
        inside, modulus = self._parts(question)
        value = value_of(parse(inside, self.base))
        return text.to_text(value % modulus if modulus else value, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        inside, _ = self._parts(question)
        return (word_of(parse(inside, self.base)) >> 1,)

    def _parts(self, question: str) -> tuple[str, int]:
        """The expression of a question, and its modulus or 0."""
        if not self.modulus:
            return question, 0
        if not (found := re.fullmatch(r"\((.*)\)%(\w+)", question)):
            raise ValueError(f"not an expression modulo a number: {question}")
        return found[1], int(found[2], self.base)


def _beyond(last: int, more: int) -> range:
    return range(last + 1, last + more + 1)


@cache
def _multiples(end: int) -> tuple[Int, Int]:
    """All numbers below an end with a divisor from 2 that is smaller than they are, and the divisors; int64 (n,) each.

    >>> [column.tolist() for column in _multiples(10)]
    [[4, 6, 8, 6, 9, 8], [2, 2, 2, 3, 3, 4]]
    """
    divisors = np.arange(2, (end + 1) // 2, dtype=np.int64)
    counts = (end - 1) // divisors - 1
    divisor = np.repeat(divisors, counts)
    quotient = np.arange(len(divisor)) - np.repeat(np.cumsum(counts) - counts, counts) + 2
    return divisor * quotient, divisor


def _written(bits: Int, signs: NDArray[np.bool_]) -> text.PaddedText:
    """The brackets before some numbers and, in the rows of a mask, the signs."""
    characters, lengths = _texts()
    index = bits + signs * shapes.FIELDS
    return text.PaddedText(characters.take(index), lengths.take(index), text.WORD)


@cache
def _texts() -> tuple[U64, U64]:
    """All texts between two numbers as words, and their lengths, uint64 (2 * FIELDS,): without signs, and with them."""
    every = [shapes.text_of(bits) for bits in range(shapes.FIELDS)]
    texts = [*(re.sub(r"[-+*/]", "", text) for text in every), *every]
    words = [int.from_bytes(text.encode(), "little") for text in texts]
    return np.array(words, dtype=np.uint64), np.array([len(text) for text in texts], dtype=np.uint64)
