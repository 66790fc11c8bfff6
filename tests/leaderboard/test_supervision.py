"""Models of different supervision are never mixed: not in a mean over seeds, not in a rank, not in an average."""

import json

import pytest

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.ranking.macro import macro_averages
from mathbench.leaderboard.ranking.rank import rank_tables
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submission_manifest import SUPERVISIONS, UNTRAINED
from mathbench.leaderboard.submit import submit_run
from mathbench.scores.results import Score
from mathbench.scores.schema import SUPERVISION

from . import proofs
from .conftest import from_anybody, right, written_by_anybody
from .test_commands import cli  # noqa: F401
from .test_ranking import kept, models

FLOORS = {"constant": {"interpolate": Score(10, 4).to_json()}}


def shown(tables):
    return {table.supervision: models(table) for table in tables}


def test_ranks_are_among_models_of_one_supervision(task):
    board = [
        kept(task, 100, 0, baseline="old"),
        kept(task, 900, 1, baseline="a", supervision="examples"),
        kept(task, 300, 2, baseline="b", supervision="examples"),
        kept(task, 999, 3, baseline="c", supervision="dense"),
        kept(task, 950, 4, baseline="d", supervision="aligned+dense"),
    ]
    tables = rank_tables(board)
    assert shown(tables) == {
        "examples": [(1, "a"), (2, "b")],
        "dense": [(1, "c")],
        "aligned+dense": [(1, "d")],
        None: [(1, "old")],
    }
    assert [table.supervision for table in tables] == ["examples", "dense", "aligned+dense", None]
    for table in tables:
        assert {line.model for line in table.lines if line.kind != "model"} == {"constant", "exact-solver"}


def test_a_mean_over_seeds_has_one_supervision(task):
    board = [kept(task, 500 + 100 * i, i, seed=i, supervision=("examples", "dense")[i % 2]) for i in range(4)]
    found = {
        t.supervision: next(line for line in t.lines if line.kind == "model") for t in rank_tables(board)
    }
    assert {name: (line.seeds, line.exact_match) for name, line in found.items()} == {
        "examples": (2, pytest.approx(0.6)),
        "dense": (2, pytest.approx(0.7)),
    }
    assert {line.supervision for line in found.values()} == {"examples", "dense"}


def test_a_submitted_floor_stands_in_every_table_and_has_no_group(task):
    board = [
        kept(task, 5, 0, baseline="constant"),
        kept(task, 900, 1, supervision="examples"),
        kept(task, 800, 2, supervision="prompted"),
    ]
    tables = rank_tables(board)
    assert list(shown(tables)) == ["examples", "prompted"]
    for table in tables:
        assert [line.badge for line in table.lines if line.kind == "floor"] == ["re-scored"]
    assert list(shown(rank_tables(board[:1]))) == [None]


def test_a_claim_of_no_training_does_not_make_a_floor(tmp_path, task, board):
    """Or anybody could set the floor to 100 %."""
    submit_run(written(tmp_path / "a", task, supervision=None), board)
    submit_run(written(tmp_path / "b", task, supervision="prompted"), board)
    tables = rank_tables(Board(board).records(), split="interpolate")
    assert shown(tables) == {"prompted": [(1, "somebody's model")], UNTRAINED: [(1, "somebody's model")]}


def test_the_filter_of_a_badge_leaves_tables_of_what_is_shown(task):
    board = [kept(task, 900, 1, supervision="examples"), kept(task, 800, 2, supervision="dense")]
    object.__setattr__(board[1], "badge", "reproduced")
    assert list(shown(rank_tables(board, badge="reproduced"))) == ["dense"]


def test_identities_of_older_submissions_are_what_they_were(task):
    old = kept(task, 1)
    assert json.loads(old.model_key)["model"].keys() == {"baseline", "framework", "recipe", "encoding"}
    stated = kept(task, 1, supervision="examples")
    assert json.loads(stated.model_key)["model"]["supervision"] == "examples"
    certified = kept(task, 1, supervision="examples", certificate={"claim": "all", "sha256": "0" * 64})
    assert len({entry.model_key for entry in (old, stated, certified)}) == 3


def test_every_supervision_of_a_manifest_has_a_group_and_a_title():
    assert [*SUPERVISIONS] == [*SUPERVISION, UNTRAINED, None]
    assert len(set(SUPERVISIONS.values())) == len(SUPERVISIONS)


def averages(board):
    return {
        supervision: [(a.kind, a.model, a.tasks, a.of, a.rank) for a in found if a.supervision == supervision]
        for found in [macro_averages(board)]
        for supervision in dict.fromkeys(a.supervision for a in found)
    }


