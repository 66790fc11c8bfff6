"""Averages over the tasks of a season: one number per model, and ranks from paired comparisons over all tasks.

As in the tables of single tasks, models are ranked among those of the same supervision.
"""

import hashlib
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from mathbench.errors import InputError, did_you_mean
from mathbench.leaderboard.names import folded_name
from mathbench.leaderboard.ranking.entries import TaskEntry
from mathbench.leaderboard.ranking.paired import (
    Means,
    PairedTests,
    compare_over_tasks,
    means_over_tasks,
)
from mathbench.leaderboard.ranking.ranked_board import RankedBoard
from mathbench.leaderboard.ranking.row_moments import own_moments
from mathbench.leaderboard.ranking.shared_ranks import MAX_COMPARED, shared_ranks
from mathbench.leaderboard.ranking.tables import Entry, by_supervision, grouped
from mathbench.leaderboard.seasons.references import SOLVER
from mathbench.leaderboard.seasons.season import SEASON_SPLITS, SeasonTask
from mathbench.leaderboard.submission import canonical_json
from mathbench.leaderboard.submission_manifest import Supervision

WHOLE = ""  # the scope of all tasks of a season
ID_DIGITS = 12  # of a model in an address


class ModelKey(NamedTuple):
    """What an average takes for one model on all tasks: one revision of one name of one submitter.

    Runs have other recipes on other tasks, so that their revision is empty: of each task their first attempt counts.
    """

    submitter: str | None
    name: str
    supervision: Supervision
    framework: str | None
    revision: str

    @classmethod
    def from_line(cls, line: "Entry | MacroAverage") -> "ModelKey":
        """The model of a line of a table."""
        revision = "" if isinstance(line, Entry) and line.runnable else line.revision
        return cls(line.submitter, folded_name(line.model), line.supervision, line.framework, revision)


def model_id(key: ModelKey) -> str:
    """Identifies a model in addresses.

    >>> model_id(ModelKey(None, "lstm", "examples", "torch", ""))
    'a5a768c37db2'
    """
    return hashlib.sha256(canonical_json(key._asdict()).encode()).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True)
class Gap:
    """The paired difference of a mean to that of the next model.

    Args:
        difference: of the shares, at least 0.
        low, high: its 95 % interval.
        p: the p-value, corrected for all pairs of the ranking.
        significant: whether the difference is significant at 95 %, all pairs together.
    """

    difference: float
    low: float
    high: float
    p: float
    significant: bool


@dataclass(frozen=True)
class MacroAverage:
    """The weighted mean of a model over the tasks of a season, or of one of its groups.

    Args:
        kind: ``"model"``, ``"floor"`` or ``"solver"``; only models are ranked.
        model, framework: its name.
        split: the split.
        scope: the group of tasks; empty for the whole season.
        mean: of the shares of right answers over the tasks that it answered.
        low, high: the 95 % interval of the mean.
        tasks: the number of tasks that it answered completely.
        of: the number of tasks.
        rank: 1 + the number of models that are significantly better; None unless it answered all tasks.
        wins, losses: the numbers of models that are significantly worse and better.
        supervision: of the models that it stands with, one of `SUPERVISIONS`.
        submitter, revision: of the model.
        external: whether it was trained on other data than rows of a task.
        gap: to the next model of the ranking; None for the last one and without rank.
    """

    kind: str
    model: str
    framework: str | None
    split: str
    scope: str
    mean: float
    low: float
    high: float
    tasks: int
    of: int
    rank: int | None = None
    wins: int = 0
    losses: int = 0
    supervision: Supervision = None
    submitter: str | None = None
    revision: str = ""
    external: bool = False
    gap: Gap | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        return self.low, self.high

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True)
class RankedModel:
    """A model with at least one ranked entry.

    Args:
        key: one revision of one name of one submitter.
        entries: its ranked entries by task; of several to one task the first.
    """

    key: ModelKey
    entries: Mapping[str, TaskEntry]

    @property
    def id(self) -> str:
        """Identifies it in addresses."""
        return model_id(self.key)

    @property
    def first(self) -> TaskEntry:
        """The first of its entries."""
        return next(iter(self.entries.values()))

    @property
    def name(self) -> str:
        """Its name as it is written."""
        return self.first.first.summary.model

    @property
    def framework(self) -> str | None:
        """The framework of the model."""
        return self.first.first.summary.framework

    @property
    def supervision(self) -> Supervision:
        """What its training gives away."""
        return self.key.supervision


def macro_averages(board: RankedBoard, split: str = "interpolate", scope: str = WHOLE) -> list[MacroAverage]:
    """The averages of all models, by supervision: those that answered all tasks first, best first.

    Args:
        board: the board in a season.
        split: the split.
        scope: a group of tasks; `WHOLE` for all.

    Raises:
        InputError: for an unknown split or group.
    """
    if split not in SEASON_SPLITS:
        raise InputError(f"unknown split '{split}'. {did_you_mean(split, SEASON_SPLITS)}")
    if scope not in (WHOLE, *board.season.groups):
        raise InputError(f"the season has no group '{scope}'. {did_you_mean(scope, board.season.groups)}")
    tasks = [t for t in board.season.tasks if scope in (WHOLE, t.group) and split in t.rows]
    beside = _references(board, tasks, split, scope)
    groups = by_supervision(ranked_models(board, {task.name for task in tasks}))
    found: list[MacroAverage] = []
    for supervision, models in (groups or {None: []}).items():
        lines = [*_averages(board, models, tasks, split, scope), *beside]
        lines.sort(key=lambda a: (a.tasks < a.of, -a.mean, a.model, a.framework or ""))
        found += [replace(line, supervision=supervision) for line in lines]
    return found


