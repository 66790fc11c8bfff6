"""The client of rounds against a server that says whatever a test wants."""

import hashlib
import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard import client
from mathbench.leaderboard.rounds import answers, host, log
from mathbench.leaderboard.rounds.client import RemoteRound, remote_round

from .test_rounds import Host, at, solved

URL = "http://127.0.0.1:8000"
WINTER = RemoteRound(URL, "winter")
NO_ENTRY = f"the response of {URL} is not an entry with a valid receipt and matching questions."
NO_RECEIPT = f"the response of {URL} is not a valid receipt."
REWRITTEN = "the log in '{}' does not match the downloaded one: it was rewritten, or is of another round."


@pytest.fixture
def one(tmp_path):
    (tmp_path / "host").mkdir()
    return Host(tmp_path / "host", [make_task("addition", digits=2)])


@pytest.fixture
def server(monkeypatch):
    """Responses by address; anything else is 404. `server.calls` are the requests."""
    return Server(monkeypatch)


class Server:
    def __init__(self, monkeypatch):
        self.responses, self.calls = {}, []
        monkeypatch.setattr(client, "request", self.request)

    def request(self, url, method, address, *sent, maximum):
        self.calls.append((url, method, address, sent, maximum))
        status, body = self.responses.get(address.removeprefix("/api/v1/rounds/winter"), (404, b""))
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()


def refused(words, action, *arguments):
    with pytest.raises(InputError) as error:
        action(*arguments)
    assert str(error.value) == words


@pytest.fixture
def entered(one):
    """An entry, and what a server says to who made it."""
    entry, asked = one.challenge("a", minutes=1)
    line = dict(entry.challenge.fields)
    reply = {
        "entry": "e1",
        "deadline": "2026-01-01T00:11:00Z",
        "receipt": entry.challenge.digest,
        "line": line,
        "questions": asked.to_pylist(),
    }
    return entry, asked, reply


@pytest.mark.parametrize("status", [200, 201])
def test_a_challenge_is_sent_and_its_entry_read(server, entered, status):
    entry, asked, reply = entered
    server.responses["/challenge"] = (status, reply)
    found = WINTER.challenge("a", entry.weights, "secret")
    assert (found.entry, found.receipt) == ("e1", entry.challenge.digest)
    assert found.deadline == datetime(2026, 1, 1, 0, 11, tzinfo=UTC) and found.questions.equals(asked)
    (url, method, address, (body, headers, token), maximum) = server.calls[0]
    assert (url, method, address) == (URL, "POST", "/api/v1/rounds/winter/challenge")
    assert json.loads(body) == {"model": "a", "weights_sha256": entry.weights}
    assert (headers, token, maximum) == ({"Content-Type": "application/json"}, "secret", 1 << 28)


def test_an_entry_that_does_not_fit_is_refused(server, entered):
    entry, _, reply = entered
    line = reply["line"]
    other = {**line, "entry": "e2"}
    signed = {"line": other, "receipt": log.Event(other).digest}
    answered = {**line, "event": "answer"}
    for changes in (
        {"receipt": "0" * 64},
        {"questions": reply["questions"][1:]},
        {"questions": [{"row": "x"}]},
        {"questions": 1},
        {"deadline": 5},
        {"entry": None},
        {"line": None},
        {"line": {}},
        signed,  # a valid receipt, but of another entry
        {"line": answered, "receipt": log.Event(answered).digest},
    ):
        server.responses["/challenge"] = (200, reply | changes)
        refused(NO_ENTRY, WINTER.challenge, "a", entry.weights, "secret")
    for body in (b"", b"[]", b"[" * 100_000):
        server.responses["/challenge"] = (200, body)
        words = f"the response of {URL} is not a JSON object; is it a mathbench board?"
        refused(words, WINTER.challenge, "a", entry.weights, "secret")
    for status in (199, 202, 400):
        server.responses["/challenge"] = (status, {"error": "no more"})
        words = f"{URL} refused with {status}: no more"
        refused(words, WINTER.challenge, "a", entry.weights, "secret")


def test_answers_are_sent_and_their_receipt_read(server, entered, one, tmp_path):
    entry, asked, _ = entered
    pq.write_table(solved(asked), tmp_path / "a.parquet")
    line = dict(one.answer("e1", "a", solved(asked), minutes=2).answer.fields)
    reply = {"line": line, "receipt": log.Event(line).digest}
    server.responses["/entries/e1/answers"] = (201, reply)
    said = WINTER.answer("e1", entry.weights, tmp_path / "a.parquet", "secret")
    assert said == reply["receipt"]
    (_, method, address, (body, headers, token), maximum) = server.calls[0]
    assert (method, address) == ("POST", "/api/v1/rounds/winter/entries/e1/answers")
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert (token, maximum) == ("secret", 10 << 20)
    assert (
        body.count(b"PAR1") == 2 and entry.weights.encode() in body and b'filename="answers.parquet"' in body
    )
    for changes in ({"receipt": "0" * 64}, {"line": None}, {"line": {}}):
        server.responses["/entries/e1/answers"] = (200, reply | changes)
        refused(NO_RECEIPT, WINTER.answer, "e1", entry.weights, tmp_path / "a.parquet", "secret")
    sent = len(server.calls)
    with pytest.raises(InputError, match="the entry must be printable text of at most 10 characters like e"):
        WINTER.answer("../x", entry.weights, tmp_path / "a.parquet", "secret")
    assert len(server.calls) == sent


