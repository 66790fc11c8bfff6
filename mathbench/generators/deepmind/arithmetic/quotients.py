"""Quotients of two integers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.operand_pairs import share_entropy
from mathbench.generators.deepmind.arithmetic.two_numbers import TwoNumbersProblem, hide_values
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.decimals import Decimals
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.numbers import text

_WORDINGS = Wordings(
    (
        "Divide {p} by {q}.",
        "{p} divided by {q}",
        "What is {p} divided by {q}?",
        "What do you get by dividing {p} by {q}?",
        "Compute the quotient of {p} and {q}.",
    ),
    added=("Calculate the quotient of {p} and {q}.",),
)


@dataclass(frozen=True)
class Div(Module):
    """Divide two integers; half of the quotients are drawn as integers.

    Source: arithmetic__div of Saxton et al. (2019), which is not composed. Here the level `composed` has numbers that
    further modules define.
    """

    summary: ClassVar[str] = "Divide -12 by 8. -> -3/2"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        for_p, for_q = share_entropy(rng, scope.own_entropy())
        p, q = rng.integer(for_p), rng.integer(for_q, minimum=1)
        p = np.where(rng.bernoulli(), p * q, p)
        dividend, divisor = (Decimals(number, np.zeros_like(number)) for number in (p, q))
        codes, requests = hide_values(rng, scope, dividend, divisor)
        wording = rng.randint_below(len(_WORDINGS.of(self.version)))
        problem = TwoNumbersProblem(dividend, divisor, Numbers.rationals(p, q), codes, wording)
        return DrawnProblem(problem, sign_folded(np.stack([p, q])), requests)

    def question(self, problem: TwoNumbersProblem, scope: Scope) -> pa.StringArray:
        return problem.questions(_WORDINGS.of(self.version))

    def answer(self, problem: TwoNumbersProblem, scope: Scope) -> pa.StringArray:
        return text.join(problem.result.rendered())


MODULES = (
    Div(
        "arithmetic__div",
        version=2,
        axes=(
            DifficultyLevel("bigger", (10, 12), published="arithmetic__div_big"),
            DifficultyLevel("composed", (3, 10), modules=(2, 3), apart=True),
        ),
    ).holding(easy=30_000, medium=400_000),
)
