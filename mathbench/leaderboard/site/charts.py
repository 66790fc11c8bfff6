"""The geometry of plots, which the templates draw as SVG. Shares are from 0 to 1, lengths are integers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mathbench.scores.error_scale import level
from mathbench.scores.results import Score

WIDTH, HEIGHT = 640, 294  # of a plot of curves, in SVG units
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 40  # margins
COLOURS = 6  # of curves, and their maximum number
STEPS = 20  # of a heat map, above the first


def heat(share: float) -> int:
    """The step of a heat map, 0 to `STEPS`, by `level`; only a share of 1 has the last one, and only 0 the first.

    >>> heat(0), heat(0.0001), heat(0.5), heat(0.9), heat(0.99), heat(0.999), heat(0.9999), heat(1)
    (0, 1, 6, 10, 13, 17, 19, 20)
    """
    if share in (0, 1):
        return round(share) * STEPS
    return min(max(round(level(share) * STEPS), 1), STEPS - 1)


def unsigned_points(difference: float) -> str:
    """A difference of shares in percentage points as short text.

    >>> unsigned_points(0.0123), unsigned_points(-0.0004), unsigned_points(0.3)
    ('1.23', '-0.04', '30.0')
    """
    return f"{100 * difference:.{2 if abs(difference) < 0.1 else 1}f}"


# the candidates for the axis of an interval plot, shortest first at each end
_AXES = [(1 - share, 1.0) for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)]
_AXES += [(0.0, share) for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)]


@dataclass(frozen=True)
class Axis:
    """The axis of an interval plot, between two shares.

    >>> Axis(0.5, 1).x(0.75), Axis(0.5, 1).x(0.2), Axis(0.5, 1).ticks
    (50.0, 0.0, (50, 75, 100))
    """

    low: float
    high: float

    def x(self, share: float) -> float:
        """The position of a share in percent of the width, clipped to the ends."""
        return 100 * min(max((share - self.low) / (self.high - self.low), 0.0), 1.0)

    def holds(self, share: float) -> bool:
        """Whether a share is on the axis."""
        return self.low <= share <= self.high

    @property
    def ticks(self) -> tuple[float, float, float]:
        """Percentages at its ends and in the middle."""
        stops = (self.low, (self.low + self.high) / 2, self.high)
        first, middle, last = (round(end * 100, 2) for end in stops)
        return _short(first), _short(middle), _short(last)


@dataclass(frozen=True)
class LevelAxis:
    """The axis of an interval plot on the scale of `level`: 90 % lies in the middle.

    >>> LevelAxis().x(0.9), round(LevelAxis().x(0.99), 1), LevelAxis().ticks
    (50.0, 66.7, (0, 90, 99.99))
    """

    ticks: tuple[float, float, float] = (0, 90, 99.99)
    low: float = 0.0
    high: float = 1.0

    def x(self, share: float) -> float:
        """The position of a share in percent of the width."""
        return 100 * level(share)

    def holds(self, share: float) -> bool:
        """Whether a share is on the axis: all are."""
        return 0 <= share <= 1


def axis(intervals: Iterable[tuple[float, float]]) -> Axis:
    """The first candidate that contains all intervals.

    >>> axis([(0.991, 0.995), (0.985, 1)]), axis([(0.1, 0.9)]), axis([])
    (Axis(low=0.98, high=1.0), Axis(low=0.0, high=1.0), Axis(low=0.0, high=1.0))
    """
    intervals = list(intervals) or [(0.0, 1.0)]
    low, high = min(low for low, _ in intervals), max(high for _, high in intervals)
    return next((Axis(*stops) for stops in _AXES if stops[0] <= low and high <= stops[1]), Axis(0.0, 1.0))


def _short(number: float) -> float:
    return int(number) if number == int(number) else number


@dataclass(frozen=True)
class Mark:
    """One point of a curve: its position, the ends of its interval, and its data."""

    x: float
    y: float
    low: float
    high: float
    length: int
    split: str
    score: Score


@dataclass(frozen=True)
class Curve:
    """One model's points, and the lines between them as an SVG path."""

    name: str
    marks: tuple[Mark, ...]
    path: str


@dataclass(frozen=True)
class Plot:
    """Curves of exact match over the length of the longest operand.

    Args:
        curves: at most `COLOURS`.
        ticks: pairs of x and length.
        edge: x where the lengths of training end; None when all or none are lengths of training.
    """

    curves: tuple[Curve, ...]
    ticks: tuple[tuple[float, int], ...]
    edge: float | None

    @property
    def levels(self) -> list[tuple[float, int]]:
        """Pairs of y and percentage."""
        return [(_y(level / 100), level) for level in (0, 25, 50, 75, 100)]


def curves(named: Sequence[tuple[str, Mapping[str, Mapping[int, Score]]]]) -> Plot | None:
    """Lay out a plot of curves.

    Args:
        named: per model its name and, per split, the score at each length.

    Returns:
        The plot; None for fewer than two lengths.
    """
    lengths = sorted({length for _, splits in named for counts in splits.values() for length in counts})
    if len(lengths) < 2:
        return None
    at = {length: _x(i, len(lengths)) for i, length in enumerate(lengths)}
    plotted = tuple(_curve(name, splits, at) for name, splits in named[:COLOURS])
    every = max(1, len(lengths) // 12)
    ticks = tuple((at[length], length) for length in lengths[::every])
    return Plot(plotted, ticks, _edge(named, at))


def _curve(name: str, splits: Mapping[str, Mapping[int, Score]], at: Mapping[int, float]) -> Curve:
    marks = [_mark(at[n], n, split, score) for split, counts in splits.items() for n, score in counts.items()]
    marks.sort(key=lambda mark: (mark.x, mark.split != "interpolate"))
    return Curve(name, tuple(marks), "M" + " L".join(f"{mark.x:.1f} {mark.y:.1f}" for mark in marks))


def _mark(x: float, length: int, split: str, score: Score) -> Mark:
    low, high = score.interval
    return Mark(x, _y(score.exact_match), _y(low), _y(high), length, split, score)


def _edge(
    named: Sequence[tuple[str, Mapping[str, Mapping[int, Score]]]], at: Mapping[int, float]
) -> float | None:
    """The middle between the longest length of interpolate and the next longer one."""
    inside = {n for _, splits in named for n in splits.get("interpolate", {})}
    beyond = [n for n in at if inside and n > max(inside)]
    return (at[max(inside)] + at[min(beyond)]) / 2 if beyond else None


def _x(i: int, of: int) -> float:
    inner = WIDTH - LEFT - RIGHT - 24
    return LEFT + 12 + inner * i / max(of - 1, 1)


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)
