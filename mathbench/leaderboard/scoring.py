"""Exact match with its interval, overall and per stratum, for a whole split at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.metrics import Score
from mathbench.rows import open_rows
from mathbench.task import Task

SAMPLE = 200  # rows that the exact solver answers again


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


def truth_of(task: Task, seed: int | str, split: str, size: int) -> pa.Table:
    """Regenerate the first `size` rows of a split.

    Raises:
        SpaceExhausted: when the split does not hold so many.
    """
    return open_rows(task, split, seed).batch(range(size))


def score(truth: pa.Table, rows: NDArray[np.int64], predictions: pa.Array) -> Scored:
    """Score the predictions of a split; a row without one counts as wrong.

    Args:
        truth: the rows 0, 1, ... of the split.
        rows: int64 (n,), different row numbers of the split.
        predictions: string (n,), the answer to each, in plain text as in the truth.

    >>> from mathbench.generators import task
    >>> truth = truth_of(task("addition"), 0, "interpolate", 2)
    >>> score(truth, np.array([0]), pa.array([truth["answer"][0].as_py()])).total
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
    sample = truth.select(["stratum", "question", "answer"]).take(pa.array(rows)).to_pylist()
    right = [task.asked_in(row["stratum"]).oracle(row["question"]) == row["answer"] for row in sample]
    return Score(len(right), sum(right))
