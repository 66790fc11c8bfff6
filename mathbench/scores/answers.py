"""Values as predictions: which ones are answers, row numbers and names, and their text.

An answer is text, character for character, or an integer, which is its decimal text and exact at any size. Everything
else is refused with its row: numbers with a fraction or an exponent, NaN, truth values, null, lists, objects, bytes.
Floats are never compared, because a float of 17 digits is another number without anybody noticing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from mathbench.errors import InputError
from mathbench.scores.schema_types import INT64, shorten

Where = Callable[[int], str]  # the position of the value with an index, for error messages

ANSWER, ROW, NAME = "an answer must be text or an integer", "row must be a 64-bit integer", "must be text"


class IntegerText(str):
    """An integer of a file as its decimal text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"the integer {self:.60}"


@dataclass(frozen=True)
class OtherValue:
    """A value of a file that is neither text nor an integer, with its description."""

    text: str

    def __repr__(self) -> str:
        return self.text


def from_values(columns: Mapping[str, Sequence[object]], where: Where) -> pa.Table:
    """Make a table of predictions from Python values; None stays null.

    Args:
        columns: the values of split, row, prediction and perhaps task.
        where: the position of the values with an index, for errors.

    Raises:
        InputError: for the first value that is not allowed in its column.

    >>> columns = {"split": ["interpolate"], "row": [3], "prediction": [10**17 + 1]}
    >>> from_values(columns, "line {}".format).to_pylist()
    [{'split': 'interpolate', 'row': 3, 'prediction': '100000000000000001'}]
    """
    made: dict[str, pa.Array] = {}
    for name, values in columns.items():
        if name == "row":
            made[name] = row_array(values, where)
        elif name == "prediction":
            made[name] = answer_array(values, position(columns, where))
        else:
            made[name] = name_array(values, name, where)
    return pa.table(made)


def from_columns(table: pa.Table, where: Where) -> pa.Table:
    """Check the columns of a table of predictions from a Parquet file, and convert integers that are answers.

    Args:
        table: with the columns split, row, prediction and perhaps task.
        where: the position of the values with an index, for errors.

    Returns:
        The same columns: text, dictionary-encoded if it was, and int64.

    Raises:
        InputError: for a column of a type that is not allowed, with its first value.
    """
    made: dict[str, pa.ChunkedArray] = {}
    for name in table.column_names:
        if name == "row":
            made[name] = row_column(table[name], where)
        elif name == "prediction":
            made[name] = answer_column(table[name], position(table, where))
        else:
            made[name] = name_column(table[name], name, where)
    return pa.table(made)


def check_complete(table: pa.Table, name: str) -> None:
    """Check that a table of predictions has no nulls.

    Args:
        table: the table.
        name: the name of the file, for errors.

    Raises:
        InputError: with their number and the first row.
    """
    for column in table.column_names:
        if count := table[column].null_count:
            first = position(table, record_of(name))(pc.index(table[column].is_null(), True).as_py())
            raise InputError(
                f"{name}: {column} is missing or null in {count:,} {'row' if count == 1 else 'rows'}, the first is "
                f"{first}; every row requires a value."
            )


def record_of(name: str) -> Where:
    """Positions in a file without lines."""
    return lambda i: f"record {i + 1} of {name}"


def position(columns: Mapping[str, Sequence[Any]] | pa.Table, where: Where) -> Where:
    """Positions with the row and the split of a prediction in front.

    >>> position({"row": [3], "split": ["interpolate"]}, "line {}".format)(0)
    'row 3 of interpolate, line 0'
    """

    def described(i: int) -> str:
        row, split = (_plain(columns[name][i]) for name in ("row", "split"))
        of_split = "" if split is None else f" of {ascii(str(split)[:60])[1:-1]}"
        return f"row {row}{of_split}, {where(i)}"

    return described


def _plain(value: object) -> object:
    return value.as_py() if isinstance(value, pa.Scalar) else value


def answer_array(values: Sequence[object], where: Where) -> pa.StringArray:
    """Convert answers to text; None stays null.

    Args:
        values: text, Python and NumPy integers, `IntegerText`, None.
        where: the position of a value.

    Raises:
        InputError: for the first value that is not an answer.

    >>> answer_array(["007", 10**17 + 1, None], "row {}".format).to_pylist()
    ['007', '100000000000000001', None]
    """
    if not {str, type(None)}.issuperset(map(type, values)):
        values = [_answer_text(value, i, where) for i, value in enumerate(values)]
    return _string_array(values, ANSWER, where)


def complete_answers(values: Sequence[object], where: Where) -> pa.StringArray:
    """Convert answers to text, as `answer_array`; None is refused.

    Raises:
        InputError: for the first value that is not an answer.
    """
    found = answer_array(values, where)
    if found.null_count:
        refuse(ANSWER, None, where(pc.index(found.is_null(), True).as_py()))
    return found


