"""The current state of a board: when it changes, only the changes are read."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from mathbench.leaderboard.ranking.ranked_board import RankedBoard, RowCache
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.site import round_page
from mathbench.leaderboard.site.page import PageContext
from mathbench.leaderboard.site.page_set import PageSet
from mathbench.leaderboard.site.snapshot import Snapshot
from mathbench.leaderboard.store.any_board import in_order
from mathbench.leaderboard.store.board import Board, BoardVersion
from mathbench.leaderboard.store.bulk import without_collection

# changes; requests to a smaller board wait for its latest state, which takes a fraction of a second
LARGE_BOARD = 2_000
MAX_WAIT = 0.03  # seconds that a request to a large board waits for its latest state

# the version of the board; name, size and time of each round's log
Version = tuple[BoardVersion, tuple[tuple[str, int, int], ...]]


class CurrentBoard:
    """The pages and tables of a board that other processes may write to at any time.

    While a large board is read again in the background, its previous state is shown.

    Args:
        board: the board.
        folder: holds sealed rounds.
        season: the name of the season of the front page; None for the default one.

    Raises:
        InputError: when the board has no such season.
    """

    def __init__(self, board: Board, folder: Path | None = None, season: str | None = None):
        self._board, self._folder = board, folder
        self._lock, self._worker = Lock(), ThreadPoolExecutor(1, "board")
        self._update: Future[None] | None = None
        self._version: Version | None = None
        seasons = in_order({s.name: (s, r) for s, r in board.seasons_with_references()}, season)
        rows = RowCache(board.rights)
        name = board.public_name
        empty = (RankedBoard([], *found, rows) for found in seasons)
        self._site = self._make_pages([Snapshot(name, b, with_open=not i) for i, b in enumerate(empty)])

    @property
    def context(self) -> PageContext:
        """The values that all pages share, without reading the board."""
        return self._site.context

    def site(self) -> PageSet:
        """The current pages; of a large board the previous ones until the new ones are ready."""
        if self._current_version() == self._version:
            return self._site
        with self._lock:
            if self._update is None or self._update.done():
                self._update = self._worker.submit(self._read)
            update = self._update
        large = self._version is not None and self._version[0].changes > LARGE_BOARD
        with suppress(TimeoutError):
            update.result(MAX_WAIT if large else None)
        return self._site

    def _current_version(self) -> Version:
        """A value that changes whenever a page may have changed."""
        logs = sorted(self._folder.glob(f"*/{log.LOG_FILE}")) if self._folder else []
        rounds = [(path.parent.name, (stat := path.stat()).st_size, stat.st_mtime_ns) for path in logs]
        return self._board.version(), tuple(rounds)

    def _read(self) -> None:
        """Read the changes, precompute the slow parts, and then replace the pages."""
        with without_collection():
            self._read_changes()

    def _read_changes(self) -> None:
        version = self._current_version()
        old, snapshots = (self._version or (BoardVersion(), ()))[0], self._site.snapshots
        if version[0] != old:
            changed, attempts = self._board.records_between(old, version[0]), self._board.attempts()
            snapshots = [snapshot.updated(changed, attempts) for snapshot in snapshots]
            # the other seasons are computed when somebody reads them
            snapshots[0].precompute()
        self._site, self._version = self._make_pages(snapshots), version

    def _make_pages(self, snapshots: Sequence[Snapshot]) -> PageSet:
        rounds, board = round_page.read(self._folder), self._board
        front, *others = snapshots
        return PageSet(
            front, rounds, board.predictions_bytes, True, load_certificate=board.certificate, others=others
        )
