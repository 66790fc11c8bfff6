"""What is sent to a board: a manifest (the run's result.json) and its predictions, read and checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mathbench.errors import InputError
from mathbench.generators import task as make_task
from mathbench.hashing import check_seed
from mathbench.leaderboard import schema
from mathbench.task import Task

COLUMNS = {"split": pa.string(), "row": pa.int64(), "prediction": pa.string(), "task": pa.string()}

MOST_ROWS = 1_000_000  # predictions in one submission
MOST_FILE = 64 << 20  # bytes of a predictions file
MOST_TEXT = 1 << 28  # bytes of all predictions unpacked
LONGEST = 10_000  # bytes of one prediction


@dataclass(frozen=True)
class Manifest:
    """A result.json that keeps to the schema; it fixes task, seed and sizes, so the truth can be regenerated.

    Args:
        document: the JSON object.

    Raises:
        InputError: for anything that the schema does not allow, an unknown task or a wrong parameter.
    """

    document: Mapping[str, Any]

    def __post_init__(self) -> None:
        schema.RESULT(self.document, "result.json")
        check_seed(self.document["data"]["seed"])
        if self.task.name != (named := self.document["task"]["name"]):
            raise InputError(
                f"result.json: the task of these parameters is '{self.task.name}'. Received: {named!r}."
            )

    @cached_property
    def task(self) -> Task:
        """The task that was to be solved."""
        said = self.document["task"]
        # not task(id, **parameters): a parameter called "name" would collide with the argument
        return type(make_task(said["id"])).of(said["parameters"])

    @property
    def seed(self) -> int | str:
        """The seed of the data."""
        return check_seed(self.document["data"]["seed"])

    @property
    def sizes(self) -> dict[str, int]:
        """Rows per split."""
        return dict(self.document["data"]["sizes"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document, however its keys are ordered."""
        return hashlib.sha256(canonical(self.document).encode()).hexdigest()


@dataclass(frozen=True)
class Submission:
    """A manifest and the predictions it speaks of.

    Args:
        manifest: the manifest.
        predictions: split (string), row (int64), prediction (string), ordered by split, then by row.
    """

    manifest: Manifest
    predictions: pa.Table

    @cached_property
    def predictions_digest(self) -> str:
        """SHA-256 over what the predictions say, not over the bytes of a file."""
        state = hashlib.sha256()
        for name in ("split", "row", "prediction"):
            for part in _bytes(self.predictions[name].combine_chunks()):
                state.update(part)
        return state.hexdigest()

    @cached_property
    def digest(self) -> str:
        """What makes two submissions one: the same manifest and the same predictions."""
        return hashlib.sha256((self.manifest.digest + self.predictions_digest).encode()).hexdigest()

    def packed(self) -> bytes:
        """The predictions as a compressed Parquet file."""
        sink = BytesIO()
        pq.write_table(self.predictions, sink, compression="zstd", compression_level=9)
        return sink.getvalue()

    @classmethod
    def unpacked(cls, document: Mapping[str, Any], packed: bytes) -> "Submission":
        """The submission that a board kept.

        Raises:
            InputError: when what was kept cannot be read any more.
        """
        manifest = Manifest(document)
        return cls(manifest, _ordered(_table(packed, "the kept predictions", {**COLUMNS, "task": None})))


def canonical(document: Mapping[str, Any]) -> str:
    r"""JSON with sorted keys and no spaces: the same text for the same content.

    >>> canonical({"b": 1, "a": "é"})
    '{"a":"\\u00e9","b":1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_run(path: Path) -> Submission:
    """Read a run directory: result.json (or manifest.json) and predictions.parquet.

    Raises:
        InputError: one line that says what is wrong with it.
    """
    name = "result.json" if (path / "result.json").exists() else "manifest.json"
    if not (path / name).is_file() or not (path / "predictions.parquet").is_file():
        raise InputError(f"'{path}' is not a finished run: it needs result.json and predictions.parquet.")
    manifest = Manifest(_object(schema.parse(_bounded(path / name, schema.MOST_BYTES), name)))
    data = _bounded(path / "predictions.parquet", MOST_FILE)
    told = manifest.document["predictions_sha256"].removeprefix("sha256:")
    if told != (found := hashlib.sha256(data).hexdigest()):
        raise InputError(
            f"predictions.parquet is not the file that {name} speaks of: "
            f"its SHA-256 is {found[:12]}..., the manifest says {told[:12]}..."
        )
    table = _table(data, "predictions.parquet", COLUMNS)
    _only_task(table, manifest.task.name)
    return Submission(manifest, _ordered(table))


def _object(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        schema.refuse("result.json", "an object", document)
    return document


def _bounded(path: Path, most: int) -> bytes:
    """Read a file, but never more of it than is allowed."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(f"{path.name} is larger than {most:,} bytes.")
    return data


