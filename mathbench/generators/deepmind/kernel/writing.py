"""Writing: sentences around strings that are already made."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mathbench import phrases, text
from mathbench.task import Int


def around(wording: Int, frames: Sequence[tuple[str, str]], strings: pa.StringArray) -> pa.StringArray:
    """Put words before and behind strings.

    Args:
        wording: int64 (n,), which of the frames.
        frames: what stands before and what behind.
        strings: n strings.

    >>> around(np.array([1, 0]), [("", ""), ("What is ", "?")], pa.array(["1 + 2", "3"])).to_pylist()
    ['What is 1 + 2?', '3']
    """
    before, after = (phrases.one_of(wording, [frame[i] for frame in frames]) for i in range(2))
    return enclosed(before, strings, after)


def enclosed(before: text.Piece, strings: pa.StringArray, after: text.Piece) -> pa.StringArray:
    """Put pieces of text before and behind strings."""
    many = len(strings)
    order = np.arange(3 * many).reshape(3, many).T.ravel()
    laid = pa.concat_arrays([text.join(before), strings, text.join(after)])
    return phrases.merged(laid.take(text.integers(order)), np.full(many, 3))
