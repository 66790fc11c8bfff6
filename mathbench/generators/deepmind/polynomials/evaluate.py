"""Values of polynomials at integers."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import fingerprints, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.named_functions import NamedFunction
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers, Polynomials
from mathbench.hashing import Int
from mathbench.numbers import text

# also for sums and compositions
QUESTIONS = Wordings(
    ("What is {it}?", "Evaluate {it}.", "Compute {it}.", "Find {it}."),
    added=(
        "Now give {it}.",
        "Now calculate {it}.",
        "Now determine {it}.",
        "Work out {it}.",
    ),
)
_DEFINITIONS = Wordings(
    ("Let {y} be {it}. ", "Let {y} = {it}. "), added=("Suppose {y} is {it}. ", "Put {y} = {it}. ")
)
_BITS = 61  # maximum size of intermediate numbers
_MAX_POINT = np.array([1 << _BITS // power for power in range(1, 6)])  # whose power is in range


@dataclass(frozen=True)
class EvaluationProblem(Columns):
    """A polynomial at a point.

    Attributes:
        parts: the polynomial and the point.
        value: int64 (n,).
        wording: int64 (n,).
    """

    parts: HiddenValues
    value: Int
    wording: Int


@dataclass(frozen=True)
class Evaluate(Module):
    """Find the value of a polynomial at an integer."""

    summary: ClassVar[str] = "Let f(x) = 3*x**2 - 1. What is f(2)? -> 11"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, entropy = scope.rng(), scope.own_entropy()
        if value is None:
            share = UNIT + rng.randint_below(entropy // 3 + 1)
            entropy, target = np.maximum(entropy - share, 0), rng.integer(share)
        else:
            target = value.top
        share = UNIT + rng.randint_below(entropy // 3 + 1)
        at = rng.integer(share)
        degree = rng.randint(self.setting("least_degree", scope), self.setting("most_degree", scope))
        coefficients, good = _draw_through_point(rng, at, target, degree, np.maximum(entropy - share, 0))
        parts = scope.hide(rng, [Polynomials.integers(coefficients), Numbers.integers(at)])
        wording = rng.randint_below(len(QUESTIONS.of(self.version)))
        problem = EvaluationProblem(parts, target, wording)
        canonical = fingerprints.hash_list(at, fingerprints.hash_polynomial(coefficients))
        return DrawnProblem(problem, canonical, parts.requests or (), good)

    def question(self, problem: EvaluationProblem, scope: Scope) -> pa.StringArray:
        return self._rendered(problem, scope, problem.wording, QUESTIONS.of(self.version))

    def answer(self, problem: EvaluationProblem, scope: Scope) -> pa.StringArray:
        return text.join(templates.signed_text(problem.value))

    def defines(self, value: Value) -> Bool:
        if not isinstance(value, Numbers):
            return super().defines(value)
        return value.integer & ~value.decimal & (np.abs(value.top) < 1 << 40)

    def sentence(self, problem: EvaluationProblem, scope: Scope) -> pa.StringArray:
        sentences = _DEFINITIONS.of(self.version)
        return self._rendered(problem, scope, problem.wording % len(sentences), sentences)

    def _rendered(
        self, problem: EvaluationProblem, scope: Scope, choice: Int, wordings: tuple[str, ...]
    ) -> pa.StringArray:
        function = NamedFunction(problem.parts, 0, scope, name=1, variable=2)
        rows = len(scope)
        it = (
            *function.letter(),
            *text.literal("(", rows),
            *problem.parts.number(1),
            *text.literal(")", rows),
        )
        sentence = templates.fill_template(choice, wordings, it=it, y=scope.letter(0))
        return templates.join_strings(function.sentence(), text.join(sentence))


def _draw_through_point(
    rng: RandomStream, at: Int, target: Int, degree: Int, entropy: Int
) -> tuple[Int, Bool]:
    """Draw polynomials with a given value at a point.

    From the highest coefficient down, each one is a random number plus the quotient that brings the rest closest to
    zero.

    Returns:
        The coefficients, int64 (highest degree of the batch + 1, n), and which polynomials are in range, bool (n,).
    """
    steps = np.arange(int(degree.max(initial=1)))[:, None]
    shares = rng.dirichlet(entropy, np.where(steps < degree, steps + 1, 0))
    drawn, leading, columns = rng.fork(), rng.sign(), np.arange(len(at))
    coefficients = np.zeros((len(steps) + 1, len(at)), dtype=np.int64)
    good = np.abs(at) <= _MAX_POINT.take(degree - 1)
    at, rest = np.where(good, at, 1), target
    for step, share in enumerate(shares):
        power = np.maximum(degree - step, 0)
        at_power = at**power
        coefficient = drawn.integer(share) + _nearest(rest, at_power)
        coefficient = np.where((coefficient == 0) & (step == 0), leading, coefficient)
        coefficient *= power > 0
        good &= np.abs(coefficient) <= (1 << _BITS) // np.maximum(np.abs(at_power), 1)
        coefficients[power, columns] = coefficient
        rest = rest - coefficient * at_power
    coefficients[0] = rest
    return coefficients, good


def _nearest(top: Int, bottom: Int) -> Int:
    """The integer nearest to a fraction; 0 where the denominator is 0."""
    size = np.abs(bottom)
    return (2 * top * np.sign(bottom) + size) // np.maximum(2 * size, 1)
