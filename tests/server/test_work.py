"""The work that a submission may ask for: estimated before it is scored, and counted for its token."""

from functools import partial

import pytest
from starlette.testclient import TestClient

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.server import scoring_process, work_estimate
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.server.scoring_process import Long, Rejected, Scored, WorkLimits
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.uses import HOUR, LEASE_SECONDS, SharedLimits, TokenLimits
from mathbench.leaderboard.submission import Manifest, Submission, open_submission
from tests.leaderboard import conftest as runs

from .test_api import SUBMIT, refused

LONG_PRIMES = {"digits": 300, "shortest": 280}
GREEDY = {"interpolate": 30_000, "extrapolate": 30_000}  # rows, of which one is answered


def one_answer(folder, name, sizes, **parameters):
    """A submission that answers one row of those that it asks for."""
    task = make_task(name, **parameters)
    answers = runs.right(task, {"interpolate": 1, "extrapolate": 0})
    return runs.written_by_anybody(folder, runs.from_anybody(task, sizes), answers, "predictions.jsonl")


def in_form(folder):
    """The files of a submission in a folder, as a form."""
    return {
        "manifest": (folder / "submission.json").read_bytes(),
        "predictions": (folder / "predictions.jsonl").read_bytes(),
    }


@pytest.fixture
def received(tmp_path):
    """A submission as the server saves it."""

    def save(*args, **kwargs):
        sent = one_answer(tmp_path / "sent", *args, **kwargs)
        for part, content in in_form(sent).items():
            (tmp_path / part).write_bytes(content)
        return tmp_path

    return save


def test_a_body_of_one_row_cannot_ask_for_hours(client, tmp_path):
    """60,000 long primes take ten minutes to make."""
    reply = client.post(SUBMIT, files=in_form(one_answer(tmp_path / "a", "prime", GREEDY, **LONG_PRIMES)))
    refused(reply, 422, "at most 30 seconds", "Received: 60,000 rows", "Request fewer rows")
    assert client.board.attempts() == {"refused": 1}


def test_a_refusal_says_how_many_rows_fit(tmp_path):
    sent = open_submission(one_answer(tmp_path / "a", "prime", GREEDY, **LONG_PRIMES))
    with pytest.raises(InputError, match=r"suffices for about [\d,]+ rows of prime") as caught:
        work_estimate.estimate(sent, short=1, allowed=5)
    fitting = int(str(caught.value).split("about ")[1].split(" ")[0].replace(",", ""))
    assert 10 < fitting < 10_000


@pytest.mark.parametrize(
    ("name", "parameters"), [("addition", {}), ("expression", {}), ("deepmind/numbers__gcd", {})]
)
def test_cheap_rows_are_short_work(tmp_path, name, parameters):
    sent = open_submission(
        one_answer(tmp_path / "a", name, {"interpolate": 500, "extrapolate": 500}, **parameters)
    )
    work = work_estimate.estimate(sent, short=1e-9, allowed=1e9)  # all rows are made
    assert work.rows == 1000 and 0 < work.seconds < 10


def test_the_first_rows_do_not_decide(tmp_path, monkeypatch):
    """A later row that costs more raises the estimate: each part replaces the part before."""
    cheap, dear = [0, 0.01], [0, 8]  # before and after some rows, or some rows of the solver
    times = [0, *cheap * 4, 0.05, *dear, 8]
    monkeypatch.setattr(work_estimate, "process_time", partial(next, iter(times)))
    sent = open_submission(one_answer(tmp_path / "a", "addition", {"interpolate": 1000, "extrapolate": 0}))
    with pytest.raises(InputError, match="Received: 1,000 rows"):
        work_estimate.estimate(sent, short=0.1, allowed=30)


def test_an_estimate_refuses_what_the_checker_refuses(tmp_path):
    sent = open_submission(one_answer(tmp_path / "a", "addition", {"interpolate": 10, "extrapolate": 0}))
    empty = Submission(sent.manifest, sent.predictions.slice(0, 0))
    assert work_estimate.estimate(empty, 1, 30).rows == 10
    sizes = {"data": {"seed": 0, "sizes": {"interpolate": 0, "extrapolate": 0}}}
    nothing = Submission(Manifest({**sent.manifest.document, **sizes}), sent.predictions.slice(0, 0))
    with pytest.raises(InputError, match="nothing to score"):
        work_estimate.estimate(nothing, 1, 30)


def test_long_work_is_scored_apart(received):
    folder = received("prime", {"interpolate": 150, "extrapolate": 0}, **LONG_PRIMES)
    limits = WorkLimits(120, 60)
    first = scoring_process.check_short(folder, limits)
    assert first.found == Long() and 0 < first.work < scoring_process.SHORT_MAX
    second = scoring_process.check_long(folder, limits)
    assert isinstance(second.found, Scored) and second.work > first.work
    assert second.found.checked.scores["interpolate"].total.n == 150


def test_a_wrong_estimate_does_not_help(received):
    """The CPU time is limited by the system, whatever was estimated."""
    folder = received("prime", {"interpolate": 3000, "extrapolate": 0}, **LONG_PRIMES)
    found = scoring_process.check_long(folder, WorkLimits(120, 1)).found
    assert isinstance(found, Rejected) and "at most 1 seconds of CPU time" in found.why


def limits_of(board, **given):
    now = [1e9]
    known = {"submissions": 1000, "per_token": 1000, "work": 10, **given}
    return now, [SharedLimits(Board(board), TokenLimits(**known), lambda: now[0]) for _ in range(2)]


def test_the_work_of_a_token_is_limited_on_all_servers(any_database):
    now, (one, other) = limits_of(any_database)
    assert one.submission("ada") == 0
    one.release("ada", 6)
    now[0] += 100
    assert other.submission("ada") == 0
    other.release("ada", 6)
    assert one.submission("ada") == other.submission("ada") == HOUR - 100
    assert one.submission("bob") == 0
    now[0] += HOUR - 100
    assert one.submission("ada") == 0


def test_the_submissions_of_a_minute_are_counted_on_all_servers(any_database):
    now, (one, other) = limits_of(any_database, submissions=3, per_token=2)
    assert [server.submission("ada") for server in (one, other, one)] == [0, 0, 60]
    now[0] += 10.5
    assert one.submission("bob") == 0
    assert other.submission("eve") == 50  # refused ones do not count, of ada or of eve
    now[0] += 49.5
    assert [other.submission("ada"), one.submission("eve")] == [0, 0]


def test_one_server_at_a_time_has_the_lease_of_a_token(any_database):
    now, (one, other) = limits_of(any_database)
    assert one.acquire("ada") and not other.acquire("ada") and other.acquire("bob")
    assert one.acquire("ada")  # renewed
    other.release("ada")  # not its own
    assert not other.acquire("ada")
    one.release("ada")
    assert other.acquire("ada") and not one.acquire("ada")
    now[0] += LEASE_SECONDS  # the server was killed
    assert one.acquire("ada") and not other.acquire("ada")


def test_a_token_that_used_its_work_waits(board, run):
    opened = Board(board)
    secret = tokens.create(opened, "ada")
    with TestClient(make_app(opened, ServerLimits(work_per_token=1e-6))) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        folder = run()
        files = {
            "manifest": (folder / "result.json").read_bytes(),
            "predictions": (folder / "predictions.parquet").read_bytes(),
        }
        assert client.post(SUBMIT, files=files).status_code == 201
        late = client.post(SUBMIT, files=files)
        refused(late, 429, "try again in")
        assert HOUR - 100 < int(late.headers["retry-after"]) <= HOUR
