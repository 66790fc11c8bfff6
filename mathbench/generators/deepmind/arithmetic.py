"""Arithmetic: sums, products, quotients, roots and surds."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.compose import Drawn, Value
from mathbench.generators.deepmind.kernel.module import Level, Module
from mathbench.generators.deepmind.kernel.scope import Named, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.task import Int


@dataclass(frozen=True)
class Sum(Columns):
    """p + q or p - q."""

    terms: Named
    minus: Bool
    result: Int
    wording: Int


@dataclass(frozen=True)
class AddOrSub(Module):
    """Add or subtract two numbers."""

    summary: ClassVar[str] = "What is 3 plus 5? -> 8"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance, own = scope.chance(), scope.own()
        minus = chance.coin()
        first = chance.below(own + 1)
        p = chance.integer(first)
        q = chance.integer(own - first)
        if value is not None:
            p = np.where(minus, value.top + q, value.top - q)
        terms = scope.hide(chance, [Numbers.integers(p), Numbers.integers(q)])
        result = np.where(minus, p - q, p + q)
        canonical = np.stack([minus.astype(np.int64), p, q])
        return Drawn(Sum(terms, minus, result, chance.below(2)), canonical, terms.requests or ())

    def question(self, problem: Sum, scope: Scope) -> pa.StringArray:
        asked = ["What is {p} + {q}?", "Add {q} to {p}.", "What is {p} - {q}?", "Take {q} from {p}."]
        choice = problem.wording + 2 * problem.minus
        return text.join(phrases.fill(choice, asked, p=problem.terms.number(0), q=problem.terms.number(1)))

    def answer(self, problem: Sum, scope: Scope) -> pa.StringArray:
        return text.join(phrases.signed(problem.result))

    def defines(self, value: Value) -> Bool:
        return value.integer & isinstance(value, Numbers)

    def sentence(self, problem: Sum, scope: Scope) -> pa.StringArray:
        said = ["Let {x} = {p} + {q}. ", "Let {x} = {p} - {q}. "]
        return text.join(
            phrases.fill(
                problem.minus.astype(np.int64),
                said,
                x=scope.letter(0),
                p=problem.terms.number(0),
                q=problem.terms.number(1),
            )
        )


MODULES = (
    AddOrSub(
        "arithmetic__add_or_sub",
        entropy=(4, 16),
        axes=(Level("bigger", (16, 20), published="arithmetic__add_or_sub_big"),),
    ),
)
