"""A board at one moment, grouped by task and model. A new snapshot shares unchanged tasks with the previous one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from statistics import fmean
from typing import Any, NamedTuple

from mathbench.leaderboard.ranking.macro import MacroAverage, macro_averages
from mathbench.leaderboard.ranking.rank import rank_tables
from mathbench.leaderboard.ranking.tables import SOLVER, SORTS, Entry, RankTable
from mathbench.leaderboard.site import address
from mathbench.leaderboard.submission_manifest import Supervision
from mathbench.leaderboard.submission_record import SubmissionRecord

SCORED_SPLITS = ("interpolate", "extrapolate")


class ModelName(NamedTuple):
    """What a board shows as one model, whatever tasks it answered."""

    model: str
    framework: str | None
    supervision: Supervision


@dataclass(frozen=True)
class TaskGroup:
    """One task with its parameters, and all submissions to it, including withdrawn ones."""

    records: tuple[SubmissionRecord, ...]

    @property
    def task(self) -> Mapping[str, Any]:
        """The id, name and parameters of the task."""
        return self.records[0].summary.task

    @property
    def name(self) -> str:
        """The task's name."""
        return str(self.task["name"])

    @property
    def address(self) -> str:
        """The address of the page."""
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
    def tables(self) -> dict[str, list[RankTable]]:
        """The rankings of each split, one per supervision."""
        found: dict[str, list[RankTable]] = {}
        for table in rank_tables(self.active):
            found.setdefault(table.split, []).append(table)
        return found

    @cached_property
    def shares(self) -> dict[str, dict[ModelName, float]]:
        """The mean share per split and model over its submissions, so that many submissions do not pay."""
        references = {name for entry in self.active for name in entry.summary.floors} | {SOLVER}
        found: dict[str, dict[ModelName, list[float]]] = {split: {} for split in SCORED_SPLITS}
        for entry in self.active:
            for split in SCORED_SPLITS if entry.summary.model not in references else ():
                if scored := entry.checked.scores.get(split):
                    summary = entry.summary
                    name = ModelName(summary.model, summary.framework, summary.supervision)
                    found[split].setdefault(name, []).append(scored.total.exact_match)
        return {
            split: {name: fmean(values) for name, values in named.items()} for split, named in found.items()
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
    """A board at one moment.

    Args:
        name: the name of the board.
        groups: its tasks, by the address of their page.
        attempts: the number of attempts per outcome.
    """

    def __init__(self, name: str, groups: Mapping[str, TaskGroup], attempts: Mapping[str, int]):
        self.name, self.attempts = name, dict(attempts)
        self.groups = dict(sorted(groups.items(), key=lambda at: (at[1].name, at[0])))

    @classmethod
    def from_records(
        cls, name: str, records: Iterable[SubmissionRecord], attempts: Mapping[str, int] | None = None
    ) -> "Snapshot":
        """Make a snapshot of some submissions."""
        return cls(name, {}, {}).updated(list(records), attempts or {})

    def updated(self, changed: Sequence[SubmissionRecord], attempts: Mapping[str, int]) -> "Snapshot":
        """A new snapshot in which some submissions are new or changed."""
        by_task: dict[str, dict[str, SubmissionRecord]] = {}
        for entry in changed:
            at = address.of_task(entry.summary.task["name"], entry.summary.task["id"])
            if at not in by_task:
                by_task[at] = dict(self.groups[at].by_digest) if at in self.groups else {}
            by_task[at][entry.digest] = entry
        groups = {at: TaskGroup(tuple(sorted(found.values(), key=_time))) for at, found in by_task.items()}
        return Snapshot(self.name, {**self.groups, **groups}, attempts)

    def precompute(self) -> None:
        """Compute the cached properties that pages need."""
        for group in self.groups.values():
            _ = group.tables, group.shares
        _ = self.models, self.by_digest
        for split in SCORED_SPLITS:
            _ = [average.interval for average in self.averages[split] if average.rank]

    @cached_property
    def records(self) -> list[SubmissionRecord]:
        """All submissions in the order of their arrival."""
        return sorted((entry for group in self.groups.values() for entry in group.records), key=_time)

    def filtered_tables(
        self, task: str | None, framework: str | None, split: str | None, sort: str
    ) -> list[RankTable]:
        """The rankings under some filters, as `rank_tables` makes them.

        Raises:
            InputError: for a filter that matches nothing.
        """
        if (task, framework, split, sort) == (None, None, None, "score"):
            groups = self.groups.values()
            ready = (table for group in groups for tables in group.tables.values() for table in tables)
            return sorted(ready, key=lambda table: table.task)
        return rank_tables(self.records, task, framework, split, sort)

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
        return {split: macro_averages(self.records, split) for split in SCORED_SPLITS}

    def latest(self, maximum: int) -> list[SubmissionRecord]:
        """The latest submissions that were not withdrawn, newest first."""
        return list(islice((entry for entry in reversed(self.records) if entry.withdrawn is None), maximum))

    @cached_property
    def counts(self) -> dict[str, int]:
        """The numbers of tasks, models, submissions, attempts, refused attempts and withdrawn submissions."""
        withdrawn = sum(entry.withdrawn is not None for entry in self.records)
        refused = self.attempts.get("refused", 0)
        return {
            "tasks": len(self.groups),
            "models": len(self.models),
            "submissions": len(self.records),
            "attempts": sum(entry.attempts for entry in self.records) + refused,
            "refused": refused,
            "withdrawn": withdrawn,
        }


def _time(entry: SubmissionRecord) -> tuple[str, str]:
    return entry.submitted, entry.digest
