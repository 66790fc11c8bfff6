"""An independent solver of school mathematics: it parses questions and solves them by SymPy or exact arithmetic."""

from mathbench.solvers.deepmind import (
    algebra,
    arithmetic,
    calculus,
    comparison,
    measurement,
    numbers,
    polynomials,
    probability,
)
from mathbench.solvers.deepmind.reader import answer_question

_AREAS = (algebra, arithmetic, calculus, comparison, measurement, numbers, polynomials, probability)
_DEFINITIONS = [rule for area in _AREAS for rule in area.DEFINITIONS]
_QUESTIONS = {name: rules for area in _AREAS for name, rules in area.QUESTIONS.items()}


def solve(module: str, question: str) -> str:
    """Answer a question from its text alone.

    Args:
        module: the module of the question, such as ``"numbers__gcd"``.
        question: its text.

    Raises:
        KeyError: for an unknown module.
        NotUnderstood: if the question does not have a form of that module.

    >>> solve("numbers__gcd_composed", "Let r = 110 - 2. Find the greatest common factor of r and 12.")
    '12'
    """
    return answer_question(question, _DEFINITIONS, _QUESTIONS[module])