def test_averages_are_over_the_tasks_of_their_group():
    one, other = make_task("addition", digits=2), make_task("addition", digits=3)
    board = [
        kept(one, 900, 1, baseline="a", supervision="examples", floors=FLOORS),
        kept(other, 800, 2, baseline="a", supervision="examples", floors={}),
        kept(one, 990, 3, baseline="a", supervision="dense", floors={}),
        kept(one, 100, 4, baseline="b", supervision="examples", floors={}),
    ]
    assert averages(board) == {
        "examples": [
            ("solver", "exact-solver", 2, 2, None),
            ("model", "a", 2, 2, 1),
            ("floor", "constant", 1, 2, None),
            ("model", "b", 1, 2, None),
        ],
        "dense": [
            ("solver", "exact-solver", 1, 1, None),
            ("model", "a", 1, 1, 1),
            ("floor", "constant", 1, 1, None),
        ],
    }
    (mean,) = [a.mean for a in macro_averages(board) if (a.model, a.supervision) == ("a", "dense")]
    assert mean == 0.99


def test_a_task_without_models_counts_for_every_group():
    one, other = make_task("addition", digits=2), make_task("addition", digits=3)
    board = [kept(one, 900, 1, supervision="examples"), kept(other, 5, 2, baseline="constant")]
    (model,) = [a for a in macro_averages(board) if a.kind == "model"]
    assert (model.tasks, model.of, model.rank) == (1, 2, None)


# submission.json


def written(folder, task, version=2, **changes):
    return written_by_anybody(
        folder,
        from_anybody(task),
        right(task).drop_columns("task"),
        "predictions.parquet",
        changes={"schema_version": version, **changes},
    )


@pytest.mark.parametrize("supervision", [*SUPERVISION, None])
def test_version_2_states_its_supervision(tmp_path, task, supervision):
    sent = open_submission(written(tmp_path / "mine", task, supervision=supervision))
    assert sent.manifest.summary.supervision == (supervision or UNTRAINED)
    assert sent.certificate is None


def test_version_1_does_not_and_is_still_read(tmp_path, task, board):
    sent = open_submission(written(tmp_path / "mine", task, version=1))
    assert sent.manifest.summary.supervision is None
    assert submit_run(tmp_path / "mine", board).proof is None


@pytest.mark.parametrize(
    ("version", "changes", "message"),
    [
        (2, {}, r"submission\.json is missing the key 'supervision'"),
        (2, {"supervision": ""}, r"submission\.json\.supervision must be an allowed word\. Received: ''"),
        (2, {"supervision": "example"}, r"Did you mean 'examples'\?"),
        (2, {"supervision": ["examples"]}, r"Allowed: aligned, aligned\+dense, dense, examples, prompted"),
        (2, {"supervision": "dense", "certificate": {}}, r"submission\.json\.certificate is missing the key 'file'"),
        (1, {"supervision": "dense"}, r"submission\.json has the unknown key 'supervision'"),
        (1, {"certificate": None}, r"submission\.json has the unknown key 'certificate'"),
        (3, {}, r"submission\.json\.schema_version must be an integer from 1 to 2\. Received: 3"),
        (True, {}, r"submission\.json\.schema_version must be an integer from 1 to 2"),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_the_versions_do_not_allow(tmp_path, task, version, changes, message):
    with pytest.raises(InputError, match=message):
        open_submission(written(tmp_path / "mine", task, version, **changes))


def test_terminals_and_json_state_it(cli, tmp_path, board):  # noqa: F811
    made = proofs.THREE
    for supervision in ("examples", "dense"):
        submit_run(proofs.write(tmp_path / supervision, None, made, supervision=supervision), board)
    show = ("leaderboard", "show", "--board", board)
    out = cli(*show)[1]
    assert "divisible-3-base10, interpolate, from examples" in out and "interpolate, dense labels" in out
    tables = json.loads(cli(*show, "--json")[1])["tables"]
    assert [table["supervision"] for table in tables] == ["examples", "dense"] * 2
    found = json.loads(cli(*show, "--macro", "--split", "interpolate", "--json")[1])
    assert [a["supervision"] for a in found if a["kind"] == "model"] == ["examples", "dense"]
    assert "dense labels" in cli(*show, "--macro")[1]
    first, second = (record.digest[:8] for record in Board(board).records())
    code, _, err = cli("leaderboard", "compare", first, second, "--board", board)
    assert code == 0 and "they differ in what training gave away: " in err
