"""Verify a board: recompute all submissions of a database, or of a folder.

A folder keeps the wrong answers of its submissions, from which their predictions are made again. A file without them
is only claimed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission, claim_differences
from mathbench.leaderboard.proof import PROVED
from mathbench.leaderboard.store import wrong_answers
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import (
    allowed_paths,
    answers_path,
    read_answers,
    read_certificate,
    read_document,
    read_stated,
    result_paths,
)
from mathbench.leaderboard.store.rebuilding import rebuild, scored_sizes
from mathbench.leaderboard.submission import Manifest, Submission, check_certificate_digest
from mathbench.leaderboard.submission_record import SubmissionRecord, scores_equal
from mathbench.scores.results import SplitScore
from mathbench.scores.scorer import regenerate_split, solve_sample


@dataclass(frozen=True)
class VerifyFinding:
    """A problem of one submission."""

    digest: str
    model: str
    task: str
    problem: str


def verify(board: Board) -> tuple[int, list[VerifyFinding]]:
    """Recompute every submission, including withdrawn ones.

    Returns:
        The number of submissions, and the problems.
    """
    findings = []
    records = board.records()
    for entry in records:
        problem = _problem(entry, board.predictions_bytes(entry.digest), board.certificate(entry.digest))
        if problem:
            findings.append(VerifyFinding(entry.digest, *_names(entry), problem))
    return len(records), findings


def _names(entry: SubmissionRecord) -> tuple[str, str]:
    """The names of model and task, from a manifest that may be damaged."""
    try:
        return entry.summary.model, entry.summary.task["name"]
    except (KeyError, TypeError):
        return "", ""


def _problem(entry: SubmissionRecord, predictions: bytes, certificate: bytes | None) -> str:
    """The problem of one submission; empty when there is none."""
    try:
        submission = Submission.from_stored(entry.manifest, predictions, certificate)
        checked = check_submission(submission)
    except InputError as error:
        return f"cannot be recomputed: {error}"
    if submission.predictions_digest != entry.predictions_digest:
        return "the predictions differ from the submitted ones"
    if submission.digest != entry.digest:
        return "the manifest differs from the submitted one"
    if not scores_equal(checked, entry.checked):
        return "the scores differ from those of the predictions"
    if checked.proof != entry.proof:
        return "the proof differs from that of the certificate"
    return ""


CHECKED = (
    "in every file: schema, task and seed, digests, file name, rows per stratum, intervals, the exact solver, claimed "
    "scores; where the wrong answers or a certificate lie beside it, also computed again: the predictions, their "
    "digest, the scores of all splits and strata, and what the certificate proves"
)
UNCHECKED = (
    "the scores of files without wrong answers and certificate, which are shown as claimed; that a model gave the "
    "answers; times, numbers of attempts and withdrawals; that a run was repeated, so that a folder shows no score as "
    "reproduced"
)


@dataclass(frozen=True)
class FolderReport:
    """The outcome of verifying a folder.

    Args:
        files: the number of files.
        recomputed: the names of files whose figures were all computed again, and agree.
        claimed: the names of files without a problem whose scores cannot be computed again.
        findings: the problems of the other files.
    """

    files: int
    recomputed: tuple[str, ...]
    claimed: tuple[str, ...]
    findings: tuple[VerifyFinding, ...]


def verify_folder(folder: Path) -> FolderReport:
    """Compute every figure of a folder board again, as far as the answers are there."""
    paths = result_paths(folder)
    recomputed: list[str] = []
    claimed: list[str] = []
    findings: list[VerifyFinding] = []
    digests: Counter[str] = Counter()
    for path in paths:
        try:
            entry = read_stated(path)
            again, problems = _check_file(path, entry, allowed_paths(folder, entry))
        except InputError as error:
            findings.append(VerifyFinding(path.name, "", "", str(error).removeprefix(f"{path}: ")))
            continue
        digests[entry.digest] += 1
        findings += [VerifyFinding(path.name, *_names(entry), problem) for problem in problems]
        if not problems:
            (claimed if again is None else recomputed).append(path.name)
    findings += [
        VerifyFinding(digest[:8], "", "", "this submission has more than one file")
        for digest, n in digests.items()
        if n > 1
    ]
    return FolderReport(len(paths), tuple(recomputed), tuple(claimed), tuple(findings))


def _check_file(
    path: Path, entry: SubmissionRecord, allowed: list[Path]
) -> tuple[Submission | None, list[str]]:
    """The submission of a file, where it can be made again, and the problems of the file."""
    manifest, again = Manifest(entry.manifest), None
    problems = [*_stated_problems(entry, manifest, path, allowed), *_beside_problems(entry, manifest, path)]
    try:
        again = rebuild(path, entry)
        found = (
            _claim_problems(entry, manifest) if again is None else _recomputed_problems(entry, again, path)
        )
        problems += found
    except InputError as error:
        problems.append(f"cannot be recomputed: {error}")
    return again, problems


def _stated_problems(
    entry: SubmissionRecord, manifest: Manifest, path: Path, allowed: list[Path]
) -> Iterator[str]:
    """The problems of a file in itself."""
    digest = hashlib.sha256((manifest.digest + entry.predictions_digest).encode()).hexdigest()
    if digest != entry.digest:
        yield "the manifest or predictions_digest differs from the submitted one"
    # shares and intervals are not read from the file, so those in it must follow from its counts
    stated = {
        "attempts": 1,
        "submitter": None,
        "number": 0,
        **read_document(path),
        "badge": entry.badge,
    }
    if entry.to_json() != stated:
        yield "the shares or intervals do not follow from the counts"
    if path.name != allowed[0].name:
        yield f"the file name must be {allowed[0].name}"
    elif path not in allowed:
        yield f"the file must lie in the folder {allowed[0].parent.name}"


def _beside_problems(entry: SubmissionRecord, manifest: Manifest, path: Path) -> Iterator[str]:
    """The problems of the files beside a file."""
    if entry.wrong_answers is not None and read_answers(path, entry) is None:
        there = answers_path(path).is_file()
        yield f"{answers_path(path).name} {'is another file than the named one' if there else 'is missing'}"
    try:
        certificate = read_certificate(path)
        check_certificate_digest(manifest, certificate)
    except InputError as error:
        yield f"the certificate cannot be checked: {error}"
        return
    if certificate is None and (entry.proof is not None or entry.badge == PROVED):
        yield "a proof is stated, but the manifest names no certificate"


def _recomputed_problems(entry: SubmissionRecord, again: Submission, path: Path) -> Iterator[str]:
    """What differs between a file and the submission that was made again."""
    checked = check_submission(again)
    if not scores_equal(checked, entry.checked):
        yield "the scores differ from those of the answers"
    if dict(checked.solver) != dict(entry.checked.solver):
        yield "the score of the exact solver differs"
    if sorted(checked.differences) != sorted(entry.checked.differences):
        yield "the differences are not those between the claimed and the recomputed scores"
    if checked.proof != entry.proof:
        yield "the proof differs from that of the certificate"
    answers = read_answers(path, entry)
    if answers is not None:
        sizes = scored_sizes(again.manifest, entry.checked.scores)
        found = wrong_answers.read(answers, answers_path(path).name, sizes)
        if not found.table.equals(wrong_answers.from_submission(again, sizes).table):
            yield f"{answers_path(path).name} has other rows than the wrong answers, or says of one that it is right"


def _claim_problems(entry: SubmissionRecord, manifest: Manifest) -> Iterator[str]:
    """What is wrong in a file whose scores cannot be recomputed."""
    for split, scored in entry.checked.scores.items():
        yield from _split_problems(entry, manifest, split, scored)
    if sorted(claim_differences(manifest, entry.checked.scores)) != sorted(entry.checked.differences):
        yield "the differences are not those between the claimed and the stored scores"


def _split_problems(
    entry: SubmissionRecord, manifest: Manifest, split: str, scored: SplitScore
) -> Iterator[str]:
    """Regenerate the rows of a split, and check the rows per stratum and the score of the solver."""
    if scored.total.n != manifest.sizes.get(split):
        yield f"{split}: n differs from the number of rows in the manifest"
        return
    truth = regenerate_split(manifest.task.plain, manifest.seed, split, scored.total.n)
    expected = Counter(truth["stratum"].to_pylist())
    if {name: count.n for name, count in scored.strata.items()} != dict(expected):
        yield f"{split}: n of the strata differs from their number of rows"
    if sum(count.correct for count in scored.strata.values()) != scored.total.correct:
        yield f"{split}: the strata do not add up to the total"
    solved = solve_sample(manifest.task.plain, truth) if manifest.task.generated else None
    if entry.checked.solver.get(split) != solved:
        yield f"{split}: the score of the exact solver differs"
