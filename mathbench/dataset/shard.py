"""One shard: a Parquet file that appears under its name only when it is complete and says what it holds.

Keep freed memory in the process that generates: batch after batch asks for arrays of the same sizes again.

The GNU C library gives larger blocks back to the system when they are freed, and the system fills them with zeros, page
by page, when they are asked for again. On columns of numbers that takes as long as the arithmetic: questions of
6-digit sums cost 75 ns a row without this and 47 with it.
"""

import ctypes
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench.dataset.digest import Digest, difference
from mathbench.dataset.manifest import ShardContent
from mathbench.errors import CheckFailed, MathbenchError
from mathbench.numbers.text import int_array
from mathbench.rows import Rows
from mathbench.storage.atomic import HashingWriter, atomic_write, make_folder
from mathbench.storage.location import StoragePath, local_copy, readable_errors
from mathbench.task import LABELS, Task

BATCH = 1 << 17  # rows made at a time, and rows per Parquet row group
SPREAD = 32  # rows of each row group that are made anew before a shard of an earlier run is kept
Progress = Callable[[int], None]

# Task and stratum repeat, row counts up, and the rest is text that a dictionary or statistics would only slow down.
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["task", "stratum"],
    "write_statistics": ["row"],
    "write_page_checksum": True,  # a reader that checks them finds a flipped bit without the manifest
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
    size = min(BATCH, rows.source.batch_rows)
    for begin in range(start, stop, size):
        yield rows.batch(range(begin, min(begin + size, stop)))


class ShardFile:
    """A Parquet file of a task's rows that is being written.

    Args:
        writer: the open writer.
        columns: the columns of the file.
        sink: what it writes to.
    """

    def __init__(self, writer: pq.ParquetWriter, columns: pa.Schema, sink: HashingWriter):
        self._writer, self._columns, self._sink = writer, columns, sink

    def write(self, table: pa.Table) -> None:
        """Write rows as one row group."""
        self._writer.write_table(table.cast(self._columns))

    def state(self, digest: str) -> None:
        """Let the footer state a digest."""
        self._writer.add_key_value_metadata({"mathbench.digest": digest})

    def sha256(self) -> str:
        """Of the bytes of the file; after the block of :func:`create_shard`, of all of them."""
        return self._sink.sha256()


@contextmanager
def create_shard(path: StoragePath, task: Task) -> Iterator[ShardFile]:
    """Create a file; it appears under its name, whole, after the block.

    Args:
        path: the final name; nothing appears under it when the block fails.
        task: the task whose rows the file will hold.
    """
    make_folder(path.parent)
    columns = schema(task)
    stored = _dictionaries(columns)
    with atomic_write(path) as file:
        sink = HashingWriter(file)
        with pq.ParquetWriter(sink, stored, store_schema=False, **_OPTIONS) as writer:
            yield ShardFile(writer, stored, sink)
            writer.add_key_value_metadata(_text(columns.metadata))


def write(path: StoragePath, rows: Rows, start: int, stop: int, progress: Progress) -> ShardContent:
    """Write rows to a file whose footer carries their digest.

    Args:
        path: the final name.
        rows: the split to write.
        start, stop: which rows of it.
        progress: called with the number of rows written since its last call.
    """
    keep_freed_memory()
    tally = ContentCounter()
    with create_shard(path, rows.task) as file:
        for table in batches(rows, start, stop):
            file.write(table)
            tally.take(table)
            progress(table.num_rows)
        file.state(tally.digest.value())
    return tally.content(file.sha256())


class ContentCounter:
    """Rows and digest of the tables that go by."""

    def __init__(self) -> None:
        self.rows, self.digest = 0, Digest()

    def take(self, table: pa.Table) -> None:
        """Take in a table that follows the ones before."""
        self.rows += table.num_rows
        self.digest.update(table)

    def content(self, sha256: str) -> ShardContent:
        """What a file of these rows holds."""
        return ShardContent(self.rows, self.digest.value(), dict(self.digest.strata), sha256)


def _dictionaries(columns: pa.Schema) -> pa.Schema:
    kind = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([pa.field(f.name, kind if f.name in ("task", "stratum") else f.type) for f in columns])


def _text(metadata: dict[bytes, bytes]) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in metadata.items()}


