"""Sorting numbers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.comparison import brief, number_lists
from mathbench.generators.deepmind.comparison.kth import all_different, list_lengths, list_slots
from mathbench.generators.deepmind.comparison.number_lists import NumberList
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import choose_text
from mathbench.hashing import Int
from mathbench.sampling.sampled import Sampled

_DIRECTIONS = ("ascending", "increasing", "descending", "decreasing")
_QUESTIONS = (
    "Sort{items} in {direction} order.",
    "Put{items} in {direction} order.",
    "Write{items} in {direction} order.",
    "Sort{items}.",  # in ascending order
)


@dataclass(frozen=True)
class UnsortedProblem(Columns):
    """Numbers to sort.

    Attributes:
        values: the numbers.
        direction: int64 (n,), index into `_DIRECTIONS`.
        wording: int64 (n,).
    """

    values: NumberList
    direction: Int
    wording: Int


@dataclass(frozen=True)
class Sort(Module):
    """Sort numbers."""

    summary: ClassVar[str] = "Sort 3, 1/2, -5. -> -5, 1/2, 3"
    symmetry: ClassVar[str] = "order of the numbers, direction, 3/4 and 0.75"
    joint_levels: ClassVar[bool] = False  # long lists are drawn in another way, see `_values`

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        values, good = self._values(scope, rng.fork())
        named = scope.hide(rng, values.slots(), values.live)
        direction = rng.randint_below(len(_DIRECTIONS))
        wording = rng.randint_below(np.where(direction < 2, len(_QUESTIONS), len(_QUESTIONS) - 1))
        problem = UnsortedProblem(values.with_codes(named.codes), direction, wording)
        canonical = values.fingerprints()[None, :]
        return DrawnProblem(problem, canonical, named.requests or (), good)

    def _values(self, scope: Scope, rng: RandomStream) -> tuple[NumberList, Bool]:
        """Draw the numbers, and return which rows are accepted, bool (n,).

        All levels of a split have short lists, or none has, so no row depends on the rest of the batch.
        """
        if self.setting("brief", scope).any():
            integers, good = brief.draw_short_integers(rng)
            return NumberList.integers(integers), good
        count = list_lengths(self, scope, rng, decades=2)
        values = number_lists.draw_lists(
            rng, count, scope.own_entropy(), all_different, rng.bernoulli(), list_slots(self, decades=2)
        )
        # rejects most answers that are too long before they are written
        return values, (values.text_width() <= Sampled.longest_answer) | (scope.modules > 1)

    def question(self, problem: UnsortedProblem, scope: Scope) -> pa.StringArray:
        items = problem.values.rendered_in_question(np.zeros(len(problem.wording), np.bool_))
        direction = choose_text(problem.direction, _DIRECTIONS)
        return number_lists.fill_with_items(problem.wording, _QUESTIONS, items, direction=direction)

    def answer(self, problem: UnsortedProblem, scope: Scope) -> pa.StringArray:
        order, count = problem.values.order(), problem.values.count
        descending = np.take_along_axis(
            order, np.maximum(count[:, None] - 1 - np.arange(order.shape[1]), 0), axis=1
        )
        return problem.values.rendered(np.where((problem.direction < 2)[:, None], order, descending))


SORT = Sort(
    "comparison__sort",
    axes=(
        DifficultyLevel(
            "more", (12, 12), settings={"brief": 1}, published="comparison__sort_more", apart=True
        ),
    ),
    settings={"fewest": 0, "most": 0, "brief": 0},  # as many as the entropy allows
)
