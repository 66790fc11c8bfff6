"""A revealed round on a board: the same checker finds the same scores, and once more changes nothing."""

import json
import shutil

import pyarrow.compute as pc
import pytest

from mathbench.errors import InputError
from mathbench.leaderboard import seal
from mathbench.leaderboard.rounds import answers, host, log
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.publish import publish
from mathbench.leaderboard.rounds.rules import Round
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.tables import AttemptRow
from mathbench.leaderboard.verify import verify

from .test_commands import cli, refused  # noqa: F401
from .test_rounds import at, one, round_of, solved  # noqa: F401


def test_every_entry_and_task_is_a_submission(round_of, board):  # noqa: F811
    scores = round_of.play()
    found = publish(round_of.folder, board)
    assert [put.entry for put in found] == ["e1", "e1", "e2", "e2", "e3", "e3"]  # e3 never answered
    for published in found:
        kept = published.result.record
        right = {split: score.total.correct for split, score in kept.checked.scores.items()}
        said = scores[published.entry][kept.manifest["task"]["name"]]
        assert right == {split: count["correct"] for split, count in said.items()}
        assert kept.badge == "re-scored" and kept.manifest["round"]["name"] == "winter"
    assert verify(Board(board)) == (6, [])


def test_published_again_it_is_the_same(round_of, board):  # noqa: F811
    round_of.play()
    first, again = (publish(round_of.folder, board) for _ in range(2))
    assert all(put.result.new for put in first) and not any(put.result.new for put in again)
    assert [put.result.record.digest for put in first] == [put.result.record.digest for put in again]
    with Board(board).transaction() as session:
        assert {row.message for row in session.query(AttemptRow)} == {"round winter"}


def test_the_data_are_those_of_the_entry(one, board):  # noqa: F811
    entry, asked = one.challenge("a")
    one.answer(entry.name, "a", solved(asked).slice(0, 1))
    host.close(one.folder, at(minutes=1))
    host.reveal(one.folder, at(minutes=2), one.secret)
    (published,) = publish(one.folder, board)
    said, read = published.result.record.manifest, Round(log.read(one.folder))
    assert said["data"]["seed"] == seal.entry_seed(read.reveal["seed"], entry.weights)
    assert said["model"] == {
        "name": "a",
        "revision": None,
        "weights_sha256": entry.weights,
        "framework": None,
        "parameters": None,
    }
    assert said["training"] == {"seeds": [], "data_digest": None, "budget": None, "external_data": True}
    assert [score.total.correct for score in published.result.record.checked.scores.values()] == [1, 0]


def test_a_task_without_an_answer_is_all_wrong(round_of, board):  # noqa: F811
    entry, asked = round_of.challenge("a")
    round_of.answer(entry.name, "a", solved(asked).filter(pc.equal(asked["task"], "gcd-base10-digits2")))
    host.close(round_of.folder, at(minutes=1))
    host.reveal(round_of.folder, at(minutes=2), round_of.secret)
    kept = [put.result.record for put in publish(round_of.folder, board)]
    assert [[s.total.correct for s in k.checked.scores.values()] for k in kept] == [[0, 0], [60, 40]]


def test_what_is_not_revealed_or_does_not_hold_stays_off_the_board(round_of, board):  # noqa: F811
    entry, asked = round_of.challenge("a")
    round_of.answer(entry.name, "a", solved(asked), minutes=1)
    with pytest.raises(InputError, match="not revealed yet"):
        publish(round_of.folder, board)
    host.close(round_of.folder, at(minutes=2))
    host.reveal(round_of.folder, at(minutes=3), round_of.secret)
    answers.answers_path(round_of.folder, "e1").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="fails verification: e1: the answers differ"):
        publish(round_of.folder, board)
    assert not board.exists()


def test_a_host_may_hold_answers_back_until_the_end(one):  # noqa: F811
    entry, asked = one.challenge("a")
    one.answer(entry.name, "a", solved(asked), minutes=1)
    shutil.rmtree(one.folder / answers.FOLDER)
    assert audit(one.folder).problems == ()


def test_the_command(cli, round_of, board, tmp_path):  # noqa: F811
    publishing = ("leaderboard", "round", "publish", round_of.folder, "--board")
    refused(cli(*publishing, board), "not revealed yet")
    round_of.play()
    code, out, err = cli(*publishing, board, "--json")
    assert code == 0 and [row["new"] for row in json.loads(out)] == [True] * 6 and "6 submissions" in err
    assert "0 submissions" in cli(*publishing, board)[2]
    tables = json.loads(cli("leaderboard", "show", "--open", "--board", board, "--json")[1])["tables"]
    assert {line["model"] for t in tables for line in t["lines"] if line["submissions"]} == {
        "a",
        "b",
        "silent",
    }
    refused(cli(*publishing, tmp_path), "is a folder")
    refused(cli(*publishing, "http://127.0.0.1:1"), "unknown kind of board")
    refused(cli("leaderboard", "round", "publish", tmp_path, "--board", board), "is not a round")
    for step in ("close", "reveal", "publish"):
        refused(cli("leaderboard", "round", step, "http://127.0.0.1:1/rounds/winter"), "not over HTTP")
