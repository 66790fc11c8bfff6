"""Sentences around one long piece of text."""

from collections.abc import Sequence

from mathbench import phrases
from mathbench.task import Int
from mathbench.text import Piece


def framed(choice: Int, templates: Sequence[str], inner: Piece, **pieces: Piece) -> Piece:
    """Fill templates in which ``{}`` stands for a long piece: it is laid out once, wherever the others stand.

    >>> import numpy as np
    >>> from mathbench import text
    >>> inner, x = text.literal("x = 2", 2), text.literal("x", 2)
    >>> text.join(framed(np.array([0, 1]), ["Find {x} from {}.", "Solve {} for {x}."], inner, x=x)).to_pylist()
    ['Find x from x = 2.', 'Solve x = 2 for x.']
    """
    before, after = zip(*(template.split("{}") for template in templates), strict=True)
    return (*phrases.fill(choice, before, **pieces), *inner, *phrases.fill(choice, after, **pieces))
