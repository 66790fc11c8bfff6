"""ETags, and tables that are made once for each state of the board."""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from fastapi import Request, Response
from sqlalchemy import select

from mathbench.leaderboard.kept import Kept
from mathbench.leaderboard.ranking import tables
from mathbench.leaderboard.render import record
from mathbench.leaderboard.server.body import answer, as_json
from mathbench.leaderboard.store import Board
from mathbench.leaderboard.tables import SubmissionRow

MOST = 64  # tables that are kept ready: a few filters of one state

Filters = tuple[str | None, str | None, str | None, str]  # task, framework, split, sort


class Tables:
    """The tables of a board as bytes of JSON.

    Args:
        board: the board; other processes may write to it at any time.
        name: what it is called in public.
    """

    def __init__(self, board: Board, name: str):
        self._board, self._name = board, name
        self._lock = Lock()
        self._state = ""
        self._kept: list[Kept] = []
        self._ready: OrderedDict[Hashable, bytes] = OrderedDict()

    def body(self, filters: Filters) -> bytes:
        """The tables under some filters.

        Raises:
            InputError: for a filter that fits nothing.
        """
        with self._lock:  # the first to ask makes them, the others wait for the same
            self._renew()
            if filters not in self._ready:
                made = tables(self._kept, *filters)
                self._ready[filters] = as_json(record(made, self._name))
            self._ready.move_to_end(filters)
            while len(self._ready) > MOST:
                self._ready.popitem(last=False)
            return self._ready[filters]

    def _renew(self) -> None:
        """Read the board again when something about it has changed."""
        if (state := state_of(self._board)) != self._state:
            self._kept = self._board.kept()
            self._ready.clear()
            self._state = state


def state_of(board: Board) -> str:
    """Something that is another when any table may be: it reads little, whatever the board holds."""
    columns = (SubmissionRow.digest, SubmissionRow.badge, SubmissionRow.withdrawn)
    with board.transaction() as session:
        rows = session.execute(select(*columns).order_by(SubmissionRow.digest)).all()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def reply(request: Request, body: bytes) -> Response:
    """A body with its ETag, or 304 for somebody who has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = {word.strip().removeprefix("W/") for word in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return answer(body, headers=headers)
