"""The checker of submissions, used by the command line, the server and `verify`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mathbench import formats
from mathbench.errors import InputError
from mathbench.leaderboard.proof import Proof, ProvedWeights, prove
from mathbench.leaderboard.submission import Manifest, Submission
from mathbench.scores.metrics import Bool, align_predictions, exact_match, flat
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.scorer import regenerate_split, score_rows, solve_sample
from mathbench.scores.untrusted import MAX_ROWS

# scored even without predictions, so that omitting a split does not pay
REQUIRED_SPLITS = ("interpolate", "extrapolate")


@dataclass(frozen=True)
class CheckResult:
    """The recomputed scores of a submission.

    Args:
        scores: the recomputed score per split.
        solver: the score of the exact solver on a sample of each split; none for imported data, which has no solver.
        differences: one sentence for each claimed score that differs from the recomputed one.
        proof: what its certificate proves; None without one.
        right: which rows are right, bool (n,) per split; none where only the counts are known.
    """

    scores: Mapping[str, SplitScore]
    solver: Mapping[str, Score]
    differences: tuple[str, ...]
    proof: Proof | None = None
    right: Mapping[str, Bool] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class AnsweredSplit:
    """The rows of one split beside the answers of a submission.

    Args:
        truth: the regenerated rows.
        written: the answers as they were submitted, strings (n,) in the order of the rows; null for a row without one.
        answers: the same in plain text; null also where they are not in the format of the task.
        right: bool (n,), which of them are right.
    """

    truth: pa.Table
    written: pa.Array
    answers: pa.Array
    right: Bool


def check_submission(submission: Submission) -> CheckResult:
    """Regenerate the truth from the manifest and score the predictions.

    Raises:
        InputError: for unknown or repeated rows and splits without rows, with a count and the first three; for a
            certificate that does not prove its claim, is about another task, or holds other weights than those that
            gave the predictions.
    """
    manifest = submission.manifest
    answered = answered_splits(manifest, submission.predictions)
    scores, solver, right = {}, {}, {}
    proved = _proved_weights(submission)
    for split, part in answered:
        if proved is not None:
            proved.check_predictions(split, part.truth, part.answers)
        right[split] = part.right
        scores[split] = score_rows(part.right, part.truth["stratum"])
        if manifest.task.generated:
            solver[split] = solve_sample(manifest.task.plain, part.truth)
    differences = tuple(claim_differences(manifest, scores))
    return CheckResult(scores, solver, differences, None if proved is None else proved.proof, right)


def answered_splits(manifest: Manifest, predictions: pa.Table) -> Iterator[tuple[str, AnsweredSplit]]:
    """The splits that are scored, each regenerated when its turn comes.

    Args:
        manifest: of the submission.
        predictions: split, row and prediction, sorted by split and row.

    Raises:
        InputError: as :func:`check_submission` for rows and splits.
    """
    given = split_predictions(predictions)
    none = (np.empty(0, np.int64), pa.array([], pa.string()))
    return (
        (split, _answered(manifest, split, *given.get(split, none)))
        for split in _splits(manifest, set(given))
    )


def _answered(
    manifest: Manifest, split: str, rows: NDArray[np.int64], predictions: pa.Array
) -> AnsweredSplit:
    check_rows(rows, split, manifest.sizes[split])
    truth = regenerate_split(manifest.task.plain, manifest.seed, split, manifest.sizes[split])
    written = align_predictions(rows, predictions, truth["row"].to_numpy())
    answers = flat(formats.for_task(manifest.task).undo_answers(written, truth))
    return AnsweredSplit(truth, written, answers, exact_match(answers, truth["answer"]))


def _proved_weights(submission: Submission) -> ProvedWeights | None:
    """The weights of the certificate of a submission, after its check; None without one."""
    if submission.certificate is None:
        return None
    proved = prove(submission.certificate, submission.manifest.task)
    stated = submission.manifest.document["certificate"].get("claim", proved.proof.claim)
    if stated != proved.proof.claim:
        raise InputError(f"the certificate proves {proved.proof.claim}. Received the claim: {stated}.")
    return proved


def split_predictions(predictions: pa.Table) -> dict[str, tuple[NDArray[np.int64], pa.Array]]:
    """Split predictions, which are sorted by split, into one pair of columns (row, prediction) per split."""
    runs = pc.run_end_encode(predictions["split"].combine_chunks())
    parts, start = {}, 0
    for split, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        part = predictions.slice(start, end - start)
        parts[split] = (part["row"].to_numpy(), part["prediction"].combine_chunks())
        start = end
    return parts


def scored_splits(submission: Submission) -> list[str]:
    """The splits of a submission that are scored, in the order of the manifest.

    Raises:
        InputError: when there is none, when predictions have a split without rows, or the splits have too many.
    """
    return _splits(submission.manifest, set(split_predictions(submission.predictions)))


def _splits(manifest: Manifest, given: set[str]) -> list[str]:
    """The splits to score, in the order of the manifest."""
    sizes = {split: size for split, size in manifest.sizes.items() if size}
    if foreign := sorted(given - set(sizes)):
        names = ", ".join(map(ascii, foreign[:3]))
        raise InputError(
            f"{len(foreign)} splits of predictions have no rows. Received: {names}. "
            f"Allowed: {', '.join(sizes) or 'none'}."
        )
    splits = [
        split
        for split in sizes
        if split in given or split in REQUIRED_SPLITS or split in manifest.summary.scores
    ]
    if not splits:
        raise InputError("nothing to score: all splits of the manifest have 0 rows.")
    if (total := sum(sizes[split] for split in splits)) > MAX_ROWS:
        raise InputError(f"at most {MAX_ROWS:,} rows can be scored. Received: {total:,}.")
    return splits


def check_rows(rows: NDArray[np.int64], split: str, size: int) -> None:
    """Refuse rows outside the split and rows given twice; `rows` are in ascending order."""
    unknown = rows[(rows < 0) | (rows >= size)]
    if len(unknown):
        raise InputError(
            f"{split}: rows must be from 0 to {size - 1}. Received: {_first(unknown, 'unknown')}"
        )
    repeated = rows[1:][rows[1:] == rows[:-1]]
    if len(repeated):
        raise InputError(
            f"{split}: each row may be answered only once. Received: {_first(repeated, 'repeated')}"
        )


def _first(rows: NDArray[np.int64], what: str) -> str:
    return f"{len(rows):,} {what}, the first: {', '.join(map(str, rows[:3].tolist()))}."


def claim_differences(manifest: Manifest, scores: Mapping[str, SplitScore]) -> list[str]:
    """One sentence for each claimed score of a manifest that differs from the recomputed one."""
    found = []
    for split, claim in manifest.summary.scores.items():
        if split not in scores:
            found.append(f"{split}: a score is claimed, but the manifest gives the split no rows")
            continue
        recomputed = scores[split].total
        same = (claim["n"], claim["correct"]) == (recomputed.n, recomputed.correct)
        share = claim.get("exact_match", claim["correct"] / claim["n"])
        if not same or abs(share - recomputed.exact_match) > 1e-6:
            found.append(
                f"{split}: claimed {share:.4%} ({claim['correct']:,} of {claim['n']:,}), "
                f"recomputed {recomputed.exact_match:.4%} ({recomputed.correct:,} of {recomputed.n:,})"
            )
    return found
