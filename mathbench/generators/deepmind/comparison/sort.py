"""Sorting some numbers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.comparison import brief, number_lists
from mathbench.generators.deepmind.comparison.kth import how_many, slots, unequal
from mathbench.generators.deepmind.comparison.number_lists import Listing
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import Drawn, Value
from mathbench.generators.deepmind.kernel.module import Level, Module
from mathbench.generators.deepmind.kernel.random import Bool, Chance
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import one_of
from mathbench.hashing import Int
from mathbench.sampling.sampled import Sampled

_DIRECTIONS = ("ascending", "increasing", "descending", "decreasing")  # the first half from the smallest on
_ASKED = (
    "Sort{items} in {direction} order.",
    "Put{items} in {direction} order.",
    "Write{items} in {direction} order.",
    "Sort{items}.",  # from the smallest on
)


@dataclass(frozen=True)
class Unsorted(Columns):
    """Some numbers to be sorted.

    Attributes:
        values: the numbers.
        direction: int64 (n,), which one.
        wording: int64 (n,).
    """

    values: Listing
    direction: Int
    wording: Int


@dataclass(frozen=True)
class Sort(Module):
    """Sort numbers."""

    summary: ClassVar[str] = "Sort 3, 1/2, -5. -> -5, 1/2, 3"
    symmetry: ClassVar[str] = "order of the numbers, direction, 3/4 and 0.75"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance = scope.chance()
        values, good = self._values(scope, chance.fork())
        named = scope.hide(chance, values.slots(), values.live)
        direction = chance.below(len(_DIRECTIONS))
        wording = chance.below(np.where(direction < 2, len(_ASKED), len(_ASKED) - 1))
        problem = Unsorted(values.with_codes(named.codes), direction, wording)
        canonical = values.prints()[None, :]
        return Drawn(problem, canonical, named.requests or (), good)

    def _values(self, scope: Scope, chance: Chance) -> tuple[Listing, Bool]:
        """The numbers, and which rows are accepted, bool (n,).

        A split has either short lists or others, so that no row depends on what else is drawn.
        """
        if self.setting("brief", scope).any():
            integers, good = brief.draw(chance)
            return Listing.integers(integers), good
        count = how_many(self, scope, chance, decades=2)
        values = number_lists.draw(chance, count, scope.own(), unequal, chance.coin(), slots(self, decades=2))
        # an answer that is too long need not be written to be found out
        return values, (values.width() <= Sampled.longest_answer) | (scope.modules > 1)

    def question(self, problem: Unsorted, scope: Scope) -> pa.StringArray:
        items = problem.values.listed(np.zeros(len(problem.wording), np.bool_))
        direction = one_of(problem.direction, _DIRECTIONS)
        return number_lists.around(problem.wording, _ASKED, items, direction=direction)

    def answer(self, problem: Unsorted, scope: Scope) -> pa.StringArray:
        order, count = problem.values.order(), problem.values.count
        back = np.take_along_axis(
            order, np.maximum(count[:, None] - 1 - np.arange(order.shape[1]), 0), axis=1
        )
        return problem.values.row(np.where((problem.direction < 2)[:, None], order, back))


SORT = Sort(
    "comparison__sort",
    axes=(Level("more", (12, 12), settings={"brief": 1}, published="comparison__sort_more", apart=True),),
    settings={"fewest": 0, "most": 0, "brief": 0},  # as many as the entropy allows
)
