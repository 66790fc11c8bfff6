"""Showing and comparing in the terminal; withdrawing from a database; repeating a run."""

import csv
import io
import json
from dataclasses import replace

import pytest

from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.ranking.tables import Entry
from mathbench.leaderboard.ranking.terminal_plot import bar
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submit import submit_run

from .test_commands import cli, refused  # noqa: F401


@pytest.fixture
def show(season_board):
    """The words of the command that shows the small season."""
    return ("leaderboard", "show", "--season", "small", "--board", season_board)


@pytest.fixture
def two(cli, run, season_board, board):  # noqa: F811
    """A board with two models in a season; the ids."""
    cli("submit", run(wrong=40), "--board", board)
    cli("submit", run(wrong=2, baseline="mlp", framework="keras"), "--board", board)
    return [k.digest[:8] for k in Board(board).records()]


def test_formats_agree(cli, two, show):  # noqa: F811
    rows = list(csv.DictReader(io.StringIO(cli(*show, "--csv")[1])))
    lines = [line for t in json.loads(cli(*show, "--json")[1])["tables"] for line in t["lines"]]
    assert [float(row["exact_match"]) for row in rows] == [line["exact_match"] for line in lines]
    assert {row["kind"] for row in rows} == {"model", "floor", "solver"}
    assert {row["attempts"] for row in rows} == {"0", "1"} and {row["season"] for row in rows} == {"small"}
    assert cli(*show, "--markdown")[1].count("| mlp | host |  | keras |") == 2
    refused(cli(*show, "--csv", "--json"), "give one of --json and --csv")


def test_the_badge_filters(cli, two, board, show):  # noqa: F811
    filtered = (*show, "--json", "--badge")
    assert json.loads(cli(*filtered, "reproduced")[1])["tables"] == []
    Board(board).set_badge(Board(board).find(two[1]).digest, "reproduced")
    tables = json.loads(cli(*filtered, "reproduced")[1])["tables"]
    assert {line["model"] for line in tables[0]["lines"] if line["kind"] == "model"} == {"mlp"}
    refused(cli(*filtered, "reproducd"), "Did you mean 'reproduced'")


def test_attempts_are_said(cli, two, board, run, show):  # noqa: F811
    cli("submit", run(wrong=40), "--board", board)
    cli("submit", run(baseline=""), "--board", board)
    for shown in (show, ("leaderboard", "show", "--board", board)):
        assert "submissions: 2, sent 3 times, 1 refused, 0 withdrawn" in cli(*shown)[2]


def test_open_submissions_are_said_and_shown_apart(cli, two, board, run, show):  # noqa: F811
    said = "1 open submissions are not about the rows of small and have no rank"
    assert said not in " ".join(cli(*show)[2].split())
    cli("submit", run(baseline="elsewhere", data_seed=7), "--board", board)
    code, out, err = cli(*show)
    assert code == 0 and said in " ".join(err.split()) and "elsewhere" not in out
    tables = json.loads(cli(*show, "--open", "--json")[1])["tables"]
    assert [(line["model"], line["rank"]) for table in tables for line in table["lines"]] == [
        ("elsewhere", None)
    ] * 2


def test_withdrawal_is_shown(cli, two, board, show):  # noqa: F811
    assert "lstm-seq2seq" in cli(*show)[1]
    withdraw = ("leaderboard", "withdraw", "--board", board, "--reason")
    assert cli(*withdraw, "wrong data", two[0])[0] == 0
    refused(cli(*withdraw, "again", two[0]), "already withdrawn: wrong data")
    refused(cli(*withdraw, "a\nb", two[1]), "the reason must be printable")
    refused(cli(*withdraw, "x", "ffffffffffff"), "no submission has the id", two[1])
    shown = cli(*show, "--withdrawn")[1]
    assert "wrong data" in shown and "lstm-seq2seq" in shown and "lstm-seq2seq" not in cli(*show)[1]
    assert Board(board).attempts() == {"kept": 2, "withdrawn": 1}


def test_the_plot(cli, two, show):  # noqa: F811
    out = cli(*show, "--plot", "--split", "interpolate")[1]
    assert "███" in out and "floor: constant" in out and "95.00%" in out


@pytest.mark.parametrize(("low", "share", "high"), [(0, 0, 0.01), (0.99, 1, 1), (0.4, 0.5, 0.6), (0, 0.5, 1)])
def test_bars_have_their_width(low, share, high):
    drawn = bar(Entry("model", "m", 9, share, low, high, "re-scored"), 50).plain
    assert len(drawn) == 50 and drawn.count("┼") == 1 and drawn.index("┼") == min(49, int(share * 50))


