"""Rules for probability."""

from collections import Counter
from fractions import Fraction
from math import comb, prod
from typing import Any

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

DEFINITIONS: tuple[Rule, ...] = ()

_DRAWN = {"two": 2, "three": 3, "four": 4, "five": 5}


def _bag(text: str) -> Counter[str]:
    """Read a bag: ``{a: 2, b: 1}`` or ``aba``."""
    if not text.startswith("{"):
        return Counter(text)
    pairs = (pair.split(": ") for pair in text.strip("{}").split(", "))
    return Counter({letter: int(count) for letter, count in pairs})


def _sequence(reader: Reader, found: Any) -> Fraction:
    """The probability of a sequence, as a product over the draws."""
    bag, answer = _bag(found["bag"]), Fraction(1)
    if len(found["event"]) != _DRAWN[found["n"].lower()]:
        raise ValueError("as many letters as are drawn")
    for letter in found["event"]:
        answer *= Fraction(bag[letter], bag.total())
        bag[letter] -= bool(bag[letter])
        if not answer:
            break
    return answer


def _level_set(reader: Reader, found: Any) -> Fraction:
    """The number of choices with the given letters, divided by that of all choices."""
    bag, drawn = _bag(found["bag"]), _DRAWN[found["n"].lower()]
    picked = {
        item.split()[1]: int(item.split()[0]) for item in found["event"].replace(" and ", ", ").split(", ")
    }
    if sum(picked.values()) != drawn:
        raise ValueError("as many letters as are drawn")
    return Fraction(prod(comb(bag[x], k) for x, k in picked.items()), comb(bag.total(), drawn))


_BAG = r"(?P<bag>[a-z]+|\{[a-z0-9:, ]+\})"
_FROM = rf"(?P<n>\w+) letters are drawn without replacement from {_BAG}"
_PICKED = rf"(?P<n>\w+) letters are picked from {_BAG} without replacement"


def _rules(event: str, meaning: Any) -> tuple[Rule, ...]:
    return (
        rule(rf"{_FROM}\. (?:What is|Find) the probability of {event}[?.]", meaning),
        rule(rf"(?:What is|Find) the probability of {event} when {_FROM}[?.]", meaning),
        rule(rf"{_PICKED}\. (?:Calculate|Give) the prob\. of {event}\.", meaning),
        rule(rf"(?:Calculate|Give) the prob\. of {event} if {_PICKED}\.", meaning),
    )


QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "probability__swr_p_sequence": _rules("the sequence (?P<event>[a-z]+)", _sequence),
    "probability__swr_p_level_set": _rules("(?:drawing|picking) (?P<event>[0-9a-z, ]+?)", _level_set),
}
