"""The numbers in questions, for the floors: as arrays, or as Python integers where a text is not plain.

`mathbench.baselines.shortcuts.questions` reads the same numbers from a single question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench.baselines.columns import NumberTexts
from mathbench.baselines.shortcuts.questions import number_texts, parse_operands
from mathbench.numbers import text
from mathbench.numbers.text import powers
from mathbench.tokenizer import bytes_and_offsets

Int = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NumberColumns:
    """The numbers of questions in order.

    Args:
        values: (n, k), int64, or Python integers where they are longer; 0 behind the last number of a question.
        counts: numbers of each question, int64 (n,); 1 for questions without any, which count as 0.

    >>> numbers = NumberColumns.read(["57+8", "0+9+391"], 10)
    >>> numbers.values.tolist(), numbers.counts.tolist()
    ([[57, 8, 0], [0, 9, 391]], [2, 3])
    """

    values: NDArray[Any]
    counts: Int

    @classmethod
    def read(cls, questions: Sequence[str], base: int, signed: bool = False) -> Self:
        """Read the numbers of questions, as `parse_operands` does.

        Args:
            questions: texts (n,).
            base: the base of the numbers.
            signed: whether a minus after no operand is part of a number.
        """
        plain = None if signed else _plain_numbers(questions, base)
        if plain is not None:
            return cls(*plain)
        rows = [parse_operands(q, base, signed) if number_texts(q, base) else [0] for q in questions]
        values = np.zeros((len(rows), max(map(len, rows), default=1)), dtype=object)
        for row, numbers in enumerate(rows):
            values[row, : len(numbers)] = numbers
        return cls(values, np.array([len(numbers) for numbers in rows], dtype=np.int64))

    @property
    def first(self) -> NDArray[Any]:
        """The first number of every question, (n,)."""
        return self.values[:, 0]

    @property
    def last(self) -> NDArray[Any]:
        """The last number of every question, (n,)."""
        return self.values[np.arange(len(self.counts)), self.counts - 1]

    @property
    def smallest(self) -> NDArray[Any]:
        """The smallest number of every question, (n,)."""
        return np.where(self._present, self.values, self.first[:, None]).min(axis=1)

    @property
    def largest(self) -> NDArray[Any]:
        """The largest number of every question, (n,)."""
        return np.where(self._present, self.values, self.first[:, None]).max(axis=1)

    def results_modulo(self, sign: str, modulus: int) -> NDArray[Any]:
        """Return the sum ("+") or the product ("*") of all numbers but the last, modulo `modulus`, (n,)."""
        operands = np.arange(self.values.shape[1]) < self.counts[:, None] - 1
        residues = np.where(operands, self.values % modulus, 0 if sign == "+" else 1)
        result = residues[:, 0]
        for column in residues.T[1:]:
            result = (result + column if sign == "+" else result * column) % modulus
        return result % modulus

    @property
    def _present(self) -> NDArray[np.bool_]:
        return np.arange(self.values.shape[1]) < self.counts[:, None]


def to_texts(values: NDArray[Any], base: int) -> list[str]:
    """Write numbers in a base.

    >>> to_texts(np.array([255, 7]), 16)
    ['ff', '7']
    """
    if values.dtype == object or (values < 0).any():
        return [text.to_text(int(value), base) for value in values]
    texts: list[str] = text.join(text.number(values, base)).to_pylist()
    return texts


def _plain_numbers(questions: Sequence[str], base: int) -> tuple[Int, Int] | None:
    """Return values and counts; None where letters may be words instead of digits, or a number does not fit."""
    column = pa.array(questions, pa.string())
    # names of functions, and the word mod
    if base > 10 and np.isin(bytes_and_offsets(column)[0], np.frombuffer(b"(m", np.uint8)).any():
        return None
    read = NumberTexts.read(column, base)
    present = read.lengths > 0  # (n, k)
    if read.lengths.max(initial=0) > len(powers(base)):
        return None
    values = np.zeros((len(questions), max(read.lengths.shape[1], 1)), dtype=np.int64)
    values[:, : present.shape[1]][present] = _values(read.values, read.lengths[present], base)
    return values, np.maximum(present.sum(axis=1), 1)


def _values(digits: NDArray[np.uint8], lengths: Int, base: int) -> Int:
    """Return numbers, int64 (m,), from the digits of all of them and the length of each."""
    if not len(lengths):
        return np.zeros(0, dtype=np.int64)
    ends = np.cumsum(lengths)
    place = np.repeat(ends, lengths) - 1 - np.arange(len(digits))
    weights = np.concatenate([np.ones(1, dtype=np.int64), powers(base)])
    return np.asarray(np.add.reduceat(digits * weights[place], ends - lengths))
