"""Whether the file of a board is still there: SQLite would go on writing into one that was deleted."""

import os
from pathlib import Path

from mathbench.leaderboard.server import errors
from mathbench.leaderboard.server.logs import LOG
from mathbench.leaderboard.store.board import Board


class StorePresence:
    """Watches the file of a board; a board in PostgreSQL needs no watching, its connections break.

    Args:
        board: the board, whose file is there now.
    """

    def __init__(self, board: Board):
        with board.transaction() as session:
            url = session.get_bind().engine.url
        self._path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        self._file = self._now()

    def check(self) -> None:
        """Nothing, while the file is the same.

        Raises:
            HTTPException: 503 when it is gone, or another lies in its place.
        """
        if self._file != self._now():
            LOG.error(
                "the file of the board is gone, or it is another: put it back, or start the server again"
            )
            raise errors.board_unreachable()

    def _now(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino
