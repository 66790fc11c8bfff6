"""Models of different supervision are never mixed: not in a mean over seeds, not in a rank, not in an average."""

import json

import pytest

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.macro import macro_averages
from mathbench.leaderboard.ranking.rank import TableFilters, open_tables, season_tables
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submission import open_submission
from mathbench.leaderboard.submission_manifest import SUPERVISIONS, UNTRAINED
from mathbench.leaderboard.submit import submit_run
from mathbench.scores.results import Score
from mathbench.scores.schema import SUPERVISION

from . import proofs
from .conftest import SMALL, from_anybody, kept, models, ranked, right, written_by_anybody
from .test_commands import cli  # noqa: F401

FLOORS = {"constant": {"interpolate": Score(10, 4).to_json()}}
SUMS = TableFilters("sums", split="interpolate")


def tables_of(board, filters=SUMS):
    """The tables of one task of the small season."""
    return season_tables(ranked(board, with_references=True), filters)


def shown(tables):
    return {table.supervision: models(table) for table in tables}


def test_ranks_are_among_models_of_one_supervision(task):
    board = [
        kept(task, 4, 0, baseline="old"),
        kept(task, 36, 1, baseline="a", supervision="examples"),
        kept(task, 12, 2, baseline="b", supervision="examples"),
        kept(task, 40, 3, baseline="c", supervision="dense"),
        kept(task, 38, 4, baseline="d", supervision="aligned+dense"),
    ]
    tables = tables_of(board)
    assert shown(tables) == {
        "examples": [(1, "a"), (2, "b")],
        "dense": [(1, "c")],
        "aligned+dense": [(1, "d")],
        None: [(1, "old")],
    }
    assert [table.supervision for table in tables] == ["examples", "dense", "aligned+dense", None]
    for table in tables:
        beside = {line.model for line in table.lines if line.kind != "model"}
        assert beside == {"constant", "copy-operand", "exact-solver"}
    assert shown(open_tables(board, TableFilters(split="interpolate"))) == {
        supervision: [(None, model) for _, model in found] for supervision, found in shown(tables).items()
    }


def test_a_mean_over_seeds_has_one_supervision(task):
    board = [kept(task, 20 + 4 * i, i, seed=i, supervision=("examples", "dense")[i % 2]) for i in range(4)]
    for tables in (tables_of(board), open_tables(board, TableFilters(split="interpolate"))):
        found = {t.supervision: next(line for line in t.lines if line.kind == "model") for t in tables}
        assert {name: (line.seeds, line.exact_match) for name, line in found.items()} == {
            "examples": (2, pytest.approx(0.6)),
            "dense": (2, pytest.approx(0.7)),
        }
        assert {line.supervision for line in found.values()} == {"examples", "dense"}


def test_the_computed_floors_stand_in_every_table(task):
    board = [kept(task, 36, 1, supervision="examples"), kept(task, 32, 2, supervision="prompted")]
    tables = tables_of(board)
    assert list(shown(tables)) == ["examples", "prompted"]
    for table in tables:
        assert {line.badge for line in table.lines if line.kind == "floor"} == {"computed"}
    assert list(shown(tables_of([]))) == [None]


def test_reported_floors_are_ignored(task):
    """Or anybody could set the floor to 100 %."""
    high = {
        "constant": {"interpolate": Score(40, 40).to_json()},
        "evil": {"interpolate": Score(40, 40).to_json()},
    }
    (table,) = tables_of([kept(task, 36, 1, supervision="examples", floors=high)])
    floors = {line.model: line.exact_match for line in table.lines if line.kind == "floor"}
    assert floors == {"constant": 0, "copy-operand": 0.05}


@pytest.mark.parametrize("name", ["constant", "exact-solver"])
def test_a_floor_on_a_board_of_an_earlier_version_is_no_model(task, name):
    board = [kept(task, 40, 1, baseline=name), kept(task, 36, 2, baseline="a")]
    assert shown(tables_of(board)) == {None: [(1, "a")]}
    assert [record.summary.model for record in ranked(board).open] == [name]


def test_a_claim_of_no_training_does_not_make_a_floor(tmp_path, task, season_board):
    """Or anybody could set the floor to 100 %."""
    own = {"version": 3, "season": "small", "model": {"name": "a-model"}}
    submit_run(written(tmp_path / "a", task, supervision=None, **own), season_board)
    submit_run(written(tmp_path / "b", task, supervision="prompted", **own), season_board)
    board = Board(season_board)
    assert shown(season_tables(ranked(board), SUMS)) == {
        "prompted": [(1, "a-model")],
        UNTRAINED: [(1, "a-model")],
    }
    assert open_tables(ranked(board).open) == []


