"""Scores: exact match with its interval, per stratum, over seeds, and between two models on the same rows.

Exact is exact: the whole answer, character for character. Nothing here guesses; empty input is an error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench.errors import InputError

Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution


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
        return {
            "n": self.n,
            "correct": self.correct,
            "exact_match": self.exact_match,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True)
class SplitScore:
    """The score of one split: over all rows, per character, and per stratum.

    `steps` is for scratchpads: how many rows have all steps and the answer right, character for character.
    """

    total: Score
    characters: float
    strata: dict[str, Score]
    steps: Score | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values, the shape that result files hold."""
        strata = {name: score.to_json() for name, score in self.strata.items()}
        steps = {"steps": self.steps.to_json()} if self.steps else {}
        return {**self.total.to_json(), "characters": self.characters, **steps, "strata": strata}


@dataclass(frozen=True)
class McNemar:
    """Two models on the same rows: how many only one of them has right, and the exact two-sided p-value."""

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True)
class Spread:
    """A score over several training seeds: mean, sample standard deviation (0 for one), smallest, largest."""

    n: int
    mean: float
    deviation: float
    low: float
    high: float


def wilson(correct: float, n: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a share (JASA 22, 1927): honest near 0 and 1, where most scores are.

    Raises:
        InputError: for n = 0.

    >>> [round(bound, 4) for bound in wilson(9990, 10_000)]
    [0.9982, 0.9995]
    """
    if n < 1:
        raise InputError("a share of no rows has no interval. Received: n=0.")
    share, z2 = correct / n, Z95 * Z95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # at the ends the formula is exact, its rounding is not
    return (0.0 if correct == 0 else centre - half), (1.0 if correct == n else centre + half)


def exact_match(predictions: pa.Array, answers: pa.Array) -> Bool:
    """Which predictions are the answer, character for character.

    Args:
        predictions: strings (n,); null where a model gave none, which is wrong.
        answers: strings (n,).

    Returns:
        bool (n,).

    >>> exact_match(pa.array(["65", "065", None]), pa.array(["65", "65", "65"])).tolist()
    [True, False, False]
    """
    _same_length(predictions, answers)
    equal = pc.fill_null(pc.equal(_flat(predictions), _flat(answers)), False)
    return np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)


def characters(predictions: pa.Array, answers: pa.Array) -> float:
    """The share of characters in the right place; missing and surplus characters count as wrong.

    It flatters (a model that is never right can have 0.8), so it stands beside exact match and never instead
    of it.

    >>> characters(pa.array(["65", "7"]), pa.array(["64", "71"]))
    0.5
    """
    _same_length(predictions, answers)
    given, truth = _matrix(predictions), _matrix(answers)
    width = max(given.shape[1], truth.shape[1])
    given, truth = _widened(given, width), _widened(truth, width)
    present = (given != 0) | (truth != 0)
    return float(((given == truth) & present).sum() / max(int(present.sum()), 1))


def score(predictions: pa.Array, answers: pa.Array, strata: pa.Array) -> SplitScore:
    """Score one split.

    Args:
        predictions: strings (n,).
        answers: strings (n,).
        strata: strings (n,), the stratum of each row.

    Raises:
        InputError: for no rows, or columns of different lengths.

    >>> split = score(pa.array(["2", "4"]), pa.array(["2", "5"]), pa.array(["easy", "hard"]))
    >>> split.total.exact_match, split.strata["easy"].correct
    (0.5, 1)
    """
    right = exact_match(predictions, answers)
    return SplitScore(
        Score(len(right), int(right.sum())), characters(predictions, answers), per_stratum(right, strata)
    )


def per_stratum(right: Bool, strata: pa.Array) -> dict[str, Score]:
    """The score of every stratum, in the order of their names."""
    _same_length(right, strata)
    encoded = _flat(strata).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    names = encoded.dictionary.to_pylist()
    n = np.bincount(codes, minlength=len(names))
    correct = np.bincount(codes[right], minlength=len(names))
    table = {name: Score(int(n[i]), int(correct[i])) for i, name in enumerate(names)}
    return dict(sorted(table.items()))


def aligned(rows: Int, predictions: pa.Array, wanted: Int, where: str = "predictions") -> pa.Array:
    """Bring predictions into the order of the rows that are scored.

    Args:
        rows: int64 (m,), the row number of each prediction.
        predictions: strings (m,).
        wanted: int64 (n,), the rows to score.
        where: what to call the predictions in errors.

    Returns:
        Strings (n,), null where a row has no prediction.

    Raises:
        InputError: for repeated rows, or rows that are not wanted; says how many and the first three.

    >>> aligned(np.array([5, 3]), pa.array(["b", "a"]), np.array([3, 4, 5])).to_pylist()
    ['a', None, 'b']
    """
    _refuse(_repeated(rows), where, "repeated")
    _refuse(rows[~np.isin(rows, wanted)], where, "foreign")
    order = np.argsort(rows, kind="stable")
    at = np.searchsorted(rows, wanted, sorter=order)
    found = np.isin(wanted, rows)
    place = np.where(found, order[np.minimum(at, max(len(rows) - 1, 0))] if len(rows) else 0, 0)
    return _flat(predictions).take(pa.array(place, mask=~found))


def mcnemar(first: Bool, second: Bool) -> McNemar:
    """McNemar's test in its exact binomial form, for two models on the same rows.

    Args:
        first: bool (n,), which rows the first model has right.
        second: the same for the second model.

    Raises:
        InputError: for no rows, or different numbers of rows.

    Source: McNemar, Psychometrika 12 (1947); the exact form is the sign test on the rows where they differ.

    >>> test = mcnemar(np.array([True] * 6 + [False]), np.array([False] * 6 + [True]))
    >>> test.only_first, test.only_second, test.p
    (6, 1, 0.125)
    """
    _same_length(first, second)
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    return McNemar(one, two, _sign_test(min(one, two), one + two))


def over_seeds(values: Sequence[float]) -> Spread:
    """Mean and spread of one score over several training seeds.

    >>> over_seeds([0.75, 1.0])
    Spread(n=2, mean=0.875, deviation=0.1767766952966369, low=0.75, high=1.0)
    """
    if not len(values):
        raise InputError("mean and spread need at least one score. Received: none.")
    array = np.asarray(values, dtype=np.float64)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else 0.0
    return Spread(len(array), float(array.mean()), deviation, float(array.min()), float(array.max()))


def _sign_test(fewer: int, n: int) -> float:
    """2 P(X <= fewer) for X ~ Binomial(n, 1/2), at most 1; whole numbers, so exact for any n."""
    term, total = 1, 1
    for k in range(fewer):
        term = term * (n - k) // (k + 1)
        total += term
    return min(1.0, 2 * total / 2**n) if n < 1000 else min(1.0, float((2 * total << 64) >> n) / 2**64)


def _repeated(rows: Int) -> Int:
    values, counts = np.unique(rows, return_counts=True)
    return np.asarray(values[counts > 1])


def _refuse(rows: Int, where: str, kind: str) -> None:
    if len(rows):
        shown = ", ".join(map(str, rows[:3])) + (", ..." if len(rows) > 3 else "")
        raise InputError(f"{where}: {len(rows):,} {kind} {'row' if len(rows) == 1 else 'rows'}: {shown}.")


def _same_length(first: Any, second: Any) -> None:
    if len(first) != len(second):
        raise InputError(f"columns must be equally long. Received: {len(first):,} and {len(second):,} rows.")
    if not len(first):
        raise InputError("there is nothing to score. Received: 0 rows.")


def _flat(column: Any) -> Any:
    """One plain string array, whatever came: chunked, dictionary-encoded or large."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # several chunks of a dictionary type stay chunked
        column = pa.concat_arrays(column.chunks)
    return column.cast(pa.string())


def _matrix(column: pa.Array) -> NDArray[np.uint8]:
    """Strings to bytes, uint8 (n, longest), zeros behind."""
    texts = pc.fill_null(_flat(column), "")
    width = max(pc.max(pc.binary_length(texts)).as_py() or 0, 1)
    fixed = np.array(texts.cast(pa.binary()).to_numpy(zero_copy_only=False), dtype=f"S{width}")
    return fixed.view(np.uint8).reshape(len(texts), width)


def _widened(matrix: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    return np.pad(matrix, ((0, 0), (0, width - matrix.shape[1])))
