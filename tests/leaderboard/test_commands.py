"""The commands: what goes to stdout, what to stderr, and the exit codes."""

import csv
import io
import json

import pytest

from mathbench.leaderboard.ranking.render import MARKS
from mathbench.leaderboard.store.board import Board
from tests.commands import outcome


@pytest.fixture
def cli():
    return outcome


def refused(result, *words):
    code, out, err = result
    assert code == 2 and out == "" and err.startswith("error:") and err.count("\n") == 1, result
    assert all(word in err for word in words), err


def test_submit_and_show(cli, run, season_board, board):
    code, out, err = cli("submit", run(), "--board", board)
    assert code == 0 and "100.00%" in out and "digits=2+2" in out and "kept as" in err
    code, out, err = cli("submit", run(), "--board", board)
    assert code == 0 and "attempt 2" in err
    code, out, err = cli("leaderboard", "show", "--board", board, "--season", "small")
    assert code == 0 and "lstm-seq2seq" in out and "floor: constant" in out and "exact-solver" in out
    code, out, err = cli("leaderboard", "show", "--board", board)
    assert code == 0 and out == "" and "1 open submissions are not about the rows of core-1" in err
    code, out, err = cli("leaderboard", "show", "--board", board, "--open")
    assert code == 0 and "lstm-seq2seq" in out and "floor" not in out and "exact-solver" not in out


def test_a_claim_that_does_not_hold_is_said(cli, run, board):
    code, _, err = cli("submit", run(wrong=3), "--board", board)
    assert code == 0 and "claimed 100.0000% (300 of 300), recomputed 99.0000% (297 of 300)" in err


def test_dry_run_keeps_nothing(cli, run, board):
    code, out, err = cli("submit", run(), "--board", board, "--dry-run", "--json")
    assert code == 0 and not board.exists() and "nothing was kept" in err
    assert json.loads(out)["scores"]["interpolate"]["exact_match"] == 1


def test_the_board_comes_from_the_environment(cli, run, board, monkeypatch):
    monkeypatch.setenv("MATHBENCH_BOARD", str(board))
    assert cli("submit", run())[0] == 0 and board.exists()
    assert json.loads(cli("leaderboard", "show", "--json")[1])["board"] == str(board)


def test_formats(cli, run, season_board, board):
    cli("submit", run(), "--board", board)
    export = ("leaderboard", "export", "--season", "small", "--board", board)
    rows = list(csv.DictReader(io.StringIO(cli(*export, "--format", "csv")[1])))
    assert {row["kind"] for row in rows} == {"model", "floor", "solver"}
    assert {row["split"] for row in rows} == {"interpolate", "extrapolate"}
    tables = json.loads(cli(*export, "--format", "json")[1])["tables"]
    assert tables[0]["lines"][0]["exact_match"] == 1.0 and tables[0]["season"] == "small"
    assert "| 1 | lstm-seq2seq | host |  | torch |" in cli(*export)[1]


def test_open_submissions_are_exported_without_a_rank(cli, run, board):
    cli("submit", run(), "--board", board)
    export = ("leaderboard", "export", "--board", board)
    rows = list(csv.DictReader(io.StringIO(cli(*export, "--format", "csv")[1])))
    assert [(row["kind"], row["split"], row["rank"], row["season"]) for row in rows] == [
        ("model", "interpolate", "", ""),
        ("model", "extrapolate", "", ""),
    ]
    assert "|  | lstm-seq2seq | host |  | torch |" in cli(*export)[1]


def test_folder_and_page(cli, run, board, tmp_path):
    cli("submit", run(), "--board", board)
    cli("submit", run(wrong=5, seed=1), "--board", board)
    results, page = tmp_path / "leaderboard" / "results", tmp_path / "leaderboard" / "README.md"
    assert cli("leaderboard", "export", "--format", "json", "--out", results, "--board", board)[0] == 0
    files = list(results.glob("*/*"))
    assert sorted(path.suffix for path in files) == [".json", ".json", ".parquet", ".parquet"]
    assert all(path.stat().st_size < 20_000 for path in files)
    page.write_text(f"# Results\n{MARKS[0]}\nstale\n{MARKS[1]}\nend\n")
    arguments = ("leaderboard", "export", "--board", results.parent, "--out", page)
    assert cli(*arguments)[0] == 0
    text = page.read_text()
    assert (
        text.startswith("# Results\n") and text.endswith("end\n") and "stale" not in text and "lstm" in text
    )
    assert cli(*arguments)[0] == 0 and page.read_text() == text
    from_folder, from_board = (
        json.loads(cli("leaderboard", "show", "--open", "--json", "--board", place)[1])["tables"]
        for place in (results, board)
    )
    assert from_folder == from_board and len(from_board) == 2


