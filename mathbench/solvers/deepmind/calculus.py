"""Rules for calculus."""

from typing import Any

import sympy

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

_ORDERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_SUM = r"(?P<sum>[a-z0-9 ()*/+-]+?)"
_NTH = rf"(?:(?P<nth>{'|'.join(_ORDERS)}) )?"


def _derivative(reader: Reader, found: Any) -> Any:
    """Differentiate by the variable that the question names or, if it names none, the only one."""
    parts = found.groupdict()
    named = parts.get("x")
    if named:
        reader.known.pop(named, None)
    integrand = sympy.expand(reader.expression(parts["sum"]))
    variable = sympy.Symbol(named) if named else next(iter(integrand.free_symbols), sympy.Symbol("x"))
    return sympy.expand(sympy.diff(integrand, variable, _ORDERS[parts.get("nth") or "first"]))


def _function(reader: Reader, found: Any) -> None:
    reader.known[found["f"]] = sympy.Lambda(sympy.Symbol(found["x"]), _derivative(reader, found))


DEFINITIONS: tuple[Rule, ...] = (
    rule(
        rf"(?:Let|Suppose) (?P<f>[a-z])\((?P<x>[a-z])\) (?:be|is) the {_NTH}derivative of {_SUM}\.", _function
    ),
)

_WITHOUT_VARIABLE = (
    rule(rf"(?:Work out|Give|Take|Compute) the {_NTH}derivative of {_SUM}\.", _derivative),
    rule(rf"Differentiate {_SUM}\.", _derivative),
)
_WITH_VARIABLE = (
    rule(
        rf"(?:Work out|Give|Take|Compute) the {_NTH}derivative of {_SUM} (?:wrt|with respect to) (?P<x>[a-z])\.",
        _derivative,
    ),
    rule(rf"Differentiate {_SUM} (?:wrt|with respect to) (?P<x>[a-z])\.", _derivative),
    rule(rf"(?:What is|Find) the {_NTH}(?P<x>[a-z])-derivative of {_SUM}[.?]", _derivative),
)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "calculus__differentiate": (*_WITH_VARIABLE, *_WITHOUT_VARIABLE),
    "calculus__differentiate_composed": (*_WITH_VARIABLE, *_WITHOUT_VARIABLE),
}
