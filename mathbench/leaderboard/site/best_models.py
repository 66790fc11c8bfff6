"""The answer of the first screen: the best models, by how much and how sure, and what no model can do yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from mathbench.leaderboard.ranking.macro import WHOLE, MacroAverage
from mathbench.leaderboard.ranking.tables import Entry, by_supervision, grouped
from mathbench.leaderboard.site.snapshot import Snapshot, TaskGroup
from mathbench.leaderboard.submission_manifest import SUPERVISIONS, Supervision

MAX_LEADERS = 5  # models of a ranking
MAX_GROUP_LEADERS = 2  # models of the ranking of a group of tasks
SOLVED = 0.99  # the share of right answers below which no model can do a task yet


@dataclass(frozen=True)
class Leaders:
    """The best models over some tasks, of one supervision.

    Args:
        scope: the group of tasks; empty for the whole season.
        supervision: of the models.
        best: their averages, best first.
        total: the number of ranked models.
    """

    scope: str
    supervision: Supervision
    best: tuple[MacroAverage, ...]
    total: int


@dataclass(frozen=True)
class Winner:
    """The model with the highest score among those of rank 1 on a task, and the others of rank 1."""

    line: Entry
    tied: tuple[Entry, ...]


@dataclass(frozen=True)
class TaskBest:
    """The best models on a task.

    Args:
        group: the task.
        winners: by supervision.
        share: the highest share of right answers of a ranked model; None where no model is ranked.
        answered: whether any model answered it, also in part.
    """

    group: TaskGroup
    winners: Mapping[Supervision, Winner]
    share: float | None
    answered: bool

    @property
    def unsolved(self) -> bool:
        """Whether there are ranked models, and none of them can do it."""
        return self.share is not None and self.share < SOLVED


@dataclass(frozen=True)
class BestModels:
    """The best models of one split, over the whole season, or over groups of tasks where no model answered all."""

    split: str
    leaders: tuple[Leaders, ...]
    tasks: tuple[TaskBest, ...]

    @property
    def by_group(self) -> dict[str, list[TaskBest]]:
        """The tasks that have a best model, by group of the season."""
        return grouped((task for task in self.tasks if task.winners), lambda task: task.group.kind)

    @property
    def supervisions(self) -> list[Supervision]:
        """The supervisions that have a best model on a task."""
        found = {supervision for task in self.tasks for supervision in task.winners}
        return [supervision for supervision in SUPERVISIONS if supervision in found]

    @property
    def unsolved(self) -> list[TaskBest]:
        """The tasks that no model can do yet, the hardest first."""
        return sorted((task for task in self.tasks if task.unsolved), key=lambda task: task.share or 0)

    @property
    def unanswered(self) -> list[TaskBest]:
        """The tasks that no model answered completely."""
        return [task for task in self.tasks if task.share is None]


def best_models(snapshot: Snapshot, split: str) -> BestModels:
    """The best models of a split."""
    whole = _leaders(snapshot, split, WHOLE, MAX_LEADERS)
    leaders = whole or [
        found
        for group in snapshot.season.groups
        for found in _leaders(snapshot, split, group, MAX_GROUP_LEADERS)
    ]
    tasks = [_task_best(group, split) for group in snapshot.season_groups if split in group.tables]
    return BestModels(split, tuple(leaders), tuple(tasks))


def _leaders(snapshot: Snapshot, split: str, scope: str, maximum: int) -> list[Leaders]:
    ranked = [a for a in snapshot.averages_over(split, scope) if a.rank]
    return [
        Leaders(scope, supervision, tuple(same[:maximum]), len(same))
        for supervision, same in by_supervision(ranked).items()
    ]


def _task_best(group: TaskGroup, split: str) -> TaskBest:
    lines = group.lines[split].values()
    winners = {s: Winner(best, tuple(tied)) for s, (best, *tied) in group.winners(split).items()}
    share = max((line.exact_match for line in lines if line.rank), default=None)
    return TaskBest(group, winners, share, bool(lines))
