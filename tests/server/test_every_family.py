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
    *((id, {}) for id in families.EARLIER),
    ("addition", {"format": "reversed"}),
    ("addition", {"base": 16}),
    ("divisible", {"k": 7, "answer": "residue"}),
    ("deepmind/numbers__gcd", {"difficulty": "easy"}),
    ("deepmind/numbers__gcd-v1", {}),
    ("deepmind/numbers__gcd", {"difficulty": "published"}),
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


def posted(server, folder, lines):
    document = runs.from_anybody(
        families.task("addition", digits=18, shortest=17), {"interpolate": 20, "extrapolate": 0}
    )
    sent = runs.written_by_anybody(folder, document, None, PARTS["predictions"], lines.encode())
    return server.post(
        "/api/v1/submissions", files={p: (sent / file).read_bytes() for p, file in PARTS.items()}
    )


def test_numbers_are_exact_over_http(server, tmp_path):
    """Answers of 17 digits and more as JSON integers are right, and as other numbers refused with their row."""
    task = families.task("addition", digits=18, shortest=17)
    rows = open_rows(task, "interpolate", 0).batch(range(20)).to_pylist()
    line = '{{"split":"interpolate","row":{row},"prediction":{answer}}}\n'
    good = [line.format(**row) for row in rows]
    reply = posted(server, tmp_path / "good", "".join(good))
    assert reply.status_code == 201 and reply.json()["scores"]["interpolate"]["correct"] == 20, reply.text
    for value, received in (
        ("1.0", "the number 1.0"),
        ("1e17", "the number 1e17"),
        ("true", "true"),
        ("[1]", "a list"),
    ):
        bad = "".join([*good[:7], line.format(row=7, answer=value), *good[8:]])
        reply = posted(server, tmp_path / received, bad)
        assert reply.status_code == 422
        assert reply.json() == {
            "error": f"an answer must be text or an integer. Received: {received} in row 7 of interpolate, "
            "line 8 of predictions.jsonl."
        }
