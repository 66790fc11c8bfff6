"""Exact match with its interval, overall and per stratum, for a whole split at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.rows import Rows
from mathbench.task import Task

Z = 1.959963984540054  # the normal quantile of a two-sided 95 % interval
SAMPLE = 200  # rows that the exact solver answers again


@dataclass(frozen=True)
class Score:
    """How many of `n` answers were right, and the Wilson 95 % interval of the share.

    Raises:
        ValueError: when no answer was asked for, or more were right than asked for.

    >>> score = Score(16, 12)
    >>> score.exact_match, [round(end, 3) for end in score.interval]
    (0.75, [0.505, 0.898])
    """

    n: int
    correct: int

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.correct <= self.n:
            raise ValueError(
                f"correct must be 0 to n and n at least 1. Received: n={self.n}, correct={self.correct}."
            )

    @property
    def exact_match(self) -> float:
        """The share of right answers."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson 95 % interval."""
        return wilson(self.correct, self.n)

    def to_json(self) -> dict[str, Any]:
        """As a result file writes it."""
        low, high = self.interval
        return {
            "n": self.n,
            "correct": self.correct,
            "exact_match": self.exact_match,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True)
class Scored:
    """The score of one split: overall and per stratum."""

    total: Score
    strata: Mapping[str, Score]

    def to_json(self) -> dict[str, Any]:
        """As a result file writes it."""
        return self.total.to_json() | {"strata": {name: c.to_json() for name, c in self.strata.items()}}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Scored":
        """The score that a record states; only its counts are read."""
        strata = {name: Score(c["n"], c["correct"]) for name, c in record.get("strata", {}).items()}
        return cls(Score(record["n"], record["correct"]), strata)


def wilson(correct: float, n: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a share seen in `n` trials (Wilson 1927); never empty at 0 or 1.

    >>> [round(end, 3) for end in wilson(16, 16)]
    [0.806, 1.0]
    """
    share = correct / n
    centre = share + Z * Z / (2 * n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return (0.0 if correct == 0 else (centre - half) / scale), (
        1.0 if correct == n else (centre + half) / scale
    )


def truth_of(task: Task, seed: int | str, split: str, size: int) -> pa.Table:
    """Regenerate the first `size` rows of a split.

    Raises:
        SpaceExhausted: when the split does not hold so many.
    """
    return _rows(task, split, seed).batch(range(size))


@lru_cache(maxsize=64)
def _rows(task: Task, split: str, seed: int | str) -> Rows:
    """Opening a split lists its small strata, which can take longer than making rows; a board asks often."""
    return Rows(task, split, seed)


def score(truth: pa.Table, rows: NDArray[np.int64], predictions: pa.Array) -> Scored:
    """Score the predictions of a split; a row without one counts as wrong.

    Args:
        truth: the rows 0, 1, ... of the split.
        rows: int64 (n,), different row numbers of the split.
        predictions: string (n,), the answer to each.

    >>> from mathbench.generators import task
    >>> truth = truth_of(task("addition"), 0, "interpolate", 2)
    >>> score(truth, np.array([0]), pa.array(["375"])).total
    Score(n=2, correct=1)
    """
    at = np.full(truth.num_rows, -1, dtype=np.int64)
    at[rows] = np.arange(len(rows))
    given = predictions.take(pa.array(at, mask=at < 0))
    equal = pc.fill_null(pc.equal(given, truth["answer"].combine_chunks()), False)
    right = equal.to_numpy(zero_copy_only=False)
    stratum = truth["stratum"].combine_chunks()
    code, names = stratum.indices.to_numpy(), stratum.dictionary.to_pylist()
    asked, got = np.bincount(code, minlength=len(names)), np.bincount(code[right], minlength=len(names))
    strata = {name: Score(n, c) for name, n, c in zip(names, asked.tolist(), got.tolist(), strict=True) if n}
    return Scored(Score(truth.num_rows, int(right.sum())), strata)


def solve(task: Task, truth: pa.Table) -> Score:
    """Let the task's independent solver answer a spread sample of the rows from their text alone.

    >>> from mathbench.generators import task
    >>> solve(task("addition"), truth_of(task("addition"), 0, "interpolate", 1000))
    Score(n=200, correct=200)
    """
    rows = np.unique(np.linspace(0, truth.num_rows - 1, min(truth.num_rows, SAMPLE), dtype=np.int64))
    sample = truth.select(["question", "answer"]).take(pa.array(rows))
    pairs = zip(sample["question"].to_pylist(), sample["answer"].to_pylist(), strict=True)
    return Score(len(rows), sum(task.oracle(question) == answer for question, answer in pairs))
