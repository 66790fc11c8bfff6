"""The board as it is now: read again when it changes, and then only what changed."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.site import round_page as rounds
from mathbench.leaderboard.site.page import PageContext
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.snapshot import Snapshot
from mathbench.leaderboard.store.board import Board, BoardVersion

LARGE_BOARD = 2_000  # changes; a board with fewer is read again in a fraction of a second, and everybody sees the newest
MAX_WAIT = 0.03  # seconds that a visitor of a larger one waits for its new moment

Seen = tuple[BoardVersion, tuple[tuple[str, int, int], ...]]  # of the board, and of each round's log


class CurrentBoard:
    """The pages and tables of a board that other processes may write to at any time.

    Nobody waits long: while a large board is read again in the background, the moment before is shown.

    Args:
        board: the board.
        folder: holds sealed rounds.
    """

    def __init__(self, board: Board, folder: Path | None = None):
        self._board, self._folder = board, folder
        self._lock, self._worker = Lock(), ThreadPoolExecutor(1, "board")
        self._renewal: Future[None] | None = None
        self._seen: Seen | None = None
        self._site = self._made(Snapshot(board.public_name, {}, {}))

    @property
    def context(self) -> PageContext:
        """What all pages share; this reads nothing."""
        return self._site.context

    def site(self) -> PageSet:
        """The pages of this moment; of a large board those of the one before until the new ones are ready."""
        if self._now() == self._seen:
            return self._site
        with self._lock:
            if self._renewal is None or self._renewal.done():
                self._renewal = self._worker.submit(self._renew)
            renewal = self._renewal
        large = self._seen is not None and self._seen[0].changes > LARGE_BOARD
        with suppress(TimeoutError):
            renewal.result(MAX_WAIT if large else None)
        return self._site

    def _now(self) -> Seen:
        """Something that is another when a page may be."""
        logs = sorted(self._folder.glob(f"*/{log.LOG_FILE}")) if self._folder else []
        rounds = [(path.parent.name, (about := path.stat()).st_size, about.st_mtime_ns) for path in logs]
        return self._board.version(), tuple(rounds)

    def _renew(self) -> None:
        """Read what changed and make what takes long; then show it."""
        seen = self._now()
        before, snapshot = (self._seen or (BoardVersion(), ()))[0], self._site.snapshot
        if seen[0] != before:
            changed = self._board.records_between(before, seen[0])
            snapshot = snapshot.updated(changed, self._board.attempts())
            snapshot.precompute()
        self._site, self._seen = self._made(snapshot), seen

    def _made(self, snapshot: Snapshot) -> PageSet:
        return PageSet(snapshot, rounds.read(self._folder), self._board.predictions_bytes, served=True)
