"""What the spaces of a plan still hold; those that are dear to count are counted only when they may run out next."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Capacity(NamedTuple):
    """How many problems a space holds.

    Attributes:
        at_least: it has so many.
        exact_count: counts them; None: `at_least` is exact.
    """

    at_least: int
    exact_count: Callable[[], int] | None = None


class RemainingCapacity:
    """What spaces hold while their problems are handed out.

    Args:
        held: what each space holds at first.

    Attributes:
        used: problems of each space that have been handed out.

    >>> stock = RemainingCapacity([Capacity(7), Capacity(90, lambda: 100)])
    >>> stock.rounds_left([3, 1]), stock.rounds_left([0, 1])
    (2, 100)
    """

    def __init__(self, capacities: Sequence[Capacity]):
        self._capacities, self.used = list(capacities), [0] * len(capacities)

    def remaining(self, space: int) -> int:
        """A space still has at least so many problems; exactly so many where it has been counted."""
        return self._capacities[space].at_least - self.used[space]

    def rounds_left(self, need: Sequence[int]) -> int:
        """How often all spaces together can give so many problems each; those that cannot at all are then counted."""
        requested = [(space, count) for space, count in enumerate(need) if count]
        while True:
            turns, counted, space = min(
                (self.remaining(space) // count, self._capacities[space].exact_count is None, space)
                for space, count in requested
            )
            if counted:
                return turns
            self._capacities[space] = Capacity(self._capacities[space].exact_count())  # type: ignore[misc]

    def take(self, need: Sequence[int], rounds: int) -> None:
        """Hand out so many problems of each space, so often."""
        self.used = [used + rounds * count for used, count in zip(self.used, need, strict=True)]
