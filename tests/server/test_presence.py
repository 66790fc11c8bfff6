"""A database that goes away while it is served: one line, 503, and no word about where it lies."""

import http.client
import json

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify

from .test_api import SUBMIT, form, refused

READ = ("/api/v1/health", "/api/v1/board", "/api/v1/attempts", f"{SUBMIT}/{'0' * 64}")


def out_of_reach(client, run):
    for answer in [*map(client.get, READ), client.post(SUBMIT, files=form(run()))]:
        refused(answer, 503, "the board is temporarily unavailable")
        assert answer.headers["retry-after"] == "10"


def test_a_file_that_is_deleted_and_put_back(client, run, board):
    client.post(SUBMIT, files=form(run(wrong=1)))
    board.rename(board.with_suffix(".away"))
    out_of_reach(client, run)
    assert not board.exists()  # no empty board in its place
    board.with_suffix(".away").rename(board)
    assert client.post(SUBMIT, files=form(run(wrong=2))).status_code == 201
    assert verify(client.board) == (2, [])


def test_a_file_that_is_another_one(client, run, board):
    board.unlink()
    submit_run(run(wrong=3), board)
    out_of_reach(client, run)
    assert len(Board(board).records()) == 1


def test_a_file_that_goes_while_a_submission_is_kept(client, run, board, monkeypatch):
    keep = Board.keep

    def kept_and_gone(*args, **options):
        place = keep(*args, **options)
        board.unlink()
        return place

    monkeypatch.setattr(Board, "keep", kept_and_gone)
    refused(client.post(SUBMIT, files=form(run())), 503)


def test_a_file_that_is_no_database_any_more(client, run, board):
    client.board.database.engine.dispose()
    with board.open("r+b") as file:
        file.write(b"no database" * 1000)
    out_of_reach(client, run)


@pytest.fixture
def switched(postgres, postgres_server):
    """Turn the connections to a database off or on; those that are open break."""
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    name = make_url(postgres).database

    def switch(on):
        with admin.connect() as connection:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(on).lower()}"))
            if not on:
                ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(text(ended), {"name": name})

    yield switch
    switch(True)
    admin.dispose()


def test_postgresql_that_stops_and_comes_back(serve, postgres, switched):
    url = make_url(postgres).set(password="hidden-word").render_as_string(hide_password=False)
    server = serve(url)
    assert [asked(server, address)[0] for address in READ] == [200, 200, 200, 404]
    switched(False)
    for address in READ:
        status, document = asked(server, address)
        assert (status, list(document)) == (503, ["error"]) and "postgres" not in str(document)
    switched(True)
    assert [asked(server, address)[0] for address in READ] == [200, 200, 200, 404]
    server.stop()
    log = server.text()
    assert "hidden-word" not in log and "Traceback" not in log and log.count(" ERROR ") == len(READ)
    assert "not currently accepting connections" in log


def asked(server, address):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    connection.request("GET", address, headers={"Authorization": f"Bearer {server.token}"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
