"""Parsing of numbers in question text for the floors, in plain Python."""

import re
from functools import cache
from math import prod

from mathbench.numbers.text import DIGITS


def parse_operands(question: str, base: int) -> list[int]:
    """Return the numbers of a question, in order.

    >>> parse_operands("(57+8)%13", 10), parse_operands("gcd(48,36)", 16), parse_operands("ff-1", 16)
    ([57, 8, 13], [72, 54], [255, 1])
    """
    without_words = re.sub(r"[a-z]+(?=\()|\b(?:mod|divmod)\b", " ", question)
    return [int(word, base) for word in number_texts(without_words, base)]


def number_texts(question: str, base: int) -> list[str]:
    """Return the numbers of a question as text.

    >>> number_texts("57 + 08", 10)
    ['57', '08']
    """
    return _number(base).findall(question)


def parse_statement(question: str, base: int) -> tuple[list[int], int]:
    """Return both sides of a statement: the operands and the stated result.

    >>> parse_statement("12+29=42", 10)
    ([12, 29], 42)
    """
    left, _, right = question.partition("=")
    return parse_operands(left, base), parse_operands(right, base)[0]


def holds_modulo(sign: str, question: str, base: int, modulus: int) -> bool:
    """Return whether a statement with a sign, "+" or "*", holds modulo `modulus`.

    >>> holds_modulo("+", "12+29=51", 10, 10), holds_modulo("*", "12*29=349", 10, 9)
    (True, False)
    """
    numbers, stated = parse_statement(question, base)
    result = sum(numbers) if sign == "+" else prod(numbers)
    return (result - stated) % modulus == 0


@cache
def _number(base: int) -> re.Pattern[str]:
    return re.compile(f"[{DIGITS[:base]}]+")
