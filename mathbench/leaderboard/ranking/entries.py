"""The entries of a season: attempts of one model become one line per task and revision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mathbench.leaderboard.ranking.tables import grouped
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.leaderboard.seasons.standing import Standing, standing
from mathbench.leaderboard.submission_manifest import Supervision
from mathbench.leaderboard.submission_record import SubmissionRecord

Key = tuple[str | None, str, Supervision]  # submitter, folded name, supervision


@dataclass(frozen=True)
class TaskEntry:
    """One revision of a model on one task of a season.

    Args:
        task: the task.
        standings: per training seed the ranked attempt; where no attempt is complete, the first one.
        attempt: the number of the first ranked attempt among all of this model on this task.
        attempts: their number in all; further training seeds of a revision are no further attempts.
    """

    task: SeasonTask
    standings: tuple[Standing, ...]
    attempt: int
    attempts: int

    @cached_property
    def complete(self) -> bool:
        """Whether it answered all rows of the task."""
        return self.standings[0].complete

    @cached_property
    def records(self) -> tuple[SubmissionRecord, ...]:
        """The ranked submissions, one per training seed."""
        return tuple(found.record for found in self.standings)

    @property
    def first(self) -> SubmissionRecord:
        """The first of its submissions."""
        return self.standings[0].record

    @property
    def supervision(self) -> Supervision:
        """What the training of the model gives away."""
        return self.first.summary.supervision

    @cached_property
    def key(self) -> Key:
        """Identifies the model, whatever its revision and its task."""
        return (*self.first.owner_key, self.supervision)


def entries(records: Iterable[SubmissionRecord], season: Season) -> list[TaskEntry]:
    """The entries of a season in the order of its tasks, then of their submission.

    The first complete attempt of a revision counts, so that trying again does not pay. Withdrawn submissions are
    counted among the attempts, but not ranked. In a sealed season all entries of a model count as its training seeds
    do, also those without answers: which of them are answered is chosen by who has seen their questions.

    Args:
        records: all submissions of a board.
        season: the season.
    """
    return entries_of([place for record in records if (place := standing(record, season))], season)


def entries_of(standings: Iterable[Standing], season: Season) -> list[TaskEntry]:
    """The entries of a season, from the standings of all submissions that have one there."""
    by_task = grouped(standings, lambda place: place.task.name)
    return [
        entry
        for task in season.tasks
        for same in grouped(
            by_task.get(task.name, []), lambda p: (*p.record.owner_key, p.record.summary.supervision)
        ).values()
        for entry in (_sealed_entries if season.sealed else _entries_of_model)(task, same)
    ]


def _sealed_entries(task: SeasonTask, standings: list[Standing]) -> list[TaskEntry]:
    """The entry of one model on one task of a sealed season, of all its entries in the round that are not withdrawn."""
    active = [place for place in standings if place.record.withdrawn is None]
    active.sort(key=lambda place: place.record.summary.round_entry["number"])
    return [TaskEntry(task, tuple(active), 1, len(standings))] if active else []


def _entries_of_model(task: SeasonTask, standings: list[Standing]) -> list[TaskEntry]:
    """The entries of one model on one task, one per revision."""
    if len(standings) == 1:
        return [TaskEntry(task, (one,), 1, 1) for one in standings if one.record.withdrawn is None]
    standings = sorted(standings, key=lambda place: place.record.order)
    numbers = attempt_numbers(standings)
    found = []
    for same in grouped(standings, lambda place: place.record.summary.revision_key).values():
        active = [place for place in same if place.record.withdrawn is None]
        ranked = [place for place in active if place.complete] or active[:1]
        by_seed = {place.record.seeds_key: place for place in reversed(ranked)}
        chosen = tuple(sorted(by_seed.values(), key=ranked.index))
        if chosen:
            first = numbers[chosen[0].record.digest]
            found.append(TaskEntry(task, chosen, first, max(numbers.values())))
    return found


def attempt_numbers(standings: Sequence[Standing]) -> dict[str, int]:
    """The number of the attempt that each submission belongs to, by its digest.

    The n-th submissions of all training seeds of one revision are one attempt.
    """
    numbers: dict[tuple[str, int], int] = {}
    sent: dict[tuple[str, str], int] = {}
    found = {}
    for place in standings:
        revision, seeds = place.record.summary.revision_key, place.record.seeds_key
        sent[revision, seeds] = nth = sent.get((revision, seeds), 0) + 1
        found[place.record.digest] = numbers.setdefault((revision, nth), len(numbers) + 1)
    return found
