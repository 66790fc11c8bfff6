"""Sentences around text of very different length: templates filled with finished strings."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mathbench import text
from mathbench.phrases import merged, slots
from mathbench.task import Int
from mathbench.text import Piece


def filled(choice: Int, templates: Sequence[str], **parts: Piece | pa.StringArray) -> pa.StringArray:
    """Fill templates, as `phrases.fill` does: for parts that would be many columns, most of them empty.

    Args:
        choice: int64 (n,), which template each row takes.
        templates: ASCII texts with ``{name}`` where the part of that name stands.
        parts: strings or columns of text (n,) by name.

    >>> import numpy as np
    >>> filled(np.array([1, 0]), ["{p}!", "Is {p}?"], p=pa.array(["so", "no"])).to_pylist()
    ['Is so?', 'no!']
    """
    strings = [part if isinstance(part, pa.Array) else text.join(part) for part in parts.values()]
    many = len(choice)
    place = dict(zip(parts, np.arange(len(parts)) * many, strict=True))
    literals: list[str] = []
    index: list[Int] = []
    for slot in slots(tuple(templates)):
        first = len(place) * many + len(literals)
        literals += slot.literals
        words = np.array([first + i if literal else -1 for i, literal in enumerate(slot.literals)])
        index.append(words.take(choice))
        for name, has in slot.names.items():
            index.append(np.where(has.take(choice), np.arange(place[name], place[name] + many), -1))
    shown = np.stack(index, axis=1)
    pool = pa.concat_arrays([*strings, text.column(literals)])
    return merged(pool.take(text.integers(shown[shown >= 0])), (shown >= 0).sum(axis=1))


def joined(*strings: pa.StringArray) -> pa.StringArray:
    """Strings of each row laid end to end.

    >>> joined(pa.array(["a", "b"]), pa.array(["c", ""])).to_pylist()
    ['ac', 'b']
    """
    many, of_each = len(strings[0]), np.full(len(strings[0]), len(strings))
    order = np.arange(len(strings) * many).reshape(len(strings), many).T.ravel()
    return merged(pa.concat_arrays(strings).take(text.integers(order)), of_each)


def spread(strings: pa.StringArray, rows: Int, many: int) -> pa.StringArray:
    """Strings in some rows of many, int64 in ascending order; nothing in the others.

    >>> spread(pa.array(["a", "b"]), np.array([0, 2]), 4).to_pylist()
    ['a', '', 'b', '']
    """
    data, starts = text.raw(strings)
    lengths = np.zeros(many, dtype=np.int64)
    lengths[rows] = np.diff(starts)
    return text.strings(data, lengths)