def test_macro(cli, two, show):  # noqa: F811
    average = (*show, "--macro", "--group", "operations")
    found = json.loads(cli(*average, "--json")[1])
    assert [(a["model"], a["split"], a["rank"]) for a in found if a["kind"] == "model"] == [
        ("mlp", "interpolate", 1),
        ("lstm-seq2seq", "interpolate", 2),
        ("mlp", "extrapolate", 1),
        ("lstm-seq2seq", "extrapolate", 2),
    ]
    assert "1 of 1" in cli(*average)[1]


def test_without_all_tasks_an_average_has_no_rank(cli, two, show):  # noqa: F811
    found = json.loads(cli(*show, "--macro", "--json")[1])
    assert [(a["model"], a["rank"], a["tasks"], a["of"]) for a in found if a["kind"] == "model"] == [
        ("mlp", None, 1, 2),
        ("lstm-seq2seq", None, 1, 2),
    ] * 2
    assert "1 of 2" in cli(*show, "--macro")[1]
    refused(cli(*show, "--macro", "--group", "operation"), "Did you mean 'operations'")


@pytest.mark.parametrize("by", ["ids", "names"])
def test_compare(cli, two, board, by):  # noqa: F811
    names = two if by == "ids" else ("lstm-seq2seq", "mlp")
    compare = ("leaderboard", "compare", *names, "--board", board)
    code, out, _ = cli(*compare)
    assert code == 0 and "exact binomial" in out and "mlp right" in out and "digits=2+2" in out
    total = json.loads(cli(*compare, "--json")[1])["splits"][0]["total"]
    assert (total["only_first"], total["only_second"], total["neither"]) == (0, 38, 2)


def test_compare_asks_which_when_there_are_several(cli, two, board, run):  # noqa: F811
    cli("submit", run(wrong=7, recipe={"hidden": 9}), "--board", board)
    compare = ("leaderboard", "compare", "lstm-seq2seq", "mlp", "--board", board)
    refused(cli(*compare), "2 pairs of them answered the same rows; name two by their ids", two[0])
    refused(cli(*compare[:2], "none", "mlp", "--board", board), "no submission has the id 'none'")


def test_compare_takes_all_seeds_of_a_model(cli, two, board, run):  # noqa: F811
    for seed, wrong in ((1, 44), (2, 36)):
        cli("submit", run(wrong=wrong, seed=seed), "--board", board)
    compare = ("leaderboard", "compare", "lstm-seq2seq", "mlp", "--board", board)
    code, out, err = cli(*compare)
    assert code == 0 and "rows and seeds" in out and "3 of lstm-seq2seq and 1 of mlp" in err
    found = json.loads(cli(*compare, "--json")[1])
    assert len(found["first"]["digests"]) == 3 and found["first"]["digest"] == found["first"]["digests"][0]
    total = found["splits"][0]["total"]
    assert total["only_second"] == pytest.approx(38) and total["difference"] == pytest.approx(-38 / 300)
    assert 0.01 < total["p"] < 0.05 and total["low"] < -38 / 300 < total["high"] < 0
    assert json.loads(cli(*compare[:2], *two, *compare[4:], "--json")[1])["splits"][0]["total"]["p"] < 1e-10


def test_a_dry_run_says_what_would_be_sent(cli, run, board):  # noqa: F811
    _, out, err = cli("submit", run(), "--dry-run", "--json")
    assert "500 predictions" in err and json.loads(out)["sent"]["manifest"]["baseline"] == "lstm-seq2seq"


@pytest.fixture
def real(cli, tmp_path, season_board, board, monkeypatch):  # noqa: F811
    """A real run on the board: a floor, which is quick, under another name than that of the floor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATHBENCH_BOARD", str(board))
    sizes = ("--digits", "2", "--train", "500", "--interpolate", "300", "--extrapolate", "200")
    code, _, err = cli("run-baseline", "copy-operand", "--task", "addition", *sizes, "--out", "run")
    assert code == 0 and "the board, which computes floors" in err and not Board(board).records()
    assert cli("submit", "run", "--name", "copied")[0] == 0
    return Board(board).records()[0].digest


def test_reproduce(cli, real, board):  # noqa: F811
    code, out, err = cli("leaderboard", "reproduce", real[:8], "--json")
    found = json.loads(out)
    assert code == 0 and found["holds"] and found["same_predictions"] and "is reproduced" in err
    # the repetition is no attempt of the submitter
    assert [(k.badge, k.attempts) for k in Board(board).records()] == [("reproduced", 1)]
    assert found["folder"] == f"runs/again-{real[:8]}"


def test_a_run_of_another_submitter_is_reproduced(cli, tmp_path, board, monkeypatch):  # noqa: F811
    """The name is the submitter's, and the host repeats the run."""
    monkeypatch.chdir(tmp_path)
    sizes = ("--digits", "2", "--train", "500", "--interpolate", "300", "--extrapolate", "200")
    cli("run-baseline", "copy-operand", "--task", "addition", *sizes, "--out", "run")
    sent = open_submission(tmp_path / "run", "copied")
    Board(board).keep(sent, check_submission(sent), token="ada")
    assert cli("leaderboard", "reproduce", sent.digest[:8], "--board", board)[0] == 0
    kept = Board(board).records()
    assert [(k.badge, k.submitter) for k in kept] == [("reproduced", "ada")]


