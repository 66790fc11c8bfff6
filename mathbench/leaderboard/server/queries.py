"""What the server reads from a board, as plain values for JSON."""

from typing import Any

from fastapi import HTTPException
from sqlalchemy import func, select

from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tables import AttemptRow, SubmissionRow


def count(board: Board) -> int:
    """How many submissions there are, also withdrawn ones."""
    with board.transaction() as session:
        return session.scalar(select(func.count()).select_from(SubmissionRow)) or 0


def submission(board: Board, digest: str) -> dict[str, Any]:
    """One submission.

    Raises:
        HTTPException: 404 when the board has none.
    """
    kept = board.one(digest)
    if kept is None:
        raise HTTPException(404, f"the board has no submission {digest}.")
    sent = AttemptRow.outcome.in_(("kept", "repeated"))
    same = select(func.count()).where(AttemptRow.digest == digest, sent)
    with board.transaction() as session:
        return kept.to_json() | {"attempts": session.scalar(same)}


def attempts(board: Board, digest: str | None, before: int | None, limit: int) -> dict[str, Any]:
    """Attempts, newest first; whose token it was is not told."""
    query = select(AttemptRow).order_by(AttemptRow.id.desc()).limit(limit)
    if digest is not None:
        query = query.where(AttemptRow.digest == digest)
    if before is not None:
        query = query.where(AttemptRow.id < before)
    names = ("id", "at", "digest", "outcome", "message")
    with board.transaction() as session:
        rows = [{name: getattr(row, name) for name in names} for row in session.scalars(query)]
    return {"counts": board.attempts(), "attempts": rows}
