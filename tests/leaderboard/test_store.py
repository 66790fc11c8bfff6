"""The board in a database: one content is one submission, nothing is lost, tampering is found."""

import multiprocessing
import sqlite3
from dataclasses import replace
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from mathbench.leaderboard.store import folder
from mathbench.leaderboard.store.any_board import answers_loader
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import Submission
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify

from .conftest import replaced

PROCESSES, ROUNDS = 8, 3


def test_submitting_twice_is_one_submission_and_two_attempts(run, board):
    path = run(wrong=3)
    first, second = submit_run(path, board), submit_run(path, board)
    assert (first.new, second.new, second.attempts) == (True, False, 2)
    assert first.digest == second.digest and first.badge == "re-scored"
    opened = Board(board)
    assert len(opened.records()) == 1 and opened.attempts() == {"kept": 1, "repeated": 1}


def test_what_is_kept_is_what_was_checked(run, board):
    receipt = submit_run(run(wrong=3), board)
    (kept,) = Board(board).records()
    assert kept.checked.scores == receipt.scores and kept.checked.differences == receipt.differences
    assert kept.checked.scores["interpolate"].total.correct == 297
    assert kept.manifest["scores"]["interpolate"]["correct"] == 300  # the claim stays beside it


def test_a_folder_holds_the_same(run, board, tmp_path):
    for wrong in (0, 3):
        submit_run(run(wrong=wrong), board)
    kept = Board(board).records()
    folder.export(kept, tmp_path / "results", answers_loader(board))
    assert folder.read_folder(tmp_path / "results") == kept
    folder.export(kept, tmp_path / "bare")
    assert folder.read_folder(tmp_path / "bare") == [replace(entry, badge="claimed") for entry in kept]


def test_withdrawal_leaves_a_trace(run, board):
    receipt = submit_run(run(), board)
    Board(board).withdraw(receipt.digest, "a bug in the encoding")
    (kept,) = Board(board).records()
    assert kept.withdrawn == "a bug in the encoding"


def _submit(paths, board, gate):
    gate.wait()
    for path in paths:
        submit_run(path, board)


def test_many_processes_lose_nothing_and_double_nothing(run, board):
    """Each process submits runs of its own and one that all of them submit; the board does not exist yet."""
    shared = run(wrong=99)
    own = [[run(wrong=i, seed=p) for i in range(ROUNDS)] for p in range(PROCESSES)]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mathbench.leaderboard.submit", "mathbench.leaderboard.store.board"])
    gate = context.Barrier(PROCESSES)
    workers = [context.Process(target=_submit, args=([shared, *paths], board, gate)) for paths in own]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    opened = Board(board, create=False)
    different = PROCESSES * ROUNDS + 1
    assert len(opened.records()) == different
    assert opened.attempts() == {"kept": different, "repeated": PROCESSES - 1}
    assert verify(opened) == (different, [])


def tampered(board, digest, change):
    """Write other predictions into the database, behind the board's back."""
    sent = Submission.from_stored(Board(board).records()[0].manifest, Board(board).predictions_bytes(digest))
    sink = BytesIO()
    pq.write_table(change(sent.predictions), sink)
    with sqlite3.connect(board) as connection:
        connection.execute("UPDATE submissions SET packed = ? WHERE digest = ?", (sink.getvalue(), digest))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda table: replaced(table, 1), "the predictions differ"),
        (lambda table: table.slice(1), "the predictions differ"),
        (lambda table: table.drop_columns("row"), "cannot be recomputed"),
    ],
)
def test_verify_finds_tampered_predictions(run, board, change, problem):
    digest = submit_run(run(), board).digest
    assert verify(Board(board)) == (1, [])
    tampered(board, digest, change)
    _, (finding,) = verify(Board(board))
    assert finding.digest == digest and finding.problem.startswith(problem)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE scores SET correct = n", "the scores differ"),
        ("DELETE FROM scores WHERE split = 'extrapolate'", "the scores differ"),
        ("UPDATE submissions SET manifest = replace(manifest, 'reversed', 'plain')", "the manifest differs"),
        ("UPDATE submissions SET packed = x'00'", "cannot be recomputed"),
        ("UPDATE submissions SET manifest = '{}'", "cannot be recomputed"),
        ("UPDATE submissions SET predictions_digest = 'x'", "the predictions differ"),
    ],
)
def test_verify_finds_other_tampering(run, board, statement, problem):
    submit_run(run(wrong=2), board)
    with sqlite3.connect(board) as connection:
        connection.execute(statement)
    _, (finding,) = verify(Board(board))
    assert finding.problem.startswith(problem)
