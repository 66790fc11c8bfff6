"""A board at one moment, grouped by task and model. A new snapshot shares unchanged tasks with the previous one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from mathbench.leaderboard.ranking.macro import MacroAverage, macro_averages
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables, season_tables, task_tables
from mathbench.leaderboard.ranking.ranked_board import RankedBoard
from mathbench.leaderboard.ranking.tables import SORTS, Entry, RankTable, grouped
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.leaderboard.seasons.standing import standing
from mathbench.leaderboard.site import address
from mathbench.leaderboard.submission_manifest import Supervision
from mathbench.leaderboard.submission_record import SubmissionRecord

SCORED_SPLITS = ("interpolate", "extrapolate")


class ModelName(NamedTuple):
    """What a board shows as one model, whatever tasks it answered."""

    submitter: str | None
    model: str
    framework: str | None
    supervision: Supervision


@dataclass(frozen=True)
class TaskGroup:
    """One task of the season, or one task that open submissions answered, with its submissions, also withdrawn ones.

    Args:
        records: the submissions, in the order of their arrival.
        tables: the tables of each split, one per supervision.
        season_task: the task of the season; None for open submissions.
    """

    records: tuple[SubmissionRecord, ...]
    tables: Mapping[str, list[RankTable]]
    season_task: SeasonTask | None = None

    @property
    def task(self) -> Mapping[str, Any]:
        """The id, name and parameters of the task."""
        if self.season_task is None:
            return self.records[0].summary.task
        own = self.season_task.task
        return {"id": self.season_task.id, "name": own.name, "parameters": own.parameters}

    @property
    def name(self) -> str:
        """Its name in the season, or the task's own."""
        return self.season_task.name if self.season_task else str(self.task["name"])

    @property
    def address(self) -> str:
        """The address of the page."""
        if self.season_task is not None:
            return address.of_season_task(self.name)
        return address.of_task(self.name, self.task["id"])

    @cached_property
    def active(self) -> tuple[SubmissionRecord, ...]:
        """Submissions that were not withdrawn."""
        return tuple(entry for entry in self.records if entry.withdrawn is None)

    @cached_property
    def by_digest(self) -> dict[str, SubmissionRecord]:
        """The submissions by digest."""
        return {entry.digest: entry for entry in self.records}

    @cached_property
    def shares(self) -> dict[str, dict[ModelName, float]]:
        """The share of the first entry of each model per split."""
        found: dict[str, dict[ModelName, float]] = {split: {} for split in SCORED_SPLITS}
        for split, tables in self.tables.items():
            lines = (line for table in tables for line in table.lines if line.kind == "model")
            for line in sorted(lines, key=lambda line: line.attempt):
                name = ModelName(line.submitter, line.model, line.framework, line.supervision)
                found[split].setdefault(name, line.exact_match)
        return found

    @cached_property
    def best(self) -> list[Entry]:
        """The models of the first scored split, of any supervision, best first."""
        split = next((split for split in SCORED_SPLITS if split in self.tables), "")
        lines = (line for table in self.tables.get(split, []) for line in table.lines)
        return sorted((line for line in lines if line.kind == "model"), key=SORTS["score"])

    def references(self, split: str) -> list[Entry]:
        """The floors and the exact solver of a split, which stand in each of its rankings."""
        return [line for line in self.tables[split][0].lines if line.kind != "model"]

    def floor(self, split: str) -> Entry | None:
        """The highest floor of a split; None when there is none."""
        floors = (line for line in self.references(split) if line.kind == "floor")
        return max(floors, key=lambda line: line.exact_match, default=None)

    def records_of_line(self, line: Entry) -> list[SubmissionRecord]:
        """The submissions of a line of a ranking."""
        return [self.by_digest[digest] for digest in line.submissions]


@dataclass(frozen=True)
class ModelGroup:
    """All submissions under one name and framework, including withdrawn ones."""

    model: str
    framework: str | None
    records: tuple[SubmissionRecord, ...]

    @property
    def address(self) -> str:
        """The address of the page."""
        return address.of_model(self.model, self.framework)


