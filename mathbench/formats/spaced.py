"""A separator between all characters, so that a subword tokenizer splits digits: `5 7 + 8` -> `6 5`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mathbench.formats.format import Format, FormatContext
from mathbench.formats.text_columns import Mask, TextColumn
from mathbench.parameters import parameter

SEPARATORS = {"space": " ", "comma": ",", "semicolon": ";", "bar": "|", "underscore": "_", "tab": "\t"}


@dataclass(frozen=True)
class Spaced(Format):
    """A separator between all characters: `gcd(48,36)` becomes `g c d ( 4 8 , 3 6 )`.

    A space of the plain text is a character like any other: `1 + 2` becomes `1   +   2`. An answer that is a label
    does not change, unless it follows a scratchpad.
    """

    name: ClassVar[str] = "spaced"
    summary: ClassVar[str] = "a separator between all characters"
    order: ClassVar[int] = 4
    rewrites_digits: ClassVar[bool] = False

    separator: str = parameter("space", "separator between characters", choices=tuple(SEPARATORS))

    def write(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Insert the separator before every character but the first of a row."""
        if _is_label(context):
            return text
        before = _character_starts(text) & ~text.string_starts()[:-1]
        return text.widened(before.astype(np.int64), ord(SEPARATORS[self.separator]))[0]

    def undo(self, text: TextColumn, context: FormatContext) -> TextColumn:
        """Remove every second character."""
        if _is_label(context):
            return text
        count = np.concatenate([[0], np.cumsum(_character_starts(text))])
        position = count[1:] - np.repeat(count[text.offsets[:-1]], np.diff(text.offsets))
        return text.filtered(position % 2 == 1)


def _is_label(column: FormatContext) -> bool:
    return column.answers and column.task.recognition and "scratchpad" not in column.task.format


def _character_starts(text: TextColumn) -> Mask:
    """Which bytes start a character in UTF-8."""
    return np.asarray((text.data & 0xC0) != 0x80)
