"""Sentences for whole arrays: wordings chosen per row, signed numbers, strings of one row laid end to end."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import text
from mathbench.hashing import U64
from mathbench.text import WORD, Piece, Word

Int = NDArray[np.int64]
Bool = NDArray[np.bool_]


def signed(values: Int, where: Bool | None = None, base: int = 10) -> Piece:
    """Integers of either sign as text, int64 (n,), in a base from 2 to 36.

    >>> text.join(signed(np.array([-12, 0, 7]))).to_pylist()
    ['-12', '0', '7']
    """
    below = values < 0
    minus = text.literal("-", len(values), below if where is None else below & where)
    return (*minus, *text.number(np.abs(values), base, where))


def one_of(choice: Int, options: Sequence[str]) -> Piece:
    """One of a few texts per row.

    Args:
        choice: int64 (n,), which one.
        options: ASCII texts of any length.

    >>> text.join(one_of(np.array([1, 0]), ["a short one", "a somewhat longer one"])).to_pylist()
    ['a somewhat longer one', 'a short one']
    """
    return tuple(
        Word(characters.take(choice), lengths.take(choice), width)
        for characters, lengths, width in _words(tuple(options))
    )


@cache
def _words(options: tuple[str, ...]) -> list[tuple[U64, U64, int]]:
    """Texts as columns of up to eight characters, their lengths and the largest length."""
    columns = []
    for start in range(0, max(map(len, options)), WORD):
        parts = [option[start : start + WORD].encode("ascii") for option in options]
        characters = np.array([int.from_bytes(part, "little") for part in parts], dtype=np.uint64)
        lengths = np.array([len(part) for part in parts], dtype=np.uint64)
        columns.append((characters, lengths, int(lengths.max())))
    return columns


def only(piece: Piece, where: Bool | None) -> Piece:
    """A piece in the rows of a mask, nothing in the others."""
    return tuple(word.only(where) for word in piece)


def cut(piece: Piece, lengths: Int) -> Piece:
    """The first so many characters of a piece, int64 (n,).

    >>> text.join(cut(text.literal("0000000000", 3), np.array([2, 0, 9]))).to_pylist()
    ['00', '', '000000000']
    """
    words, left = [], lengths.astype(np.int64)
    for word in piece:
        here = np.minimum(left, word.lengths.view(np.int64)).clip(0)
        full = np.uint64(0xFFFFFFFFFFFFFFFF)
        unused = np.minimum((WORD - here) * 8, 63).astype(np.uint64)  # a shift by 64 is undefined
        characters = np.where(here > 0, word.characters & (full >> unused), np.uint64(0))
        words.append(Word(characters, here.view(np.uint64), word.width))
        left = left - here
    return tuple(words)


class Slot(NamedTuple):
    """What stands at one place of some templates.

    Attributes:
        literals: the text of each template up to the slot.
        names: for each name of a slot, bool (templates,), which templates have it here.
    """

    literals: tuple[str, ...]
    names: Mapping[str, Bool]


def fill(choice: Int, templates: Sequence[str], **pieces: Piece) -> Piece:
    """Fill templates: ``{name}`` stands for the piece of that name.

    Args:
        choice: int64 (n,), which template each row takes.
        templates: ASCII texts; every template may name other pieces, in any order.
        pieces: columns of text (n,) by name.

    >>> numbers = {"p": text.number(np.array([3, 4]), 10), "q": text.number(np.array([5, 6]), 10)}
    >>> text.join(fill(np.array([0, 1]), ["{p} plus {q}", "Add {q} to {p}."], **numbers)).to_pylist()
    ['3 plus 5', 'Add 6 to 4.']
    """
    words: list[Word] = []
    for slot in slots(tuple(templates)):
        words += one_of(choice, slot.literals)
        for name, has in slot.names.items():
            words += pieces[name] if has.all() else only(pieces[name], has.take(choice))
    return tuple(words)


@cache
def slots(templates: tuple[str, ...]) -> list[Slot]:
    """Take templates apart into what stands at their first, second, ... place."""
    split = [re.split(r"\{(\w+)\}", template) for template in templates]  # text, name, text, name, ..., text
    found = []
    for place in range(0, max(map(len, split)), 2):
        literals = tuple(parts[place] if place < len(parts) else "" for parts in split)
        names = [parts[place + 1] if place + 1 < len(parts) else "" for parts in split]
        masks = {name: np.array([n == name for n in names]) for name in dict.fromkeys(names) if name}
        found.append(Slot(literals, masks))
    return found


def merged(strings: pa.StringArray, counts: Int) -> pa.StringArray:
    """Strings that follow each other as one: the first counts[0] make the first row, and so on.

    >>> merged(pa.array(["a", "b", "c"]), np.array([2, 0, 1])).to_pylist()
    ['ab', '', 'c']
    """
    data, offsets = text.raw(strings)
    ends = offsets.take(np.concatenate([[0], np.cumsum(counts)]))
    return text.strings(data, np.diff(ends))
