"""Polynomials, read from text."""

from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, rule


def _function(reader: Reader, found: Any) -> None:
    """A function by its formula."""
    variable = sympy.Symbol(found["x"])
    reader.known.pop(found["x"], None)
    reader.known[found["f"]] = sympy.Lambda(variable, sympy.expand(reader.expression(found["value"])))


def _let(reader: Reader, found: Any) -> None:
    reader.known[found["x"]] = reader.expression(found["value"])


def _value(reader: Reader, found: Any) -> Any:
    return sympy.expand(reader.expression(found["value"]))


_FORMULA = r"(?P<value>[a-z0-9 ()*/+-]+)"

DEFINITIONS: tuple[Rule, ...] = (
    rule(rf"Let (?P<f>[a-z])\((?P<x>[a-z])\) = {_FORMULA}\.", _function),
    rule(r"Let (?P<x>[a-z]) (?:be|=) (?P<value>[a-z]\([a-z0-9-]+\))\.", _let),
)

_APPLIED = (
    rule(rf"What is {_FORMULA}\?", _value),
    rule(rf"(?:Evaluate|Compute|Find) {_FORMULA}\.", _value),
)
_COLLECT = (rule(rf"(?:Collect the like terms of|Simplify|Put like terms together:) {_FORMULA}\.", _value),)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "polynomials__evaluate": _APPLIED,
    "polynomials__evaluate_composed": _APPLIED,
    "polynomials__add": _APPLIED,
    "polynomials__collect": _COLLECT,
}
