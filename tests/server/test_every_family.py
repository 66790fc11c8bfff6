"""Every task family is submitted over HTTP to one served board and scored right."""

import pytest

from mathbench import families
from mathbench.leaderboard.server.app import ServerLimits, make_app
from mathbench.leaderboard.store import tokens
from mathbench.leaderboard.store.board import Board
from mathbench.rows import open_rows
from tests.leaderboard import conftest as runs

ROWS = 4
PARTS = {"manifest": "submission.json", "predictions": "predictions.jsonl"}
# parameters change what a process must make again: the format, a base beyond the digits, the labels
VARIANTS = [
    ("addition", {"format": "reversed"}),
    ("addition", {"base": 16}),
    ("divisible", {"k": 7, "answer": "residue"}),
    ("deepmind/numbers__gcd", {"difficulty": "easy"}),
    ("deepmind/all", {"format": "spaced"}),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A client of one board in this process."""
    from starlette.testclient import TestClient

    board = Board(tmp_path_factory.mktemp("board") / "board.sqlite")
    limits = ServerLimits(submissions_per_minute=1000, submissions_per_token=1000)
    with TestClient(make_app(board, limits), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {tokens.create(board, 'ada')}"
        yield client


@pytest.mark.parametrize(("name", "parameters"), [*((name, {}) for name in families.names()), *VARIANTS])
def test_a_family_is_scored_over_http(server, name, parameters, tmp_path):
    """One answer of each split is wrong; the board counts the others."""
    task = families.task(name, **parameters)
    sizes = {
        split: open_rows(task, split, 0).capacity_up_to(ROWS) if task.strata(split) else 0
        for split in ("interpolate", "extrapolate")
    }
    document = runs.from_anybody(task, sizes)
    table = runs.replaced(runs.right(task, sizes), wrong=1)
    sent = runs.written_by_anybody(tmp_path / "sent", document, table, PARTS["predictions"])
    files = {part: (sent / file).read_bytes() for part, file in PARTS.items()}
    reply = server.post("/api/v1/submissions", files=files)
    assert reply.status_code == 201, reply.text
    scores = {split: (score["n"], score["correct"]) for split, score in reply.json()["scores"].items()}
    assert scores == {split: (size, size - 1) for split, size in sizes.items() if size}
