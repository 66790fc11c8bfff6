"""The score of some rows, and of one split with its strata."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from mathbench.errors import InputError
from mathbench.scores.statistics import wilson


@dataclass(frozen=True)
class Score:
    """The number of right answers among n, with the Wilson 95 % interval of the share.

    Args:
        n: the number of rows.
        correct: the number of right answers.

    Raises:
        InputError: unless n >= 1 and 0 <= correct <= n.

    >>> score = Score(n=100, correct=90)
    >>> score.exact_match, [round(bound, 3) for bound in score.interval]
    (0.9, [0.826, 0.945])
    """

    n: int
    correct: int

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.correct <= self.n:
            raise InputError(
                f"a score requires n >= 1 and 0 <= correct <= n. Received: {self.correct} of {self.n}."
            )

    @property
    def exact_match(self) -> float:
        """The share of right answers."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson 95 % interval of the share."""
        return wilson(self.correct, self.n)

    def to_json(self) -> dict[str, Any]:
        """As plain values of the schema `SCORE`."""
        low, high = self.interval
        counts = {"n": self.n, "correct": self.correct}
        return {**counts, "exact_match": self.exact_match, "low": low, "high": high}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read the counts of a record; the other values follow from them."""
        return cls(record["n"], record["correct"])


@dataclass(frozen=True)
class SplitScore:
    """The score of one split: over all rows and per stratum.

    Attributes:
        total: over all rows.
        strata: per stratum with rows.
        characters: the share of characters at the right position, from 0 to 1; None if not computed.
        steps: for scratchpads, the rows with all steps and the answer right; None for other formats.

    >>> SplitScore(Score(4, 3), {"digits=1": Score(1, 1), "digits=2": Score(3, 2)}).strata["digits=2"].correct
    2
    """

    total: Score
    strata: Mapping[str, Score]
    characters: float | None = None
    steps: Score | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values of the schema `SPLIT_SCORE`, without attributes that are None."""
        extra: dict[str, Any] = {} if self.characters is None else {"characters": self.characters}
        if self.steps:
            extra["steps"] = self.steps.to_json()
        return {
            **self.total.to_json(),
            **extra,
            "strata": {name: score.to_json() for name, score in self.strata.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read the counts of a record; the other values follow from them. Ignores `characters` and `steps`."""
        strata = {name: Score.from_json(score) for name, score in record.get("strata", {}).items()}
        return cls(Score.from_json(record), strata)
