"""A random word for every text of a column, by its characters alone."""

import numpy as np
import pyarrow as pa

from mathbench.formats.text_columns import TextColumn
from mathbench.hashing import GOLDEN, U64, mix64


def row_bits(column: pa.StringArray) -> U64:
    """Hash texts to uint64 (n,): equal texts to equal words.

    >>> a, b, c = row_bits(pa.array(["57+8", "8+57", "57+8"])).tolist()
    >>> a == c != b
    True
    """
    text = TextColumn.of(column)
    lengths = np.diff(text.offsets)
    position = np.arange(len(text.data)) - np.repeat(text.offsets[:-1], lengths)
    words = mix64(text.data.astype(np.uint64) + position.astype(np.uint64) * np.uint64(GOLDEN))
    total = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(words, dtype=np.uint64)])
    return mix64(total[text.offsets[1:]] - total[text.offsets[:-1]])
