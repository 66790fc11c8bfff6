"""The k-th biggest or smallest of several numbers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.comparison import number_lists
from mathbench.generators.deepmind.comparison.compared_values import sort_keys
from mathbench.generators.deepmind.comparison.number_lists import CHOICES, NumberList
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.hashing import Int
from mathbench.numbers import text

MIN_VALUES = 3
_ADJECTIVES = tuple(
    word if rank == 1 else f"{templates.ordinal(rank)} {word}"
    for word in ("smallest", "biggest")
    for rank in range(1, len(CHOICES) + 1)
)
_IN_A_ROW = (
    "What is the {adjective} value in{items}?",
    "Which is the {adjective} number in{items}?",
    "Find the {adjective} of{items}.",
)
_CHOICES = (
    "Which is the {adjective} value?{items}",
    "Which number is the {adjective}?{items}",
    "Choose the {adjective} number.{items}",
)
_WORDINGS = len(_IN_A_ROW)


def list_lengths(module: Module, scope: Scope, rng: RandomStream, decades: int) -> Int:
    """Draw the lengths of lists, int64 (n,).

    The range is that of the level or, if it has none, from three to one more for every `decades` of entropy.
    """
    minimum, maximum = module.setting("fewest", scope), module.setting("most", scope)
    free = minimum == 0
    return rng.randint(
        np.where(free, MIN_VALUES, minimum),
        np.where(free, MIN_VALUES + scope.own_entropy() // (decades * UNIT), maximum),
    )


def list_slots(module: Module, decades: int) -> int:
    """The maximum length of a list in a composed question; 0 if the module has none."""
    return max(
        MIN_VALUES + int(level.entropy[1] / level.modules[0] / decades) if level.modules[1] > 1 else 0
        for level in module.all_levels
    )


def all_different(values: NumberList, rows: Int) -> Bool:
    """Which lists have only different numbers, bool (n,)."""
    return number_lists.distinct(sort_keys(values.top, values.bottom), values.live)


@dataclass(frozen=True)
class RankedProblem(Columns):
    """Several numbers and the rank of the answer.

    Attributes:
        values: the numbers.
        rank: int64 (n,), the rank from the smallest, which is 0.
        adjective: int64 (n,), the index of the words for it.
        lettered: bool (n,), whether the numbers are lettered choices.
        wording: int64 (n,).
    """

    values: NumberList
    rank: Int
    adjective: Int
    lettered: Bool
    wording: Int


@dataclass(frozen=True)
class KthBiggest(Module):
    """Find the k-th biggest or smallest number."""

    summary: ClassVar[str] = "What is the second biggest value in 3, 1/2, -5? -> 1/2"
    symmetry: ClassVar[str] = "order of the numbers, from above or below, 3/4 and 0.75"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        count = list_lengths(self, scope, rng, decades=2)
        values = number_lists.draw_lists(
            rng, count, scope.own_entropy(), all_different, width=list_slots(self, decades=2)
        )
        lettered, biggest, ordinal = rng.bernoulli(), rng.bernoulli(), rng.randint(1, count)
        scope = number_lists.avoid_choice_letters(scope, rng, count * lettered)
        named = scope.hide(rng, values.slots(), values.live)
        rank = np.where(biggest, count - ordinal, ordinal - 1)
        problem = RankedProblem(
            values.with_codes(named.codes),
            rank,
            ordinal - 1 + len(CHOICES) * biggest,
            lettered,
            rng.randint_below(_WORDINGS),
        )
        canonical = np.stack([values.fingerprints(), rank])
        return DrawnProblem(problem, canonical, named.requests or ())

    def question(self, problem: RankedProblem, scope: Scope) -> pa.StringArray:
        items = problem.values.rendered_in_question(problem.lettered)
        choice = problem.wording + _WORDINGS * problem.lettered
        adjective = templates.choose_text(problem.adjective, _ADJECTIVES)
        return number_lists.fill_with_items(choice, (*_IN_A_ROW, *_CHOICES), items, adjective=adjective)

    def answer(self, problem: RankedProblem, scope: Scope) -> pa.StringArray:
        position = np.take_along_axis(problem.values.order(), problem.rank[:, None], axis=1)[:, 0]
        return choice_text(problem.values, position, problem.lettered)


def choice_text(values: NumberList, position: Int, lettered: Bool) -> pa.StringArray:
    """The number at a position, int64 (n,), or the letter of the choice."""
    number = (word.masked(~lettered) for word in values.at(position))
    return text.join(
        tuple(word.masked(lettered) for word in templates.choose_text(position, tuple(CHOICES))),
        tuple(number),
    )


KTH_BIGGEST = KthBiggest(
    "comparison__kth_biggest",
    axes=(
        DifficultyLevel(
            "more",
            (12, 12),
            settings={"fewest": 9, "most": 10},
            published="comparison__kth_biggest_more",
            apart=True,
        ),
    ),
    settings={"fewest": 0, "most": 0},  # by entropy
)
