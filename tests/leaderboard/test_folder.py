"""A folder of results: what `verify` and `build` find, and that a withdrawal stays visible."""

import hashlib
import io
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.leaderboard.ranking.overview import GENERATED
from mathbench.leaderboard.ranking.rank import open_tables
from mathbench.leaderboard.ranking.render import MARKS, markdown, tables_csv
from mathbench.leaderboard.site.export import load_pages
from mathbench.leaderboard.store.any_board import answers_loader, rights_loader
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import export, file_name, read_file, read_folder, read_stated
from mathbench.leaderboard.store.packed_record import AS_CLAIMED, PACKED, unpack
from mathbench.leaderboard.submission import Manifest
from mathbench.leaderboard.submit import submit_run
from mathbench.leaderboard.verify import verify_folder

from .conftest import right
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
    path = next(path for path in (folder / "results").rglob("*.json") if "lstm" in path.name)
    document = unpack(json.loads(path.read_text()))
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


# the short form of files


def packed(folder, change):
    """Change the short form of a file."""
    path, _ = files_of(folder)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def test_files_are_short_and_say_the_same(folder):
    for path in (folder / "results").rglob("*.json"):
        document, whole = json.loads(path.read_text()), unpack(json.loads(path.read_text()))
        assert document["schema_version"] == PACKED and whole["schema_version"] == 1
        assert whole == json.loads(json.dumps(read_stated(path).to_json()))
        assert len(path.read_text()) < 0.5 * len(json.dumps(whole, indent=1))
        assert set(document["solver"]) == {"interpolate", "extrapolate"} and document["manifest"]["ceiling"]


def test_files_lie_in_the_folder_of_their_task(folder):
    path, answers = files_of(folder)
    assert path.parent == folder / "results" / "addition-base10-digits2"
    # as earlier versions wrote them
    flat = path.rename(folder / "results" / path.name)
    answers.rename(flat.with_suffix(".parquet"))
    assert verify_folder(folder).findings == () and len(read_folder(folder)) == 2
    (folder / "results" / "gcd").mkdir()
    wrong = flat.rename(folder / "results" / "gcd" / path.name)
    flat.with_suffix(".parquet").rename(wrong.with_suffix(".parquet"))
    assert problems(folder) == ["the file must lie in the folder addition-base10-digits2"]


def test_a_board_of_earlier_versions_is_rewritten_in_place(folder, cli):  # noqa: F811
    records = read_folder(folder)
    for path in list((folder / "results").rglob("*.json")):
        flat = folder / "results" / path.name
        flat.write_text(json.dumps(unpack(json.loads(path.read_text())), indent=1))
        path.unlink()
        path.with_suffix(".parquet").rename(flat.with_suffix(".parquet"))
    assert read_folder(folder) == records and verify_folder(folder).findings == ()
    words = ("leaderboard", "export", "--format", "json", "--board", folder, "--out", folder / "results")
    assert cli(*words)[0] == 0
    assert read_folder(folder) == records and not [p for p in (folder / "results").iterdir() if p.is_file()]
    report = verify_folder(folder)
    assert len(report.recomputed) == 2 and report.findings == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d["scores"].update(interpolate=[300, 300]), "the scores differ from those of the answers"),
        (lambda d: d["scores"].update(interpolate=AS_CLAIMED), "the scores differ from those of the answers"),
        (lambda d: d["scores"].update(validation=AS_CLAIMED), "scores.validation must be an object"),
        (lambda d: d["solver"].update(interpolate=[200, 199]), "the score of the exact solver differs"),
        (lambda d: d["solver"].update(interpolate=[199, 200]), "solver.interpolate must be an object"),
        (lambda d: d["solver"].update(interpolate=[10**400, 1]), "solver.interpolate must be an object"),
        (lambda d: d["solver"].update(interpolate=[200, True]), "solver.interpolate must be an object"),
        (lambda d: d["manifest"]["ceiling"].update(interpolate=[10, 9]), "differs from the submitted one"),
        (lambda d: d.pop("manifest"), "is missing the key 'manifest'"),
        (lambda d: d.update(manifest=[5, 5]), "manifest must be an object"),
        (lambda d: d.pop("scores"), "is missing the key 'scores'"),
        (lambda d: d.update(schema_version=3), "this version of mathbench reads 1 to 2"),
        (lambda d: d.update(schema_version=True), "schema_version"),
    ],
    ids=range(13),
)
def test_an_edited_short_file_is_found(folder, change, problem):
    packed(folder, change)
    assert any(problem in found for found in problems(folder)), problems(folder)
    assert len(verify_folder(folder).recomputed) == 1


