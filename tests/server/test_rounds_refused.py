"""What a server of sealed rounds refuses: in one line, and nothing is written."""

import json
import shutil
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from mathbench.errors import InputError
from mathbench.leaderboard import client as remote
from mathbench.leaderboard.rounds import host, log
from mathbench.leaderboard.rounds.audit import audit
from mathbench.leaderboard.rounds.client import remote_round
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.server.round_folders import RoundFolders
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.storage import atomic
from tests.leaderboard.test_rounds import START, as_earlier, solved

from .test_api import refused
from .test_fuzz import FEW, VALUES, fine
from .test_rounds import (  # noqa: F401
    OTHERS,
    ROUNDS,
    WEIGHTS,
    WINTER,
    as_,
    challenge,
    end,
    hand_in,
    open_round,
    table_of,
    taking,
)


def test_the_same_weights_get_no_second_questions(taking):  # noqa: F811
    first = challenge(taking).json()
    refused(challenge(taking, name="bob"), 422, "questions for these weights were already drawn")
    refused(challenge(taking, model="another"), 422, "questions for these weights were already drawn")
    hand_in(taking, solved(table_of(first)))
    refused(challenge(taking), 422, "questions for these weights were already drawn")
    assert len(log.read(taking.folder)) == 3


def test_only_who_asked_answers(taking):  # noqa: F811
    table = solved(table_of(challenge(taking).json()))
    refused(hand_in(taking, table, name="bob"), 403, "was not registered with this token")
    local = host.challenge(taking.folder, "of-the-host", OTHERS, lambda: START, taking.secret)[0]
    refused(hand_in(taking, table, local.name, OTHERS), 403)
    assert hand_in(taking, table).status_code == 201
    published = b"".join(path.read_bytes() for path in taking.folder.rglob("*") if path.is_file())
    # the name of a token is public, the token is not
    assert b'"submitter":"ada"' in published and b'"submitter":null' in published
    assert not any(token.encode() in published for token in taking.tokens.values())
    assert not (taking.secret.parent / "winter.tokens.json").exists()


def test_the_tokens_of_a_round_of_an_earlier_version_stay_beside_its_secret(taking):  # noqa: F811
    as_earlier(taking.folder)
    table = solved(table_of(challenge(taking).json()))
    assert b"ada" not in (taking.folder / log.LOG_FILE).read_bytes()
    assert (taking.secret.parent / "winter.tokens.json").stat().st_mode & 0o077 == 0
    refused(hand_in(taking, table, name="bob"), 403, "was not registered with this token")
    assert hand_in(taking, table).status_code == 201


def test_without_a_good_token_nothing_is_read(taking):  # noqa: F811
    for secret in ("", "mb_wrong"):
        head = {"Authorization": f"Bearer {secret}"}
        refused(taking.post(f"{WINTER}/challenge", content=b"x", headers=head), 401, "token")
        refused(taking.post(f"{WINTER}/entries/e1/answers", content=b"x", headers=head), 401, "token")
    assert len(log.read(taking.folder)) == 1


def test_rates_are_those_of_submissions(board, tmp_path):
    open_round(tmp_path)
    secret = tokens.create(Board(board), "ada")
    app = make_app(
        Board(board), ServerLimits(submissions_per_token=2), tmp_path / "rounds", tmp_path / "secrets"
    )
    with TestClient(app, headers={"Authorization": f"Bearer {secret}"}) as client:
        came = [client.post(f"{WINTER}/challenge", json={}).status_code for _ in range(3)]
    assert came == [422, 422, 429]


def test_late_and_closed(taking):  # noqa: F811
    table = solved(table_of(challenge(taking).json()))
    taking.at(minutes=10, seconds=1)
    refused(hand_in(taking, table), 422, "too late, the deadline was 2026-01-01 00:10:00")
    taking.at(hours=1, seconds=1)
    refused(challenge(taking, OTHERS), 422, "too late")
    end(taking)
    refused(hand_in(taking, table), 422, "revealed")
    refused(challenge(taking, OTHERS), 422, "revealed")
    refused(taking.get(f"{WINTER}/answers/e1"), 404, "no answers")


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("row", 20, "1 unknown, the first: 20"),
        ("row", 1, "1 repeated, the first: 1"),
        ("split", "train", "no split 'train'"),
        ("task", "gcd", "tasks outside the round; the first: 'gcd'"),
    ],
)
def test_foreign_rows(taking, column, value, words):  # noqa: F811
    table = solved(table_of(challenge(taking).json()))
    at, kind = table.column_names.index(column), table.schema.field(column).type
    values = [value, *table[column].to_pylist()[1:]]
    refused(hand_in(taking, table.set_column(at, column, pa.array(values, kind))), 422, words)
    assert len(log.read(taking.folder)) == 2


