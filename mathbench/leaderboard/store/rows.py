"""Submissions as rows of a board's tables, and back.

No other module knows that the strata of a split are stored as lists ``[n, correct]``.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Text, cast

from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.proof import Proof
from mathbench.leaderboard.store.packed_strata import PackedStrata
from mathbench.leaderboard.store.tables import ScoreRow, SubmissionRow
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import RESCORED, SubmissionRecord, current_badge
from mathbench.leaderboard.times import utc_now
from mathbench.scores.metrics import pack_rows
from mathbench.scores.results import Score, SplitScore


def columns_of(submission: Submission, checked: CheckResult, submitter: str | None) -> dict[str, Any]:
    """The columns of `SubmissionRow` for a submission that arrives now; compresses its predictions."""
    manifest = submission.manifest
    return {
        "digest": submission.digest,
        "submitted": utc_now(),
        "badge": current_badge(RESCORED, checked.proof),
        "task_id": manifest.task.id,
        "task_name": manifest.task.name,
        "model": manifest.summary.model,
        "submitter": submitter,
        "framework": manifest.summary.framework,
        "manifest": dict(manifest.document),
        "differences": list(checked.differences),
        "predictions_digest": submission.predictions_digest,
        "packed": submission.predictions_bytes(),
        "proof": checked.proof.to_json() if checked.proof else None,
        "certificate": submission.certificate,
    }


def rows_of(digest: str, checked: CheckResult) -> list[ScoreRow]:
    """The recomputed scores of a submission, one row per split."""
    return [
        ScoreRow(
            digest=digest,
            split=split,
            position=position,
            n=score.total.n,
            correct=score.total.correct,
            # imported data has no solver
            solver_n=checked.solver[split].n if split in checked.solver else 0,
            solver_correct=checked.solver[split].correct if split in checked.solver else 0,
            strata={name: [count.n, count.correct] for name, count in score.strata.items()},
            right=pack_rows(checked.right[split]),
        )
        for position, (split, score) in enumerate(checked.scores.items())
    ]


# what a record needs of a score; strata stay text
SCORE_COLUMNS = (
    ScoreRow.digest,
    ScoreRow.split,
    ScoreRow.n,
    ScoreRow.correct,
    ScoreRow.solver_n,
    ScoreRow.solver_correct,
    cast(ScoreRow.strata, Text).label("strata"),
)
SUBMISSION_COLUMNS = (
    SubmissionRow.digest,
    SubmissionRow.submitted,
    SubmissionRow.badge,
    SubmissionRow.withdrawn,
    SubmissionRow.submitter,
    SubmissionRow.manifest,
    SubmissionRow.differences,
    SubmissionRow.predictions_digest,
    SubmissionRow.proof,
)


def record_of(row: Any, scores: Iterable[Any], attempts: int, number: int) -> SubmissionRecord:
    """The record of a submission.

    Args:
        row: a `SubmissionRow`, or a row of its `SUBMISSION_COLUMNS`.
        scores: `ScoreRow`s, or rows of `SCORE_COLUMNS`, in the order of their position.
        attempts: how often the content was sent.
        number: as in `SubmissionRecord`.
    """
    scores = list(scores)
    found = {
        score.split: SplitScore(Score(score.n, score.correct), PackedStrata(score.strata)) for score in scores
    }
    solver = {score.split: Score(score.solver_n, score.solver_correct) for score in scores if score.solver_n}
    proof = Proof(**row.proof) if row.proof else None
    return SubmissionRecord(
        digest=row.digest,
        submitted=row.submitted,
        badge=current_badge(row.badge, proof),
        manifest=row.manifest,
        predictions_digest=row.predictions_digest,
        checked=CheckResult(found, solver, tuple(row.differences), proof),
        withdrawn=row.withdrawn,
        attempts=attempts,
        submitter=row.submitter,
        number=number,
    )
