"""Tokens: shown once, kept as hashes, never written down anywhere else."""

import json
import socket
import sqlite3

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.server import logs
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from tests.leaderboard.test_commands import cli, refused  # noqa: F401

from .test_api import SUBMIT, form


def test_a_secret_has_256_bits_and_only_its_hash_is_kept(any_database):
    opened = Board(any_database)
    secrets = [tokens.create(opened, f"t{i}") for i in range(3)]
    assert len(set(secrets)) == 3 and all(tokens.SECRET.fullmatch(secret) for secret in secrets)
    assert [tokens.token_name(opened, secret) for secret in secrets] == ["t0", "t1", "t2"]
    assert tokens.token_name(opened, secrets[0][:-1]) is None and tokens.token_name(opened, "") is None
    tokens.revoke(opened, "t1")
    assert [tokens.token_name(opened, secret) for secret in secrets] == ["t0", None, "t2"]
    assert [token.revoked is None for token in tokens.all_tokens(opened)] == [True, False, True]


def test_the_file_of_a_board_does_not_hold_the_secret(board):
    secret = tokens.create(Board(board), "ada")
    with sqlite3.connect(board) as connection:
        dump = "\n".join(connection.iterdump())
    assert "ada" in dump and secret not in dump and secret[3:] not in dump


@pytest.mark.parametrize("name", ["", " ", "a b", "a\n", "é", "-x", "x" * 51])
def test_names_are_plain(board, name):
    with pytest.raises(InputError, match="the name of a token must be"):
        tokens.create(Board(board), name)


def test_commands(cli, board):  # noqa: F811
    at = ("--board", board)
    code, out, err = cli("leaderboard", "token", "create", "ada", *at)
    assert code == 0 and tokens.SECRET.fullmatch(out.strip()) and out.strip() not in err
    (known,) = json.loads(cli("leaderboard", "token", "list", "--json", *at)[1])
    assert (
        known["name"] == "ada" and known["revoked"] is None and set(known) == {"name", "created", "revoked"}
    )
    refused(cli("leaderboard", "token", "create", "ada", *at), "already has")
    refused(cli("leaderboard", "token", "revoke", "adda", *at), "Did you mean 'ada'")
    assert cli("leaderboard", "token", "revoke", "ada", *at)[0] == 0
    refused(cli("leaderboard", "token", "revoke", "ada", *at), "was already revoked at")
    refused(cli("leaderboard", "token", "create", "ada", *at), "cannot be reused")
    assert "ada" in cli("leaderboard", "token", "list", *at)[1]
    assert not (board.parent / "none").exists()
    refused(cli("leaderboard", "token", "list", "--board", board.parent / "none"), "no board")


def test_no_secret_in_logs_and_error_texts(client, run, capfd, monkeypatch):
    logs.to_stderr()
    secret = client.secret
    answers = [
        client.post(SUBMIT, files=form(run())),
        client.post(SUBMIT, files=form(run(baseline=f"\n{secret}"))),
        client.post(f"{SUBMIT}?token={secret}", files=form(run()), headers={"Authorization": secret}),
        client.get(f"/api/v1/board?task={secret}"),
        client.get(f"/api/v1/board?task={secret * 9}"),
        client.get(f"/api/v1/{secret}"),
        client.get(f"{SUBMIT}/{secret}"),
    ]
    monkeypatch.setattr(Board, "one", lambda *_: 1 / 0)
    answers.append(client.get(f"{SUBMIT}/{'0' * 64}?token={secret}"))
    assert [a.status_code for a in answers] == [201, 422, 401, 422, 422, 404, 422, 500]
    assert answers[-1].json() == {"error": "internal error; the server's log has the details."}
    written = capfd.readouterr().err
    assert "POST /api/v1/submissions 201 ada" in written and "POST /api/v1/submissions 401 -" in written
    for text in (written, *(answer.text for answer in answers), client.get("/api/v1/attempts").text):
        assert secret not in text and secret[:20] not in text


def test_no_secret_in_the_log_of_a_server(serve, board):
    """Wherever a client puts it by mistake: query, path, method, other headers, a line that is no HTTP."""
    server = serve(board)
    secret, plain = server.token, "plain-0123456789-secret"  # a password of another kind, in a header
    local = "HTTP/1.1\r\nConnection: close\r\nHost: localhost"
    requests = {
        f"GET /api/v1/attempts?token={secret}&limit={plain} {local}": 422,
        f"GET /api/v1/{secret}/x {local}": 404,
        f"GET /api/v1/%6d{secret[1:]} {local}": 404,
        f"{secret} /docs {local}": 405,
        f"GET /docs HTTP/1.1\r\nConnection: close\r\nHost: {secret}": 400,
        f"POST {SUBMIT} {local}\r\nAuthorization: Basic {plain}\r\nX-Token: {secret}": 401,
        f"POST {SUBMIT} {local}\r\nAuthorization: Bearer {plain}\r\nCookie: {secret}": 401,
        f"GET /docs {local}\r\n{secret} {plain}": 400,
        f"{secret}": 400,
    }
    answers = [_raw(server.url, request) for request in requests]
    assert [int(answer.split()[1]) for answer in answers] == list(requests.values())
    server.stop()
    log = server.text()
    assert "GET /api/v1/attempts 422 -" in log and "mb_(hidden) /docs 405 -" in log
    assert plain not in log
    for text in (log, *answers):
        assert secret not in text and secret[:20] not in text


def _raw(url, request):
    """What a server answers to these lines, until it hangs up."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"{request}\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b"")).decode()
