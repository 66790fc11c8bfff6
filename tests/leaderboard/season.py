"""A small season, and boards of it made from which rows are right."""

import numpy as np

from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.ranking.ranked_board import RankedBoard, RowCache
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.scores.results import Score, SplitScore

from .conftest import manifest

TEXT = """
name = "tiny"
seed = 0

[rows]
interpolate = 300
extrapolate = 200

[[tasks]]
name = "sums"
group = "operations"
task = "addition-v1"
digits = 2

[[tasks]]
name = "gcds"
group = "more"
task = "gcd-v1"
digits = 3
"""
SEASON = parse_season(TEXT, "tiny.toml")
SUMS, GCDS = SEASON.tasks


def tiny(lines):
    """The small season with other lines at the head of its file; a sealed one has no seed there."""
    text = TEXT.replace("seed = 0\n", "") if "sealed" in lines else TEXT
    return parse_season(f"{lines}\n{text}", "tiny.toml")


def wrong(n, of):
    """The first n of some rows are wrong, bool (of,)."""
    return np.arange(of) >= n


class Filled:
    """A board that is filled with submissions by which of their rows are right."""

    def __init__(self, season=SEASON, references=None):
        self.season, self.references = season, references or {}
        self.records, self.rights = [], {}

    def add(self, model, right, task=SUMS, submitter=None, badge="re-scored", withdrawn=None, **changes):
        """Add a submission; `right` has a row of bool per split, or a number of wrong rows for all of them."""
        if isinstance(right, int):
            right = {split: wrong(right, n) for split, n in task.rows.items()}
        number = len(self.records)
        sizes = {"train": 1000} | {split: len(rows) for split, rows in right.items()}
        scores = {s: SplitScore(Score(len(r), int(r.sum())), {}) for s, r in right.items()}
        document = manifest(task.task, sizes, baseline=model, **changes)
        record = SubmissionRecord(
            f"{number:064x}",
            f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}Z",
            badge,
            document,
            "0" * 64,
            CheckResult(scores, {}, ()),
            withdrawn,
            submitter=submitter,
        )
        self.records.append(record)
        if badge != "claimed":
            self.rights[record.digest] = right
        return record

    @property
    def board(self):
        """The board as the season ranks it."""
        load = lambda digests: {d: self.rights[d] for d in digests if d in self.rights}  # noqa: E731
        return RankedBoard(self.records, self.season, self.references, RowCache(load))
