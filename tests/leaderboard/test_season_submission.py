"""Answers to all tasks of a season in one file: split into one submission per task, checked, stored and sent."""

import gzip
import hashlib
import json
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import jsonschema_rs
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.leaderboard import client, submit
from mathbench.leaderboard.ranking.entries import entries
from mathbench.leaderboard.seasons import expand, questions
from mathbench.leaderboard.seasons.files import load_season
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.scores.scorer import regenerate_split
from tests.commands import outcome

SEASON = load_season("core-1")
TASKS = ("gcd", "residues-of-7")


def answers(*names, own=False, wrong=0):
    """The right answers to tasks of the season, named as in the season or, on request, by their own names."""
    parts = []
    for name in names:
        task = SEASON.task(name)
        for split, n in task.rows.items():
            truth = regenerate_split(task.task, task.seed, split, n)
            said = truth["answer"].to_pylist()
            said[:wrong] = ["wrong"] * wrong
            named = {"task": [task.task.name if own else name] * n, "split": [split] * n}
            parts.append(pa.table({**named, "row": truth["row"], "prediction": said}))
    return pa.concat_tables(parts).combine_chunks()


def document(**changes):
    return {
        "schema_version": 3,
        "season": "core-1",
        "supervision": "examples",
        "model": {
            "name": "mine",
            "revision": "1",
            "weights_sha256": None,
            "framework": None,
            "parameters": 7,
        },
        "training": {"seeds": [0], "data_digest": None, "budget": None, "external_data": False},
        "environment": {},
        "command": None,
        "commit": None,
        **changes,
    }


@pytest.fixture
def written(tmp_path):
    """Write a submission to a season."""

    def write(table, folder="mine", **changes):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        pq.write_table(table, place / "answers.parquet")
        sha256 = hashlib.sha256((place / "answers.parquet").read_bytes()).hexdigest()
        entry = {"predictions": {"file": "answers.parquet", "sha256": sha256}}
        (place / "submission.json").write_text(json.dumps(document(**{**entry, **changes})))
        return place / "submission.json"

    return write


def test_one_submission_per_task_which_the_season_ranks(written, board):
    sent = submit.open_season_submission(written(answers(*TASKS, wrong=3)))
    receipts = submit.submit_season(sent, board)
    assert [receipt.new for receipt in receipts] == [True, True]
    found = entries(Board(board).records(), SEASON)
    assert [entry.task.name for entry in found] == list(TASKS) and all(entry.complete for entry in found)
    scores = [entry.first.checked.scores["interpolate"].total for entry in found]
    assert [(score.n, score.n - score.correct) for score in scores] == [(2000, 3)] * 2


def test_the_same_answers_are_the_same_submissions_whatever_the_file_and_the_order(written, board):
    first = submit.open_season_submission(written(answers(*TASKS)))
    table = answers(*reversed(TASKS), own=True)
    other = submit.open_season_submission(written(table.take(list(range(table.num_rows))[::-1]), "other"))
    assert [s.digest for s in first.submissions] == [s.digest for s in other.submissions]
    submit.submit_season(first, board)
    assert [receipt.new for receipt in submit.submit_season(other, board)] == [False, False]
    assert Board(board).attempts() == {"kept": 2, "repeated": 2}


def test_what_is_sent_is_the_same_submission(written, tmp_path):
    for submission in submit.open_season_submission(written(answers("gcd"))).submissions:
        folder = tmp_path / "sent"
        folder.mkdir()
        for name, content in expand.submission_parts(submission).values():
            (folder / name).write_bytes(content)
        assert open_submission(folder).digest == submission.digest


def test_none_is_stored_if_one_is_refused(written, board):
    table = answers(*TASKS)
    twice = pa.concat_tables([table, table.slice(table.num_rows - 1)])
    sent = submit.open_season_submission(written(twice))
    with pytest.raises(InputError, match=r"divisible-7.*extrapolate: each row may be answered only once"):
        submit.submit_season(sent, board)
    assert Board(board).attempts() == {"refused": 1}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"season": None}, "season must be printable text"),
        ({"season": "core-9"}, "season 'core-9'"),
        ({"schema_version": 2}, "schema_version must be"),
        (
            {"predictions": {"file": "none.parquet", "sha256": "0" * 64}},
            "must contain submission.json and none",
        ),
        ({"predictions": {"file": "answers.parquet", "sha256": "0" * 64}}, "does not match the manifest"),
        ({"scores": {}}, "unknown key"),
    ],
)
def test_refused_manifests(written, board, changes, error):
    Board(board)
    with pytest.raises(InputError, match=error):
        submit.open_season_submission(written(answers("gcd"), **changes), board)


