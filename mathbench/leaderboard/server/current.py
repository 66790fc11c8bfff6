"""The board as it is now: read again when it changes, and then only what changed."""

from pathlib import Path
from threading import Lock

from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.site import rounds
from mathbench.leaderboard.site.page import Frame
from mathbench.leaderboard.site.site import Site
from mathbench.leaderboard.site.snapshot import Snapshot
from mathbench.leaderboard.store import Board, State


class Current:
    """The pages and tables of a board that other processes may write to at any time.

    Args:
        board: the board.
        folder: holds sealed rounds.
    """

    def __init__(self, board: Board, folder: Path | None = None):
        self._board, self._folder = board, folder
        self._lock = Lock()
        self._state, self._seen = State(), self._round_files()
        self._site = self._made(Snapshot(board.public_name, {}, {}))

    @property
    def frame(self) -> Frame:
        """What all pages share; this reads nothing."""
        return self._site.frame

    def site(self) -> Site:
        """The pages of this moment; the first to ask after a change makes them, the others wait for the same."""
        with self._lock:
            state, seen = self._board.state(), self._round_files()
            if state != self._state:
                changed = self._board.kept_between(self._state, state)
                self._site = self._made(self._site.snapshot.renewed(changed, self._board.attempts()))
            elif seen != self._seen:
                self._site = self._made(self._site.snapshot)
            self._state, self._seen = state, seen
            return self._site

    def _made(self, snapshot: Snapshot) -> Site:
        return Site(snapshot, rounds.read(self._folder), self._board.packed, served=True)

    def _round_files(self) -> list[tuple[str, int, int]]:
        """Something that is another when a round went on."""
        logs = sorted(self._folder.glob(f"*/{log.FILE}")) if self._folder else []
        return [(path.parent.name, (about := path.stat()).st_size, about.st_mtime_ns) for path in logs]
