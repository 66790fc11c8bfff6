"""Metrics on columns of text.

Exact match compares whole answers character for character, without any normalisation. Empty input is an error.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.errors import InputError

Bool = NDArray[np.bool_]
Int = NDArray[np.int64]


def exact_match(predictions: pa.Array, answers: pa.Array) -> Bool:
    """Compare predictions with answers, character for character.

    Args:
        predictions: strings (n,); null for a missing prediction, which is wrong.
        answers: strings (n,).

    Returns:
        bool (n,).

    >>> exact_match(pa.array(["65", "065", None]), pa.array(["65", "65", "65"])).tolist()
    [True, False, False]
    """
    _same_length(predictions, answers)
    equal = pc.fill_null(pc.equal(flat(predictions), flat(answers)), False)
    return np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)


def pack_rows(right: Bool) -> bytes:
    """Which rows are right, as bits.

    >>> unpack_rows(pack_rows(np.array([True, False, True])), 3).tolist()
    [True, False, True]
    """
    return np.packbits(right).tobytes()


def unpack_rows(bits: bytes, n: int) -> Bool:
    """Which of the first n rows are right, bool (n,); the inverse of `pack_rows`."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=n).astype(np.bool_)


def characters(predictions: pa.Array, answers: pa.Array) -> float:
    """The share of characters at the right position; missing and surplus characters count as wrong.

    A model that is never right can have 0.8, so this is reported in addition to exact match, not instead of it.

    >>> characters(pa.array(["65", "7"]), pa.array(["64", "71"]))
    0.5
    """
    _same_length(predictions, answers)
    predicted, truth = _bytes(predictions), _bytes(answers)
    lengths = [_lengths(column) for column in (predicted, truth)]
    # no answer is longer than this, so that one long prediction does not widen all rows
    width = max(int(lengths[1].max()), 1)
    equal = _byte_matrix(predicted, width) == _byte_matrix(truth, width)
    common = np.arange(width) < np.minimum(*lengths)[:, None]
    return float((equal & common).sum() / max(int(np.maximum(*lengths).sum()), 1))


def align_predictions(
    rows: Int, predictions: pa.Array, requested: Int, where: str = "predictions"
) -> pa.Array:
    """Reorder predictions to the order of the rows to score.

    Args:
        rows: int64 (m,), the row number of each prediction.
        predictions: strings (m,).
        requested: int64 (n,), the rows to score, all different.
        where: the name of the predictions in errors.

    Returns:
        Strings (n,), null where a row has no prediction.

    Raises:
        InputError: for repeated rows, or rows that are not requested, with a count and the first three.

    >>> align_predictions(np.array([5, 3]), pa.array(["b", "a"]), np.array([3, 4, 5])).to_pylist()
    ['a', None, 'b']
    """
    # complete predictions in order are the common case and need no search
    if np.array_equal(rows, requested):
        return flat(predictions)
    _refuse(_repeated(rows), where, "given more than once")
    _refuse(rows[~np.isin(rows, requested)], where, "that the data does not have")
    order = np.argsort(rows, kind="stable")
    sorted_at = np.searchsorted(rows, requested, sorter=order)
    found = np.isin(requested, rows)
    index = np.where(found, order[np.minimum(sorted_at, max(len(rows) - 1, 0))] if len(rows) else 0, 0)
    return flat(predictions).take(pa.array(index, mask=~found))


def _repeated(rows: Int) -> Int:
    values, counts = np.unique(rows, return_counts=True)
    return np.asarray(values[counts > 1])


def _refuse(rows: Int, where: str, kind: str) -> None:
    if len(rows):
        shown = ", ".join(map(str, rows[:3])) + (", ..." if len(rows) > 3 else "")
        raise InputError(f"{where}: {len(rows):,} {'row' if len(rows) == 1 else 'rows'} {kind}: {shown}.")


def _same_length(first: Any, second: Any) -> None:
    if len(first) != len(second):
        raise InputError(f"columns must be equally long. Received: {len(first):,} and {len(second):,} rows.")
    if not len(first):
        raise InputError("there is nothing to score. Received: 0 rows.")


def flat(column: Any) -> Any:
    """One plain string array from a chunked, dictionary-encoded or large one."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # several chunks of a dictionary type stay chunked
        column = pa.concat_arrays(column.chunks)
    return column.cast(pa.string())


def _bytes(column: pa.Array) -> pa.Array:
    return pc.fill_null(flat(column), "").cast(pa.binary())


def _lengths(column: pa.Array) -> Int:
    return np.asarray(pc.binary_length(column).to_numpy(), dtype=np.int64)


def _byte_matrix(column: pa.Array, width: int) -> NDArray[np.uint8]:
    """The first bytes of each value, uint8 (n, width), padded with zeros."""
    fixed = np.array(pc.binary_slice(column, 0, width).to_numpy(zero_copy_only=False), dtype=f"S{width}")
    return fixed.view(np.uint8).reshape(len(column), width)
