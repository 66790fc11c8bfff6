"""A sampler whose difficulty follows the learner: most rows come from a frontier that rises when it is mastered."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from math import floor, fsum
from typing import Any

from mathbench.errors import InputError, shown
from mathbench.hashing import GOLDEN, MASK, check_seed, key_of, mix64_int
from mathbench.integers import as_integer
from mathbench.parameters import check_integer
from mathbench.rewards.levels import Level, LevelReader, check_levels
from mathbench.streaming.base import check_state

DRAW = "draw"  # the column with the number of the draw, under which its reward is recorded
LEVEL = "level"  # the column with the number of the level


class AdaptiveSampler:
    """An endless iterator over rows of train whose difficulty follows the rewards.

    A share `easy` of the rows come from the levels below the frontier, each equally likely, the others from the
    frontier. When the mean reward of the last `window` rows of the frontier is at least `bound`, the frontier rises by
    one level, up to the last. Rows depend on the arguments and on the rewards recorded before they were drawn, and on
    nothing else. They are rows of train, so never problems of a test split.

    Each row has the columns of a stream, ``task_spec``, ``level`` and ``draw``. Rewards are recorded by ``draw``.

    Args:
        levels: the levels from easy to hard; see `task_levels` and `stratum_levels`.
        seed: the seed of the rows and of the choice of easy levels.
        bound: the mean reward from which on the frontier rises, above 0 and up to 1.
        window: the number of rows of the frontier that the mean is taken over.
        easy: the share of rows below the frontier, from 0 and below 1.
        start: the first frontier, the number of a level from 0.

    Raises:
        InputError: for arguments that are not allowed.

    >>> from mathbench.rewards.levels import task_levels
    >>> sampler = AdaptiveSampler(task_levels("addition", digits=range(1, 4)), window=8)
    >>> rows = sampler.batch(8)
    >>> sampler.record([row["draw"] for row in rows], [1.0] * 8)
    >>> sampler.frontier, [row["level"] for row in sampler.batch(10)].count(1)
    (1, 7)
    """

    def __init__(
        self,
        levels: Sequence[Level],
        *,
        seed: int | str = 0,
        bound: float = 0.9,
        window: int = 256,
        easy: float = 0.3,
        start: int = 0,
    ):
        self.levels, self.seed = check_levels(levels), check_seed(seed)
        self.bound, self.easy = _share("bound", bound), _share("easy", easy)
        if not 0 < self.bound <= 1 or not 0 <= self.easy < 1:
            raise InputError(f"bound must be above 0 and easy below 1. Received: {bound} and {easy}.")
        self.window = check_integer("window", window, 1)
        self.start = check_integer("start", start, 0)
        if self.start >= len(self.levels):
            raise InputError(f"start must be below {len(self.levels)}. Received: {start}.")
        self._key = key_of("levels", self.seed)
        self._reset(self.start, 0, [0] * len(self.levels))

    def _reset(self, frontier: int, drawn: int, positions: Sequence[int]) -> None:
        self.frontier, self._drawn = frontier, drawn
        self._readers = [
            LevelReader(level, self.seed, position)
            for level, position in zip(self.levels, positions, strict=True)
        ]
        self._recent: deque[float] = deque(maxlen=self.window)
        # level and position of rows without a reward so far, by draw
        self._pending: dict[int, tuple[int, int]] = {}
        self._again: deque[int] = deque()

    @property
    def spec(self) -> dict[str, Any]:
        """Everything but the rewards that determines the rows, as JSON values."""
        names = "seed", "bound", "window", "easy", "start"
        return {"levels": [level.spec for level in self.levels]} | {
            name: getattr(self, name) for name in names
        }

    @property
    def success(self) -> float | None:
        """The mean reward of the last rows of the frontier, at most `window`; None before the first reward."""
        return fsum(self._recent) / len(self._recent) if self._recent else None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        if self._again:
            draw = self._again.popleft()
            level, position = self._pending[draw]
            return {**self._readers[level].at(position), LEVEL: level, DRAW: draw}
        draw, self._drawn = self._drawn, self._drawn + 1
        level = self._level(draw)
        row = next(self._readers[level])
        self._pending[draw] = level, self._readers[level].position
        return {**row, LEVEL: level, DRAW: draw}

    def _level(self, draw: int) -> int:
        """The level of a draw. Easy draws are spread evenly, so that every batch has its share of them."""
        if not self.frontier or floor((draw + 1) * self.easy) == floor(draw * self.easy):
            return self.frontier
        return mix64_int((self._key + draw * GOLDEN) & MASK) % self.frontier

    def batch(self, rows: int) -> list[dict[str, Any]]:
        """The next rows.

        Args:
            rows: how many, 1 or more.
        """
        return [next(self) for _ in range(check_integer("rows", rows, 1))]

    def record(self, draws: Sequence[int], rewards: Sequence[float]) -> None:
        """Record the rewards of rows, in any order. Several answers to one row count as their mean.

        Args:
            draws: the column ``draw`` of the rows, once for each answer.
            rewards: one reward from 0 to 1 for each answer.

        Raises:
            InputError: for other rewards, lists of different lengths, or rows not drawn or rewarded before. Nothing is
                recorded then.
        """
        grouped: dict[int, list[float]] = {}
        for draw, value in zip(*_same_length(draws, rewards), strict=True):
            number = as_integer(draw)
            if number is None or number not in self._pending or number in self._again:
                raise InputError(f"draw must be that of a row without a reward. Received: {shown(draw)}.")
            grouped.setdefault(number, []).append(_share("a reward", value))
        for draw in sorted(grouped):
            self._count(self._pending.pop(draw)[0], fsum(grouped[draw]) / len(grouped[draw]))

    def _count(self, level: int, value: float) -> None:
        if level != self.frontier:
            return
        self._recent.append(value)
        full = len(self._recent) == self.window
        if full and fsum(self._recent) >= self.bound * self.window and self.frontier + 1 < len(self.levels):
            self.frontier += 1
            self._recent.clear()

    def state_dict(self) -> dict[str, Any]:
        """The state as JSON values: the frontier, the position of each level, and the rewards that count.

        Rows without a reward, such as those that a loader has fetched ahead, come again after a resume.
        """
        return {
            "stream": self.spec,
            "frontier": self.frontier,
            "drawn": self._drawn,
            "positions": [reader.position for reader in self._readers],
            "recent": list(self._recent),
            "pending": [[draw, *place] for draw, place in sorted(self._pending.items())],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where a state was taken, bit for bit.

        Raises:
            InputError: for the state of a sampler with other arguments. Nothing changes then.
        """
        check_state(state, self.spec, ("frontier", "drawn"))
        _check_lists(state, len(self.levels))
        self._reset(state["frontier"], state["drawn"], state["positions"])
        self._recent.extend(state["recent"])
        self._pending = {draw: (level, position) for draw, level, position in state["pending"]}
        self._again.extend(self._pending)


def _share(name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if isinstance(value, str | bytes) or not 0 <= number <= 1:
        raise InputError(f"{name} must be a number from 0 to 1. Received: {shown(value)}.")
    return number


def _same_length(draws: Sequence[int], rewards: Sequence[float]) -> tuple[list[int], list[float]]:
    try:
        found = list(draws), list(rewards)
    except TypeError:
        raise InputError(f"draws and rewards must be lists. Received: {shown(rewards)}.") from None
    if len(found[0]) != len(found[1]):
        raise InputError(
            f"there must be one reward for each draw. Received: {len(found[1])} and {len(found[0])}."
        )
    return found


def _check_lists(state: Mapping[str, Any], levels: int) -> None:
    lists = [state.get(name) for name in ("positions", "recent", "pending")]
    if not all(isinstance(value, list) for value in lists) or len(state["positions"]) != levels:
        raise InputError(f"a state must be the result of state_dict(). Received: {shown(state)}.")
