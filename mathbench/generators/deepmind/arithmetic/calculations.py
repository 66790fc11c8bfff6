"""Evaluation of expressions with several operations."""

from dataclasses import dataclass
from functools import cache
from math import comb
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.expressions import Expressions, draw_expressions
from mathbench.generators.deepmind.kernel import rationals
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT, log10_units
from mathbench.generators.deepmind.kernel.expression_trees import LEAF
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Request, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings, fill_strings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

_QUESTIONS = Wordings(
    (
        "{it}",
        "What is {it}?",
        "Compute {it}.",
        "Find the value of {it}.",
        "Work out {it}.",
    ),
    added=("Calculate the value of {it}.", "Evaluate the expression {it}."),
)
_DEFINITIONS = Wordings(("Let {x} be {it}. ",), added=("Suppose {x} is {it}. ", "Put {x} = {it}. "))
MIN_OPERATIONS = 3


@dataclass(frozen=True)
class CalculationProblem(Columns):
    """An expression and its value.

    Attributes:
        expression: the expression.
        value: its value.
        codes: int64 (k, n), the letters in place of its leaves; -1: none.
        wording: int64 (n,).
    """

    expression: Expressions
    value: Numbers
    codes: Int
    wording: Int

    def rendered(self) -> pa.StringArray:
        """The expression as text, strings (n,)."""
        return self.expression.rendered(self.codes)


@dataclass(frozen=True)
class Calculate(Module):
    """Evaluate an expression.

    Args:
        sums: whether it adds and subtracts.
        products: whether it multiplies and divides.
    """

    sums: bool = True
    products: bool = True

    summary: ClassVar[str] = "What is 2/(3/6*18)? -> 2/9"
    brief: ClassVar[bool] = True
    symmetry: ClassVar[str] = "order of terms and factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, entropy = scope.rng(), scope.own_entropy()
        if not isinstance(value, Numbers):
            for_value = np.maximum(entropy // 4, UNIT)
            value = self._value(rng, for_value, scope)
            entropy = np.maximum(entropy - for_value, UNIT)
        count, entropy = self._length(rng, entropy, scope)
        expression, good = draw_expressions(rng, value, count, entropy, self.sums, self.products)
        codes, requests = _hide_leaves(rng, scope, expression)
        problem = CalculationProblem(
            expression, value, codes, rng.randint_below(len(_QUESTIONS.of(self.version)))
        )
        return DrawnProblem(problem, expression.commutative_hash[None], requests, good)

    def _value(self, rng: RandomStream, entropy: Int, scope: Scope) -> Numbers:
        """Draw the values; half of them are fractions where the level has fractions."""
        top, bottom = rng.integer(entropy), np.ones_like(entropy)
        is_fraction = rng.bernoulli() & (self.setting("fractions", scope) > 0)
        rows = np.flatnonzero(is_fraction)
        top[rows], bottom[rows] = rationals.draw_rational(rng.take(rows), entropy[rows])
        return Numbers(top, bottom, np.zeros(len(top), np.bool_))

    def _length(self, rng: RandomStream, entropy: Int, scope: Scope) -> tuple[Int, Int]:
        """Draw the number of operations, and return it with the entropy left for them.

        Several trees are the same expression, so the entropy of the choice of a tree is added.
        """
        minimum, maximum = self.setting("fewest", scope), self.setting("most", scope)
        by_entropy = maximum == 0
        minimum = np.where(by_entropy, MIN_OPERATIONS, minimum)
        maximum = np.where(by_entropy, MIN_OPERATIONS + entropy // (2 * UNIT), maximum)
        used = np.where(by_entropy, log10_units(maximum - minimum + 1), 0)
        count = rng.randint(minimum, maximum)
        return count, entropy - used + _tree_entropy().take(count)

    def question(self, problem: CalculationProblem, scope: Scope) -> pa.StringArray:
        return fill_strings(problem.wording, _QUESTIONS.of(self.version), it=problem.rendered())

    def answer(self, problem: CalculationProblem, scope: Scope) -> pa.StringArray:
        return text.join(problem.value.rendered())

    def defines(self, value: Value) -> Bool:
        return ~value.decimal if isinstance(value, Numbers) else super().defines(value)

    def sentence(self, problem: CalculationProblem, scope: Scope) -> pa.StringArray:
        sentences = _DEFINITIONS.of(self.version)
        return fill_strings(scope.pick(len(sentences)), sentences, x=scope.letter(0), it=problem.rendered())


def _hide_leaves(rng: RandomStream, scope: Scope, expression: Expressions) -> tuple[Int, list[Request]]:
    """Letters for the leaves that child modules define, int64 (k, n), -1: none; and the requests for these."""
    rng, codes = rng.fork(), np.full(expression.kind.shape, -1)
    rows = np.flatnonzero(scope.modules > 1)
    if not len(rows):
        return codes, []
    expression, scope, rng = expression.take(rows), scope.take(rows), rng.take(rows)
    leaves = expression.kind == LEAF
    maximum = np.minimum(scope.modules - 1, leaves.sum(axis=0))
    position = np.argsort(rng.permutation(len(leaves), leaves), axis=0)
    live = leaves & (position < rng.randint(1, maximum))
    named = scope.hide(rng, [Numbers.integers(value) for value in expression.value], live)
    codes[:, rows] = named.codes
    return codes, named.requests or []


@cache
def _tree_entropy() -> Int:
    """The entropy of the choice among all binary trees with 0, 1, 2, ... operations."""
    return log10_units(np.array([comb(2 * n, n) // (n + 1) for n in range(20)]))


_BY_ENTROPY = {"fewest": 0, "most": 0}  # the number of operations follows from the entropy
_FRACTIONS, _INTEGERS = {**_BY_ENTROPY, "fractions": 1}, {**_BY_ENTROPY, "fractions": 0}
_LONGER = {"fewest": 9, "most": 11, "fractions": 0}


def _axes(published: str) -> tuple[DifficultyLevel, ...]:
    longer = DifficultyLevel("longer", (10, 12), settings=_LONGER, published=published, apart=True)
    return (
        longer,
        DifficultyLevel("bigger", (10, 12)),
        DifficultyLevel("composed", (3, 10), modules=(2, 4), apart=True),
    )


MODULES = (
    Calculate(
        "arithmetic__add_sub_multiple",
        version=2,
        settings=_INTEGERS,
        axes=_axes("arithmetic__add_sub_multiple_longer"),
        products=False,
    ).holding(easy=150_000),
    Calculate(
        "arithmetic__mul_div_multiple",
        version=2,
        settings=_FRACTIONS,
        axes=_axes("arithmetic__mul_div_multiple_longer"),
        sums=False,
    ).holding(easy=150_000),
    Calculate(
        "arithmetic__mixed", version=2, settings=_FRACTIONS, axes=_axes("arithmetic__mixed_longer")
    ).holding(easy=200_000),
)
