"""The overview: the best models, what no model can do yet, and tasks by models as a heat map."""

from mathbench.leaderboard.site import address
from mathbench.leaderboard.site.best_models import SOLVED, best_models
from mathbench.leaderboard.site.heat_map import heat_map
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, Snapshot

LATEST = 8  # submissions


def page(snapshot: Snapshot, context: PageContext) -> Page:
    """Render the overview."""
    season = snapshot.season
    return render_page(
        "index.html",
        context,
        address.OVERVIEW,
        season=season,
        rows=sum(n for task in season.tasks for n in task.rows.values()),
        counts=snapshot.counts,
        best={split: best_models(snapshot, split) for split in SCORED_SPLITS},
        solved=SOLVED,
        heats=[heat_map(snapshot, split) for split in SCORED_SPLITS],
        latest=snapshot.latest(LATEST),
        groups=snapshot.by_digest,
    )


def data(snapshot: Snapshot, split: str) -> Page:
    """The heat map as CSV, with all models."""
    columns = (
        "task",
        "kind",
        "model",
        "framework",
        "exact_match",
        "supervision",
        "submitter",
        "revision",
        "rank",
        "complete",
    )
    rows: list[tuple[object, ...]] = []
    for group in snapshot.season_groups:
        for a in group.lines[split].values():
            about = (a.supervision, a.submitter, a.revision, a.rank, a.complete)
            rows.append((group.name, "model", a.model, a.framework, a.exact_match, *about))
        for line in group.references(split) if split in group.tables else ():
            rows.append((group.name, line.kind, line.model, None, line.exact_match, *[None] * 5))
    return csv_page(columns, rows)
