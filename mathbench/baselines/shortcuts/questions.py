"""Parsing of numbers in question text for the floors, in plain Python."""

import re
from functools import cache

from mathbench.numbers.text import DIGITS


def parse_operands(question: str, base: int, signed: bool = False) -> list[int]:
    """Return the numbers of a question, in order; with `signed`, a minus after no operand is part of a number.

    >>> parse_operands("(57+8)%13", 10), parse_operands("gcd(48,36)", 16), parse_operands("ff-1", 16)
    ([57, 8, 13], [72, 54], [255, 1])
    >>> parse_operands("-7-(-12)", 10, signed=True)
    [-7, -12]
    """
    without_words = re.sub(r"[a-z]+(?=\()|\b(?:mod|divmod)\b", " ", question)
    return [int(word, base) for word in number_texts(without_words, base, signed)]


def number_texts(question: str, base: int, signed: bool = False) -> list[str]:
    """Return the numbers of a question as text.

    >>> number_texts("57 + 08", 10)
    ['57', '08']
    """
    return _number(base, signed).findall(question)


@cache
def _number(base: int, signed: bool) -> re.Pattern[str]:
    minus = "(?:(?<![0-9a-z)])-)?" if signed else ""
    return re.compile(f"{minus}[{DIGITS[:base]}]+")
