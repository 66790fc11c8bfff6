"""Where a server may listen, and how it ends."""

import http.client
import signal
import socket

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.server.app import ServerLimits
from mathbench.leaderboard.server.serve import serve as run_server
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_others_are_let_in_only_with_a_token(board, host):
    opened = Board(board)
    with pytest.raises(InputError, match="requires a token"):
        run_server(opened, host, 0, ServerLimits(), ready=pytest.fail)
    tokens.create(opened, "ada")
    tokens.revoke(opened, "ada")
    with pytest.raises(InputError, match="requires a token"):
        run_server(opened, host, 0, ServerLimits(), ready=pytest.fail)


def test_an_address_that_cannot_be_had(board):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            InputError, match=f"cannot listen on 127.0.0.1 port {port}: Address already in use"
        ):
            run_server(Board(board), "127.0.0.1", port, ServerLimits(), ready=pytest.fail)


def test_a_body_is_cut_off_while_it_comes_and_the_server_ends_when_told_to(serve, board):
    """No length was announced, and the end never comes: the server answers at its limit, and goes on."""
    server = serve(board, "--largest", 5_000)
    address = server.url.removeprefix("http://")
    assert _status_of_endless_body(address, server.token).startswith(b"HTTP/1.1 413")
    connection = http.client.HTTPConnection(address)
    connection.request("GET", "/api/v1/health")
    assert connection.getresponse().status == 200
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(30) in (0, 130, -signal.SIGINT) and "Traceback" not in server.text()


def _status_of_endless_body(address, token):
    host, port = address.split(":")
    head = (
        "POST /api/v1/submissions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    part = b'--b\r\nContent-Disposition: form-data; name="manifest"; filename="result.json"\r\n\r\n'
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        for chunk in (part, *[b"0" * 1000] * 5):
            connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        return connection.recv(100)