def test_a_folder_and_a_database_rank_alike(cli, run, season_board, board, season_file, tmp_path):
    for changes in (
        {"wrong": 30},
        {"wrong": 5, "baseline": "mlp"},
        {"wrong": 4, "baseline": "mlp", "seed": 1},
    ):
        cli("submit", run(**changes), "--board", board)
    folder = tmp_path / "leaderboard"
    to_folder = ("--format", "json", "--out", folder / "results")
    assert cli("leaderboard", "export", *to_folder, "--board", board)[0] == 0
    assert cli("leaderboard", "season", "add", season_file, "--board", folder)[0] == 0
    from_folder, from_board = (
        json.loads(cli("leaderboard", "show", "--season", "small", "--json", "--board", place)[1])["tables"]
        for place in (folder, board)
    )
    assert from_folder == from_board
    assert [(line["model"], line["rank"]) for line in from_board[0]["lines"] if line["kind"] == "model"] == [
        ("mlp", 1),
        ("lstm-seq2seq", 2),
    ]


def test_verify(cli, run, board):
    cli("submit", run(), "--board", board)
    code, out, err = cli("leaderboard", "verify", "--board", board)
    assert code == 0 and "all 1 submissions" in err
    spoil(board, "UPDATE scores SET correct = correct - 1 WHERE split = 'interpolate'")
    code, out, err = cli("leaderboard", "verify", "--board", board, "--json")
    assert (
        code == 1
        and "1 of 1" in err
        and json.loads(out)["findings"][0]["problem"].startswith("the scores differ")
    )


def spoil(board, statement):
    import sqlite3

    with sqlite3.connect(board) as connection:
        connection.execute(statement)


def test_bad_input_is_one_line_and_exit_code_2(cli, run, board, tmp_path):
    cli("submit", run(), "--board", board)
    show = ("leaderboard", "show", "--board", board)
    refused(cli(*show, "--season", "core1"), "Did you mean 'core-1'")
    refused(cli("submit", tmp_path / "none", "--board", board), "no run directory")
    refused(cli("submit", tmp_path, "--board", board), "not a finished run")
    refused(cli(*show, "--task", "aditon"), "Did you mean 'addition'")
    refused(cli(*show, "--framework", "torhc"), "Did you mean 'torch'")
    refused(cli(*show, "--split", "interpolat"), "Did you mean 'interpolate'")
    refused(cli(*show, "--sort", "scores"), "Did you mean 'score'")
    refused(cli("leaderboard", "export", "--format", "cvs", "--board", board), "Did you mean 'csv'")
    refused(cli("leaderboard", "show", "--board", tmp_path / "none.sqlite"), "no board")
    refused(cli("leaderboard", "show", "--board", "mysql://a:secret@b/c"), "mysql")
    refused(cli("leaderboard", "show", "--board", "https://example.org"), "https")
    refused(cli("submit", run(), "--board", tmp_path), "is a folder")
    (tmp_path / "noise").write_bytes(b"no database" * 100)
    refused(cli("submit", run(), "--board", tmp_path / "noise"), "not a database")
    (tmp_path / "page.md").write_text("mine")
    refused(cli("leaderboard", "export", "--board", board, "--out", tmp_path / "page.md"), "has no lines")
    assert (tmp_path / "page.md").read_text() == "mine"


def test_a_board_of_another_version_is_refused(cli, run, board):
    cli("submit", run(), "--board", board)
    spoil(board, "UPDATE board SET value = '99'")
    refused(cli("leaderboard", "show", "--board", board), "Received: 99")


def test_a_refused_run_leaves_a_trace(cli, run, board):
    refused(cli("submit", run(baseline="[/red]\u202e"), "--board", board), "baseline")
    assert Board(board, create=False).attempts() == {"refused": 1}


def test_help_shows_examples(cli):
    for command in ("submit", "leaderboard show", "leaderboard export", "leaderboard verify"):
        code, out, _ = cli(*command.split(), "--help")
        assert code == 0 and "mathbench" in out and "Examples" in out
