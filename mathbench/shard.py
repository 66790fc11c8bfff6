"""One shard: a Parquet file that appears under its name only when it is complete and says what it holds."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mathbench.digest import Digest
from mathbench.errors import CheckFailed
from mathbench.files import replacing
from mathbench.manifest import ShardContent
from mathbench.rows import Rows
from mathbench.task import LABELS, Task

BATCH = 1 << 17  # rows made at a time, and rows per Parquet row group
Progress = Callable[[int], None]

# Task and stratum repeat, row counts up, and the rest is text that a dictionary or statistics would only slow down.
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["task", "stratum"],
    "write_statistics": ["row"],
    "column_encoding": {
        "row": "DELTA_BINARY_PACKED",
        "question": "DELTA_LENGTH_BYTE_ARRAY",
        "answer": "DELTA_LENGTH_BYTE_ARRAY",
    },
}
_TEXT = {"dtype": "string", "_type": "Value"}


def schema(task: Task) -> pa.Schema:
    """The columns of a task's files, with the feature types that `datasets` restores from the file itself."""
    features: dict[str, Any] = {name: _TEXT for name in ("question", "answer", "task", "stratum")}
    features["row"] = {"dtype": "int64", "_type": "Value"}
    fields = [(name, pa.string()) for name in features if name != "row"] + [("row", pa.int64())]
    if task.recognition:
        features["label"] = {"names": list(LABELS), "_type": "ClassLabel"}
        fields.append(("label", pa.int64()))
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema(fields, metadata=metadata)


def batches(rows: Rows, start: int, stop: int) -> Iterator[pa.Table]:
    """The rows of a range, a batch at a time."""
    size = min(BATCH, rows.at_once)
    for begin in range(start, stop, size):
        yield rows.batch(range(begin, min(begin + size, stop)))


class File:
    """A Parquet file of a task's rows that is being written.

    Args:
        writer: the open writer.
        columns: the columns of the file.
    """

    def __init__(self, writer: pq.ParquetWriter, columns: pa.Schema):
        self._writer, self._columns = writer, columns

    def write(self, table: pa.Table) -> None:
        """Write rows as one row group."""
        self._writer.write_table(table.cast(self._columns))

    def state(self, digest: str) -> None:
        """Let the footer state a digest."""
        self._writer.add_key_value_metadata({"mathbench.digest": digest})


@contextmanager
def created(path: Path, task: Task) -> Iterator[File]:
    """Create a file under a temporary name; after the block, flush it to disk and rename it.

    Args:
        path: the final name; nothing appears under it when the block fails.
        task: the task whose rows the file will hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = schema(task)
    stored = _dictionaries(columns)
    with replacing(path) as part, pq.ParquetWriter(part, stored, store_schema=False, **_OPTIONS) as writer:
        yield File(writer, stored)
        writer.add_key_value_metadata(_text(columns.metadata))


def write(path: Path, rows: Rows, start: int, stop: int, progress: Progress) -> ShardContent:
    """Write rows to a file whose footer carries their digest.

    Args:
        path: the final name.
        rows: the split to write.
        start, stop: which rows of it.
        progress: called with the number of rows written since its last call.
    """
    digest, strata = Digest(), dict.fromkeys((s.name for s in rows.strata), 0)
    with created(path, rows.task) as file:
        for table in batches(rows, start, stop):
            file.write(table)
            digest.update(table)
            count(table, strata)
            progress(table.num_rows)
        file.state(digest.value())
    return ShardContent(stop - start, digest.value(), {name: n for name, n in strata.items() if n})


def _dictionaries(columns: pa.Schema) -> pa.Schema:
    kind = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([pa.field(f.name, kind if f.name in ("task", "stratum") else f.type) for f in columns])


def _text(metadata: dict[bytes, bytes]) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in metadata.items()}


def count(table: pa.Table, strata: dict[str, int]) -> None:
    """Add the rows of a table to counts per stratum."""
    for entry in pc.value_counts(table.column("stratum")).to_pylist():
        strata[entry["values"]] = strata.get(entry["values"], 0) + entry["counts"]


def stated_digest(path: Path) -> str | None:
    """The digest that a file's own footer states; None when the file is missing or unreadable."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return None
    return metadata.get(b"mathbench.digest", b"").decode() or None


def read(path: Path) -> Iterator[pa.Table]:
    """Read a file, a row group at a time.

    Raises:
        CheckFailed: when it is missing or damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)
    except (OSError, pa.ArrowException) as error:
        raise CheckFailed(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


def scan(path: Path) -> ShardContent:
    """What a file really holds, read from its rows.

    Raises:
        CheckFailed: when it is missing or damaged.
    """
    digest, rows = Digest(), 0
    strata: dict[str, int] = {}
    for table in read(path):
        digest.update(table)
        count(table, strata)
        rows += table.num_rows
    return ShardContent(rows, digest.value(), strata)
