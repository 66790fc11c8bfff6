"""Derivatives of polynomials in one variable, which child modules may define."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.calculus.wording import derivative_wording, ordinal_text, question_text
from mathbench.generators.deepmind.kernel import fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import draw_coefficients
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings, fill_strings, place_in_rows
from mathbench.generators.deepmind.kernel.values import Polynomials
from mathbench.hashing import Int

_DEFINITIONS = Wordings(
    ("Let {f}({x}) be the {nth} derivative of {sum}. ",),
    added=("Suppose {f}({x}) is the {nth} derivative of {sum}. ",),
)
_MAX_ORDER = 5
_MAX_DEGREE = 3
# numerator or denominator of a coefficient that this module defines for its parent
_MAX_COEFFICIENT = 1 << 40


@dataclass(frozen=True)
class DerivedProblem(Columns):
    """A polynomial and one of its derivatives.

    Attributes:
        integrand: the polynomial.
        value: its derivative.
        order: int64 (n,), 1 for the first derivative.
        wording: int64 (n,).
    """

    integrand: HiddenValues
    value: Polynomials
    order: Int
    wording: Int


@dataclass(frozen=True)
class Derivative(Module):
    """Find a derivative of a polynomial in one variable that is defined by other modules."""

    summary: ClassVar[str] = "Let f(x) = 3*x**2 + x**2. Differentiate f(y) wrt y. -> 8*y"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        order = rng.randint(self.setting("least_order", scope), self.setting("most_order", scope))
        # less the decimal logarithm of three orders
        left = np.maximum(scope.own_entropy() - entropy_units(0.4771), 0)
        constants = draw_coefficients(rng, order - 1, left, np.ones_like(order))
        if not isinstance(value, Polynomials):
            degree = rng.randint_below(_MAX_DEGREE + 1 + 0 * order)
            value = _differentiate(
                _raised(draw_coefficients(rng, degree, left, np.ones_like(order)), order), order
            )
        integrand = _add_constants(_integrate(value, order), constants)
        powers = np.arange(len(integrand.top))[:, None]
        words = fingerprints.hash_words(powers, integrand.top, integrand.bottom)
        canonical = fingerprints.hash_list(order, fingerprints.hash_set(words, integrand.top != 0))
        named = scope.hide(rng, [integrand])
        wording = derivative_wording(rng, order, scope.modules == 1, self.version)
        problem = DerivedProblem(named, value, order, wording)
        return DrawnProblem(problem, canonical, named.requests or ())

    def question(self, problem: DerivedProblem, scope: Scope) -> pa.StringArray:
        return question_text(
            problem.wording, problem.order, self._expression(problem, scope), scope.letter(1), self.version
        )

    def answer(self, problem: DerivedProblem, scope: Scope) -> pa.StringArray:
        return MultivariateTerms.from_polynomial(problem.value, scope.code(1)).rendered()

    def defines(self, value: Value) -> Bool:
        if not isinstance(value, Polynomials):
            return super().defines(value)
        fits = (np.abs(value.top) <= _MAX_COEFFICIENT) & (value.bottom <= _MAX_COEFFICIENT)
        return np.asarray(fits.all(axis=0))

    def sentence(self, problem: DerivedProblem, scope: Scope) -> pa.StringArray:
        sentences = _DEFINITIONS.of(self.version)
        return fill_strings(
            scope.pick(len(sentences)),
            sentences,
            f=scope.letter(0),
            x=scope.letter(1),
            nth=ordinal_text(problem.order),
            sum=self._expression(problem, scope),
        )

    def _expression(self, problem: DerivedProblem, scope: Scope) -> pa.StringArray:
        """The polynomial, or the function that a child module defines, in the variable `scope.letter(1)`."""
        named, (values,) = problem.integrand, problem.integrand.values
        if not isinstance(values, Polynomials):
            raise TypeError("the integrand is no polynomial")
        hidden = named.hidden(0)
        rows = np.flatnonzero(~hidden)
        shown = MultivariateTerms.from_polynomial(values.take(rows), scope.code(1).take(rows)).rendered()
        return fill_strings(
            hidden.astype(np.int64),
            ("{sum}", "{f}({x})"),
            sum=place_in_rows(shown, rows, len(hidden)),
            f=named.letter(0),
            x=scope.letter(1),
        )


def _differentiate(top: Int, order: Int) -> Polynomials:
    """Derivatives of polynomials with integer coefficients.

    Args:
        top: int64 (d + 1, n); row i belongs to the power i.
        order: int64 (n,).
    """
    powers = np.arange(1, len(top))[:, None]
    for step in range(int(order.max(initial=0))):
        lower = np.pad(top[1:] * powers, ((0, 1), (0, 0)))
        top = np.where(step < order, lower, top)
    return Polynomials.integers(top)


def _raised(top: Int, order: Int) -> Int:
    """Raise the power of every coefficient by the order."""
    for step in range(_MAX_ORDER):
        top = np.pad(top, ((0, 1), (0, 0)))
        top = np.where(step < order, np.roll(top, 1, axis=0), top)
    return top


def _integrate(value: Polynomials, order: Int) -> Polynomials:
    """Integrate `order` times, with all constants zero."""
    top, bottom = value.top, value.bottom
    for step in range(int(order.max(initial=0))):
        powers = np.arange(1, len(top) + 1)[:, None]
        common = np.gcd(top, powers)
        here, above = step < order, (((0, 1), (0, 0)), ((1, 0), (0, 0)))
        top = np.where(here, np.pad(top // common, above[1]), np.pad(top, above[0]))
        bottom = np.where(
            here,
            np.pad(bottom * (powers // common), above[1], constant_values=1),
            np.pad(bottom, above[0], constant_values=1),
        )
    return Polynomials(top, np.where(top == 0, 1, bottom))


def _add_constants(integrand: Polynomials, constants: Int) -> Polynomials:
    """Add the terms that vanish in the derivative, whose powers do not occur in the integrand."""
    more = len(integrand.top) - len(constants)
    return Polynomials(integrand.top + np.pad(constants, ((0, more), (0, 0))), integrand.bottom)
