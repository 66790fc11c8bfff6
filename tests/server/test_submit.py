"""`mathbench submit RUN --board http://...`: one clear line for whatever goes wrong."""

import http.server
import json
import socket
import threading

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard import client
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.verify import verify
from tests.leaderboard import conftest as runs
from tests.leaderboard.test_commands import cli, refused  # noqa: F401


@pytest.fixture
def shortly(monkeypatch):
    """No pause between two tries."""
    monkeypatch.setattr(client, "PAUSE", 0)


@pytest.fixture
def fake():
    """A server that answers as a test says; `fake.asked` counts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            server.asked += 1
            self.rfile.read(int(self.headers["content-length"]))
            status, headers, body = server.replies.pop(0)
            if not status:  # hang up without a word
                self.connection.close()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.replies = 0, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_run_goes_to_a_real_server(cli, serve, run, board, monkeypatch, tmp_path):  # noqa: F811
    server = serve(board, "--per-token", 5, "--largest", 60_000)
    at = ("--board", server.url)
    path = run(wrong=3)
    refused(cli("submit", path, *at), "MATHBENCH_TOKEN", "--token-file")
    (tmp_path / "token").write_text(server.token + "\n")
    code, out, err = cli("submit", path, *at, "--token-file", tmp_path / "token")
    assert code == 0 and "kept as" in err and "claimed 100.0000%" in err and "99.00%" in out
    monkeypatch.setenv("MATHBENCH_TOKEN", server.token)
    assert "attempt 2" in cli("submit", path, *at)[2]
    assert json.loads(cli("submit", path, *at, "--json")[1])["attempts"] == 3
    code, _, err = cli("submit", run(), *at, "--dry-run")
    assert code == 0 and "nothing was kept" in err
    refused(cli("submit", run(baseline=""), *at), "baseline")  # refused here already
    large = run()
    (large / "result.json").write_text((large / "result.json").read_text() + " " * 100_000)
    refused(cli("submit", large, *at), "413", "60,000 bytes")
    monkeypatch.setenv("MATHBENCH_TOKEN", "mb_" + "x" * 43)
    refused(cli("submit", path, *at), "401", "unknown or was revoked")
    monkeypatch.setenv("MATHBENCH_TOKEN", server.token)
    assert cli("submit", path, *at)[0] == 0
    refused(cli("submit", path, *at), "429", "try again in")
    opened = Board(board)
    assert opened.attempts() == {"kept": 1, "repeated": 3} and verify(opened) == (1, [])
    assert server.token not in server.text() and "Traceback" not in server.text()
    assert f"submissions 201 {tokens.all_tokens(opened)[0].name}" in server.text()


def test_no_server(cli, run, monkeypatch):  # noqa: F811
    monkeypatch.setenv("MATHBENCH_TOKEN", "mb_x")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused(cli("submit", run(), "--board", f"http://127.0.0.1:{port}"), "cannot connect to")
    for url in ("http://", "http://a:b@c", "http://h:99999", "http://h/?q", "http://h:0", "https://a b"):
        refused(cli("submit", run(), "--board", url), "must be a URL such as")


def test_a_token_is_one_word(cli, run, monkeypatch, tmp_path):  # noqa: F811
    at = ("--board", "http://127.0.0.1:1")
    (tmp_path / "two").write_text("mb_secret\nmb_other")
    code, out, err = cli("submit", run(), *at, "--token-file", tmp_path / "two")
    refused((code, out, err), "contains no token")
    assert "secret" not in err
    refused(cli("submit", run(), *at, "--token-file", tmp_path / "none"), "cannot be read")
    (tmp_path / "noise").write_bytes(b"\xff\xfe")
    refused(cli("submit", run(), *at, "--token-file", tmp_path / "noise"), "contains no token")
    monkeypatch.setenv("MATHBENCH_TOKEN", "mb_sécret")
    refused(cli("submit", run(), *at), "contains no token")


ANSWER = {"digest": "0" * 64, "new": True, "attempts": 1, "badge": "re-scored", "model": "m", "task": "t"}
GOOD = json.dumps({**ANSWER, "scores": {}, "differences": [], "sent": {}}).encode()


def test_a_broken_line_is_tried_again(fake, run, shortly):
    fake.replies = [(0, {}, b""), (0, {}, b""), (201, {}, GOOD)]
    assert client.send_submission(run(), fake.url, "mb_x").new and fake.asked == 3


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((0, {}, b""), ("no response from",)),
        ((500, {}, b"<html>"), ("500", "Internal Server Error")),
        ((302, {"Location": "http://elsewhere.invalid/"}, b""), ("302", "Found")),
        ((200, {}, b"<html>"), ("not a receipt",)),
        ((200, {}, b"[]"), ("not a receipt",)),
        ((200, {}, json.dumps(ANSWER | {"scores": {"interpolate": 3}}).encode()), ("not a receipt",)),
        ((422, {}, json.dumps({"error": "a\nb\x1b[31m"}).encode()), ("422", "a\\nb\\x1b")),
    ],
)
def test_odd_answers_are_one_line(cli, fake, run, shortly, monkeypatch, reply, words):  # noqa: F811
    monkeypatch.setenv("MATHBENCH_TOKEN", "mb_secret-of-ada")
    fake.replies = [reply] * client.MAX_ATTEMPTS
    code, out, err = cli("submit", run(), "--board", fake.url)
    refused((code, out, err), *words)
    assert "secret-of-ada" not in err


def test_somebody_without_the_runner(serve, board, task, tmp_path):
    """submission.json with JSON lines goes the same way."""
    path = runs.written_by_anybody(
        tmp_path / "mine", runs.from_anybody(task), runs.right(task), "mine.jsonl.gz"
    )
    receipt = serve(board).submit(path)
    assert receipt.new and receipt.model == "somebody's model" and verify(Board(board)) == (1, [])


@pytest.mark.parametrize(("error", "times"), [(ConnectionResetError, 3), (TimeoutError, 1)])
def test_a_line_that_stays_broken_is_tried_three_times(monkeypatch, error, times):
    """With a pause between two tries; a server that is silent too long is not asked again."""
    tried, pauses = [], []

    def exchange(parts, requested, maximum):
        tried.append(requested[:2])
        raise error("gone")

    monkeypatch.setattr(client, "_exchange", exchange)
    monkeypatch.setattr(client, "sleep", pauses.append)
    with pytest.raises(InputError, match=r"^no response from http://h: gone"):
        client.request("http://h", "GET", "/x")
    assert tried == [("GET", "/x")] * times and pauses == [1.0] * (times - 1)
