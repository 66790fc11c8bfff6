"""A folder of results: what `verify` and `build` find, and that a withdrawal stays visible."""

import json
from pathlib import Path

import pytest

from mathbench.leaderboard.ranking.render import MARKS
from mathbench.leaderboard.store.any_board import answers_loader
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import export, read_folder
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify_folder

from .test_commands import cli, refused  # noqa: F401


@pytest.fixture
def folder(run, board, tmp_path):
    submit_run(run(wrong=5), board)
    submit_run(run(wrong=5), board)
    submit_run(run(baseline="other"), board)
    place = tmp_path / "leaderboard"
    export(Board(board).records(), place / "results", answers_loader(board))
    (place / "README.md").write_text(f"{MARKS[0]}\n{MARKS[1]}\n")
    return place


def test_an_exported_folder_holds(folder):
    report = verify_folder(folder)
    assert (report.files, len(report.recomputed), report.claimed, report.findings) == (2, 2, (), ())
    assert sorted(entry.attempts for entry in read_folder(folder)) == [1, 2]


def edited(folder, change):
    path = next(path for path in (folder / "results").iterdir() if "lstm" in path.name)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def more_right(document):
    document["scores"]["interpolate"]["correct"] += 1


def consistently_more_right(document):
    from mathbench.scores.results import Score

    document["scores"]["interpolate"] |= Score(300, 296).to_json()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (more_right, "the shares or intervals"),
        (consistently_more_right, "the scores differ from those of the answers"),
        (lambda d: d.update(badge="gold"), "badge"),
        (lambda d: d.update(surprise=1), "unknown key 'surprise'"),
        (lambda d: d.update(digest="0" * 64), "differs from the submitted one"),
        (lambda d: d.update(predictions_digest="0" * 64), "differs from the submitted one"),
        (lambda d: d["manifest"].update(parameters=1), "differs from the submitted one"),
        (lambda d: d["manifest"].update(task={}), "is missing the key 'id'"),
        (lambda d: d.update(differences=[]), "the differences are not"),
        (
            lambda d: d["scores"]["interpolate"]["strata"].popitem(),
            "the scores differ from those of the answers",
        ),
        (lambda d: d["solver"].popitem(), "the score of the exact solver differs"),
    ],
    ids=range(11),
)
def test_an_edited_file_is_found(folder, change, problem):
    edited(folder, change)
    report = verify_folder(folder)
    assert report.files == 2 and len(report.recomputed) == 1
    assert any(problem in finding.problem for finding in report.findings), report.findings


def test_a_second_file_of_one_submission_is_found(folder):
    path = edited(folder, lambda d: None)
    path.with_name("again.json").write_text(path.read_text())
    problems = {finding.problem.split(" ")[0] for finding in verify_folder(folder).findings}
    assert problems == {"the", "this", "again.parquet"}


def test_verify_says_what_cannot_be_checked(cli, folder):  # noqa: F811
    code, out, err = cli("leaderboard", "verify", "--board", folder)
    assert code == 0 and "cannot be checked here: the scores of files without" in err and "all 2" in err
    edited(folder, more_right)
    code, out, err = cli("leaderboard", "verify", "--board", folder, "--json")
    problems = [finding["problem"] for finding in json.loads(out)["findings"]]
    assert code == 1 and problems[0].startswith("the shares or intervals") and "1 of 2 submissions" in err


def test_build_checks_and_writes(cli, folder):  # noqa: F811
    build = ("leaderboard", "build", folder)
    code, _, err = cli(*build, "--check")
    assert code == 1 and "does not show these results" in err
    assert cli(*build)[0] == 0 and "lstm-seq2seq" in (folder / "README.md").read_text()
    assert cli(*build, "--check")[0] == 0
    edited(folder, more_right)
    assert cli(*build)[0] == 1


def test_withdrawing_marks_the_file(cli, folder):  # noqa: F811
    digest = next(entry.digest for entry in read_folder(folder) if entry.summary.model == "other")
    arguments = ("leaderboard", "withdraw", digest[:8], "--board", folder, "--reason", "a mistake")
    assert cli(*arguments)[0] == 0
    refused(cli(*arguments), "already withdrawn: a mistake")
    assert verify_folder(folder).findings == ()
    _, out, _ = cli("leaderboard", "show", "--board", folder, "--withdrawn", "--json")
    assert [row["reason"] for row in json.loads(out)] == ["a mistake"]
    assert "other" not in cli("leaderboard", "show", "--board", folder)[1]


def test_the_results_of_this_repository_hold(cli):  # noqa: F811
    """The check of a pull request that adds a file to leaderboard/results."""
    root = Path(__file__).resolve().parents[2]
    code, _, err = cli("leaderboard", "build", root / "leaderboard", "--check")
    assert code == 0, err
