"""The overview: tasks by models as a heat map, macro averages and the latest submissions."""

from collections.abc import Sequence
from dataclasses import dataclass

from mathbench.leaderboard.ranking.macro import MacroAverage
from mathbench.leaderboard.ranking.tables import by_supervision
from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, ModelName, Snapshot, TaskGroup

MAX_COLUMNS = 16  # models in the heat map
LATEST = 8  # submissions
PER_PAGE = 100  # models on one page of the list


@dataclass(frozen=True)
class Row:
    """One task of the heat map: the shares of right answers of the models, the best floor and the solver."""

    task: str
    address: str
    cells: tuple[float | None, ...]
    floor: float | None
    floor_name: str
    solver: float | None


@dataclass(frozen=True)
class HeatMap:
    """The heat map of one split, with the models in groups by supervision."""

    split: str
    models: tuple[MacroAverage, ...]
    rows: tuple[Row, ...]


def page(snapshot: Snapshot, context: PageContext) -> Page:
    """Render the overview."""
    return render_page(
        "index.html",
        context,
        address.OVERVIEW,
        counts=snapshot.counts,
        heats=[heat_map(snapshot, split) for split in SCORED_SPLITS],
        averages={
            split: {name: same[:MAX_COLUMNS] for name, same in by_supervision(found).items()}
            for split, found in snapshot.averages.items()
        },
        models=sum(entry.kind == "model" for entry in snapshot.averages["interpolate"]),
        latest=snapshot.latest(LATEST),
        groups=snapshot.by_digest,
    )


def data(snapshot: Snapshot, split: str) -> Page:
    """The heat map as CSV, with all models."""
    columns = ("task", "kind", "model", "framework", "exact_match", "supervision")
    rows: list[tuple[object, ...]] = []
    for group in snapshot.groups.values():
        for name, share in group.shares[split].items():
            rows.append((group.name, "model", name.model, name.framework, share, name.supervision))
        for line in group.references(split) if split in group.tables else ():
            rows.append((group.name, line.kind, line.model, None, line.exact_match, None))
    return csv_page(columns, rows)


def models_page(
    snapshot: Snapshot, context: PageContext, split: str, number: int, word: str = ""
) -> Page | None:
    """Render one page of the list of models; None when there is no page of that number."""
    every = snapshot.averages[split]
    found = [
        a for a in every if a.kind != "model" or word.lower() in f"{a.model} {a.framework or ''}".lower()
    ]
    pages = max(1, -(-len(found) // PER_PAGE))
    if not 1 <= number <= pages:
        return None
    return render_page(
        "models.html",
        context,
        models_address(split, number),
        split=split,
        groups=by_supervision(found[(number - 1) * PER_PAGE : number * PER_PAGE]),
        fitting=sum(a.kind == "model" for a in found),
        total=sum(a.kind == "model" for a in every),
        number=number,
        pages=pages,
        word=word,
    )


def models_address(split: str, number: int = 1) -> str:
    """The address of one page of the list of models.

    >>> models_address("interpolate"), models_address("extrapolate", 3)
    ('models.html', 'models.extrapolate.3.html')
    """
    middle = "" if split == SCORED_SPLITS[0] else f".{split}"
    return f"models{middle}{f'.{number}' if number > 1 else ''}.html"


def models_data(snapshot: Snapshot, split: str) -> Page:
    """All macro averages as CSV."""
    columns = (
        "rank",
        "kind",
        "model",
        "framework",
        "macro_average",
        "low",
        "high",
        "tasks",
        "of",
        "supervision",
    )
    found = snapshot.averages[split]
    rows = (
        (a.rank, a.kind, a.model, a.framework, a.mean, a.low, a.high, a.tasks, a.of, a.supervision)
        for a in found
    )
    return csv_page(columns, rows)


def heat_map(snapshot: Snapshot, split: str) -> HeatMap:
    """The heat map of the tasks and the models that answered most of them, best first."""
    by_tasks = sorted((a for a in snapshot.averages[split] if a.kind == "model"), key=lambda a: -a.tasks)
    best = sorted(by_tasks[:MAX_COLUMNS], key=lambda a: (-a.tasks, -a.mean))
    chosen = [average for same in by_supervision(best).values() for average in same]
    names = [ModelName(a.submitter, a.model, a.framework, a.supervision) for a in chosen]
    groups = [group for group in snapshot.season_groups if split in group.tables]
    return HeatMap(split, tuple(chosen), tuple(_row(group, split, names) for group in groups))


def _row(group: TaskGroup, split: str, names: Sequence[ModelName]) -> Row:
    by_name = group.shares[split]
    floor = group.floor(split)
    solver = next((a.exact_match for a in group.references(split) if a.kind == "solver"), None)
    cells = tuple(by_name.get(name) for name in names)
    best, floor_name = (floor.exact_match, floor.model) if floor else (None, "")
    return Row(group.name, group.address, cells, best, floor_name, solver)
