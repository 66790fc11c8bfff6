"""Rules for measurement."""

from fractions import Fraction
from typing import Any

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

DEFINITIONS: tuple[Rule, ...] = ()

_DAY = 24 * 60
_CLOCK = r"\d+:\d\d [AP]M"


def _minutes(clock: str) -> int:
    """Minutes since midnight."""
    time, half = clock.split()
    hours, minutes = map(int, time.split(":"))
    return (hours % 12 + (12 if half == "PM" else 0)) * 60 + minutes


def _clock(minutes: int) -> str:
    hours, minutes = divmod(minutes % _DAY, 60)
    return f"{hours % 12 or 12}:{minutes:02d} {'PM' if hours >= 12 else 'AM'}"


def _moved(reader: Reader, found: Any) -> str:
    step = int(found["d"]) if found["way"] == "after" else -int(found["d"])
    return _clock(_minutes(found["t"]) + step)


def _between(reader: Reader, found: Any) -> int:
    return (_minutes(found["end"]) - _minutes(found["start"])) % _DAY


_TIME = (
    rule(
        rf"(?:What is|What time is|Find the time) (?P<d>\d+) minutes? (?P<way>before|after) (?P<t>{_CLOCK})[?.]",
        _moved,
    ),
    rule(
        rf"(?:How many|Count the|Give the) minutes from (?P<start>{_CLOCK}) to (?P<end>{_CLOCK})[?.]",
        _between,
    ),
    rule(rf"How many minutes are there from (?P<start>{_CLOCK}) until (?P<end>{_CLOCK})\?", _between),
    rule(rf"Between (?P<start>{_CLOCK}) and (?P<end>{_CLOCK}), how many minutes are there\?", _between),
    rule(rf"Count the minutes between (?P<start>{_CLOCK}) and (?P<end>{_CLOCK})\.", _between),
)

# sizes in the smallest unit of each dimension
_LENGTH = {"nm": 1, "um": 10**3, "mm": 10**6, "cm": 10**7, "m": 10**9, "km": 10**12}
_MASS = {"ng": 1, "ug": 10**3, "mg": 10**6, "g": 10**9, "kg": 10**12, "t": 10**15}
_TIME_SYMBOLS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
_SIZES = {
    **_LENGTH,
    **_MASS,
    **_TIME_SYMBOLS,
    **dict(
        zip(
            ["nanometer", "micrometer", "millimeter", "centimeter", "meter", "kilometer"],
            _LENGTH.values(),
            strict=True,
        )
    ),
    **dict(
        zip(["nanogram", "microgram", "milligram", "gram", "kilogram", "tonne"], _MASS.values(), strict=True)
    ),
    **dict(zip(["nanosecond", "microsecond", "millisecond", "second"], _TIME_SYMBOLS.values(), strict=True)),
    "minute": 60 * 10**9,
    "hour": 3600 * 10**9,
    "day": 86400 * 10**9,
    "week": 604800 * 10**9,
    "month": 1,
    "year": 12,
    "decade": 120,
    "century": 1200,
    "millennium": 12000,
    "ml": 1,
    "millilitre": 1,
    "l": 1000,
    "litre": 1000,
}
_PLURALS = {"centuries": "century", "millennia": "millennium"}
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_WORDS = {
    **{word: number for number, word in enumerate(_ONES)},
    **{
        word: 10 * ten
        for ten, word in enumerate(
            ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
        )
    },
}
_PARTS = [
    "half",
    "third",
    "quarter",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]


def _size(unit: str) -> int:
    if unit in _SIZES:
        return _SIZES[unit]
    return _SIZES[_PLURALS.get(unit, unit.removesuffix("s"))]


def _integer_from_words(words: str) -> int:
    """An integer in words."""
    total = 0
    for word in words.replace("-", " ").split():
        if word in ("hundred", "thousand"):
            total *= 100 if word == "hundred" else 1000
        elif word != "and":
            total += _WORDS[word]
    return total


def _amount(text: str) -> Fraction:
    """A number in digits, or a fraction in words."""
    if text[0].isdigit():
        return Fraction(text)
    top, _, part = text.rpartition(" ")
    name = "half" if part == "halves" else part if part in _PARTS else part.removesuffix("s")
    return Fraction(_integer_from_words(top), 2 + _PARTS.index(name))


def _decimal(value: Fraction) -> str:
    """A fraction whose denominator divides a power of ten, as a decimal."""
    places = next(places for places in range(40) if 10**places % value.denominator == 0)
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _converted(reader: Reader, found: Any) -> str:
    return _decimal(_amount(found["v"]) * _size(found["base"]) / _size(found["target"]))


_QUANTITY = r"(?P<v>[\w./ -]+?)(?: of an?)? (?P<base>[a-z]+)"
_CONVERSION = (
    rule(rf"How many (?P<target>[a-z]+) (?:is|make) {_QUANTITY}\?", _converted),
    rule(rf"In {_QUANTITY}, how many (?P<target>[a-z]+) are there\?", _converted),
    rule(rf"Convert {_QUANTITY} to (?P<target>[a-z]+)\.", _converted),
    rule(rf"(?:Express|What is) {_QUANTITY} in (?P<target>[a-z]+)[.?]", _converted),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {"measurement__conversion": _CONVERSION, "measurement__time": _TIME}
