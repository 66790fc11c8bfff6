"""Predictions as text: JSON lines and CSV, read without a guess at types.

Fields of CSV stay the text that they are: ``007``, ``1e5``, ``true``, ``NaN``, dates. Integers of JSON stay the digits
that are written there, so that none is read as a float.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.scores import answers
from mathbench.scores.answers import IntegerText, OtherValue
from mathbench.scores.schema_types import shorten

# the number of a line, its size, and its object or the value of each column
_Object = tuple[int, int, dict[str, object]]
_Record = tuple[int, int, Sequence[object]]

_BATCH_BYTES = 1 << 22  # of text that is Python objects at a time
_BOM = b"\xef\xbb\xbf"
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_SCALARS = {str, IntegerText, OtherValue, type(None)}


def read_json_lines(
    lines: Iterable[bytes],
    name: str,
    shapes: Sequence[Sequence[str]],
    *,
    strict: bool = False,
    ignored: Sequence[str] = (),
    max_line: int | None = None,
) -> pa.Table:
    """Read JSON lines: one object per line; blank lines are skipped.

    Args:
        lines: the lines of the file.
        name: the name of the file, for errors.
        shapes: sets of columns; the first one that the first object has is read, else the last one.
        strict: whether keys outside the shape are refused or ignored.
        ignored: keys that are ignored in any case.
        max_line: the allowed bytes of a line.

    Returns:
        A table with the columns of a shape; a missing value is null.

    Raises:
        InputError: one line with the position and the reason.

    >>> line = b'{"split": "interpolate", "row": 0, "prediction": 10000000000000000000001}'
    >>> read_json_lines([line], "p.jsonl", [("split", "row", "prediction")])["prediction"][0].as_py()
    '10000000000000000000001'
    """
    objects = json_objects(lines, name, max_line)
    first = next(objects, None)
    if first is None:
        raise InputError(f"{name} is not JSON lines: it has no lines.")
    columns = _matching_shape(first[2], shapes)
    # a column of another shape is never ignored
    others = None if strict else set(chain(*shapes)).difference(columns)
    records = _json_records(chain([first], objects), columns, others, ignored, name)
    return _read_table(records, columns, name)


def read_csv(file: BinaryIO, name: str, shapes: Sequence[Sequence[str]]) -> pa.Table:
    r"""Read CSV with a header, separated by commas; every field is text. Columns outside the shape are ignored.

    Args:
        file: the file, open for reading bytes.
        name: the name of the file, for errors.
        shapes: sets of columns; the first one that the header has is read, else the last one.

    Raises:
        InputError: one line with the position and the reason.

    >>> file = io.BytesIO(b"split,row,prediction\ninterpolate,0,007\n")
    >>> read_csv(file, "p.csv", [("split", "row", "prediction")])["prediction"][0].as_py()
    '007'
    """
    lines = csv_rows(io.TextIOWrapper(file, "utf-8-sig", newline=""), name)
    _, header = next(lines, (1, []))
    columns = _matching_shape(header, shapes)
    check_columns(header, columns, name)
    return _read_table(_csv_records(lines, header, columns, name), columns, name)


def check_columns(found: Sequence[str], required: Iterable[str], name: str) -> None:
    """Check that a file has each required column once.

    Raises:
        InputError: when one is missing or appears twice.
    """
    for column in required:
        if column not in found:
            raise InputError(
                f"{name}: the column '{column}' is missing. Required: {', '.join(required)}. "
                f"Received: {shorten(', '.join(found)) or 'none'}."
            )
        if list(found).count(column) > 1:
            raise InputError(f"{name}: the column '{column}' appears twice.")


def _matching_shape(found: Iterable[str], shapes: Sequence[Sequence[str]]) -> tuple[str, ...]:
    names = set(found)
    return tuple(next((shape for shape in shapes if names.issuperset(shape)), shapes[-1]))


def json_objects(lines: Iterable[bytes], name: str, max_line: int | None) -> Iterator[_Object]:
    """Yield the objects of JSON lines, each with the number of its line and its size.

    Args:
        lines, name, max_line: as for :func:`read_json_lines`.

    Raises:
        InputError: one line with the position and the reason.
    """
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if max_line is not None and len(line) > max_line:
                raise ValueError(f"it has more than {max_line:,} bytes")
            if text := (line.removeprefix(_BOM) if number == 1 else line).strip():
                yield number, len(text), _json_object(text.decode())
    except InputError:  # of the lines themselves
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON lines: line {number}: {_reason(error)}.") from None


def _json_object(text: str) -> dict[str, object]:
    pairs, end = _DECODER.raw_decode(text)
    if pairs.__class__ is not tuple or end != len(text):
        raise ValueError("it must be one object")
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice")
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, column {error.colno}"
    return str(error)


def _other_number(text: str) -> OtherValue:
    return OtherValue(f"the number {text:.60}")


# objects become tuples of pairs, which are compared with dict
_DECODER = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=IntegerText, parse_float=_other_number, parse_constant=_other_number
)


def _json_records(
    objects: Iterable[_Object],
    columns: Sequence[str],
    refused: set[str] | None,
    ignored: Sequence[str],
    name: str,
) -> Iterator[_Record]:
    """The values of the columns; keys in `refused` are refused, None: all besides the columns and `ignored`."""
    allowed = {*columns, *ignored}
    for number, size, found in objects:
        extra = found.keys() - allowed if refused is None else refused and found.keys() & refused
        if extra:
            raise InputError(
                f"{name} must have the columns {', '.join(columns)}: line {number}: "
                f"unexpected field {shorten(min(extra))}."
            )
        values: Sequence[object] = tuple(map(found.get, columns))
        yield (
            number,
            size,
            values if _SCALARS.issuperset(map(type, values)) else list(map(_described, values)),
        )


def _described(value: object) -> object:
    """The value itself, or its description if it is not one that a prediction may have."""
    if value.__class__ in _SCALARS:
        return value
    if isinstance(value, bool):
        return OtherValue(str(value).lower())
    return OtherValue("a list" if isinstance(value, list) else "an object")


def csv_rows(lines: Iterable[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of CSV, each with the number of its last line.

    Args:
        lines: the lines with their ends.
        name: the name of the file, for errors.

    Raises:
        InputError: for text that is not CSV, or not UTF-8.
    """
    reader = csv.reader(lines, strict=True)
    try:
        yield from ((reader.line_num, fields) for fields in reader if fields)
    except csv.Error as error:
        raise InputError(f"{name} is not CSV: line {reader.line_num}: {error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{name} is not UTF-8 text.") from None


