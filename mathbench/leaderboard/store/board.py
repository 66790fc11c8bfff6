"""The board in a database: SQLite by default, PostgreSQL by URL; every attempt is kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from platformdirs import user_data_dir
from sqlalchemy import Connection, func, inspect, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from mathbench.errors import InputError
from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.store import rows as records
from mathbench.leaderboard.store.database import DatabaseUnreachable, engine_of, url_of
from mathbench.leaderboard.store.rows import utc_now
from mathbench.leaderboard.store.tables import AttemptRow, Base, BoardRow, SubmissionRow
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import SubmissionRecord, find_by_prefix
from mathbench.scores import schema

VERSION = "2"  # of the tables; an older board is upgraded in place, a newer one is refused

# one process at a time makes or changes tables; the number only has to be the same for all of them
_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(6227020800)"}
_INSERT: dict[str, Any] = {"sqlite": sqlite_dialect.insert, "postgresql": postgresql.insert}

# what an attempt that was not refused came to: each of these changes what the board shows
SENT = ("kept", "repeated")
CHANGES = (*SENT, "withdrawn", "reproduced")
MAX_CHANGED = 500  # changed submissions; beyond it all are read at once

# how often each content was sent; to withdraw it is no sending
_SENDINGS = (
    select(AttemptRow.digest, func.count()).where(AttemptRow.outcome.in_(SENT)).group_by(AttemptRow.digest)
)


@dataclass(frozen=True)
class StoreResult:
    """What became of one attempt.

    Args:
        kept: the submission as it stands on the board.
        new: whether the board did not have it before.
        attempts: how often this content was submitted, this time included.
    """

    kept: SubmissionRecord
    new: bool
    attempts: int


@dataclass(frozen=True)
class BoardVersion:
    """How far the record of a board goes.

    Args:
        changes: attempts that changed what it shows.
        last: the number of the last of them.
    """

    changes: int = 0
    last: int = 0


class Board:
    """A board in a database.

    Args:
        target: a path, a database URL, or None for MATHBENCH_BOARD or the user's own board.
        create: make the database and its tables when there are none.

    Raises:
        InputError: when there is no board, or the place cannot be opened or is something else.
    """

    def __init__(self, target: str | Path | None = None, create: bool = True):
        self._url = url_of(target or os.environ.get("MATHBENCH_BOARD") or default_path())
        self.name = (
            self._url.database or "" if self._local else self._url.render_as_string(hide_password=True)
        )
        self._place(create)
        with self._one_line():
            self._engine = engine_of(self._url)
            with self._engine.connect() as connection:
                version = _version(connection)
            if version != VERSION:
                version = self._prepare(create)
        if version != VERSION:
            raise InputError(f"{self.name} has tables of version {version}; this mathbench reads {VERSION}.")

    @property
    def public_name(self) -> str:
        """The last part of its path or URL: strangers need not know where it lies."""
        return PurePath(self.name.partition("?")[0]).stem

    @property
    def _local(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _place(self, create: bool) -> None:
        """See to the file of a local board."""
        path = Path(self._url.database or "")
        if not self._local or (path.is_file() and (create or path.stat().st_size)):
            return
        if path.is_dir():
            raise InputError(
                f"'{path}' is a folder; a board is an SQLite file, such as '{path / 'board.sqlite'}'."
            )
        if not create:
            raise InputError(f"there is no board at '{path}' yet; `mathbench submit RUN` makes one.")
        path.parent.mkdir(parents=True, exist_ok=True)

    def _prepare(self, create: bool) -> str | None:
        """Make the tables, or bring older ones up to date; returns their version."""
        with self._engine.begin() as connection:
            connection.exec_driver_sql(_ALONE[self._engine.dialect.name])
            version = _version(connection)  # another process may have been quicker
            if version is None and create:
                Base.metadata.create_all(connection)
                version = VERSION
                connection.execute(self._insert(BoardRow, {"key": "version", "value": version}))
            elif version is not None:
                from mathbench.leaderboard.store import migrations

                version = migrations.upgrade(connection, version)
                connection.execute(update(BoardRow).where(BoardRow.key == "version").values(value=version))
        return version

    def _insert(self, table: type[Base], values: dict[str, Any]) -> Any:
        return _INSERT[self._engine.dialect.name](table).values(values).on_conflict_do_nothing()

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            kind = InputError if isinstance(error, DataError | IntegrityError) else DatabaseUnreachable
            raise kind(f"the board {self.name} cannot be used: {reason}") from None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session on the board's tables that is committed at the end; errors are one line."""
        with self._one_line(), Session(self._engine) as session, session.begin():
            yield session

    def keep(
        self, submission: Submission, checked: CheckResult, source: str = "", token: str | None = None
    ) -> StoreResult:
        """Keep a checked submission; the same content again is an attempt, but no second submission."""
        columns = records.columns(submission, checked)  # packed before the board is locked
        with self._one_line(), Session(self._engine) as session, session.begin():
            # the attempt is written first: a transaction that begins by reading may not become a writer
            attempt = AttemptRow(
                at=utc_now(), digest=submission.digest, outcome="kept", message=source, token=token
            )
            session.add(attempt)
            session.flush()
            added = self._insert(SubmissionRow, columns).returning(SubmissionRow.digest)
            if new := session.scalar(added) is not None:
                session.add_all(records.score_rows(submission.digest, checked))
            else:
                attempt.outcome = "repeated"
            session.flush()
            row = session.get_one(SubmissionRow, submission.digest)
            sent = _SENDINGS.where(AttemptRow.digest == submission.digest)
            attempts = session.execute(sent).one()[1]
            return StoreResult(records.kept(row, attempts), new, attempts)

    def refuse(self, message: str, token: str | None = None) -> None:
        """Keep the trace of an attempt that was refused."""
        with self.transaction() as session:
            session.add(
                AttemptRow(at=utc_now(), digest=None, outcome="refused", message=message[:1000], token=token)
            )

    def withdraw(self, digest: str, reason: str) -> None:
        """Take a submission out of the ranking; it stays on the board, marked with the reason.

        Raises:
            InputError: when it is not there or withdrawn already.
        """
        schema.text(500)(reason, "the reason")
        with self._one_line(), Session(self._engine) as session, session.begin():
            session.add(AttemptRow(at=utc_now(), digest=digest, outcome="withdrawn", message=reason))
            session.flush()
            row = session.get(SubmissionRow, digest)
            if row is None:
                raise InputError(f"the board has no submission {digest!r}.")
            if row.withdrawn is not None:
                raise InputError(f"{digest[:8]} is withdrawn already: {row.withdrawn}")
            row.withdrawn = reason

    def set_badge(self, digest: str, badge: str) -> None:
        """Give a submission another badge, one of `kept.BADGES`."""
        with self.transaction() as session:
            session.add(AttemptRow(at=utc_now(), digest=digest, outcome="reproduced", message=badge))
            session.execute(update(SubmissionRow).where(SubmissionRow.digest == digest).values(badge=badge))

    def records(self) -> list[SubmissionRecord]:
        """All submissions, also withdrawn ones, in the order in which they came."""
        return self._read()

    def records_between(self, old: BoardVersion, new: BoardVersion) -> list[SubmissionRecord]:
        """The submissions that came or changed between two states; all of them where that cannot be told."""
        between = (AttemptRow.id > old.last, AttemptRow.id <= new.last, AttemptRow.outcome.in_(CHANGES))
        with self.transaction() as session:
            digests = [str(digest) for digest in session.scalars(select(AttemptRow.digest).where(*between))]
        # transactions overlap: one may end late with a number that is below those seen
        if new.changes - old.changes != len(digests) or len(digests) > MAX_CHANGED:
            return self._read()
        return self._read(digests)

    def version(self) -> BoardVersion:
        """Something that is another when what the board shows may be; it reads no submission."""
        query = select(func.count(), func.coalesce(func.max(AttemptRow.id), 0))
        with self.transaction() as session:
            return BoardVersion(*session.execute(query.where(AttemptRow.outcome.in_(CHANGES))).one())

    def _read(self, digests: list[str] | None = None) -> list[SubmissionRecord]:
        """Submissions in the order in which they came: some, or all."""
        query, sendings = select(SubmissionRow), _SENDINGS
        if digests is not None:
            query = query.where(SubmissionRow.digest.in_(digests))
            sendings = sendings.where(AttemptRow.digest.in_(digests))
        with self.transaction() as session:
            counts = {row[0]: row[1] for row in session.execute(sendings)}
            rows = session.scalars(query.order_by(SubmissionRow.submitted, SubmissionRow.digest))
            return [records.kept(row, counts.get(row.digest, 1)) for row in rows]

    def one(self, digest: str) -> SubmissionRecord | None:
        """The submission with a digest; None when there is none."""
        with self.transaction() as session:
            row = session.get(SubmissionRow, digest)
            sent = session.execute(_SENDINGS.where(AttemptRow.digest == digest)).first()
            return records.kept(row, sent[1] if sent else 1) if row else None

    def predictions_bytes(self, digest: str) -> bytes:
        """The kept predictions of one submission, as a Parquet file."""
        with self._one_line(), Session(self._engine) as session:
            return session.scalars(select(SubmissionRow.packed).where(SubmissionRow.digest == digest)).one()

    def find(self, requested: str) -> SubmissionRecord:
        """The submission whose digest begins so.

        Raises:
            InputError: when there is none, or more than one.
        """
        return find_by_prefix(self.records(), requested)

    def attempts(self) -> dict[str, int]:
        """How many attempts ended in which way."""
        query = select(AttemptRow.outcome, func.count()).group_by(AttemptRow.outcome)
        with self._one_line(), Session(self._engine) as session:
            return {row[0]: row[1] for row in session.execute(query)}


def default_path() -> Path:
    """Where the user's own board is."""
    return Path(user_data_dir("mathbench")) / "board.sqlite"


def _version(connection: Connection) -> str | None:
    """The version of a board's tables; None where there are none yet."""
    if not inspect(connection).has_table(BoardRow.__tablename__):
        return None
    return connection.scalar(select(BoardRow.value).where(BoardRow.key == "version"))
