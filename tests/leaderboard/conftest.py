"""Run directories written by hand: what a runner leaves behind, without a runner."""

import gzip
import hashlib
import json
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.families import task as make_task
from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.ranking.ranked_board import RankedBoard, RowCache
from mathbench.leaderboard.seasons.files import parse_season
from mathbench.leaderboard.seasons.references import compute_references, parse_references
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission_record import SubmissionRecord
from mathbench.rows import Rows
from mathbench.scores.results import Score, SplitScore

SMALL_TEXT = """
name = "small"
title = "A small season"
seed = 0

[rows]
interpolate = 40
extrapolate = 30

[[tasks]]
name = "sums"
group = "operations"
task = "addition-v1"
digits = 2

[[tasks]]
name = "multiples"
group = "categories"
task = "divisible-v2"
k = 3
"""
SMALL = parse_season(SMALL_TEXT, "small.toml")

SIZES = {"train": 1000, "validation": 50, "interpolate": 300, "extrapolate": 200}


@cache
def truth(task, split, size, seed=0):
    """The right answers of a split as a table of predictions."""
    rows = Rows(task, split, seed).batch(range(size))
    return pa.table(
        {
            "split": pa.array([split] * size, pa.string()),
            "row": rows["row"],
            "prediction": rows["answer"],
            "task": pa.array([task.name] * size, pa.string()),
        }
    )


def right(task, sizes=SIZES, seed=0):
    splits = [split for split in ("interpolate", "extrapolate") if sizes.get(split)]
    return pa.concat_tables([truth(task, split, sizes[split], seed) for split in splits]).combine_chunks()


def replaced(table, wrong):
    """The same predictions with the first `wrong` of each split spoilt."""
    spoilt = [
        p + "x" if row < wrong else p
        for p, row in zip(table["prediction"].to_pylist(), table["row"].to_pylist(), strict=True)
    ]
    return table.set_column(2, "prediction", pa.array(spoilt, pa.string()))


def manifest(made, sizes=SIZES, data_seed=0, **changes):
    count = Score(10, 4).to_json()
    document = {
        "schema_version": 1,
        "id": "a-run",
        "baseline": "lstm-seq2seq",
        "framework": "torch",
        "recipe": {"hidden": 128, "lr": 0.001, "schedule": {"warmup": 0.1}},
        "encoding": {"name": "reversed"},
        "task": {"id": made.id, "name": made.name, "parameters": made.parameters},
        "data": {"seed": data_seed, "sizes": dict(sizes), "digest": "sha256:" + "0" * 64},
        "seed": 0,
        "command": "mathbench run-baseline lstm-seq2seq",
        "commit": None,
        "dirty": None,
        "versions": {"python": "3.11.7"},
        "hardware": {"cpu": "some", "cores": 2},
        "parameters": 12345,
        "timings": {"fit_wall_s": 1.5, "started": "2026-01-01T00:00:00Z", "steps": 10},
        "best": {"step": 10, "validation": 0.5},
        "scores": {
            split: Score(sizes[split], sizes[split]).to_json() | {"characters": 1.0, "strata": {}}
            for split in ("interpolate", "extrapolate")
            if sizes.get(split)
        },
        "floors": {"constant": {"interpolate": count}},
        "ceiling": {"interpolate": Score(10, 10).to_json()},
        "predictions_sha256": "",
    }
    return document | changes


def write_run(path, document, predictions):
    path.mkdir(parents=True, exist_ok=True)
    pq.write_table(predictions, path / "predictions.parquet")
    data = (path / "predictions.parquet").read_bytes()
    document = document | {"predictions_sha256": hashlib.sha256(data).hexdigest()}
    (path / "result.json").write_text(json.dumps(document))
    return path


def from_anybody(made, sizes=SIZES):
    """A submission.json: what somebody without mathbench's runner writes."""
    judged = {split: sizes[split] for split in ("interpolate", "extrapolate")}
    return {
        "schema_version": 1,
        "model": {
            "name": "somebody's model",
            "revision": "v1.2",
            "weights_sha256": None,
            "framework": "jax",
            "parameters": 1234,
        },
        "training": {"seeds": [0], "data_digest": None, "budget": "1h", "external_data": False},
        "task": {"id": made.id, "name": made.name, "parameters": made.parameters},
        "data": {"seed": 0, "sizes": judged},
        "environment": {"python": "3.12"},
        "command": "python train.py",
        "commit": None,
        "predictions": {"file": "", "sha256": ""},
    }


