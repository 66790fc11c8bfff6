"""Rules for numbers."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from math import gcd, lcm
from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, Solver, rule

DEFINITIONS: tuple[Rule, ...] = ()

_N, _P, _Q = (rf"(?P<{name}>[\w./-]+)" for name in "npq")
_PAIR = rf"{_P} and {_Q}"
_COUNTS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_SIZES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15}


def _of_numbers(names: str, solve: Callable[..., Any]) -> Solver:
    """A solver that applies a function to the numbers of the named groups."""
    return lambda reader, found: solve(*(reader.number(found[name]) for name in names))


def _rules(names: str, solve: Callable[..., Any], *forms: str) -> tuple[Rule, ...]:
    return tuple(rule(form, _of_numbers(names, solve)) for form in forms)


def _exponent(name: str) -> int:
    """The exponent of a power of ten in words or digits: ``ten thousand`` is 4, ``1000`` is 3.

    >>> _exponent("hundred millions"), _exponent("1000")
    (8, 3)
    """
    if name.isdigit():
        return len(name) - 1
    *before, last = name.removesuffix("s").split()
    small = {"unit": 0, "ten": 1, "hundred": 2}
    return sum(small[word] for word in before) + (small[last] if last in small else _SIZES[last])


def _digit(reader: Reader, found: Any) -> str:
    return str(reader.number(found["n"]))[::-1][_exponent(found["place"])]


def _converted(reader: Reader, found: Any) -> str:
    _, *digits = sympy.ntheory.digits(int(found["n"], int(found["p"])), int(found["q"]))
    sign = "-" if found["n"].startswith("-") else ""
    return sign + "".join(f"{digit:x}" for digit in digits)


def _rounded(value: Any, exponent: int) -> str:
    """A number rounded to a power of ten, with ties away from zero and without trailing zeros."""
    scaled = Decimal(int(value.p)) / Decimal(int(value.q)) / Decimal(10) ** exponent
    rounded = scaled.quantize(Decimal(1), ROUND_HALF_UP) * Decimal(10) ** exponent
    digits = f"{rounded:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in ("-0", "") else digits


def _to_nearest(reader: Reader, found: Any) -> str:
    unit = found["unit"]
    exponent = 0 if unit in ("integer", "whole number") else _exponent(unit)
    return _rounded(reader.number(found["n"]), exponent)


def _to_places(reader: Reader, found: Any) -> str:
    count = found["count"]
    return _rounded(reader.number(found["n"]), -(int(count) if count.isdigit() else _COUNTS.index(count)))


def _common_multiple(*numbers: Any) -> int:
    return lcm(*map(int, numbers))


def _common_denominator(*fractions: Any) -> int:
    return lcm(*(int(fraction.q) for fraction in fractions))


def _divides(p: Any, n: Any) -> bool:
    return bool(n % p == 0)


def _factors(n: Any) -> str:
    return ", ".join(map(str, sorted(sympy.factorint(int(n)))))


_NEAREST, _PLACES = r"the nearest (?P<unit>[\w ]+)", r"(?P<count>\w+) (?:decimal places?|dps?)"
_ROUND = (rf"Round {_N} to %s\.", rf"What is {_N} rounded to %s\?", rf"Give {_N} to %s\.")
_PLACE = r"(?P<place>[a-z ]+)"

_ALONE_OR_COMPOSED: dict[str, tuple[Rule, ...]] = {
    "div_remainder": _rules(
        "pq",
        lambda p, q: p % q,
        rf"What remainder does {_P} leave when divided by {_Q}\?",
        rf"Find the remainder of {_P} divided by {_Q}\.",
        rf"Divide {_P} by {_Q} and give the remainder\.",
        rf"What is left over when {_P} is divided by {_Q}\?",
        rf"Calculate the remainder of {_P} after division by {_Q}\.",
    ),
    "gcd": _rules(
        "pq",
        lambda p, q: gcd(int(p), int(q)),
        rf"What is the greatest common divisor of {_PAIR}\?",
        rf"Find the greatest common factor of {_PAIR}\.",
        rf"Which is the largest number that divides both {_PAIR}\?",
        rf"Give the highest common factor of {_PAIR}\.",
        rf"Calculate the greatest shared divisor of {_PAIR}\.",
    ),
    "lcm": (
        *_rules(
            "pq",
            _common_multiple,
            rf"What is the least common multiple of {_PAIR}\?",
            rf"(?:Find|Give) the (?:lowest|least) common multiple of {_PAIR}\.",
            rf"Which is the smallest positive number that both {_PAIR} divide\?",
            rf"Calculate the smallest shared multiple of {_PAIR}\.",
        ),
        *_rules(
            "pq",
            _common_denominator,
            rf"What is the (?:least|smallest) common denominator of {_PAIR}\?",
            rf"(?:Find|Give) the (?:lowest|least) common denominator of {_PAIR}\.",
            rf"Calculate the least shared denominator of {_PAIR}\.",
        ),
    ),
    "is_factor": (
        *_rules(
            "pn",
            _divides,
            rf"Is {_N} divisible by {_P}\?",
            rf"Is {_P} a divisor of {_N}\?",
            rf"Is {_N} a multiple of {_P}\?",
            rf"Does {_P} divide {_N} without a remainder\?",
            rf"Does {_N} have {_P} as a factor\?",
        ),
        *_rules("n", lambda n: bool(n % 2 == 0), rf"Is {_N} (?:an )?even(?: number)?\?"),
    ),
    "is_prime": (
        *_rules("n", lambda n: sympy.isprime(int(n)), rf"Is (?:the number )?{_N} (?:a )?prime(?: number)?\?"),
        *_rules(
            "n",
            lambda n: int(n) > 3 and not sympy.isprime(int(n)),
            rf"Is (?:the number )?{_N} (?:a )?composite(?: number)?\?",
        ),
    ),
    "list_prime_factors": _rules(
        "n",
        _factors,
        rf"What are the distinct prime factors of {_N}\?",
        rf"List the distinct prime factors of {_N}\.",
        rf"Which different primes divide {_N}\?",
        rf"Name all different prime factors of {_N}, smallest first\.",
    ),
    "place_value": (
        rule(rf"(?:What is|Give) the {_PLACE} digit of {_N}[?.]", _digit),
        rule(rf"Which digit of {_N} is in the {_PLACE} place\?", _digit),
    ),
    "round_number": (
        *(rule(form % _NEAREST, _to_nearest) for form in _ROUND),
        *(rule(form % _PLACES, _to_places) for form in _ROUND),
    ),
}

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "numbers__base_conversion": tuple(
        rule(form, _converted)
        for form in (
            rf"Convert {_N} from base {_P} to base {_Q}\.",
            rf"How is {_N} \(base {_P}\) written in base {_Q}\?",
            rf"Write the base {_P} number {_N} in base {_Q}\.",
            rf"What is {_N} of base {_P} in base {_Q}\?",
        )
    ),
    **{
        f"numbers__{name}{end}": rules
        for name, rules in _ALONE_OR_COMPOSED.items()
        for end in ("", "_composed")
    },
}
