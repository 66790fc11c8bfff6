"""Rounding to a power of ten."""

from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT, size_of_entropy
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

FINEST, COARSEST = -10, 9  # exponents that have a description
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SIZES = (
    "ten",
    "hundred",
    "thousand",
    "ten thousand",
    "hundred thousand",
    "million",
    "ten million",
    "hundred million",
    "billion",
)
_QUESTIONS = (
    "Round {number} to {power}.",
    "What is {number} rounded to {power}?",
    "Give {number} to {power}.",
)


def _descriptions(power: int) -> Wordings:
    """The ways to name the precision 10^power."""
    if power > 0:
        names = f"the nearest {10**power}", f"the nearest {_SIZES[power - 1]}"
        return Wordings(2 * names, added=names)
    if power == 0:
        names = "the nearest integer", "the nearest whole number"
        return Wordings((*names, "0 decimal places", "zero decimal places"), added=names)
    plural, counts = "s" * (power < -1), (str(-power), _COUNTS[-power - 1])
    places, short = (
        tuple(f"{count} {unit}" for count in counts) for unit in (f"decimal place{plural}", "dp")
    )
    return Wordings(places + short, added=tuple(f"{count} dp{plural}" for count in counts))


_DESCRIPTIONS = [_descriptions(power) for power in range(FINEST, COARSEST + 1)]


@dataclass(frozen=True)
class RoundedProblem(Columns):
    """A number and the same rounded to a power of ten."""

    number: HiddenValues
    power: Int
    rounded: Numbers
    description: Int
    wording: Int


@dataclass(frozen=True)
class RoundNumber(Module):
    """Round an integer or a decimal to a power of ten, with ties away from zero."""

    summary: ClassVar[str] = "Round 0.04271 to two decimal places. -> 0.04"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own = scope.rng(), scope.own_entropy()
        power = rng.randint(self.setting("finest", scope), self.setting("coarsest", scope))
        for_rounded = UNIT + rng.randint_below(own // 2 + 1)
        rounded = rng.integer(for_rounded)
        dropped = -(-np.maximum(own - for_rounded, UNIT) // UNIT)  # number of digits to drop
        half = size_of_entropy(dropped * UNIT) // 2
        rest = rng.randint((rounded <= 0) - half, half - (rounded >= 0))
        number = _scaled(rounded * 2 * half + rest, power - dropped)
        named = scope.hide(rng, [number])
        problem = RoundedProblem(
            named,
            power,
            _scaled(rounded, power),
            rng.randint_below(len(_DESCRIPTIONS[0].of(self.version))),
            rng.randint_below(len(_QUESTIONS)),
        )
        return DrawnProblem(
            problem, np.stack([sign_folded(number.top), number.bottom, power - FINEST]), named.requests or ()
        )

    def question(self, problem: RoundedProblem, scope: Scope) -> pa.StringArray:
        names = [names.of(self.version) for names in _DESCRIPTIONS]
        position = len(names[0]) * (problem.power - FINEST) + problem.description
        power = templates.choose_text(position, tuple(chain.from_iterable(names)))
        return text.join(
            templates.fill_template(problem.wording, _QUESTIONS, power=power, number=problem.number.number(0))
        )

    def answer(self, problem: RoundedProblem, scope: Scope) -> pa.StringArray:
        return text.join(problem.rounded.rendered())


def _scaled(values: Int, power: Int) -> Numbers:
    """Values times a power of ten, both int64 (n,)."""
    return Numbers.decimals(values * size_of_entropy(power.clip(0) * UNIT), (-power).clip(0))