def written_by_anybody(folder, document, table, name, data=None, changes=None):
    """Write such a submission; changes to the tables inside the manifest are merged into them."""
    folder.mkdir()
    if name.endswith(".parquet"):
        pq.write_table(table, folder / name)
    else:
        lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist()) if data is None else ""
        data = lines.encode() if data is None else data
        packed = name.endswith(".gz") and lines
        (folder / name).write_bytes(gzip.compress(data) if packed else data)
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    document["predictions"] = {"file": name, "sha256": digest}
    for key, value in (changes or {}).items():
        merge = key in ("model", "predictions")
        document[key] = document[key] | value if merge else value
    (folder / "submission.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def task():
    return make_task("addition", digits=2)


@pytest.fixture
def run(tmp_path, task):
    """Make a run directory: changes to the manifest by keyword, the first `wrong` answers spoilt."""
    count = iter(range(1_000_000))

    def make(wrong=0, predictions=None, **changes):
        table = replaced(right(task), wrong) if predictions is None else predictions
        return write_run(tmp_path / f"run{next(count)}", manifest(task, **changes), table)

    return make


@pytest.fixture
def core_run(tmp_path):
    """Make a run directory with answers to all rows of the sums of the season core-1, as `run` does."""
    count = iter(range(1_000_000))
    made = make_task("addition")
    sizes = {"train": 1000, "interpolate": 2000, "extrapolate": 2000}

    def make(wrong=0, **changes):
        document = manifest(made, sizes, **changes)
        return write_run(tmp_path / f"core{next(count)}", document, replaced(right(made, sizes), wrong))

    return make


@pytest.fixture
def board(tmp_path):
    return tmp_path / "board.sqlite"


@cache
def small_references():
    """The floors and the exact solver on the rows of the small season, as plain values."""
    return compute_references(SMALL)


def add_small(board):
    """Add the small season to a board in a database, which is created where there is none."""
    Board(board).add_season(SMALL_TEXT, SMALL, small_references())
    return board


@pytest.fixture
def season_board(board):
    """A board that has the small season, without submissions."""
    return add_small(board)


@pytest.fixture
def season_file(tmp_path):
    """The file of the small season."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL_TEXT)
    return path


def kept(task, correct, number=0, submitter=None, withdrawn=None, badge="re-scored", **changes):
    """A run on a board that answered the rows of the small season; the first `correct` of each split are right."""
    right = {split: np.arange(n) < correct for split, n in SMALL.tasks[0].rows.items()}
    totals = {split: Score(len(rows), int(rows.sum())) for split, rows in right.items()}
    scores = {split: SplitScore(total, {"all": total}) for split, total in totals.items()}
    solver = {split: Score(n, n) for split, n in SMALL.tasks[0].rows.items()}
    return SubmissionRecord(
        digest=f"{number:064x}",
        submitted=f"2026-01-01T00:00:{number:02d}Z",
        badge=badge,
        manifest=manifest(task, **changes),
        predictions_digest="0" * 64,
        checked=CheckResult(scores, solver, (), right={} if badge == "claimed" else right),
        withdrawn=withdrawn,
        submitter=submitter,
    )


def ranked(source, season=SMALL, with_references=False):
    """A board, or a list of submissions that know their right rows, as a season ranks it."""
    references = parse_references(small_references(), SMALL, "small") if with_references else {}
    if isinstance(source, Board):
        return RankedBoard(source.records(), season, references, RowCache(source.rights))
    known = {record.digest: record.checked.right for record in source}
    load = RowCache(lambda digests: {digest: known[digest] for digest in digests})
    return RankedBoard(source, season, references, load)


def models(table):
    """The models of a table with their ranks."""
    return [(line.rank, line.model) for line in table.lines if line.kind == "model"]
