"""Re-score a whole board and report every submission that does not hold."""

from dataclasses import dataclass

from mathbench.errors import InputError
from mathbench.leaderboard.checker import check
from mathbench.leaderboard.kept import Kept, same_scores
from mathbench.leaderboard.store import Board
from mathbench.leaderboard.submission import Submission


@dataclass(frozen=True)
class Finding:
    """One submission that does not hold, and why."""

    digest: str
    model: str
    task: str
    problem: str


def verify(board: Board) -> tuple[int, list[Finding]]:
    """Recompute every kept submission, withdrawn ones too.

    Returns:
        How many were looked at, and what does not hold.
    """
    findings = []
    kept = board.kept()
    for entry in kept:
        problem = _problem(entry, board.packed(entry.digest))
        if problem:
            findings.append(Finding(entry.digest, *_names(entry), problem))
    return len(kept), findings


def _names(entry: Kept) -> tuple[str, str]:
    """Model and task, of a manifest that may be damaged."""
    try:
        return entry.facts.model, entry.facts.task["name"]
    except (KeyError, TypeError):
        return "", ""


def _problem(entry: Kept, packed: bytes) -> str:
    """What is wrong with one submission; empty when nothing is."""
    try:
        submission = Submission.unpacked(entry.manifest, packed)
        checked = check(submission)
    except InputError as error:
        return f"cannot be recomputed: {error}"
    if submission.predictions_digest != entry.predictions_digest:
        return "its predictions are not those that were submitted"
    if submission.digest != entry.digest:
        return "its manifest is not the one that was submitted"
    if not same_scores(checked, entry.checked):
        return "its scores are not those of its predictions"
    return ""
