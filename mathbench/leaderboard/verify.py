"""Verify a board: re-score all submissions of a database, or check the files of a folder.

A folder has no predictions, so its scores cannot be recomputed, except for those of proved submissions: there the
weights in the certificates answer again.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission, claim_differences
from mathbench.leaderboard.proof import ProvedWeights, prove
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import file_name, read_certificate, read_file, result_paths
from mathbench.leaderboard.submission import Manifest, Submission, check_certificate_digest, sort_predictions
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
    "schema, task and seed, digests, file names, rows per stratum, intervals, the exact solver, claimed scores, "
    "certificates"
)
UNCHECKED = (
    "the scores themselves unless they are proved (a folder contains no predictions), submitters and times, "
    "and the badges re-scored and reproduced"
)


def verify_folder(folder: Path) -> tuple[int, list[VerifyFinding]]:
    """Check every file of a folder board.

    Returns:
        The number of files, and the problems.
    """
    paths = result_paths(folder)
    findings: list[VerifyFinding] = []
    digests: Counter[str] = Counter()
    for path in paths:
        try:
            entry = read_file(path)
        except InputError as error:
            findings.append(VerifyFinding(path.name, "", "", str(error).removeprefix(f"{path}: ")))
            continue
        digests[entry.digest] += 1
        model, task = entry.summary.model, entry.summary.task["name"]
        findings += [
            VerifyFinding(path.name, model, task, problem) for problem in _file_problems(entry, path)
        ]
    twice = [digest for digest, n in digests.items() if n > 1]
    findings += [
        VerifyFinding(digest[:8], "", "", "this submission has more than one file") for digest in twice
    ]
    return len(paths), findings


def _file_problems(entry: SubmissionRecord, path: Path) -> Iterator[str]:
    manifest = Manifest(entry.manifest)
    digest = hashlib.sha256((manifest.digest + entry.predictions_digest).encode()).hexdigest()
    if digest != entry.digest:
        yield "the manifest or predictions_digest differs from the submitted one"
    # shares and intervals are not read from the file, so those in it must follow from its counts
    if entry.to_json() != {"attempts": 1, "submitter": None, **json.loads(path.read_bytes())}:
        yield "the shares or intervals do not follow from the counts"
    if path.name != file_name(entry):
        yield f"the file name must be {file_name(entry)}"
    for split, scored in entry.checked.scores.items():
        try:
            yield from _split_problems(entry, manifest, split, scored)
        except InputError as error:
            yield f"{split}: cannot be regenerated: {error}"
    if sorted(claim_differences(manifest, entry.checked.scores)) != sorted(entry.checked.differences):
        yield "the differences are not those between the claimed and the stored scores"
    if problem := _proof_problem(entry, manifest, path):
        yield problem


def _proof_problem(entry: SubmissionRecord, manifest: Manifest, path: Path) -> str:
    """The problem of the proof of a submission; empty when there is none.

    The weights of its certificate answer all rows again, which gives predictions of the same digest.
    """
    try:
        certificate = read_certificate(path)
        check_certificate_digest(manifest, certificate)
        if certificate is None:
            return "a proof is stated, but the manifest names no certificate" if entry.proof else ""
        proved = prove(certificate, manifest.task)
        tables = [_answers(proved, manifest, split) for split in entry.checked.scores]
    except InputError as error:
        return f"the certificate cannot be checked: {error}"
    if proved.proof != entry.proof:
        return "the proof differs from that of the certificate"
    again = Submission(manifest, sort_predictions(pa.concat_tables(tables)), certificate)
    if again.predictions_digest != entry.predictions_digest:
        return "the weights of the certificate give other predictions"
    return (
        ""
        if scores_equal(check_submission(again), entry.checked)
        else "the scores are not those of the certificate"
    )


def _answers(proved: ProvedWeights, manifest: Manifest, split: str) -> pa.Table:
    """The predictions of the weights of a certificate for all rows of a split."""
    truth = regenerate_split(manifest.task, manifest.seed, split, manifest.sizes.get(split, 0))
    splits = pa.array([split] * truth.num_rows, pa.string())
    answers = pa.array(proved.answers(truth["question"]), pa.string())
    return pa.table({"split": splits, "row": truth["row"], "prediction": answers})


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
