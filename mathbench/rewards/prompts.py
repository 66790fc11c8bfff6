"""Prompts of rows, as text or as a chat, and files of rows for frameworks that read files."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mathbench.errors import InputError, shown
from mathbench.formats import MESSAGES
from mathbench.integers import as_integer
from mathbench.storage import atomic
from mathbench.storage.location import local_path

Row = Mapping[str, Any]
GROUP_ROWS = 1 << 12  # rows that are converted and written at a time


def chat(row: Row) -> list[dict[str, str]]:
    """The turns before the answer: those of the format `messages`, otherwise the question as one turn.

    >>> chat({"question": "57+8", "answer": "65"})
    [{'role': 'user', 'content': '57+8'}]
    """
    turns = row.get(MESSAGES)
    if turns is None:
        return [{"role": "user", "content": row["question"]}]
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns[:-1]]


def last_text(completion: object) -> str | None:
    """The text of a completion: text itself, or the content of the last turn of a chat; None where there is none.

    >>> last_text("65"), last_text([{"role": "assistant", "content": "65"}]), last_text([])
    ('65', '65', None)
    """
    if isinstance(completion, list | tuple):
        turn = completion[-1] if completion else {}
        completion = turn.get("content") if isinstance(turn, Mapping) else None
    if isinstance(completion, list | tuple):
        parts = [part.get("text") for part in completion if isinstance(part, Mapping)]
        return "".join(part for part in parts if isinstance(part, str))
    return completion if isinstance(completion, str) else None


def write_parquet(
    path: str | Path, rows: Iterable[Row], count: int, convert: Callable[[int, Row], dict[str, Any]]
) -> None:
    """Write converted rows to a Parquet file, atomically.

    Args:
        path: the file.
        rows: the rows, which may be endless.
        count: how many are written, 1 or more.
        convert: maps a number from 0 and a row to what is written.

    Raises:
        InputError: for another count, or a file that cannot be written.
    """
    number = as_integer(count)
    if number is None or number < 1:
        raise InputError(f"rows must be an integer of 1 or more. Received: {shown(count)}.")
    numbered = enumerate(islice(rows, number))
    with atomic.atomic_write(local_path(path)) as file:
        writer = None
        while part := [convert(index, row) for index, row in islice(numbered, GROUP_ROWS)]:
            table = pa.Table.from_pylist(part, writer.schema if writer else None)
            writer = writer or pq.ParquetWriter(file, table.schema)
            writer.write_table(table)
        if writer is None:
            raise InputError("there are no rows to write.")
        writer.close()
