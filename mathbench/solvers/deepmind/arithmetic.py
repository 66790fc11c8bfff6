"""Rules for arithmetic."""

from decimal import Context, Decimal
from typing import Any

import sympy

from mathbench.numbers import text
from mathbench.solvers.deepmind.reader import Reader, Rule, rule

_EXACT = Context(prec=100)
_NUMBER = r"(?:-?\d+(?:\.\d+)?|[a-z])"
_TWO = rf"(?P<p>{_NUMBER}) and (?P<q>{_NUMBER})"


def _let(reader: Reader, found: Any) -> None:
    reader.known[found["x"]] = reader.expression(found["value"])


def _value(reader: Reader, found: Any) -> Any:
    return reader.expression(found["value"])


def _decimal(value: sympy.Rational) -> str:
    """A number with a finite decimal expansion as text."""
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

DEFINITIONS: tuple[Rule, ...] = (
    rule(r"(?:Let|Put|Suppose) (?P<x>[a-z]) (?:=|be|is) (?P<value>(?:[-\d+*/(). ]|\b[a-z]\b)+)\.", _let),
)

_ADD_OR_SUB = (
    rule(_BARE.format(n=_NUMBER, sign=r"(?:\+|plus)"), _sum),
    rule(_BARE.format(n=_NUMBER, sign=r"(?:-|minus)"), _difference),
    rule(rf"Add (?P<p>{_NUMBER}) to (?P<q>{_NUMBER})\.", _sum),
    rule(rf"(?:Work out the sum of|Give the total of|Calculate the sum of) {_TWO}\.", _sum),
    rule(rf"Which number do {_TWO} make when put together\?", _sum),
    rule(rf"Calculate (?P<p>{_NUMBER}) minus (?P<q>{_NUMBER})\.", _difference),
    rule(rf"How (?:large is the difference|great is the distance) between {_TWO}\?", _distance),
    rule(rf"How much is (?P<p>{_NUMBER}) plus (?P<q>{_NUMBER})\?", _sum),
    rule(rf"What do you get by adding {_TWO}\?", _sum),
    rule(rf"Take (?P<q>{_NUMBER}) away from (?P<p>{_NUMBER})\.", _difference),
    rule(rf"Subtract (?P<q>{_NUMBER}) from (?P<p>{_NUMBER})\.", _difference),
    rule(rf"Which number is (?P<q>{_NUMBER}) less than (?P<p>{_NUMBER})\?", _difference),
    rule(rf"How far apart are {_TWO}\?", _distance),
    rule(rf"By how much do {_TWO} differ\?", _distance),
)

_CALCULATION = (
    rule(
        r"(?:Compute|Find the value of|Work out|Calculate the value of|Evaluate the expression) "
        r"(?P<value>(?:[-\d+*/() ]|\b[a-z]\b)+)\.",
        _value,
    ),
    rule(r"(?:What is )?(?P<value>(?:[-\d+*/() ]|\b[a-z]\b)+)\??", _value),
)


def _product(reader: Reader, found: Any) -> str:
    p, q = _operands(reader, found)
    return _decimal(p * q)


def _quotient(reader: Reader, found: Any) -> sympy.Rational:
    p, q = _operands(reader, found)
    return p / q


_MUL = (
    rule(_BARE.format(n=_NUMBER, sign=r"(?:\*|times)"), _product),
    rule(rf"Multiply (?P<p>{_NUMBER}) by (?P<q>{_NUMBER})\.", _product),
    rule(rf"(?:Give|Work out) the product of {_TWO}\.", _product),
    rule(rf"Calculate (?P<p>{_NUMBER}) multiplied by (?P<q>{_NUMBER})\.", _product),
    rule(rf"What do you get by multiplying (?P<p>{_NUMBER}) by (?P<q>{_NUMBER})\?", _product),
)

_DIV = (
    rule(rf"Divide (?P<p>{_NUMBER}) by (?P<q>{_NUMBER})\.", _quotient),
    rule(rf"(?:What is )?(?P<p>{_NUMBER}) divided by (?P<q>{_NUMBER})\??", _quotient),
    rule(rf"What do you get by dividing (?P<p>{_NUMBER}) by (?P<q>{_NUMBER})\?", _quotient),
    rule(rf"(?:Compute|Calculate) the quotient of {_TWO}\.", _quotient),
)


def _in_base(reader: Reader, found: Any) -> str:
    base = int(found["base"])
    p, q = int(found["p"], base), int(found["q"], base)
    return text.to_text(p + q if found["sign"] == "+" else p - q, base)


_IN_BASE = r"(?P<p>-?[\da-z]+) (?P<sign>[+-]) (?P<q>-?[\da-z]+)"
_BASES = (
    rule(rf"In base (?P<base>\d+), what is {_IN_BASE}\?", _in_base),
    rule(rf"(?:What is|Compute) {_IN_BASE} in base (?P<base>\d+)[.?]", _in_base),
)

_ROOTS = {
    name: root
    for root, name in enumerate(["fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"], 4)
} | {"square": 2, "cube": 3, "third": 3}


def _root(reader: Reader, found: Any) -> int:
    """The root rounded to the nearest integer: (floor(2 * root) + 1) // 2."""
    groups = found.groupdict()
    root = int(groups["root"]) if "root" in groups else _ROOTS[groups["name"]]
    twice, _ = sympy.integer_nthroot(int(found["value"]) << root, root)
    return (twice + 1) // 2


_NEAREST = (
    rule(r"What is (?P<value>\d+) to the power of 1/(?P<root>\d+), to the nearest integer\?", _root),
    rule(r"What is the (?P<name>\w+) root of (?P<value>\d+) to the nearest integer\?", _root),
    rule(r"To the nearest integer, what is the (?P<name>\w+) root of (?P<value>\d+)\?", _root),
)


def _surd(reader: Reader, found: Any) -> Any:
    return sympy.expand(sympy.radsimp(sympy.expand(reader.expression(found["value"]))))


_EXPRESSION = r"(?P<value>(?:sqrt|[-\d+*/() ])+)"
_SURD = (
    rule(rf"Simplify {_EXPRESSION}\.", _surd),
    rule(rf"Simplify: {_EXPRESSION}", _surd),
    rule(rf"What does {_EXPRESSION} simplify to\?", _surd),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "arithmetic__add_or_sub": _ADD_OR_SUB,
    "arithmetic__add_or_sub_in_base": _BASES,
    "arithmetic__add_sub_multiple": _CALCULATION,
    "arithmetic__mul": _MUL,
    "arithmetic__div": _DIV,
    "arithmetic__mul_div_multiple": _CALCULATION,
    "arithmetic__mixed": _CALCULATION,
    "arithmetic__nearest_integer_root": _NEAREST,
    "arithmetic__simplify_surd": _SURD,
}
