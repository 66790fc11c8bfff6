"""Question templates for derivatives."""

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.templates import Wordings, choose_text, fill_strings
from mathbench.hashing import Int
from mathbench.numbers import text

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
_QUESTIONS = Wordings(
    (
        "Work out the {nth} derivative of {sum} with respect to {x}.",
        "Give the {nth} derivative of {sum} wrt {x}.",
        "Differentiate {sum} wrt {x}.",
        "Take the derivative of {sum} with respect to {x}.",
        "Compute the derivative of {sum} wrt {x}.",
        "Work out the {nth} derivative of {sum}.",
        "Give the {nth} derivative of {sum}.",
        "Differentiate {sum}.",
        "Take the derivative of {sum}.",
    ),
    added=(
        "What is the {nth} {x}-derivative of {sum}?",
        "Find the {nth} {x}-derivative of {sum}.",
    ),
)
_IS_FIRST = np.array(["{nth}" not in template for template in _QUESTIONS.of(2)])
_IS_ALONE = np.array(["{x}" not in template for template in _QUESTIONS.of(2)])
# of a question, without the order and the sum
MIN_LENGTH = min(len(t) for t in _QUESTIONS.of(2) if "{nth}" in t) - len("{nth}{sum}")


def derivative_wording(rng: RandomStream, order: Int, alone: Bool, version: int) -> Int:
    """Choose a question template for each derivative, int64 (n,).

    Args:
        rng: random streams.
        order: int64 (n,), 1 for the first derivative.
        alone: bool (n,), whether there is only one variable, which need not be named.
        version: of the wordings.
    """
    count = len(_QUESTIONS.of(version))
    is_first, is_alone = _IS_FIRST[:count, None], _IS_ALONE[:count, None]
    return rng.choose((~is_first | (order == 1)) & (~is_alone | alone))


def ordinal_text(order: Int) -> text.TextPiece:
    """The order of a derivative as an ordinal."""
    return choose_text(order, _ORDINALS)


def question_text(
    choice: Int, order: Int, expression: pa.StringArray, variable: text.TextPiece, version: int
) -> pa.StringArray:
    """Fill the chosen templates."""
    return fill_strings(choice, _QUESTIONS.of(version), nth=ordinal_text(order), sum=expression, x=variable)
