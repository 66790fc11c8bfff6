"""Rules for algebra."""

import re
from itertools import pairwise
from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

_SYSTEM = r"(?P<equations>[^=]+ = [^=]+?(?:(?:, | and )[^=]+ = [^=]+?)?)"


def _solved(reader: Reader, equations: str) -> dict[str, Any]:
    """Solve linear equations for the letters that are not known yet."""
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
    rule(rf"(?:Assume|Suppose that|We have) {_SYSTEM}\.", _assume),
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


def _roots(reader: Reader, found: Any) -> str:
    _, factors = sympy.factor_list(reader.expression(found["p"]))
    solutions = (-f.coeff(x, 0) / f.coeff(x, 1) for f, _ in factors for x in f.free_symbols)
    return ", ".join(map(str, sorted(solutions)))


def _product(reader: Reader, found: Any) -> Any:
    return sympy.factor(reader.expression(found["p"]))


_SIDE = "(?P<p>[^=]+)"  # of an equation: no other sentence between
_POLYNOMIAL = (
    rule(r"Solve (?P<p>.+) = 0 for [a-z]\.", _roots),
    rule(r"For which [a-z] is (?P<p>.+) = 0\?", _roots),
    rule(r"Find all [a-z] with (?P<p>.+) = 0\.", _roots),
    rule(r"What are the roots of (?P<p>.+)\?", _roots),
    rule(r"If (?P<p>.+) = 0, what is [a-z]\?", _roots),
    rule(r"Give every [a-z] that solves (?P<p>.+) = 0\.", _roots),
    rule(rf"Suppose that {_SIDE} = 0\. Determine [a-z]\.", _roots),
    rule(rf"Given that {_SIDE} = 0, calculate [a-z]\.", _roots),
    rule(rf"Find every [a-z] such that {_SIDE} = 0\.", _roots),
    rule(rf"What must [a-z] be so that {_SIDE} = 0\?", _roots),
    rule(rf"Let (?P<x>[a-z]) satisfy {_SIDE} = 0\. Which values can (?P=x) take\?", _roots),
    rule(rf"Calculate all solutions of {_SIDE} = 0 in [a-z]\.", _roots),
    rule(r"Factor (?P<p>.+)\.", _product),
    rule(r"Factorise (?P<p>.+)\.", _product),
    rule(r"Split (?P<p>.+) into factors\.", _product),
)


_TERMS = r"(?P<terms>-?\d+(?:, -?\d+)+)"


def _formula(terms: str, n: sympy.Expr) -> sympy.Expr:
    """The polynomial of lowest degree with the given values at 1, 2, 3, ..., by Newton's forward differences."""
    values = [sympy.Integer(term) for term in terms.split(", ")]
    found, binomial, place = sympy.Integer(0), sympy.Integer(1), 0
    while any(values):
        found, place = found + values[0] * binomial, place + 1
        binomial = sympy.expand(binomial * (n - place) / place)
        values = [later - earlier for earlier, later in pairwise(values)]
    return sympy.expand(found)


def _next(reader: Reader, found: Any) -> Any:
    return _formula(found["terms"], sympy.Integer(found["terms"].count(",") + 2))


def _nth(reader: Reader, found: Any) -> Any:
    return _formula(found["terms"], sympy.Symbol(found["n"]))


_NEXT = (
    rule(rf"Which number follows {_TERMS}\?", _next),
    rule(rf"Continue {_TERMS} by one term\.", _next),
    rule(rf"Give the next number of {_TERMS}\.", _next),
    rule(rf"After {_TERMS}, which term is next\?", _next),
    rule(rf"What number comes next in the sequence {_TERMS}\?", _next),
    rule(rf"In the list {_TERMS}, what comes after the last number\?", _next),
)
_NTH = (
    rule(rf"Give term (?P<n>[a-z]) of {_TERMS} as a formula\.", _nth),
    rule(rf"What is term number (?P<n>[a-z]) of {_TERMS}\?", _nth),
    rule(rf"Which polynomial in (?P<n>[a-z]) gives {_TERMS}\?", _nth),
    rule(rf"Find term (?P<n>[a-z]) of {_TERMS}\.", _nth),
    rule(rf"Write the (?P<n>[a-z])-th term of {_TERMS} as a formula\.", _nth),
    rule(rf"Find a formula for the (?P<n>[a-z])-th number of the list {_TERMS}\.", _nth),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    **{f"algebra__linear_{name}": _LINEAR for name in ("1d", "1d_composed", "2d", "2d_composed")},
    "algebra__polynomial_roots": _POLYNOMIAL,
    "algebra__polynomial_roots_composed": _POLYNOMIAL,
    "algebra__sequence_next_term": _NEXT,
    "algebra__sequence_nth_term": _NTH,
}
