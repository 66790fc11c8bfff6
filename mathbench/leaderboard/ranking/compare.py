"""Paired comparison of two submissions on the same rows: McNemar's test, and sample rows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import formats
from mathbench.errors import InputError
from mathbench.hashing import check_seed
from mathbench.leaderboard.check import split_predictions
from mathbench.leaderboard.submission import Manifest, canonical_json, read_stored
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores import metrics, statistics
from mathbench.scores.scorer import regenerate_split

Bool = NDArray[np.bool_]

MAX_EXACT = 1_000  # discordant rows up to which the exact binomial test is used, and chi-squared above
SAMPLES = 5  # rows of each kind


@dataclass(frozen=True)
class PairedTest:
    """McNemar's test between two models.

    Args:
        both, only_first, only_second, neither: numbers of rows by who has them right.
        p: two-sided p value of McNemar's test.
        test: "exact binomial" or "chi-squared with continuity correction".
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    p: float
    test: str


@dataclass(frozen=True)
class ComparisonResult:
    """The comparison of two submissions on one split.

    Args:
        task, split: their names.
        total: over all rows.
        strata: per stratum.
        samples: rows that only one has right: row, question, answer, first, second.
    """

    task: str
    split: str
    total: PairedTest
    strata: Mapping[str, PairedTest]
    samples: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def paired_test(first: Bool, second: Bool) -> PairedTest:
    """McNemar's test between two models on the same rows.

    Args:
        first: bool (n,), which rows the first model has right.
        second: the same for the second model.

    Source: McNemar, Psychometrika 12 (1947); continuity correction: Edwards, Psychometrika 13 (1948).

    >>> paired_test(np.array([True] * 6 + [False]), np.array([False] * 6 + [True]))
    PairedTest(both=0, only_first=6, only_second=1, neither=0, p=0.125, test='exact binomial')
    """
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    both = int((first & second).sum())
    if one + two <= MAX_EXACT:
        p, test = statistics.mcnemar(first, second).p, "exact binomial"
    else:
        p, test = _chi_squared(one, two), "chi-squared with continuity correction"
    return PairedTest(both, one, two, len(first) - both - one - two, p, test)


def _chi_squared(one: int, two: int) -> float:
    """The upper tail of chi-squared with one degree of freedom, by the normal distribution."""
    return math.erfc(max(abs(one - two) - 1, 0) / math.sqrt(2 * (one + two)))


def compare(
    first: tuple[SubmissionRecord, bytes], second: tuple[SubmissionRecord, bytes]
) -> list[ComparisonResult]:
    """Compare two submissions on every split that they were scored on.

    Args:
        first: a submission and its stored predictions.
        second: the same for the other one.

    Raises:
        InputError: when they did not answer the same rows.
    """
    if rows_key(first[0]) != rows_key(second[0]):
        raise InputError(
            f"{first[0].digest[:8]} and {second[0].digest[:8]} did not answer the same rows: "
            f"{_described(first[0])}; {_described(second[0])}."
        )
    given = [split_predictions(read_stored(predictions)) for _, predictions in (first, second)]
    manifest = Manifest(first[0].manifest)
    return [
        _compare_split(manifest, split, [answers.get(split) for answers in given])
        for split in first[0].checked.scores
    ]


def rows_key(record: SubmissionRecord) -> str:
    """Identifies the answered rows: the task, the seed and the number of rows per split."""
    data = record.summary.data
    sizes = {split: n for split, n in data["sizes"].items() if split in record.checked.scores}
    return canonical_json(
        {"task": dict(record.summary.task), "seed": check_seed(data["seed"]), "sizes": sizes}
    )


def _described(record: SubmissionRecord) -> str:
    sizes = ", ".join(f"{split} {score.total.n:,}" for split, score in record.checked.scores.items())
    return f"{record.summary.task['name']}, seed {record.summary.data['seed']}, {sizes}"


def _compare_split(
    manifest: Manifest, split: str, given: Sequence[tuple[NDArray[np.int64], pa.Array] | None]
) -> ComparisonResult:
    truth = regenerate_split(manifest.task.plain, manifest.seed, split, manifest.sizes[split])
    every = np.arange(truth.num_rows)
    formatted = formats.for_task(manifest.task)
    columns = [_aligned_answers(answers, every) for answers in given]
    first, second = (
        metrics.exact_match(formatted.undo_answers(column, truth), truth["answer"]) for column in columns
    )
    names = truth["stratum"].combine_chunks()
    codes, words = names.indices.to_numpy(), names.dictionary.to_pylist()
    strata = {
        words[code]: paired_test(first[codes == code], second[codes == code]) for code in np.unique(codes)
    }
    return ComparisonResult(
        manifest.task.name, split, paired_test(first, second), strata, _samples(truth, columns, first, second)
    )


def _aligned_answers(
    answers: tuple[NDArray[np.int64], pa.Array] | None, every: NDArray[np.int64]
) -> pa.Array:
    """One answer per row of the split, null where there is none."""
    return (
        pa.nulls(len(every), pa.string()) if answers is None else metrics.align_predictions(*answers, every)
    )


def _samples(
    truth: pa.Table, columns: list[pa.Array], first: Bool, second: Bool
) -> tuple[Mapping[str, Any], ...]:
    """The first rows that only one has right, in the order of rows."""
    found = [np.flatnonzero(which)[:SAMPLES] for which in (first & ~second, second & ~first)]
    rows = np.sort(np.concatenate(found))
    shown = truth.select(["row", "question", "answer"]).take(rows)
    for name, column in zip(("first", "second"), columns, strict=True):
        shown = shown.append_column(name, column.take(pa.array(rows)))
    return tuple(shown.to_pylist())
