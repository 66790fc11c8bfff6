"""Where a submission stands in a season: which of its tasks it answered, and whether it answered all rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mathbench.errors import InputError
from mathbench.hashing import check_seed
from mathbench.leaderboard.seasons.season import Season, SeasonTask, rows_key
from mathbench.leaderboard.submission_manifest import ManifestSummary
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.leaderboard.times import parse_time


@dataclass(frozen=True)
class Standing:
    """A submission in a season.

    Args:
        record: the submission.
        task: the task of the season that it answered.
        answered: rows of the season that it was scored on, per split.
    """

    record: SubmissionRecord
    task: SeasonTask
    answered: Mapping[str, int]

    @cached_property
    def complete(self) -> bool:
        """Whether it was scored on all rows of the task."""
        return all(self.answered.get(split, 0) >= n for split, n in self.task.rows.items())


def standing(record: SubmissionRecord, season: Season) -> Standing | None:
    """Where a submission stands in a season; None for an open submission, which has no rank there."""
    if (task := answered_task(record.summary, season)) is None or not _in_time(record, season):
        return None
    if record.summary.external_data and not season.external_data:
        return None
    scores = record.checked.scores
    answered = {
        split: min(n, scores[split].total.n if split in scores else 0) for split, n in task.rows.items()
    }
    return Standing(record, task, answered)


def answered_task(summary: ManifestSummary, season: Season) -> SeasonTask | None:
    """The task of a season whose rows a manifest is about; None where it is about other rows.

    A submission.json names its season; a run of mathbench counts wherever its rows are those of a season.
    """
    if summary.season not in (None, season.name) or (summary.season is None and not summary.runnable):
        return None
    spec = summary.task
    return season.by_key.get(rows_key(spec["id"], spec["parameters"], summary.data["seed"]))


def check_season(summary: ManifestSummary, seasons: Iterable[Season]) -> None:
    """Check that a submission that names a season is about rows of that season.

    Raises:
        InputError: for a season that the board does not have, or other rows.
    """
    if summary.season is None:
        return
    known = {season.name: season for season in seasons}
    if summary.season not in known:
        raise InputError(
            f"the board has no season {summary.season!a}. Allowed: {', '.join(known)}, or null for an open submission."
        )
    season = known[summary.season]
    if answered_task(summary, season) is None:
        named = [task for task in season.tasks if task.task.name == summary.task["name"]]
        hint = f" Its seed for this task is {named[0].seed!r}." if named else ""
        raise InputError(
            f"the season {season.name} has no rows of {summary.task['name']} with the data seed "
            f"{check_seed(summary.data['seed'])!r}.{hint} Its rows: `mathbench leaderboard season show {season.name}`."
        )


def _in_time(record: SubmissionRecord, season: Season) -> bool:
    time = parse_time(record.submitted)
    return not (season.opens and time < season.opens) and not (season.closes and time > season.closes)