def test_the_filter_of_a_badge_leaves_tables_of_what_is_shown(task):
    board = [
        kept(task, 36, 1, supervision="examples"),
        kept(task, 32, 2, supervision="dense", badge="reproduced"),
    ]
    filters = TableFilters("sums", split="interpolate", badge="reproduced")
    assert shown(tables_of(board, filters)) == {"examples": [], "dense": [(1, "lstm-seq2seq")]}
    # a table of open submissions has nothing else to show
    assert list(shown(open_tables(board, TableFilters(badge="reproduced")))) == ["dense"]


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


def averages(board, scope=""):
    """The averages of the small season, by supervision."""
    found = macro_averages(ranked(board, with_references=True), scope=scope)
    return {
        supervision: [(a.kind, a.model, a.tasks, a.of, a.rank) for a in found if a.supervision == supervision]
        for supervision in dict.fromkeys(a.supervision for a in found)
    }


def test_averages_are_over_the_models_of_their_supervision():
    one, other = (task.task for task in SMALL.tasks)
    board = [
        kept(one, 36, 1, baseline="a", supervision="examples", floors=FLOORS),
        kept(other, 32, 2, baseline="a", supervision="examples"),
        kept(one, 39, 3, baseline="a", supervision="dense"),
        kept(one, 4, 4, baseline="b", supervision="examples"),
    ]
    beside = [
        ("solver", "exact-solver", 2, 2, None),
        ("floor", "constant", 2, 2, None),
    ]
    single = [("floor", "last-digit", 1, 2, None), ("floor", "copy-operand", 1, 2, None)]
    found = averages(board)
    assert found == {
        "examples": [
            beside[0],
            ("model", "a", 2, 2, 1),
            beside[1],
            single[0],
            ("model", "b", 1, 2, None),
            single[1],
        ],
        # one of two tasks has no rank, and stands below those that answered both
        "dense": [*beside, ("model", "a", 1, 2, None), *single],
    }
    assert averages(board, "operations")["dense"][:2] == [
        ("solver", "exact-solver", 1, 1, None),
        ("model", "a", 1, 1, 1),
    ]
    means = {(a.model, a.supervision): a.mean for a in macro_averages(ranked(board)) if a.kind == "model"}
    assert means[("a", "dense")] == 39 / 40 and means[("a", "examples")] == pytest.approx((0.9 + 0.8) / 2)


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
        (2, {"supervision": ["examples"]}, r"Allowed: aligned, aligned\+dense, .*, examples, .*prompted"),
        (2, {"supervision": "dense", "certificate": {}}, r"submission\.json\.certificate is missing the key 'file'"),
        (1, {"supervision": "dense"}, r"submission\.json has the unknown key 'supervision'"),
        (1, {"certificate": None}, r"submission\.json has the unknown key 'certificate'"),
        (3, {"supervision": None, "model": {"name": "m"}}, r"submission\.json is missing the key 'season'"),
        (3, {"supervision": None, "season": None}, r"submission\.json\.model\.name"),
        (2, {"supervision": None, "season": None}, r"submission\.json has the unknown key 'season'"),
        (4, {}, r"submission\.json\.schema_version must be an integer from 1 to 3\. Received: 4"),
        (True, {}, r"submission\.json\.schema_version must be an integer from 1 to 3"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_the_versions_do_not_allow(tmp_path, task, version, changes, message):
    with pytest.raises(InputError, match=message):
        open_submission(written(tmp_path / "mine", task, version, **changes))


def test_terminals_and_json_state_it(cli, tmp_path, season_board):  # noqa: F811
    board, made = season_board, proofs.THREE
    own = {"schema_version": 3, "season": "small"}
    for supervision in ("examples", "dense"):
        model = from_anybody(made)["model"] | {"name": "a-model"}
        path = proofs.write(tmp_path / supervision, None, made, supervision=supervision, model=model, **own)
        submit_run(path, board)
    show = ("leaderboard", "show", "--season", "small", "--board", board)
    out = cli(*show)[1]
    assert "multiples, interpolate, from examples" in out and "interpolate, dense labels" in out
    tables = json.loads(cli(*show, "--json")[1])["tables"]
    assert [table["supervision"] for table in tables] == ["examples", "dense"] * 2
    average = (*show, "--macro", "--group", "categories")
    found = json.loads(cli(*average, "--split", "interpolate", "--json")[1])
    assert [a["supervision"] for a in found if a["kind"] == "model"] == ["examples", "dense"]
    assert "dense labels" in cli(*average)[1]
    first, second = (record.digest[:8] for record in Board(board).records())
    code, _, err = cli("leaderboard", "compare", first, second, "--board", board)
    assert code == 0 and "they differ in what training gave away: " in err
