"""The data of charts, apart from how they are drawn: panels of lines through points, each with n and an interval."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from mathbench.scores.results import Score
from mathbench.scores.statistics import interval_bounds, seed_statistics

MAX_LINES = 12  # lines of a panel
MAX_PANELS = 12  # panels of a chart


@dataclass(frozen=True)
class Point:
    """A share of right answers.

    Args:
        x: the position on the horizontal axis.
        share: the share; of several seeds their mean.
        low, high: its 95 % interval: Wilson's for one run, for several seeds also that of their mean.
        least, most: the shares of the worst and the best seed.
        n: rows of each run; of runs with different rows the smallest number.
        runs: the number of runs.
        note: further words.
    """

    x: float
    share: float
    low: float
    high: float
    least: float
    most: float
    n: int
    runs: int = 1
    note: str = ""


def point(x: float, scores: Sequence[Score], note: str = "") -> Point:
    """Return the point of one or several seeds.

    >>> round(point(3, [Score(100, 90), Score(100, 94)]).share, 9)
    0.92
    """
    shares, n = [score.exact_match for score in scores], min(score.n for score in scores)
    low, high, _ = interval_bounds(shares, n)
    spread = seed_statistics(shares)
    return Point(x, fmean(shares), low, high, spread.low, spread.high, n, len(scores), note)


@dataclass(frozen=True)
class Line:
    """A named line of points, in the order of their positions.

    Args:
        name: its label.
        points: at least one point.
    """

    name: str
    points: tuple[Point, ...]

    @property
    def mean(self) -> float:
        """The mean share of its points, by which the lines to draw are chosen."""
        return fmean(point.share for point in self.points)

    @property
    def n(self) -> str:
        """The number of rows of each point and run as text.

        >>> Line("a", (point(1, [Score(5, 1)]), point(2, [Score(2000, 1)]))).n
        'n=5-2,000'
        """
        least, most = min(p.n for p in self.points), max(p.n for p in self.points)
        return f"n={least:,}" if least == most else f"n={least:,}-{most:,}"


@dataclass(frozen=True)
class Panel:
    """One picture of a chart.

    Args:
        title: what it shows, such as the task.
        lines: the lines, in the order of their settings.
        categories: the names of the positions 0, 1, ... where the horizontal axis has no numbers.
        trained: the last position that training shows, if there are others beyond it; else None.
        floor: the name and the share of the best floor; None for none.
        omitted: what is left out of the data because it has nothing to show.
    """

    title: str
    lines: tuple[Line, ...]
    categories: tuple[str, ...] = ()
    trained: float | None = None
    floor: tuple[str, float] | None = None
    omitted: tuple[str, ...] = ()

    def drawn(self, most: int = MAX_LINES) -> tuple[Line, ...]:
        """Return the lines to draw: all, or the best by their mean share."""
        best = sorted(self.lines, key=lambda line: -line.mean)[:most]
        return tuple(line for line in self.lines if line in best)

    def notice(self, most: int = MAX_LINES) -> str:
        """Return how many of the lines are drawn, empty for all."""
        return f"{most} of {len(self.lines)} shown, the best by their mean" if len(self.lines) > most else ""


@dataclass(frozen=True)
class Chart:
    """A chart.

    Args:
        what: its kind.
        title: its title.
        x: the label of the horizontal axis, with its unit.
        y: the label of the vertical axis, with its unit.
        panels: one per task, split or setting.
        logarithmic: whether the horizontal axis is logarithmic.
        shape: ``"lines"``, ``"dots"`` for categories side by side, ``"heat"`` for lines as rows of a heat map, or
            ``"front"`` for points with their Pareto front.
        notes: sentences below the chart.
    """

    what: str
    title: str
    x: str
    y: str
    panels: tuple[Panel, ...]
    logarithmic: bool = False
    shape: str = "lines"
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return plain values: what, x and y, and per panel its lines with all points, drawn or not."""
        panels = [_panel_json(panel) for panel in self.panels]
        return {"what": self.what, "title": self.title, "x": self.x, "y": self.y, "panels": panels}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one row per point, for CSV, with the columns of `COLUMNS`."""
        for panel in self.panels:
            for line in panel.lines:
                for one in line.points:
                    name = panel.categories[int(one.x)] if panel.categories else one.x
                    yield {"panel": panel.title, "line": line.name, **asdict(one), "x": name}


COLUMNS = ("panel", "line", "x", "share", "low", "high", "least", "most", "n", "runs", "note")


def _panel_json(panel: Panel) -> dict[str, Any]:
    lines = [{"name": line.name, "points": [asdict(one) for one in line.points]} for line in panel.lines]
    return {
        "title": panel.title,
        "categories": list(panel.categories),
        "trained": panel.trained,
        "floor": dict(zip(("name", "share"), panel.floor, strict=True)) if panel.floor else None,
        "lines": lines,
        "omitted": list(panel.omitted),
    }


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other one beats: none has a larger share at the same or a smaller x.

    >>> costs = [point(x, [Score(10, right)]) for x, right in ((10, 5), (20, 4), (30, 9), (30, 8))]
    >>> [one.x for one in pareto_front(costs)]
    [10, 30]
    """
    front: list[Point] = []
    for one in sorted(points, key=lambda one: (one.x, -one.share)):
        if not front or one.share > front[-1].share:
            front.append(one)
    return front
