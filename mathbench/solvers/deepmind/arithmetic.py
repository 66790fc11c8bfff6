"""Arithmetic, read from text."""

from decimal import Context, Decimal
from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

_EXACT = Context(prec=100)
_NUMBER = r"(?:-?\d+(?:\.\d+)?|[a-z])"
_TWO = rf"(?P<p>{_NUMBER}) and (?P<q>{_NUMBER})"


def _let(reader: Reader, found: Any) -> None:
    reader.known[found["x"]] = reader.expression(found["value"])


def _decimal(value: sympy.Rational) -> str:
    """A number without a recurring fraction, written out."""
    quotient = _EXACT.divide(Decimal(int(value.p)), Decimal(int(value.q)))
    return format(quotient.normalize(_EXACT), "f")


def _operands(reader: Reader, found: Any) -> tuple[sympy.Rational, sympy.Rational]:
    return reader.number(found["p"]), reader.number(found["q"])


def _sum(reader: Reader, found: Any) -> str:
    p, q = _operands(reader, found)
    return _decimal(p + q)


def _difference(reader: Reader, found: Any) -> str:
    p, q = _operands(reader, found)
    return _decimal(p - q)


def _distance(reader: Reader, found: Any) -> str:
    p, q = _operands(reader, found)
    return _decimal(abs(p - q))


_BARE = r"(?:(?:What is|Compute|Find) )?(?P<p>{n}) ?{sign} ?(?P<q>{n})[.?]?"

DEFINITIONS: tuple[Rule, ...] = (rule(r"Let (?P<x>[a-z]) = (?P<value>[^=]+)\.", _let),)

_ADD_OR_SUB = (
    rule(_BARE.format(n=_NUMBER, sign=r"(?:\+|plus)"), _sum),
    rule(_BARE.format(n=_NUMBER, sign=r"(?:-|minus)"), _difference),
    rule(rf"Add (?P<p>{_NUMBER}) to (?P<q>{_NUMBER})\.", _sum),
    rule(rf"(?:Work out the sum of|Give the total of) {_TWO}\.", _sum),
    rule(rf"How much is {_TWO} together\?", _sum),
    rule(rf"By adding {_TWO}, what do you get\?", _sum),
    rule(rf"Take (?P<q>{_NUMBER}) away from (?P<p>{_NUMBER})\.", _difference),
    rule(rf"Subtract (?P<q>{_NUMBER}) from (?P<p>{_NUMBER})\.", _difference),
    rule(rf"Which number is (?P<q>{_NUMBER}) less than (?P<p>{_NUMBER})\?", _difference),
    rule(rf"How far apart are {_TWO}\?", _distance),
    rule(rf"By how much do {_TWO} differ\?", _distance),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {"arithmetic__add_or_sub": _ADD_OR_SUB}
