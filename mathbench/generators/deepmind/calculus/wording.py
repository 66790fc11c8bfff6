"""Question templates for derivatives."""

import numpy as np
import pyarrow as pa

from mathbench.generators.deepmind.kernel.random import Bool, RandomStream
from mathbench.generators.deepmind.kernel.templates import choose_text, fill_strings
from mathbench.hashing import Int
from mathbench.numbers import text

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
_EVERY = (
    "Work out the {nth} derivative of {sum} with respect to {x}.",
    "Give the {nth} derivative of {sum} wrt {x}.",
)
_FIRST = (
    "Differentiate {sum} wrt {x}.",
    "Take the derivative of {sum} with respect to {x}.",
    "Compute the derivative of {sum} wrt {x}.",
)
_EVERY_ALONE = ("Work out the {nth} derivative of {sum}.", "Give the {nth} derivative of {sum}.")
_FIRST_ALONE = ("Differentiate {sum}.", "Take the derivative of {sum}.")
_QUESTIONS = (*_EVERY, *_FIRST, *_EVERY_ALONE, *_FIRST_ALONE)
_IS_FIRST = np.array([template in (*_FIRST, *_FIRST_ALONE) for template in _QUESTIONS])
_IS_ALONE = np.array([template in (*_EVERY_ALONE, *_FIRST_ALONE) for template in _QUESTIONS])
MIN_LENGTH = min(map(len, _EVERY_ALONE)) - len("{nth}{sum}")  # of a question, without the order and the sum


def derivative_wording(rng: RandomStream, order: Int, alone: Bool) -> Int:
    """Choose a question template for each derivative, int64 (n,).

    Args:
        rng: random streams.
        order: int64 (n,), 1 for the first derivative.
        alone: bool (n,), whether there is only one variable, which need not be named.
    """
    fits = (~_IS_FIRST[:, None] | (order == 1)) & (~_IS_ALONE[:, None] | alone)
    return rng.choose(fits)


def ordinal_text(order: Int) -> text.TextPiece:
    """The order of a derivative as an ordinal."""
    return choose_text(order, _ORDINALS)


def question_text(
    choice: Int, order: Int, expression: pa.StringArray, variable: text.TextPiece
) -> pa.StringArray:
    """Fill the chosen templates."""
    return fill_strings(choice, _QUESTIONS, nth=ordinal_text(order), sum=expression, x=variable)
