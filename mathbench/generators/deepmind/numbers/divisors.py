"""Greatest common divisors and least common multiples."""

from dataclasses import dataclass
from functools import cache
from math import comb
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.fingerprints import sign_folded, sorted_pair
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.rationals import SMALL_PRIMES
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.templates import Wordings
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.generators.deepmind.numbers.factoring import MAX_PRIMES, prime_factors
from mathbench.hashing import Int
from mathbench.numbers import text

_DIVISOR_QUESTIONS = Wordings(
    (
        "What is the greatest common divisor of {p} and {q}?",
        "Find the greatest common factor of {p} and {q}.",
        "Which is the largest number that divides both {p} and {q}?",
        "Give the highest common factor of {p} and {q}.",
    ),
    added=("Calculate the greatest shared divisor of {p} and {q}.",),
)
_MULTIPLE_QUESTIONS = Wordings(
    (
        "What is the least common multiple of {p} and {q}?",
        "Find the lowest common multiple of {p} and {q}.",
        "Which is the smallest positive number that both {p} and {q} divide?",
        "Give the least common multiple of {p} and {q}.",
    ),
    added=("Calculate the smallest shared multiple of {p} and {q}.",),
)
_DENOMINATOR_QUESTIONS = Wordings(
    (
        "What is the least common denominator of {p} and {q}?",
        "Find the lowest common denominator of {p} and {q}.",
        "What is the smallest common denominator of {p} and {q}?",
        "Give the least common denominator of {p} and {q}.",
    ),
    added=("Calculate the least shared denominator of {p} and {q}.",),
)
_ONE = 1 << 20  # fixed-point one


@dataclass(frozen=True)
class CommonProblem(Columns):
    """Two numbers or fractions, and their common divisor, multiple or denominator."""

    numbers: HiddenValues
    common: Int
    wording: Int


@dataclass(frozen=True)
class Gcd(Module):
    """Find the greatest common divisor of two numbers."""

    summary: ClassVar[str] = "What is the greatest common divisor of 12 and 18? -> 6"
    symmetry: ClassVar[str] = "order of the numbers"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own = scope.rng(), scope.own_entropy()
        for_divisor = UNIT + rng.randint_below(own // 3 + 1)
        divisor = rng.integer(for_divisor, signed=False, minimum=1)
        p, q = divisor * _draw_coprime_pair(rng, np.maximum(own - for_divisor, UNIT))
        numbers = scope.hide(rng, [Numbers.integers(p), Numbers.integers(q)])
        wording = rng.randint_below(len(_DIVISOR_QUESTIONS.of(self.version)))
        problem = CommonProblem(numbers, divisor, wording)
        return DrawnProblem(problem, np.sort(np.stack([p, q]), axis=0), numbers.requests or ())

    def question(self, problem: CommonProblem, scope: Scope) -> pa.StringArray:
        return _questions(problem, _DIVISOR_QUESTIONS.of(self.version))

    def answer(self, problem: CommonProblem, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.common, 10))


@dataclass(frozen=True)
class Lcm(Module):
    """Find the least common multiple of two numbers, or the least common denominator of two fractions."""

    summary: ClassVar[str] = "What is the least common multiple of 4 and 6? -> 12"
    symmetry: ClassVar[str] = "order of the numbers"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng, own = scope.rng(), scope.own_entropy()
        pair = _draw_with_common_factor(rng, own)
        fractions = rng.bernoulli()
        tops = np.where(fractions, [_draw_numerators(rng, p, fractions) for p in pair], pair)
        bottoms = np.where(fractions, pair, 1)
        values = [Numbers.rationals(top, bottom) for top, bottom in zip(tops, bottoms, strict=True)]
        numbers = scope.hide(rng, values)
        wordings = len(_MULTIPLE_QUESTIONS.of(self.version))
        problem = CommonProblem(numbers, np.lcm(*pair), rng.randint_below(wordings) + wordings * fractions)
        p, q = (np.stack([bottom, sign_folded(top)]) for top, bottom in zip(tops, bottoms, strict=True))
        canonical = np.vstack([fractions, sorted_pair(p, q, np.ones_like(fractions))])
        return DrawnProblem(problem, canonical, numbers.requests or ())

    def question(self, problem: CommonProblem, scope: Scope) -> pa.StringArray:
        multiples, denominators = (w.of(self.version) for w in (_MULTIPLE_QUESTIONS, _DENOMINATOR_QUESTIONS))
        return _questions(problem, multiples + denominators)

    def answer(self, problem: CommonProblem, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.common, 10))


