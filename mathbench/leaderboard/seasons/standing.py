"""Where a submission stands in a season: which of its tasks it answered, and whether it answered all rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mathbench.errors import InputError
from mathbench.hashing import check_seed
from mathbench.leaderboard.names import reserved_names
from mathbench.leaderboard.seal import entry_seed
from mathbench.leaderboard.seasons.season import Sealed, Season, SeasonTask, rows_key
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
    """Where a submission stands in a season; None for an open submission, which has no rank there.

    Boards of earlier versions have runs of floors and of the exact solver, which are no models.
    """
    if record.owner_key[1] in reserved_names():
        return None
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
    if season.sealed is not None:
        return _sealed_task(summary, season, season.sealed)
    spec = summary.task
    return season.by_key.get(rows_key(spec["id"], spec["parameters"], summary.data["seed"]))


def _sealed_task(summary: ManifestSummary, season: Season, seal_: Sealed) -> SeasonTask | None:
    """The task of a sealed season that an entry of its round answered; None before the seed is revealed.

    The rows of an entry follow from the seed of the season and the digest of its weights.
    """
    if seal_.seed is None or summary.weights is None or not summary.round_entry:
        return None
    if summary.season != season.name or summary.data["seed"] != entry_seed(seal_.seed, summary.weights):
        return None
    return season.by_rows_key.get(rows_key(summary.task["id"], summary.task["parameters"], 0))


def check_season(summary: ManifestSummary, seasons: Iterable[Season], from_round: bool = False) -> None:
    """Check that a submission that names a season is about rows of that season.

    Args:
        summary: of the submission.
        seasons: of the board.
        from_round: whether it is published from a round that was verified.

    Raises:
        InputError: for a season that the board does not have, other rows, or an entry of a round from elsewhere.
    """
    if summary.round_entry and not from_round:
        raise InputError(
            "entries of a sealed round are put on a board by `mathbench leaderboard round publish`."
        )
    if summary.season is None:
        return
    known = {season.name: season for season in seasons}
    if summary.season not in known:
        raise InputError(
            f"the board has no season {summary.season!a}. Allowed: {', '.join(known)}, or null for an open submission."
        )
    season = known[summary.season]
    if season.sealed is not None and (season.sealed.seed is None or not from_round):
        raise InputError(
            f"the season {season.name} is sealed: enter its round with `mathbench leaderboard round challenge`; its "
            "host publishes the revealed round."
        )
    if answered_task(summary, season) is None:
        named = [task for task in season.tasks if task.task.name == summary.task["name"]]
        hint = f" Its seed for this task is {named[0].seed!r}." if named else ""
        raise InputError(
            f"the season {season.name} has no rows of {summary.task['name']} with the data seed "
            f"{check_seed(summary.data['seed'])!r}.{hint} Its rows: `mathbench leaderboard season show {season.name}`."
        )


def _in_time(record: SubmissionRecord, season: Season) -> bool:
    if season.sealed is not None:
        return True  # its round kept the times; it is published after the season
    time = parse_time(record.submitted)
    return not (season.opens and time < season.opens) and not (season.closes and time > season.closes)
