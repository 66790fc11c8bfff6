"""Writing one shard: a Parquet file that appears under its name only when complete, with its digest in the footer."""

import ctypes
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from mathbench.dataset.digest import Digest
from mathbench.dataset.manifest import ShardContent
from mathbench.formats.words import messages
from mathbench.rows import COLUMNS, OPTIONAL_COLUMNS, Rows, column_names
from mathbench.storage.atomic import HashingWriter, atomic_write, make_folder
from mathbench.storage.location import StoragePath
from mathbench.task import LABELS, Task

BATCH_ROWS = 1 << 17  # rows generated at a time, and rows per Parquet row group
Progress = Callable[[int], None]

# Task and stratum repeat, row counts up, and the rest is text that a dictionary or statistics would only slow down.
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["task", "stratum"],
    "write_statistics": ["row"],
    "write_page_checksum": True,  # readers that verify it find a flipped bit without the manifest
    "column_encoding": {
        "row": "DELTA_BINARY_PACKED",
        "question": "DELTA_LENGTH_BYTE_ARRAY",
        "answer": "DELTA_LENGTH_BYTE_ARRAY",
        "id": "DELTA_BYTE_ARRAY",
    },
}
_FEATURES: dict[pa.DataType, Any] = {
    pa.string(): {"dtype": "string", "_type": "Value"},
    pa.int64(): {"dtype": "int64", "_type": "Value"},
    messages.TYPE: messages.FEATURE,
}
_TYPES = {**dict.fromkeys(COLUMNS, pa.string()), "row": pa.int64(), **OPTIONAL_COLUMNS}


def schema(task: Task, columns: Sequence[str] = ()) -> pa.Schema:
    """The columns of a task's files, with the feature types that `datasets` restores from the file itself.

    Args:
        task: the task.
        columns: optional columns besides those that the task always has.
    """
    return schema_of(column_names(task, columns))


def schema_of(names: Sequence[str]) -> pa.Schema:
    """The schema of some columns of a dataset."""
    features = {name: _FEATURES[_TYPES[name]] for name in names}
    if "label" in features:
        features["label"] = {"names": list(LABELS), "_type": "ClassLabel"}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, _TYPES[name]) for name in names], metadata=metadata)


def batches(rows: Rows, start: int, stop: int) -> Iterator[pa.Table]:
    """Generate the rows of a range, one batch at a time."""
    size = min(BATCH_ROWS, rows.source.batch_rows)
    for first in range(start, stop, size):
        yield rows.batch(range(first, min(first + size, stop)))


class ShardFile:
    """A Parquet file of a task's rows, open for writing.

    Args:
        writer: the open writer.
        columns: the columns of the file.
        sink: the sink of the writer, which hashes the bytes.
    """

    def __init__(self, writer: pq.ParquetWriter, columns: pa.Schema, sink: HashingWriter):
        self._writer, self._columns, self._sink = writer, columns, sink

    def write(self, table: pa.Table) -> None:
        """Write rows as one row group."""
        self._writer.write_table(table.cast(self._columns))

    def set_digest(self, digest: str) -> None:
        """Store a digest in the footer."""
        self._writer.add_key_value_metadata({"mathbench.digest": digest})

    def sha256(self) -> str:
        """SHA-256 of the bytes written so far; of the whole file after the block of :func:`create_shard`."""
        return self._sink.sha256()


@contextmanager
def create_shard(path: StoragePath, task: Task, columns: Sequence[str] = ()) -> Iterator[ShardFile]:
    """Create a file that appears under its name after the block, complete.

    Args:
        path: the final name; nothing appears under it when the block fails.
        task: the task whose rows the file will hold.
        columns: optional columns besides those that the task always has.
    """
    make_folder(path.parent)
    with atomic_write(path) as file, open_shard(file, task, columns) as shard:
        yield shard


@contextmanager
def open_shard(file: BinaryIO, task: Task, columns: Sequence[str] = ()) -> Iterator[ShardFile]:
    """Write a shard to an open file; its footer follows after the block.

    Args:
        file: receives the bytes.
        task, columns: as for :func:`create_shard`.
    """
    full = schema(task, columns)
    stored = _with_dictionaries(full)
    sink = HashingWriter(file)
    with pq.ParquetWriter(sink, stored, store_schema=False, **_OPTIONS) as writer:
        yield ShardFile(writer, stored, sink)
        writer.add_key_value_metadata({key.decode(): value.decode() for key, value in full.metadata.items()})


def _with_dictionaries(columns: pa.Schema) -> pa.Schema:
    dictionary = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [pa.field(f.name, dictionary if f.name in ("task", "stratum") else f.type) for f in columns]
    )


def write(path: StoragePath, rows: Rows, start: int, stop: int, progress: Progress) -> ShardContent:
    """Write rows to a file whose footer carries their digest.

    Args:
        path: the final name.
        rows: the split to write.
        start, stop: the range of rows.
        progress: called with the number of rows written since its last call.
    """
    keep_freed_memory()
    counter = ContentCounter()
    with create_shard(path, rows.task, rows.columns) as file:
        for table in batches(rows, start, stop):
            file.write(table)
            counter.update(table)
            progress(table.num_rows)
        file.set_digest(counter.digest.value())
    return counter.content(file.sha256())


class ContentCounter:
    """Row count and running digest of a sequence of tables."""

    def __init__(self) -> None:
        self.rows: int = 0
        self.digest: Digest = Digest()

    def update(self, table: pa.Table) -> None:
        """Add the next table."""
        self.rows += table.num_rows
        self.digest.update(table)

    def content(self, sha256: str) -> ShardContent:
        """The content of a file that holds these rows."""
        return ShardContent(self.rows, self.digest.value(), dict(self.digest.strata), sha256)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # options of mallopt, from malloc.h
MAX_FREE_BYTES = 64 << 20  # freed memory that the process keeps
MAX_HEAP_BLOCK = 4 << 20  # larger blocks are still returned to the system


@cache
def keep_freed_memory() -> None:
    """Let the GNU C library keep up to `MAX_FREE_BYTES` of freed memory for reuse; no effect with other libraries.

    By default larger blocks return to the system when they are freed, which clears them page by page when they are
    requested again. Every batch allocates arrays of the same sizes, so clearing takes as long as the arithmetic:
    questions of 6-digit sums cost 75 ns a row with the default and 47 with this setting.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_TRIM_THRESHOLD, MAX_FREE_BYTES)
        mallopt(_MMAP_THRESHOLD, MAX_HEAP_BLOCK)