def test_wrong_digests_and_broken_files(taking):  # noqa: F811
    table = solved(table_of(challenge(taking).json()))
    refused(hand_in(taking, table, weights=OTHERS), 422, "was registered with weights")
    refused(hand_in(taking, table, weights="x" * 64), 422, "weights_sha256")
    refused(hand_in(taking, table, data=b"PAR1" * 9), 422, "answers.parquet")
    refused(hand_in(taking, table, data=b"\x1f\x8b" * 9), 422, "gzip")
    refused(hand_in(taking, table, data=b""), 422, "answers.jsonl")
    refused(hand_in(taking, table, data=b"0" * 300_000), 413, "200,000 bytes")
    rows = table.to_pylist()
    # integers are their digits, other numbers are refused with their row
    rows[0]["prediction"] = int(rows[0]["prediction"])
    broken = [*rows[:3], rows[3] | {"prediction": 1.5}]
    lines, wrong = ("".join(json.dumps(row) + "\n" for row in said).encode() for said in (rows, broken))
    refused(hand_in(taking, table, data=wrong), 422, "the number 1.5 in row 3 of ")
    assert hand_in(taking, table, data=lines).status_code == 201
    assert audit(taking.folder).problems == ()


OTHER_CHALLENGES = [
    [],
    {},
    {"model": "m"},
    {"model": "m", "weights_sha256": "A" * 64},
    {"model": "m\n", "weights_sha256": WEIGHTS},
    {"model": "", "weights_sha256": WEIGHTS},
    {"model": "m" * 201, "weights_sha256": WEIGHTS},
    {"model": "m", "weights_sha256": WEIGHTS, "entry": "e9"},
    {"model": ["m"], "weights_sha256": 1},
]


def test_other_challenges(taking):  # noqa: F811
    for said in OTHER_CHALLENGES:
        refused(taking.post(f"{WINTER}/challenge", json=said, headers=as_(taking, "ada")), 422)
    assert len(log.read(taking.folder)) == 1


def test_other_bodies(taking):  # noqa: F811
    head, address = as_(taking, "ada"), f"{WINTER}/challenge"
    refused(taking.post(address, data={"model": "m"}, headers=head), 415, "application/json")
    kind = {**head, "Content-Type": "application/json"}
    refused(taking.post(address, content=b"[" * 9_000, headers=kind), 422)
    refused(taking.post(address, content=b"x" * 20_000, headers=kind), 413, "10,000 bytes")
    challenge(taking)
    address = f"{WINTER}/entries/e1/answers"
    refused(taking.post(address, json={}, headers=head), 415, "the file answers and the field weights_sha256")
    both = {"weights_sha256": ("w", b"x"), "answers": ("a", b"x")}
    refused(taking.post(address, files=both, headers=head), 400, "Too many files")
    refused(taking.post(address, files={"answers": ("a", b"x")}, headers=head), 400, "each once")


OTHER_NAMES = ["summer", "..", "%2e%2e", "..%2fwinter", "winter%2f..%2fwinter", ".hidden", "win%00ter"]


def test_other_names(taking):  # noqa: F811
    (taking.folder.parent / ".hidden").mkdir()
    shutil.copy(taking.folder / log.LOG_FILE, taking.folder.parent / ".hidden")
    (taking.folder.parent / "empty").mkdir()
    for name in (*OTHER_NAMES, "a" * 101, "é", "winter%0a", "empty"):
        for address in (f"{ROUNDS}/{name}/log", f"{ROUNDS}/{name}/answers/e1"):
            assert taking.get(address).status_code in (404, 422), address
        sent = taking.post(f"{ROUNDS}/{name}/challenge", json={}, headers=as_(taking, "ada"))
        assert sent.status_code in (404, 405, 422) and list(sent.json()) == ["error"]
    assert [one["name"] for one in taking.get(ROUNDS).json()["rounds"]] == ["winter"]


def test_other_entries(taking):  # noqa: F811
    for entry in ("e0", "e1", "..%2flog", "e1.parquet", "%2e%2e%2flog.jsonl", "e" + "9" * 40):
        assert taking.get(f"{WINTER}/answers/{entry}").status_code in (403, 404, 422)
        sent = taking.post(f"{WINTER}/entries/{entry}/answers", headers=as_(taking, "ada"))
        assert sent.status_code in (404, 422) and list(sent.json()) == ["error"]


def test_a_round_whose_secret_is_elsewhere_is_only_shown(taking):  # noqa: F811
    taking.secret.rename(taking.secret.with_name("moved.json"))
    refused(challenge(taking), 409, "does not accept entries over HTTP")
    assert str(taking.secret.parent) not in challenge(taking).text
    assert taking.get(WINTER).json()["state"] == "open"