def _answer_text(value: object, i: int, where: Where) -> str | None:
    if value is None or value.__class__ is str:
        return value
    if isinstance(value, str):
        # JSON may write zero with a sign
        return "0" if isinstance(value, IntegerText) and value == "-0" else str(value)
    if is_integer(value):
        return integer_text(value)
    return refuse(ANSWER, value, where(i))


def row_array(values: Sequence[object], where: Where) -> pa.Int64Array:
    """Convert row numbers; None stays null.

    Raises:
        InputError: for the first value that is not a row number.
    """
    numbers = [
        int(value) if value.__class__ is IntegerText and len(value) < 19 else _row_number(value, i, where)
        for i, value in enumerate(values)
    ]
    return pa.array(numbers, pa.int64())


def _row_number(value: object, i: int, where: Where) -> int | None:
    if value is None:
        return None
    # the length first: int() refuses text of more than 4,300 digits
    integer = is_integer(value) or (isinstance(value, IntegerText) and len(value) < 21)
    if not integer or not -INT64 - 1 <= int(value) <= INT64:  # type: ignore[call-overload]
        refuse(ROW, value, where(i))
    return int(value)  # type: ignore[call-overload]


def name_array(values: Sequence[object], column: str, where: Where) -> pa.StringArray:
    """Convert names of splits or tasks; None stays null.

    Raises:
        InputError: for the first value that is not text.
    """
    if not {str, type(None)}.issuperset(map(type, values)):
        i = next(i for i, value in enumerate(values) if value.__class__ is not str and value is not None)
        refuse(f"{column} {NAME}", values[i], where(i))
    return _string_array(values, f"{column} {NAME}", where)


def _string_array(texts: Sequence[object], allowed: str, where: Where) -> pa.StringArray:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        i, value = next((i, text) for i, text in enumerate(texts) if not is_unicode(text))
        refuse(f"{allowed} that is valid Unicode", value, where(i))


def is_unicode(text: object) -> bool:
    """Whether text has no lone surrogates, which no encoding can write."""
    return not isinstance(text, str) or text.encode(errors="replace").decode() == text


def answer_column(column: pa.ChunkedArray, where: Where) -> pa.ChunkedArray:
    """Convert a column of a Parquet file to text; text stays dictionary-encoded if it is.

    Raises:
        InputError: for a column of another type than text or integers, with its first value.

    >>> answer_column(pa.chunked_array([[1, 2]]), "row {}".format).to_pylist()
    ['1', '2']
    """
    kind = _value_type(column)
    if _is_text(kind):
        return column
    if pa.types.is_integer(kind):
        return column.cast(kind).cast(pa.string())
    return _nulls(column, ANSWER, pa.string(), where)


def row_column(column: pa.ChunkedArray, where: Where) -> pa.ChunkedArray:
    """Convert a column of a Parquet file to row numbers.

    Raises:
        InputError: for a column of another type than integers, or a number of more than 64 bits.
    """
    kind = _value_type(column)
    if not pa.types.is_integer(kind):
        return _nulls(column, ROW, pa.int64(), where)
    numbers = column.cast(kind)
    try:
        return numbers.cast(pa.int64())
    except pa.ArrowInvalid:
        i = pc.index(pc.greater(numbers, pa.scalar(INT64, kind)), True).as_py()
        refuse(ROW, numbers[i].as_py(), where(i))


def name_column(column: pa.ChunkedArray, name: str, where: Where) -> pa.ChunkedArray:
    """Check a column of names of splits or tasks in a Parquet file.

    Raises:
        InputError: for a column of another type than text.
    """
    return column if _is_text(_value_type(column)) else _nulls(column, f"{name} {NAME}", pa.string(), where)


def _nulls(column: pa.ChunkedArray, allowed: str, kind: pa.DataType, where: Where) -> pa.ChunkedArray:
    """The nulls of a column that holds nothing else, whatever its type; refuse its first value."""
    if column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), kind)])
    i = pc.index(column.is_valid(), True).as_py()
    raise InputError(
        f"{allowed}. Received: {_value_type(column)}, {shorten(column[i].as_py())} in {where(i)}."
    )


def _value_type(column: pa.ChunkedArray) -> pa.DataType:
    return column.type.value_type if pa.types.is_dictionary(column.type) else column.type


def _is_text(kind: pa.DataType) -> bool:
    return kind in (pa.string(), pa.large_string(), pa.string_view())


def is_integer(value: object) -> bool:
    """Whether a value is an integer of Python or NumPy; truth values are not.

    >>> is_integer(3), is_integer(True), is_integer(3.0)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def integer_text(value: object) -> str:
    """The decimal text of an integer of any size; `str` refuses more than 4,300 digits.

    >>> integer_text(-(10**5000))[:4], len(integer_text(10**5000))
    ('-100', 5001)
    """
    return str(Decimal(int(value)))  # type: ignore[call-overload]


def refuse(allowed: str, value: object, where: str) -> NoReturn:
    """Raise the error for a value that is not allowed.

    Raises:
        InputError: always.
    """
    raise InputError(f"{allowed}. Received: {shorten(value)} in {where}.")
