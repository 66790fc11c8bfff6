"""Sums of multiples of two polynomials."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints
from mathbench.generators.deepmind.kernel import templates as phrases
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import Drawn, Value
from mathbench.generators.deepmind.kernel.entropy import units
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.named_functions import Function
from mathbench.generators.deepmind.kernel.polynomial_text import Sums
from mathbench.generators.deepmind.kernel.polynomials import coefficients
from mathbench.generators.deepmind.kernel.random import Bool, Chance
from mathbench.generators.deepmind.kernel.scope import Named, Scope
from mathbench.generators.deepmind.kernel.templates import joined
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.generators.deepmind.polynomials.evaluate import ASKED
from mathbench.generators.deepmind.polynomials.split import split
from mathbench.hashing import Int
from mathbench.numbers import text

_LARGEST = 10**9  # coefficient of a polynomial that this module defines for another
_A, _B, _F, _G = range(4)
_JOINTS = ("", "-", " + ", " - ")  # first or not, negative or not


@dataclass(frozen=True)
class Multiples(Columns):
    """a*f + b*g.

    Attributes:
        parts: a, b, f and g.
        value: what they add up to.
        wording: int64 (n,).
    """

    parts: Named
    value: Polynomials
    wording: Int


@dataclass(frozen=True)
class Add(Module):
    """Add multiples of two polynomials that are given by name."""

    summary: ClassVar[str] = "Let f(x) = x + 1. Let g(x) = 2*x. What is 3*f(y) - g(y)? -> y + 3"
    symmetry: ClassVar[str] = "order of the polynomials"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance, left = scope.chance(), scope.own()
        if not isinstance(value, Polynomials):
            half = np.maximum(left - units(0.4771), 0) // 2  # less the decimal logarithm of three degrees
            value, left = self._value(chance, scope, half), half
        found = split(chance, value.top, left)
        numbers = (Numbers.integers(found.a), Numbers.integers(found.b))
        parts = scope.hide(chance, [*numbers, Polynomials.integers(found.f), Polynomials.integers(found.g)])
        words = [
            fingerprints.word(k, fingerprints.polynomial(p))
            for k, p in ((found.a, found.f), (found.b, found.g))
        ]
        drawn = fingerprints.row(words[0] + words[1])
        return Drawn(
            Multiples(parts, value, chance.below(len(ASKED))), drawn, parts.requests or (), found.good
        )

    def _value(self, chance: Chance, scope: Scope, entropy: Int) -> Polynomials:
        degree = chance.between(self.setting("least_degree", scope), self.setting("most_degree", scope))
        return Polynomials.integers(coefficients(chance, degree, entropy, chance.between(1, 3 + 0 * degree)))

    def question(self, problem: Multiples, scope: Scope) -> pa.StringArray:
        return self._written(problem, scope, 0, problem.wording, ASKED)

    def answer(self, problem: Multiples, scope: Scope) -> pa.StringArray:
        return Sums.polynomial(problem.value, scope.code(1)).written()

    def defines(self, value: Value) -> Bool:
        if not isinstance(value, Polynomials):
            return super().defines(value)
        return value.integer & (np.abs(value.top) <= _LARGEST).all(axis=0) & value.top.any(axis=0)

    def sentence(self, problem: Multiples, scope: Scope) -> pa.StringArray:
        return self._written(problem, scope, 1, problem.wording * 0, ("Let {h}({x}) = {it}. ",))

    def _written(
        self, problem: Multiples, scope: Scope, variable: int, choice: Int, templates: tuple[str, ...]
    ) -> pa.StringArray:
        """The functions are in the variable of that place; the sum is in that of place 1."""
        f, g = (Function(problem.parts, slot, scope, name, variable) for slot, name in ((_F, 2), (_G, 3)))
        it = (*_multiple(problem.parts, _A, f, scope), *_multiple(problem.parts, _B, g, scope))
        asked = phrases.fill(choice, templates, it=it, h=scope.letter(0), x=scope.letter(1))
        return joined(f.sentence(), g.sentence(), text.join(asked))


def _multiple(parts: Named, slot: int, function: Function, scope: Scope) -> text.Piece:
    """A number or its letter times a function, with the sign or the joint before it."""
    number, hidden = parts.values[slot], parts.hidden(slot)
    size, minus, rows = np.abs(number.top), (number.top < 0) & ~hidden, len(hidden)
    shown = ~hidden & (size != 1)
    return (
        *phrases.one_of(minus + 2 * (slot == _B), _JOINTS),
        *parts.letter(slot),
        *text.number(size, 10, shown),
        *text.literal("*", rows, hidden | shown),
        *function.letter(),
        *text.literal("(", rows),
        *scope.letter(1),
        *text.literal(")", rows),
    )
