"""Simplification of powers of one variable."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.generators.deepmind.polynomials.power_expressions import (
    PowerExpressions,
    draw_power_expressions,
)
from mathbench.hashing import Int
from mathbench.numbers import text

_QUESTIONS = Wordings(
    (
        "Simplify {it}, where {x} is positive.",
        "Simplify {it} for positive {x}.",
        "Let {x} be positive. Simplify {it}.",
    ),
    added=("Assuming that {x} is positive, simplify {it}.",),
)
_FORMS = ("1", "{x}", "1/{x}", "sqrt({x})", "1/sqrt({x})", "{x}**{r}", "{x}**({r})")


@dataclass(frozen=True)
class SimplifiedProblem(Columns):
    """An expression and its value as a power.

    Attributes:
        expression: the expression.
        top, bottom: int64 (n,), the exponent.
        wording: int64 (n,).
    """

    expression: PowerExpressions
    top: Int
    bottom: Int
    wording: Int


@dataclass(frozen=True)
class SimplifyPower(Module):
    """Simplify products, quotients and powers of powers of a positive variable."""

    summary: ClassVar[str] = "Simplify x**2/x*x**(1/2) for positive x. -> x**(3/2)"
    symmetry: ClassVar[str] = "order of factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        maximum = self.setting("exponent_decades", scope) * UNIT
        found = draw_power_expressions(rng, scope.own_entropy(), maximum, scope.code(0))
        wording = rng.randint_below(len(_QUESTIONS.of(self.version)))
        problem = SimplifiedProblem(found.shown, found.top, found.bottom, wording)
        return DrawnProblem(problem, fingerprints.hash_list(found.word), good=found.good)

    def question(self, problem: SimplifiedProblem, scope: Scope) -> pa.StringArray:
        return templates.fill_strings(
            problem.wording, _QUESTIONS.of(self.version), it=problem.expression.rendered(), x=scope.letter(0)
        )

    def answer(self, problem: SimplifiedProblem, scope: Scope) -> pa.StringArray:
        top, bottom = problem.top, problem.bottom
        exponent = Numbers(top, bottom, np.zeros(len(top), np.bool_)).rendered()
        special = [top == 0, *((top == k) & (bottom == m) for m in (1, 2) for k in (1, -1))]
        form = np.select([*special, (bottom == 1) & (top > 0)], range(6), 6)
        return text.join(templates.fill_template(form, _FORMS, x=scope.letter(0), r=exponent))
