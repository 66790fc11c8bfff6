"""Queries of the API against a board, with results as plain values for JSON."""

from typing import Any

from fastapi import HTTPException
from sqlalchemy import func, select

from mathbench.leaderboard.store.board import SENT, Board
from mathbench.leaderboard.store.tables import AttemptRow, SubmissionRow


def count(board: Board) -> int:
    """The number of submissions, including withdrawn ones."""
    with board.transaction() as session:
        return session.scalar(select(func.count()).select_from(SubmissionRow)) or 0


def submission(board: Board, digest: str) -> dict[str, Any]:
    """One submission with the number of its attempts.

    Raises:
        HTTPException: 404 when the board has none.
    """
    record = board.one(digest)
    if record is None:
        raise HTTPException(404, f"the board has no submission {digest}.")
    sendings = select(func.count()).where(AttemptRow.digest == digest, AttemptRow.outcome.in_(SENT))
    with board.transaction() as session:
        return record.to_json() | {"attempts": session.scalar(sendings)}


def attempts(board: Board, digest: str | None, before: int | None, limit: int) -> dict[str, Any]:
    """Attempts, newest first, without the names of their tokens."""
    query = select(AttemptRow).order_by(AttemptRow.id.desc()).limit(limit)
    if digest is not None:
        query = query.where(AttemptRow.digest == digest)
    if before is not None:
        query = query.where(AttemptRow.id < before)
    names = ("id", "at", "digest", "outcome", "message")
    with board.transaction() as session:
        rows = [{name: getattr(row, name) for name in names} for row in session.scalars(query)]
    return {"counts": board.attempts(), "attempts": rows}
