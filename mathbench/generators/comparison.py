"""Comparisons of numbers: `57 or 8` -> `57`, `57 ? 8` -> `>`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from math import prod
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.generators.toolkit import decimals
from mathbench.generators.toolkit import operands as tuples
from mathbench.generators.toolkit import prefixes as points
from mathbench.generators.toolkit.longest import longest_operand
from mathbench.generators.toolkit.prefixes import PrefixLayout
from mathbench.generators.toolkit.shares import parse_shares
from mathbench.hashing import U64, Int, mix64, to_range
from mathbench.numbers import arithmetic, limbs, text
from mathbench.parameters import parameter
from mathbench.sampling.enumerated import Enumerated, Problems
from mathbench.stratum import Stratum

KINDS = ("random", "length", "prefix", "places")
RELATION = "relation"
SIGNS = ("<", "=", ">")
LESS, EQUAL, GREATER = range(3)  # kinds of strata, and results, of questions for the relation
NAMES = ("less", "equal", "greater")  # of these strata; signs mean something else in names
MAX_BASE = 24  # the largest in which `o` is no digit
FINE = 1 << 32  # parts that one tuple of lengths is divided into
ROUND = 1024  # approximate smallest number of rows of all kinds in a round


@dataclass(frozen=True)
class Comparison(Enumerated):
    """Find the larger or the smaller of some different numbers, or the relation of two numbers.

    With ``ask="relation"`` the question is `57 ? 8` and the answer `<`, `=` or `>`, each in a third of the rows; a
    split may show a pair in both orders. The questions of ``larger`` and ``smaller`` are the same.

    ``kinds`` gives the shares of rows by how the numbers are chosen: ``random``, by their lengths alone; ``length``,
    numbers of different lengths; ``prefix``, numbers of one length that agree in their first digits, every number of
    common digits equally likely; ``places``, decimals of different numbers of places that agree before the point and
    differ after it, such as 9.11 and 9.9. Of random numbers of one length, nine pairs in ten differ in the first digit.
    A kind that cannot be, such as different lengths where there is one, has no rows.

    With ``places``, numbers have up to as many places, every number of places equally likely. A share ``zeros`` of the
    rows shows numbers with a random number of zeros at the end, up to ``places`` places: `2.50 ? 2.5` -> `=`. Answers
    are numbers as they are written in the question.

    >>> Comparison().oracle("57 or 8"), Comparison(ask="smaller").oracle("57 or 8")
    ('57', '8')
    >>> Comparison(ask="relation").oracle("57 ? 8"), Comparison(places=2).oracle("9.11 or 9.90")
    ('>', '9.90')
    """

    family: ClassVar[str] = "comparison"
    summary: ClassVar[str] = "57 or 8 -> 57 (which is larger?)"
    symmetry: ClassVar[str] = "order of operands; zeros at the end of decimals"
    compares: ClassVar[bool] = True

    ask: str = parameter("larger", "what is asked for", choices=("larger", "smaller", RELATION), always=True)
    digits: int = parameter(5, "digits of the longest number", low=1, high=tuples.MAX_DIGITS)
    base: int = parameter(
        10, "number base; above 24 the word `or` would be a number", low=2, high=MAX_BASE, always=True
    )
    operands: int = parameter(2, "number of operands", low=2, high=6)
    places: int = parameter(0, "maximum number of places after the point", low=0, high=decimals.MAX_PLACES)
    zeros: float = parameter(0.5, "share of rows in which places may end in zeros", low=0.0, high=1.0)
    kinds: str = parameter("random:1,prefix:1,places:1", "ways to choose the numbers, and their shares")
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
        if self.operands > 2 and (self.places or self.ask == RELATION):
            why = "places" if self.places else f"ask={RELATION}"
            raise InputError(f"comparison: {why} requires operands=2. Received: {self.operands}.")
        each = (self.places + 1) ** 2 * (1 + (self.ask == RELATION))
        tuples.check_operand_count(self.family, lengths, self.operands, each)
        tuples.check_long(self.family, lengths.longest, "numbers")
        self._check_kinds(lengths.inner)
        if self.places:
            self._check_places(lengths.longest)

    def _check_places(self, longest: int) -> None:
        """Check that decimals stay below 2^63, and that their base is possible."""
        what = f"{longest} digits and places={self.places} in base {self.base}"
        tuples.check_range(self.family, 2 * self.base ** (longest + self.places), what)
        if self.base == 2:
            raise InputError("comparison: places requires base=3 or more. Received: base=2.")

    def _check_kinds(self, lengths: range) -> None:
        """Check that there are enough numbers of at least one kind."""
        exist = {
            "random": sum(map(tuples.NumberRange(self.base).count, lengths)) >= self.operands,
            "length": len(lengths) > 1,
            "prefix": self.base ** (self.digits + self.places - 1) >= self.operands,
            "places": self.places > 1,
        }
        chosen = [kind for kind, share in zip(KINDS, self._shares(), strict=True) if share]
        if not (exist["random"] and any(exist[kind] for kind in chosen)):
            raise InputError(
                f"comparison: numbers of {self.shortest} to {self.digits} digits in base {self.base} have no "
                f"{self.operands} different ones of kinds={self.kinds!r}. Give more digits or other kinds."
            )

    def _shares(self) -> list[int]:
        return parse_shares(self.family, self.kinds, KINDS, "kind")

    @property
    def _decimals(self) -> decimals.DecimalLayout:
        return decimals.DecimalLayout(self.base, self.places)

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
        found = list(self._candidates(choices, distribution))
        weights = self._weights([candidate.sizes for candidate in found])
        chosen = [c.weighted(weight) for c, weight in zip(found, weights, strict=True) if weight]
        if self.ask == RELATION:
            return list(self._by_relation(chosen, choices[-1][0]))
        return [candidate.stratum for candidate in chosen]

    def _candidates(self, choices: list[tuple[int, ...]], distribution: str) -> Iterator["_Candidate"]:
        if self.places:
            return _decimals(self._decimals, choices, distribution)
        return _integers(self._layout(choices[-1][0]), choices, distribution)

    def _weights(self, sizes: list[tuple[int, ...]]) -> list[int]:
        """Rows per round for each stratum, the sum of those of all kinds, given its size in each kind."""
        columns = list(zip(*sizes, strict=True))
        shares = [share * any(column) for share, column in zip(self._shares(), columns, strict=True)]
        parts = max(ROUND, 16 * len(sizes))
        found = [
            tuples.apportion(list(column), parts * share // sum(shares))
            for share, column in zip(shares, columns, strict=True)
            if share
        ]
        return [sum(weights) for weights in zip(*found, strict=True)]

    def _by_relation(self, candidates: list["_Candidate"], digits: int) -> Iterator[Stratum]:
        """Strata of pairs in either order and, for each longest length, of equal numbers, a third of the rows each."""
        for longest, members in groupby(candidates, key=lambda candidate: candidate.longest):
            pairs = [candidate.stratum for candidate in members]
            rows = sum(stratum.weight for stratum in pairs)
            equal = self._equal(longest, digits)
            equal = [replace(s, weight=-(-rows // len(equal))) for s in equal]
            for relation, strata in enumerate((pairs, equal, pairs)):
                label = NAMES[relation]
                for s in strata:
                    name, group = f"{s.name},{label}", f"digits={longest}"
                    yield replace(s, name=name, kind=relation, label=label, group=group)

    def _equal(self, length: int, digits: int) -> list[Stratum]:
        """The strata of equal numbers of a length in a split with numbers of up to `digits` digits."""
        if self.places:
            shapes = [decimals.Shape(length, places) for places in range(self.places + 1)]
            return [self._decimals.equal_numbers(shape) for shape in shapes]
        return [self._layout(digits).equal_numbers(length)]

    def draw(self, coordinates: U64, low: Int) -> Int:
        if self.places:
            return self._decimals.draw(coordinates, low)
        return points.draw(coordinates, low, self.operands)

    def valid(self, operands: Int, coordinates: U64, low: Int) -> NDArray[np.bool_] | None:
        if self.places:
            return self._decimals.valid(operands, coordinates, low)
        return points.valid(operands, coordinates, low, self.operands)

    def canonical(self, operands: Int) -> Int:
        if self.places:
            return self._decimals.canonical(operands)
        return tuples.canonical_sorted(operands, self.operands, self.base)

    @property
    def answer_labels(self) -> tuple[str, ...]:
        return SIGNS if self.ask == RELATION else ()

    @property
    def numeric(self) -> bool:
        return not self.places

    def longest(self) -> tuple[int, int] | None:
        question, answer = longest_operand(self)
        return None if self.places else (question, 0 if self.answer_labels else answer)

    def pose(self, problems: Problems, random_bits: U64) -> Problems:
        """Put the operands in random order or, for a relation, in that of the stratum; append zeros to decimals."""
        if self.ask == RELATION:
            wrong = self._greater(*self._columns(problems.operands)) != (problems.kind == GREATER)
            problems = tuples.shuffle_operands(problems, wrong.astype(np.uint64), 2)
        else:
            problems = tuples.shuffle_operands(problems, random_bits, self.operands)
        if self.places:
            problems.operands[2:] += self._zeros(problems.operands[2:], random_bits)
        return problems

    def _zeros(self, places: Int, random_bits: U64) -> Int:
        """How many zeros to append to each number, int64 (2, n), given its places, int64 (2, n)."""
        words = [mix64(random_bits + np.uint64(i)) for i in range(3)]
        chosen = (words[0] >> np.uint64(11)).astype(np.float64) < self.zeros * 2.0**53
        room = (self.places - places + 1).astype(np.uint64)
        added = [to_range(word, size).astype(np.int64) for word, size in zip(words[1:], room, strict=True)]
        return np.stack(added) * chosen

    def _columns(self, operands: Int) -> list[Int]:
        """The operands as columns: of integers, or of decimals and their places."""
        return [operands[0::2], operands[1::2]] if self.places else arithmetic.split(operands, self.operands)

    def _greater(self, a: Int, b: Int) -> NDArray[np.bool_]:
        return a[0] > b[0] if self.places else arithmetic.greater(a, b)

    def _number(self, column: Int) -> text.TextPiece:
        return self._decimals.number(column) if self.places else arithmetic.number(column, self.base)

    def solve(self, problems: Problems) -> Int:
        first, *others = self._columns(problems.operands)
        if self.ask == RELATION:
            second = others[0]
            return EQUAL + self._greater(first, second).astype(np.int64) - self._greater(second, first)
        for other in others:
            first = np.where(self._greater(first, other) == (self.ask == "larger"), first, other)
        return first

    @property
    def _between(self) -> str:
        return " ? " if self.ask == RELATION else " or "

    def questions(self, problems: Problems) -> pa.StringArray:
        first, *others = map(self._number, self._columns(problems.operands))
        pieces, between = [first], text.literal(self._between, len(problems.stratum))
        for other in others:
            pieces += [between, other]
        return text.join(*pieces)

    def answers(self, results: Int) -> pa.StringArray:
        return text.choose_text(results, SIGNS) if self.ask == RELATION else text.join(self._number(results))

    def oracle(self, question: str) -> str:
        terms = question.split(self._between)
        if self.ask != RELATION:
            return (max if self.ask == "larger" else min)(terms, key=self._value)
        first, second = map(self._value, terms)
        return "=" if first == second else "<" if first < second else ">"

    def _value(self, term: str) -> Fraction:
        return decimals.parse(term, self.base)

    def operands_of(self, question: str) -> tuple[int, ...]:
        return decimals.canonical_words(question.split(self._between), self.base)


class _Candidate(NamedTuple):
    """A stratum before it has a weight.

    Attributes:
        longest: digits of the longest number, before the point.
        stratum: the stratum.
        sizes: its share in the rows of each of `KINDS`, as numbers without unit.
    """

    longest: int
    stratum: Stratum
    sizes: tuple[int, ...]

    def weighted(self, weight: int) -> "_Candidate":
        """The same stratum with a weight."""
        return self._replace(stratum=replace(self.stratum, weight=weight))


def _integers(
    layout: PrefixLayout, choices: list[tuple[int, ...]], distribution: str
) -> Iterator[_Candidate]:
    """The strata of integers of some lengths."""
    for lengths in choices:
        every = layout.count(lengths)
        size = every if distribution == "numbers" else FINE * tuples.orderings(lengths)
        if len(set(lengths)) > 1 and every:
            yield _Candidate(lengths[0], layout.different_lengths(lengths), (size, size, 0, 0))
        for prefix in points.prefixes(lengths[0]) if len(set(lengths)) == 1 else ():
            if count := layout.count(lengths, prefix):
                common = size * prefix.width // (lengths[0] - 1) if prefix.shortest else 0
                stratum = layout.common_prefix(lengths[0], prefix)
                yield _Candidate(lengths[0], stratum, (size * count // every, 0, common, 0))


def _decimals(
    layout: decimals.DecimalLayout, choices: list[tuple[int, ...]], distribution: str
) -> Iterator[_Candidate]:
    """The strata of pairs of decimals with some lengths before the point."""
    for longer, shorter in choices:
        for pairs in layout.pairs((longer, shorter)):
            first, second, _ = pairs[0]
            strata = [layout.stratum(pair) for pair in pairs]
            counts = [prod(stratum.sizes) for stratum in strata]
            size = sum(counts) if distribution == "numbers" else FINE * (1 + (first != second))
            for pair, stratum, count in zip(pairs, strata, counts, strict=True):
                yield _Candidate(longer, stratum, (size * count // sum(counts), *_sizes(pair, size)))


def _sizes(pair: decimals.Pair, size: int) -> tuple[int, int, int]:
    """The share of some pairs in the rows of the last three of `KINDS`, given that of all pairs of their shapes."""
    first, second, prefix = pair
    if prefix is None:
        return size, 0, 0
    if first == second:
        return 0, size // (first.length - 1) if prefix else 0, 0
    both_go_on = first.digits <= prefix < second.length
    return 0, 0, size // second.places if both_go_on else 0
