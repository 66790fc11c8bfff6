"""Rate limits, for one token and for all."""

import pytest
from starlette.testclient import TestClient

from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.server.rate_limits import RateLimit
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


def test_all_requests_share_one(board):
    with TestClient(make_app(Board(board), ServerLimits(requests_per_minute=2))) as client:
        assert [client.get("/api/v1/health").status_code for _ in range(3)] == [200, 200, 429]
        late = post(client, "mb_wrong")  # guessing tokens is limited too
        refused(late, 429)
        assert 50 < int(late.headers["retry-after"]) <= 60


def test_servers_of_one_board_have_rates_of_their_own_but_the_same_tokens(any_database):
    secret = tokens.create(Board(any_database), "ada")
    apps = [make_app(Board(any_database), ServerLimits(submissions_per_token=2)) for _ in range(2)]
    with TestClient(apps[0]) as one, TestClient(apps[1]) as other:
        assert [post(one, secret).status_code for _ in range(3)] == [415, 415, 429]
        assert post(other, secret).status_code == 415
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