def test_a_claim_of_other_scores_is_stored_beside_the_recomputed_ones(folder):
    """The manifest of this run claims that all rows are right."""
    path, _ = files_of(folder)
    document = json.loads(path.read_text())
    assert document["scores"]["interpolate"]["counts"] == [300, 295]
    assert document["manifest"]["scores"]["interpolate"]["counts"] == [300, 300]


# a board that is rewritten by hand


def problems(folder):
    return [finding.problem for finding in verify_folder(folder).findings]


def files_of(folder, model="lstm"):
    """The JSON file of a model, and its wrong answers."""
    (path,) = (path for path in (folder / "results").rglob("*.json") if model in path.name)
    return path, path.with_suffix(".parquet")


def name_answers(path, data):
    """Put wrong answers beside a file, and their digest into it."""
    path.with_suffix(".parquet").write_bytes(data)
    document = json.loads(path.read_text())
    document["wrong_answers_sha256"] = hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(document))


def changed_answers(answers, change):
    """The bytes of wrong answers whose rows were changed."""
    table = pq.read_table(answers)
    rows = table.to_pylist()
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(change(rows), schema=table.schema), sink)
    return sink.getvalue()


def all_right(document):
    """Raise every count of a split, with its share and interval, and the strata, as the scorer would write them."""
    from mathbench.scores.results import Score

    split = document["scores"]["interpolate"]
    for name, stratum in split["strata"].items():
        split["strata"][name] = Score(stratum["n"], stratum["n"]).to_json()
    split |= Score(split["n"], split["n"]).to_json()
    document["differences"] = [d for d in document["differences"] if not d.startswith("interpolate")]


def test_counts_that_agree_with_each_other_are_found(folder):
    edited(folder, all_right)
    assert "the scores differ from those of the answers" in problems(folder)


def test_answers_are_not_made_right(folder):
    path, answers = files_of(folder)
    name_answers(path, changed_answers(answers, lambda rows: rows[1:]))
    (problem,) = problems(folder)
    assert problem.startswith(f"cannot be recomputed: the answers in {answers.name} give other predictions")


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [rows[0] | {"prediction": "0"}, *rows[1:]],
        lambda rows: [rows[0] | {"prediction": None}, *rows[1:]],
        lambda rows: [*rows, rows[-1] | {"row": 199, "prediction": None}],
    ],
)
def test_changed_answers_are_found(folder, change):
    path, answers = files_of(folder)
    name_answers(path, changed_answers(answers, change))
    assert ["give other predictions" in problem for problem in problems(folder)] == [True]


def test_rows_that_are_called_right_are_found(folder):
    path, answers = files_of(folder)
    name_answers(path, changed_answers(answers, lambda rows: [row | {"right": True} for row in rows]))
    assert problems(folder) == [
        f"{answers.name} has other rows than the wrong answers, or says of one that it is right"
    ]


def test_rows_that_are_called_right_do_not_count_against_the_file(folder):
    """Ranks take from the file which rows are right; a file whose counts say something else has none."""
    path, answers = files_of(folder)
    digest = read_file(path).digest
    (right_rows,) = rights_loader(folder)([digest]).values()
    assert {split: int(rows.sum()) for split, rows in right_rows.items()} == {
        "interpolate": 295,
        "extrapolate": 195,
    }
    name_answers(path, changed_answers(answers, lambda rows: [row | {"right": True} for row in rows]))
    assert rights_loader(folder)([digest]) == {}


def test_a_row_too_many_is_found(folder, task):
    path, answers = files_of(folder)
    true = right(task).filter(pa.compute.equal(right(task)["row"], 150)).drop_columns("task").to_pylist()
    name_answers(path, changed_answers(answers, lambda rows: [*rows, true[0] | {"right": True}]))
    assert ["has other rows than the wrong answers" in problem for problem in problems(folder)] == [True]


def test_swapped_answers_are_found(folder):
    (one, first), (two, second) = files_of(folder), files_of(folder, "other")
    wrong, none = first.read_bytes(), second.read_bytes()
    first.write_bytes(none)
    second.write_bytes(wrong)
    assert sorted(problems(folder)) == sorted(
        f"{path.name} is another file than the named one" for path in (first, second)
    )
    assert {entry.badge for entry in read_folder(folder)} == {"claimed"}
    name_answers(one, none)
    name_answers(two, wrong)
    assert ["give other predictions" in problem for problem in problems(folder)] == [True, True]