@pytest.fixture
def published(one, server):
    """A revealed round of two entries, one of them without answers, on the server."""
    _, asked = one.challenge("a")
    one.challenge("b")
    one.answer("e1", "a", solved(asked), minutes=1)
    host.close(one.folder, at(minutes=2))
    host.reveal(one.folder, at(minutes=3), one.secret)
    server.responses["/log"] = (200, (one.folder / "log.jsonl").read_bytes())
    server.responses["/answers/e1"] = (200, answers.answers_path(one.folder, "e1").read_bytes())
    return one


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_revealed_round_is_fetched_as_it_is(published, server, tmp_path):
    for folder in (tmp_path / "new", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        for _ in range(2):  # and once more into the same folder
            WINTER.fetch(folder)
            assert files(folder) == files(published.folder)
    wanted = [("/log", 1 << 26), ("/answers/e1", 1 << 26)]
    assert [
        (address.removeprefix("/api/v1/rounds/winter"), maximum) for _, _, address, _, maximum in server.calls
    ] == wanted * 4
    assert {method for _, method, *_ in server.calls} == {"GET"}


def test_before_the_reveal_no_answers_are_fetched(published, server, tmp_path):
    lines = server.responses["/log"][1].splitlines(keepends=True)
    server.responses["/log"] = (200, b"".join(lines[:-1]))
    WINTER.fetch(tmp_path / "r")
    assert list(files(tmp_path / "r")) == ["log.jsonl"] and len(server.calls) == 1
    # later the log has grown
    server.responses["/log"] = (200, b"".join(lines))
    WINTER.fetch(tmp_path / "r")
    assert files(tmp_path / "r") == files(published.folder)


def test_answers_that_a_server_lacks_or_refuses(published, server, tmp_path):
    server.responses["/answers/e1"] = (404, b"")
    WINTER.fetch(tmp_path / "r")
    assert list(files(tmp_path / "r")) == ["log.jsonl"]
    server.responses["/answers/e1"] = (500, {"error": "broken"})
    refused(f"{URL} refused with 500: broken", WINTER.fetch, tmp_path / "s")
    server.responses["/log"] = (404, {"error": "no round"})
    refused(f"{URL} refused with 404: no round", WINTER.fetch, tmp_path / "t")


def test_a_log_that_is_none_is_fetched_for_verify_to_tell(server, tmp_path):
    server.responses["/log"] = (200, b"nonsense")
    WINTER.fetch(tmp_path / "r")
    assert files(tmp_path / "r") == {"log.jsonl": b"nonsense"}


def test_other_content_is_never_overwritten(published, server, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("x")
    file = tmp_path / "file"
    file.write_text("x")
    for target in (other, file):
        refused(f"'{target}' is neither a round nor an empty folder.", WINTER.fetch, target)
    WINTER.fetch(tmp_path / "r")
    server.responses["/log"] = (200, server.responses["/log"][1].replace(b"00:02:00Z", b"00:02:01Z"))
    refused(REWRITTEN.format(tmp_path / "r"), WINTER.fetch, tmp_path / "r")
    (tmp_path / "r" / "log.jsonl").write_bytes(b" " * (2**26 + 1))
    refused("log.jsonl is larger than 67,108,864 bytes.", WINTER.fetch, tmp_path / "r")


@pytest.mark.parametrize(
    ("url", "board", "name"),
    [
        ("http://h:8000/rounds/winter", "http://h:8000", "winter"),
        ("https://h/sub/api/v1/rounds/a.b_c-1/", "https://h/sub", "a.b_c-1"),
        (f"http://h/rounds/{'a' * 100}", "http://h", "a" * 100),
    ],
)
def test_the_url_of_a_round(url, board, name):
    assert remote_round(url) == RemoteRound(board, name)


def test_what_is_no_url_is_a_folder_and_other_urls_are_refused():
    for folder in ("winter", "/rounds/winter", "ftp://h/rounds/winter"):
        assert remote_round(folder) is None
    for url in ("http://h", "HTTPS://h/rounds/", f"http://h/rounds/{'a' * 101}", "http://h/rounds/-a"):
        words = f"the URL of a round must be like http://127.0.0.1:8000/rounds/winter. Received: '{url}'."
        refused(words, remote_round, url)


def test_the_digest_of_a_line_is_that_of_its_text(entered):
    reply = entered[2]
    line = json.dumps(reply["line"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(line.encode()).hexdigest() == reply["receipt"]
