"""The steps of expressions, for scratchpads: one operation after the other, on columns."""

from typing import Any

import numpy as np
import pyarrow as pa

from mathbench.formats.text_columns import Int, Mask, TextColumn, numbers
from mathbench.numbers import text

_PLUS, _MINUS, _TIMES, _DIVIDE, _MODULO = tuple(b"+-*/%")
_CHARACTERS = np.frombuffer(text.DIGITS.encode(), dtype=np.uint8)
_DIGITS = np.zeros(256, dtype=np.int64)
_DIGITS[_CHARACTERS] = np.arange(len(_CHARACTERS))


def expression(task: Any, questions: pa.StringArray, answers: pa.StringArray) -> pa.StringArray:
    """Every operation, those in the deepest brackets first, products and quotients before sums, from left to right.

    All values must stay below 2^63.

    >>> from mathbench.families import task
    >>> expression(task("expression"), pa.array(["3*(4-7)+2"]), pa.array(["-7"])).to_pylist()
    ['4-7=-3;3*-3=-9;-9+2=-7']
    """
    column = TextColumn.of(questions)
    operands, (signs, order) = _Operands(_numbers(column, task.base)), _signs(column)
    rows, pieces = np.arange(len(questions)), [text.literal("", len(questions))]
    for turn, gap in enumerate(order):
        sign = signs[gap, rows]
        here, step = sign > 0, operands.reduce(gap, sign)
        left, right, result = (_number(values, task.base, here) for values in step)
        semicolon = text.literal(";" if turn else "", len(rows), here)
        pieces += [semicolon, left, _character(sign), right, text.literal("=", len(rows), here), result]
    return text.join(*pieces)


class _Operands:
    """The operands of expressions, some of which have been replaced by results.

    Args:
        values: int64 (m, n), the numbers of each expression.
    """

    def __init__(self, values: Int):
        self._values, self._rows = values, np.arange(values.shape[1])
        # where the part of the expression with this result starts and ends, at its end and at its start
        self._start, self._end = np.stack(
            [np.broadcast_to(np.arange(len(values))[:, None], values.shape)] * 2
        )

    def reduce(self, gap: Int, sign: Int) -> tuple[Int, Int, Int]:
        """Apply one operation to each expression.

        Args:
            gap: int64 (n,), the index of the number before it.
            sign: int64 (n,), its sign, 0 for none.

        Returns:
            Both operands and the result, int64 (n,) each.
        """
        rows, here = self._rows, np.flatnonzero(sign > 0)
        left, right = self._values[gap, rows], self._values[gap + 1, rows]
        result = _result(left, right, sign)
        start, end = self._start[gap, rows][here], self._end[gap + 1, rows][here]
        for place in (start, end):
            self._values[place, here] = result[here]
        self._start[end, here], self._end[start, here] = start, end
        return left, right, result


def _result(left: Int, right: Int, sign: Int) -> Int:
    """The results of operations, int64 (n,)."""
    divisor = np.where(right == 0, 1, right)
    results = [left + right, left - right, left * right, left // divisor, left % divisor]
    return np.select([sign == code for code in (_PLUS, _MINUS, _TIMES, _DIVIDE, _MODULO)], results)


def _numbers(column: TextColumn, base: int) -> Int:
    """The numbers of each text, int64 (m, n)."""
    spans = numbers(column, base)
    place = spans.each(spans.stops - 1) - spans.bytes()
    digits = _DIGITS[column.data[spans.bytes()]] * base**place
    first = np.cumsum(spans.stops - spans.starts) - (spans.stops - spans.starts)
    return _matrix(column, spans.starts, np.add.reduceat(digits, first) if len(first) else digits, 0)


def _signs(column: TextColumn) -> tuple[Int, Int]:
    """The signs of each text in order, and the order in which they are applied, int64 (m, n) each."""
    data = column.data
    depth = np.cumsum((data == ord("(")).astype(np.int64) - (data == ord(")")))
    places = np.flatnonzero(np.isin(data, [_PLUS, _MINUS, _TIMES, _DIVIDE, _MODULO]))
    urgent = 2 * depth[places] + np.isin(data[places], [_TIMES, _DIVIDE])
    signs = _matrix(column, places, data[places].astype(np.int64), 0)
    return signs, np.argsort(-_matrix(column, places, urgent, -1), axis=0, kind="stable")


def _matrix(column: TextColumn, places: Int, values: Int, missing: int) -> Int:
    """Values at some ascending places of a column, those of each text in a column of a matrix, int64 (m, n)."""
    row = np.searchsorted(column.offsets, places, side="right") - 1
    counts = np.bincount(row, minlength=len(column.offsets) - 1)
    index = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    found = np.full((int(counts.max(initial=0)), len(counts)), missing, dtype=np.int64)
    found[index, row] = values
    return found


def _number(values: Int, base: int, here: Mask) -> text.TextPiece:
    """Numbers of any sign as text, in the rows of a mask."""
    sign = text.literal("-", len(values), here & (values < 0))
    return *sign, *text.number(np.abs(values), base, here)


def _character(codes: Int) -> text.TextPiece:
    """Characters as text, where they are not 0."""
    return (text.PaddedText(codes.astype(np.uint64), (codes > 0).astype(np.uint64), 1),)