def test_another_manifest_with_its_digest_is_found(folder):
    """Other data, with the digest and the file name that belong to it."""
    path, answers = files_of(folder)
    document = unpack(json.loads(path.read_text()))
    document["manifest"]["data"]["seed"] = 1
    digest = Manifest(document["manifest"]).digest + document["predictions_digest"]
    document["digest"] = hashlib.sha256(digest.encode()).hexdigest()
    path.write_text(json.dumps(document))
    target = path.with_name(file_name(read_file(path)))
    answers.rename(target.with_suffix(".parquet"))
    path.rename(target)
    assert ["give other predictions" in problem for problem in problems(folder)] == [True]


def test_more_rows_than_can_be_scored_are_one_line(folder):
    def many(document):
        document["manifest"]["data"]["sizes"]["interpolate"] = 10**15

    edited(folder, many)
    assert "cannot be recomputed: at most 1,000,000 rows can be scored" in " ".join(problems(folder))


def test_without_its_answers_a_file_is_claimed(folder, cli):  # noqa: F811
    path, answers = files_of(folder)
    answers.unlink()
    assert problems(folder) == [f"{answers.name} is missing"]
    assert read_file(path).badge == "claimed"
    entries = open_tables(read_folder(folder))[0].lines
    assert {line.model: line.badge for line in entries if line.kind == "model"} == {
        "lstm-seq2seq": "claimed",
        "other": "re-scored",
    }
    row = next(row for row in markdown(open_tables(read_folder(folder))).splitlines() if "lstm" in row)
    assert "| claimed |" in row
    assert "claimed" in next(
        row for row in tables_csv(open_tables(read_folder(folder))).splitlines() if "lstm" in row
    )
    site = load_pages(folder)
    at = next(path for path in site.paths() if path.endswith("addition-base10-digits2.html"))
    page = site.page(at).body.decode()
    assert '<span class="badge claimed">claimed</span>' in page and "re-scored" in page
    shown = json.loads(
        cli("leaderboard", "show", "--board", folder, "--open", "--badge", "claimed", "--json")[1]
    )
    assert [line["model"] for line in shown["tables"][0]["lines"] if line["kind"] == "model"] == [
        "lstm-seq2seq"
    ]


@pytest.mark.parametrize("badge", ["reproduced", "proved", "re-scored", "claimed", "self-reported"])
def test_a_file_does_not_choose_its_badge(folder, badge):
    path = edited(folder, lambda document: document.update(badge=badge))
    assert read_file(path).badge == ("claimed" if badge in ("claimed", "self-reported") else "re-scored")
    edited(folder, lambda document: document.pop("wrong_answers_sha256"))
    assert read_file(path).badge == "claimed"
    report = verify_folder(folder)
    if badge == "proved":
        assert report.findings[0].problem == "a proof is stated, but the manifest names no certificate"
    else:
        assert report.claimed == (path.name,) and len(report.recomputed) == 1 and not report.findings


def test_an_older_board_that_says_self_reported(run, board):
    submit_run(run(), board)
    with sqlite3.connect(board) as connection:
        connection.execute("UPDATE submissions SET badge = 'self-reported'")
    (record,) = Board(board).records()
    assert record.badge == "claimed" and Board(board).one(record.digest).badge == "claimed"


def test_what_was_not_verified_says_so(cli, folder, tmp_path):  # noqa: F811
    unverified = "not verified when these pages were written"
    for command in (("export", "--format", "html", "--board", folder, "--out"), ("build", folder, "--site")):
        code, _, err = cli("leaderboard", *command, tmp_path / command[0])
        page = (tmp_path / command[0] / "index.html").read_text()
        assert code == 0 and (unverified in page) == (command[0] == "export"), err
    assert unverified not in load_pages(folder, verified=True).page("about.html").body.decode()
    for command in ("show", "export"):
        code, _, err = cli("leaderboard", command, "--board", folder)
        assert code == 0 and "files are not verified here" in err


