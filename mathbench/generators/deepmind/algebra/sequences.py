"""Sequences of the values of a polynomial: the next term, or a formula for all terms."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import entropy_units
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.polynomial_text import UnivariateTerms
from mathbench.generators.deepmind.kernel.random import RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.hashing import ABSENT, Int
from mathbench.numbers import text

MAX_EXTRA_TERMS = 3  # terms of a question beyond those that are needed
# half the entropy of a choice among 2, 3, ... 7
_HALF_DECADES = np.array([entropy_units(d / 2) for d in (0.301, 0.4771, 0.6021, 0.699, 0.7782, 0.8451)])


@dataclass(frozen=True)
class SequenceProblem(Columns):
    """The values of a polynomial at 1, 2, 3, ...

    Attributes:
        coefficients: int64 (d + 1, n); row i belongs to the power i.
        terms: int64 (t, n), the values.
        shown: int64 (n,), the number of terms in the question.
        wording: int64 (n,).
    """

    coefficients: Int
    terms: Int
    shown: Int
    wording: Int


class PolynomialSequence(Module):
    """Sequences given by a polynomial, with at least one term more than its degree needs.

    Entropy is moved from high powers to low ones, so that all terms of the polynomial have values of similar size.
    """

    question_templates: ClassVar[Wordings]

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        coefficients = self._coefficients(rng, degree, scope.own_entropy())
        shown = degree + 2 + rng.randint_below(MAX_EXTRA_TERMS + 1)
        position = np.arange(1, int(shown.max(initial=0)) + 2)
        terms = np.zeros((len(position), len(scope)), np.int64)
        for row in coefficients[::-1]:
            terms = terms * position[:, None] + row
        numbers = np.where(np.arange(len(coefficients))[:, None] <= degree, 2 * coefficients, ABSENT)
        problem = SequenceProblem(coefficients, terms, shown, rng.randint_below(60))
        # without the number of terms shown, since a longer question contains the answer of a shorter one
        return DrawnProblem(problem, numbers)

    def _coefficients(self, rng: RandomStream, degree: Int, entropy: Int) -> Int:
        power = np.arange(int(degree.max(initial=0)) + 1)[:, None]
        shares = rng.dirichlet(entropy, (power <= degree).astype(np.int64))
        shares = shares + (degree - 2 * power) * _HALF_DECADES.take(degree)
        drawn = rng.fork()
        rows = []
        for i, share in enumerate(shares):
            value = drawn.integer(share)
            leading = drawn.integer(share, minimum=1)
            rows.append(np.where(degree == i, leading, np.where(degree > i, value, 0)))
        return np.stack(rows)

    def question(self, problem: SequenceProblem, scope: Scope) -> pa.StringArray:
        wordings = self.question_templates.of(self.version)
        choice = problem.wording % len(wordings)
        return text.join(templates.fill_around(choice, wordings, self._listed(problem), n=scope.letter(0)))

    def _listed(self, problem: SequenceProblem) -> text.TextPiece:
        words = list(templates.signed_text(problem.terms[0]))
        for position, term in enumerate(problem.terms[1:-1], start=1):
            here = problem.shown > position
            joint = templates.choose_text(here * (1 + (term < 0)), ("", ", ", ", -"))
            words += [*joint, *text.number(np.abs(term) * here, 10, here)]
        return tuple(words)


@dataclass(frozen=True)
class NextTerm(PolynomialSequence):
    """Continue a sequence."""

    summary: ClassVar[str] = "Which number follows 2, 5, 10, 17? -> 26"
    question_templates: ClassVar[Wordings] = Wordings(
        (
            "Which number follows {}?",
            "Continue {} by one term.",
            "Give the next number of {}.",
            "After {}, which term is next?",
        ),
        added=(
            "What number comes next in the sequence {}?",
            "In the list {}, what comes after the last number?",
        ),
    )

    def answer(self, problem: SequenceProblem, scope: Scope) -> pa.StringArray:
        return text.join(
            templates.signed_text(np.take_along_axis(problem.terms, problem.shown[None], axis=0)[0])
        )


@dataclass(frozen=True)
class NthTerm(PolynomialSequence):
    """Find a formula for the terms of a sequence."""

    summary: ClassVar[str] = "Give term n of 2, 5, 10, 17 as a formula. -> n**2 + 1"
    question_templates: ClassVar[Wordings] = Wordings(
        (
            "Give term {n} of {} as a formula.",
            "What is term number {n} of {}?",
            "Which polynomial in {n} gives {}?",
            "Find term {n} of {}.",
        ),
        added=(
            "Write the {n}-th term of {} as a formula.",
            "Find a formula for the {n}-th number of the list {}.",
        ),
    )

    def answer(self, problem: SequenceProblem, scope: Scope) -> pa.StringArray:
        return text.join(UnivariateTerms.from_polynomial(problem.coefficients, scope.code(0)).rendered())


_SETTINGS = {"least_degree": 1, "most_degree": 3}
_AXES = (
    DifficultyLevel("bigger", (12, 12)),
    DifficultyLevel("degree=4", (3, 10), settings={"least_degree": 4, "most_degree": 4}, apart=True),
)

MODULES = (
    NextTerm("algebra__sequence_next_term", version=2, settings=_SETTINGS, axes=_AXES).holding(easy=60_000),
    NthTerm("algebra__sequence_nth_term", version=2, settings=_SETTINGS, axes=_AXES).holding(easy=60_000),
)