def test_the_answers_to_a_season_are_reproduced(cli, real, board, show, season_file):  # noqa: F811
    cli("run-baseline", "copy-operand", "--task", "addition", "--digits", "2", "--seed", "5", "--train", "500",
        "--interpolate", "9", "--extrapolate", "9", "--out", "own")  # fmt: skip
    answer = ("evaluate", "own", "--season", season_file, "--name", "elsewhere")
    code, _, err = cli(*answer)
    assert code == 0, err
    sent = next(k for k in Board(board).records() if k.summary.model == "elsewhere")
    assert sent.checked.scores["interpolate"].total.n == 40
    code, out, _ = cli("leaderboard", "reproduce", sent.digest[:8], "--json")
    assert code == 0 and json.loads(out)["same_predictions"]
    lines = [line for t in json.loads(cli(*show, "--json")[1])["tables"] for line in t["lines"]]
    shown = [
        (line["badge"], line["attempt"], line["attempts"]) for line in lines if line["model"] == "elsewhere"
    ]
    assert shown == [("reproduced", 1, 1)] * 2


def test_a_finished_run_is_no_repetition(cli, real, board, tmp_path):  # noqa: F811
    refused(cli("leaderboard", "reproduce", real[:8], "--out", tmp_path / "run"), "new or empty directory")
    assert [k.badge for k in Board(board).records()] == ["re-scored"]


def test_a_run_that_scores_otherwise_is_not_reproduced(cli, real, board, tmp_path):  # noqa: F811
    """The kept predictions are another model's, and re-scored honestly: only repeating the run shows it."""
    import hashlib

    import pyarrow.parquet as pq

    from .conftest import replaced

    path = tmp_path / "run" / "predictions.parquet"
    pq.write_table(replaced(pq.read_table(path), 1000), path)
    result = path.with_name("result.json")
    told = json.loads(result.read_text())
    told["predictions_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    result.write_text(json.dumps(told))
    cli("submit", path.parent, "--name", "copied")
    forged = next(k.digest for k in Board(board).records() if k.digest != real)
    code, _, err = cli("leaderboard", "reproduce", forged[:8], "--out", tmp_path / "again")
    assert code == 1 and "was not found again" in err
    assert {k.badge for k in Board(board).records()} == {"re-scored"} and len(Board(board).records()) == 2


def test_what_has_no_recipe_is_not_reproduced(cli, two, board, run):  # noqa: F811
    cli("submit", run(baseline="./evil.py:Model"), "--board", board)
    evil = next(k.digest for k in Board(board).records() if k.summary.model == "Model")
    refused(
        cli("leaderboard", "reproduce", evil, "--board", board),
        "'./evil.py:Model', which is not part of mathbench",
    )


def test_the_first_attempt_of_a_seed_counts(board, run):
    from mathbench.cli.leaderboard.compare import _runs

    for wrong in (4, 9):
        submit_run(run(wrong=wrong), board)
    records = [replace(r, submitted=f"2026-01-0{i}T00:00:00Z") for i, r in enumerate(Board(board).records())]
    for given in (records, records[::-1]):
        assert _runs(given, "lstm-seq2seq") == [[records[0]]]
    assert _runs([*records, replace(records[0], withdrawn="a mistake")], "lstm-seq2seq") == [[records[0]]]


def test_long_tables_are_cut_and_say_so(cli, season_board, board, monkeypatch, run):  # noqa: F811
    from mathbench.cli.leaderboard import show

    monkeypatch.setattr(show, "MAX_LINES", 1)
    for name in ("a", "b", "c"):
        submit_run(run(baseline=name, recipe={"name": name}), board)
    words = ("leaderboard", "show", "--open", "--split", "interpolate", "--board", board)
    _, out, err = cli(*words)
    assert "2 more lines: --all prints them" in err and sum(f" {name} " in out for name in "abc") == 1
    _, out, err = cli(*words, "--all")
    assert "more lines" not in err and all(f" {name} " in out for name in "abc")
    assert len(json.loads(cli(*words, "--json")[1])["tables"][0]["lines"]) == 3
