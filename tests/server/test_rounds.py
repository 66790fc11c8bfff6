"""Sealed rounds over HTTP: the whole course with a real server, and everything that is refused."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from mathbench.families import task as make_task
from mathbench.leaderboard.rounds import answers, host, log, private, sealed
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.server import responses
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from tests.leaderboard.test_commands import cli  # noqa: F401
from tests.leaderboard.test_commands import refused as cli_refused
from tests.leaderboard.test_rounds import START, rewritten, solved

from .test_api import refused

ROUNDS = "/api/v1/rounds"
WINTER = f"{ROUNDS}/winter"
SIZES = {"interpolate": 20, "extrapolate": 10}
WEIGHTS, OTHERS = "11" * 32, "22" * 32


def open_round(place, name="winter"):
    """A round of one hour with ten minutes for answers."""
    made, closes = [make_task("addition", digits=2)], START + timedelta(hours=1)
    secret = place / "secrets" / f"{name}.json"
    return host.open_round(place / "rounds" / name, made, SIZES, closes, 600, START, secret)


@pytest.fixture
def taking(board, tmp_path):
    """A client with the tokens of ada and bob, one open round and a clock of its own."""
    open_round(tmp_path)
    opened = Board(board)
    secrets = {name: tokens.create(opened, name) for name in ("ada", "bob")}
    limits = ServerLimits(
        max_body=200_000, submissions_per_minute=1000, submissions_per_token=1000, requests_per_minute=10_000
    )
    app = make_app(opened, limits, tmp_path / "rounds", tmp_path / "secrets")
    with TestClient(app, raise_server_exceptions=False) as client:
        client.tokens, client.board, client.folder = secrets, opened, tmp_path / "rounds" / "winter"
        client.secret = tmp_path / "secrets" / "winter.json"
        client.at = lambda **passed: setattr(
            app.state.round_folders, "now", lambda: START + timedelta(**passed)
        )
        client.at()
        yield client


def as_(client, name):
    return {"Authorization": f"Bearer {client.tokens[name]}"}


def challenge(client, weights=WEIGHTS, name="ada", model="mine"):
    said = {"model": model, "weights_sha256": weights}
    return client.post(f"{WINTER}/challenge", json=said, headers=as_(client, name))


def table_of(entered):
    rows = {name: [row[name] for row in entered["questions"]] for name in sealed.QUESTION_COLUMNS}
    return pa.table({k: pa.array(v, pa.int64() if k == "row" else pa.string()) for k, v in rows.items()})


def hand_in(client, table, entry="e1", weights=WEIGHTS, name="ada", data=None):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    parts = {"answers": ("any.name", sink.getvalue() if data is None else data)}
    address = f"{WINTER}/entries/{entry}/answers"
    return client.post(address, data={"weights_sha256": weights}, files=parts, headers=as_(client, name))


def end(client):
    host.close(client.folder, lambda: START + timedelta(minutes=50))
    return host.reveal(client.folder, lambda: START + timedelta(minutes=51), client.secret)


def test_from_challenge_to_scores(taking):
    entered = challenge(taking)
    assert entered.status_code == 201
    responses.EnteredReply.model_validate(entered.json())
    assert len(entered.json()["questions"]) == 30 and entered.json()["deadline"] == "2026-01-01T00:10:00Z"
    answered = hand_in(taking, solved(table_of(entered.json()), wrong=3))
    assert answered.status_code == 201
    responses.AnsweredReply.model_validate(answered.json())
    taking.at(minutes=1)
    scores = end(taking)
    assert {split: c["correct"] for split, c in scores["e1"]["addition-base10-digits2"].items()} == {
        "interpolate": 17,
        "extrapolate": 7,
    }
    for receipt in (entered.json()["receipt"], answered.json()["receipt"]):
        assert audit(taking.folder, receipt).problems == ()


def test_what_is_read_keeps_to_openapi(taking):
    entered = challenge(taking).json()
    hand_in(taking, solved(table_of(entered)))
    (brief,) = responses.RoundsReply.model_validate(taking.get(ROUNDS).json()).rounds
    assert (brief.name, brief.state, brief.entries, brief.answered) == ("winter", "open", 1, 1)
    whole = responses.WholeRoundReply.model_validate(taking.get(WINTER).json())
    assert [event.root["event"] for event in whole.events] == ["open", "challenge", "answer"]
    taking.at(hours=1, seconds=1)
    assert taking.get(WINTER).json()["state"] == "closed"  # nobody has closed it, but its time is over
    end(taking)
    assert taking.get(WINTER).json()["state"] == "revealed"
    sent = taking.get(f"{WINTER}/log")
    assert sent.content == (taking.folder / log.LOG_FILE).read_bytes()
    assert sent.headers["content-type"] == "application/x-ndjson"
    given = taking.get(f"{WINTER}/answers/e1")
    assert given.content == answers.answers_path(taking.folder, "e1").read_bytes()
    assert given.headers["content-type"] == "application/vnd.apache.parquet"


def test_openapi_describes_every_error(taking):
    paths = taking.get("/openapi.json").json()["paths"]
    mine = {path: methods for path, methods in paths.items() if "/rounds" in path}
    assert len(mine) == 6
    for path, methods in mine.items():
        for method, operation in methods.items():
            assert bool(operation.get("security")) == (method == "post"), path
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    schema = response["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/ErrorReply"), (path, status)


def test_nothing_tells_a_score_before_the_end(taking):
    entered = challenge(taking)
    answered = hand_in(taking, solved(table_of(entered.json()), wrong=3))
    refused(taking.get(f"{WINTER}/answers/e1"), 403, "after the round is revealed")
    host.close(taking.folder, lambda: START + timedelta(minutes=50))
    refused(taking.get(f"{WINTER}/answers/e1"), 403)
    secret = json.loads(taking.secret.read_text())
    shown = [entered, answered, *(taking.get(a) for a in (ROUNDS, WINTER, f"{WINTER}/log"))]
    for said in shown:
        assert not any(word in said.text for word in ("correct", "score", "exact", "token"))
        assert not any(value in said.text for value in secret.values())


@pytest.mark.parametrize("address", [ROUNDS, WINTER, f"{WINTER}/log"])
def test_an_etag_holds_until_the_log_grows(taking, address):
    first = taking.get(address)
    tag = {"If-None-Match": first.headers["etag"]}
    again = taking.get(address, headers=tag)
    assert again.status_code == 304 and again.content == b""
    challenge(taking)
    assert taking.get(address, headers=tag).status_code == 200


def test_a_lost_reply_can_be_asked_for_again(taking):
    first = challenge(taking)
    taking.at(minutes=9)
    again = challenge(taking)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    table = solved(table_of(first.json()))
    sent = [hand_in(taking, table) for _ in range(2)]
    assert [s.status_code for s in sent] == [201, 200] and sent[0].json() == sent[1].json()
    refused(hand_in(taking, table.slice(1)), 422, "has already answered")
    assert len(log.read(taking.folder)) == 3
    late = challenge(taking, OTHERS)
    taking.at(minutes=20)
    assert late.status_code == 201
    refused(
        challenge(taking, OTHERS), 422, "questions for these weights were already drawn"
    )  # too late to answer them


def test_many_enter_at_once(taking):
    rewritten(taking.folder, lambda said: said[0].update(entries_per_submitter=8))
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda i: challenge(taking, f"{i // 2:064x}"), range(16)))
    assert sorted(s.status_code for s in sent) == [200] * 8 + [201] * 8
    assert sorted({s.json()["entry"] for s in sent}) == [f"e{i}" for i in range(1, 9)]
    assert audit(taking.folder).problems == () and len(log.read(taking.folder)) == 9


def test_secrets_are_where_round_open_puts_them(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "default_path", lambda: tmp_path / "mine" / "board.sqlite")
    (tmp_path / "rounds").mkdir()
    made, closes = [make_task("addition", digits=2)], START + timedelta(hours=1)
    host.open_round(tmp_path / "rounds" / "winter", made, SIZES, closes, 600, START)
    with TestClient(make_app(Board(tmp_path / "b.sqlite"), rounds=tmp_path / "rounds")) as client:
        client.app.state.round_folders.now = lambda: START
        client.tokens = {"ada": tokens.create(client.app.state.board, "ada")}
        assert challenge(client).status_code == 201


def test_the_whole_course_with_a_real_server(cli, serve, board, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.bin").write_bytes(b"weights")
    (tmp_path / "secrets").mkdir()
    of = ("leaderboard", "round")
    sizes = ("--interpolate", "30", "--extrapolate", "0", "--closes", "1h")
    secret = ("--secret", "secrets/winter.json")
    assert cli(*of, "open", "rounds/winter", "--task", "addition:digits=2", *sizes, *secret)[0] == 0
    server = serve(board, "--rounds", "rounds", "--secrets", "secrets")
    url = f"{server.url}/rounds/winter"
    (tmp_path / "token").write_text(server.token)
    entering = (*of, "challenge", url, "--weights", "w.bin", "--model", "mine", "--out", "q.jsonl")
    cli_refused(cli(*entering), "MATHBENCH_TOKEN")
    monkeypatch.setenv("MATHBENCH_TOKEN", server.token)
    cli_refused(cli(*entering, *secret), "--secret applies to a round in a folder")
    code, _, err = cli(*entering)
    assert code == 0 and "e1: 30 questions" in err
    receipt = err.split("receipt: ")[1].strip()
    task = make_task("addition", digits=2)
    rows = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({"prediction": task.oracle(row.pop("question")), **row}) + "\n" for row in rows)
    )
    handing = (*of, "answer", url, "e1", "a.jsonl", "--weights", "w.bin", "--token-file", "token")
    assert cli(*handing)[0] == 0
    code, _, err = cli(*of, "verify", url, "--receipt", receipt)
    assert code == 0 and "not revealed yet" in err
    assert cli(*of, "fetch", url, "copy")[0] == 0 and cli(*of, "verify", "copy")[0] == 0
    assert cli(*of, "close", "rounds/winter")[0] == 0
    assert cli(*of, "reveal", "rounds/winter", *secret)[0] == 0
    code, _, err = cli(*of, "verify", url, "--receipt", receipt, "--weights", "w.bin")
    assert code == 0 and "commitment, questions, answers and scores of 1 entries pass verification" in err
    code, out, _ = cli(*of, "verify", url, "--receipt", "0" * 64)
    assert code == 1 and "not in the log" in out
    (shown,) = json.loads(cli(*of, "show", url, "--json")[1])["entries"]
    assert (shown["right"], shown["of"]) == (30, 30)
    assert cli(*of, "fetch", url, "copy")[0] == 0 and audit(tmp_path / "copy", receipt).revealed
    assert cli(*of, "publish", "copy", "--board", board)[0] == 0
    (tmp_path / "copy" / log.LOG_FILE).write_text("another\n")
    cli_refused(cli(*of, "fetch", url, "copy"), "the log in 'copy' does not match")
    cli_refused(cli(*of, "fetch", url, "secrets"), "neither a round nor an empty folder")
    cli_refused(cli(*of, "fetch", "copy", "other"), "from a URL")
    cli_refused(cli(*of, "show", f"{server.url}/winter"), "the URL of a round must be like")
    cli_refused(cli(*of, "show", f"{server.url}/rounds/summer"), "404", "no round 'summer'")
    (tmp_path / "q.jsonl").unlink()
    cli_refused(cli(*entering), "422", "already revealed")
    answers.answers_path(tmp_path / "rounds" / "winter", "e1").unlink()
    code, out, _ = cli(*of, "verify", url)
    assert code == 1 and "e1: the answers are missing" in out
    assert not (tmp_path / "q.jsonl").exists()
    assert "Traceback" not in server.text() and server.token not in server.text()
