"""A server on loopback answers to loopback and to what its owner allowed, not to a page's own name (DNS rebinding)."""

import http.client

import pytest
from starlette.testclient import TestClient

from mathbench.errors import InputError
from mathbench.leaderboard.server import allowed_hosts
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.store.board import Board
from tests.leaderboard.test_commands import cli  # noqa: F401
from tests.leaderboard.test_commands import refused as refused_command

from .test_api import SUBMIT, refused

HEALTH = "/api/v1/health"


@pytest.fixture
def asked(board):
    """The answer to a request for a host, from a server that allows some names."""

    def ask(host, *allowed, address=HEALTH):
        limits = ServerLimits(hosts=frozenset(allowed))
        with TestClient(make_app(Board(board), limits)) as client:
            return client.get(address, headers={"Host": host})

    return ask


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:80", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "localhost."]
)
def test_loopback_is_answered(asked, host):
    assert asked(host).status_code == 200


@pytest.mark.parametrize("address", [HEALTH, SUBMIT, "/docs", "/openapi.json", "/nothing"])
def test_other_names_get_nothing(asked, address):
    refused(asked("evil.example:8000", address=address), 400, "evil.example", "--allow-host")


@pytest.mark.parametrize(
    "host",
    (
        *("", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:127.0.0.1", "192.0.2.1"),
        *(
            "[::1]evil.example",
            "[::2]",
            "localhost@evil.example",
            "127.0.0.1:x",
            "a" * 300,
            "\u00e9",
            "0.0.0.0",
        ),
    ),
)
def test_what_only_looks_like_loopback_is_refused(asked, host):
    answer = asked(host.encode("latin-1"))
    refused(answer, 400)
    assert answer.text.isascii() and len(answer.text) < 250


def test_names_that_the_owner_allows(asked):
    assert asked("Board.Example.org:8000", "board.example.org").status_code == 200
    assert asked("localhost", "board.example.org").status_code == 200
    refused(asked("x.board.example.org", "board.example.org"), 400)


@pytest.mark.parametrize(
    ("host", "allowed", "expected"),
    [
        ("127.0.0.1", [], frozenset()),
        ("::1", ["A.example"], {"a.example"}),
        ("0.0.0.0", [], None),
        ("0.0.0.0", ["a.example", "192.0.2.1", "2001:db8::1"], {"a.example", "192.0.2.1", "2001:db8::1"}),
    ],
)
def test_who_listens_for_others_names_hosts_or_answers_to_all(host, allowed, expected):
    assert allowed_hosts.effective_names(host, allowed_hosts.parse_names(allowed)) == expected


@pytest.mark.parametrize("name", ["", "http://a", "a:80", "*", "a b", "-a", "[::1]", "é"])
def test_a_host_is_a_plain_name(name):
    with pytest.raises(InputError, match="a host must be a name or an address without a port"):
        allowed_hosts.parse_names(["fine.example", name])


def test_the_command(cli, board, serve):  # noqa: F811
    refused_command(cli("leaderboard", "serve", "--board", board, "--allow-host", "http://a"), "http://a")
    assert not board.exists()
    server = serve(board, "--allow-host", "a.example", "--allow-host", "b.example")
    statuses = []
    for name in ("a.example", "b.example", "c.example"):
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        connection.request("GET", HEALTH, headers={"Host": name})
        statuses.append(connection.getresponse().status)
    assert statuses == [200, 200, 400]
    server.stop()
    assert "GET /api/v1/health 400 -" in server.text()