def _questions(problem: CommonProblem, wordings: tuple[str, ...]) -> pa.StringArray:
    p, q = (problem.numbers.number(slot) for slot in range(2))
    return text.join(templates.fill_template(problem.wording, wordings, p=p, q=q))


def _draw_coprime_pair(rng: RandomStream, entropy: Int) -> Int:
    """Draw two coprime numbers whose product is a random number of given entropy, int64 (2, n).

    The prime powers of the product are distributed over both. In four rows of five each number gets at least one, if
    there are two or more.
    """
    found = prime_factors(rng.integer(entropy, signed=False, minimum=1))
    both = rng.bernoulli(4, 5) & (found.prime_count >= 2)
    first = both + rng.randint_below(found.prime_count + 1 - 2 * both)
    ways, start = _subset_counts().take(found.prime_count * (MAX_PRIMES + 1) + first, axis=1)
    chosen = _subsets().take(start + rng.randint_below(ways))
    p, q = np.ones((2, len(entropy)), np.int64)
    for i, power in enumerate(found.powers):
        in_first = (chosen >> i) & 1 == 1
        p *= np.where(in_first, power, 1)
        q *= np.where(in_first, 1, power)
    return np.stack([p, q])


@cache
def _subsets() -> Int:
    """All subsets of k items as bit masks, for k = 0, 1, ..., MAX_PRIMES, sorted by size for each k."""
    subsets = [np.arange(1 << k) for k in range(MAX_PRIMES + 1)]
    return np.concatenate([s[np.argsort(np.bitwise_count(s), kind="stable")] for s in subsets])


@cache
def _subset_counts() -> Int:
    """The number of subsets of k items of size i, and where they start in `_subsets`, int64 (2, (MAX_PRIMES + 1)^2)."""
    ways = np.array([comb(k, i) for k in range(MAX_PRIMES + 1) for i in range(MAX_PRIMES + 1)])
    return np.stack([ways, np.cumsum(ways) - ways])


def _draw_with_common_factor(rng: RandomStream, entropy: Int) -> Int:
    """Draw two numbers with a common factor, int64 (2, n), with a uniform split of the entropy in three."""
    cuts = np.sort([rng.randint_below(entropy + 1), rng.randint_below(entropy + 1)], axis=0)
    parts = np.maximum([cuts[0], cuts[1] - cuts[0]], UNIT)  # so that few numbers are trivial
    common = rng.integer((entropy - parts.sum(axis=0)).clip(0), signed=False, minimum=1)
    return common * np.stack([rng.integer(part, signed=False, minimum=1) for part in parts])


def _draw_numerators(rng: RandomStream, bottom: Int, where: Bool) -> Int:
    """Draw numerators for the denominators in the rows of a mask: coprime, of either sign, one of about a hundred."""
    rows = np.flatnonzero(where)
    rng, below, found = rng.take(rows), bottom[rows], np.zeros_like(bottom)
    wide = np.full(len(rows), 100 * _ONE)
    for q in SMALL_PRIMES:
        wide = np.where(below % q == 0, wide * q // (q - 1), wide)
    maximum = (wide // _ONE + (below > 1) + 1) // 2
    found[rows] = rng.reject_until(
        lambda again, here: again.randint(-maximum[here], maximum[here]),
        lambda top, here: np.gcd(top, below[here]) == 1,
    )
    return found
