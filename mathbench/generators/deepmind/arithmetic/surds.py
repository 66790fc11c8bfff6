"""Surds: expressions equal to a + b*sqrt(p), with rational a and b and prime p."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.surd_expressions import SurdExpressions, draw_expressions
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import log10_units
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.polynomial_text import SIGNS
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

_SMALL = np.array([2, 3, 5, 7, 11, 13, 17, 19])
_LARGE = np.array([23, 29, 31, 37, 41, 43, 47, 53])
_QUESTIONS = ("Simplify {it}.", "Simplify: {it}", "What does {it} simplify to?")
_BITS = 29  # maximum size of numbers whose squares are compared


@dataclass(frozen=True)
class SurdProblem(Columns):
    """An expression and its value.

    Attributes:
        expression: the expression.
        whole: the rational summand a.
        part: the coefficient b.
        prime: int64 (n,).
        wording: int64 (n,).
    """

    expression: SurdExpressions
    whole: Numbers
    part: Numbers
    prime: Int
    wording: Int


@dataclass(frozen=True)
class SimplifySurd(Module):
    """Simplify an expression with square roots to the form a + b*sqrt(p).

    Source: arithmetic__simplify_surd of Saxton et al. (2019), with primes below 20. Where a divisor is zero, the
    original draws the divisor again; here the whole expression is drawn again. The answer is in SymPy's form: first a
    if it is positive and b negative, else the smaller summand first.
    """

    summary: ClassVar[str] = "Simplify (2 + sqrt(12))**2. -> 8*sqrt(3) + 16"
    symmetry: ClassVar[str] = "order of terms and factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        position = rng.randint_below(len(_SMALL))
        prime = np.where(self.setting("large", scope) > 0, _LARGE.take(position), _SMALL.take(position))
        entropy = scope.own_entropy() - log10_units(np.array([len(_SMALL)]))
        expression, (top, factor, bottom), good = draw_expressions(rng, prime, entropy)
        whole, part = (Numbers.rationals(number, bottom) for number in (top, factor))
        problem = SurdProblem(expression, whole, part, prime, rng.randint_below(len(_QUESTIONS)))
        return DrawnProblem(
            problem, expression.commutative_hash[None], good=good & ~_too_close(top, factor, prime)
        )

    def question(self, problem: SurdProblem, scope: Scope) -> pa.StringArray:
        return templates.fill_strings(problem.wording, _QUESTIONS, it=problem.expression.rendered())

    def answer(self, problem: SurdProblem, scope: Scope) -> pa.StringArray:
        whole, part = problem.whole.top, problem.part.top
        first = _whole_first(problem) & (whole != 0)
        last = (whole != 0) & ~first
        root = part != 0
        return text.join(
            _sign(whole, first, first=True),
            templates.masked(_size(problem.whole), first),
            _sign(part, first & root, first=False),
            _sign(part, ~first & root, first=True),
            _root(problem, root),
            _sign(whole, last & root, first=False),
            _sign(whole, last & ~root, first=True),
            templates.masked(_size(problem.whole), last),
            text.literal("0", len(whole), (whole == 0) & ~root),
        )


def _sign(number: Int, where: Bool, first: bool) -> text.TextPiece:
    """The sign of a summand; the first one has no plus."""
    return templates.masked(templates.choose_text((number < 0) + 2 * (not first), SIGNS), where)


def _size(number: Numbers) -> text.TextPiece:
    return Numbers(np.abs(number.top), number.bottom, number.decimal).rendered()


def _root(problem: SurdProblem, where: Bool) -> text.TextPiece:
    """b*sqrt(p) without its sign, as in ``3*sqrt(5)/2``."""
    count, top, bottom = len(where), np.abs(problem.part.top), problem.part.bottom
    times, over = where & (top != 1), where & (bottom != 1)
    return (
        *text.number(top, 10, times),
        *text.literal("*sqrt(", count, times),
        *text.literal("sqrt(", count, where & ~times),
        *text.number(problem.prime, 10, where),
        *text.literal(")", count, where),
        *text.literal("/", count, over),
        *text.number(bottom, 10, over),
    )


def _whole_first(problem: SurdProblem) -> Bool:
    """Where the rational summand is first in SymPy's order, bool (n,)."""
    a, b = problem.whole.top * problem.part.bottom, problem.part.top * problem.whole.bottom
    a, b = _scaled(a, b)
    smaller = np.where(a > 0, a * a < b * b * problem.prime, a * a > b * b * problem.prime)
    return np.asarray((a > 0) & (b < 0) | (a < 0) & (b > 0) | smaller)


def _scaled(a: Int, b: Int) -> tuple[Int, Int]:
    """Halve pairs of numbers until their squares times a prime fit into 63 bits."""
    a, b = a.copy(), b.copy()
    while len(rows := np.flatnonzero(np.maximum(np.abs(a), np.abs(b)) >> _BITS)):
        a[rows] //= 2
        b[rows] //= 2
    return a, b


def _too_close(a: Int, b: Int, prime: Int) -> Bool:
    """Where rounding by `_scaled` could change which of a and b*sqrt(p) is larger, bool (n,)."""
    halved = np.maximum(np.abs(a), np.abs(b)) >> _BITS > 0
    a, b = _scaled(a, b)
    return np.asarray(halved & (np.abs(a * a - b * b * prime) <= 4 * (np.abs(a) + prime * np.abs(b)) + 100))


MODULES = (
    SimplifySurd(
        "arithmetic__simplify_surd",
        settings={"large": 0},
        axes=(DifficultyLevel("larger-primes", (3, 10), settings={"large": 1}, apart=True),),
    ).holding(easy=300_000),
)
