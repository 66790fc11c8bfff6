"""Comparisons of numbers: `57 or 8` -> `57`, `57 ? 8` -> `>`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import prefixes as points
from mathbench.generators.toolkit.longest import longest_operand
from mathbench.generators.toolkit.prefixes import Prefix, PrefixLayout
from mathbench.generators.toolkit.shares import parse_shares
from mathbench.hashing import U64, Int
from mathbench.numbers import arithmetic, limbs, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

KINDS = ("random", "length", "prefix")
RELATION = "relation"
SIGNS = ("<", "=", ">")
LESS, EQUAL, GREATER = range(3)  # kinds of strata, and results, of questions for the relation
NAMES = ("less", "equal", "greater")  # of these strata; signs mean something else in names
MAX_BASE = 24  # in larger bases the word `or` would be a number
FINE = 1 << 32  # parts that one tuple of lengths is divided into
ROUND = 1024  # approximate smallest number of rows of all kinds in a round


@dataclass(frozen=True)
class Comparison(Enumerated):
    """Find the larger or the smaller of some different numbers, or the relation of two numbers.

    With ``ask="relation"`` the question is `57 ? 8` and the answer `<`, `=` or `>`, each in a third of the rows; a
    split may show a pair in both orders. The questions of ``larger`` and ``smaller`` are the same.

    ``kinds`` gives the shares of rows by how the numbers are chosen: ``random``, by their lengths alone; ``length``,
    numbers of different lengths; ``prefix``, numbers of one length that agree in their first digits, every number of
    common digits equally likely. Of random numbers of one length, nine pairs in ten differ in the first digit. A
    kind that cannot be, such as different lengths where there is one, has no rows.

    >>> Comparison().oracle("57 or 8"), Comparison(ask="smaller").oracle("57 or 8")
    ('57', '8')
    >>> Comparison(ask="relation").oracle("57 ? 8")
    '>'
    """

    family: ClassVar[str] = "comparison"
    summary: ClassVar[str] = "57 or 8 -> 57 (which is larger?)"
    symmetry: ClassVar[str] = "order of operands"

    ask: str = parameter("larger", "what is asked for", choices=("larger", "smaller", RELATION), always=True)
    digits: int = parameter(5, "digits of the longest number", low=1, high=tuples.MAX_DIGITS)
    base: int = parameter(10, "number base", low=2, high=MAX_BASE, always=True)
    operands: int = parameter(2, "number of operands", low=2, high=6)
    kinds: str = parameter("random:1,prefix:1", "ways to choose the numbers, and their shares")
    distribution: str = parameter(
        "lengths", "quantity with a uniform distribution", choices=("lengths", "numbers")
    )
    shortest: int = parameter(1, "digits of the shortest number", low=1, high=tuples.MAX_DIGITS)
    longer: int = parameter(
        2, "extrapolate: maximum number of additional digits", low=1, high=tuples.MAX_DIGITS
    )
    step: int = parameter(
        1, "difference between consecutive lengths in digits", low=1, high=tuples.MAX_DIGITS
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = tuples.lengths(self)
        if self.ask == RELATION and self.operands > 2:
            raise InputError(f"comparison: ask=relation needs operands=2. Received: {self.operands}.")
        tuples.check_operand_count(self.family, lengths, self.operands, 1 + (self.ask == RELATION))
        tuples.check_long(self.family, lengths.longest, "numbers")
        self._check_kinds(lengths.inner)

    def _check_kinds(self, lengths: range) -> None:
        """Check that there are enough numbers of at least one kind."""
        exist = {
            "random": sum(map(tuples.NumberRange(self.base).count, lengths)) >= self.operands,
            "length": len(lengths) > 1,
            "prefix": self.base ** (self.digits - 1) >= self.operands,
        }
        chosen = [kind for kind, share in zip(KINDS, self._shares(), strict=True) if share]
        if not (exist["random"] and any(exist[kind] for kind in chosen)):
            raise InputError(
                f"comparison: numbers of {self.shortest} to {self.digits} digits in base {self.base} have no "
                f"{self.operands} different ones of kinds={self.kinds!r}. Give more digits or other kinds."
            )

    def _shares(self) -> list[int]:
        return parse_shares(self.family, self.kinds, KINDS, "kind")

    def inner(self) -> list[Stratum]:
        lengths = tuples.lengths(self).inner
        return self._strata(tuples.length_tuples(lengths, self.operands), self.distribution)

    def outer(self) -> list[Stratum]:
        inner, outer = tuples.lengths(self)
        choices = tuples.length_tuples([*inner, *outer], self.operands, self.digits + 1)
        return self._strata(choices, "lengths")

    def _layout(self, digits: int) -> PrefixLayout:
        limb_count = tuples.limb_count(digits, self.base, 2 * self.base**digits)
        return PrefixLayout(self.base, self.operands, limbs.per_limb(self.base), limb_count)

    def _strata(self, choices: list[tuple[int, ...]], distribution: str) -> list[Stratum]:
        layout = self._layout(max(lengths[0] for lengths in choices))
        classes = [c for lengths in choices for c in _classes(lengths)]
        weights = self._weights([c.sizes(layout, distribution) for c in classes])
        chosen = [(c, weight) for c, weight in zip(classes, weights, strict=True) if weight]
        if self.ask == RELATION:
            return list(_by_relation(layout, chosen))
        return [c.stratum(layout, weight) for c, weight in chosen]

    def _weights(self, sizes: list[tuple[int, ...]]) -> list[int]:
        """Rows per round for each class, the sum of those of all kinds, given its size in each kind."""
        columns = list(zip(*sizes, strict=True))
        shares = [share * any(column) for share, column in zip(self._shares(), columns, strict=True)]
        parts = max(ROUND, 16 * len(sizes))
        found = [
            tuples.apportion(list(column), parts * share // sum(shares))
            for share, column in zip(shares, columns, strict=True)
            if share
        ]
        return [sum(weights) for weights in zip(*found, strict=True)]

    def draw(self, coordinates: U64, low: Int) -> Int:
        return points.draw(coordinates, low, self.operands)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        return points.valid(operands, coordinates, low, self.operands)

    def canonical(self, operands: Int) -> Int:
        return tuples.canonical_sorted(operands, self.operands, self.base)

    longest = longest_operand

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        """Put the operands in random order or, for a relation, in that of the stratum."""
        if self.ask == RELATION:
            first, second = arithmetic.split(problems.operands, 2)
            wrong = arithmetic.greater(first, second) != (problems.kind == GREATER)
            random_bits = wrong.astype(np.uint64)
        return tuples.shuffle_operands(problems, random_bits, self.operands)

    def solve(self, problems: Problems) -> Int:
        numbers = arithmetic.split(problems.operands, self.operands)
        if self.ask == "larger":
            return reduce(_larger, numbers)
        if self.ask == "smaller":
            return reduce(_smaller, numbers)
        first, second = numbers
        return EQUAL + arithmetic.greater(first, second).astype(np.int64) - arithmetic.greater(second, first)

    @property
    def _between(self) -> str:
        return " ? " if self.ask == RELATION else " or "

    def questions(self, problems: Problems) -> pa.StringArray:
        first, *others = arithmetic.split(problems.operands, self.operands)
        pieces, between = [arithmetic.number(first, self.base)], text.literal(self._between, first.shape[-1])
        for operand in others:
            pieces += [between, arithmetic.number(operand, self.base)]
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        return (
            text.choose_text(results, SIGNS)
            if self.ask == RELATION
            else arithmetic.written(results, self.base)
        )

    def oracle(self, question: str) -> str:
        numbers = [int(term, self.base) for term in question.split(self._between)]
        if self.ask != RELATION:
            return text.to_text((max if self.ask == "larger" else min)(numbers), self.base)
        return "=" if numbers[0] == numbers[1] else "<" if numbers[0] < numbers[1] else ">"

    def operands_of(self, question: str) -> tuple[int, ...]:
        return tuple(sorted((int(term, self.base) for term in question.split(self._between)), reverse=True))


class _Class(NamedTuple):
    """Problems that make one stratum.

    Attributes:
        lengths: the lengths of their numbers, in descending order.
        prefix: of numbers of one length, how many digits they have in common.
    """

    lengths: tuple[int, ...]
    prefix: Prefix | None = None

    def stratum(self, layout: PrefixLayout, weight: int) -> Stratum:
        """The stratum of these problems."""
        if self.prefix:
            return layout.common_prefix(self.lengths[0], self.prefix, weight)
        return layout.different_lengths(self.lengths, weight)

    def sizes(self, layout: PrefixLayout, distribution: str) -> tuple[int, int, int]:
        """The share of these problems in the rows of each of `KINDS`, as a number without unit."""
        count = layout.count(self.lengths, self.prefix)
        every = layout.count(self.lengths)
        if not count:
            return 0, 0, 0
        size = every if distribution == "numbers" else FINE * tuples.orderings(self.lengths)
        if not self.prefix:
            return size, size, 0
        common = size * self.prefix.width // (self.lengths[0] - 1) if self.prefix.shortest else 0
        return size * count // every, 0, common


def _classes(lengths: tuple[int, ...]) -> list[_Class]:
    """The classes of the problems with numbers of some lengths."""
    if len(set(lengths)) > 1:
        return [_Class(lengths)]
    return [_Class(lengths, prefix) for prefix in points.prefixes(lengths[0])]


def _by_relation(layout: PrefixLayout, classes: Iterable[tuple[_Class, int]]) -> Iterator[Stratum]:
    """Strata of pairs in either order and, for each longest length, of equal numbers, a third of the rows each."""
    for longest, members in groupby(classes, key=lambda member: member[0].lengths[0]):
        strata = [c.stratum(layout, weight) for c, weight in members]
        strata_of = {
            LESS: strata,
            EQUAL: [layout.equal_numbers(longest, sum(s.weight for s in strata))],
            GREATER: strata,
        }
        for relation, own in strata_of.items():
            name = NAMES[relation]
            yield from (
                replace(s, name=f"{s.name},{name}", kind=relation, label=name, group=f"digits={longest}")
                for s in own
            )


def _larger(a: Int, b: Int) -> Int:
    return np.where(arithmetic.greater(a, b), a, b)


def _smaller(a: Int, b: Int) -> Int:
    return np.where(arithmetic.greater(a, b), b, a)
