"""Reading school mathematics: sentences that define letters, then a question."""

import ast
import operator
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

Solver = Callable[["Reader", re.Match[str]], Any]


class Rule(NamedTuple):
    """A form of sentence and what it means.

    Attributes:
        pattern: a regular expression that the whole sentence matches.
        apply: what to do with a match: for a definition a function that enters letters into `Reader.known`, for a
            question one that returns the answer as text.
    """

    pattern: re.Pattern[str]
    apply: Solver


def rule(form: str, meaning: Solver) -> Rule:
    """Make a rule; in the form, a space stands for itself and groups are named."""
    return Rule(re.compile(form), meaning)


_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Reader:
    """Letters that are defined so far.

    Attributes:
        known: a letter to its value: a number (sympy.Rational) or a function (sympy.Lambda).
    """

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def number(self, text: str) -> sympy.Rational:
        """A number or the letter of one: ``12``, ``-3/4``, ``0.5``, ``x``."""
        return self.known[text] if text in self.known else sympy.Rational(Fraction(text))

    def expression(self, text: str) -> Any:
        """An expression with all known letters and functions put in.

        Python reads it, SymPy works it out: SymPy's own reader would take ten times as long.

        Raises:
            NotUnderstood: for anything but numbers, letters, functions, brackets and + - * / **.
        """
        return self._value(ast.parse(text.strip(), mode="eval").body, text.strip())

    def _value(self, node: ast.expr, text: str) -> Any:
        match node:
            case ast.BinOp(left, operation, right) if type(operation) in _OPERATIONS:
                return _OPERATIONS[type(operation)](self._value(left, text), self._value(right, text))
            case ast.UnaryOp(ast.USub(), operand):
                return -self._value(operand, text)
            case ast.Constant():  # as it is written: 0.1 is a tenth
                return sympy.Rational(text[node.col_offset : node.end_col_offset])
            case ast.Name(name):
                return self.known.get(name, sympy.Symbol(name))
            case ast.Call(ast.Name(name), arguments, []):
                function = sympy.sqrt if name == "sqrt" else self.known[name]
                return function(*(self._value(argument, text) for argument in arguments))
        raise NotUnderstood(f"cannot read {text!r}")


class NotUnderstood(ValueError):
    """A question that no rule matches."""


def answer_question(question: str, definitions: Iterable[Rule], questions: Iterable[Rule]) -> str:
    """Read all definitions and answer the question after them.

    Raises:
        NotUnderstood: when a sentence matches no rule.
    """
    definitions, reader, rest = list(definitions), Reader(), question
    while True:
        for requested in questions:
            if found := requested.pattern.fullmatch(rest):
                return str(requested.apply(reader, found))
        sentence, stop, rest = rest.partition(". ")
        if not stop or not _apply_definition(reader, sentence + ".", definitions):
            raise NotUnderstood(f"cannot read {sentence + stop.strip()!r} in {question!r}")


def _apply_definition(reader: Reader, sentence: str, definitions: Iterable[Rule]) -> bool:
    for definition in definitions:
        if found := definition.pattern.fullmatch(sentence):
            definition.apply(reader, found)
            return True
    return False
