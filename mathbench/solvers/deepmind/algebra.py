"""Algebra, read from text."""

import re
from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

_SYSTEM = r"(?P<equations>[^=]+ = [^=]+?(?:(?:, | and )[^=]+ = [^=]+?)?)"


def _solved(reader: Reader, equations: str) -> dict[str, Any]:
    """The unknowns, which are the letters that are not known yet, and their values."""
    sides = [side.split(" = ") for side in re.split(", | and ", equations)]
    differences = [reader.expression(left) - reader.expression(right) for left, right in sides]
    unknowns = sorted(set().union(*(d.free_symbols for d in differences)), key=str)
    (solution,) = sympy.linsolve(differences, unknowns)
    return {str(unknown): value for unknown, value in zip(unknowns, solution, strict=True)}


def _assume(reader: Reader, found: Any) -> None:
    values = _solved(reader, found["equations"])
    reader.known.update({x: value for x, value in values.items() if value.is_number})


def _linear(reader: Reader, found: Any) -> Any:
    return _solved(reader, found["equations"])[found["x"]]


DEFINITIONS: tuple[Rule, ...] = (
    rule(rf"Assume {_SYSTEM}\.", _assume),
    rule(rf"Let [a-z](?: and [a-z])? satisfy {_SYSTEM}\.", _assume),
    rule(rf"Take [a-z] from {_SYSTEM}\.", _assume),
)

_LINEAR = (
    rule(rf"Solve {_SYSTEM} for (?P<x>[a-z])\.", _linear),
    rule(rf"Find (?P<x>[a-z]) from {_SYSTEM}\.", _linear),
    rule(rf"If {_SYSTEM}, what is (?P<x>[a-z])\?", _linear),
    rule(rf"Which (?P<x>[a-z]) makes {_SYSTEM} true\?", _linear),
    rule(rf"What is the solution (?P<x>[a-z]) of {_SYSTEM}\?", _linear),
    rule(rf"Which (?P<x>[a-z]) satisfies {_SYSTEM}\?", _linear),
    rule(rf"Given {_SYSTEM}, calculate (?P<x>[a-z])\.", _linear),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    f"algebra__linear_{unknowns}{composed}": _LINEAR
    for unknowns in ("1d", "2d")
    for composed in ("", "_composed")
}
