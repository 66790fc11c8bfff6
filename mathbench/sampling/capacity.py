"""Remaining capacity of the spaces of a plan. Expensive exact counts are deferred until a space might run out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Capacity(NamedTuple):
    """The number of problems of a space.

    Attributes:
        at_least: a lower bound.
        exact_count: computes the exact number; None: `at_least` is exact.
    """

    at_least: int
    exact_count: Callable[[], int] | None = None


class RemainingCapacity:
    """The remaining capacity of spaces while problems are taken from them.

    Args:
        capacities: the capacity of each space.

    Attributes:
        used: the number of problems taken from each space.

    >>> remaining = RemainingCapacity([Capacity(7), Capacity(90, lambda: 100)])
    >>> remaining.rounds_left([3, 1]), remaining.rounds_left([0, 1])
    (2, 100)
    """

    def __init__(self, capacities: Sequence[Capacity]):
        self._capacities, self.used = list(capacities), [0] * len(capacities)

    def remaining(self, space: int) -> int:
        """A lower bound of the problems left in a space; exact where the space has been counted."""
        return self._capacities[space].at_least - self.used[space]

    def rounds_left(self, need: Sequence[int]) -> int:
        """How often `need` problems can be taken from each space. A space that might run out first is counted."""
        requested = [(space, count) for space, count in enumerate(need) if count]
        while True:
            rounds, exact, space = min(
                (self.remaining(space) // count, self._capacities[space].exact_count is None, space)
                for space, count in requested
            )
            if exact:
                return rounds
            self._count(space)

    def exact(self, space: int) -> int:
        """The number of problems left in a space, which is counted."""
        self._count(space)
        return self.remaining(space)

    def up_to(self, limit: int, space: int) -> int:
        """The smaller of a limit and the number of problems left in a space, which is counted only if necessary."""
        return min(limit, self.remaining(space) if self.remaining(space) >= limit else self.exact(space))

    def _count(self, space: int) -> None:
        if (count := self._capacities[space].exact_count) is not None:
            self._capacities[space] = Capacity(count())

    def take(self, need: Sequence[int], rounds: int) -> None:
        """Take `need` problems of each space, `rounds` times."""
        self.used = [used + rounds * count for used, count in zip(self.used, need, strict=True)]
