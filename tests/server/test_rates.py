"""Rate limits, for one token and for all."""

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.server.rate_limits import RateLimit, RateLimitPerClient
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board

from .test_api import SUBMIT, refused


def post(client, secret):
    """An empty submission: a rate is kept before anything is read."""
    return client.post(SUBMIT, headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def two(board):
    return [tokens.create(Board(board), name) for name in ("ada", "bob")]


def test_each_token_has_a_rate_of_its_own(board, two):
    with TestClient(make_app(Board(board), ServerLimits(submissions_per_token=2))) as client:
        assert [post(client, two[0]).status_code for _ in range(3)] == [415, 415, 429]
        assert post(client, two[1]).status_code == 415
        late = post(client, two[0])
        refused(late, 429, "try again in")
        assert 50 < int(late.headers["retry-after"]) <= 60


def test_all_tokens_share_one(board, two):
    with TestClient(make_app(Board(board), ServerLimits(submissions_per_minute=2))) as client:
        assert [post(client, secret).status_code for secret in (*two, *two)] == [415, 415, 429, 429]
        assert client.get("/api/v1/health").status_code == 200


def test_the_requests_of_an_address_share_one(board):
    with TestClient(make_app(Board(board), ServerLimits(requests_per_minute=2))) as client:
        assert [client.get("/api/v1/health").status_code for _ in range(3)] == [200, 200, 429]
        late = post(client, "mb_wrong")  # guessing tokens is limited too
        refused(late, 429)
        assert 50 < int(late.headers["retry-after"]) <= 60


def test_addresses_do_not_share_one(board):
    app = make_app(Board(board), ServerLimits(requests_per_minute=2))
    with (
        TestClient(app, client=("192.0.2.1", 1)) as greedy,
        TestClient(app, client=("192.0.2.2", 1)) as other,
    ):
        assert [greedy.get("/about.html").status_code for _ in range(50)].count(429) == 48
        assert other.get("/about.html").status_code == 200
        assert other.get("/api/v1/health").status_code == 200


def test_a_network_of_addresses_of_version_6_is_one_client(board):
    app = make_app(Board(board), ServerLimits(requests_per_minute=2))
    with TestClient(app, client=("2001:db8::1", 1)) as one, TestClient(app, client=("2001:db8::2", 1)) as two:
        assert [client.get("/api/v1/health").status_code for client in (one, two, one)] == [200, 200, 429]


def test_only_the_latest_clients_are_remembered():
    rates = RateLimitPerClient(1, remembered=3)
    assert [rates.retry_after(name) for name in "abc"] == [0, 0, 0]
    assert rates.retry_after("a") > 0
    assert rates.retry_after("d") == 0
    assert rates.retry_after("a") > 0
    assert rates.retry_after("b") == 0  # forgotten


@pytest.mark.parametrize(("options", "clients"), [((), 2), (("--proxy", "192.0.2.9"), 1)])
def test_a_proxy_names_clients_only_if_it_is_trusted(serve, board, options, clients):
    server = serve(board, "--requests", 3, *options)
    codes = []
    for client in ("198.51.100.1", "198.51.100.2"):
        for _ in range(3):
            request = Request(f"{server.url}/api/v1/health", headers={"X-Forwarded-For": client})
            try:
                codes.append(urlopen(request).status)
            except HTTPError as error:
                codes.append(error.code)
    assert codes.count(200) == 3 * clients


def test_servers_of_one_board_share_rates_and_tokens(any_database):
    secret = tokens.create(Board(any_database), "ada")
    apps = [make_app(Board(any_database), ServerLimits(submissions_per_token=3)) for _ in range(2)]
    with TestClient(apps[0]) as one, TestClient(apps[1]) as other:
        assert [post(client, secret).status_code for client in (one, other, one, other)] == [
            415,
            415,
            415,
            429,
        ]
        tokens.revoke(Board(any_database), "ada")
        for client in (one, other):
            refused(post(client, secret), 401, "revoked")


def test_no_window_holds_more_than_its_share():
    time = 0
    rate = RateLimit(5, 60, clock=lambda: time)
    passed = []
    for time in range(600):
        if not rate.retry_after():
            passed.append(time)
    assert len(passed) == 50
    assert all(later - earlier >= 60 for earlier, later in zip(passed, passed[5:], strict=False))
