"""Numbers: divisors, primes, digits."""

from mathbench.generators.deepmind.kernel.module import Level, Module, composed
from mathbench.generators.deepmind.numbers.base_conversion import BaseConversion
from mathbench.generators.deepmind.numbers.division import DivRemainder, IsFactor
from mathbench.generators.deepmind.numbers.divisors import Gcd, Lcm
from mathbench.generators.deepmind.numbers.place_value import PlaceValue
from mathbench.generators.deepmind.numbers.primes import IsPrime, ListPrimeFactors
from mathbench.generators.deepmind.numbers.rounding import RoundNumber

BIGGER = Level("bigger", (12, 12))
DEEPER = Level("deeper", (3, 10), modules=(5, 6))

_ROUND = RoundNumber(
    "numbers__round_number",
    axes=(
        Level("bigger", (12, 12), published="numbers__round_number_big"),
        Level("coarser", (8, 8), settings={"finest": 7, "coarsest": 9}),
        Level("finer", (8, 8), settings={"finest": -10, "coarsest": -8}),
    ),
    settings={"finest": -7, "coarsest": 6},
)
_PLACE = PlaceValue(
    "numbers__place_value",
    axes=(
        Level("bigger", (12, 12), published="numbers__place_value_big"),
        Level("longer", (14, 17)),
    ),
)
_ALONE: tuple[Module, ...] = (
    DivRemainder("numbers__div_remainder", axes=(BIGGER,)),
    Gcd("numbers__gcd", axes=(BIGGER,)),
    IsFactor("numbers__is_factor", axes=(BIGGER,)),
    IsPrime("numbers__is_prime", axes=(BIGGER,)),
    Lcm("numbers__lcm", axes=(BIGGER,)),
    ListPrimeFactors("numbers__list_prime_factors", axes=(BIGGER,)),
    _PLACE,
    _ROUND,
)

MODULES: tuple[Module, ...] = (
    BaseConversion("numbers__base_conversion", axes=(BIGGER,)),
    *_ALONE,
    *(composed(module, DEEPER) for module in _ALONE),
)
