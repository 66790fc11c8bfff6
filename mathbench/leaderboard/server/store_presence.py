"""A check that the file of a board still exists: SQLite would keep writing to a deleted one."""

import os
from pathlib import Path

from mathbench.leaderboard.server import errors
from mathbench.leaderboard.server.logs import LOG
from mathbench.leaderboard.store.board import Board


class StorePresence:
    """Detects that the file of a board was deleted or replaced.

    A board in PostgreSQL needs no check: its connections break.

    Args:
        board: the board, whose file exists now.
    """

    def __init__(self, board: Board):
        with board.transaction() as session:
            url = session.get_bind().engine.url
        self._path = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        self._file = self._identity()

    def check(self) -> None:
        """Check that the file is still the same.

        Raises:
            HTTPException: 503 when it is missing or another file has its path.
        """
        if self._file != self._identity():
            LOG.error("the file of the board was removed or replaced: restore it or restart the server")
            raise errors.board_unreachable()

    def _identity(self) -> tuple[int, int] | None:
        """Device and inode of the file; None when it is missing or there is no file."""
        if self._path is None:
            return None
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino
