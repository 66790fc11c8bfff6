"""Files of predictions from strangers: Parquet or JSON lines, with all limits checked before memory is allocated."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mathbench.errors import InputError
from mathbench.rows import ID
from mathbench.scores import answers
from mathbench.scores.parquet_limits import check_pages
from mathbench.scores.predictions import COLUMNS_WITH_TASK
from mathbench.scores.text_files import read_json_lines

Columns = Mapping[str, pa.DataType]

MAX_ROWS = 1_000_000  # predictions in one submission
MAX_FILE = 64 << 20  # bytes of a predictions file
MAX_TEXT = 1 << 28  # bytes of all predictions unpacked
MAX_JSON = 128 << 20  # bytes of JSON lines unpacked
MAX_FOOTER = 4 << 20  # bytes of the metadata of a Parquet file
MAX_PREDICTION = 10_000  # bytes of one prediction
MAX_LINE = 1 << 17  # bytes of one line of JSON
LINES = (".jsonl", ".jsonl.gz")  # the names of JSON lines
_GZIP = 31  # zlib's window size for a gzip header and checksum


def read_limited(path: Path, maximum: int) -> bytes:
    """Read a file, but not more than `maximum` bytes of it.

    Raises:
        InputError: when it is larger.
    """
    with path.open("rb") as file:
        data = file.read(maximum + 1)
    if len(data) > maximum:
        raise InputError(f"{path.name} is larger than {maximum:,} bytes.")
    return data


def compress_predictions(table: pa.Table, **options: Any) -> bytes:
    """Write predictions as a compressed Parquet file.

    Args:
        table: the predictions, also none.
        options: of the writer.
    """
    sink = BytesIO()
    with pq.ParquetWriter(sink, table.schema, compression="zstd", compression_level=9, **options) as writer:
        # Arrow writes pages without headers for a group of no rows
        if table.num_rows:
            writer.write_table(table)
    return sink.getvalue()


def read_untrusted(data: bytes, name: str, *shapes: Columns) -> pa.Table:
    """Read predictions from bytes of any origin; the suffix of the name determines the format.

    Answers are text or integers, see `mathbench.scores.answers`. The column `id` may be there; it is not read.

    Args:
        data: the file's bytes.
        name: ends in .jsonl, .jsonl.gz or, for Parquet, anything else.
        shapes: the allowed sets of columns.

    Returns:
        A table with the columns of one of the shapes, without nulls.

    Raises:
        InputError: one line with the reason.
    """
    if name.endswith(".jsonl.gz"):
        data = _decompress(data, name)
    with _readable(name):
        table = (_read_lines if name.endswith(LINES) else _read_parquet)(data, name, shapes)
    return _check_values(table, name)


def _check_values(table: pa.Table, name: str) -> pa.Table:
    """Refuse nulls and long text; return plain columns of the types of `COLUMNS_WITH_TASK`."""
    answers.check_complete(table, name)
    for column in table.column_names:
        if column != "row":
            check_length(table[column].combine_chunks(), f"{name}: {column}")
    kinds = {column: COLUMNS_WITH_TASK[column] for column in table.column_names}
    return pa.table({column: table[column].cast(kind).combine_chunks() for column, kind in kinds.items()})


def _decompress(data: bytes, name: str) -> bytes:
    """Decompress gzip up to `MAX_JSON` bytes."""
    decompressor = zlib.decompressobj(_GZIP)
    try:
        text = decompressor.decompress(data, MAX_JSON + 1)
    except zlib.error as error:
        raise InputError(f"{name} is not gzip: {error}.") from None
    if len(text) > MAX_JSON:
        raise InputError(f"{name} decompresses to more than {MAX_JSON:,} bytes.")
    if not decompressor.eof or decompressor.unused_data:
        raise InputError(f"{name} must be a single complete gzip stream.")
    return text


def _read_lines(data: bytes, name: str, shapes: tuple[Columns, ...]) -> pa.Table:
    if (rows := data.count(b"\n")) > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows. Received: {rows:,} lines.")
    table = read_json_lines(
        BytesIO(data), name, [list(shape) for shape in shapes], strict=True, ignored=(ID,), max_line=MAX_LINE
    )
    if table.num_rows > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows. Received: {table.num_rows:,}.")
    return table


def _read_parquet(data: bytes, name: str, shapes: tuple[Columns, ...]) -> pa.Table:
    return answers.from_columns(read_parquet(data, name, *shapes), answers.record_of(name))


def read_parquet(data: bytes, name: str, *shapes: Columns, max_bytes: int | None = None) -> pa.Table:
    """Read a Parquet file of any origin; its text stays dictionary-encoded. The column `id` is not read.

    Args:
        data: the file's bytes.
        name: its name in errors.
        shapes: the allowed sets of columns; their types are not checked.
        max_bytes: the allowed bytes of all its pages, decompressed; by default `MAX_TEXT`.

    Raises:
        InputError: for a file that cannot be read, has other columns, or is larger than the limits.
    """
    max_bytes = MAX_TEXT if max_bytes is None else max_bytes
    with _readable(name):
        if (footer := int.from_bytes(data[-8:-4], "little")) > MAX_FOOTER:
            raise InputError(f"{name} has a footer of more than {MAX_FOOTER:,} bytes. Received: {footer:,}.")
        limits = {"thrift_string_size_limit": 1 << 20, "thrift_container_size_limit": 20_000}
        file = pq.ParquetFile(BytesIO(data), **limits)
        found = dict(_columns(file))
        shape = next((s for s in shapes if set(s) == set(found)), shapes[0])
        _check_shape(file, name, shape, max_bytes)
        check_pages(file, data, name, max_bytes)
        # text stays dictionary-encoded, so that a long text repeated a million times is found before it is expanded
        texts = [column for column, kind in shape.items() if kind == pa.string()]
        table = pq.ParquetFile(BytesIO(data), read_dictionary=texts, **limits).read(
            list(shape), use_threads=False
        )
        # finds indices outside a dictionary and bytes that are not UTF-8
        table.validate(full=True)
        return table.select(list(shape))


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn the errors of damaged files into one line."""
    try:
        yield
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        reason = ascii(str(error).strip().splitlines()[0][:100])
        hint = "" if name.endswith(".parquet") else f" Names of JSON lines end in {' or '.join(LINES)}."
        raise InputError(f"{name} is not a readable Parquet file: {reason}.{hint}") from None


