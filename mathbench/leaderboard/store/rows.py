"""Submissions as rows of a board's tables, and back.

No other module knows that the strata of a split are stored as lists ``[n, correct]``.
"""

from typing import Any

import numpy as np

from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.proof import Proof
from mathbench.leaderboard.store.tables import ScoreRow, SubmissionRow
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import RESCORED, SubmissionRecord, current_badge
from mathbench.leaderboard.times import utc_now
from mathbench.scores.metrics import Bool
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
            right=np.packbits(checked.right[split]).tobytes(),
        )
        for position, (split, score) in enumerate(checked.scores.items())
    ]


def record_of(row: SubmissionRow, attempts: int, number: int) -> SubmissionRecord:
    """The record of a submission, from its row and the rows of its scores."""
    scores = {score.split: _split_score(score) for score in row.scores}
    solver = {
        score.split: Score(score.solver_n, score.solver_correct) for score in row.scores if score.solver_n
    }
    proof = Proof(**row.proof) if row.proof else None
    return SubmissionRecord(
        digest=row.digest,
        submitted=row.submitted,
        badge=current_badge(row.badge, proof),
        manifest=row.manifest,
        predictions_digest=row.predictions_digest,
        checked=CheckResult(scores, solver, tuple(row.differences), proof),
        withdrawn=row.withdrawn,
        attempts=attempts,
        submitter=row.submitter,
        number=number,
    )


def unpacked(bits: bytes, n: int) -> Bool:
    """Packed bits of n rows as bool (n,)."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=n).astype(np.bool_)


def _split_score(row: ScoreRow) -> SplitScore:
    strata = {name: Score(n, correct) for name, (n, correct) in row.strata.items()}
    return SplitScore(Score(row.n, row.correct), strata)
