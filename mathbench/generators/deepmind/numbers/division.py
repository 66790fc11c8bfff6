"""Division with remainder, and whether there is one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import Drawn, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import Named, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

TRUTH = ("False", "True")
_REMAINDER_ASKED = (
    "What remainder does {p} leave when divided by {q}?",
    "Find the remainder of {p} divided by {q}.",
    "Divide {p} by {q} and give the remainder.",
    "What is left over when {p} is divided by {q}?",
)
_FACTOR_ASKED = (
    "Is {number} divisible by {factor}?",
    "Is {factor} a divisor of {number}?",
    "Is {number} a multiple of {factor}?",
    "Does {factor} divide {number} without a remainder?",
)
_EVEN_ASKED = ("Is {number} even?", "Is {number} an even number?")


@dataclass(frozen=True)
class Remainder(Columns):
    """p modulo q."""

    terms: Named
    remainder: Int
    wording: Int


@dataclass(frozen=True)
class DivRemainder(Module):
    """Find the remainder of a division."""

    summary: ClassVar[str] = "What remainder does 45 leave when divided by 7? -> 3"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance, own = scope.chance(), scope.own()
        for_remainder = UNIT + chance.below(own // 3 + 1)
        rest = np.maximum(own - for_remainder, 0)
        remainder = chance.integer(for_remainder, signed=False)
        for_quotient = chance.below(rest + 1)
        quotient = chance.integer(for_quotient, signed=False, least=1)
        q = remainder + chance.integer(rest - for_quotient, signed=False, least=1)
        p = quotient * q + remainder
        terms = scope.hide(chance, [Numbers.integers(p), Numbers.integers(q)])
        problem = Remainder(terms, remainder, chance.below(len(_REMAINDER_ASKED)))
        return Drawn(problem, np.stack([p, q]), terms.requests or ())

    def question(self, problem: Remainder, scope: Scope) -> pa.StringArray:
        p, q = (problem.terms.number(slot) for slot in range(2))
        return text.join(templates.fill(problem.wording, _REMAINDER_ASKED, p=p, q=q))

    def answer(self, problem: Remainder, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.remainder, 10))


@dataclass(frozen=True)
class Divisibility(Columns):
    """Whether a number is a multiple of a factor."""

    number: Named
    factor: Int
    divides: Bool
    wording: Int


@dataclass(frozen=True)
class IsFactor(Module):
    """Say whether a number has a factor; half of the numbers do."""

    summary: ClassVar[str] = "Is 91 divisible by 7? -> True"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance, own = scope.chance(), scope.own()
        for_factor = UNIT + chance.below(own // 3 + 1)
        factor = chance.integer(for_factor, signed=False, least=2)
        number = factor * chance.integer(own - for_factor, signed=False, least=1)
        divides = chance.coin()
        number += np.where(divides, 0, chance.between(1, factor - 1))
        named = scope.hide(chance, [Numbers.integers(number)])
        wordings = len(_FACTOR_ASKED) + len(_EVEN_ASKED) * (factor == 2)
        problem = Divisibility(named, factor, divides, chance.below(wordings))
        return Drawn(problem, np.stack([factor, number]), named.requests or ())

    def question(self, problem: Divisibility, scope: Scope) -> pa.StringArray:
        number, factor = problem.number.number(0), text.number(problem.factor, 10)
        asked = (*_FACTOR_ASKED, *_EVEN_ASKED)
        return text.join(templates.fill(problem.wording, asked, number=number, factor=factor))

    def answer(self, problem: Divisibility, scope: Scope) -> pa.StringArray:
        return text.words(problem.divides.astype(np.int64), TRUTH)
