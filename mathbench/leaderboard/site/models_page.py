"""The list of models over all tasks of the season."""

from mathbench.leaderboard.ranking.macro import WHOLE
from mathbench.leaderboard.ranking.tables import by_supervision
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, SeasonModel, Snapshot

PER_PAGE = 100  # models on one page


def page(snapshot: Snapshot, context: PageContext, split: str, number: int, word: str = "") -> Page | None:
    """Render one page of the list; None when there is no page of that number."""
    every = snapshot.season_models[split]
    found = [model for model in every if word.lower() in _searched(model)]
    if not 1 <= number <= _pages(found):
        return None
    return render_page(
        "models.html",
        context,
        at(split, number),
        split=split,
        groups=by_supervision(found[(number - 1) * PER_PAGE : number * PER_PAGE]),
        references=[a for a in snapshot.averages[split] if a.kind != "model"],
        others=_others(snapshot) if number == _pages(found) else [],
        of=sum(split in task.rows for task in snapshot.season.tasks),
        fitting=len(found),
        total=len(every),
        number=number,
        pages=_pages(found),
        word=word,
    )


def _searched(model: SeasonModel) -> str:
    line = model.first
    return f"{line.model} {line.framework or ''} {line.submitter or ''}".lower()


def _others(snapshot: Snapshot) -> list[tuple[str, str]]:
    """The addresses and names of models that are not in the season: open and withdrawn ones."""
    inside = {model.first.model for same in snapshot.season_models.values() for model in same}
    return [(at, group.model) for at, group in snapshot.models.items() if group.model not in inside]


def pages(snapshot: Snapshot, split: str) -> int:
    """The number of pages of the list of a split."""
    return _pages(snapshot.season_models[split])


def _pages(models: list[SeasonModel]) -> int:
    return max(1, -(-len(models) // PER_PAGE))


def at(split: str, number: int = 1) -> str:
    """The address of one page of the list.

    >>> at("interpolate"), at("extrapolate", 3)
    ('models.html', 'models.extrapolate.3.html')
    """
    middle = "" if split == SCORED_SPLITS[0] else f".{split}"
    return f"models{middle}{f'.{number}' if number > 1 else ''}.html"


def data(snapshot: Snapshot, split: str) -> Page:
    """All macro averages as CSV, over the whole season and over its groups."""
    columns = (
        "scope",
        "rank",
        "kind",
        "model",
        "framework",
        "macro_average",
        "low",
        "high",
        "tasks",
        "of",
        "wins",
        "losses",
        "supervision",
        "submitter",
        "revision",
        "gap_to_next",
        "gap_low",
        "gap_high",
        "gap_p",
    )
    rows = []
    for scope in (WHOLE, *snapshot.season.groups):
        for a in snapshot.averages_over(split, scope):
            score = (a.mean, a.low, a.high, a.tasks, a.of, a.wins, a.losses)
            about = (a.supervision, a.submitter, a.revision)
            gap = (a.gap.difference, a.gap.low, a.gap.high, a.gap.p) if a.gap else [None] * 4
            rows.append((a.scope, a.rank, a.kind, a.model, a.framework, *score, *about, *gap))
    return csv_page(columns, rows)
