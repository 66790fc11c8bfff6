"""Scores against the number of parameters and the time of training, and the best scores over time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mathbench.leaderboard.ranking.macro import WHOLE, MacroAverage, ModelKey
from mathbench.leaderboard.ranking.tables import Entry
from mathbench.leaderboard.site import address, scatter
from mathbench.leaderboard.site.page import Page, PageContext, csv_page, render_page
from mathbench.leaderboard.site.scatter import Point, Scatter
from mathbench.leaderboard.site.snapshot import SCORED_SPLITS, Snapshot
from mathbench.leaderboard.submission_manifest import SUPERVISIONS
from mathbench.leaderboard.times import parse_time


@dataclass(frozen=True)
class Measured:
    """A model that answered all tasks of a scope.

    Args:
        average: its average over them.
        parameters: the largest number of trained parameters on one of them; None where one is not stated.
        cpu_seconds: of training for all of them, as the sum over tasks of the mean over training seeds; None where one
            is not stated.
        reached: the time of the submission with which it was complete.
    """

    average: MacroAverage
    parameters: int | None
    cpu_seconds: float | None
    reached: str

    def point(self, value: float) -> Point:
        """The model at a value of the horizontal axis."""
        a = self.average
        note = ", ".join([a.framework or "no framework", SUPERVISIONS[a.supervision]])
        return Point(a.model, value, a.mean, a.low, a.high, note, address.of_model(a.model, a.framework))


@dataclass(frozen=True)
class Panel:
    """The plots of one split and scope."""

    split: str
    scope: str
    parameters: Scatter | None
    cpu_seconds: Scatter | None
    time: Scatter | None


def page(snapshot: Snapshot, context: PageContext) -> Page:
    """Render the page."""
    panels = {
        split: [_panel(snapshot, split, scope) for scope in (WHOLE, *snapshot.season.groups)]
        for split in SCORED_SPLITS
    }
    return render_page(
        "progress.html", context, address.PROGRESS, panels=panels, season=snapshot.season, scatter=scatter
    )


def data(snapshot: Snapshot, split: str) -> Page:
    """The data of all plots of a split as CSV."""
    columns = (
        "scope",
        "model",
        "framework",
        "submitter",
        "revision",
        "supervision",
        "macro_average",
        "low",
        "high",
        "parameters",
        "cpu_seconds",
        "complete_since",
    )
    rows = [
        (
            scope,
            *(a.model, a.framework, a.submitter, a.revision, a.supervision, a.mean, a.low, a.high),
            *(found.parameters, found.cpu_seconds, found.reached),
        )
        for scope in (WHOLE, *snapshot.season.groups)
        for found in measured(snapshot, split, scope)
        for a in (found.average,)
    ]
    return csv_page(columns, rows)


def measured(snapshot: Snapshot, split: str, scope: str) -> Iterator[Measured]:
    """The models that answered all tasks of a scope."""
    groups = [
        group.lines[split]
        for group in snapshot.season_groups
        if split in group.tables and group.season_task and scope in (WHOLE, group.season_task.group)
    ]
    for average in snapshot.averages_over(split, scope):
        if average.rank:
            yield _measured(average, groups)


def _measured(average: MacroAverage, groups: Sequence[Mapping[ModelKey, Entry]]) -> Measured:
    key = ModelKey.from_line(average)
    lines = [group[key] for group in groups]
    sizes = [line.parameters for line in lines if line.parameters is not None]
    seconds = [line.cpu_seconds for line in lines if line.cpu_seconds is not None]
    return Measured(
        average,
        max(sizes) if len(sizes) == len(lines) else None,
        sum(seconds) if len(seconds) == len(lines) else None,
        max(line.submitted for line in lines),
    )


def _panel(snapshot: Snapshot, split: str, scope: str) -> Panel:
    models = list(measured(snapshot, split, scope))
    return Panel(
        split,
        scope,
        scatter.by_amount([model.point(model.parameters) for model in models if model.parameters]),
        scatter.by_amount([model.point(model.cpu_seconds) for model in models if model.cpu_seconds]),
        scatter.by_time([model.point(parse_time(model.reached).timestamp()) for model in models]),
    )
