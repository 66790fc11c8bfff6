"""Expansion of expressions with brackets."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import fill_strings
from mathbench.generators.deepmind.kernel.values import Polynomials
from mathbench.generators.deepmind.polynomials.bracketed_sums import BracketedSum, draw_bracketed
from mathbench.hashing import Int

_QUESTIONS = ("Expand {it}.", "Multiply out {it}.", "Write {it} without brackets.")


@dataclass(frozen=True)
class ExpansionProblem(Columns):
    """An expression with brackets and its expansion.

    Attributes:
        expression: the expression.
        value: the expanded polynomial, in the order of its text.
        wording: int64 (n,).
    """

    expression: BracketedSum
    value: MultivariateTerms
    wording: Int


@dataclass(frozen=True)
class Expand(Module):
    """Expand an expression with brackets in one variable.

    An expression whose highest terms cancel is drawn again as a whole. The original draws a part of it again.
    """

    summary: ClassVar[str] = "Expand (x + 1)*(2*x - 3). -> 2*x**2 - x - 3"
    symmetry: ClassVar[str] = "order of terms and of factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        # less the decimal logarithm of five degrees
        entropy = np.maximum(scope.own_entropy() - entropy_units(0.699), 0)
        found = draw_bracketed(rng, degree, entropy, scope.code(0), self.setting("more_terms", scope))
        shown = MultivariateTerms.from_polynomial(Polynomials.integers(found.value), scope.code(0))
        problem = ExpansionProblem(found.shown, shown, rng.randint_below(len(_QUESTIONS)))
        return DrawnProblem(
            problem, fingerprints.hash_list(found.word), good=found.good & (shown.lengths() <= 30)
        )

    def question(self, problem: ExpansionProblem, scope: Scope) -> pa.StringArray:
        return fill_strings(problem.wording, _QUESTIONS, it=problem.expression.rendered())

    def answer(self, problem: ExpansionProblem, scope: Scope) -> pa.StringArray:
        return problem.value.rendered()