def _check_shape(file: pq.ParquetFile, name: str, shape: Columns, max_bytes: int) -> None:
    """Check rows, sizes and columns by the metadata of a Parquet file."""
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    if (rows := max(file.metadata.num_rows, sum(group.num_rows for group in groups))) > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows. Received: {rows:,}.")
    if (size := sum(group.total_byte_size for group in groups)) > max_bytes:
        raise InputError(f"{name} decompresses to more than {max_bytes:,} bytes. Received: {size:,}.")
    columns = _columns(file)
    found = dict(columns)
    if set(found) != set(shape) or len(found) != len(columns):
        raise InputError(
            f"{name} must have the columns {', '.join(shape)}. Received: {', '.join(map(ascii, found))}."
        )
    for column in shape:
        # other types are refused with their first value, once it is read
        if pa.types.is_nested(found[column]):
            raise InputError(f"{name}: {column} must be {shape[column]}. Received: {found[column]}.")


def _columns(file: pq.ParquetFile) -> list[tuple[str, pa.DataType]]:
    """Names and types of the columns but `id`."""
    return [(field.name, field.type) for field in file.schema_arrow if field.name != ID]


def fits_prediction(text: str) -> bool:
    """Whether a text is short enough for one prediction of a submission.

    >>> fits_prediction("65"), fits_prediction("6" * 10_001)
    (True, False)
    """
    return len(text.encode()) <= MAX_PREDICTION


def check_length(column: pa.Array, where: str) -> None:
    """Check the length of each text of a column, and of all of them; nulls have none.

    Raises:
        InputError: for text of more than `MAX_PREDICTION` bytes, or of more than `MAX_TEXT` in all.
    """
    column = column.drop_null()
    texts = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    lengths = np.asarray(pc.binary_length(texts))
    if isinstance(column, pa.DictionaryArray):
        lengths = lengths[np.asarray(column.indices)]
    if lengths.max(initial=0) > MAX_PREDICTION:
        raise InputError(
            f"{where} has text of more than {MAX_PREDICTION:,} bytes in {int((lengths > MAX_PREDICTION).sum()):,} rows."
        )
    if lengths.sum(dtype=np.int64) > MAX_TEXT:
        raise InputError(f"{where} decompresses to more than {MAX_TEXT:,} bytes of text.")
