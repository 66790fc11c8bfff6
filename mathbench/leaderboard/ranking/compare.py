"""Paired comparison of two models on the same rows, with all their training seeds, and sample rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mathbench import formats
from mathbench.errors import InputError
from mathbench.leaderboard.check import split_predictions
from mathbench.leaderboard.ranking.paired import compare_over_tasks
from mathbench.leaderboard.ranking.row_moments import row_moments
from mathbench.leaderboard.seasons import season
from mathbench.leaderboard.submission import Manifest, read_stored
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
    """Compare two models on every split that all were scored on, whatever format they read.

    Of a split that one answered more rows of, the rows that all answered count: the first ones.

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
    sides = [[_Answered.of(*run) for run in runs] for runs in (first, second)]
    return [_compare_split(split, n, sides) for split, n in _common_rows([*first, *second]).items()]


def _common_rows(runs: Runs) -> dict[str, int]:
    """The number of rows of each split that all runs were scored on."""
    scores = [record.checked.scores for record, _ in runs]
    common = [split for split in scores[0] if all(split in other for other in scores)]
    return {split: min(other[split].total.n for other in scores) for split in common}


def rows_key(record: SubmissionRecord) -> str:
    """Identifies the table of rows that a submission answered the first rows of: the task and the seed."""
    spec = record.summary.task
    return season.rows_key(spec["id"], spec["parameters"], record.summary.data["seed"])


def _described(record: SubmissionRecord) -> str:
    sizes = ", ".join(f"{split} {score.total.n:,}" for split, score in record.checked.scores.items())
    return f"{record.summary.task['name']}, seed {record.summary.data['seed']}, {sizes}"


@dataclass(frozen=True)
class _Answered:
    """A submission with its predictions: rows and answers by split."""

    manifest: Manifest
    given: Mapping[str, tuple[NDArray[np.int64], pa.Array]]

    @classmethod
    def of(cls, record: SubmissionRecord, predictions: bytes) -> "_Answered":
        return cls(Manifest(record.manifest), split_predictions(read_stored(predictions)))

    def column(self, split: str, truth: pa.Table) -> pa.Array:
        """The answer to each row in plain text, null where there is none."""
        if split not in self.given:
            return pa.nulls(truth.num_rows, pa.string())
        rows, answers = self.given[split]
        asked = rows < truth.num_rows
        aligned = metrics.align_predictions(
            rows[asked], answers.filter(pa.array(asked)), truth["row"].to_numpy()
        )
        return metrics.flat(formats.for_task(self.manifest.task).undo_answers(aligned, truth))


def _compare_split(split: str, n: int, sides: Sequence[Sequence[_Answered]]) -> ComparisonResult:
    manifest = sides[0][0].manifest
    truth = regenerate_split(manifest.task.plain, manifest.seed, split, n)
    columns = [[run.column(split, truth) for run in runs] for runs in sides]
    first, second = (
        np.stack([metrics.exact_match(column, truth["answer"]) for column in runs]) for runs in columns
    )
    names = truth["stratum"].combine_chunks()
    codes, words = names.indices.to_numpy(), names.dictionary.to_pylist()
    strata = {
        words[code]: paired_test(first[:, codes == code], second[:, codes == code])
        for code in np.unique(codes)
    }
    total = paired_test(first, second)
    shown = [runs[0] for runs in columns]
    return ComparisonResult(
        manifest.task.plain.name, split, total, strata, _samples(truth, shown, first, second)
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