def test_models_of_a_folder_are_compared(cli, folder, board):  # noqa: F811
    compare = ("leaderboard", "compare", "lstm-seq2seq", "other", "--json", "--board")
    code, out, _ = cli(*compare, folder)
    found = json.loads(out)
    assert code == 0 and found == json.loads(cli(*compare, board)[1])
    assert found["splits"][0]["total"]["only_second"] == 5
    assert "compare/" in " ".join(load_pages(folder).paths())
    path, answers = files_of(folder)
    answers.unlink()
    refused(cli(*compare, folder), f"is claimed: {path.name} has no wrong answers beside it")


def test_a_folder_takes_no_submissions_and_repeats_no_run(cli, folder, run):  # noqa: F811
    refused(cli("submit", run(), "--board", folder), "is a folder; a board must be an SQLite file")
    path, _ = files_of(folder)
    digest = read_file(path).digest
    refused(cli("leaderboard", "reproduce", digest, "--board", folder), "is a folder")


def test_a_submission_that_cannot_be_scored_again_is_exported_as_claimed(run, board, tmp_path):
    submit_run(run(), board)
    with sqlite3.connect(board) as connection:
        connection.execute(
            "UPDATE submissions SET manifest = replace(manifest, 'addition-v1', 'addition-v9')"
        )
    (record,) = Board(board).records()
    assert answers_loader(board)(record.digest) is None


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


def test_build_makes_a_page_that_it_can_build_again(cli, folder):  # noqa: F811
    (folder / "README.md").unlink()
    build = ("leaderboard", "build", folder)
    assert cli(*build)[0] == cli(*build, "--check")[0] == cli(*build)[0] == 0


def test_the_overview_links_to_complete_tables(cli, folder):  # noqa: F811
    build = ("leaderboard", "build", folder)
    assert cli(*build)[0] == 0
    page = folder / "results" / "addition-base10-digits2" / "README.md"
    shown = (folder / "README.md").read_text()
    assert "[addition-base10-digits2](results/addition-base10-digits2/README.md)" in shown
    assert "### Open submissions" in shown and "Season" not in shown
    assert (
        page.read_text().startswith(GENERATED)
        and markdown(open_tables(read_folder(folder))) in page.read_text()
    )
    page.write_text("another text")
    code, _, err = cli(*build, "--check")
    assert code == 1 and f"{page} does not show these results" in err
    assert cli(*build)[0] == 0
    old = folder / "results" / "gcd" / "README.md"
    old.parent.mkdir()
    old.write_text(page.read_text())
    mine = folder / "results" / "notes" / "README.md"
    mine.parent.mkdir()
    mine.write_text("notes")
    code, _, err = cli(*build, "--check")
    assert code == 1 and f"{old} does not show these results" in err
    assert cli(*build)[0] == 0 and not old.exists() and mine.exists() and cli(*build, "--check")[0] == 0


def test_withdrawing_marks_the_file(cli, folder):  # noqa: F811
    digest = next(entry.digest for entry in read_folder(folder) if entry.summary.model == "other")
    arguments = ("leaderboard", "withdraw", digest[:8], "--board", folder, "--reason", "a mistake")
    assert cli(*arguments)[0] == 0
    refused(cli(*arguments), "already withdrawn: a mistake")
    assert verify_folder(folder).findings == ()
    _, out, _ = cli("leaderboard", "show", "--board", folder, "--withdrawn", "--json")
    assert [row["reason"] for row in json.loads(out)] == ["a mistake"]
    shown = cli("leaderboard", "show", "--open", "--board", folder)[1]
    assert "lstm-seq2seq" in shown and "other" not in shown


BOARD = Path(__file__).resolve().parents[2] / "leaderboard"


@pytest.mark.slow
def test_the_results_of_this_repository_hold(cli):  # noqa: F811
    """The check of a pull request that adds a file to leaderboard/results."""
    code, _, err = cli("leaderboard", "build", BOARD, "--check")
    assert code == 0, err


def test_a_part_of_the_results_of_this_repository_holds(cli, tmp_path):  # noqa: F811
    """Every twelfth result, with its wrong answers; all of them with `-m slow`."""
    for path in sorted((BOARD / "results").glob("*/*.json"))[::12]:
        (tmp_path / "results" / path.parent.name).mkdir(parents=True, exist_ok=True)
        for file in path.parent.glob(f"{path.stem}*"):
            shutil.copy(file, tmp_path / "results" / path.parent.name)
    code, out, err = cli("leaderboard", "verify", "--board", tmp_path)
    assert code == 0, err
    assert re.search(r"all \d\d submissions .* pass verification", out + err)
