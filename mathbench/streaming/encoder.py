"""Encoding batches of text as arrays for networks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.errors import InputError
from mathbench.tokenizer import Characters

Encode = bool | str | Callable[[pa.Table], Any] | None


@dataclass(frozen=True)
class Encoder:
    """Encodes a batch as padded arrays of tokens.

    Args:
        characters: the tokenizer; by default all printable characters, the same tokens for every task.
        question_width, answer_width: the width to pad to, in tokens; None: the longest text of the batch.
        left: whether to pad on the left.

    >>> import mathbench
    >>> batch = Encoder()(mathbench.stream("addition", batch_size=4).table(0))
    >>> list(batch), batch["question"].dtype, batch["answer_length"].shape
    (['question', 'question_length', 'answer', 'answer_length', 'row'], dtype('int64'), (4,))
    """

    characters: Characters = field(default_factory=Characters)
    question_width: int | None = None
    answer_width: int | None = None
    left: bool = False

    def __call__(self, table: pa.Table) -> dict[str, NDArray[np.int64]]:
        """Encode a batch of n rows.

        Returns:
            ``question`` (n, q) and ``answer`` (n, a) as tokens, ``question_length`` and ``answer_length`` (n,), and
            ``row`` (n,); for recognition tasks ``label`` (n,) instead of the answer. All are int64.

        Raises:
            InputError: for a character outside the alphabet, or a text longer than its width.
        """
        arrays: dict[str, NDArray[np.int64]] = {}
        labels = "label" in table.column_names
        for name in ("question",) if labels else ("question", "answer"):
            width = self.question_width if name == "question" else self.answer_width
            tokens, lengths = self.characters.encode(table.column(name), width or 0, left=self.left)
            if width is not None and tokens.shape[1] > width:
                raise InputError(
                    f"a batch contains {name}s of up to {tokens.shape[1]} characters. Received: {name}_width={width}."
                )
            arrays |= {name: tokens, f"{name}_length": lengths}
        for name in ("row", "label") if labels else ("row",):
            arrays[name] = table.column(name).to_numpy().copy()  # a writable copy
        return arrays


def make_encoder(encode: Encode) -> Callable[[pa.Table], Any] | None:
    """Make an encoder from the argument `encode` of the adapters.

    Args:
        encode: True for the default encoder, an alphabet as a string, or a function of an Arrow table; None or False
            for no encoder.

    Raises:
        InputError: for anything else.
    """
    if encode is None or encode is False:
        return None
    if encode is True:
        return Encoder()
    if isinstance(encode, str):
        return Encoder(Characters(encode))
    if callable(encode):
        return encode
    raise InputError(
        f"encode must be True, an alphabet, or a function of an Arrow table. Received: {encode!r}."
    )
