"""The database of a board: SQLite by default, PostgreSQL by URL; its tables are created and upgraded on opening."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from time import monotonic, sleep
from typing import Any

from platformdirs import user_data_dir
from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from mathbench.errors import InputError
from mathbench.leaderboard.store.tables import Base, BoardRow
from mathbench.storage import atomic
from mathbench.storage.location import local_path

VERSION = "5"  # of the tables; an older database is upgraded in place, a newer one is refused
BACKENDS = ("sqlite", "postgresql")
LOCK_TIMEOUT = 30_000  # milliseconds that a writer waits for another one

# one process at a time creates or changes tables; the number only has to be the same for all of them
_LOCK = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(6227020800)"}
_INSERT: dict[str, Any] = {"sqlite": sqlite_dialect.insert, "postgresql": postgresql.insert}


class DatabaseUnreachable(InputError):
    """The database failed, as opposed to a request that it refused."""


class Database:
    """A database with the tables of a board.

    Args:
        target: a path, a database URL, or None for MATHBENCH_BOARD or the user's own board.
        create: create the database and its tables when there are none.

    Raises:
        InputError: when there is no board, or it cannot be opened or is something else.
    """

    def __init__(self, target: str | Path | None = None, create: bool = True):
        self._url = parse_url(chosen(target) or default_path())
        self.name = (
            self._url.database or "" if self._is_local else self._url.render_as_string(hide_password=True)
        )
        with ExitStack() as stack:
            if self._is_local:
                stack.enter_context(_checked_file(Path(self._url.database or ""), create))
            self._connect(create)

    def _connect(self, create: bool) -> None:
        """Connect, and create or upgrade the tables where that is needed."""
        with self._readable_errors():
            self.engine = _make_engine(self._url)
            with self.engine.connect() as connection:
                version = _version(connection)
            if version != VERSION:
                version = self._prepare(create)
        if version != VERSION:
            raise InputError(f"the tables of {self.name} must have version {VERSION}. Received: {version}.")

    @property
    def public_name(self) -> str:
        """The last part of the path or URL, without the location."""
        return PurePath(self.name.partition("?")[0]).stem

    @property
    def _is_local(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def insert_if_absent(self, table: type[Base], values: dict[str, Any]) -> Any:
        """The statement that inserts a row and does nothing when its key exists."""
        return _INSERT[self.engine.dialect.name](table).values(values).on_conflict_do_nothing()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session that is committed at the end.

        Raises:
            InputError: one line for whatever goes wrong; DatabaseUnreachable unless the data are at fault.
        """
        with self._readable_errors(), Session(self.engine) as session, session.begin():
            yield session

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            kind = InputError if isinstance(error, DataError | IntegrityError) else DatabaseUnreachable
            raise kind(f"the board {self.name} cannot be used: {reason}") from None

    def _prepare(self, create: bool) -> str | None:
        """Create the tables or upgrade older ones; return their version."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_LOCK[self.engine.dialect.name])
            version = _version(connection)  # another process may have done it since
            if version is None and create:
                Base.metadata.create_all(connection)
                version = VERSION
                connection.execute(self.insert_if_absent(BoardRow, {"key": "version", "value": version}))
            elif version is not None:
                from mathbench.leaderboard.store import migrations

                version = migrations.upgrade(connection, version)
                connection.execute(update(BoardRow).where(BoardRow.key == "version").values(value=version))
        return version


def chosen(target: str | Path | None) -> str | Path | None:
    """A given path or URL of a board, else that of MATHBENCH_BOARD, else None.

    Raises:
        InputError: for a path or URL without characters, as from a shell variable that is not set.
    """
    if target == "":
        raise InputError("a board must be a path or a URL. Received: ''.")
    return target if target is not None else os.environ.get("MATHBENCH_BOARD") or None


def default_path() -> Path:
    """The path of the user's own board."""
    return Path(user_data_dir("mathbench")) / "board.sqlite"


def parse_url(target: str | Path) -> URL:
    """The URL of a path or of a URL as text.

    Raises:
        InputError: for anything else, another kind of database, or a board in memory.
    """
    text = str(target)
    if "://" not in text:
        return URL.create("sqlite", database=str(local_path(target)))
    try:
        url = make_url(text)
    except ArgumentError:
        raise InputError("a board must be a path or a URL such as postgresql://user@host/name.") from None
    if url.get_backend_name() not in BACKENDS:
        allowed = "a path, sqlite:///PATH or postgresql://..."
        raise InputError(f"unknown kind of board '{url.drivername}'. Allowed: {allowed}")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise InputError("a board cannot be an in-memory database. Give sqlite:///PATH.")
    return url


@contextmanager
def _checked_file(path: Path, create: bool) -> Iterator[None]:
    """Check the file of a local board; create its folder where the board may be created, and keep it on success."""
    if path.is_file() and (create or path.stat().st_size):
        yield
        return
    if path.is_dir():
        raise InputError(
            f"'{path}' is a folder; a board must be an SQLite file, such as '{path / 'board.sqlite'}'."
        )
    if not create:
        raise InputError(f"there is no board at '{path}' yet; `mathbench submit RUN` creates one.")
    with atomic.new_folder(path.parent):
        yield


def _make_engine(url: URL) -> Engine:
    """An engine for a board's database.

    Raises:
        InputError: when its driver is not installed.
    """
    try:
        engine = create_engine(url)
    except (ImportError, NoSuchModuleError) as error:
        raise InputError(f"the driver for {url.drivername} is not installed: {error}.") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT}")
    connection.execute("PRAGMA foreign_keys = ON")
    deadline = monotonic() + LOCK_TIMEOUT / 1000
    while not _enable_write_ahead(connection):
        if monotonic() > deadline:
            raise InputError("the board is busy; try again later.")
        sleep(0.02)


def _enable_write_ahead(connection: Any) -> bool:
    """Enable the write-ahead log; the busy timeout does not cover this, so that first writers can collide."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    return True


def _version(connection: Connection) -> str | None:
    """The version of a board's tables; None where there are none yet."""
    if not inspect(connection).has_table(BoardRow.__tablename__):
        return None
    return connection.scalar(select(BoardRow.value).where(BoardRow.key == "version"))