def intact_content(path: StoragePath, rows: Rows, start: int, stop: int) -> ShardContent | None:
    """What a file left by an earlier run holds; None when it is not the whole shard of these rows.

    All of it is read, its digest compared with the one that its footer states, and some rows of each row group are made
    anew: a file of another seed, split or range is not kept, whatever its name.
    """
    tally = ContentCounter()
    try:
        stated = footer(path, rows.task)
        if stated[0] != stop - start:
            return None
        with local_copy(path) as (source, sha256):
            for first, table in row_groups(path, source):
                if _foreign(table, rows, start + first):
                    return None
                tally.take(table)
    except CheckFailed:
        return None
    held = tally.content(sha256)
    return held if (held.rows, held.digest) == stated else None


def footer(path: StoragePath, task: Task) -> tuple[int, str]:
    """The rows and the digest that a file's own footer states.

    Raises:
        CheckFailed: when it is missing or damaged, or its columns are not those of the task.
    """
    columns = schema(task)
    with open_parquet(path) as file:
        stated = dict(file.metadata.metadata or {})
        if not file.schema_arrow.equals(columns) or any(
            stated.get(k) != v for k, v in columns.metadata.items()
        ):
            raise CheckFailed(f"{path} has other columns than {task.name}.")
        return file.metadata.num_rows, stated.get(b"mathbench.digest", b"").decode()


def _foreign(table: pa.Table, rows: Rows, start: int) -> str:
    """The first difference in a spread of rows of a table that should begin with row `start`."""
    picked = np.unique(np.linspace(0, table.num_rows - 1, SPREAD).astype(np.int64))
    return difference(table.take(int_array(picked)), expected(rows, start + picked))


def expected(rows: Rows, numbers: range | NDArray[np.int64]) -> pa.Table:
    """Rows as a file should hold them.

    Raises:
        SpaceExhausted: when the split does not hold one of them.
    """
    return rows.batch(numbers).cast(schema(rows.task)).replace_schema_metadata()


@contextmanager
def open_parquet(path: StoragePath, source: Path | BinaryIO | None = None) -> Iterator[pq.ParquetFile]:
    """A Parquet file to read from.

    Args:
        path: its name.
        source: where its bytes are at hand, when that is elsewhere.

    Raises:
        CheckFailed: when it is missing or damaged.
        InputError: when the store cannot be read.
    """
    with readable_errors(path):
        try:
            with ExitStack() as closing:
                if source is None:
                    source = path if isinstance(path, Path) else closing.enter_context(path.open("rb"))
                yield closing.enter_context(pq.ParquetFile(source, page_checksum_verification=True))
        except (MathbenchError, PermissionError, ConnectionError):
            raise
        except (OSError, ValueError, pa.ArrowException) as error:
            why = (str(error) or type(error).__name__).splitlines()[0]
            raise CheckFailed(f"{path} cannot be read: {why}") from None


def row_groups(
    path: StoragePath, source: Path | BinaryIO | None = None, holding: NDArray[np.int64] | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """The row groups of a file, one at a time, each with the number of its first row.

    Args:
        path, source: as for :func:`open_parquet`, and so are the errors.
        holding: rows of the file, ascending from 0; only the groups that hold one of them are read.
    """
    with open_parquet(path, source) as file:
        stops = np.cumsum([file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)])
        needed = (
            range(len(stops)) if holding is None else np.unique(np.searchsorted(stops, holding, side="right"))
        )
        for i in needed:
            if i < len(stops):
                table = file.read_row_group(i).replace_schema_metadata()
                yield int(stops[i]) - table.num_rows, table


def read(path: StoragePath) -> Iterator[pa.Table]:
    """The rows of a file, a row group at a time; errors as for :func:`open_parquet`."""
    return (table for _, table in row_groups(path))


def first(path: StoragePath) -> dict[str, str]:
    """Question and answer of the first row of a file; errors as for :func:`open_parquet`."""
    with open_parquet(path) as file:
        found: dict[str, str] = next(file.iter_batches(1, columns=["question", "answer"])).to_pylist()[0]
        return found


def read_content(path: StoragePath) -> ShardContent:
    """What a file holds, read from its rows, whatever they are.

    Raises:
        CheckFailed: when it is missing or damaged.
    """
    tally = ContentCounter()
    with local_copy(path) as (source, sha256):
        for _, table in row_groups(path, source):
            tally.take(table)
    return tally.content(sha256)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # options of mallopt, from malloc.h
KEPT_BYTES = 64 << 20  # bytes that stay in the process at most
LARGEST = 4 << 20  # blocks from here on are given back as before


@cache
def keep_freed_memory() -> None:
    """Ask the C library once to keep up to `KEPT_BYTES` bytes of freed memory; other libraries know no such request."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, LARGEST)
