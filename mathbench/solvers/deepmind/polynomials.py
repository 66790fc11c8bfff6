"""Rules for polynomials."""

from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, rule


def _function(reader: Reader, found: Any) -> None:
    """Define a function by its formula."""
    variable = sympy.Symbol(found["x"])
    reader.known.pop(found["x"], None)
    reader.known[found["f"]] = sympy.Lambda(variable, sympy.expand(reader.expression(found["value"])))


def _let(reader: Reader, found: Any) -> None:
    reader.known[found["x"]] = reader.expression(found["value"])


def _value(reader: Reader, found: Any) -> Any:
    return sympy.expand(reader.expression(found["value"]))


def _coefficient(reader: Reader, found: Any) -> Any:
    """The value of the letter for which both expressions are equal."""
    value, form = (sympy.expand(reader.expression(found[part])) for part in ("value", "form"))
    (variable,) = value.free_symbols
    letter = sympy.Symbol(found["c"])
    power = next(p for p in range(20) if form.coeff(variable, p).has(letter))
    return value.coeff(variable, power)


def _power(reader: Reader, found: Any) -> Any:
    reader.known[found["x"]] = sympy.Symbol(found["x"], positive=True)
    return reader.expression(found["value"])


_FORMULA = r"(?P<value>[a-z0-9 ()*/+-]+)"

DEFINITIONS: tuple[Rule, ...] = (
    rule(rf"(?:Let|Put|Suppose) (?P<f>[a-z])\((?P<x>[a-z])\) (?:=|is) {_FORMULA}\.", _function),
    rule(
        r"(?:Let|Put|Suppose) (?P<x>[a-z]) (?:be|is|=) (?P<value>[a-z]\([a-z0-9-]+\))\.",
        _let,
    ),
)

_APPLIED = (
    rule(rf"What is {_FORMULA}\?", _value),
    rule(rf"(?:Evaluate|Compute|Find|Work out|Now (?:give|calculate|determine)) {_FORMULA}\.", _value),
)
_COLLECT = (
    rule(
        rf"(?:Collect the like terms of|Simplify|Put like terms together:|Combine the like terms in) {_FORMULA}\.",
        _value,
    ),
)
_EXPAND = (
    rule(rf"(?:Expand|Multiply out) {_FORMULA}\.", _value),
    rule(rf"Write {_FORMULA} without brackets\.", _value),
)
_FORM = r"(?P<form>[a-z0-9 *+]+)"
_COEFFICIENT = (
    rule(rf"Write {_FORMULA} as {_FORM} and give (?P<c>[a-z])\.", _coefficient),
    rule(rf"Bring {_FORMULA} to the form {_FORM} and give (?P<c>[a-z])\.", _coefficient),
    rule(rf"Put {_FORMULA} in the form {_FORM} and find (?P<c>[a-z])\.", _coefficient),
    rule(rf"Express {_FORMULA} as {_FORM}\. What is (?P<c>[a-z])\?", _coefficient),
    rule(rf"Rearrange {_FORMULA} into {_FORM} and find (?P<c>[a-z])\.", _coefficient),
)
_POWER = (
    rule(r"Simplify (?P<value>.+), where (?P<x>[a-z]) is positive\.", _power),
    rule(r"Simplify (?P<value>.+) for positive (?P<x>[a-z])\.", _power),
    rule(r"Let (?P<x>[a-z]) be positive\. Simplify (?P<value>.+)\.", _power),
    rule(r"Assuming that (?P<x>[a-z]) is positive, simplify (?P<value>.+)\.", _power),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "polynomials__evaluate": _APPLIED,
    "polynomials__evaluate_composed": _APPLIED,
    "polynomials__add": _APPLIED,
    "polynomials__collect": _COLLECT,
    "polynomials__compose": _APPLIED,
    "polynomials__expand": _EXPAND,
    "polynomials__coefficient_named": _COEFFICIENT,
    "polynomials__simplify_power": _POWER,
}
