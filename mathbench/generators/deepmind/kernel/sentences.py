"""Sentences around text of very different length: templates filled with finished strings."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mathbench import text
from mathbench.generators.deepmind.kernel.chance import Bool
from mathbench.phrases import slots
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
    strings = {name: part if isinstance(part, pa.Array) else text.join(part) for name, part in parts.items()}
    chosen, shown = text.integers(choice), []
    for slot in slots(tuple(templates)):
        shown.append(text.column(slot.literals).take(chosen))
        shown += [_where(has.take(choice), strings[name]) for name, has in slot.names.items()]
    return joined(*shown)


def joined(*strings: pa.StringArray) -> pa.StringArray:
    """Strings of each row laid end to end."""
    return pc.binary_join_element_wise(*strings, "")


def _where(shown: Bool, strings: pa.StringArray) -> pa.StringArray:
    return (
        strings
        if shown.all()
        else pc.if_else(text.integers(shown.view(np.int8)).cast(pa.bool_()), strings, "")
    )
