"""A board as one season ranks it: entries, which rows they have right, and comparisons of all models."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from mathbench.leaderboard.ranking.entries import TaskEntry, entries_of
from mathbench.leaderboard.ranking.row_moments import RowMoments, independent_moments, row_moments
from mathbench.leaderboard.seasons.references import References
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.seasons.standing import Standing, standing
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.metrics import Bool

Rights = Mapping[str, Mapping[str, Bool]]  # by digest and split, which rows are right
LoadRights = Callable[[Sequence[str]], Rights]  # from digests; submissions that are only claimed are absent


def no_rights(digests: Sequence[str]) -> Rights:
    """The right rows of a board that stores none."""
    return {}


class RowCache:
    """Which rows of submissions are right, read once, as packed bits.

    Args:
        load: reads them.
    """

    def __init__(self, load: LoadRights):
        self._load = load
        self._known: dict[str, dict[str, tuple[bytes, int]]] = {}

    def fetch(self, digests: Iterable[str]) -> None:
        """Read those that are not known yet, in one go."""
        if missing := [digest for digest in digests if digest not in self._known]:
            loaded = self._load(missing)
            for digest in missing:
                splits = loaded.get(digest, {})
                self._known[digest] = {s: (np.packbits(r).tobytes(), len(r)) for s, r in splits.items()}

    def has(self, digest: str) -> bool:
        """Whether the rows of a submission are known, which was fetched."""
        return bool(self._known.get(digest))

    def right(self, digest: str, split: str, n: int) -> Bool:
        """Which of the first n rows of a split are right, bool (n,)."""
        bits, _ = self._known[digest][split]
        return np.unpackbits(np.frombuffer(bits, np.uint8), count=n).astype(np.bool_)


@dataclass
class RankedBoard:
    """A board in one season.

    Args:
        records: all submissions of the board.
        season: the season.
        references: the floors and the exact solver on its rows.
        rows: which rows are right.
    """

    records: Sequence[SubmissionRecord]
    season: Season
    references: References
    rows: RowCache
    _moments: dict[tuple[object, ...], RowMoments] = field(default_factory=dict)

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """Where the submissions of the season stand, by digest."""
        found = ((record.digest, standing(record, self.season)) for record in self.records)
        return {digest: place for digest, place in found if place is not None}

    @cached_property
    def entries(self) -> list[TaskEntry]:
        """The entries of the season; which of their rows are right is known."""
        found = entries_of(self.standings.values(), self.season)
        self.rows.fetch(record.digest for entry in found for record in entry.records)
        return found

    @cached_property
    def entry_of(self) -> dict[str, TaskEntry]:
        """The entry of each submission that counts in one, by digest."""
        return {record.digest: entry for entry in self.entries for record in entry.records}

    @cached_property
    def open(self) -> list[SubmissionRecord]:
        """The submissions that are not about the rows of the season."""
        return [record for record in self.records if record.digest not in self.standings]

    def is_ranked(self, entry: TaskEntry) -> bool:
        """Whether an entry takes part in comparisons: it answered all rows, and the board can tell which are right."""
        return entry.complete and all(self.rows.has(record.digest) for record in entry.records)

    def shares(self, entry: TaskEntry, split: str) -> list[float]:
        """The share of right rows of each training seed."""
        n = entry.task.rows[split]
        return [self._share(record, split, n) for record in entry.records]

    def _share(self, record: SubmissionRecord, split: str, n: int) -> float:
        total = record.checked.scores[split].total
        # the rows of the season are the first ones of what was answered, in most cases all of it
        return total.exact_match if total.n == n else float(self.rows.right(record.digest, split, n).mean())

    def right(self, entry: TaskEntry, split: str) -> Bool:
        """Which rows each training seed has right, bool (seeds, n)."""
        n = entry.task.rows[split]
        return np.stack([self.rows.right(record.digest, split, n) for record in entry.records])

    def moments(self, compared: Sequence[TaskEntry], split: str) -> RowMoments:
        """What comparisons need of some entries on one task, computed once."""
        key = (split, *(tuple(record.digest for record in entry.records) for entry in compared))
        if key not in self._moments:
            # models of a sealed season answered different rows
            moments_of = independent_moments if self.season.independent else row_moments
            self._moments[key] = moments_of([self.right(entry, split) for entry in compared])
        return self._moments[key]

    def without_open(self) -> "RankedBoard":
        """The board with the submissions of the season only."""
        inside = [record for record in self.records if record.digest in self.standings]
        return self.updated(inside)

    def updated(self, records: Sequence[SubmissionRecord]) -> "RankedBoard":
        """The same season with other submissions; what is known of rows and comparisons stays."""
        return RankedBoard(records, self.season, self.references, self.rows, self._moments)
