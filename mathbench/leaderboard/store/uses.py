"""Limits of tokens over sliding windows, counted in the board's database, so that all servers of a board share them.

Times are those of the servers' clocks. Servers on several machines need clocks that agree to about a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import time
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, select, text, update
from sqlalchemy.orm import Session

from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tables import LeaseRow, UseRow

SUBMISSION, WORK = "submission", "work"
MINUTE, HOUR = 60, 3600
LEASE_SECONDS = 30.0  # after which a lease that nobody renewed ends, such as that of a killed server
# counting and adding are one step for all servers; the number only has to be the same for all of them
_LOCK = text("SELECT pg_advisory_xact_lock(6227020801)")


@dataclass(frozen=True)
class TokenLimits:
    """The limits of tokens.

    Args:
        submissions: per minute, of all tokens together.
        per_token: submissions per minute of one token.
        work: seconds of CPU time per hour of one token.
    """

    submissions: int
    per_token: int
    work: float


class SharedLimits:
    """The limits of the tokens of a board, shared by all of its servers.

    Args:
        board: the board.
        limits: the limits.
        clock: the time in seconds since 1970.
    """

    def __init__(self, board: Board, limits: TokenLimits, clock: Callable[[], float] = time):
        self._board, self._limits, self._clock = board, limits, clock
        self._holder = uuid4().hex

    def submission(self, token: str) -> int:
        """Count a submission and return 0, or return after how many full seconds the token may send the next one.

        A submission that is refused does not count, for its token or the others.
        """
        now, limits = self._clock(), self._limits
        with self._board.transaction() as session:
            _lock(session)
            # a transaction that begins by reading may not become a writer
            session.execute(delete(UseRow).where(UseRow.at <= now - HOUR))
            own, minute = UseRow.token == token, _Window(session, SUBMISSION, now, MINUTE)
            wait = (
                _Window(session, WORK, now, HOUR).wait(limits.work, own)
                or minute.wait(limits.per_token, own)
                or minute.wait(limits.submissions)
            )
            if not wait:
                session.add(UseRow(token=token, kind=SUBMISSION, at=now, amount=1))
        return wait

    def acquire(self, token: str) -> bool:
        """Acquire or renew the lease for a job of a token; False while another server has it."""
        now = self._clock()
        values = {"token": token, "holder": self._holder, "until": now + LEASE_SECONDS}
        free = (LeaseRow.until <= now) | (LeaseRow.holder == self._holder)
        with self._board.transaction() as session:
            renewed = update(LeaseRow).where(LeaseRow.token == token, free).values(**values)
            if session.scalar(renewed.returning(LeaseRow.token)) is not None:
                return True
            insert = self._board.database.insert_if_absent(LeaseRow, values)
            return session.scalar(insert.returning(LeaseRow.token)) is not None

    def release(self, token: str, work: float = 0.0) -> None:
        """Release the lease for a job of a token, and count the CPU time in seconds that the job has used."""
        own = (LeaseRow.token == token) & (LeaseRow.holder == self._holder)
        with self._board.transaction() as session:
            session.execute(delete(LeaseRow).where(own))
            if work:
                session.add(UseRow(token=token, kind=WORK, at=self._clock(), amount=work))


@dataclass(frozen=True)
class _Window:
    """The uses of one kind in the last seconds.

    Args:
        session: a session.
        kind: the kind of use.
        now: the present time.
        seconds: the length of the window.
    """

    session: Session
    kind: str
    now: float
    seconds: float

    def wait(self, limit: float, *which: ColumnElement[bool]) -> int:
        """0 while the amount of some uses is below a limit, else the full seconds until it is."""
        inside = (UseRow.kind == self.kind, UseRow.at > self.now - self.seconds, *which)
        total = self.session.scalar(select(func.sum(UseRow.amount)).where(*inside)) or 0
        if total < limit:
            return 0
        oldest_first = select(UseRow.at, UseRow.amount).where(*inside).order_by(UseRow.at)
        for at, amount in self.session.execute(oldest_first):
            total -= amount
            if total < limit:
                return max(1, ceil(at + self.seconds - self.now))
        return ceil(self.seconds)


def _lock(session: Session) -> None:
    """Let other servers wait until this transaction ends; in SQLite, its first change does that."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK)
