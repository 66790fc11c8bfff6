"""Like terms put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.generators.deepmind.kernel import fingerprints
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.polynomial_text import MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import draw_coefficients
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Request, Scope
from mathbench.generators.deepmind.kernel.templates import fill_strings
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.generators.deepmind.polynomials.like_terms import split_count, split_terms
from mathbench.hashing import Int

T = TypeVar("T", np.int64, np.bool_)

_QUESTIONS = ("Collect the like terms of {sum}.", "Simplify {sum}.", "Put like terms together: {sum}.")
_MAX_BELOW = 5  # modules below another
_FEWEST_ROWS = 3  # of terms, so that they have enough constants to choose so many from


@dataclass(frozen=True)
class CollectionProblem(Columns):
    """A sum of terms, some of them alike.

    Attributes:
        terms: the sum as it is shown.
        value: the polynomial that it is.
        wording: int64 (n,).
    """

    terms: MultivariateTerms
    value: Polynomials
    wording: Int


@dataclass(frozen=True)
class Collect(Module):
    """Put the like terms of a sum together.

    A polynomial that another module wants and that has fractions is shown with its terms in random order, those
    that are zero included; of its constants only the integers may be hidden.
    """

    summary: ClassVar[str] = "Collect the like terms of 2*x - 3 + 4*x. -> 6*x - 3"
    brief: ClassVar[bool] = True
    symmetry: ClassVar[str] = "order of the terms"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, rest = scope.rng(), scope.own_entropy()
        if not isinstance(value, Polynomials):
            value, rest = self._value(rng, scope)
        terms = _terms(rng, value, rest, self.setting("more_terms", scope), scope.code(1))
        words = fingerprints.hash_words(terms.power[0], terms.top, terms.bottom)
        drawn = fingerprints.hash_list(fingerprints.hash_set(words, terms.live))
        shown, requests = _hide_constants(rng, scope, terms.shuffled(rng))
        return DrawnProblem(
            CollectionProblem(shown, value, rng.randint_below(len(_QUESTIONS))), drawn, requests
        )

    def _value(self, rng: RandomStream, scope: Scope) -> tuple[Polynomials, Int]:
        shares = rng.dirichlet(scope.own_entropy(), np.array([[2], [3]]))
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        values = draw_coefficients(rng, degree, shares[0], np.ones_like(degree))
        return Polynomials.integers(values), shares[1]

    def question(self, problem: CollectionProblem, scope: Scope) -> pa.StringArray:
        return fill_strings(problem.wording, _QUESTIONS, sum=self.expression(problem))

    def answer(self, problem: CollectionProblem, scope: Scope) -> pa.StringArray:
        return MultivariateTerms.from_polynomial(problem.value, scope.code(1)).rendered()

    def defines(self, value: Value) -> Bool:
        return np.full(value.top.shape[-1], isinstance(value, Polynomials))

    def sentence(self, problem: CollectionProblem, scope: Scope) -> pa.StringArray:
        let = ("Let {f}({x}) = {sum}. ",)
        same = np.zeros(len(scope), dtype=np.int64)
        return fill_strings(same, let, f=scope.letter(0), x=scope.letter(1), sum=self.expression(problem))

    def expression(self, problem: CollectionProblem) -> pa.StringArray:
        """The sum of unlike and like terms, in the variable `scope.letter(1)`."""
        return problem.terms.rendered(fraction_last=False)


def _terms(
    rng: RandomStream, value: Polynomials, entropy: Int, more: Int, variable: Int
) -> MultivariateTerms:
    """The terms of polynomials, of those without fractions several to a power."""
    whole = value.integer
    coefficients, entropy = value.top * whole, entropy * whole
    like = split_terms(rng, coefficients, entropy, split_count(rng, coefficients, entropy, more), variable)
    rows = max(len(like.top), len(value.top), _FEWEST_ROWS)
    powers = np.broadcast_to(np.arange(len(value.top))[:, None], value.top.shape)
    highest = np.where(value.top != 0, powers, 0).max(axis=0)
    return MultivariateTerms(
        top=np.where(whole, _padded(like.top, rows), _padded(value.top, rows)),
        bottom=np.where(whole, 1, np.maximum(_padded(value.bottom, rows), 1)),
        power=np.where(whole, _padded(like.power[0], rows), np.arange(rows)[:, None])[None],
        live=np.where(whole, _padded(like.live, rows), np.arange(rows)[:, None] <= highest),
        variable=variable[None],
    )


def _padded(table: Int | Bool, rows: int) -> Int:
    return np.pad(table, ((0, rows - len(table)), (0, 0)))


def _interleave(coefficients: NDArray[T], powers: NDArray[T]) -> NDArray[T]:
    """What belongs to the coefficient and to the power of each term, (2 t, n)."""
    return np.stack([coefficients, powers], axis=1).reshape(-1, coefficients.shape[1])


def _hide_constants(
    rng: RandomStream, scope: Scope, terms: MultivariateTerms
) -> tuple[MultivariateTerms, Sequence[Request]]:
    """Have modules below define some of the coefficients and exponents of sums in one variable."""
    rng, below = rng.fork(), scope.modules - 1
    if not below.any():
        return terms, ()
    power, size = terms.power[0], np.abs(terms.top)
    constant = terms.live & (terms.bottom == 1) & ((power == 0) | (size != 1))
    fit = _interleave(constant, terms.live & (power > 1))  # the same place for a term, however many there are
    count = np.minimum(fit.sum(axis=0), rng.randint(1, np.maximum(np.minimum(below, fit.sum(axis=0)), 1)))
    chosen = rng.permutation(len(fit), fit)[:_MAX_BELOW]
    values = np.take_along_axis(_interleave(size, power), chosen, axis=0)
    live = np.arange(_MAX_BELOW)[:, None] < count
    parts = scope.hide(rng, [Numbers.integers(value) for value in values], live)
    names = np.full(fit.shape, -1)
    np.put_along_axis(names, chosen, parts.codes, axis=0)
    return replace(terms, names=np.stack([names[::2], names[1::2]])), parts.requests or ()
