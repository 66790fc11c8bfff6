"""A board as one season ranks it: entries, which rows they have right, and comparisons of all models."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean
from typing import Generic, TypeVar

import numpy as np

from mathbench.leaderboard.ranking.entries import TaskEntry, entries_of
from mathbench.leaderboard.ranking.paired import PairedTests, compare_over_tasks
from mathbench.leaderboard.ranking.row_moments import RowMoments, independent_moments, row_moments
from mathbench.leaderboard.seasons.references import References
from mathbench.leaderboard.seasons.season import Season
from mathbench.leaderboard.seasons.standing import Standing, standing
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.metrics import Bool, pack_rows, unpack_rows

Value = TypeVar("Value")

Rights = Mapping[str, Mapping[str, Bool]]  # by digest and split, which rows are right
LoadRights = Callable[[Sequence[str]], Rights]  # from digests; submissions that are only claimed are absent


class RowCache:
    """Which rows of submissions are right, read once, as packed bits.

    Args:
        load: reads them.
    """

    def __init__(self, load: LoadRights):
        self._load = load
        self._known: dict[str, dict[str, bytes]] = {}

    def fetch(self, digests: Iterable[str]) -> None:
        """Read those that are not known yet, in one go."""
        if missing := [digest for digest in digests if digest not in self._known]:
            loaded = self._load(missing)
            for digest in missing:
                splits = loaded.get(digest, {})
                self._known[digest] = {split: pack_rows(right) for split, right in splits.items()}

    def has(self, digest: str) -> bool:
        """Whether the rows of a submission are known, which was fetched."""
        return bool(self._known.get(digest))

    def right(self, digest: str, split: str, n: int) -> Bool:
        """Which of the first n rows of a split are right, bool (n,)."""
        return unpack_rows(self._known[digest][split], n)


class Latest(Generic[Value]):
    """Computed values of which the latest used are remembered: a served board changes for as long as it is served.

    Args:
        maximum: their number.
    """

    def __init__(self, maximum: int = 1_000):
        self._maximum, self._known = maximum, OrderedDict[Hashable, Value]()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made where it is not known."""
        if key not in self._known:
            self._known[key] = make()
        self._known.move_to_end(key)
        while len(self._known) > self._maximum:
            self._known.popitem(last=False)
        return self._known[key]


@dataclass(frozen=True)
class ComparisonCache:
    """What comparisons of entries on one task have given, by these entries and the split."""

    moments: Latest[RowMoments] = field(default_factory=Latest)
    tests: Latest[PairedTests] = field(default_factory=Latest)


def _comparison_key(compared: Sequence[TaskEntry], split: str) -> Hashable:
    return (split, *(tuple(record.digest for record in entry.records) for entry in compared))


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
    _computed: ComparisonCache = field(default_factory=ComparisonCache)

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
        # models of a sealed season answered different rows
        moments_of = independent_moments if self.season.independent else row_moments
        key = _comparison_key(compared, split)
        return self._computed.moments.get(
            key, lambda: moments_of([self.right(entry, split) for entry in compared])
        )

    def tests(self, compared: Sequence[TaskEntry], split: str) -> PairedTests:
        """The comparisons of some entries on one task, each with each, computed once."""
        key = _comparison_key(compared, split)
        return self._computed.tests.get(key, lambda: compare_over_tasks([self.moments(compared, split)]))

    def best_first(self, entries: Sequence[TaskEntry], split: str) -> list[TaskEntry]:
        """Those of some entries that take part in comparisons, by their share of right rows."""
        ranked = [entry for entry in entries if self.is_ranked(entry)]
        return sorted(ranked, key=lambda entry: -fmean(self.shares(entry, split)))

    def without_open(self) -> "RankedBoard":
        """The board with the submissions of the season only."""
        inside = [record for record in self.records if record.digest in self.standings]
        return self.updated(inside)

    def updated(self, records: Sequence[SubmissionRecord]) -> "RankedBoard":
        """The same season with other submissions; what is known of rows and comparisons stays."""
        return RankedBoard(records, self.season, self.references, self.rows, self._computed)
