"""A batch of text as arrays that a network takes."""

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
    """Turns a batch into padded arrays of tokens.

    Args:
        characters: the alphabet; by default all printable characters, the same tokens for every task.
        question_width, answer_width: pad to so many tokens; None: to the longest text of the batch.
        left: pad on the left.

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
            ``row`` (n,); for recognition tasks ``label`` (n,) instead of the answer. All int64.

        Raises:
            InputError: for a character that is not in the alphabet, or a text longer than its width.
        """
        arrays: dict[str, NDArray[np.int64]] = {}
        labels = "label" in table.column_names
        for name in ("question",) if labels else ("question", "answer"):
            width = self.question_width if name == "question" else self.answer_width
            tokens, lengths = self.characters.encode(table.column(name), width or 0, left=self.left)
            if width is not None and tokens.shape[1] > width:
                raise InputError(
                    f"{name}s of up to {tokens.shape[1]} characters came. Received: {name}_width={width}."
                )
            arrays |= {name: tokens, f"{name}_length": lengths}
        for name in ("row", "label") if labels else ("row",):
            arrays[name] = table.column(name).to_numpy().copy()  # theirs to write to
        return arrays


def make_encoder(encode: Encode) -> Callable[[pa.Table], Any] | None:
    """The encoder that is meant: True is the default one, text is an alphabet, a function is itself.

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
    raise InputError(f"encode is True, an alphabet, or a function of an Arrow table. Received: {encode!r}.")
