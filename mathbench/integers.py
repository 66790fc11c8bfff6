"""Numbers as users give them: any integer type in Python, and the digits 0 to 9 as text."""

import operator
import re


def as_integer(value: object) -> int | None:
    """Return a value of any integer type, such as those of NumPy, as a Python integer; None for everything else.

    Truth values are no integers.

    >>> import numpy as np
    >>> as_integer(np.uint8(5)), as_integer(True), as_integer(5.0), as_integer("5")
    (5, None, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def parse_integer(text: str) -> int:
    """Convert the digits 0 to 9 with an optional sign to an integer.

    `int` also reads other digits, underscores and spaces, which are more often mistakes than meant.

    Raises:
        ValueError: for any other text, and for more digits than Python reads.

    >>> parse_integer("-42")
    -42
    """
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(f"not an integer: {text!a}")
    return int(text)


def parse_number(text: str) -> float:
    """Convert a decimal number such as 0.5 or 1e-3 to a float.

    Raises:
        ValueError: for any other text, as for :func:`parse_integer`, and for infinity and what is no number.

    >>> parse_number("1e-3")
    0.001
    """
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(f"not a number: {text!a}")
    return float(text)
