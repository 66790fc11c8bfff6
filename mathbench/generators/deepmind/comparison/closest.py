"""The number closest to a target."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.comparison import number_lists
from mathbench.generators.deepmind.comparison.compared_values import (
    Floats,
    draw_mixed,
    sort_keys,
    value_fingerprints,
)
from mathbench.generators.deepmind.comparison.kth import choice_text, list_lengths, list_slots
from mathbench.generators.deepmind.comparison.number_lists import NumberList
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int

_IN_A_ROW = (
    "What is the closest to {target} in{items}?",
    "What is the nearest to {target} in{items}?",
    "Which of{items} is closest to {target}?",
    "Which of{items} is nearest to {target}?",
)
_CHOICES = (
    "Which is the closest to {target}?{items}",
    "Which is the nearest to {target}?{items}",
    "Which number is closest to {target}?{items}",
    "Which number is nearest to {target}?{items}",
)
_WORDINGS = len(_IN_A_ROW)


@dataclass(frozen=True)
class ClosestProblem(Columns):
    """Several numbers and a target.

    Attributes:
        values: the numbers.
        target: the target.
        lettered: bool (n,), whether the numbers are lettered choices.
        wording: int64 (n,).
    """

    values: NumberList
    target: HiddenValues
    lettered: Bool
    wording: Int


@dataclass(frozen=True)
class Closest(Module):
    """Find the number that is closest to another."""

    summary: ClassVar[str] = "What is the closest to 1/2 in 3, 0.4, -5? -> 0.4"
    symmetry: ClassVar[str] = "order of the numbers, 3/4 and 0.75"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        count = list_lengths(self, scope, rng, decades=3)
        for_target, rest = rng.dirichlet(scope.own_entropy(), np.stack([np.ones_like(count), count]))
        target = draw_mixed(rng.fork(), for_target)
        values = number_lists.draw_lists(
            rng,
            count,
            rest,
            lambda lists, rows: number_lists.distinct(distances(lists, target.take(rows)), lists.live),
            width=list_slots(self, decades=3),
        )
        lettered = rng.bernoulli()
        scope = number_lists.avoid_choice_letters(scope, rng, count * lettered)
        live = np.concatenate([np.ones((1, len(scope)), np.bool_), values.live])
        named = scope.hide(rng, [target, *values.slots()], live)
        problem = ClosestProblem(
            values.with_codes(named.codes[1:]),
            HiddenValues((target,), named.codes[:1]),
            lettered,
            rng.randint_below(_WORDINGS),
        )
        canonical = np.stack([values.fingerprints(), value_fingerprints(target).view(np.int64)])
        return DrawnProblem(problem, canonical, named.requests or ())

    def question(self, problem: ClosestProblem, scope: Scope) -> pa.StringArray:
        items = problem.values.rendered_in_question(problem.lettered)
        choice = problem.wording + _WORDINGS * problem.lettered
        return number_lists.fill_with_items(
            choice, (*_IN_A_ROW, *_CHOICES), items, target=problem.target.number(0)
        )

    def answer(self, problem: ClosestProblem, scope: Scope) -> pa.StringArray:
        values, target = problem.values, problem.target.values[0]
        if not isinstance(target, Numbers):
            raise TypeError("the target is a number")
        far = np.where(values.live, distances(values, target), np.inf)
        return choice_text(values, np.argmin(far, axis=0), problem.lettered)


def distances(values: NumberList, target: Numbers) -> Floats:
    """Distances of the numbers from the target, times its denominator, as sort keys; float64 (k, n)."""
    return sort_keys(np.abs(values.top * target.bottom - target.top * values.bottom), values.bottom)


CLOSEST = Closest(
    "comparison__closest",
    axes=(
        DifficultyLevel(
            "more",
            (12, 12),
            settings={"fewest": 7, "most": 8},
            published="comparison__closest_more",
            apart=True,
        ),
    ),
    settings={"fewest": 0, "most": 0},  # by entropy
)
