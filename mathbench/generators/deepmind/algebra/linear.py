"""Linear equations in one unknown, and systems of two in two unknowns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.algebra.equations import Equations
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module, composed_module
from mathbench.generators.deepmind.kernel.polynomial_text import AND, COMMA
from mathbench.generators.deepmind.kernel.polynomials import split_into_like_terms
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

MAX_VALUE = 10**12  # of a prescribed solution: products with coefficients stay far below 2^63


@dataclass(frozen=True)
class LinearProblem(Columns):
    """Linear equations, the value of the first unknown, and the wording of the question, int64 (n,)."""

    equations: Equations
    solution: Int
    wording: Int


class Linear(Module):
    """Systems of as many linear equations as unknowns, with an integer solution.

    A quarter of the entropy goes to the solution, one to two thirds of the rest to the coefficients, and the remainder
    to the terms that the coefficients are split into. A zero never has a minus sign here.
    """

    unknowns: ClassVar[int]
    question_templates: ClassVar[tuple[str, ...]]
    sentence_templates: ClassVar[Wordings]
    symmetry: ClassVar[str] = "order of terms, sides and equations"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        solutions, rest = self._solutions(rng, scope.own_entropy(), value)
        for_matrix = rest * rng.randint(UNIT // 3, 2 * UNIT // 3) // UNIT
        matrix = self._matrix(rng, for_matrix)
        constants = -(matrix * solutions).sum(axis=1)
        coefficients = np.concatenate([matrix, constants[:, None]], axis=1).reshape(-1, len(scope))
        minimum = (coefficients != 0).sum(axis=0) + 1
        maximum = 1 + (self.unknowns * (2 * UNIT + rest)) // (2 * UNIT)
        length = rng.randint(minimum, np.maximum(minimum, maximum)) + self.setting("more_terms", scope)
        terms = split_into_like_terms(rng, coefficients, rest - for_matrix, length)
        equations = Equations.from_terms(rng, terms, self.unknowns)
        shown, requests = equations.hide(rng, scope)
        good = equations.shown.any(axis=0) | (scope.modules == 1)  # `x = -x` has no number to hide
        wording = rng.randint_below(60)
        return DrawnProblem(LinearProblem(shown, solutions[0], wording), shown.canonical(), requests, good)

    def _solutions(self, rng: RandomStream, own: Int, value: Value | None) -> tuple[Int, Int]:
        """The solutions, int64 (unknowns, n), the first one being the value, if any; and the remaining entropy."""
        free = self.unknowns - (value is not None)
        shares = np.maximum(rng.dirichlet(own // 4, np.ones((free, 1), np.int64)), UNIT)
        drawn = np.array([rng.integer(share) for share in shares], np.int64).reshape(free, len(own))
        known = np.empty((0, len(own)), np.int64) if value is None else value.top[None]
        return np.concatenate([known, drawn]), np.maximum(own - shares.sum(axis=0), UNIT)

    def _matrix(self, rng: RandomStream, entropy: Int) -> Int:
        """Draw coefficients, int64 (unknowns, unknowns, n), with a unique solution.

        Of two equations, neither has the first unknown alone.
        """
        count = self.unknowns
        shares = np.maximum(rng.dirichlet(entropy, np.ones((count * count, 1), np.int64)), UNIT)
        drawn = rng.reject_until(
            lambda again, rows: np.stack([again.integer(share) for share in shares[:, rows]]),
            lambda values, rows: self._solvable(values.reshape(count, count, -1)),
        )
        return drawn.reshape(count, count, -1)

    def _solvable(self, matrix: Int) -> Bool:
        if self.unknowns == 1:
            return matrix[0, 0] != 0
        (a, b), (c, d) = matrix
        return (a * d != b * c) & (b != 0) & (d != 0)

    def question(self, problem: LinearProblem, scope: Scope) -> pa.StringArray:
        return self._filled(self.question_templates, problem, scope)

    def answer(self, problem: LinearProblem, scope: Scope) -> pa.StringArray:
        return text.join(templates.signed_text(problem.solution))

    def defines(self, value: Value) -> Bool:
        if not isinstance(value, Numbers):
            return super().defines(value)
        return value.integer & (np.abs(value.top) <= MAX_VALUE)

    def sentence(self, problem: LinearProblem, scope: Scope) -> pa.StringArray:
        return self._filled(self.sentence_templates.of(self.version), problem, scope)

    def _filled(self, wordings: tuple[str, ...], problem: LinearProblem, scope: Scope) -> pa.StringArray:
        codes = np.stack([scope.code(position) for position in range(self.unknowns)])
        conjunction = np.where(problem.wording % 2, AND, COMMA)
        equations = problem.equations.rendered(codes, conjunction)
        choice = problem.wording // 2 % len(wordings)
        return text.join(
            templates.fill_around(choice, wordings, equations, x=scope.letter(0), y=scope.letter(1))
        )


@dataclass(frozen=True)
class OneUnknown(Linear):
    """Solve a linear equation in one unknown."""

    summary: ClassVar[str] = "Solve 3*x + 2 = 8 for x. -> 2"
    brief: ClassVar[bool] = True
    unknowns: ClassVar[int] = 1
    question_templates: ClassVar[tuple[str, ...]] = (
        "Solve {} for {x}.",
        "Find {x} from {}.",
        "If {}, what is {x}?",
        "Which {x} makes {} true?",
        "What is the solution {x} of {}?",
    )
    sentence_templates: ClassVar[Wordings] = Wordings(
        ("Assume {}. ", "Let {x} satisfy {}. ", "Take {x} from {}. "),
        added=("Suppose that {}. ", "We have {}. "),
    )


@dataclass(frozen=True)
class TwoUnknowns(Linear):
    """Solve two linear equations in two unknowns for one of them."""

    summary: ClassVar[str] = "Solve 3*x + y = 8, x - y = 0 for x. -> 2"
    unknowns: ClassVar[int] = 2
    question_templates: ClassVar[tuple[str, ...]] = (
        "Solve {} for {x}.",
        "Find {x} from {}.",
        "If {}, what is {x}?",
        "Which {x} satisfies {}?",
        "Given {}, calculate {x}.",
    )
    sentence_templates: ClassVar[Wordings] = Wordings(
        ("Assume {}. ", "Let {x} and {y} satisfy {}. ", "Take {x} from {}. "),
        added=("Suppose that {}. ", "We have {}. "),
    )


_SETTINGS = {"more_terms": 0}
_AXES = (DifficultyLevel("bigger", (12, 12)), DifficultyLevel("longer", (3, 10), settings={"more_terms": 4}))
LINEAR_1D = OneUnknown("algebra__linear_1d", settings=_SETTINGS, axes=_AXES)
LINEAR_2D = TwoUnknowns("algebra__linear_2d", settings=_SETTINGS, axes=_AXES)
_DEEPER = DifficultyLevel("deeper", (3, 10), modules=(5, 5), apart=True)

MODULES = (
    LINEAR_1D.holding(easy=60_000),
    composed_module(LINEAR_1D, _DEEPER),
    LINEAR_2D,
    composed_module(LINEAR_2D, _DEEPER),
)
