"""Where a board's database is, and how its connections are set up."""

import sqlite3
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from mathbench.errors import InputError

KINDS = ("sqlite", "postgresql")
PATIENCE = 30_000  # milliseconds that a writer waits for another one


class DatabaseUnreachable(InputError):
    """The database failed, and not what was asked of it."""


def url_of(target: str | Path) -> URL:
    """The URL of a path or of a URL as text.

    Raises:
        InputError: for what is neither, another kind of database, or a board in memory.
    """
    text = str(target)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except ArgumentError:
        raise InputError("a board is a path or a URL such as postgresql://user@host/name.") from None
    if url.get_backend_name() not in KINDS:
        allowed = "a path, sqlite:///PATH or postgresql://..."
        raise InputError(f"a board of kind '{url.drivername}' is not known. Allowed: {allowed}")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise InputError("a board in memory would be lost at once; give sqlite:///PATH.")
    return url


def engine_of(url: URL) -> Engine:
    """An engine for a board's database.

    Raises:
        InputError: when its driver is not installed.
    """
    try:
        engine = create_engine(url)
    except (ImportError, NoSuchModuleError) as error:
        raise InputError(f"the driver for {url.drivername} is not installed: {error}.") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
    return engine


def _pragmas(connection: Any, _: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    connection.execute("PRAGMA foreign_keys = ON")
    deadline = monotonic() + PATIENCE / 1000
    while not _write_ahead(connection):
        if monotonic() > deadline:
            raise InputError("the board is busy; try again later.")
        sleep(0.02)


def _write_ahead(connection: Any) -> bool:
    """Turn on the write-ahead log; SQLite does not wait for this one, so that first writers can collide."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
    return True
