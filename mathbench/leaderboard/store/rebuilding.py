"""The submission behind a file of a folder board, with its predictions: made again from its wrong answers.

Where these are missing, the weights in the certificate of a proved submission answer all rows again.
"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.proof import prove
from mathbench.leaderboard.store import wrong_answers
from mathbench.leaderboard.store.folder import answers_path, read_answers, read_certificate, read_stated
from mathbench.leaderboard.submission import Manifest, Submission, sort_predictions
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.metrics import Bool
from mathbench.scores.scorer import regenerate_split
from mathbench.scores.untrusted import MAX_ROWS


def scored_sizes(manifest: Manifest, splits: Mapping[str, object]) -> dict[str, int]:
    """The rows of each split that a submission was scored on.

    Raises:
        InputError: for a split without rows, or more rows than can be scored.
    """
    sizes = {split: manifest.sizes.get(split, 0) for split in splits}
    if empty := [split for split, size in sizes.items() if not size]:
        raise InputError(f"a split with a score has rows in the manifest. Received: 0 rows of {empty[0]}.")
    if (total := sum(sizes.values())) > MAX_ROWS:
        raise InputError(f"at most {MAX_ROWS:,} rows can be scored. Received: {total:,}.")
    return sizes


def rebuild(path: Path, stated: SubmissionRecord) -> Submission | None:
    """Make the submission of a file again.

    Args:
        path: the JSON file.
        stated: what it states.

    Returns:
        The submission; None where neither its wrong answers nor a certificate are there.

    Raises:
        InputError: when they are damaged, or do not give the predictions that the file names by their digest.
    """
    manifest, certificate = Manifest(stated.manifest), read_certificate(path)
    sizes, answers = scored_sizes(manifest, stated.checked.scores), read_answers(path, stated)
    if answers is not None:
        found = wrong_answers.read(answers, answers_path(path).name, sizes)
        predictions = found.predictions(manifest, sizes)
    elif certificate is not None and stated.proof is not None:
        predictions = _proved_answers(manifest, certificate, sizes)
    else:
        return None
    again = Submission(manifest, predictions, certificate)
    if again.predictions_digest != stated.predictions_digest:
        what = "weights of the certificate" if answers is None else f"answers in {answers_path(path).name}"
        raise InputError(f"the {what} give other predictions than those that were submitted.")
    return again


def read_right(path: Path) -> Mapping[str, Bool] | None:
    """Which rows of a submission with a file are right, bool (n,) per split; None where this is not known.

    What its wrong answers state is taken as it is where it agrees with the counts of the file; which rows these are,
    `mathbench leaderboard verify` checks.
    """
    try:
        stated = read_stated(path)
        sizes, answers = (
            scored_sizes(Manifest(stated.manifest), stated.checked.scores),
            read_answers(path, stated),
        )
        if answers is not None:
            right = wrong_answers.read(answers, answers_path(path).name, sizes).right(sizes)
            return right if _counts_agree(right, stated) else None
        again = rebuild(path, stated)
        return None if again is None else check_submission(again).right
    except InputError:
        return None


def _counts_agree(right: Mapping[str, Bool], stated: SubmissionRecord) -> bool:
    totals = {split: score.total for split, score in stated.checked.scores.items()}
    return all(
        (len(right[split]), int(right[split].sum())) == (n.n, n.correct) for split, n in totals.items()
    )


def _proved_answers(manifest: Manifest, certificate: bytes, sizes: Mapping[str, int]) -> pa.Table:
    """The predictions of the weights of a certificate, for all rows of some splits."""
    proved, tables = prove(certificate, manifest.task), []
    for split, size in sizes.items():
        truth = regenerate_split(manifest.task, manifest.seed, split, size)
        answers = pa.array(proved.answers(truth["question"]), pa.string())
        splits = pa.array([split] * size, pa.string())
        tables.append(pa.table({"split": splits, "row": truth["row"], "prediction": answers}))
    return sort_predictions(pa.concat_tables(tables))
