"""Comparison of two numbers."""

from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.comparison.compared_values import draw_fractions, draw_mixed
from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

BIGGER, SMALLER, LESS, AT_MOST, MORE, AT_LEAST, EQUAL, UNEQUAL = range(8)
_QUESTIONS = {
    BIGGER: Wordings(
        (
            "Which is bigger, {p} or {q}?",
            "Which is greater: {p} or {q}?",
            "What is the larger of {p} and {q}?",
        )
    ),
    SMALLER: Wordings(
        (
            "Which is smaller, {p} or {q}?",
            "Which is less: {p} or {q}?",
            "What is the smaller of {p} and {q}?",
        )
    ),
    LESS: Wordings(
        ("Is {p} < {q}?", "Is {p} less than {q}?", "Is {p} smaller than {q}?", "Is {p} below {q}?")
    ),
    AT_MOST: Wordings(
        (
            "Is {p} <= {q}?",
            "Is {p} less than or equal to {q}?",
            "Is {p} at most {q}?",
            "Is {p} no more than {q}?",
        ),
        added=("Is {q} as big as {p} or bigger?",),
    ),
    MORE: Wordings(
        ("Is {p} > {q}?", "Is {p} greater than {q}?", "Is {p} bigger than {q}?", "Is {p} above {q}?")
    ),
    AT_LEAST: Wordings(
        (
            "Is {p} >= {q}?",
            "Is {p} greater than or equal to {q}?",
            "Is {p} at least {q}?",
            "Is {p} no less than {q}?",
        ),
        added=("Is {p} as big as {q} or bigger?",),
    ),
    EQUAL: Wordings(
        (
            "Does {p} = {q}?",
            "Is {p} equal to {q}?",
            "Are {p} and {q} equal?",
            "Is {p} the same number as {q}?",
        ),
        added=("Is the value of {p} the same as that of {q}?", "Do {p} and {q} have one and the same value?"),
    ),
    UNEQUAL: Wordings(
        (
            "Is {p} != {q}?",
            "Is {p} different from {q}?",
            "Are {p} and {q} unequal?",
            "Do {p} and {q} differ?",
        ),
        added=(
            "Is it true that {p} and {q} are nonequal?",
            "Are {p} and {q} two non-equal numbers?",
            "True or false: {p} is not equal to {q}.",
            "Do the values of {p} and {q} differ?",
        ),
    ),
}
_LABELS = ("False", "True")


@dataclass(frozen=True)
class TwoValuesProblem(Columns):
    """Two numbers and the relation in question.

    Attributes:
        numbers: the numbers.
        relation: int64 (n,), a key of `_QUESTIONS`.
        sign: int64 (n,), the sign of the first minus the second.
        wording: int64 (n,).
    """

    numbers: HiddenValues
    relation: Int
    sign: Int
    wording: Int


@dataclass(frozen=True)
class Pair(Module):
    """Compare two numbers."""

    summary: ClassVar[str] = "Which is bigger, 1/3 or 0.3? -> 1/3"
    symmetry: ClassVar[str] = "order of the numbers, 3/4 and 0.75"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        first, second = _draw_two(rng.fork(), scope.own_entropy())
        numbers = scope.hide(rng, [first, second])
        sign = np.sign(first.top * second.bottom - second.top * first.bottom)
        which = rng.bernoulli() & (sign != 0)
        relation = np.where(which, rng.randint_below(2), 2 + rng.randint_below(6))
        wording = rng.randint_below(_templates(self.version)[1].take(relation))
        problem = TwoValuesProblem(numbers, relation, sign, wording)
        canonical = _canonical(relation, sign, first, second)
        return DrawnProblem(problem, canonical, numbers.requests or ())

    def question(self, problem: TwoValuesProblem, scope: Scope) -> pa.StringArray:
        questions, counts = _templates(self.version)
        choice = (np.cumsum(counts) - counts).take(problem.relation) + problem.wording
        p, q = problem.numbers.number(0), problem.numbers.number(1)
        return text.join(templates.fill_template(choice, questions, p=p, q=q))

    def answer(self, problem: TwoValuesProblem, scope: Scope) -> pa.StringArray:
        relation, sign = problem.relation, problem.sign
        first = np.where(relation == BIGGER, sign > 0, sign < 0)
        which = relation <= SMALLER
        shown = [templates.masked(problem.numbers.number(0), which & first)]
        shown += [templates.masked(problem.numbers.number(1), which & ~first)]
        label = templates.choose_text(_is_true(relation, sign).astype(np.int64), _LABELS)
        return text.join(*shown, templates.masked(label, ~which))


@cache
def _templates(version: int) -> tuple[tuple[str, ...], Int]:
    """The templates of all relations, and how many each relation has, int64 (relations,)."""
    groups = [wordings.of(version) for wordings in _QUESTIONS.values()]
    return tuple(chain.from_iterable(groups)), np.array(list(map(len, groups)))


def _draw_two(rng: RandomStream, entropy: Int) -> tuple[Numbers, Numbers]:
    """Draw two integers close to each other, a fraction and an integer close to it, or any two; in random order."""
    kind, turned = rng.randint_below(3), rng.bernoulli()
    indices = [np.flatnonzero(kind == number) for number in range(3)]
    parts = [
        draw(rng.take(index), entropy[index])
        for draw, index in zip((_integers, _around_fraction, _independent), indices, strict=True)
    ]
    back = np.argsort(np.concatenate(indices))
    one, other = (Numbers.concatenate([part[i] for part in parts]).take(back) for i in range(2))
    return Numbers.where(turned, other, one), Numbers.where(turned, one, other)


def _integers(rng: RandomStream, entropy: Int) -> tuple[Numbers, Numbers]:
    difference, left = rng.dirichlet(entropy, np.array([[1], [3]]))
    first = rng.integer(left)
    return Numbers.integers(first), Numbers.integers(first + rng.integer(difference))


def _around_fraction(rng: RandomStream, entropy: Int) -> tuple[Numbers, Numbers]:
    found = draw_fractions(rng, entropy)
    nearest, rest = np.divmod(2 * found.top + found.bottom, 2 * found.bottom)
    nearest -= (rest == 0) & (nearest % 2 == 1)  # ties to even
    return found, Numbers.integers(nearest + rng.randint(-1, 1))


def _independent(rng: RandomStream, entropy: Int) -> tuple[Numbers, Numbers]:
    left, right = rng.dirichlet(entropy, np.array([[1], [1]]))
    return draw_mixed(rng.fork(), left), draw_mixed(rng.fork(), right)


def _is_true(relation: Int, sign: Int) -> Bool:
    """Whether the relation, from LESS on, is true."""
    true = [sign < 0, sign <= 0, sign > 0, sign >= 0, sign == 0, sign != 0]
    return np.choose(np.maximum(relation - LESS, 0), true)


def _canonical(relation: Int, sign: Int, first: Numbers, second: Numbers) -> Int:
    """The relation and the two numbers: "p > q?" counts as "q < p?", the others are symmetric."""
    more = (relation == MORE) | (relation == AT_LEAST)
    directed = (relation >= LESS) & (relation <= AT_LEAST)
    turned = np.where(directed, more, sign > 0)
    one, other = Numbers.where(turned, second, first), Numbers.where(turned, first, second)
    return np.stack([relation - 2 * more, one.top, one.bottom, other.top, other.bottom])


PAIR = Pair("comparison__pair", version=2, axes=(DifficultyLevel("bigger", (12, 12)),))