def _csv_records(
    lines: Iterable[tuple[int, list[str]]], header: list[str], columns: Sequence[str], name: str
) -> Iterator[_Record]:
    indices = {column: header.index(column) for column in columns}
    for number, fields in lines:
        if len(fields) != len(header):
            raise InputError(
                f"{name}: line {number} must have {len(header)} fields, as the header. Received: {len(fields)}."
            )
        values = [_csv_value(fields[i], column) for column, i in indices.items()]
        yield number, sum(map(len, fields)), values


def _csv_value(field: str, column: str) -> object:
    return IntegerText(field) if column == "row" and _INTEGER.fullmatch(field) else field


def _read_table(records: Iterable[_Record], columns: Sequence[str], name: str) -> pa.Table:
    """Make a table part by part, so that few values are Python objects at a time."""
    parts: list[pa.Table] = []
    lines: list[int] = []
    flat: list[object] = []
    size = 0
    for line, length, values in records:
        lines.append(line)
        flat.extend(values)
        size += length
        if size >= _BATCH_BYTES:
            parts.append(_part(flat, lines, columns, name))
            lines, flat, size = [], [], 0
    return pa.concat_tables([*parts, _part(flat, lines, columns, name)])


def _part(flat: list[object], lines: Sequence[int], columns: Sequence[str], name: str) -> pa.Table:
    """Make a table of values row by row and the numbers of their lines."""
    values = {column: flat[c :: len(columns)] for c, column in enumerate(columns)}
    return answers.from_values(values, lambda i: f"line {lines[i]} of {name}")