class Snapshot:
    """A board at one moment, in one season.

    Args:
        name: the name of the board.
        board: its submissions as the season ranks them.
        attempts: the number of attempts per outcome.
    """

    def __init__(self, name: str, board: RankedBoard, attempts: Mapping[str, int] | None = None):
        self.name, self.board, self.attempts = name, board, dict(attempts or {})

    @cached_property
    def groups(self) -> dict[str, TaskGroup]:
        """The tasks by the address of their page: those of the season, then those of open submissions."""
        return {group.address: group for group in (*self._season_groups(), *self._open_groups())}

    def _season_groups(self) -> Iterator[TaskGroup]:
        """The tasks of the season, in its order."""
        board = self.board
        entries = grouped(board.entries, lambda entry: entry.task.name)
        placed = (found for r in board.records if (found := standing(r, board.season)) is not None)
        records = grouped(placed, lambda place: place.task.name)
        for task in board.season.tasks:
            own = entries.get(task.name, [])
            tables = {split: task_tables(board, task, own, split) for split in task.rows}
            sent = (place.record for place in records.get(task.name, []))
            yield TaskGroup(tuple(sorted(sent, key=_time)), tables, task)

    def _open_groups(self) -> Iterator[TaskGroup]:
        """The tasks of open submissions, by name."""
        by_task = grouped(self.board.open, lambda record: record.task_key)
        for records in sorted(by_task.values(), key=lambda same: str(same[0].summary.task["name"])):
            tables = grouped(open_tables(records), lambda table: table.split)
            yield TaskGroup(tuple(sorted(records, key=_time)), tables)

    @property
    def season(self) -> Season:
        """The season."""
        return self.board.season

    @cached_property
    def season_groups(self) -> list[TaskGroup]:
        """The tasks of the season."""
        return [group for group in self.groups.values() if group.season_task is not None]

    @cached_property
    def open_groups(self) -> list[TaskGroup]:
        """The tasks of open submissions."""
        return [group for group in self.groups.values() if group.season_task is None]

    def updated(self, changed: Sequence[SubmissionRecord], attempts: Mapping[str, int]) -> "Snapshot":
        """A new snapshot in which some submissions are new or changed."""
        known = {record.digest: record for record in (*self.board.records, *changed)}
        return Snapshot(self.name, self.board.updated(list(known.values())), attempts)

    def precompute(self) -> None:
        """Compute the cached properties that pages need."""
        for group in self.groups.values():
            _ = group.shares
        _ = self.models, self.by_digest, self.averages

    @cached_property
    def records(self) -> list[SubmissionRecord]:
        """All submissions in the order of their arrival."""
        return sorted(self.board.records, key=_time)

    def filtered_tables(self, filters: TableFilters) -> list[RankTable]:
        """The rankings of the season under some filters.

        Raises:
            InputError: for a filter that matches nothing.
        """
        return season_tables(self.board, filters)

    @cached_property
    def by_digest(self) -> dict[str, TaskGroup]:
        """The task of each submission."""
        return {digest: group for group in self.groups.values() for digest in group.by_digest}

    @cached_property
    def models(self) -> dict[str, ModelGroup]:
        """The models by the address of their page, including those with withdrawn submissions only."""
        found: dict[tuple[str, str | None], list[SubmissionRecord]] = {}
        for entry in self.records:
            found.setdefault((entry.summary.model, entry.summary.framework), []).append(entry)
        groups = [
            ModelGroup(model, framework, tuple(records)) for (model, framework), records in found.items()
        ]
        return {group.address: group for group in groups}

    @cached_property
    def averages(self) -> dict[str, list[MacroAverage]]:
        """The macro averages per split."""
        return {split: macro_averages(self.board, split) for split in SCORED_SPLITS}

    def latest(self, maximum: int) -> list[SubmissionRecord]:
        """The latest submissions that were not withdrawn, newest first."""
        return list(islice((entry for entry in reversed(self.records) if entry.withdrawn is None), maximum))

    @cached_property
    def counts(self) -> dict[str, int]:
        """The numbers of tasks, models, submissions, attempts, refused attempts and withdrawn submissions."""
        withdrawn = sum(entry.withdrawn is not None for entry in self.records)
        refused = self.attempts.get("refused", 0)
        return {
            "tasks": len(self.season_groups),
            "models": len(self.models),
            "submissions": len(self.records),
            "attempts": sum(entry.attempts for entry in self.records) + refused,
            "refused": refused,
            "withdrawn": withdrawn,
        }


def _time(entry: SubmissionRecord) -> tuple[str, str]:
    return entry.submitted, entry.digest
