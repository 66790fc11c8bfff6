"""Partial derivatives of polynomials in one to four variables."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.calculus.grid import Grid, draw_grid
from mathbench.generators.deepmind.calculus.wording import MIN_LENGTH, derivative_wording, question_text
from mathbench.generators.deepmind.kernel import fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope, letter_text
from mathbench.hashing import Int

_MAX_DEGREE = 3
_MAX_VARIABLES = 4


@dataclass(frozen=True)
class PartialProblem(Columns):
    """A polynomial and one of its partial derivatives.

    Attributes:
        integrand, value: the polynomial and its derivative, in the order of their text.
        axis: int64 (n,), code of the variable.
        order: int64 (n,), 1 for the first derivative.
        wording: int64 (n,).
    """

    integrand: MultivariateTerms
    value: MultivariateTerms
    axis: Int
    order: Int
    wording: Int


@dataclass(frozen=True)
class PartialDerivative(Module):
    """Find a derivative of a polynomial in several variables.

    Problems whose question or answer would be too long, about half of those drawn, are rejected before writing.
    """

    summary: ClassVar[str] = "Differentiate x**2*y + 3*y wrt y. -> x**2 + 3"
    symmetry: ClassVar[str] = "names of the variables"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        count = rng.randint(1, _MAX_VARIABLES + 0 * scope.row)
        order = rng.randint(self.setting("least_order", scope), self.setting("most_order", scope))
        axis = rng.randint_below(count)
        integrand, derivative = _draw_grids(rng, scope, count, order, axis)
        variable = _variables(scope, count, len(integrand.power))
        shown, result = integrand.terms(variable), derivative.terms(variable)
        named = np.take_along_axis(variable, axis[None], axis=0)[0]
        wording = derivative_wording(rng, order, count == 1, self.version)
        problem = PartialProblem(shown, result, named, order, wording)
        good = (result.lengths() <= 30) & (shown.lengths() <= 160 - MIN_LENGTH)
        canonical, rows = np.zeros((1, len(scope)), np.int64), np.flatnonzero(good)
        word = integrand.take(rows).canonical(axis.take(rows))[0]
        canonical[:, rows] = fingerprints.hash_list(order.take(rows), word)
        return DrawnProblem(problem, canonical, good=good)

    def question(self, problem: PartialProblem, scope: Scope) -> pa.StringArray:
        return question_text(
            problem.wording,
            problem.order,
            problem.integrand.rendered(),
            letter_text(problem.axis),
            self.version,
        )

    def answer(self, problem: PartialProblem, scope: Scope) -> pa.StringArray:
        return problem.value.rendered()


def _draw_grids(rng: RandomStream, scope: Scope, count: Int, order: Int, axis: Int) -> tuple[Grid, Grid]:
    """Draw the polynomial as terms that remain and terms that vanish, of different powers; and its derivative."""
    # less the decimal logarithm of three orders
    left = np.maximum(scope.own_entropy() - entropy_units(0.4771), 0)
    variables, child = np.arange(_MAX_VARIABLES)[:, None], rng.fork()
    degree = np.stack([child.randint(1, _MAX_DEGREE + 0 * count) for _ in variables]) * (variables < count)
    degree = np.where(variables == axis, rng.randint_below(_MAX_DEGREE + 1 + 0 * count), degree)
    remaining = draw_grid(rng.fork(), degree, left).raised(axis, order)
    vanishing = draw_grid(rng.fork(), np.where(variables == axis, order - 1, degree), left)
    return remaining.concatenated(vanishing), remaining.derivative(axis, order)


def _variables(scope: Scope, count: Int, maximum: int) -> Int:
    """Codes of the variables in ascending order, int64 (maximum, n), those in use first."""
    codes = np.stack([np.where(position < count, scope.code(position), 99) for position in range(maximum)])
    return np.sort(codes, axis=0) % 99
