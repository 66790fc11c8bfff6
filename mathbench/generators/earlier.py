"""Earlier versions of families, so that data, runs and boards made with them can still be checked and continued.

In version 1, strata that ran out left their group without a last round, and strata that lacked a label were not joined
to others: some settings were unbalanced, and some splits were empty. The first row with primes of hundreds of digits
took minutes.
"""

from dataclasses import dataclass
from typing import ClassVar

from mathbench.generators.divisible import Divisible
from mathbench.generators.prime import Prime
from mathbench.generators.statements import CorrectAddition, CorrectMultiplication


@dataclass(frozen=True)
class DivisibleV1(Divisible):
    """Version 1 of :class:`mathbench.generators.divisible.Divisible`."""

    version: ClassVar[int] = 1
    balances_rest: ClassVar[bool] = False


@dataclass(frozen=True)
class PrimeV1(Prime):
    """Version 1 of :class:`mathbench.generators.prime.Prime`."""

    version: ClassVar[int] = 1
    balances_rest: ClassVar[bool] = False
    one_per_window: ClassVar[bool] = False


@dataclass(frozen=True)
class CorrectAdditionV1(CorrectAddition):
    """Version 1 of :class:`mathbench.generators.statements.CorrectAddition`."""

    version: ClassVar[int] = 1
    balances_rest: ClassVar[bool] = False


@dataclass(frozen=True)
class CorrectMultiplicationV1(CorrectMultiplication):
    """Version 1 of :class:`mathbench.generators.statements.CorrectMultiplication`."""

    version: ClassVar[int] = 1
    balances_rest: ClassVar[bool] = False
