"""Copies of a board in one SQLite file, made while the board is in use."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, insert, select

from mathbench.errors import InputError, os_error_message
from mathbench.leaderboard.store.database import Database, chosen, default_path, parse_url
from mathbench.leaderboard.store.tables import Base
from mathbench.storage import atomic

ROWS = 100  # rows that are copied at a time: predictions may be large
_SUBMISSIONS = "SELECT 1 FROM sqlite_master WHERE name = 'submissions'"
STEP = 1_000  # pages of SQLite that are copied at a time, between which others may write


def back_up(target: str | Path | None, path: Path, force: bool = False) -> int:
    """Copy a board to a new SQLite file, which is a board itself.

    The copy is the board at one moment, whatever is written to it meanwhile. It appears when it is complete. Of an
    SQLite file it has the same version of the tables.

    Args:
        target: the board: a path, a database URL, or None for MATHBENCH_BOARD or the user's own board.
        path: the file of the copy.
        force: replace an earlier copy; a file that is no board is never replaced.

    Returns:
        The number of submissions.

    Raises:
        InputError: when there is no such board, the file exists, or it cannot be written.
    """
    url = parse_url(chosen(target) or default_path())
    source = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
    if source is not None and not source.is_file():
        raise InputError(f"there is no board at '{source}'.")
    _check_target(path, source, force)
    try:
        with atomic.new_folder(path.parent), _temporary_file(path) as copy:
            count = _copy_file(source, copy) if source is not None else _copy_tables(Database(target), copy)
            os.replace(copy, path)
    except sqlite3.Error as error:
        raise InputError(f"the board {source} cannot be copied to {path}: {error}.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {os_error_message(error)}.") from None
    return count


@contextmanager
def _temporary_file(path: Path) -> Iterator[Path]:
    """A file in a temporary folder beside `path`."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-", suffix=".tmp") as folder:
        yield Path(folder) / path.name


def _check_target(path: Path, source: Path | None, force: bool) -> None:
    """Refuse to replace anything but an earlier copy."""
    if not path.exists():
        return
    if source is not None and path.samefile(source):
        raise InputError(f"{path} is the board itself.")
    if not _is_board(path):
        raise InputError(f"{path} exists already and is no copy of a board. Give another file.")
    if not force:
        raise InputError(f"{path} exists already. Give another file, or --force to replace it.")


def _is_board(path: Path) -> bool:
    """Whether a file is an SQLite database with submissions."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
            return file.execute(_SUBMISSIONS).fetchone() is not None
    except sqlite3.Error:
        return False


def _copy_file(source: Path, copy: Path) -> int:
    """Copy an SQLite file with what is in its log."""
    with closing(sqlite3.connect(source)) as board, closing(sqlite3.connect(copy)) as made:
        # one read transaction: the copy does not start anew when others write
        board.execute("BEGIN")
        board.execute("SELECT count(*) FROM sqlite_master").fetchone()
        board.backup(made, pages=STEP)
        # without a log, which would be a second file
        made.execute("PRAGMA journal_mode = DELETE")
        if made.execute(_SUBMISSIONS).fetchone() is None:
            raise InputError(f"'{source}' is not a board.")
        return int(made.execute("SELECT count(*) FROM submissions").fetchone()[0])


def _copy_tables(database: Database, copy: Path) -> int:
    """Copy all tables of a database of any kind."""
    engine = create_engine(f"sqlite:///{copy}")
    Base.metadata.create_all(engine)
    reading = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with reading.connect() as board, engine.begin() as made:
        for table in Base.metadata.sorted_tables:
            rows = board.execution_options(stream_results=True).execute(select(table))
            for part in rows.mappings().partitions(ROWS):
                made.execute(insert(table), [dict(row) for row in part])
        count = _count(made)
    engine.dispose()
    return count


def _count(connection: Connection) -> int:
    table = Base.metadata.tables["submissions"]
    return connection.scalar(select(func.count()).select_from(table)) or 0
