"""Primes and prime factors."""

from dataclasses import dataclass
from functools import cache
from math import log, log10
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel import templates
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.composition import DrawnProblem, Value
from mathbench.generators.deepmind.kernel.entropy import DECADES, UNIT, entropy_units
from mathbench.generators.deepmind.kernel.module import Module
from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.scope import HiddenValues, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.generators.deepmind.numbers.division import TRUTH_VALUES
from mathbench.generators.deepmind.numbers.factoring import prime_factors
from mathbench.generators.deepmind.numbers.large_primality import BOUND, next_prime, previous_prime
from mathbench.hashing import Int
from mathbench.numbers import text
from mathbench.numbers.primality import TABLE_LIMIT

_GAP = 1 << 12  # more than any gap between primes below BOUND

_PRIME_QUESTIONS = ("Is {number} prime?", "Is {number} a prime number?", "Is the number {number} prime?")
_COMPOSITE_QUESTIONS = (
    "Is {number} composite?",
    "Is {number} a composite number?",
    "Is the number {number} composite?",
)
_FACTORS_QUESTIONS = (
    "What are the distinct prime factors of {number}?",
    "List the distinct prime factors of {number}.",
    "Which different primes divide {number}?",
    "Name all different prime factors of {number}, smallest first.",
)


@dataclass(frozen=True)
class PrimalityProblem(Columns):
    """A number, the answer, and the wording, which asks for primes or for composites."""

    number: HiddenValues
    true: Bool
    wording: Int


@dataclass(frozen=True)
class IsPrime(Module):
    """Decide whether a number is prime, or whether it is composite.

    Half of the numbers are products of two primes, the others the next primes after such products.
    """

    summary: ClassVar[str] = "Is 101 a prime number? -> True"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        prime, ask_composite = rng.bernoulli(), rng.bernoulli()
        number = _draw_number(rng, scope.own_entropy(), prime)
        named = scope.hide(rng, [Numbers.integers(number)])
        wording = rng.randint_below(len(_PRIME_QUESTIONS)) + len(_PRIME_QUESTIONS) * ask_composite
        problem = PrimalityProblem(named, prime ^ ask_composite, wording)
        return DrawnProblem(problem, number[None], named.requests or ())

    def question(self, problem: PrimalityProblem, scope: Scope) -> pa.StringArray:
        requested = (*_PRIME_QUESTIONS, *_COMPOSITE_QUESTIONS)
        return text.join(templates.fill_template(problem.wording, requested, number=problem.number.number(0)))

    def answer(self, problem: PrimalityProblem, scope: Scope) -> pa.StringArray:
        return text.choose_text(problem.true.astype(np.int64), TRUTH_VALUES)


def _draw_number(rng: RandomStream, entropy: Int, prime: Bool) -> Int:
    """Draw a product of two primes or, in the rows of a mask, the first prime from three below such a product on.

    For a prime, the larger factor of the product need not be prime, since the product only gives the size.
    """
    entropy = entropy + _prime_entropy_loss().take(entropy)  # as primes are sparse
    first = rng.randint_below(entropy + 1)
    sizes = np.sort([rng.integer(part, signed=False, minimum=2) for part in (first, entropy - first)], axis=0)
    smaller, larger = (_draw_near(rng, about) for about in sizes)
    smaller = next_prime(smaller)
    # at the highest entropy one product in thousands exceeds the bound of the exact test
    found = next_prime(np.where(prime, np.minimum(smaller * larger - 3, BOUND - _GAP), larger))
    return np.where(prime, found, smaller * found)


def _draw_near(rng: RandomStream, about: Int) -> Int:
    """Draw numbers from half to twice the given ones; small ones are primes, weighted by the gaps before them."""
    drawn = rng.randint(about // 2, 2 * about + 1)
    small = 2 * about < TABLE_LIMIT
    drawn[small] = np.minimum(next_prime(drawn[small]), previous_prime(2 * about[small]))
    return drawn


@cache
def _prime_entropy_loss() -> Int:
    """The entropy that the restriction to primes costs, by the entropy of the number; int64, in units."""
    decades = [u / UNIT for u in range(DECADES * UNIT + 1)]
    return np.array([entropy_units(log10(max(1.0, decade * log(10)))) for decade in decades])


@dataclass(frozen=True)
class FactoredProblem(Columns):
    """A number to factor."""

    number: HiddenValues
    wording: Int


@dataclass(frozen=True)
class ListPrimeFactors(Module):
    """List the distinct prime factors of a number in ascending order."""

    summary: ClassVar[str] = "What are the distinct prime factors of 360? -> 2, 3, 5"

    def draw(self, scope: Scope, value: Value | None = None) -> DrawnProblem:
        rng = scope.rng()
        number = rng.integer(np.maximum(scope.own_entropy(), UNIT), signed=False, minimum=2)
        named = scope.hide(rng, [Numbers.integers(number)])
        return DrawnProblem(
            FactoredProblem(named, rng.randint_below(len(_FACTORS_QUESTIONS))),
            number[None],
            named.requests or (),
        )

    def question(self, problem: FactoredProblem, scope: Scope) -> pa.StringArray:
        return text.join(
            templates.fill_template(problem.wording, _FACTORS_QUESTIONS, number=problem.number.number(0))
        )

    def answer(self, problem: FactoredProblem, scope: Scope) -> pa.StringArray:
        """Factors the numbers, which `draw` does not do: it is expensive, and many problems are never written."""
        (number,) = problem.number.values
        found = prime_factors(number.top)
        pieces = []
        for i, prime in enumerate(found.primes):
            shown = i < found.prime_count
            comma = text.literal(", ", len(prime), shown) if i else ()
            pieces += [comma, text.number(prime, 10, shown)]
        return text.join(*pieces)
