"""Expressions read from text, in plain Python: the trees, their values, and the words that decide their reserves.

This shares no code with what makes the questions, so that verification compares the two.
"""

import re
from typing import NamedTuple, Union

from mathbench.hashing import MASK, mix64_int

_MINUS = 1 << 63  # marks a term that is subtracted
_BRACKET = 0xD6E8FEB86659FD93  # marks a sum that is a factor
_DIVISOR = 0xA0761D6478BD642F  # marks a divisor


class Term(NamedTuple):
    """A product, signed.

    Attributes:
        sign: 1, or -1 where it is subtracted.
        factors: pairs of a sign, `*` or `/`, and a number or a sum.
    """

    sign: int
    factors: list[tuple[str, Union[int, "Sum"]]]


Sum = list[Term]


def parse(text: str, base: int) -> Sum:
    """Read an expression with `+`, `-`, `*`, `/` and round brackets.

    Raises:
        ValueError: when the text is not an expression.

    >>> parse("a-2*3", 16)
    [Term(sign=1, factors=[('*', 10)]), Term(sign=-1, factors=[('*', 2), ('*', 3)])]
    """
    tokens = re.findall(r"[0-9a-z]+|.", text)[::-1]
    try:
        found = _sum(tokens, base)
    except (IndexError, RecursionError):
        tokens = [""]
    if tokens:
        raise ValueError(f"not an expression: {text}")
    return found


def _sum(tokens: list[str], base: int) -> Sum:
    """Read a sum from tokens in reverse order, up to a bracket that closes it."""
    terms = [Term(1, _factors(tokens, base))]
    while tokens and tokens[-1] in "+-":
        sign = -1 if tokens.pop() == "-" else 1
        terms.append(Term(sign, _factors(tokens, base)))
    return terms


def _factors(tokens: list[str], base: int) -> list[tuple[str, int | Sum]]:
    factors = [("*", _factor(tokens, base))]
    while tokens and tokens[-1] in "*/":
        factors.append((tokens.pop(), _factor(tokens, base)))
    return factors


def _factor(tokens: list[str], base: int) -> int | Sum:
    if (token := tokens.pop()) != "(":
        return int(token, base)
    inside = _sum(tokens, base)
    if tokens.pop() != ")":
        raise IndexError
    return inside


def value_of(terms: Sum) -> int:
    """The value of a sum.

    Raises:
        ValueError: when a division leaves a remainder.

    >>> value_of(parse("3*(4-7)+8/2", 10))
    -5
    """
    total = 0
    for sign, factors in terms:
        for operation, factor in factors:
            number = factor if isinstance(factor, int) else value_of(factor)
            sign = sign * number if operation == "*" else _quotient(sign, number)
        total += sign
    return total


def _quotient(dividend: int, divisor: int) -> int:
    if divisor == 0 or dividend % divisor:
        raise ValueError(f"{dividend}/{divisor} is not an integer")
    return dividend // divisor


def word_of(terms: Sum) -> int:
    """64 bits that depend on the terms of a sum and on their factors, but not on their order.

    >>> word_of(parse("2+3*(4-1)", 10)) == word_of(parse("(4-1)*3+2", 10))
    True
    """
    total = 0
    for sign, factors in terms:
        word = sum(_word_of_factor(operation, factor) for operation, factor in factors) & MASK
        total += mix64_int(word ^ (_MINUS if sign < 0 else 0))
    return total & MASK


def _word_of_factor(operation: str, factor: int | Sum) -> int:
    word = mix64_int(factor + 1) if isinstance(factor, int) else mix64_int(word_of(factor) ^ _BRACKET)
    return word if operation == "*" else mix64_int(word ^ _DIVISOR)
