"""Numbers, read from text."""

from math import gcd
from typing import Any

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

DEFINITIONS: tuple[Rule, ...] = ()


def _gcd(reader: Reader, found: Any) -> int:
    return gcd(int(reader.number(found["p"])), int(reader.number(found["q"])))


_TWO = r"(?P<p>\w+) and (?P<q>\w+)"
_GCD = (
    rule(rf"What is the greatest common divisor of {_TWO}\?", _gcd),
    rule(rf"Which is the largest number that divides both {_TWO}\?", _gcd),
    rule(rf"Find the greatest common factor of {_TWO}\.", _gcd),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {"numbers__gcd": _GCD, "numbers__gcd_composed": _GCD}
