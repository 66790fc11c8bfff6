"""Conversion of units: of decimals, and of fractions that give integers."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import AliasTable, Bool
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.generators.deepmind.measurement import parts
from mathbench.generators.deepmind.measurement.long_decimals import decimal_text
from mathbench.generators.deepmind.measurement.units import (
    BASE,
    DIMENSIONS,
    PAIRS,
    TARGET,
    UNITS,
    conversion_factors,
)
from mathbench.hashing import Int
from mathbench.numbers import text

_MULTIPLIER, _MANTISSA, _EXPONENT = conversion_factors()
_SIZES = [sum(pair.dimension == dimension for pair in PAIRS) for dimension in range(len(DIMENSIONS))]
# all dimensions equally likely
_DIMENSIONS = AliasTable([np.array([840 // _SIZES[pair.dimension] for pair in PAIRS])])
_CELLS = 3  # per number of decimal places, so that seven numbers of places fall into three equal parts

_TARGETS = tuple(unit.plural for unit in UNITS)
# after a decimal the plural or, if there is one, the symbol; after a fraction the name with its article
_BASES = (*_TARGETS, *(unit.symbol or unit.plural for unit in UNITS), *(unit.with_article for unit in UNITS))
_CARDINALS = ("", *(templates.cardinal(top) for top in range(1, 2 + 10**parts.FINER)))
# after the numerator in words: singular and plural of each denominator
_NAMES = tuple(
    f" {templates.denominator_name(bottom, top)}" if bottom > 1 else ""
    for bottom in range(templates.MAX_ORDINAL + 1)
    for top in (1, 2)
)

_OF_DECIMALS = Wordings(
    (
        "How many {target} is {value} {base}?",
        "Convert {value} {base} to {target}.",
        "Express {value} {base} in {target}.",
        "What is {value} {base} in {target}?",
    ),
    added=("In {value} {base}, how many {target} are there?",),
)
_OF_PARTS = Wordings(
    (
        "How many {target} make {value} of {base}?",
        "Convert {value} of {base} to {target}.",
        "Express {value} of {base} in {target}.",
        "What is {value} of {base} in {target}?",
    ),
    added=("In {value} of {base}, how many {target} are there?",),
)


@dataclass(frozen=True)
class QuantityProblem(Columns):
    """A quantity to be converted.

    Attributes:
        pair: int64 (n,), index of the units in `PAIRS`.
        part: int64 (n,), index of the fraction in `parts.table()`; -1: a decimal.
        digits, places: int64 (n,), the decimal digits / 10^places.
        sentence: int64 (n,), index of the question template.
        by_symbol: bool (n,), whether to write the symbol of the unit.
        in_words: bool (n,), whether to write the fraction in words if its denominator is small.
    """

    pair: Int
    part: Int
    digits: Int
    places: Int
    sentence: Int
    by_symbol: Bool
    in_words: Bool


@dataclass(frozen=True)
class Conversion(Module):
    """Convert units of measurement.

    Half of the questions of train are about decimals, half about fractions of one unit that are whole numbers of
    another. The three levels are thirds of the published distribution: decimals by the number of places, fractions by
    numerator times denominator. There are only 8,580 different fractions, so a long test split, which repeats nothing,
    is mostly about decimals.
    """

    summary: ClassVar[str] = "Convert 0.5 kilometers to centimeters. -> 50000"
    symmetry: ClassVar[str] = "3/4 and 0.75"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        decimal = rng.randint_below(100) < self.setting("decimals", scope)
        digits = rng.integer(scope.own_entropy(), signed=False)
        cell = rng.randint(self.setting("first_cell", scope), self.setting("last_cell", scope))
        places = cell // _CELLS + 1
        found, choice = parts.table()
        part = choice.choose(rng, self.setting("parts", scope))
        pair = np.where(decimal, _DIMENSIONS.choose(rng), found.pair.take(part))
        wordings = len(_OF_DECIMALS.of(self.version))
        sentence = rng.randint_below(wordings) + wordings * ~decimal
        top = np.where(decimal, digits * _MULTIPLIER.take(pair), found.top.take(part))
        over = 10**places
        size = Numbers.rationals(top, np.where(decimal, over, found.bottom.take(part)))
        problem = QuantityProblem(
            pair,
            np.where(decimal, -1, part),
            digits,
            places,
            sentence,
            rng.bernoulli(),
            rng.bernoulli(),
        )
        canonical = np.stack([BASE.take(pair), TARGET.take(pair), size.top, size.bottom])
        return DrawnProblem(problem, canonical, good=~decimal | (digits % over != 0))

    def question(self, problem: QuantityProblem, scope: Scope) -> pa.StringArray:
        decimal = problem.part < 0
        number = decimal_text(problem.digits * _MULTIPLIER.take(problem.pair), -problem.places)
        form = np.where(decimal, problem.by_symbol, 2)
        pieces = {
            "value": (*templates.masked(number, decimal), *_fraction(problem)),
            "base": templates.choose_text(BASE.take(problem.pair) + len(UNITS) * form, _BASES),
            "target": templates.choose_text(TARGET.take(problem.pair), _TARGETS),
        }
        questions = _OF_DECIMALS.of(self.version) + _OF_PARTS.of(self.version)
        return text.join(templates.fill_template(problem.sentence, questions, **pieces))

    def answer(self, problem: QuantityProblem, scope: Scope) -> pa.StringArray:
        decimal, found = problem.part < 0, parts.table()[0]
        digits = problem.digits * _MANTISSA.take(problem.pair)
        exponent = _EXPONENT.take(problem.pair) - problem.places
        answer = found.answer.take(np.maximum(problem.part, 0))
        return text.join(decimal_text(np.where(decimal, digits, answer), np.where(decimal, exponent, 0)))


def _fraction(problem: QuantityProblem) -> text.TextPiece:
    """The fractions among the quantities as text, in digits or in words."""
    found, there = parts.table()[0], problem.part >= 0
    part = np.maximum(problem.part, 0)
    top, bottom = found.top.take(part), found.bottom.take(part)
    in_words = problem.in_words & there & (bottom <= templates.MAX_ORDINAL)
    in_digits = there & ~in_words
    name = np.where(in_words, 2 * bottom + (top > 1), 0)
    return (
        *text.number(top, 10, in_digits),
        *text.literal("/", len(top), in_digits),
        *text.number(bottom, 10, in_digits),
        *templates.choose_text(np.where(in_words, top, 0), _CARDINALS),
        *templates.choose_text(name, _NAMES),
    )


def _level(
    name: str, decimals: int, cells: tuple[int, int], group: int, entropy: int = 7, **options: Any
) -> DifficultyLevel:
    settings = {"decimals": decimals, "first_cell": cells[0], "last_cell": cells[1], "parts": group}
    return DifficultyLevel(name, (entropy, entropy), settings=settings, **options)


CONVERSION = Conversion(
    "measurement__conversion",
    tested=None,
    version=2,
    levels=(
        _level("difficulty=easy", 50, (0, 6), parts.EASY),
        _level("difficulty=medium", 50, (7, 13), parts.MEDIUM),
        _level("difficulty=hard", 50, (14, 20), parts.HARD),
    ),
    axes=(
        _level("bigger", 100, (0, 26), parts.EASY, entropy=9, published="measurement__conversion"),
        _level("finer", 0, (0, 6), parts.FINE, holds=1500, apart=True),
    ),
    settings={"decimals": 50, "first_cell": 0, "last_cell": 20, "parts": parts.EASY},
)
