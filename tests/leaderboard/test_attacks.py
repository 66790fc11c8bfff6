"""What a submitter may try in order to stand higher than he should, on a board with tokens."""

import json

import pyarrow as pa
import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.check import check_submission
from mathbench.leaderboard.ranking.macro import macro_averages
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables, season_tables
from mathbench.leaderboard.seasons.references import compute_references
from mathbench.leaderboard.store.any_board import load_ranked
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submit import submit_run
from mathbench.scores.results import Score

from .conftest import from_anybody, manifest, replaced, right, write_run, written_by_anybody
from .season import SEASON, SUMS, TEXT


@pytest.fixture
def opened(board):
    """A board whose host has added the small season."""
    found = Board(board)
    found.add_season(TEXT, SEASON, compute_references(SEASON))
    return found


@pytest.fixture
def send(opened, tmp_path, task):
    """Send a run with the first `wrong` answers spoilt to the board under a token."""
    count = iter(range(1_000_000))

    def make(token, wrong=0, sizes=None, data_seed=0, **changes):
        sizes = {"train": 1000, "interpolate": 300, "extrapolate": 200} if sizes is None else sizes
        table = replaced(right(task, sizes, data_seed), wrong)
        document = manifest(task, sizes, data_seed, **changes)
        submission = open_submission(write_run(tmp_path / f"run{next(count)}", document, table))
        return opened.keep(submission, check_submission(submission), token=token).record

    return make


def ranked(board):
    return load_ranked(board, "tiny")[1]


def lines(board, split="interpolate"):
    (table,) = season_tables(ranked(board), TableFilters(task="sums", split=split))
    return {line.model: line for line in table.lines}


def test_one_right_answer_of_one_is_no_rank(send, board):
    """The size belongs to the season: before, one right answer of one stood on rank 1."""
    send("ada", 3, baseline="honest")
    send("eve", 0, {"train": 1, "interpolate": 1, "extrapolate": 1}, baseline="eve")
    send("eve", 0, {"train": 1, "interpolate": 1}, 123, baseline="eve")
    found = lines(board)
    assert found["honest"].rank == 1 and found["eve"].rank is None and not found["eve"].complete


def test_no_seed_of_the_data_can_be_chosen(send, board):
    """The luckiest of 200 data seeds lifted a model of 70 % to 77.5 %."""
    send("ada", 3, baseline="honest")
    for seed in range(1, 6):
        send("eve", 0, data_seed=seed, baseline="eve")
    assert set(lines(board)) == {"honest", "constant", "copy-operand", "exact-solver"}
    shown = open_tables(ranked(board).open)
    assert {line.rank for table in shown for line in table.lines} == {None}
    assert [a.model for a in macro_averages(ranked(board)) if a.kind == "model"] == ["honest"]


def test_nobody_sends_a_seed_of_somebody_elses_model(send, board, opened):
    """All-wrong answers as seed 1 of somebody's model pulled its line from 100 % to 50 %."""
    send("ada", baseline="adas-model", seed=0)
    with pytest.raises(InputError, match=r"the name 'adas-model' belongs to ada since .*--name NAME"):
        send("eve", 300, baseline="adas-model", seed=1)
    with pytest.raises(InputError, match="belongs to ada"):
        send(None, 300, baseline="adas-model", seed=1)
    line = lines(board)["adas-model"]
    assert (line.exact_match, line.seeds, line.submitter, line.attempts) == (1, 1, "ada", 1)


@pytest.mark.parametrize("spelling", ["Adas-Model", "adas_model", "ADAS.MODEL", "adas--model", "adas model"])
def test_five_spellings_of_a_name_are_one_name(send, board, spelling):
    send("ada", baseline="adas-model")
    with pytest.raises(InputError, match="belongs to ada"):
        send("eve", 300, baseline=spelling)
    send("ada", 300, baseline=spelling)
    assert [(x.attempt, x.attempts) for x in lines(board).values() if x.kind == "model"] == [(1, 2)]


@pytest.mark.parametrize("name", ["\u0430das-model", "adas-model\u200b", "", "...", "\U0001d552das"])
def test_letters_that_look_alike_are_no_names(send, name):
    send("ada", baseline="adas-model")
    with pytest.raises(InputError) as refusal:
        send("eve", baseline=name)
    assert str(refusal.value).isprintable()


def test_a_name_stays_with_its_first_submitter_when_the_content_is_sent_again(send, opened):
    record = send("ada", baseline="a")
    assert record.submitter == "ada"
    with pytest.raises(InputError, match="belongs to ada"):
        send("eve", baseline="a")
    assert opened.find(record.digest).submitter == "ada" and opened.find(record.digest).attempts == 1


def test_a_reported_floor_makes_no_floor_of_a_rival(send, board):
    """A forged report turned a rival into "floor: honest" without a rank, and made a shortcut 100 % right."""
    send("ada", 3, baseline="honest")
    all_right = {"interpolate": Score(300, 300).to_json()}
    send("eve", 30, baseline="eve", floors={"honest": all_right, "constant": all_right})
    found = lines(board)
    assert (found["honest"].kind, found["honest"].rank) == ("model", 1)
    assert found["constant"].kind == "floor" and found["constant"].exact_match < 0.1


