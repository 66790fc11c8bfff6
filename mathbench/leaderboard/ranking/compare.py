"""Paired comparison of two models on the same rows, with all their training seeds, and sample rows."""

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
from mathbench.leaderboard.ranking.paired import compare_over_tasks
from mathbench.leaderboard.ranking.row_moments import row_moments
from mathbench.leaderboard.submission import Manifest, canonical_json, read_stored
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores import metrics
from mathbench.scores.scorer import regenerate_split

Bool = NDArray[np.bool_]
Runs = Sequence[tuple[SubmissionRecord, bytes]]  # submissions of one model with their stored predictions

SAMPLES = 5  # rows of each kind
EXACT = "exact binomial"
WITH_SEEDS = "rows and seeds"


@dataclass(frozen=True)
class PairedTest:
    """The test between two models.

    Args:
        both, only_first, only_second, neither: numbers of rows by who has them right; means over pairs of runs where a
            model has several.
        p: two-sided p-value.
        test: ``"exact binomial"`` (McNemar's test) for one run each, else ``"rows and seeds"``.
        difference: the share of right answers of the first model minus that of the second.
        low, high: its 95 % interval.
    """

    both: float
    only_first: float
    only_second: float
    neither: float
    p: float
    test: str
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class ComparisonResult:
    """The comparison of two models on one split.

    Args:
        task, split: their names.
        total: over all rows.
        strata: per stratum.
        samples: rows that only one has right, with all its runs: row, question, answer, first, second. The answers are
            those of the first runs.
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
    """The test between two models on the same rows.

    Args:
        first: bool (seeds, n), which rows each run of the first model has right; (n,) for one run.
        second: the same for the second model.

    Source: see `mathbench.leaderboard.ranking.paired`.

    >>> found = paired_test(np.array([True] * 6 + [False]), np.array([False] * 6 + [True]))
    >>> found.only_first, found.only_second, round(found.p, 12), found.test
    (6, 1, 0.125, 'exact binomial')
    """
    moments = row_moments([first, second])
    tests = compare_over_tasks([moments])
    single = bool((moments.seeds == 1).all())
    both, one, two = (
        round(count) if single else float(count)
        for count in (moments.both[0, 1], moments.only[0, 1], moments.only[1, 0])
    )
    return PairedTest(
        both=both,
        only_first=one,
        only_second=two,
        neither=moments.n - both - one - two,
        p=float(tests.p[0, 1]),
        test=EXACT if single else WITH_SEEDS,
        difference=float(tests.difference[0, 1]),
        low=float(tests.difference_low[0, 1]),
        high=float(tests.difference_high[0, 1]),
    )


def compare(first: Runs, second: Runs) -> list[ComparisonResult]:
    """Compare two models on every split that they were scored on.

    Args:
        first: the submissions of a model, one per training seed, with their stored predictions.
        second: the same for the other model.

    Raises:
        InputError: when they did not answer the same rows.
    """
    reference = first[0][0]
    for record, _ in (*first, *second):
        if rows_key(record) != rows_key(reference):
            raise InputError(
                f"{reference.digest[:8]} and {record.digest[:8]} did not answer the same rows: "
                f"{_described(reference)}; {_described(record)}."
            )
    sides = [
        [split_predictions(read_stored(predictions)) for _, predictions in runs] for runs in (first, second)
    ]
    manifest = Manifest(reference.manifest)
    return [
        _compare_split(manifest, split, [[answers.get(split) for answers in runs] for runs in sides])
        for split in reference.checked.scores
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


_Answers = tuple[NDArray[np.int64], pa.Array] | None  # rows and answers; None for a split without any


def _compare_split(manifest: Manifest, split: str, sides: Sequence[Sequence[_Answers]]) -> ComparisonResult:
    truth = regenerate_split(manifest.task.plain, manifest.seed, split, manifest.sizes[split])
    every = np.arange(truth.num_rows)
    columns = [[_aligned_answers(answers, every) for answers in runs] for runs in sides]
    first, second = (np.stack([_right(manifest, column, truth) for column in runs]) for runs in columns)
    names = truth["stratum"].combine_chunks()
    codes, words = names.indices.to_numpy(), names.dictionary.to_pylist()
    strata = {
        words[code]: paired_test(first[:, codes == code], second[:, codes == code])
        for code in np.unique(codes)
    }
    total = paired_test(first, second)
    shown = [runs[0] for runs in columns]
    return ComparisonResult(manifest.task.name, split, total, strata, _samples(truth, shown, first, second))


def _right(manifest: Manifest, column: pa.Array, truth: pa.Table) -> Bool:
    return metrics.exact_match(formats.for_task(manifest.task).undo_answers(column, truth), truth["answer"])


def _aligned_answers(answers: _Answers, every: NDArray[np.int64]) -> pa.Array:
    """One answer per row of the split, null where there is none."""
    return (
        pa.nulls(len(every), pa.string()) if answers is None else metrics.align_predictions(*answers, every)
    )


def _samples(
    truth: pa.Table, columns: list[pa.Array], first: Bool, second: Bool
) -> tuple[Mapping[str, Any], ...]:
    """The first rows that all runs of one model and none of the other have right, in the order of rows."""
    only = (first.all(axis=0) & ~second.any(axis=0), second.all(axis=0) & ~first.any(axis=0))
    found = [np.flatnonzero(which)[:SAMPLES] for which in only]
    rows = np.sort(np.concatenate(found))
    shown = truth.select(["row", "question", "answer"]).take(rows)
    for name, column in zip(("first", "second"), columns, strict=True):
        shown = shown.append_column(name, column.take(pa.array(rows)))
    return tuple(shown.to_pylist())
