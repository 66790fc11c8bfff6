"""Calculations: expressions of several operations."""

from dataclasses import dataclass
from functools import cache
from math import comb
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.expressions import Expressions, drawn
from mathbench.generators.deepmind.kernel import rationals
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import Drawn, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT, logarithm
from mathbench.generators.deepmind.kernel.expression_trees import LEAF
from mathbench.generators.deepmind.kernel.module import Level, Module
from mathbench.generators.deepmind.kernel.random import Bool, Chance
from mathbench.generators.deepmind.kernel.scope import Request, Scope
from mathbench.generators.deepmind.kernel.templates import filled
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

_ASKED = (
    "{it}",
    "What is {it}?",
    "Compute {it}.",
    "Find the value of {it}.",
    "Work out {it}.",
)
FEWEST = 3  # operations in a calculation


@dataclass(frozen=True)
class Calculation(Columns):
    """An expression and what it is worth.

    Attributes:
        expression: the expression.
        value: its value.
        codes: int64 (k, n), the letters that stand for its leaves, -1: none.
        wording: int64 (n,), which of the wordings.
    """

    expression: Expressions
    value: Numbers
    codes: Int
    wording: Int

    def written(self) -> pa.StringArray:
        """The expression as text, strings (n,)."""
        return self.expression.written(self.codes)


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

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance, entropy = scope.chance(), scope.own()
        if not isinstance(value, Numbers):
            for_value = np.maximum(entropy // 4, UNIT)
            value = self._value(chance, for_value, scope)
            entropy = np.maximum(entropy - for_value, UNIT)
        count, entropy = self._length(chance, entropy, scope)
        expression, good = drawn(chance, value, count, entropy, self.sums, self.products)
        codes, requests = _hidden(chance, scope, expression)
        problem = Calculation(expression, value, codes, chance.below(len(_ASKED)))
        return Drawn(problem, expression.likeness[None], requests, good)

    def _value(self, chance: Chance, entropy: Int, scope: Scope) -> Numbers:
        """What comes out; where fractions may, every other one is a fraction."""
        top, bottom = chance.integer(entropy), np.ones_like(entropy)
        broken = chance.coin() & (self.setting("fractions", scope) > 0)
        rows = np.flatnonzero(broken)
        top[rows], bottom[rows] = rationals.rational(chance.take(rows), entropy[rows])
        return Numbers(top, bottom, np.zeros(len(top), np.bool_))

    def _length(self, chance: Chance, entropy: Int, scope: Scope) -> tuple[Int, Int]:
        """How many operations; and the entropy left for them.

        Expressions are drawn as trees, and several trees make one expression: their number is made up for.
        """
        fewest, most = self.setting("fewest", scope), self.setting("most", scope)
        by_entropy = most == 0
        fewest = np.where(by_entropy, FEWEST, fewest)
        most = np.where(by_entropy, FEWEST + entropy // (2 * UNIT), most)
        used = np.where(by_entropy, logarithm(most - fewest + 1), 0)
        count = chance.between(fewest, most)
        return count, entropy - used + _trees().take(count)

    def question(self, problem: Calculation, scope: Scope) -> pa.StringArray:
        return filled(problem.wording, _ASKED, it=problem.written())

    def answer(self, problem: Calculation, scope: Scope) -> pa.StringArray:
        return text.join(problem.value.written())

    def defines(self, value: Value) -> Bool:
        if not isinstance(value, Numbers):
            return np.zeros(value.top.shape[-1], np.bool_)
        return ~value.decimal

    def sentence(self, problem: Calculation, scope: Scope) -> pa.StringArray:
        same = np.zeros(len(scope), dtype=np.int64)
        return filled(same, ("Let {x} be {it}. ",), x=scope.letter(0), it=problem.written())


def _hidden(chance: Chance, scope: Scope, expression: Expressions) -> tuple[Int, list[Request]]:
    """Letters for leaves that modules below define, int64 (k, n), -1: none; and what these must define."""
    chance, codes = chance.fork(), np.full(expression.kind.shape, -1)
    rows = np.flatnonzero(scope.modules > 1)
    if not len(rows):
        return codes, []
    some, scope, chance = expression.take(rows), scope.take(rows), chance.take(rows)
    leaves = some.kind == LEAF
    most = np.minimum(scope.modules - 1, leaves.sum(axis=0))
    place = np.argsort(chance.order(len(leaves), leaves), axis=0)
    live = leaves & (place < chance.between(1, most))
    named = scope.hide(chance, [Numbers.integers(value) for value in some.value], live)
    codes[:, rows] = named.codes
    return codes, named.requests or []


@cache
def _trees() -> Int:
    """The entropy of all binary trees with 0, 1, 2, ... operations."""
    return logarithm(np.array([comb(2 * n, n) // (n + 1) for n in range(20)]))


_BY_ENTROPY = {"fewest": 0, "most": 0}  # as many operations as the entropy says
_FRACTIONS, _INTEGERS = {**_BY_ENTROPY, "fractions": 1}, {**_BY_ENTROPY, "fractions": 0}
_LONGER = {"fewest": 9, "most": 11, "fractions": 0}


def _axes(published: str) -> tuple[Level, ...]:
    longer = Level("longer", (10, 12), settings=_LONGER, published=published, apart=True)
    return (longer, Level("bigger", (10, 12)), Level("composed", (3, 10), modules=(2, 4), apart=True))


MODULES = (
    Calculate(
        "arithmetic__add_sub_multiple",
        settings=_INTEGERS,
        axes=_axes("arithmetic__add_sub_multiple_longer"),
        products=False,
    ).holding(easy=150_000),
    Calculate(
        "arithmetic__mul_div_multiple",
        settings=_FRACTIONS,
        axes=_axes("arithmetic__mul_div_multiple_longer"),
        sums=False,
    ).holding(easy=150_000),
    Calculate("arithmetic__mixed", settings=_FRACTIONS, axes=_axes("arithmetic__mixed_longer")).holding(
        easy=200_000
    ),
)
