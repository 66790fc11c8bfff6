"""The tables of a board: the ranking of each task of a season, and open submissions, which have no rank.

Models are ranked among those of the same supervision; the floors and the exact solver stand beside each group.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, TypeVar

from mathbench.errors import InputError, did_you_mean
from mathbench.leaderboard.ranking.entries import TaskEntry
from mathbench.leaderboard.ranking.ranked_board import RankedBoard
from mathbench.leaderboard.ranking.shared_ranks import MAX_COMPARED, shared_ranks
from mathbench.leaderboard.ranking.tables import SORTS, Entry, RankTable, by_supervision, grouped
from mathbench.leaderboard.seasons.references import SOLVER
from mathbench.leaderboard.seasons.season import SEASON_SPLITS, SeasonTask
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_record import BADGES, SubmissionRecord, weakest_badge
from mathbench.reserve import SPLITS
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.statistics import interval_bounds

T = TypeVar("T")


@dataclass(frozen=True)
class TableFilters:
    """What of a board is shown. Ranks stay those among all models of the season.

    Args:
        task: only tasks of this name, versioned id, family or group; None for all.
        framework: only models of this framework.
        split: only this split.
        sort: one of `SORTS`.
        badge: only submissions with this badge.
        internal: leave out models that were trained on other data than rows of the task.
        revised: leave out models that state no revision.

    Raises:
        InputError: for an unknown order, split or badge.
    """

    task: str | None = None
    framework: str | None = None
    split: str | None = None
    sort: str = "score"
    badge: str | None = None
    internal: bool = False
    revised: bool = False

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise InputError(f"unknown order '{self.sort}'. {did_you_mean(self.sort, SORTS)}")
        if self.split is not None and self.split not in SPLITS:
            raise InputError(f"unknown split '{self.split}'. {did_you_mean(self.split, SPLITS)}")
        if self.badge is not None and self.badge not in BADGES:
            raise InputError(f"unknown badge '{self.badge}'. {did_you_mean(self.badge, BADGES)}")

    def match(self, line: Entry) -> bool:
        """Whether a line is shown; floors and the exact solver always are."""
        if line.kind != "model":
            return True
        return (
            self.framework in (None, line.framework or "none")
            and self.badge in (None, line.badge)
            and not (self.internal and line.external)
            and not (self.revised and not line.revision)
        )

    def shown(self, table: RankTable) -> RankTable:
        """The table without the lines that are left out, in the order asked for."""
        return replace(table, lines=tuple(sorted(filter(self.match, table.lines), key=SORTS[self.sort])))


def season_tables(board: RankedBoard, filters: TableFilters = TableFilters()) -> list[RankTable]:
    """The rankings of a season: one table per task, split and supervision.

    Args:
        board: the board.
        filters: what is shown.

    Raises:
        InputError: for a filter that matches nothing, with the nearest value that does.
    """
    wanted = _season_tasks(board.season.tasks, filters.task)
    by_task = grouped(board.entries, lambda entry: entry.task.name)
    tables = [
        filters.shown(table)
        for task in wanted
        for split in _splits(filters.split, task.rows)
        for table in task_tables(board, task, by_task.get(task.name, []), split)
    ]
    _check_framework(filters, board.records)
    return tables


def task_tables(
    board: RankedBoard, task: SeasonTask, entries: list[TaskEntry], split: str
) -> list[RankTable]:
    """The rankings of one task and split, one per supervision; of no model, one with the references."""
    beside = _reference_lines(board.references.get(task.name, {}).get(split, {}))
    groups = by_supervision(entries) or {None: []}
    return [
        RankTable(
            task.task.name,
            task.id,
            task.task.parameters,
            split,
            tuple(sorted([*_ranked(board, same, split), *beside], key=SORTS["score"])),
            supervision,
            board.season.name,
            task.group,
            task.name,
            board.season.independent,
        )
        for supervision, same in groups.items()
    ]


def _ranked(board: RankedBoard, entries: list[TaskEntry], split: str) -> list[Entry]:
    """The lines of some entries on one split, with ranks for those that can be compared."""
    lines = {id(entry): season_line(board, entry, split) for entry in entries}
    ordered = board.best_first(entries, split)
    best, rest = ordered[:MAX_COMPARED], ordered[MAX_COMPARED:]
    if best:
        tests = board.tests(best, split)
        for entry, place in zip(best, shared_ranks(tests.shares, tests.better()), strict=True):
            lines[id(entry)] = replace(
                lines[id(entry)], rank=place.rank, wins=place.wins, losses=place.losses
            )
    for entry in rest:
        lines[id(entry)] = replace(lines[id(entry)], rank=MAX_COMPARED + 1)
    return list(lines.values())


def season_line(board: RankedBoard, entry: TaskEntry, split: str) -> Entry:
    """The line of an entry, without its rank: its score on the rows of the season."""
    if board.is_ranked(entry):
        shares, n = board.shares(entry, split), entry.task.rows[split]
    else:
        totals = [_total(record.checked.scores.get(split)) for record in entry.records]
        shares, n = [score.exact_match for score in totals], min(score.n for score in totals)
    own = {"attempt": entry.attempt, "attempts": entry.attempts, "complete": entry.complete}
    return _line(entry.records, shares, n, split, **own)


def _total(score: SplitScore | None) -> Score:
    """The score of a split; of one that was not answered, none right of one."""
    return Score(1, 0) if score is None else score.total


def open_tables(
    records: Sequence[SubmissionRecord], filters: TableFilters = TableFilters()
) -> list[RankTable]:
    """Open submissions: one table per task, split and supervision, without ranks, floors and exact solver.

    Args:
        records: the submissions; withdrawn ones are left out.
        filters: what is shown.

    Raises:
        InputError: for a filter that matches nothing.
    """
    active = filter_task([record for record in records if record.withdrawn is None], filters.task)
    tables = [
        filters.shown(table)
        for group in grouped(active, lambda record: record.task_key).values()
        for split in _splits(filters.split, group[0].checked.scores)
        for table in _open_tables(group, split)
    ]
    return sorted((table for table in tables if table.lines), key=lambda table: table.task)


def _open_tables(group: list[SubmissionRecord], split: str) -> list[RankTable]:
    scored = [record for record in group if split in record.checked.scores]
    lines = [_open_line(same, split) for same in grouped(scored, lambda k: k.model_key).values()]
    task = group[0].summary.task
    return [
        RankTable(
            task["name"],
            task["id"],
            task["parameters"],
            split,
            tuple(sorted(same, key=SORTS["score"])),
            supervision,
        )
        for supervision, same in by_supervision(lines).items()
    ]


def _open_line(runs: list[SubmissionRecord], split: str) -> Entry:
    """One line of open submissions: the mean over training seeds. Several runs of one seed count as one."""
    by_seed = grouped(runs, lambda k: k.seeds_key)
    shares = [fmean(k.checked.scores[split].total.exact_match for k in same) for same in by_seed.values()]
    n = runs[0].checked.scores[split].total.n
    return _line(runs, shares, n, split, attempts=sum(k.attempts for k in runs))


def _line(runs: Sequence[SubmissionRecord], shares: Sequence[float], n: int, split: str, **own: Any) -> Entry:
    """A line of some submissions of one model that differ in the training seed."""
    summary = runs[0].summary
    low, high, spread = interval_bounds(shares, n)
    return Entry(
        kind="model",
        model=summary.model,
        n=n,
        exact_match=fmean(shares),
        low=low,
        high=high,
        badge=weakest_badge(k.badge for k in runs),
        framework=summary.framework,
        encoding=settings_label(summary.encoding),
        recipe=settings_label(summary.recipe),
        settings=summary.recipe,
        data=summary.training_data,
        parameters=summary.parameters,
        seeds=len(shares),
        spread=spread,
        submitted=min(k.submitted for k in runs),
        submissions=tuple(k.digest for k in runs),
        differs=any(d.startswith(f"{split}:") for k in runs for d in k.checked.differences),
        supervision=summary.supervision,
        proof=runs[0].proof.claim if runs[0].proof and all(k.proof for k in runs) else "",
        submitter=runs[0].submitter,
        revision=summary.revision,
        external=any(k.summary.external_data for k in runs),
        runnable=summary.runnable,
        cpu_seconds=_mean([k.summary.cpu_seconds for k in runs]),
        round_entries=_round_entries(summary.round_entry),
        **own,
    )


def _round_entries(found: Mapping[str, Any]) -> str:
    """How many of the entries of a submitter in a sealed round have answers; empty outside of rounds.

    >>> _round_entries({"number": 7, "entries": 58, "answered": 1})
    '1 of 58 entries answered'
    """
    return f"{found['answered']:,} of {found['entries']:,} entries answered" if found else ""


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean; None when a value is not stated."""
    stated = [value for value in values if value is not None]
    return fmean(stated) if len(stated) == len(values) else None


