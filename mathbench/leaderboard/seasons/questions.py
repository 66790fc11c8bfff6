"""The questions of a season without their answers, as one file: split, row, question, task."""

import gzip
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from mathbench.errors import InputError
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.rows import Rows

SCHEMA = pa.schema(
    [("split", pa.string()), ("row", pa.int64()), ("question", pa.string()), ("task", pa.string())]
)
PARQUET, LINES, COMPRESSED_LINES = ".parquet", ".jsonl", ".jsonl.gz"
FORMS = (PARQUET, LINES, COMPRESSED_LINES)  # by the end of a file's name
MAX_FILES = 4  # that are kept in memory


def questions(task: SeasonTask) -> pa.Table:
    """The questions of one task of a season, with the name that the task has in the season.

    >>> from mathbench.leaderboard.seasons.files import load_season
    >>> questions(load_season("core-1").task("sums")).slice(0, 1).to_pylist()
    [{'split': 'interpolate', 'row': 0, 'question': '488+5', 'task': 'sums'}]
    """
    parts = [_split(task, split, n) for split, n in task.rows.items()]
    return pa.concat_tables(parts).combine_chunks()


def _split(task: SeasonTask, split: str, n: int) -> pa.Table:
    found = Rows(task.task, split, task.seed).batch(range(n))
    same = {"split": pa.array([split] * n, pa.string()), "task": pa.array([task.name] * n, pa.string())}
    columns = {"row": found["row"], "question": found["question"], **same}
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def form_of(name: str) -> str:
    """The form of a file, by the end of its name.

    Raises:
        InputError: for another end.

    >>> form_of("core-1.jsonl.gz")
    '.jsonl.gz'
    """
    for form in FORMS:
        if name.endswith(form):
            return form
    raise InputError(
        f"the name of a file of questions must end in {', '.join(FORMS)}. Received: {name!a:.100}."
    )


def write_questions(
    season: Season,
    sink: BinaryIO,
    form: str,
    only: str | None = None,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> int:
    """Write the questions of a season, of which one task at a time is in memory. The bytes are the same every time.

    Args:
        season: the season.
        sink: the open file.
        form: one of `FORMS`.
        only: the name of a task in the season; None for all.
        on_rows: called with the number of rows of each task.

    Returns:
        The number of questions.

    Raises:
        InputError: for an unknown task, or a sealed season, whose questions only its round hands out.
    """
    if season.sealed is not None and season.sealed.seed is None:
        raise InputError(f"the season {season.name} is sealed: its round hands out the questions.")
    tables = map(questions, season.tasks if only is None else (season.task(only),))
    if form != PARQUET:
        return _write_lines(tables, sink, form, on_rows)
    with pq.ParquetWriter(sink, SCHEMA, compression="zstd") as writer:
        return sum(_noted(on_rows, table, writer.write_table) for table in tables)


def _write_lines(
    tables: Iterable[pa.Table], sink: BinaryIO, form: str, on_rows: Callable[[int], None]
) -> int:
    if form != COMPRESSED_LINES:
        return sum(_noted(on_rows, table, lambda t: sink.write(_lines(t))) for table in tables)
    # without a name and a time, so that equal questions are equal bytes
    with gzip.GzipFile("", "wb", fileobj=sink, mtime=0) as packed:
        return sum(_noted(on_rows, table, lambda t: packed.write(_lines(t))) for table in tables)


def _noted(on_rows: Callable[[int], None], table: pa.Table, write: Callable[[pa.Table], object]) -> int:
    write(table)
    on_rows(table.num_rows)
    return int(table.num_rows)


def _lines(table: pa.Table) -> bytes:
    """The rows as one text: compressing them line by line would cost more than to make them."""
    return "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()


@dataclass(frozen=True)
class QuestionFile:
    """The questions of a season in one form; two of them are equal if their bytes are.

    Args:
        digest: of the season.
        form: one of `FORMS`.
        season: the season.
    """

    digest: str
    form: str
    season: Season = field(compare=False)


@lru_cache(maxsize=MAX_FILES)
def questions_bytes(file: QuestionFile) -> bytes:
    """The bytes of a file of questions, made once. Lines are made from the Parquet file.

    Raises:
        InputError: as `write_questions`.
    """
    sink = io.BytesIO()
    if file.form == PARQUET:
        write_questions(file.season, sink, file.form)
    else:
        parquet = pq.ParquetFile(io.BytesIO(questions_bytes(replace(file, form=PARQUET))))
        groups = (parquet.read_row_group(i) for i in range(parquet.num_row_groups))
        _write_lines(groups, sink, file.form, lambda rows: None)
    return sink.getvalue()
