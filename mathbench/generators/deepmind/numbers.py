"""Numbers: divisors, primes, digits."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench import phrases, text
from mathbench.generators.deepmind.kernel.columns import Columns
from mathbench.generators.deepmind.kernel.compose import Drawn, Value
from mathbench.generators.deepmind.kernel.entropy import UNIT
from mathbench.generators.deepmind.kernel.module import Level, Module, composed
from mathbench.generators.deepmind.kernel.scope import Named, Scope
from mathbench.generators.deepmind.kernel.values import Numbers
from mathbench.task import Int


@dataclass(frozen=True)
class Divisor(Columns):
    """The greatest common divisor of two numbers."""

    numbers: Named
    divisor: Int
    wording: Int


@dataclass(frozen=True)
class Gcd(Module):
    """Find the greatest common divisor of two numbers."""

    summary: ClassVar[str] = "What is the greatest common divisor of 12 and 18? -> 6"
    symmetry: ClassVar[str] = "order of the numbers"

    def draw(self, scope: Scope, value: Value | None = None) -> Drawn:
        chance, own = scope.chance(), scope.own()
        for_divisor = UNIT + chance.below(own // 3 + 1)
        rest = np.maximum(own - for_divisor, 0)
        divisor = chance.integer(for_divisor, signed=False, least=1)
        first = chance.below(rest + 1)
        p = chance.integer(first, signed=False, least=1)
        q = chance.until(
            lambda again, here: again.integer((rest - first)[here], signed=False, least=1),
            lambda q, here: np.gcd(p[here], q) == 1,
        )
        p, q = p * divisor, q * divisor
        numbers = scope.hide(chance, [Numbers.integers(p), Numbers.integers(q)])
        canonical = np.sort(np.stack([p, q]), axis=0)
        return Drawn(Divisor(numbers, divisor, chance.below(3)), canonical, numbers.requests or ())

    def question(self, problem: Divisor, scope: Scope) -> pa.StringArray:
        asked = [
            "What is the greatest common divisor of {p} and {q}?",
            "Which is the largest number that divides both {p} and {q}?",
            "Find the greatest common factor of {p} and {q}.",
        ]
        numbers = problem.numbers
        return text.join(phrases.fill(problem.wording, asked, p=numbers.number(0), q=numbers.number(1)))

    def answer(self, problem: Divisor, scope: Scope) -> pa.StringArray:
        return text.join(text.number(problem.divisor, 10))


GCD = Gcd("numbers__gcd", axes=(Level("bigger", (12, 12)),))

MODULES = (GCD, composed(GCD, Level("deeper", (3, 10), modules=(5, 6))))