def test_a_log_that_does_not_hold(taking):  # noqa: F811
    (taking.folder / log.LOG_FILE).write_text("{}\n")
    assert taking.get(ROUNDS).json() == {"rounds": []}
    refused(taking.get(WINTER), 422, "line 1")
    refused(challenge(taking), 422, "line 1")
    assert taking.get(f"{WINTER}/log").content == b"{}\n"  # so that anybody sees what is wrong with it


def test_while_another_process_writes_one_is_told_to_come_again(taking, monkeypatch):  # noqa: F811
    monkeypatch.setattr(host, "LOCK_TIMEOUT", 0.05)
    with atomic.folder_lock(taking.folder):
        late = challenge(taking)
    refused(late, 429, "try again in")
    assert late.headers["retry-after"] == "1" and challenge(taking).status_code == 201


def test_a_token_gets_so_many_entries(taking):  # noqa: F811
    # other names of models do not help
    sent = [challenge(taking, f"{i:064x}", model=f"mine-{i}") for i in range(4)]
    assert [one.status_code for one in sent] == [201, 201, 201, 422]
    refused(sent[3], 422, "ada has 3 of at most 3 entries in this round")
    refused(
        challenge(taking, WEIGHTS, "bob", "Mine_0"), 422, "the name 'Mine_0' belongs to ada in this round"
    )
    assert challenge(taking, WEIGHTS, "bob", "his").status_code == 201


def test_a_server_without_rounds(client):
    refused(client.get(ROUNDS), 404, "/docs")


def test_where_rounds_may_lie(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        RoundFolders(tmp_path / "none")
    with pytest.raises(InputError, match="must not be"):
        RoundFolders(tmp_path, tmp_path / "secrets")


def test_odd_requests_are_refused_in_one_line(taking):  # noqa: F811
    values = VALUES | st.just("mine") | st.just(WEIGHTS)
    said = st.dictionaries(st.sampled_from(["model", "weights_sha256", "entry"]), values, max_size=3)

    @FEW
    @given(said, st.binary(max_size=300), st.text(max_size=60))
    def send(document, body, name):
        head = as_(taking, "ada")
        kind = {**head, "Content-Type": "application/json"}
        fine(taking.post(f"{WINTER}/challenge", content=json.dumps(document).encode(), headers=kind))
        fine(taking.post(f"{WINTER}/challenge", content=body, headers=kind))
        part = b'--b\r\nContent-Disposition: form-data; name="answers"; filename="a"\r\n\r\n' + body
        form = {**head, "Content-Type": "multipart/form-data; boundary=b"}
        fine(taking.post(f"{WINTER}/entries/e1/answers", content=part + b"\r\n--b--\r\n", headers=form))
        fine(taking.get(f"{ROUNDS}/{quote(name, safe='')}/answers/{quote(name, safe='')}"))

    challenge(taking)
    send()
    assert audit(taking.folder).problems == ()


def test_odd_answers_of_a_server_are_one_line(taking, monkeypatch):  # noqa: F811
    """A server cannot make an entrant believe in questions or receipts that are not in its log."""
    good = challenge(taking).json()
    far = remote_round("http://127.0.0.1:8000/rounds/winter")

    def said(**changes):
        body = json.dumps(good | changes).encode()
        monkeypatch.setattr(remote, "request", lambda *_, **__: (200, body))
        return far.challenge("mine", WEIGHTS, "mb_x")

    assert said().receipt == good["receipt"]
    for changes in (
        {"receipt": "0" * 64},
        {"questions": good["questions"][1:]},
        {"questions": [{"row": "x"}]},
        {"deadline": "soon"},
        {"entry": "../e1"},
        {"line": good["line"] | {"model": "another"}},
        {"line": {}},
        {"line": None},
    ):
        with pytest.raises(InputError, match="matching questions"):
            said(**changes)
    for body in (b"", b"[]", b"<html>", b"[" * 100_000):
        monkeypatch.setattr(remote, "request", lambda *_, body=body, **__: (200, body))
        with pytest.raises(InputError, match="is it a mathbench board"):
            far.challenge("mine", WEIGHTS, "mb_x")
    monkeypatch.setattr(remote, "request", lambda *_, **__: (200, json.dumps(good).encode()))
    path = taking.folder.parent / "a.parquet"
    pq.write_table(solved(table_of(good)), path)
    with pytest.raises(InputError, match="not a valid receipt"):
        far.answer("e1", WEIGHTS, path, "mb_x")


@pytest.mark.parametrize(
    "place", ["http://h", "http://h/rounds/", "https://h/rounds/a/b", "http://h/rounds/.."]
)
def test_urls_that_name_no_round(place):
    with pytest.raises(InputError, match="the URL of a round must be like"):
        remote_round(place)
