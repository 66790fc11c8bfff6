"""What the spaces of a plan still hold; those that are dear to count are counted only when they may run out next."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Held(NamedTuple):
    """How many problems a space holds.

    Attributes:
        at_least: it has so many.
        exactly: counts them; None: `at_least` is exact.
    """

    at_least: int
    exactly: Callable[[], int] | None = None


class Stock:
    """What spaces hold while their problems are handed out.

    Args:
        held: what each space holds at first.

    Attributes:
        used: problems of each space that have been handed out.

    >>> stock = Stock([Held(7), Held(90, lambda: 100)])
    >>> stock.turns([3, 1]), stock.turns([0, 1])
    (2, 100)
    """

    def __init__(self, held: Sequence[Held]):
        self._held, self.used = list(held), [0] * len(held)

    def left(self, space: int) -> int:
        """A space still has at least so many problems; exactly so many where it has been counted."""
        return self._held[space].at_least - self.used[space]

    def turns(self, need: Sequence[int]) -> int:
        """How often all spaces together can give so many problems each; those that cannot at all are then counted."""
        asked = [(space, many) for space, many in enumerate(need) if many]
        while True:
            turns, counted, space = min(
                (self.left(space) // many, self._held[space].exactly is None, space) for space, many in asked
            )
            if counted:
                return turns
            self._held[space] = Held(self._held[space].exactly())  # type: ignore[misc]

    def give(self, need: Sequence[int], turns: int) -> None:
        """Hand out so many problems of each space, so often."""
        self.used = [used + turns * many for used, many in zip(self.used, need, strict=True)]
