"""Axes of interval plots that are logarithmic in the error, so that 99.0 % and 99.9 % lie apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

from mathbench.leaderboard.site import charts

NEAR_RIGHT = 0.95  # the best share from which on an axis is logarithmic
MAX_DECADES = 5  # the smallest error on an axis is 10 to the power of minus this


@dataclass(frozen=True)
class ErrorAxis:
    """An axis from an error of 10 to the power of `worst` to one of 10 to the power of `best`.

    >>> axis = ErrorAxis(0, -3)
    >>> round(axis.x(0.99), 1), axis.x(0), axis.x(1), axis.ticks
    (66.7, 0.0, 100.0, ('0', '90', '99', '99.9'))
    """

    worst: int
    best: int

    def x(self, share: float) -> float:
        """The position of a share in percent of the width, clipped to the ends."""
        place = self.worst - log10(max(1 - share, 10.0 ** (self.best - 1)))
        return 100 * min(max(place / (self.worst - self.best), 0.0), 1.0)

    def holds(self, share: float) -> bool:
        """Whether a share is on the axis; one without error lies at its end."""
        return 1 - share <= 10.0**self.worst

    @property
    def logarithmic(self) -> bool:
        """Whether it is logarithmic in the error."""
        return True

    @property
    def rules(self) -> tuple[float, ...]:
        """The positions of the powers of ten between its ends, in percent of the width."""
        decades = self.worst - self.best
        return tuple(100 * i / decades for i in range(1, decades))

    @property
    def ticks(self) -> tuple[str, ...]:
        """The percentages of right answers at the powers of ten."""
        return tuple(
            f"{100 * (1 - 10.0**power):.{max(0, -power - 2)}f}"
            for power in range(self.worst, self.best - 1, -1)
        )


@dataclass(frozen=True)
class LinearAxis:
    """An axis that is linear in the share, with the same properties."""

    axis: charts.Axis

    def x(self, share: float) -> float:
        """The position of a share in percent of the width, clipped to the ends."""
        return self.axis.x(share)

    def holds(self, share: float) -> bool:
        """Whether a share is on the axis."""
        return self.axis.holds(share)

    @property
    def logarithmic(self) -> bool:
        """Whether it is logarithmic in the error."""
        return False

    @property
    def rules(self) -> tuple[float, ...]:
        """The position of its middle."""
        return (50.0,)

    @property
    def ticks(self) -> tuple[str, ...]:
        """Percentages at its ends and in the middle."""
        return tuple(map(str, self.axis.ticks))


def axis(shares: Iterable[float], intervals: Iterable[tuple[float, float]]) -> ErrorAxis | LinearAxis:
    """An axis for some shares with their intervals: logarithmic in the error if the best is near 100 %.

    >>> axis([0.999, 0.4], [(0.998, 0.9995), (0.35, 0.45)])
    ErrorAxis(worst=0, best=-3)
    >>> axis([0.5], [(0.4, 0.6)])
    LinearAxis(axis=Axis(low=0.0, high=1.0))
    """
    shares, intervals = list(shares), list(intervals)
    if max(shares, default=0.0) < NEAR_RIGHT:
        return LinearAxis(charts.axis(intervals))
    errors = [1 - share for share in (*shares, *(low for low, _ in intervals)) if share < 1]
    best = max(floor(log10(min(errors, default=0.01)) + 1e-9), -MAX_DECADES)
    worst = min(ceil(log10(max(errors, default=1.0)) - 1e-9), 0)
    return ErrorAxis(worst, min(best, worst - 2))
