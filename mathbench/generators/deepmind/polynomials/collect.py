"""Sums with like terms to collect."""

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
from mathbench.generators.deepmind.kernel.templates import Wordings, fill_strings
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.generators.deepmind.polynomials.like_terms import split_count, split_terms
from mathbench.hashing import Int

T = TypeVar("T", np.int64, np.bool_)

_QUESTIONS = Wordings(
    ("Collect the like terms of {sum}.", "Simplify {sum}.", "Put like terms together: {sum}."),
    added=("Combine the like terms in {sum}.",),
)
_DEFINITIONS = Wordings(
    ("Let {f}({x}) = {sum}. ",), added=("Suppose {f}({x}) is {sum}. ", "Put {f}({x}) = {sum}. ")
)
_MAX_BELOW = 5  # modules below another
_MIN_TERMS = 3  # rows of terms, so that there are enough constants to choose from


@dataclass(frozen=True)
class CollectionProblem(Columns):
    """A sum with like terms.

    Attributes:
        terms: the sum, in the order of its text.
        value: the simplified polynomial.
        wording: int64 (n,).
    """

    terms: MultivariateTerms
    value: Polynomials
    wording: Int


@dataclass(frozen=True)
class Collect(Module):
    """Collect the like terms of a sum.

    A polynomial with fractions, which only another module requests, is written with its terms in random order,
    including zero terms. Only its integer constants may be hidden.
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
        canonical = fingerprints.hash_list(fingerprints.hash_set(words, terms.live))
        shown, requests = _hide_constants(rng, scope, terms.shuffled(rng))
        return DrawnProblem(
            CollectionProblem(shown, value, rng.randint_below(len(_QUESTIONS.of(self.version)))),
            canonical,
            requests,
        )

    def _value(self, rng: RandomStream, scope: Scope) -> tuple[Polynomials, Int]:
        shares = rng.dirichlet(scope.own_entropy(), np.array([[2], [3]]))
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        values = draw_coefficients(rng, degree, shares[0], np.ones_like(degree))
        return Polynomials.integers(values), shares[1]

    def question(self, problem: CollectionProblem, scope: Scope) -> pa.StringArray:
        return fill_strings(problem.wording, _QUESTIONS.of(self.version), sum=self.expression(problem))

    def answer(self, problem: CollectionProblem, scope: Scope) -> pa.StringArray:
        return MultivariateTerms.from_polynomial(problem.value, scope.code(1)).rendered()

    def defines(self, value: Value) -> Bool:
        return np.full(value.top.shape[-1], isinstance(value, Polynomials))

    def sentence(self, problem: CollectionProblem, scope: Scope) -> pa.StringArray:
        sentences = _DEFINITIONS.of(self.version)
        return fill_strings(
            scope.pick(len(sentences)),
            sentences,
            f=scope.letter(0),
            x=scope.letter(1),
            sum=self.expression(problem),
        )

    def expression(self, problem: CollectionProblem) -> pa.StringArray:
        """The sum as text, in the variable `scope.letter(1)`."""
        return problem.terms.rendered(fraction_last=False)


def _terms(
    rng: RandomStream, value: Polynomials, entropy: Int, more: Int, variable: Int
) -> MultivariateTerms:
    """The terms of polynomials, with several per power where there are no fractions."""
    integer = value.integer
    coefficients, entropy = value.top * integer, entropy * integer
    like = split_terms(rng, coefficients, entropy, split_count(rng, coefficients, entropy, more), variable)
    rows = max(len(like.top), len(value.top), _MIN_TERMS)
    powers = np.broadcast_to(np.arange(len(value.top))[:, None], value.top.shape)
    highest = np.where(value.top != 0, powers, 0).max(axis=0)
    return MultivariateTerms(
        top=np.where(integer, _padded(like.top, rows), _padded(value.top, rows)),
        bottom=np.where(integer, 1, np.maximum(_padded(value.bottom, rows), 1)),
        power=np.where(integer, _padded(like.power[0], rows), np.arange(rows)[:, None])[None],
        live=np.where(integer, _padded(like.live, rows), np.arange(rows)[:, None] <= highest),
        variable=variable[None],
    )


def _padded(table: Int | Bool, rows: int) -> Int:
    return np.pad(table, ((0, rows - len(table)), (0, 0)))


def _interleave(coefficients: NDArray[T], powers: NDArray[T]) -> NDArray[T]:
    """Interleave the values of coefficients and powers, (2 t, n)."""
    return np.stack([coefficients, powers], axis=1).reshape(-1, coefficients.shape[1])


def _hide_constants(
    rng: RandomStream, scope: Scope, terms: MultivariateTerms
) -> tuple[MultivariateTerms, Sequence[Request]]:
    """Replace some coefficients and exponents of sums in one variable by letters that child modules define."""
    rng, below = rng.fork(), scope.modules - 1
    if not below.any():
        return terms, ()
    power, size = terms.power[0], np.abs(terms.top)
    constant = terms.live & (terms.bottom == 1) & ((power == 0) | (size != 1))
    eligible = _interleave(constant, terms.live & (power > 1))
    count = np.minimum(
        eligible.sum(axis=0), rng.randint(1, np.maximum(np.minimum(below, eligible.sum(axis=0)), 1))
    )
    chosen = rng.permutation(len(eligible), eligible)[:_MAX_BELOW]
    values = np.take_along_axis(_interleave(size, power), chosen, axis=0)
    live = np.arange(_MAX_BELOW)[:, None] < count
    parts = scope.hide(rng, [Numbers.integers(value) for value in values], live)
    names = np.full(eligible.shape, -1)
    np.put_along_axis(names, chosen, parts.codes, axis=0)
    return replace(terms, names=np.stack([names[::2], names[1::2]])), parts.requests or ()
