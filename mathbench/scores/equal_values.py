"""Whether two answers have equal values, although they are written differently: 2/4 and 1/2, 1.0 and 1, True and true.

This is a second figure beside exact match, and never part of a rank.
"""

import re

import gmpy2

MAX_LENGTH = 20_000  # characters of an answer that is read as a value
_FRACTION = re.compile(r"([+-]?)(\d+)(?:\.(\d*))?(?:/(\d+))?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def equal(answer: str, truth: str, base: int = 10) -> bool:
    """Whether an answer is worth as much as the right one.

    Args:
        answer: the answer in plain text.
        truth: the right answer in plain text.
        base: the base of their numbers.

    >>> equal("2/4", "1/2"), equal("1.0", "1"), equal("True", "true"), equal("80", "-80"), equal("1,023", "1023")
    (True, True, True, False, True)
    """
    if max(len(answer), len(truth)) > MAX_LENGTH:
        return answer == truth
    one, two = _simple(answer), _simple(truth)
    if one == two:
        return True
    if "," not in two and _GROUPED.fullmatch(one):
        one = one.replace(",", "")
    first, second = _value(one, base), _value(two, base)
    return first is not None and first == second


def _simple(text: str) -> str:
    """Text without capitals and without spaces, other than between two words or numbers, with a minus sign of ASCII."""
    words = " ".join(text.replace("\N{MINUS SIGN}", "-").split()).lower()
    return re.sub(r" (?=\W)|(?<=\W) ", "", words)


def _value(text: str, base: int) -> "gmpy2.mpq | None":
    """The value of an integer, a decimal or a fraction; None for other text."""
    if base != 10:
        try:
            return gmpy2.mpq(gmpy2.mpz(text.removeprefix("+"), base))
        except ValueError:
            return None
    found = _FRACTION.fullmatch(text) if text.isascii() else None
    if found is None:
        return None
    sign, whole, places, divisor = found.groups()
    if divisor is not None and not int(gmpy2.mpz(divisor)):
        return None
    value = gmpy2.mpq(gmpy2.mpz(whole + (places or "")), gmpy2.mpz(10) ** len(places or ""))
    return (-value if sign == "-" else value) / gmpy2.mpz(divisor or 1)
