"""The heat map of the overview: the tasks of a season, by group, and its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mathbench.leaderboard.ranking.above_floor import is_above
from mathbench.leaderboard.ranking.render import attempt_of
from mathbench.leaderboard.ranking.tables import Entry, by_supervision, grouped
from mathbench.leaderboard.site.snapshot import SeasonModel, Snapshot, TaskGroup
from mathbench.leaderboard.submission_manifest import Supervision

MAX_MODELS = 100  # columns; the CSV has all models


@dataclass(frozen=True)
class Cell:
    """The result of a model on a task.

    Args:
        line: its line in the ranking.
        place: ``"best"`` for the highest score among the models of rank 1, ``"tied"`` for the others of rank 1.
        above: whether it is significantly above the best floor; None where the task has no floor.
    """

    line: Entry
    place: str
    above: bool | None

    @property
    def note(self) -> str:
        """What is to be said beside the number."""
        line, words = self.line, []
        wrong = round((1 - line.exact_match) * line.n * max(line.seeds, 1))
        words.append(f"{wrong:,} of {line.n * max(line.seeds, 1):,} rows wrong")
        if line.rank:
            words.append(f"rank {line.rank}")
        elif not line.complete:
            words.append("incomplete")
        if line.attempts > 1:
            words.append(f"attempt {attempt_of(line)}")
        return ", ".join([*words, *(["not above the best floor"] if self.above is False else [])])


@dataclass(frozen=True)
class Row:
    """One task: the results of the models, the best floor and the solver."""

    task: str
    address: str
    cells: tuple[Cell | None, ...]
    floor: Entry | None
    solver: Entry | None


@dataclass(frozen=True)
class HeatMap:
    """The heat map of one split: the models by supervision, and the rows by group of the season."""

    split: str
    models: tuple[SeasonModel, ...]
    groups: dict[str, list[Row]]
    omitted: int


def heat_map(snapshot: Snapshot, split: str) -> HeatMap:
    """The heat map of a split: the tasks with entries, and the models that answered most of them, the best first."""
    models = snapshot.season_models[split]
    chosen = [m for same in by_supervision(models[:MAX_MODELS]).values() for m in same]
    groups = [group for group in snapshot.season_groups if split in group.tables and group.lines[split]]
    rows = grouped(groups, lambda group: group.kind)
    return HeatMap(
        split,
        tuple(chosen),
        {name: [_row(group, split, chosen) for group in same] for name, same in rows.items()},
        len(models) - len(chosen),
    )


def _row(group: TaskGroup, split: str, models: Sequence[SeasonModel]) -> Row:
    floor = group.floor(split)
    solver = next((line for line in group.references(split) if line.kind == "solver"), None)
    lines, winners = group.lines[split], group.winners(split)
    cells = (_cell(lines.get(model.key), winners, floor) for model in models)
    return Row(group.name, group.address, tuple(cells), floor, solver)


def _cell(line: Entry | None, winners: Mapping[Supervision, list[Entry]], floor: Entry | None) -> Cell | None:
    if line is None:
        return None
    above = is_above(line, floor) if floor else None
    same = winners.get(line.supervision, [])
    place = "best" if line in same[:1] else "tied" if line in same else ""
    return Cell(line, place, above)
