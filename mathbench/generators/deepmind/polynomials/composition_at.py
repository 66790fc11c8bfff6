"""Compositions of two polynomials, at a variable."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.named_functions import NamedFunction
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import compose, draw_coefficients
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.values import Polynomials
from mathbench.generators.deepmind.polynomials.evaluate import QUESTIONS
from mathbench.hashing import Int
from mathbench.numbers import text


@dataclass(frozen=True)
class CompositionProblem(Columns):
    """f(g(x)).

    Attributes:
        parts: f and g.
        value: f(g(x)), in the order of its text.
        wording: int64 (n,).
    """

    parts: HiddenValues
    value: MultivariateTerms
    wording: Int


@dataclass(frozen=True)
class Compose(Module):
    """Compose two polynomials."""

    summary: ClassVar[str] = "Let f(x) = x**2. Let g(x) = x + 1. What is f(g(y))? -> y**2 + 2*y + 1"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        shares = rng.dirichlet(scope.own_entropy(), np.ones((2, 1), dtype=np.int64))
        minimum, maximum = (self.setting(name, scope) for name in ("least_degree", "most_degree"))
        f, g = (
            draw_coefficients(rng, rng.randint(minimum, maximum), share, minimum * 0 + 1) for share in shares
        )
        found, good = compose(f, g)
        parts = scope.hide(rng, [Polynomials.integers(f), Polynomials.integers(g)])
        shown = MultivariateTerms.from_polynomial(Polynomials.integers(found), scope.code(1))
        wording = rng.randint_below(len(QUESTIONS.of(self.version)))
        problem = CompositionProblem(parts, shown, wording)
        words = (fingerprints.hash_polynomial(f), fingerprints.hash_polynomial(g))
        good &= shown.lengths() <= 30
        return DrawnProblem(problem, fingerprints.hash_list(*words), parts.requests or (), good)

    def question(self, problem: CompositionProblem, scope: Scope) -> pa.StringArray:
        f, g = (NamedFunction(problem.parts, slot, scope, name, 0) for slot, name in ((0, 2), (1, 3)))
        opened, closed = text.literal("(", len(scope)), text.literal("))", len(scope))
        it = (*f.letter(), *opened, *g.letter(), *opened, *scope.letter(1), *closed)
        question = text.join(templates.fill_template(problem.wording, QUESTIONS.of(self.version), it=it))
        return templates.join_strings(f.sentence(), g.sentence(), question)

    def answer(self, problem: CompositionProblem, scope: Scope) -> pa.StringArray:
        return problem.value.rendered()
