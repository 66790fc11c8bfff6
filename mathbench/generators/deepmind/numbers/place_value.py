"""Digits of a number by the name of their place."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT, size_of_entropy
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
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
_QUESTIONS = (
    "What is the {place} digit of {number}?",
    "Which digit of {number} is in the {place} place?",
    "Give the {place} digit of {number}.",
)


@dataclass(frozen=True)
class DigitProblem(Columns):
    """A digit of a number; place 0 is the units digit."""

    number: HiddenValues
    place: Int
    digit: Int
    wording: Int


@dataclass(frozen=True)
class PlaceValue(Module):
    """Find the digit of a number at a named place, uniform among its places."""

    summary: ClassVar[str] = "What is the hundreds digit of 5271? -> 2"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        number = rng.integer(scope.own_entropy(), signed=False, minimum=1)
        position = rng.randint_below(text.length(number, 10))
        named = scope.hide(rng, [Numbers.integers(number)])
        digit = number // size_of_entropy(position * UNIT) % 10
        problem = DigitProblem(named, position, digit, rng.randint_below(len(_QUESTIONS)))
        return DrawnProblem(problem, np.stack([number, position]), named.requests or ())

    def question(self, problem: DigitProblem, scope: Scope) -> pa.StringArray:
        place = templates.choose_text(problem.place, PLACES)
        return text.join(
            templates.fill_template(problem.wording, _QUESTIONS, place=place, number=problem.number.number(0))
        )

    def answer(self, problem: DigitProblem, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.digit, 10))
