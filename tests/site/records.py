"""Submissions without a board: their records, and which of their rows are right."""

import hashlib

import numpy as np

from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.ranking.ranked_board import RankedBoard, RowCache
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.seasons.references import parse_references
from mathbench.leaderboard.site.snapshot import Snapshot
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.results import Score, SplitScore
from tests.leaderboard.conftest import SIZES, from_anybody, manifest

from .conftest import SEASON, references


def record(
    task,
    correct,
    number=0,
    sizes=SIZES,
    submitter=None,
    withdrawn=None,
    claimed=False,
    document=None,
    **changes,
):
    """A run, or the submission with a document, with a number of right rows on each test split, at most its rows."""
    scores, right = {}, {}
    for split in ("interpolate", "extrapolate"):
        n = sizes[split]
        right[split] = np.random.default_rng(number).permutation(n) < min(correct, n)
        total = Score(n, int(right[split].sum()))
        scores[split] = SplitScore(total, {"all": total})
    return SubmissionRecord(
        hashlib.sha256(str(number).encode()).hexdigest(),
        f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
        "claimed" if claimed else "re-scored",
        document or manifest(task, sizes, **changes),
        "0" * 64,
        CheckResult(scores, {}, (), None, {} if claimed else right),
        withdrawn,
        submitter=submitter,
    )


def stated(task, **model):
    """The submission.json of a model in the season."""
    own = {"schema_version": 3, "season": "small", "supervision": "examples"}
    found = from_anybody(task) | own
    return found | {"model": found["model"] | {"name": "theirs"} | model}


def snapshot(records, text=SEASON, floors=True):
    """A board with these submissions."""
    season = parse_season(text, "season.toml")
    known = {found.digest: found.checked.right for found in records}
    stated = parse_references(references(season), season, "references") if floors else {}
    rows = RowCache(lambda digests: {digest: known[digest] for digest in digests if known[digest]})
    return Snapshot("b", RankedBoard(records, season, stated, rows))
