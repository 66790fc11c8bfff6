"""Remainders and divisibility."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

TRUTH_VALUES = ("False", "True")
_REMAINDER_QUESTIONS = Wordings(
    (
        "What remainder does {p} leave when divided by {q}?",
        "Find the remainder of {p} divided by {q}.",
        "Divide {p} by {q} and give the remainder.",
        "What is left over when {p} is divided by {q}?",
    ),
    added=("Calculate the remainder of {p} after division by {q}.",),
)
_FACTOR_QUESTIONS = Wordings(
    (
        "Is {number} divisible by {factor}?",
        "Is {factor} a divisor of {number}?",
        "Is {number} a multiple of {factor}?",
        "Does {factor} divide {number} without a remainder?",
    ),
    added=("Does {number} have {factor} as a factor?",),
)
_EVEN_QUESTIONS = ("Is {number} even?", "Is {number} an even number?")


@dataclass(frozen=True)
class RemainderProblem(Columns):
    """The terms p and q, and p modulo q."""

    terms: HiddenValues
    remainder: Int
    wording: Int


@dataclass(frozen=True)
class DivRemainder(Module):
    """Find the remainder of a division."""

    summary: ClassVar[str] = "What remainder does 45 leave when divided by 7? -> 3"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own = scope.rng(), scope.own_entropy()
        for_remainder = UNIT + rng.randint_below(own // 3 + 1)
        rest = np.maximum(own - for_remainder, 0)
        remainder = rng.integer(for_remainder, signed=False)
        for_quotient = rng.randint_below(rest + 1)
        quotient = rng.integer(for_quotient, signed=False, minimum=1)
        q = remainder + rng.integer(rest - for_quotient, signed=False, minimum=1)
        p = quotient * q + remainder
        terms = scope.hide(rng, [Numbers.integers(p), Numbers.integers(q)])
        wording = rng.randint_below(len(_REMAINDER_QUESTIONS.of(self.version)))
        problem = RemainderProblem(terms, remainder, wording)
        return DrawnProblem(problem, np.stack([p, q]), terms.requests or ())

    def question(self, problem: RemainderProblem, scope: Scope) -> pa.StringArray:
        p, q = (problem.terms.number(slot) for slot in range(2))
        requested = _REMAINDER_QUESTIONS.of(self.version)
        return text.join(templates.fill_template(problem.wording, requested, p=p, q=q))

    def answer(self, problem: RemainderProblem, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.remainder, 10))


@dataclass(frozen=True)
class DivisibilityProblem(Columns):
    """A number, a possible factor, and whether it divides the number."""

    number: HiddenValues
    factor: Int
    divides: Bool
    wording: Int


@dataclass(frozen=True)
class IsFactor(Module):
    """Decide whether a number is divisible by another; half of the answers are true."""

    summary: ClassVar[str] = "Is 91 divisible by 7? -> True"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own = scope.rng(), scope.own_entropy()
        for_factor = UNIT + rng.randint_below(own // 3 + 1)
        factor = rng.integer(for_factor, signed=False, minimum=2)
        number = factor * rng.integer(own - for_factor, signed=False, minimum=1)
        divides = rng.bernoulli()
        number += np.where(divides, 0, rng.randint(1, factor - 1))
        named = scope.hide(rng, [Numbers.integers(number)])
        wordings = len(_FACTOR_QUESTIONS.of(self.version)) + len(_EVEN_QUESTIONS) * (factor == 2)
        problem = DivisibilityProblem(named, factor, divides, rng.randint_below(wordings))
        return DrawnProblem(problem, np.stack([factor, number]), named.requests or ())

    def question(self, problem: DivisibilityProblem, scope: Scope) -> pa.StringArray:
        number, factor = problem.number.number(0), text.number(problem.factor, 10)
        requested = (*_FACTOR_QUESTIONS.of(self.version), *_EVEN_QUESTIONS)
        return text.join(templates.fill_template(problem.wording, requested, number=number, factor=factor))

    def answer(self, problem: DivisibilityProblem, scope: Scope) -> pa.StringArray:
        return text.choose_text(problem.divides.astype(np.int64), TRUTH_VALUES)
