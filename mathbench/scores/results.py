"""The score of some rows, and of one split with its strata."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from mathbench.errors import InputError
from mathbench.scores.statistics import wilson


@dataclass(frozen=True)
class Score:
    """How many of n answers are right, with the Wilson 95 % interval of the share."""

    n: int
    correct: int

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.correct <= self.n:
            raise InputError(
                f"a score needs n >= 1 and 0 <= correct <= n. Received: {self.correct} of {self.n}."
            )

    @property
    def exact_match(self) -> float:
        """The share that is right."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson 95 % interval."""
        return wilson(self.correct, self.n)

    def to_json(self) -> dict[str, Any]:
        """As plain values: n, correct, exact_match, low, high."""
        low, high = self.interval
        counts = {"n": self.n, "correct": self.correct}
        return {**counts, "exact_match": self.exact_match, "low": low, "high": high}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; reads the counts only."""
        return cls(record["n"], record["correct"])


@dataclass(frozen=True)
class SplitScore:
    """The score of one split: over all rows and per stratum.

    Attributes:
        total: over all rows.
        strata: per stratum; strata without rows are left out.
        characters: the share of characters in the right place, from 0 to 1; None where it was not computed.
        steps: for scratchpads, how many rows have all steps and the answer right; None for other formats.
    """

    total: Score
    strata: Mapping[str, Score]
    characters: float | None = None
    steps: Score | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values, the shape that result files and boards hold; what is None is left out."""
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
        """Read the counts of a record; its shares are computed, not read."""
        strata = {name: Score.from_json(score) for name, score in record.get("strata", {}).items()}
        return cls(Score.from_json(record), strata)
