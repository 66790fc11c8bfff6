"""Files of predictions from strangers: Parquet or JSON lines, with every limit checked before memory is spent."""

import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq

from mathbench.errors import InputError
from mathbench.scores.parquet_limits import check_pages

Columns = Mapping[str, pa.DataType]

COLUMNS = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string()}
COLUMNS_WITH_TASK = {**COLUMNS, "task": pa.string()}  # with the name of the task in every row

MAX_ROWS = 1_000_000  # predictions in one submission
MAX_FILE = 64 << 20  # bytes of a predictions file
MAX_TEXT = 1 << 28  # bytes of all predictions unpacked
MAX_JSON = 128 << 20  # bytes of JSON lines unpacked
MAX_FOOTER = 4 << 20  # bytes of what a Parquet file says about itself
LONGEST = 10_000  # bytes of one prediction
LONGEST_LINE = 1 << 17  # bytes of one line of JSON
_GZIP = 31  # zlib's window size for a gzip header and checksum


def read_limited(path: Path, maximum: int) -> bytes:
    """Read a file, but never more of it than is allowed.

    Raises:
        InputError: when it is larger.
    """
    with path.open("rb") as file:
        data = file.read(maximum + 1)
    if len(data) > maximum:
        raise InputError(f"{path.name} is larger than {maximum:,} bytes.")
    return data


def compress_predictions(table: pa.Table) -> bytes:
    """Predictions as a compressed Parquet file."""
    sink = BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=9)
    return sink.getvalue()


def read(data: bytes, name: str, *shapes: Columns) -> pa.Table:
    """Read predictions; the end of the name says which format they have.

    Args:
        data: the file's bytes.
        name: such as predictions.parquet, .jsonl or .jsonl.gz.
        shapes: the sets of columns that are allowed.

    Returns:
        One of the shapes, without empty values.

    Raises:
        InputError: one line that says what is wrong with it.
    """
    if name.endswith(".jsonl.gz"):
        data = _inflated(data, name)
    try:
        table = _lines(data, name, shapes) if ".jsonl" in name else _parquet(data, name, shapes)
        table.validate(full=True)  # indices beyond a dictionary, or bytes that are no text
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        reason = ascii(str(error).strip().splitlines()[0][:100])
        kind = "JSON lines" if ".jsonl" in name else "a readable Parquet file"
        raise InputError(f"{name} is not {kind}: {reason}.") from None
    return _checked(table, name)


def _checked(table: pa.Table, name: str) -> pa.Table:
    for column in table.column_names:
        if table[column].null_count:
            raise InputError(
                f"{name}: {column} has {table[column].null_count:,} empty values; every row needs one."
            )
    for column in table.column_names:
        if column != "row":
            _check_length(table[column].combine_chunks(), f"{name}: {column}")
    kinds = {column: COLUMNS_WITH_TASK[column] for column in table.column_names}
    return pa.table({column: table[column].cast(kind).combine_chunks() for column, kind in kinds.items()})


def _inflated(data: bytes, name: str) -> bytes:
    """Unpack gzip, and stop where it becomes too much."""
    machine = zlib.decompressobj(_GZIP)
    try:
        text = machine.decompress(data, MAX_JSON + 1)
    except zlib.error as error:
        raise InputError(f"{name} is not gzip: {error}.") from None
    if len(text) > MAX_JSON:
        raise InputError(f"{name} unpacks to more than {MAX_JSON:,} bytes.")
    if not machine.eof or machine.unused_data:
        raise InputError(f"{name} must be one whole gzip stream.")
    return text


def _lines(data: bytes, name: str, shapes: tuple[Columns, ...]) -> pa.Table:
    if (rows := data.count(b"\n")) > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows. Received: {rows:,} lines.")
    first = data[: data.find(b"\n") + 1 or LONGEST_LINE]
    shape = next((s for s in shapes if all(f'"{column}"'.encode() in first for column in s)), shapes[-1])
    table = pj.read_json(
        BytesIO(data),
        read_options=pj.ReadOptions(use_threads=False, block_size=LONGEST_LINE),
        parse_options=pj.ParseOptions(
            explicit_schema=pa.schema(list(shape.items())), unexpected_field_behavior="error"
        ),
    )
    if table.num_rows > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows. Received: {table.num_rows:,}.")
    return table


def _parquet(data: bytes, name: str, shapes: tuple[Columns, ...]) -> pa.Table:
    if (footer := int.from_bytes(data[-8:-4], "little")) > MAX_FOOTER:
        raise InputError(f"{name} has a footer of more than {MAX_FOOTER:,} bytes. Received: {footer:,}.")
    limits = {"thrift_string_size_limit": 1 << 20, "thrift_container_size_limit": 20_000}
    file = pq.ParquetFile(BytesIO(data), **limits)
    found = {field.name: field.type for field in file.schema_arrow}
    shape = next((s for s in shapes if set(s) == set(found)), shapes[0])
    _check_shape(file, name, shape)
    check_pages(file, data, name, MAX_TEXT)
    # text stays dictionary-encoded, so that one long text repeated a million times is seen in time
    words = [column for column, kind in shape.items() if kind == pa.string()]
    table = pq.ParquetFile(BytesIO(data), read_dictionary=words, **limits).read(use_threads=False)
    return table.select(list(shape))


def _check_shape(file: pq.ParquetFile, name: str, shape: Columns) -> None:
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    if (rows := max(file.metadata.num_rows, sum(group.num_rows for group in groups))) > MAX_ROWS:
        raise InputError(f"{name} has more than {MAX_ROWS:,} rows. Received: {rows:,}.")
    if (size := sum(group.total_byte_size for group in groups)) > MAX_TEXT:
        raise InputError(f"{name} unpacks to more than {MAX_TEXT:,} bytes. Received: {size:,}.")
    found = {field.name: field.type for field in file.schema_arrow}
    if set(found) != set(shape) or len(found) != len(file.schema_arrow):
        raise InputError(
            f"{name} must have the columns {', '.join(shape)}. Received: {', '.join(map(ascii, found))}."
        )
    for column, kind in shape.items():
        got = found[column].value_type if pa.types.is_dictionary(found[column]) else found[column]
        got = pa.string() if got == pa.large_string() else got
        if got != kind:
            raise InputError(f"{name}: {column} must be {kind}. Received: {got}.")


def _check_length(column: pa.Array, where: str) -> None:
    if isinstance(column, pa.DictionaryArray):
        lengths = pc.binary_length(column.dictionary).to_numpy(zero_copy_only=False)
        lengths = lengths[column.indices.to_numpy(zero_copy_only=False)] if len(column) else lengths[:0]
    else:
        lengths = pc.binary_length(column).to_numpy(zero_copy_only=False)
    if lengths.max(initial=0) > LONGEST:
        raise InputError(
            f"{where} has text of more than {LONGEST:,} bytes in {int((lengths > LONGEST).sum()):,} rows."
        )
    if lengths.sum(dtype=np.int64) > MAX_TEXT:
        raise InputError(f"{where} unpacks to more than {MAX_TEXT:,} bytes of text.")
