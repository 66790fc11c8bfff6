"""From a checked submission to rows of a board's tables, and back."""

from datetime import UTC, datetime
from typing import Any

from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.store.tables import ScoreRow, SubmissionRow
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.results import Score, SplitScore


def utc_now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def columns(submission: Submission, checked: CheckResult) -> dict[str, Any]:
    """The columns of a submission that comes now; its predictions are packed."""
    manifest = submission.manifest
    return {
        "digest": submission.digest,
        "submitted": utc_now(),
        "badge": "re-scored",
        "task_id": manifest.task.id,
        "task_name": manifest.task.name,
        "model": manifest.facts.model,
        "framework": manifest.facts.framework,
        "manifest": dict(manifest.document),
        "differences": list(checked.differences),
        "predictions_digest": submission.predictions_digest,
        "packed": submission.packed(),
    }


def score_rows(digest: str, checked: CheckResult) -> list[ScoreRow]:
    """The recomputed scores of a submission, one row per split."""
    return [
        ScoreRow(
            digest=digest,
            split=split,
            position=position,
            n=score.total.n,
            correct=score.total.correct,
            solver_n=checked.solver[split].n,
            solver_correct=checked.solver[split].correct,
            strata={name: [count.n, count.correct] for name, count in score.strata.items()},
        )
        for position, (split, score) in enumerate(checked.scores.items())
    ]


def kept(row: SubmissionRow, attempts: int) -> SubmissionRecord:
    """A submission as it stands on the board."""
    scores = {
        s.split: SplitScore(Score(s.n, s.correct), {name: Score(*c) for name, c in s.strata.items()})
        for s in row.scores
    }
    solver = {s.split: Score(s.solver_n, s.solver_correct) for s in row.scores}
    checked = CheckResult(scores, solver, tuple(row.differences))
    return SubmissionRecord(
        row.digest,
        row.submitted,
        row.badge,
        row.manifest,
        row.predictions_digest,
        checked,
        row.withdrawn,
        attempts,
    )