def _table(data: bytes, name: str, columns: Mapping[str, pa.DataType | None]) -> pa.Table:
    """Read predictions with every limit checked before memory is spent on them."""
    wanted = {column: kind for column, kind in columns.items() if kind is not None}
    words = [column for column, kind in wanted.items() if kind == pa.string()]
    try:
        # text stays dictionary-encoded, so that one long text repeated a million times is seen in time
        _check_shape(pq.ParquetFile(BytesIO(data)), name, wanted)
        table = pq.ParquetFile(BytesIO(data), read_dictionary=words).read()
        table.validate(
            full=True
        )  # a damaged file can hold indices beyond its dictionary, or bytes that are no text
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        reason = ascii(str(error).strip().splitlines()[0][:100])
        raise InputError(f"{name} is not a readable Parquet file: {reason}.") from None
    for column in table.column_names:
        if table[column].null_count:
            raise InputError(
                f"{name}: {column} has {table[column].null_count:,} empty values; every row needs one."
            )
    for column in words:
        _check_length(table[column].combine_chunks(), f"{name}: {column}")
    return pa.table({column: table[column].cast(kind).combine_chunks() for column, kind in wanted.items()})


def _check_shape(file: pq.ParquetFile, name: str, wanted: Mapping[str, pa.DataType]) -> None:
    if (rows := file.metadata.num_rows) > MOST_ROWS:
        raise InputError(f"{name} has more than {MOST_ROWS:,} rows. Received: {rows:,}.")
    groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
    if sum(groups) > MOST_TEXT:
        raise InputError(f"{name} unpacks to more than {MOST_TEXT:,} bytes. Received: {sum(groups):,}.")
    found = {field.name: field.type for field in file.schema_arrow}
    if set(found) != set(wanted) or len(found) != len(file.schema_arrow):
        raise InputError(
            f"{name} must have the columns {', '.join(wanted)}. Received: {', '.join(map(ascii, found))}."
        )
    for column, kind in wanted.items():
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
    if lengths.sum(dtype=np.int64) > MOST_TEXT:
        raise InputError(f"{where} unpacks to more than {MOST_TEXT:,} bytes of text.")


def _only_task(table: pa.Table, name: str) -> None:
    foreign = table.filter(pc.not_equal(table["task"], name))
    if foreign.num_rows:
        first = ", ".join(map(ascii, foreign["task"].slice(0, 3).to_pylist()))
        raise InputError(
            f"predictions.parquet has {foreign.num_rows:,} rows that are not of {name}; the first: {first}."
        )


def _ordered(table: pa.Table) -> pa.Table:
    table = table.select(["split", "row", "prediction"])
    return table.take(pc.sort_indices(table, [("split", "ascending"), ("row", "ascending")])).combine_chunks()


def _bytes(column: pa.Array) -> list[bytes | memoryview]:
    """What a column says, as bytes: its length, the lengths of its texts, then the texts end to end."""
    head = len(column).to_bytes(8, "little")
    if pa.types.is_integer(column.type):
        return [head, column.to_numpy().astype("<i8").tobytes()]
    lengths = pc.binary_length(column).to_numpy(zero_copy_only=False).astype("<i4")
    if not lengths.any():
        return [head, lengths.tobytes()]
    ends = slice(column.offset, column.offset + len(column) + 1)
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[ends]
    return [head, lengths.tobytes(), memoryview(column.buffers()[2])[offsets[0] : offsets[-1]]]