def _reference_lines(scores: Mapping[str, Score]) -> list[Entry]:
    """The floors and the exact solver, which the board computed."""
    return [
        Entry("solver" if name == SOLVER else "floor", name, s.n, s.exact_match, *s.interval, "computed")
        for name, s in scores.items()
    ]


def filter_task(records: Sequence[SubmissionRecord], task: str | None) -> list[SubmissionRecord]:
    """Select the submissions to the task with a name, versioned id or family; all of them for None.

    Raises:
        InputError: when there is none, with the nearest existing name.
    """
    return list(records) if task is None else _only(records, task, "task", _task_names)


def _only(values: Sequence[T], requested: str, what: str, names: Callable[[T], tuple[str, ...]]) -> list[T]:
    found = [value for value in values if requested in names(value)]
    if not found and values:
        known = {name for value in values for name in names(value)}
        raise InputError(f"the board has no {what} '{requested}'. {did_you_mean(requested, known)}")
    return found


def _task_names(record: SubmissionRecord) -> tuple[str, ...]:
    versioned = record.summary.task["id"]
    return (record.summary.task["name"], versioned, versioned.rpartition("-v")[0])


def _season_tasks(tasks: Sequence[SeasonTask], requested: str | None) -> list[SeasonTask]:
    """Select tasks of a season by name, name of the task, versioned id, family or group; all of them for None."""

    def names(task: SeasonTask) -> tuple[str, ...]:
        return task.name, task.task.name, task.id, task.id.rpartition("-v")[0], task.group

    return list(tasks) if requested is None else _only(tasks, requested, "task", names)


def _splits(requested: str | None, scored: Iterable[str]) -> list[str]:
    """The splits to show: the requested one, or the two test splits, of those that are scored."""
    return [split for split in ((requested,) if requested else SEASON_SPLITS) if split in scored]


def _check_framework(filters: TableFilters, records: Sequence[SubmissionRecord]) -> None:
    if filters.framework is not None:
        _only(records, filters.framework, "framework", lambda k: (str(k.summary.framework or "none"),))


def settings_label(settings: Mapping[str, Any]) -> str:
    """A short label of a recipe or an encoding: its name, its settings where they are short, or a digest.

    >>> settings_label({"name": "reversed", "x": 1}), settings_label({"a": 1, "b": "c"}), settings_label({})
    ('reversed', 'a=1 b=c', '')
    """
    if isinstance(settings.get("name"), str):
        return str(settings["name"])
    words = " ".join(f"{key}={value}" for key, value in sorted(settings.items()))
    return words if len(words) <= 40 else hashlib.sha256(canonical_json(settings).encode()).hexdigest()[:8]
