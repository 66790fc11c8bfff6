"""A parser of school mathematics: sentences that define letters, then a question."""

import ast
import operator
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import sympy

Solver = Callable[["Reader", re.Match[str]], Any]


class Rule(NamedTuple):
    """A form of sentence and the function that evaluates it.

    Attributes:
        pattern: a regular expression for the whole sentence.
        apply: called with a reader and a match. For a definition it adds letters to `Reader.known`; for a question it
            returns the answer, whose `str` is its text.
    """

    pattern: re.Pattern[str]
    apply: Solver


def rule(pattern: str, apply: Solver) -> Rule:
    """Make a rule from a regular expression with named groups."""
    return Rule(re.compile(pattern), apply)


_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Reader:
    """The state of the parser: the letters defined so far.

    Attributes:
        known: the value of each letter, a number (sympy.Rational) or a function (sympy.Lambda).
    """

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def number(self, text: str) -> sympy.Rational:
        """Read a number or the letter of one: ``12``, ``-3/4``, ``0.5``, ``x``."""
        return self.known[text] if text in self.known else sympy.Rational(Fraction(text))

    def expression(self, text: str) -> Any:
        """Evaluate an expression with the known letters and functions.

        Parsed by Python and evaluated by SymPy, since SymPy's own parser takes ten times as long.

        Raises:
            NotUnderstood: for anything other than numbers, letters, functions, brackets and + - * / **.
        """
        return self._value(ast.parse(text.strip(), mode="eval").body, text.strip())

    def _value(self, node: ast.expr, text: str) -> Any:
        match node:
            case ast.BinOp(left, operation, right) if type(operation) in _OPERATIONS:
                return _OPERATIONS[type(operation)](self._value(left, text), self._value(right, text))
            case ast.UnaryOp(ast.USub(), operand):
                return -self._value(operand, text)
            case ast.Constant():  # from its text, since 0.1 is exactly a tenth
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
    """Apply all definitions and answer the question after them.

    Raises:
        NotUnderstood: if a sentence matches no rule.
    """
    definitions, reader, rest = list(definitions), Reader(), question
    while True:
        for form in questions:
            if found := form.pattern.fullmatch(rest):
                return str(form.apply(reader, found))
        sentence, stop, rest = rest.partition(". ")
        if not stop or not _apply_definition(reader, sentence + ".", definitions):
            raise NotUnderstood(f"cannot read {sentence + stop.strip()!r} in {question!r}")


def _apply_definition(reader: Reader, sentence: str, definitions: Iterable[Rule]) -> bool:
    for definition in definitions:
        if found := definition.pattern.fullmatch(sentence):
            definition.apply(reader, found)
            return True
    return False
