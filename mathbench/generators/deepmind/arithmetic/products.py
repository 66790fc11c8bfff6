"""Products of two numbers: integers and decimals."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.operand_pairs import share_entropy
from mathbench.generators.deepmind.arithmetic.two_numbers import TwoNumbersProblem, hide_values
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.decimals import Decimals
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded, sorted_pair
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.numbers import text

_WORDINGS = Wordings(
    (
        "{p}*{q}",
        "{p} * {q}",
        "What is {p} * {q}?",
        "What is {p} times {q}?",
        "Multiply {p} by {q}.",
        "Find {p} * {q}.",
        "Compute {p}*{q}.",
        "Give the product of {p} and {q}.",
        "What do you get by multiplying {p} by {q}?",
    ),
    added=("Calculate {p} multiplied by {q}.", "Work out the product of {p} and {q}."),
)


@dataclass(frozen=True)
class Mul(Module):
    """Multiply two numbers, integers or decimals.

    Source: arithmetic__mul of Saxton et al. (2019), which is not composed. Here the level `composed` has numbers that
    further modules define.
    """

    summary: ClassVar[str] = "What is -0.5 times 12? -> -6"
    symmetry: ClassVar[str] = "order of the factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        p, q = (
            Decimals.draw(rng, share, rng.bernoulli()) for share in share_entropy(rng, scope.own_entropy())
        )
        result = Decimals(p.low * q.low, p.places + q.places).shortened()
        codes, requests = hide_values(rng, scope, p, q)
        first, second = (sign_folded(np.stack([number.low, number.places])) for number in (p, q))
        canonical = sorted_pair(first, second, np.ones(len(scope), np.bool_))
        return DrawnProblem(
            TwoNumbersProblem(p, q, result, codes, rng.randint_below(len(_WORDINGS.of(self.version)))),
            canonical,
            requests,
        )

    def question(self, problem: TwoNumbersProblem, scope: Scope) -> pa.StringArray:
        return problem.questions(_WORDINGS.of(self.version))

    def answer(self, problem: TwoNumbersProblem, scope: Scope) -> pa.StringArray:
        return text.join(problem.result.rendered())


MODULES = (
    Mul(
        "arithmetic__mul",
        version=2,
        axes=(
            DifficultyLevel("bigger", (10, 12), published="arithmetic__mul_big"),
            DifficultyLevel("composed", (3, 10), modules=(2, 3), apart=True),
        ),
    ).holding(easy=60_000, medium=500_000),
)
