"""A board at one moment, grouped by task and model. A new snapshot shares unchanged tasks with the previous one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from statistics import fmean
from typing import Any

from mathbench.leaderboard.ranking.above_floor import is_above
from mathbench.leaderboard.ranking.macro import WHOLE, MacroAverage, ModelKey, macro_averages
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables, season_tables, task_tables
from mathbench.leaderboard.ranking.ranked_board import RankedBoard
from mathbench.leaderboard.ranking.tables import SORTS, Entry, RankTable, grouped
from mathbench.leaderboard.seasons.season import Season, SeasonTask
from mathbench.leaderboard.site import address
from mathbench.leaderboard.submission_manifest import Supervision
from mathbench.leaderboard.submission_record import SubmissionRecord

SCORED_SPLITS = ("interpolate", "extrapolate")


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
    def kind(self) -> str:
        """The group of tasks in the season; empty for open submissions."""
        return self.season_task.group if self.season_task else ""

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
    def lines(self) -> dict[str, dict[ModelKey, Entry]]:
        """The line of the first entry of each model per split."""
        found: dict[str, dict[ModelKey, Entry]] = {split: {} for split in SCORED_SPLITS}
        for split, tables in self.tables.items():
            lines = (line for table in tables for line in table.lines if line.kind == "model")
            for line in sorted(lines, key=lambda line: line.attempt):
                found[split].setdefault(ModelKey.from_line(line), line)
        return found

    @cached_property
    def places(self) -> dict[str, dict[str, tuple[RankTable, Entry]]]:
        """Per split, the table and the line of each submission that stands in one."""
        return {
            split: {
                digest: (table, line)
                for table in tables
                for line in table.lines
                for digest in line.submissions
            }
            for split, tables in self.tables.items()
        }

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
        return self._floors[split]

    @cached_property
    def _floors(self) -> dict[str, Entry | None]:
        """The highest floor per split."""
        floors = {
            split: [line for line in self.references(split) if line.kind == "floor"] for split in self.tables
        }
        return {
            split: max(found, key=lambda line: line.exact_match, default=None)
            for split, found in floors.items()
        }

    def winners(self, split: str) -> dict[Supervision, list[Entry]]:
        """The models of rank 1 of each supervision that are significantly above the best floor, best first."""
        floor = self.floor(split)
        found = {
            table.supervision: [
                line
                for line in table.lines
                if line.rank == 1 and line.kind == "model" and (floor is None or is_above(line, floor))
            ]
            for table in self.tables.get(split, [])
        }
        return {supervision: lines for supervision, lines in found.items() if lines}

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

    @cached_property
    def digests(self) -> frozenset[str]:
        """The digests of its submissions."""
        return frozenset(record.digest for record in self.records)


@dataclass(frozen=True)
class SeasonModel:
    """A model in the season, on one split.

    Args:
        key: one revision of one name of one submitter.
        lines: its line on each task that it answered at least in part.
        average: over the tasks that it answered completely; None for none.
    """

    key: ModelKey
    lines: tuple[Entry, ...]
    average: MacroAverage | None

    @property
    def first(self) -> Entry:
        """Its first line."""
        return self.lines[0]

    @property
    def complete(self) -> int:
        """The number of tasks that it answered completely."""
        return self.average.tasks if self.average else 0

    @property
    def mean(self) -> float:
        """The mean over the tasks that it answered completely, or else over all that it answered."""
        return self.average.mean if self.average else fmean(line.exact_match for line in self.lines)

    @property
    def supervision(self) -> Supervision:
        """What its training gives away."""
        return self.key.supervision


class Snapshot:
    """A board at one moment, in one season.

    Args:
        name: the name of the board.
        board: its submissions as the season ranks them.
        attempts: the number of attempts per outcome.
        with_open: whether open submissions are shown, which have pages once, beside the season of the front page.
    """

    def __init__(
        self,
        name: str,
        board: RankedBoard,
        attempts: Mapping[str, int] | None = None,
        with_open: bool = True,
    ):
        self.name, self.attempts, self.with_open = name, dict(attempts or {}), with_open
        self.board = board if with_open else board.without_open()
        self._group_averages: dict[tuple[str, str], list[MacroAverage]] = {}

    @cached_property
    def groups(self) -> dict[str, TaskGroup]:
        """The tasks by the address of their page: those of the season, then those of open submissions."""
        return {group.address: group for group in (*self._season_groups(), *self._open_groups())}

    def _season_groups(self) -> Iterator[TaskGroup]:
        """The tasks of the season, in its order."""
        board = self.board
        entries = grouped(board.entries, lambda entry: entry.task.name)
        records = grouped(board.standings.values(), lambda place: place.task.name)
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
        board = self.board.updated(list(known.values()))
        return Snapshot(self.name, board, attempts, self.with_open)

    def precompute(self) -> None:
        """Compute the cached properties that pages need."""
        for group in self.groups.values():
            _ = group.lines
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
        """The macro averages over the whole season per split."""
        return {split: macro_averages(self.board, split) for split in SCORED_SPLITS}

    def averages_over(self, split: str, scope: str) -> list[MacroAverage]:
        """The macro averages over the whole season or one of its groups, computed once."""
        if scope == WHOLE:
            return self.averages[split]
        key = split, scope
        if key not in self._group_averages:
            self._group_averages[key] = macro_averages(self.board, split, scope)
        return self._group_averages[key]

    @cached_property
    def season_models(self) -> dict[str, list["SeasonModel"]]:
        """The models of the season per split: complete ones first, then those that answered most tasks."""
        return {split: self._models_of(split) for split in SCORED_SPLITS}

    def _models_of(self, split: str) -> list["SeasonModel"]:
        averages = {ModelKey.from_line(a): a for a in self.averages[split] if a.kind == "model"}
        lines: dict[ModelKey, list[Entry]] = {}
        for group in self.season_groups:
            for key, line in group.lines[split].items():
                lines.setdefault(key, []).append(line)
        found = [SeasonModel(key, tuple(own), averages.get(key)) for key, own in lines.items()]
        return sorted(found, key=lambda model: (-model.complete, -model.mean, model.first.submitted))

    def latest(self, maximum: int) -> list[SubmissionRecord]:
        """The latest submissions that were not withdrawn, newest first."""
        return list(islice((entry for entry in reversed(self.records) if entry.withdrawn is None), maximum))

    @cached_property
    def counts(self) -> dict[str, int]:
        """The numbers of tasks, models, submissions, attempts, and refused, withdrawn and open ones."""
        withdrawn = sum(entry.withdrawn is not None for entry in self.records)
        refused = self.attempts.get("refused", 0)
        return {
            "tasks": len(self.season_groups),
            "models": len(self.models),
            "submissions": len(self.records),
            "attempts": sum(entry.attempts for entry in self.records) + refused,
            "refused": refused,
            "withdrawn": withdrawn,
            "open": len(self.board.open),
        }


def _time(entry: SubmissionRecord) -> tuple[str, int, str]:
    return entry.order
