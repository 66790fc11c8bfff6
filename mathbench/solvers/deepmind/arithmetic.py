"""Arithmetic, read from text."""

from typing import Any

from mathbench.solvers.deepmind.reader import Reader, Rule, rule

NUMBER = r"-?[\w./]+"


def _let(reader: Reader, found: Any) -> None:
    reader.known[found["x"]] = reader.expression(found["value"])


def _value(reader: Reader, found: Any) -> Any:
    return reader.expression(found["value"])


DEFINITIONS: tuple[Rule, ...] = (rule(r"Let (?P<x>[a-z]) = (?P<value>[^=]+)\.", _let),)

QUESTIONS: dict[str, tuple[Rule, ...]] = {
    "arithmetic__add_or_sub": (
        rule(r"What is (?P<value>.+ [+-] .+)\?", _value),
        rule(rf"Add (?P<q>{NUMBER}) to (?P<p>{NUMBER})\.", lambda r, m: r.number(m["p"]) + r.number(m["q"])),
        rule(
            rf"Take (?P<q>{NUMBER}) from (?P<p>{NUMBER})\.", lambda r, m: r.number(m["p"]) - r.number(m["q"])
        ),
    ),
}