def test_tasks_that_the_season_does_not_have(written):
    table = answers("gcd")
    foreign = table.set_column(0, "task", pa.array(["gdc"] * table.num_rows))
    with pytest.raises(
        InputError, match=r"4,000 rows of tasks that are not in the season core-1.*'gdc'.*gcd"
    ):
        submit.open_season_submission(written(foreign))
    with pytest.raises(InputError, match="it has no lines"):
        empty = {"file": "a.jsonl", "sha256": hashlib.sha256(b"").hexdigest()}
        expand.expand(document(predictions=empty), b"", SEASON)


def test_other_manifests_are_left_to_others(run):
    assert submit.open_season_submission(run()) is None


def test_the_schema_describes_the_same(written):
    validator = jsonschema_rs.validator_for(expand.SEASON_SUBMISSION.json_schema())
    stated = json.loads(written(answers("gcd")).read_text())
    assert validator.is_valid(stated)
    for changes in ({"season": None}, {"task": {}}, {"schema_version": 2}):
        assert not validator.is_valid({**stated, **changes})


def test_the_commands(written, board, tmp_path):
    file = written(answers(*TASKS))
    code, out, err = outcome("submit", file, "--board", board, "--dry-run")
    assert code == 0 and not board.exists() and "nothing was kept of 2 submissions" in err
    assert "no answers to 30 of 32 tasks: even-base3" in err
    code, out, err = outcome("submit", file, "--board", board)
    assert code == 0 and out.count("100.00%") >= 4 and "kept 2 submissions" in err
    code, out, err = outcome("submit", file, "--board", board, "--json")
    assert code == 0 and [found["new"] for found in json.loads(out)] == [False] * 2 and "2 were there" in err
    code, out, err = outcome("submit", written(answers("gcd"), season="core-9"), "--board", board)
    assert code == 2 and out == "" and err.startswith("error:") and err.count("\n") == 1


class Busy(BaseHTTPRequestHandler):
    """A server that has too many requests twice, and then takes them."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        busy = self.server.busy.pop() if self.server.busy else None
        body = json.dumps({"error": "too many requests"} if busy else self.server.receipt).encode()
        self.send_response(429 if busy else 201)
        if busy:
            self.send_header("Retry-After", busy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Nothing."""


@contextmanager
def busy_server(receipt, *busy):
    server = HTTPServer(("127.0.0.1", 0), Busy)
    server.busy, server.receipt = list(reversed(busy)), receipt.to_json()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_client_waits_as_long_as_a_busy_server_says(written, monkeypatch):
    monkeypatch.setenv("MATHBENCH_TOKEN", "mb_secret")
    sent, waits = submit.open_season_submission(written(answers("gcd"))), []
    receipt = submit.dry_run_season(sent)[0]
    with busy_server(receipt, "7", "soon", "12345678") as url:
        found = submit.submit_season(sent, url, wait=waits.append)
    assert waits == [7, client.PAUSE, client.MAX_WAIT] and found[0].digest == receipt.digest
    with busy_server(receipt, *["1"] * 99) as url, pytest.raises(InputError, match="refused with 429"):
        submit.submit_season(sent, url, wait=waits.append)


def test_a_file_of_questions_is_what_the_checker_regenerates(tmp_path, cli=outcome):
    for name in ("q.parquet", "q.jsonl", "q.jsonl.gz"):
        code, out, err = cli("leaderboard", "questions", "--task", "gcd", "--out", tmp_path / name)
        assert code == 0 and out == "" and "wrote 4,000 questions of 1 tasks of core-1" in err
    rows = pq.read_table(tmp_path / "q.parquet").to_pylist()
    assert rows == [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    assert gzip.decompress((tmp_path / "q.jsonl.gz").read_bytes()) == (tmp_path / "q.jsonl").read_bytes()
    assert list(rows[0]) == ["split", "row", "question", "task"] and {row["task"] for row in rows} == {"gcd"}
    task = SEASON.task("gcd")
    truth = regenerate_split(task.task, task.seed, "extrapolate", 2000)
    assert [row["question"] for row in rows if row["split"] == "extrapolate"] == truth["question"].to_pylist()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--out", "q.csv"), "must end in .parquet"),
        (("--out", "q.jsonl", "--task", "gdc"), "no task 'gdc'"),
        (("core-0", "--out", "q.jsonl"), "unknown season 'core-0'"),
        (("--out", "none/q.jsonl", "--task", "gcd"), "cannot be written"),
    ],
)
def test_refused_files_of_questions(words, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = outcome("leaderboard", "questions", *words)
    assert code == 2 and out == "" and error in err and err.count("\n") == 1, err
    assert not list(tmp_path.iterdir())


def test_the_questions_of_a_sealed_season_are_not_there():
    from mathbench.leaderboard.seasons.season import Sealed

    with pytest.raises(InputError, match="is sealed"):
        questions.write_questions(replace(SEASON, sealed=Sealed("0" * 64)), None, ".jsonl")