@pytest.mark.parametrize("name", ["exact-solver", "Exact_Solver", "constant", "last-digit"])
def test_names_of_floors_and_solver_are_reserved(send, board, name):
    """A submission called exact-solver replaced the line of the solver."""
    with pytest.raises(InputError, match="is reserved: the board itself computes"):
        send("eve", 300, baseline=name)
    assert lines(board)["exact-solver"].exact_match == 1


def test_a_row_on_a_new_task_takes_no_rank(send, board, tmp_path, opened):
    """One row on one new task took the overall rank from every model."""
    from mathbench.families import task as make_task

    send("ada", 3, baseline="honest")
    before = macro_averages(ranked(board), "interpolate", "operations")
    other = make_task("gcd", digits=2)
    sizes = {"train": 1, "interpolate": 1}
    submission = open_submission(
        write_run(tmp_path / "other", manifest(other, sizes, baseline="eve"), right(other, sizes))
    )
    opened.keep(submission, check_submission(submission), token="eve")
    found = macro_averages(ranked(board), "interpolate", "operations")
    assert found == before and [a.rank for a in found if a.model == "honest"] == [1]


def test_trying_again_does_not_help_and_is_shown(send, board):
    """Also not within one second: times are whole seconds, and digests can be chosen."""
    send("eve", 90, baseline="eve", recipe={"hidden": 1})
    for i in range(4):
        send("eve", 0, baseline="eve", recipe={"hidden": 1}, id=f"again {i}")
    line = lines(board)["eve"]
    assert (line.exact_match, line.attempt, line.attempts) == (0.7, 1, 5)


def test_seeds_cannot_be_chosen_either(send, board):
    """All training seeds of a model count, with their mean."""
    for seed, errors in enumerate((90, 0, 0)):
        send("eve", errors, baseline="eve", seed=seed)
    assert lines(board)["eve"].exact_match == pytest.approx(0.9)


def test_a_model_in_a_file_names_its_season(opened, board, tmp_path, task):
    def sent(number, **changes):
        document = from_anybody(task) | {"schema_version": 3, "supervision": "examples"} | changes
        document["model"] = document["model"] | {"name": f"mine-{number}"}
        folder = written_by_anybody(tmp_path / f"sent{number}", document, right(task), "p.parquet")
        return submit_run(folder, board)

    sent(1, season="tiny")
    sent(2, season=None)
    with pytest.raises(InputError, match="has no rows of addition"):
        sent(3, season="core-1")
    with pytest.raises(InputError, match="no season 'winter'"):
        sent(4, season="winter")
    assert {name: line.rank for name, line in lines(board).items() if line.kind == "model"} == {"mine-1": 1}
    assert opened.attempts() == {"kept": 2, "refused": 2}


def test_a_run_takes_another_name(board, opened, run, capsys):
    with pytest.raises(InputError, match="belongs to ada"):
        first = open_submission(run())
        opened.keep(first, check_submission(first), token="ada")
        submit_run(run(wrong=1), board)
    receipt = submit_run(run(wrong=1), board, name="my-lstm")
    assert receipt.model == "my-lstm" and lines(board)["my-lstm"].submitter is None
    with pytest.raises(InputError, match="is reserved"):
        submit_run(run(wrong=2), board, name="Constant")


def test_a_name_is_for_runs_only(board, opened, tmp_path, task):
    folder = written_by_anybody(tmp_path / "sent", from_anybody(task), right(task), "p.parquet")
    with pytest.raises(InputError, match=r"--name is for runs; submission\.json names its model itself"):
        submit_run(folder, board, name="other")


def test_an_empty_answer_to_most_rows_is_wrong(opened, board, tmp_path, task):
    """Who answers one row of all is complete, and wrong on the others."""
    table = right(task)
    document = manifest(task, {"train": 1, "interpolate": 300, "extrapolate": 200}, baseline="eve")
    one = table.filter(pa.array([True] + [False] * (table.num_rows - 1)))
    submit_run(write_run(tmp_path / "one", document, one), board)
    assert lines(board)["eve"].exact_match == pytest.approx(1 / 300)


def test_the_board_says_who_submitted_and_which_attempt_it_is(send, board, opened):
    from mathbench.leaderboard.ranking.render import cells, markdown, tables_csv

    send("ada", 9, baseline="a", recipe={"name": "v1"})
    send("ada", 2, baseline="a", recipe={"name": "v2"})
    tables = season_tables(ranked(board), TableFilters(task="sums", split="interpolate"))
    shown = [cells(line) for line in tables[0].lines if line.kind == "model"]
    assert [("ada" in cell, "2nd of 2" in cell) for cell in shown] == [(True, True), (True, False)]
    assert "1st of 2" in markdown(tables) and ",ada," in tables_csv(tables)
    assert json.loads(json.dumps(opened.records()[0].to_json()))["submitter"] == "ada"
    assert SUMS.name in markdown(tables)
