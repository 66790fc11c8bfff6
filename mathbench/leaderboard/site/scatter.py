"""The geometry of scatter plots: scores over a logarithmic axis or over time, on the scale of heat maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, log10

from mathbench.scores.error_scale import level

WIDTH, HEIGHT = 640, 320  # in SVG units
LEFT, RIGHT, TOP, BOTTOM = 50, 16, 12, 44  # margins
MAX_TICKS = 8
SHARES = (0, 0.5, 0.9, 0.99, 0.999, 0.9999)  # of the ticks of scores
NAMED = 12  # points with their name beside them

Placed = Callable[[float], float]


@dataclass(frozen=True)
class Point:
    """A model in a plot.

    Args:
        name: of the model.
        value: on the horizontal axis.
        share: of right answers.
        low, high: its 95 % interval.
        note: further words.
        address: of the page of the model.
    """

    name: str
    value: float
    share: float
    low: float
    high: float
    note: str = ""
    address: str = ""


@dataclass(frozen=True)
class Mark:
    """A point at its position, with the ends of its interval, and the position of its name; None without room."""

    point: Point
    x: float
    y: float
    low: float
    high: float
    label: tuple[float, str] | None


@dataclass(frozen=True)
class Scatter:
    """A plot.

    Args:
        marks: the points.
        ticks: positions and texts of the horizontal axis.
        levels: positions and percentages of the vertical axis.
        best: the line of the best score so far, as an SVG path; empty for none.
    """

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[float, str], ...]
    best: str = ""


def by_amount(points: Sequence[Point]) -> Scatter | None:
    """A plot over a logarithmic axis; None for fewer than two points above 0."""
    shown = [point for point in points if point.value > 0]
    if len(shown) < 2:
        return None
    low = floor(log10(min(point.value for point in shown)))
    high = max(ceil(log10(max(point.value for point in shown))), low + 1)
    place = _axis(low, high)
    step = max(1, ceil((high - low) / MAX_TICKS))
    ticks = tuple((place(power), _amount(power)) for power in range(low, high + 1, step))
    return Scatter(_marks(shown, lambda value: place(log10(value))), ticks, _levels())


def by_time(points: Sequence[Point]) -> Scatter | None:
    """A plot over time, in seconds since 1970, with the best score so far; None without points."""
    if not points:
        return None
    first, last = min(point.value for point in points), max(point.value for point in points)
    # a day at least, so that the axis has a length
    margin = max(0.05 * (last - first), timedelta(days=0.5).total_seconds())
    place = _axis(first - margin, last + margin)
    marks = _marks(points, place)
    return Scatter(marks, _dates(first, last, place), _levels(), _best(marks, place(last + margin)))


def _axis(low: float, high: float) -> Placed:
    return lambda value: LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)


def y(share: float) -> float:
    """The height of a share.

    >>> y(1), y(0)
    (12.0, 276.0)
    """
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - level(share))


def _levels() -> tuple[tuple[float, str], ...]:
    return tuple((y(share), f"{100 * share:.4g}") for share in SHARES)


def _marks(points: Sequence[Point], place: Placed) -> tuple[Mark, ...]:
    """The points, the best first; names are left out where they would cover each other."""
    taken: list[tuple[float, float, float]] = []
    found = []
    for point in sorted(points, key=lambda point: -point.share):
        x, height = place(point.value), y(point.share)
        label = _label(point, x, height, taken)
        found.append(Mark(point, x, height, y(point.low), y(point.high), label))
    return tuple(found)


CHARACTER = 6.4  # the mean width of a character of a name
LINE = 13  # the height of a line


def _label(
    point: Point, x: float, height: float, taken: list[tuple[float, float, float]]
) -> tuple[float, str] | None:
    """The position and the anchor of a name, to the right of its point or to the left."""
    width = CHARACTER * len(point.name) + 8
    for start, anchor in ((x + 8, "start"), (x - 8 - width, "end")):
        inside = start >= LEFT and start + width <= WIDTH
        free = all(
            abs(height - other) >= LINE or start + width < low or high < start for low, high, other in taken
        )
        if inside and free and len(taken) < NAMED:
            taken.append((start, start + width, height))
            return (x + 8 if anchor == "start" else x - 8), anchor
    return None


def _amount(power: int) -> str:
    """A power of ten as short text.

    >>> [_amount(power) for power in (0, 3, 5, 7, 10, 14)]
    ['1', '1k', '100k', '10M', '10G', '10^14']
    """
    if not 0 <= power < 12:
        return f"10^{power}"
    return f"{10 ** (power % 3)}{('', 'k', 'M', 'G')[power // 3]}"


def _dates(first: float, last: float, place: Placed) -> tuple[tuple[float, str], ...]:
    """Dates at equal distances, at most five."""
    days = max(1, ceil((last - first) / 86_400 / 4))
    start = floor(first / 86_400)
    times = (86_400 * day for day in range(start, floor(last / 86_400) + 1, days))
    # of the first day, the earliest submission and not midnight, which may lie left of the axis
    shown = (max(time, first) for time in times)
    return tuple((place(time), datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")) for time in shown)


def _best(marks: Sequence[Mark], end: float) -> str:
    """Steps along the best score so far."""
    path, best = "", float("inf")
    for mark in sorted(marks, key=lambda mark: (mark.x, mark.y)):
        if mark.y < best:
            path += f"H{mark.x:.1f}V{mark.y:.1f}" if path else f"M{mark.x:.1f} {mark.y:.1f}"
            best = mark.y
    return f"{path}H{end:.1f}"
