"""Reading shards: rows, footers and content of Parquet files, and the check of a file left by an earlier run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mathbench.dataset.digest import difference
from mathbench.dataset.manifest import ShardContent
from mathbench.dataset.shard import ContentCounter, schema
from mathbench.errors import CheckFailed, MathbenchError
from mathbench.numbers.text import int_array
from mathbench.rows import Rows
from mathbench.storage.location import StoragePath, local_copy, readable_errors

SPOT_CHECK_ROWS = 32  # rows of each row group that are regenerated before a shard of an earlier run is kept


@contextmanager
def open_parquet(path: StoragePath, source: Path | BinaryIO | None = None) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file for reading.

    Args:
        path: its name.
        source: a local copy of its bytes, if there is one.

    Raises:
        CheckFailed: when it is missing or damaged.
        InputError: when the store cannot be read.
    """
    with readable_errors(path):
        try:
            with ExitStack() as stack:
                if source is None:
                    source = path if isinstance(path, Path) else stack.enter_context(path.open("rb"))
                yield stack.enter_context(pq.ParquetFile(source, page_checksum_verification=True))
        except (MathbenchError, PermissionError, ConnectionError):
            raise
        except (OSError, ValueError, pa.ArrowException) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise CheckFailed(f"{path} cannot be read: {reason}") from None


def row_groups(
    path: StoragePath, source: Path | BinaryIO | None = None, containing: NDArray[np.int64] | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Read the row groups of a file one at a time, each with the position of its first row in the file.

    Args:
        path, source: as for :func:`open_parquet`, and so are the errors.
        containing: positions of rows in the file, ascending; only the groups that contain one of them are read.
    """
    with open_parquet(path, source) as file:
        stops = np.cumsum([file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)])
        if containing is None:
            needed = np.arange(len(stops))
        else:
            needed = np.unique(np.searchsorted(stops, containing, side="right"))
        for i in needed[needed < len(stops)].tolist():
            table = file.read_row_group(i).replace_schema_metadata()
            yield int(stops[i]) - table.num_rows, table


def read_tables(path: StoragePath) -> Iterator[pa.Table]:
    """Read the rows of a file, one row group at a time; errors as for :func:`open_parquet`."""
    return (table for _, table in row_groups(path))


def first_row(path: StoragePath) -> dict[str, str]:
    """Read question and answer of the first row of a file; errors as for :func:`open_parquet`."""
    with open_parquet(path) as file:
        row: dict[str, str] = next(file.iter_batches(1, columns=["question", "answer"])).to_pylist()[0]
        return row


def footer(path: StoragePath, rows: Rows) -> tuple[int, str]:
    """Read the number of rows and the digest that a file's footer states.

    Raises:
        CheckFailed: when it is missing or damaged, or its columns are not those of the rows.
    """
    columns = schema(rows.task, rows.columns)
    with open_parquet(path) as file:
        metadata = dict(file.metadata.metadata or {})
        features_match = all(metadata.get(key) == value for key, value in columns.metadata.items())
        if not (features_match and file.schema_arrow.equals(columns)):
            raise CheckFailed(f"{path} does not have the columns of {rows.task.name}.")
        return file.metadata.num_rows, metadata.get(b"mathbench.digest", b"").decode()


def read_content(
    path: StoragePath, visit: Callable[[int, pa.Table], None] = lambda first, table: None
) -> ShardContent:
    """Read a complete file, one row group at a time, and compute its content from its rows.

    Args:
        path: the file.
        visit: called with each row group and the position of its first row in the file.

    Raises:
        CheckFailed: when it is missing or damaged.
    """
    counter = ContentCounter()
    with local_copy(path) as (source, sha256):
        for first, table in row_groups(path, source):
            visit(first, table)
            counter.update(table)
    return counter.content(sha256)


def content_difference(file: str, found: ShardContent, stated: ShardContent) -> str:
    """The first field of the content of a file that differs from the manifest; empty where none does."""
    for name, value in asdict(stated).items():
        if value != (actual := getattr(found, name)) and (name, value) != ("sha256", ""):
            what = "different bytes for the same rows" if name == "sha256" else f"{name} {actual}"
            return f"{file}: {what}; the manifest states {value}"
    return ""


def intact_content(path: StoragePath, rows: Rows, start: int, stop: int) -> ShardContent | None:
    """The content of a file left by an earlier run; None when it is not the complete shard of these rows.

    The whole file is read and its digest compared with the one in its footer. Some rows of each row group are
    regenerated, so that a file of another seed, split or range is rejected whatever its name.
    """
    counter = ContentCounter()
    try:
        stated = footer(path, rows)
        if stated[0] != stop - start:
            return None
        with local_copy(path) as (source, sha256):
            for first, table in row_groups(path, source):
                if _spot_check(table, rows, start + first):
                    return None
                counter.update(table)
    except CheckFailed:
        return None
    content = counter.content(sha256)
    return content if (content.rows, content.digest) == stated else None


def _spot_check(table: pa.Table, rows: Rows, start: int) -> str:
    """The first difference in evenly spaced rows of a table that should begin with row `start`, or an empty string."""
    positions = np.unique(np.linspace(0, table.num_rows - 1, SPOT_CHECK_ROWS).astype(np.int64))
    return difference(table.take(int_array(positions)), expected(rows, start + positions))


def expected(rows: Rows, numbers: range | NDArray[np.int64]) -> pa.Table:
    """Generate rows with the columns and types that a file should have.

    Raises:
        SpaceExhausted: when the split has no row of one of the numbers.
    """
    return rows.batch(numbers).cast(schema(rows.task, rows.columns)).replace_schema_metadata()
