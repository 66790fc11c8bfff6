"""Text for arrays of problems: sentence templates chosen per row, signed numbers, and numbers in words.

`fill_template` works on columns of characters. `fill_strings` works on string arrays, for parts that would need many
columns, most of them empty.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.hashing import U64, Int
from mathbench.numbers import text
from mathbench.numbers.text import WORD, PaddedText, TextPiece

Bool = NDArray[np.bool_]


def signed_text(values: Int, where: Bool | None = None, base: int = 10) -> TextPiece:
    """Integers of either sign as text, int64 (n,), in a base from 2 to 36.

    >>> text.join(signed_text(np.array([-12, 0, 7]))).to_pylist()
    ['-12', '0', '7']
    """
    below = values < 0
    minus = text.literal("-", len(values), below if where is None else below & where)
    return (*minus, *text.number(np.abs(values), base, where))


def choose_text(choice: Int, options: Sequence[str]) -> TextPiece:
    """One of a few texts per row.

    Args:
        choice: int64 (n,), indices into the options.
        options: ASCII texts of any length.

    >>> text.join(choose_text(np.array([1, 0]), ["a short one", "a somewhat longer one"])).to_pylist()
    ['a somewhat longer one', 'a short one']
    """
    return tuple(
        PaddedText(characters.take(choice), lengths.take(choice), width)
        for characters, lengths, width in _word_columns(tuple(options))
    )


@cache
def _word_columns(options: tuple[str, ...]) -> list[tuple[U64, U64, int]]:
    """Texts as columns of up to eight characters, their lengths and the largest length."""
    columns = []
    for start in range(0, max(map(len, options)), WORD):
        parts = [option[start : start + WORD].encode("ascii") for option in options]
        characters = np.array([int.from_bytes(part, "little") for part in parts], dtype=np.uint64)
        lengths = np.array([len(part) for part in parts], dtype=np.uint64)
        columns.append((characters, lengths, int(lengths.max())))
    return columns


def masked(piece: TextPiece, where: Bool | None) -> TextPiece:
    """A piece in the rows of a mask, bool (n,), and nothing in the others."""
    return tuple(word.masked(where) for word in piece)


def truncate(piece: TextPiece, lengths: Int) -> TextPiece:
    """The first `lengths` characters of a piece, int64 (n,).

    >>> text.join(truncate(text.literal("0000000000", 3), np.array([2, 0, 9]))).to_pylist()
    ['00', '', '000000000']
    """
    words, left = [], lengths.astype(np.int64)
    for word in piece:
        here = np.minimum(left, word.lengths.view(np.int64)).clip(0)
        full = np.uint64(0xFFFFFFFFFFFFFFFF)
        unused = np.minimum((WORD - here) * 8, 63).astype(np.uint64)  # a shift by 64 is undefined
        characters = np.where(here > 0, word.characters & (full >> unused), np.uint64(0))
        words.append(PaddedText(characters, here.view(np.uint64), word.width))
        left = left - here
    return tuple(words)


class Wordings(NamedTuple):
    """Templates of one kind of sentence by version.

    Rows of an earlier version are drawn from the templates of that version, so its rows stay the same.

    Attributes:
        first: the templates of version 1.
        added: those that version 2 has besides.
    """

    first: tuple[str, ...]
    added: tuple[str, ...] = ()

    def of(self, version: int) -> tuple[str, ...]:
        """All templates of a version.

        >>> Wordings(("Add {p} to {q}.",), ("Calculate {p} plus {q}.",)).of(1)
        ('Add {p} to {q}.',)
        """
        return self.first if version == 1 else self.first + self.added


class TemplateSlot(NamedTuple):
    """The i-th slot of several templates.

    Attributes:
        literals: the text of each template before the slot.
        names: the names that fill the slot, each with the templates that use it, bool (templates,).
    """

    literals: tuple[str, ...]
    names: Mapping[str, Bool]


def fill_template(choice: Int, templates: Sequence[str], **pieces: TextPiece) -> TextPiece:
    """Fill templates: ``{name}`` stands for the piece of that name.

    Args:
        choice: int64 (n,), the index of the template of each row.
        templates: ASCII texts, each with any of the pieces in any order.
        pieces: columns of text (n,) by name.

    >>> numbers = {"p": text.number(np.array([3, 4]), 10), "q": text.number(np.array([5, 6]), 10)}
    >>> text.join(fill_template(np.array([0, 1]), ["{p} plus {q}", "Add {q} to {p}."], **numbers)).to_pylist()
    ['3 plus 5', 'Add 6 to 4.']
    """
    words: list[PaddedText] = []
    for slot in template_slots(tuple(templates)):
        words += choose_text(choice, slot.literals)
        for name, has in slot.names.items():
            words += pieces[name] if has.all() else masked(pieces[name], has.take(choice))
    return tuple(words)


@cache
def template_slots(templates: tuple[str, ...]) -> list[TemplateSlot]:
    """Parse templates into their first, second, ... slots."""
    split = [re.split(r"\{(\w+)\}", template) for template in templates]  # text, name, text, name, ..., text
    found = []
    for start in range(0, max(map(len, split)), 2):
        literals = tuple(parts[start] if start < len(parts) else "" for parts in split)
        names = [parts[start + 1] if start + 1 < len(parts) else "" for parts in split]
        masks = {name: np.array([n == name for n in names]) for name in dict.fromkeys(names) if name}
        found.append(TemplateSlot(literals, masks))
    return found


def concatenate_groups(strings: pa.StringArray, counts: Int) -> pa.StringArray:
    """Concatenate consecutive strings: the first counts[0] make the first row, and so on.

    >>> concatenate_groups(pa.array(["a", "b", "c"]), np.array([2, 0, 1])).to_pylist()
    ['ab', '', 'c']
    """
    data, offsets = text.bytes_and_offsets(strings)
    stops = offsets.take(np.concatenate([[0], np.cumsum(counts)]))
    return text.string_array(data, np.diff(stops))


def fill_strings(
    choice: Int, templates: Sequence[str], **parts: TextPiece | pa.StringArray
) -> pa.StringArray:
    """As `fill_template`, for parts that would need many columns of text, most of them empty.

    Args:
        choice: int64 (n,), the index of the template of each row.
        templates: ASCII texts, in which ``{name}`` stands for the part of that name.
        parts: strings or columns of text (n,) by name.

    >>> import numpy as np
    >>> fill_strings(np.array([1, 0]), ["{p}!", "Is {p}?"], p=pa.array(["so", "no"])).to_pylist()
    ['Is so?', 'no!']
    """
    strings = [part if isinstance(part, pa.Array) else text.join(part) for part in parts.values()]
    count = len(choice)
    position = dict(zip(parts, np.arange(len(parts)) * count, strict=True))
    literals: list[str] = []
    index: list[Int] = []
    for slot in template_slots(tuple(templates)):
        first = len(position) * count + len(literals)
        literals += slot.literals
        words = np.array([first + i if literal else -1 for i, literal in enumerate(slot.literals)])
        index.append(words.take(choice))
        for name, has in slot.names.items():
            index.append(np.where(has.take(choice), np.arange(position[name], position[name] + count), -1))
    shown = np.stack(index, axis=1)
    pool = pa.concat_arrays([*strings, text.from_list(literals)])
    return concatenate_groups(pool.take(text.int_array(shown[shown >= 0])), (shown >= 0).sum(axis=1))


def join_strings(*strings: pa.StringArray) -> pa.StringArray:
    """Concatenate the strings of each row.

    >>> join_strings(pa.array(["a", "b"]), pa.array(["c", ""])).to_pylist()
    ['ac', 'b']
    """
    rows = len(strings[0])
    order = np.arange(len(strings) * rows).reshape(len(strings), rows).T.ravel()
    return concatenate_groups(
        pa.concat_arrays(strings).take(text.int_array(order)), np.full(rows, len(strings))
    )


def place_in_rows(strings: pa.StringArray, rows: Int, count: int) -> pa.StringArray:
    """Put strings into the given rows of `count`, int64 in ascending order, with empty strings in the others.

    >>> place_in_rows(pa.array(["a", "b"]), np.array([0, 2]), 4).to_pylist()
    ['a', '', 'b', '']
    """
    data, starts = text.bytes_and_offsets(strings)
    lengths = np.zeros(count, dtype=np.int64)
    lengths[rows] = np.diff(starts)
    return text.string_array(data, lengths)


_BELOW_TWENTY = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
]
MAX_ORDINAL = len(_ORDINALS) - 1


def cardinal(number: int) -> str:
    """An integer from 0 to 9999 in words.

    >>> cardinal(0), cardinal(44), cardinal(1114)
    ('zero', 'forty-four', 'one thousand one hundred and fourteen')
    """
    if number < 20:
        return _BELOW_TWENTY[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_BELOW_TWENTY[ones]}" if ones else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    count, rest = divmod(number, size)
    return f"{cardinal(count)} {name}" + (f"{' and ' if rest < 100 else ' '}{cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """The ordinal of a number from 0 to `MAX_ORDINAL`.

    >>> ordinal(2), ordinal(12)
    ('second', 'twelfth')
    """
    return _ORDINALS[number]


def denominator_name(bottom: int, top: int) -> str:
    """The name of a denominator from 2 to `MAX_ORDINAL`, in the plural for a numerator other than 1.

    >>> denominator_name(2, 1), denominator_name(2, 17), denominator_name(4, 3), denominator_name(12, 1)
    ('half', 'halves', 'quarters', 'twelfth')
    """
    name = {2: "half", 4: "quarter"}.get(bottom, _ORDINALS[bottom])
    plural = "halves" if bottom == 2 else f"{name}s"
    return name if top == 1 else plural


def fill_around(choice: Int, templates: Sequence[str], inner: TextPiece, **pieces: TextPiece) -> TextPiece:
    """Fill templates in which ``{}`` stands for a long piece, whose columns are added once for all templates.

    >>> import numpy as np
    >>> from mathbench.numbers import text
    >>> inner, x = text.literal("x = 2", 2), text.literal("x", 2)
    >>> text.join(fill_around(np.array([0, 1]), ["Find {x} from {}.", "Solve {} for {x}."], inner, x=x)).to_pylist()
    ['Find x from x = 2.', 'Solve x = 2 for x.']
    """
    before, after = zip(*(template.split("{}") for template in templates), strict=True)
    return (*fill_template(choice, before, **pieces), *inner, *fill_template(choice, after, **pieces))
