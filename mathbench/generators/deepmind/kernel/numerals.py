"""Numerals: numbers in words."""

_LOW = [
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
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
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
LAST = len(_ORDINALS) - 1  # the last one that has a name


def cardinal(number: int) -> str:
    """A number from 0 to 9999 in words.

    >>> cardinal(0), cardinal(44), cardinal(1114)
    ('zero', 'forty-four', 'one thousand one hundred and fourteen')
    """
    if number < 20:
        return _LOW[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_LOW[ones]}" if ones else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    many, rest = divmod(number, size)
    return f"{cardinal(many)} {name}" + (f"{' and ' if rest < 100 else ' '}{cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """The place of a number from 1 to 20 in words.

    >>> ordinal(2), ordinal(12)
    ('second', 'twelfth')
    """
    return _ORDINALS[number]


def part(bottom: int, many: int) -> str:
    """The name of one or more parts of a whole; the denominator from 2 to 20.

    >>> part(2, 1), part(2, 17), part(4, 3), part(12, 1)
    ('half', 'halves', 'quarters', 'twelfth')
    """
    name = {2: "half", 4: "quarter"}.get(bottom, _ORDINALS[bottom])
    plural = "halves" if bottom == 2 else f"{name}s"
    return name if many == 1 else plural
