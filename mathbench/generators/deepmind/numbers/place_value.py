"""Digits by the name of their place: what is the hundreds digit of 5271?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import Drawn, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT, power
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.scope import Named, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

_PERIODS = ("thousands", "millions", "billions", "trillions", "quadrillions")
PLACES = (
    "units",
    "tens",
    "hundreds",
    *(size + period for period in _PERIODS for size in ("", "ten ", "hundred ")),
)
_ASKED = (
    "What is the {place} digit of {number}?",
    "Which digit of {number} is in the {place} place?",
    "Give the {place} digit of {number}.",
)


@dataclass(frozen=True)
class Digit(Columns):
    """A digit of a number; place 0 is that of the units."""

    number: Named
    place: Int
    digit: Int
    wording: Int


@dataclass(frozen=True)
class PlaceValue(Module):
    """Find the digit of a number at a place that is given by its name, each place as likely."""

    summary: ClassVar[str] = "What is the hundreds digit of 5271? -> 2"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance = scope.chance()
        number = chance.integer(scope.own(), signed=False, least=1)
        place = chance.below(text.length(number, 10))
        named = scope.hide(chance, [Numbers.integers(number)])
        digit = number // power(place * UNIT) % 10
        problem = Digit(named, place, digit, chance.below(len(_ASKED)))
        return Drawn(problem, np.stack([number, place]), named.requests or ())

    def question(self, problem: Digit, scope: Scope) -> pa.StringArray:
        place = templates.one_of(problem.place, PLACES)
        return text.join(
            templates.fill(problem.wording, _ASKED, place=place, number=problem.number.number(0))
        )

    def answer(self, problem: Digit, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.digit, 10))
