"""Rows as chats: a column `messages` of turns with a role and a content."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from mathbench.formats.format import Format, FormatContext
from mathbench.formats.text_columns import Mask, TextColumn
from mathbench.numbers.text import from_list, int_array
from mathbench.parameters import parameter

COLUMN = "messages"
SYSTEM, USER, ASSISTANT = range(3)
ROLES = ("system", "user", "assistant")
TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
TYPE = pa.list_(TURN)
# how `datasets` describes the type of the column
FEATURE = [{name: {"dtype": "string", "_type": "Value"} for name in ("role", "content")}]


@dataclass(frozen=True)
class Messages(Format):
    """A column `messages` beside question and answer: the system, the user who asks, the assistant who answers.

    Solved examples are turns of their own. An empty `system` leaves the first turn out.
    """

    name: ClassVar[str] = "messages"
    summary: ClassVar[str] = "a column of chat messages beside question and answer"
    order: ClassVar[int] = 8
    rewrites_digits: ClassVar[bool] = False

    system: str = parameter("Reply with the answer only.", "text of the system; empty: none")

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Question and answer stay as they are."""
        return text

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Question and answer stay as they are."""
        return text

    def is_valid(self, text: TextColumn, undone: TextColumn, context: FormatContext) -> Mask:
        """Every text."""
        return np.ones(len(text.offsets) - 1, dtype=bool)

    def column(self, turns: list[tuple[pa.StringArray, pa.StringArray]]) -> pa.ListArray:
        """The chats of some rows, from the questions and answers of their turns."""
        rows = len(turns[0][0])
        roles, contents = ([SYSTEM], [_repeated(self.system, rows)]) if self.system else ([], [])
        for question, answer in turns:
            roles, contents = [*roles, USER, ASSISTANT], [*contents, question, answer]
        count = len(roles)
        index = (np.arange(count) * rows + np.arange(rows)[:, None]).ravel()
        role = from_list(ROLES).take(int_array(np.tile(np.array(roles, dtype=np.int64), rows)))
        values = pa.StructArray.from_arrays(
            [role, pa.concat_arrays(contents).take(int_array(index))], fields=list(TURN)
        )
        offsets = (np.arange(rows + 1) * count).astype(np.int32)
        return pa.ListArray.from_arrays(int_array(offsets), values)


def _repeated(text: str, rows: int) -> pa.StringArray:
    return from_list([text]).take(int_array(np.zeros(rows, dtype=np.int64)))
