"""Sums and differences of two integers or decimals, or, where they define a value, fractions."""

from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.arithmetic.operand_pairs import share_entropy
from mathbench.generators.deepmind.arithmetic.two_numbers import TwoNumbersProblem, hide_values
from mathbench.generators.deepmind.kernel import rationals, templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.decimals import Decimals
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded, sorted_pair
from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.hashing import Int
from mathbench.numbers import text

_SUMS = Wordings(
    (
        "{p} + {q}",
        "{p}+{q}",
        "What is {p} + {q}?",
        "What is {p} plus {q}?",
        "Add {q} to {p}.",
        "Work out the sum of {p} and {q}.",
        "How much is {p} plus {q}?",
        "Give the total of {p} and {q}.",
        "Compute {p} + {q}.",
        "Find {p} + {q}.",
        "What do you get by adding {p} and {q}?",
    ),
    added=("Calculate the sum of {p} and {q}.", "Which number do {p} and {q} make when put together?"),
)
_DIFFERENCES = Wordings(
    (
        "{p} - {q}",
        "What is {p} - {q}?",
        "What is {p} minus {q}?",
        "Take {q} away from {p}.",
        "Compute {p} - {q}.",
        "Find {p} - {q}.",
        "Subtract {q} from {p}.",
        "Which number is {q} less than {p}?",
    ),
    added=("Calculate {p} minus {q}.",),
)
_DISTANCES = Wordings(
    (
        "How far apart are {p} and {q}?",
        "How far apart are {q} and {p}?",
        "By how much do {p} and {q} differ?",
        "By how much do {q} and {p} differ?",
    ),
    added=(
        "How large is the difference between {p} and {q}?",
        "How large is the difference between {q} and {p}?",
        "How great is the distance between {p} and {q}?",
        "How great is the distance between {q} and {p}?",
    ),
)
_DEFINITIONS = Wordings(
    ("Let {x} = {p} + {q}. ", "Let {x} = {p} - {q}. "),
    added=(
        "Suppose {x} is {p} + {q}. ",
        "Suppose {x} is {p} - {q}. ",
        "Put {x} = {p} + {q}. ",
        "Put {x} = {p} - {q}. ",
    ),
)


@dataclass(frozen=True)
class Definition(Columns):
    """p + q or p - q as the definition of a letter."""

    terms: HiddenValues
    minus: Bool


@dataclass(frozen=True)
class AddOrSub(Module):
    """Add or subtract two numbers, integers or decimals.

    Source: arithmetic__add_or_sub of Saxton et al. (2019), which is not composed. Here the level `composed` has numbers
    that further modules define.
    """

    summary: ClassVar[str] = "What is 3.5 plus -12? -> -8.5"
    brief: ClassVar[bool] = True
    symmetry: ClassVar[str] = "order of the terms of a sum"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        if isinstance(value, Numbers):
            return _definition(scope, value)
        rng = scope.rng()
        minus = rng.bernoulli()
        p, q = (
            Decimals.draw(rng, share, rng.bernoulli()) for share in share_entropy(rng, scope.own_entropy())
        )
        result = p.plus(q.negated(minus))
        codes, requests = hide_values(rng, scope, p, q)
        wording = self._wording(rng, minus, result.negative())
        canonical = _canonical(minus, *(np.stack(number.canonical()) for number in (p, q)))
        return DrawnProblem(TwoNumbersProblem(p, q, result, codes, wording), canonical, requests)

    def question(self, problem: TwoNumbersProblem, scope: Scope) -> pa.StringArray:
        return problem.questions(tuple(chain.from_iterable(self._wordings)))

    def answer(self, problem: TwoNumbersProblem, scope: Scope) -> pa.StringArray:
        return text.join(problem.result.rendered())

    def defines(self, value: Value) -> Bool:
        return np.full(value.top.shape[-1], isinstance(value, Numbers))

    def sentence(self, problem: Definition, scope: Scope) -> pa.StringArray:
        sentences = _DEFINITIONS.of(self.version)
        choice = problem.minus + 2 * scope.pick(len(sentences) // 2)
        p, q = (problem.terms.number(position) for position in range(2))
        return text.join(templates.fill_template(choice, sentences, x=scope.letter(0), p=p, q=q))

    @property
    def _wordings(self) -> list[tuple[str, ...]]:
        """The templates of sums, of differences and of distances."""
        return [wordings.of(self.version) for wordings in (_SUMS, _DIFFERENCES, _DISTANCES)]

    def _wording(self, rng: RandomStream, minus: Bool, negative: Bool) -> Int:
        """Draw one of the wordings that apply; a distance is not negative."""
        sums, differences, distances = map(len, self._wordings)
        drawn = rng.randint_below(np.where(minus, np.where(negative, 0, distances) + differences, sums))
        return drawn + sums * minus


def _canonical(minus: Bool, p: Int, q: Int) -> Int:
    numbers = sorted_pair(sign_folded(p), sign_folded(q), ~minus)
    return np.concatenate([minus[None].astype(np.int64), numbers])


def _definition(scope: Scope, value: Numbers) -> DrawnProblem:
    """Draw two numbers with a given sum or difference, one of them of the kind and size of the value."""
    rng = scope.rng()
    minus, swapped = rng.bernoulli(), rng.bernoulli()
    one = _draw_like(rng, np.maximum(scope.own_entropy(), rationals.rational_entropy(value)), value)
    other, good = rationals.add(value, rationals.negate(one, np.ones_like(minus)))
    # value = one + other, which as a difference is one - (-other), or other - (-one) when swapped
    p, q = Numbers.where(swapped, other, one), Numbers.where(swapped, one, other)
    q = rationals.negate(q, minus)
    terms = scope.hide(rng, [p, q])
    words = (np.stack([number.top, number.bottom]) for number in (p, q))
    return DrawnProblem(Definition(terms, minus), _canonical(minus, *words), terms.requests or (), good)


def _draw_like(rng: RandomStream, entropy: Int, value: Numbers) -> Numbers:
    """Draw numbers of the kind of given ones: integers for integers, for others an integer in half of the rows."""
    top, bottom = rng.integer(entropy), np.ones_like(entropy)
    not_integer, child = rng.bernoulli(), rng.fork()
    rows = np.flatnonzero(not_integer & value.decimal)
    rng = child.take(rows)
    decimal = Decimals.draw(rng, np.maximum(entropy, 1)[rows], np.zeros(len(rows), np.bool_)).to_numbers()
    top[rows], bottom[rows] = decimal.top, decimal.bottom
    rows = np.flatnonzero(not_integer & ~value.decimal & ~value.integer)
    top[rows], bottom[rows] = rationals.draw_rational(child.take(rows), entropy[rows])
    return Numbers(top, bottom, value.decimal)


MODULES = (
    AddOrSub(
        "arithmetic__add_or_sub",
        version=2,
        entropy=(4, 16),
        tested=12,
        axes=(
            DifficultyLevel("bigger", (16, 20), published="arithmetic__add_or_sub_big"),
            DifficultyLevel("composed", (4, 16), modules=(2, 3), apart=True),
        ),
    ),
)