def ranked_models(board: RankedBoard, tasks: Container[str] | None = None) -> list[RankedModel]:
    """The models with an entry that can be ranked; of several entries of one revision to a task the first counts.

    Args:
        board: the board in a season.
        tasks: the names of the tasks whose entries count; all by default.
    """
    ranked = [e for e in board.entries if (tasks is None or e.task.name in tasks) and board.is_ranked(e)]
    return [
        RankedModel(key, {entry.task.name: entry for entry in sorted(same, key=_latest_first)})
        for key, same in grouped(ranked, model_key).items()
    ]


def model_key(entry: TaskEntry) -> ModelKey:
    """What an average takes for the model of an entry."""
    summary = entry.first.summary
    return ModelKey(*entry.key, summary.framework, "" if summary.runnable else summary.revision)


def _latest_first(entry: TaskEntry) -> int:
    return -entry.attempt


def _averages(
    board: RankedBoard, models: Sequence[RankedModel], tasks: Sequence[SeasonTask], split: str, scope: str
) -> list[MacroAverage]:
    found = []
    # models that answered the same tasks are averaged together
    for names, same in grouped(models, lambda m: tuple(t.name for t in tasks if t.name in m.entries)).items():
        answered = [task for task in tasks if task.name in names]
        means = _means(board, same, answered, split)
        lines = [_average(model, means, i, split, scope, len(tasks)) for i, model in enumerate(same)]
        found += _ranked(board, same, lines, tasks, split) if len(answered) == len(tasks) else lines
    return found


def _means(
    board: RankedBoard, models: Sequence[RankedModel], tasks: Sequence[SeasonTask], split: str
) -> Means:
    moments = [
        own_moments([board.shares(model.entries[task.name], split) for model in models], task.rows[split])
        for task in tasks
    ]
    return means_over_tasks(moments, [task.weight for task in tasks])


def _ranked(
    board: RankedBoard,
    models: Sequence[RankedModel],
    lines: Sequence[MacroAverage],
    tasks: Sequence[SeasonTask],
    split: str,
) -> list[MacroAverage]:
    """The lines of models that answered all tasks with their ranks; the best ones are compared with each other."""
    order = sorted(range(len(models)), key=lambda i: -lines[i].mean)
    best, rest = order[:MAX_COMPARED], order[MAX_COMPARED:]
    tests = _compare(board, [models[i] for i in best], tasks, split)
    places, gaps = shared_ranks(tests.shares, tests.better()), _gaps(tests)
    ranked = [
        replace(lines[i], rank=place.rank, wins=place.wins, losses=place.losses, gap=gaps.get(at))
        for at, (i, place) in enumerate(zip(best, places, strict=True))
    ]
    return [*ranked, *(replace(lines[i], rank=MAX_COMPARED + 1) for i in rest)]


def _gaps(tests: PairedTests) -> dict[int, Gap]:
    """By the index of a model, its lead over the next one; the last has none."""
    order = np.argsort(-tests.shares, kind="stable").tolist()
    better = tests.better()
    return {
        i: Gap(
            difference=float(tests.difference[i, j]),
            low=float(tests.difference_low[i, j]),
            high=float(tests.difference_high[i, j]),
            p=float(tests.corrected[i, j]),
            significant=bool(better[i, j]),
        )
        for i, j in pairwise(order)
    }


def _compare(
    board: RankedBoard, models: Sequence[RankedModel], tasks: Sequence[SeasonTask], split: str
) -> PairedTests:
    moments = [board.moments([model.entries[task.name] for model in models], split) for task in tasks]
    return compare_over_tasks(moments, [task.weight for task in tasks])


def _average(model: RankedModel, means: Means, i: int, split: str, scope: str, of: int) -> MacroAverage:
    first = next(iter(model.entries.values())).first
    return MacroAverage(
        kind="model",
        model=first.summary.model,
        framework=first.summary.framework,
        split=split,
        scope=scope,
        mean=float(means.shares[i]),
        low=float(means.low[i]),
        high=float(means.high[i]),
        tasks=len(model.entries),
        of=of,
        submitter=first.submitter,
        revision=model.key.revision,
        external=any(entry.first.summary.external_data for entry in model.entries.values()),
    )


def _references(
    board: RankedBoard, tasks: Sequence[SeasonTask], split: str, scope: str
) -> list[MacroAverage]:
    """The averages of the exact solver and of the floors over the tasks that they apply to."""
    scores: dict[str, list[tuple[float, float, float, float]]] = {}
    for task in tasks:
        for name, score in board.references.get(task.name, {}).get(split, {}).items():
            scores.setdefault(name, []).append((task.weight, score.exact_match, *score.interval))
    found = []
    for name, given in scores.items():
        columns = np.array(given)
        mean, low, high = np.average(columns[:, 1:], axis=0, weights=columns[:, 0]).tolist()
        kind = "solver" if name == SOLVER else "floor"
        found.append(MacroAverage(kind, name, None, split, scope, mean, low, high, len(given), len(tasks)))
    return found
