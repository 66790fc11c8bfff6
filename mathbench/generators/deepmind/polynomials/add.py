"""Sums of multiples of two polynomials."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.named_functions import NamedFunction
from mathbench.generators.deepmind.kernel.polynomial_text import SIGNS, MultivariateTerms
from mathbench.generators.deepmind.kernel.polynomials import draw_coefficients
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.generators.deepmind.polynomials.evaluate import QUESTIONS
from mathbench.generators.deepmind.polynomials.split import split
from mathbench.hashing import Int
from mathbench.numbers import text

_MAX_COEFFICIENT = 10**9  # of a polynomial that this module defines for its parent
_DEFINITIONS = Wordings(
    ("Let {h}({x}) = {it}. ",), added=("Suppose {h}({x}) is {it}. ", "Put {h}({x}) = {it}. ")
)
_A, _B, _F, _G = range(4)


@dataclass(frozen=True)
class MultiplesProblem(Columns):
    """a*f + b*g.

    Attributes:
        parts: a, b, f and g.
        value: the sum.
        wording: int64 (n,).
    """

    parts: HiddenValues
    value: Polynomials
    wording: Int


@dataclass(frozen=True)
class Add(Module):
    """Add multiples of two polynomials that are given by name."""

    summary: ClassVar[str] = "Let f(x) = x + 1. Let g(x) = 2*x. What is 3*f(y) - g(y)? -> y + 3"
    symmetry: ClassVar[str] = "order of the polynomials"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, entropy = scope.rng(), scope.own_entropy()
        if not isinstance(value, Polynomials):
            # less the decimal logarithm of three degrees
            half = np.maximum(entropy - entropy_units(0.4771), 0) // 2
            value, entropy = self._value(rng, scope, half), half
        found = split(rng, value.top, entropy)
        numbers = (Numbers.integers(found.a), Numbers.integers(found.b))
        parts = scope.hide(rng, [*numbers, Polynomials.integers(found.f), Polynomials.integers(found.g)])
        hashes = [
            fingerprints.hash_words(k, fingerprints.hash_polynomial(p))
            for k, p in ((found.a, found.f), (found.b, found.g))
        ]
        canonical = fingerprints.hash_list(hashes[0] + hashes[1])
        return DrawnProblem(
            MultiplesProblem(parts, value, rng.randint_below(len(QUESTIONS.of(self.version)))),
            canonical,
            parts.requests or (),
            found.good,
        )

    def _value(self, rng: RandomStream, scope: Scope, entropy: Int) -> Polynomials:
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        return Polynomials.integers(draw_coefficients(rng, degree, entropy, rng.randint(1, 3 + 0 * degree)))

    def question(self, problem: MultiplesProblem, scope: Scope) -> pa.StringArray:
        return self._rendered(problem, scope, 0, problem.wording, QUESTIONS.of(self.version))

    def answer(self, problem: MultiplesProblem, scope: Scope) -> pa.StringArray:
        return MultivariateTerms.from_polynomial(problem.value, scope.code(1)).rendered()

    def defines(self, value: Value) -> Bool:
        if not isinstance(value, Polynomials):
            return super().defines(value)
        return value.integer & (np.abs(value.top) <= _MAX_COEFFICIENT).all(axis=0) & value.top.any(axis=0)

    def sentence(self, problem: MultiplesProblem, scope: Scope) -> pa.StringArray:
        sentences = _DEFINITIONS.of(self.version)
        return self._rendered(problem, scope, 1, scope.pick(len(sentences)), sentences)

    def _rendered(
        self, problem: MultiplesProblem, scope: Scope, variable: int, choice: Int, wordings: tuple[str, ...]
    ) -> pa.StringArray:
        """Write functions in the variable at the given position, and the sum in that at position 1."""
        f, g = (
            NamedFunction(problem.parts, slot, scope, name, variable) for slot, name in ((_F, 2), (_G, 3))
        )
        it = (*_multiple(problem.parts, _A, f, scope), *_multiple(problem.parts, _B, g, scope))
        sentence = templates.fill_template(choice, wordings, it=it, h=scope.letter(0), x=scope.letter(1))
        return templates.join_strings(f.sentence(), g.sentence(), text.join(sentence))


def _multiple(parts: HiddenValues, slot: int, function: NamedFunction, scope: Scope) -> text.TextPiece:
    """A number or its letter times a function, with the sign or operator before it."""
    number, hidden = parts.values[slot], parts.hidden(slot)
    size, minus, rows = np.abs(number.top), (number.top < 0) & ~hidden, len(hidden)
    shown = ~hidden & (size != 1)
    return (
        *templates.choose_text(minus + 2 * (slot == _B), SIGNS),
        *parts.letter(slot),
        *text.number(size, 10, shown),
        *text.literal("*", rows, hidden | shown),
        *function.letter(),
        *text.literal("(", rows),
        *scope.letter(1),
        *text.literal(")", rows),
    )
