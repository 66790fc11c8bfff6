"""Numbers: divisors, primes, digits."""

from mathbench.generators.deepmind.kernel.module import DifficultyLevel, Module, composed_module
from mathbench.generators.deepmind.numbers.base_conversion import BaseConversion
from mathbench.generators.deepmind.numbers.division import DivRemainder, IsFactor
from mathbench.generators.deepmind.numbers.divisors import Gcd, Lcm
from mathbench.generators.deepmind.numbers.place_value import PlaceValue
from mathbench.generators.deepmind.numbers.primes import IsPrime, ListPrimeFactors
from mathbench.generators.deepmind.numbers.rounding import RoundNumber

BIGGER = DifficultyLevel("bigger", (12, 12))
DEEPER = DifficultyLevel("deeper", (3, 10), modules=(5, 5), apart=True)

_ROUND = RoundNumber(
    "numbers__round_number",
    version=2,
    axes=(
        DifficultyLevel("bigger", (12, 12), published="numbers__round_number_big"),
        DifficultyLevel("coarser", (8, 8), settings={"finest": 7, "coarsest": 9}, apart=True),
        DifficultyLevel("finer", (8, 8), settings={"finest": -10, "coarsest": -8}, apart=True),
    ),
    settings={"finest": -7, "coarsest": 6},
)
_PLACE = PlaceValue(
    "numbers__place_value",
    axes=(
        DifficultyLevel("bigger", (12, 12), published="numbers__place_value_big"),
        DifficultyLevel("longer", (14, 17)),
    ),
)


# modules that have a composed variant, with the number of problems of the easy and of the medium level
_COMPOSABLE: tuple[tuple[Module, int, int], ...] = (
    (DivRemainder("numbers__div_remainder", version=2, axes=(BIGGER,)), 60_000, 400_000),
    (Gcd("numbers__gcd", version=2, axes=(BIGGER,)), 25_000, 300_000),
    (IsFactor("numbers__is_factor", version=2, axes=(BIGGER,)), 100_000, 400_000),
    (IsPrime("numbers__is_prime", axes=(BIGGER,)), 12_000, 150_000),
    (Lcm("numbers__lcm", version=2, axes=(BIGGER,)), 50_000, 300_000),
    (ListPrimeFactors("numbers__list_prime_factors", axes=(BIGGER,)), 4_000, 250_000),
    (_PLACE, 20_000, 400_000),
    (_ROUND, 120_000, 400_000),
)

MODULES: tuple[Module, ...] = (
    BaseConversion("numbers__base_conversion", axes=(BIGGER,)).holding(easy=3_500, medium=250_000),
    *(module.holding(easy=easy, medium=medium) for module, easy, medium in _COMPOSABLE),
    *(composed_module(module, DEEPER).holding(easy=200_000) for module, _, _ in _COMPOSABLE),
)
