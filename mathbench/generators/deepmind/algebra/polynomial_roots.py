"""Roots of polynomials: find them, or factor the polynomial."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.algebra.factors import (
    Roots,
    coefficient_bounds,
    draw_roots,
    draw_scale,
    expand_roots,
)
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns, write_by_group
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module, composed_module
from mathbench.generators.deepmind.kernel.polynomial_text import HIGH, UnivariateTerms
from mathbench.generators.deepmind.kernel.random import Bool
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Polynomials
from mathbench.hashing import ABSENT, Int
from mathbench.numbers import text

_ROOTS_QUESTIONS = Wordings(
    (
        "Solve {} = 0 for {x}.",
        "For which {x} is {} = 0?",
        "Find all {x} with {} = 0.",
        "What are the roots of {}?",
        "If {} = 0, what is {x}?",
        "Give every {x} that solves {} = 0.",
    ),
    added=(
        "Suppose that {} = 0. Determine {x}.",
        "Given that {} = 0, calculate {x}.",
        "Find every {x} such that {} = 0.",
        "What must {x} be so that {} = 0?",
        "Let {x} satisfy {} = 0. Which values can {x} take?",
        "Calculate all solutions of {} = 0 in {x}.",
    ),
)
_FACTORS_QUESTIONS = ("Factor {}.", "Factorise {}.", "Split {} into factors.")
MAX_HIDDEN = 10**15  # the largest coefficient that a child module may have to define; rarely reached


@dataclass(frozen=True)
class Quotients(Columns):
    """The coefficients (low + HIGH high) / bottom of polynomials; row i belongs to the power i.

    Attributes:
        low, high: int64 (d + 1, n), parts of one sign.
        bottom: int64 (d + 1, n), 1 or more, in lowest terms.
        good: bool (n,), where both parts are in range.
    """

    low: Int
    high: Int
    bottom: Int
    good: Bool

    @classmethod
    def from_roots(cls, scale: tuple[Int, Int], top: Int, bottom: Int, live: Bool) -> "Quotients":
        """Expand the products; Python integers are used where 62 bits are too few, at most one row in ten."""
        over, under = scale
        long = np.flatnonzero(coefficient_bounds(over, top, bottom, live) >= 1 << 62)
        over = over.copy()
        exact = expand_roots(over[long].astype(object), top[:, long], bottom[:, long], live[:, long])
        over[long] = 0
        low = expand_roots(over, top, bottom, live)
        common = np.gcd(low, under)
        common[:, long] = np.gcd(exact, under[long].astype(object)).astype(np.int64)
        high, size = low // common, np.abs(low // common)
        high, low = np.sign(high) * (size // HIGH), np.sign(high) * (size % HIGH)
        exact //= common[:, long]
        sign, size = np.where(exact < 0, -1, 1), abs(exact)
        good = np.ones(len(over), np.bool_)
        good[long] = (size < HIGH * HIGH).all(axis=0)
        high[:, long] = sign * (size // HIGH * good[long]).astype(np.int64)
        low[:, long] = sign * (size % HIGH).astype(np.int64)
        return cls(low, high, under // common, good)

    def can_be_hidden(self, scope: Scope) -> Bool:
        """Where a child module can define the polynomial, bool (n,)."""
        return (self.high == 0).all(axis=0) & (np.abs(self.low) <= MAX_HIDDEN).all(axis=0)


@dataclass(frozen=True)
class RootsProblem(Columns):
    """A polynomial over / under * (q x - p) ..., whether to factor it (`factored`), and the wording."""

    polynomial: Quotients
    roots: Roots
    over: Int
    under: Int
    name: HiddenValues
    factored: Bool
    wording: Int


@dataclass(frozen=True)
class PolynomialRoots(Module):
    """Find the roots of a polynomial, or write it as a product of factors; all roots are rational.

    Both questions about a polynomial are the same problem for the splits.
    """

    summary: ClassVar[str] = "Solve 2*x**2 - 18 = 0 for x. -> -3, 3"
    symmetry: ClassVar[str] = "roots or factors"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own = scope.rng(), scope.own_entropy()
        for_scale = np.minimum(own // 2, UNIT)
        minimum, maximum = self.setting("fewest_roots", scope), self.setting("most_roots", scope)
        top, bottom, live = draw_roots(rng, own - for_scale, minimum, maximum)
        scale = draw_scale(rng, for_scale)
        polynomial = Quotients.from_roots(scale, top, bottom, live)
        name = scope.hide(rng, [Polynomials(polynomial.low, polynomial.bottom)])
        good = polynomial.good & (polynomial.can_be_hidden(scope) | (scope.modules == 1))
        roots = Roots.from_repeated(top, bottom, live)
        problem = RootsProblem(polynomial, roots, *scale, name, rng.bernoulli(), rng.randint_below(60))
        return DrawnProblem(problem, self._canonical(roots, scale), name.requests or (), good)

    def _canonical(self, roots: Roots, scale: tuple[Int, Int]) -> Int:
        """The scale and the roots in ascending order, int64 (k, n), with numerators doubled so that none is ABSENT."""
        distinct, (over, under) = roots.ascending(), scale
        numbers = np.stack([distinct.top * 2, distinct.bottom, distinct.times], axis=1)
        numbers = np.where(distinct.times[:, None] > 0, numbers, ABSENT).reshape(-1, len(over))
        return np.concatenate([[over * 2, under], numbers])

    def question(self, problem: RootsProblem, scope: Scope) -> pa.StringArray:
        roots, wording = _ROOTS_QUESTIONS.of(self.version), problem.wording
        choice = np.where(
            problem.factored, len(roots) + wording % len(_FACTORS_QUESTIONS), wording % len(roots)
        )
        requested, polynomial = (*roots, *_FACTORS_QUESTIONS), self._shown(problem, scope)
        return text.join(templates.fill_around(choice, requested, polynomial, x=scope.letter(0)))

    def _shown(self, problem: RootsProblem, scope: Scope) -> text.TextPiece:
        """The polynomial, or its name, ``f(x)``, as text."""
        hidden, shown = problem.name.hidden(0), problem.polynomial
        high = shown.high if shown.high.any() else None
        terms = UnivariateTerms.from_polynomial(shown.low * ~hidden, scope.code(0), shown.bottom, high)
        if not hidden.any():
            return terms.rendered()
        count = len(hidden)
        return (
            *problem.name.letter(0),
            *text.literal("(", count, hidden),
            *templates.masked(scope.letter(0), hidden),
            *text.literal(")", count, hidden),
            *(templates.masked(terms.rendered(), ~hidden) if not hidden.all() else ()),
        )

    def answer(self, problem: RootsProblem, scope: Scope) -> pa.StringArray:
        def write(factored: int, rows: Int) -> pa.StringArray:
            some = problem.take(rows)
            if factored:
                return text.join(some.roots.product(some.over, some.under, scope.take(rows).code(0)))
            return text.join(some.roots.listed())

        return write_by_group(problem.factored.astype(np.int64), write)


ROOTS = PolynomialRoots(
    "algebra__polynomial_roots",
    version=2,
    settings={"fewest_roots": 2, "most_roots": 5},
    axes=(
        DifficultyLevel("bigger", (12, 12), published="algebra__polynomial_roots_big"),
        DifficultyLevel("more", (3, 10), settings={"fewest_roots": 6, "most_roots": 6}, apart=True),
    ),
)

MODULES = (
    ROOTS.holding(easy=60_000),
    composed_module(ROOTS, DifficultyLevel("deeper", (3, 10), modules=(5, 5), apart=True)),
)
