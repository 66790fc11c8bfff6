"""Boards in the formats of other projects: valid by their schemas, with the scores of the board."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pyarrow.compute as pc
import pytest
import yaml
from huggingface_hub import eval_result_entries_to_yaml, parse_eval_result_entries

from mathbench.errors import InputError
from mathbench.families import task as make_task
from mathbench.leaderboard.published import eval_results, every_eval_ever, origin
from mathbench.leaderboard.published.eval_results import HubDataset
from mathbench.leaderboard.published.origin import Publisher
from mathbench.leaderboard.published.path_parts import MAX_LENGTH, path_part
from mathbench.leaderboard.published.write import MARK, write_every_eval_ever, yaml_list
from mathbench.leaderboard.ranking.rank import open_tables
from mathbench.leaderboard.ranking.tables import Entry, RankTable
from mathbench.leaderboard.store import board as store
from mathbench.leaderboard.store.any_board import (
    answers_loader,
    certificate_loader,
    predictions_loader,
    stream_records,
)
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.store.folder import export
from mathbench.leaderboard.submission_record import BADGES
from mathbench.leaderboard.submit import submit_run
from mathbench.scores.statistics import wilson

from .conftest import from_anybody, manifest, replaced, right, write_run, written_by_anybody
from .test_commands import cli, refused  # noqa: F401

SCHEMAS = Path(__file__).parent / "every_eval_ever"
PUBLISHER = Publisher("Ada's board", "https://example.org/board")
SUMS = HubDataset("ada/sums")


def schema(name):
    return jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


@pytest.fixture(scope="module")
def validators():
    return schema("eval"), schema("instance_level_eval")


@pytest.fixture
def filled(run, board, task, tmp_path):
    """A board with a run of which three answers are wrong, and a model from elsewhere of which seven are."""
    submit_run(run(wrong=3), board)
    place = tmp_path / "foreign"
    changes = {"model": {"name": "ada/net"}}
    written_by_anybody(place, from_anybody(task), replaced(right(task), 7), "p.parquet", changes=changes)
    submit_run(place, board)
    return Board(board)


def written(board, folder, samples=True):
    total, records = stream_records(board)
    load = predictions_loader(board)
    assert write_every_eval_ever(records, load if samples else None, folder, PUBLISHER) <= total
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def aggregates(files):
    return {name: json.loads(path.read_text()) for name, path in files.items() if name.endswith(".json")}


def documents(files):
    return {name: found for name, found in aggregates(files).items() if name != MARK}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_records_hold_by_the_schemas_and_name_their_rows(filled, board, tmp_path, validators):
    of_aggregate, of_sample = validators
    files = written(board, tmp_path / "out")
    assert len(documents(files)) == 2
    for name, document in documents(files).items():
        assert not [str(error) for error in of_aggregate.iter_errors(document)]
        details = document["detailed_evaluation_results"]
        path = files[details["file_path"]]
        assert details["file_path"] == name.replace(".json", "_samples.jsonl")
        assert details["checksum"] == hashlib.sha256(path.read_bytes()).hexdigest()
        samples = lines(path)
        assert len(samples) == details["total_rows"] == 500
        for sample in samples:
            assert not [str(error) for error in of_sample.iter_errors(sample)]
            assert sample["evaluation_id"] == document["evaluation_id"]
            assert sample["model_id"] == document["model_info"]["id"]


def test_the_schemas_refuse_what_is_wrong(filled, board, tmp_path, validators):
    document = next(iter(documents(written(board, tmp_path / "out")).values()))
    document["detailed_evaluation_results"]["file_path"] = "samples.jsonl"
    assert not validators[0].is_valid(document)


def test_scores_are_those_of_the_board(filled, board, tmp_path):
    files = written(board, tmp_path / "out")
    found = {}
    for document in documents(files).values():
        for result in document["evaluation_results"]:
            score, uncertainty = result["score_details"]["score"], result["score_details"]["uncertainty"]
            n = uncertainty["num_samples"]
            interval = uncertainty["confidence_interval"]
            assert (interval["lower"], interval["upper"]) == wilson(round(score * n), n)
            samples = lines(files[document["detailed_evaluation_results"]["file_path"]])
            own = [s for s in samples if s["evaluation_result_id"] == result["evaluation_result_id"]]
            assert (len(own), sum(s["evaluation"]["is_correct"] for s in own)) == (n, round(score * n))
            found[document["model_info"]["id"], result["evaluation_name"]] = score
    name = "mathbench.addition-base10-digits2"
    assert found == {
        ("mathbench/lstm-seq2seq", f"{name}.interpolate"): 297 / 300,
        ("mathbench/lstm-seq2seq", f"{name}.extrapolate"): 197 / 200,
        ("ada/net", f"{name}.interpolate"): 293 / 300,
        ("ada/net", f"{name}.extrapolate"): 193 / 200,
    }


def test_a_record_says_what_generates_its_rows_and_what_was_checked(filled, board, tmp_path):
    document = documents(written(board, tmp_path / "out"))
    net = next(d for d in document.values() if d["model_info"]["id"] == "ada/net")
    rows = net["evaluation_results"][0]["source_data"]["additional_details"]
    assert (rows["task"], rows["seed"], rows["split"]) == ("addition-v1", "0", "interpolate")
    assert (rows["rows"], json.loads(rows["parameters"])["digits"]) == ("0 to 299", 2)
    source = net["source_metadata"]
    assert source["source_organization_name"] == "Ada's board"
    assert source["source_organization_url"] == "https://example.org/board"
    assert source["evaluator_relationship"] == "third_party" and source["source_type"] == "evaluation_run"
    assert source["additional_details"]["checked"] == BADGES["re-scored"]
    assert net["model_info"]["additional_details"]["parameters"] == "1234"


def test_the_lowest_badge_is_the_only_one_of_the_models_own_side(filled):
    record = filled.records()[0]
    found = [origin.relationship(replace(record, badge=badge)) for badge in BADGES]
    assert found == ["first_party"] + ["third_party"] * (len(BADGES) - 1)


def test_rows_without_an_answer_and_formats(task, board, tmp_path, validators):
    reversed_task = make_task("addition", digits=2, format="reversed")
    # the first two rows of each split have no answer
    answered = right(reversed_task).filter(pc.greater_equal(right(reversed_task)["row"], 2))
    submit_run(write_run(tmp_path / "run", manifest(reversed_task), answered), board)
    (samples,) = [p for n, p in written(board, tmp_path / "out").items() if n.endswith(".jsonl")]
    first, _, third = lines(samples)[:3]
    assert validators[1].is_valid(first)
    assert first["output"]["raw"] == [] and first["error"] == "no answer"
    assert first["evaluation"] == {"score": 0.0, "is_correct": False}
    (answer,) = third["input"]["reference"]
    assert third["output"]["raw"] == [answer[::-1]] and third["evaluation"]["is_correct"]
    assert third["answer_attribution"][0]["extracted_value"] == answer
    assert third["sample_id"] == "interpolate/2"


def test_rows_have_the_hash_that_other_converters_give_them(filled, board, tmp_path):
    files = written(board, tmp_path / "out")
    by_model = [
        [sample["sample_hash"] for sample in lines(path)] for n, path in files.items() if n.endswith(".jsonl")
    ]
    assert by_model[0] == by_model[1] and len(set(by_model[0])) > 400
    sample = next(lines(path)[0] for n, path in files.items() if n.endswith(".jsonl"))
    text = json.dumps(
        {name: sample["input"][name] for name in ("raw", "reference")}, sort_keys=True, separators=(",", ":")
    )
    assert sample["sample_hash"] == hashlib.sha256(text.encode()).hexdigest()


def test_a_second_export_gives_the_same_bytes_and_removes_what_is_gone(filled, board, tmp_path):
    out = tmp_path / "out"
    first = {name: path.read_bytes() for name, path in written(board, out).items()}
    assert {name: path.read_bytes() for name, path in written(board, out).items()} == first
    filled.withdraw(filled.records()[0].digest, "a mistake")
    assert len(documents(written(board, out))) == 1


def test_a_folder_with_other_content_stays(filled, board, tmp_path):
    mine = tmp_path / "out" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(InputError, match="was not written by this command"):
        written(board, mine.parent)
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


def test_predictions_of_other_scores_are_refused_and_nothing_is_written(filled, tmp_path):
    first, second = filled.records()
    with pytest.raises(InputError, match=f"{first.digest[:8]} do not give the scores"):
        write_every_eval_ever(
            [first], lambda digest: filled.predictions_bytes(second.digest), tmp_path / "out", PUBLISHER
        )
    assert not (tmp_path / "out").exists()


def test_a_folder_without_its_wrong_answers_gives_claims(filled, tmp_path, validators):
    export(filled.records(), tmp_path / "results")
    files = written(tmp_path / "results", tmp_path / "out")
    assert len(files) == 3
    for document in documents(files).values():
        assert validators[0].is_valid(document) and "detailed_evaluation_results" not in document
        assert document["source_metadata"]["source_type"] == "documentation"
        assert document["source_metadata"]["evaluator_relationship"] == "first_party"


def test_a_folder_with_its_wrong_answers_gives_what_the_database_gives(filled, board, tmp_path):
    export(filled.records(), tmp_path / "results", answers_loader(board), certificate_loader(board))
    from_folder = written(tmp_path / "results", tmp_path / "from_folder")
    from_database = written(board, tmp_path / "from_database")
    assert from_folder.keys() == from_database.keys()
    # files of a folder have their keys in order, and so their splits
    for name in from_folder:
        if name.endswith(".jsonl"):
            assert sorted(lines(from_folder[name]), key=str) == sorted(lines(from_database[name]), key=str)


def test_the_submitter_is_named(filled):
    record = next(r for r in filled.records() if not r.summary.runnable)
    assert origin.submitter_of(record) == "host"
    record = replace(
        record,
        submitter="ada",
        manifest={**record.manifest, "model": record.manifest["model"] | {"name": "net"}},
    )
    assert (origin.submitter_of(record), origin.model_id(record)) == ("ada", "ada/net")


def test_submissions_are_read_a_few_at_a_time(run, board, monkeypatch):
    for seed in range(5):
        submit_run(run(seed=seed), board)
    reads = []
    read = Board._read
    monkeypatch.setattr(Board, "_read", lambda self, some=None: reads.append(some) or read(self, some))
    monkeypatch.setattr(store, "MAX_CHANGED", 2)
    total, records = stream_records(board)
    assert (next(records).digest, len(reads)) == (Board(board).digests()[0], 1)
    assert [r.digest for r in records] == Board(board).digests()[1:] and total == 5
    assert [len(some) for some in reads] == [2, 2, 1]


NAMES = [
    "net",
    "Net",
    "a/b",
    "a:b",
    "../x",
    "..",
    "con",
    "CON.v2",
    "data",
    "unknown",
    "v1.",
    "é" * 200,
    "x" * 200,
]


def test_names_become_parts_of_paths(tmp_path):
    parts = [path_part(name) for name in NAMES]
    assert len(set(parts)) == len(NAMES)
    for part in parts:
        assert re.fullmatch(r"[A-Za-z0-9_%+@~-][A-Za-z0-9_%+@.~-]*", part) and not part.endswith(".")
        assert len(part) <= MAX_LENGTH and part.lower() not in ("data", "unknown", "con")
        (tmp_path / part).mkdir(exist_ok=True)


@pytest.mark.parametrize("name", [*NAMES, "/", "//", "/x", "x/"])
def test_no_name_leads_out_of_the_folder(filled, tmp_path, name):
    record = filled.records()[0]
    record = replace(record, manifest={**record.manifest, "baseline": name})
    path = every_eval_ever.record_path(record)
    assert path.parts[:2] == ("data", "mathbench") and len(path.parts) == 5
    write_every_eval_ever([record], None, tmp_path / "out", PUBLISHER)
    assert (tmp_path / "out" / path).is_file()
    assert json.loads((tmp_path / "out" / path).read_text())["model_info"]["name"] == name


def hub_files(board, publisher=PUBLISHER, dataset=SUMS):
    return eval_results.model_files(open_tables(Board(board).records()), dataset, publisher)


def test_the_hub_reads_the_results(filled, board):
    revision = "0123456789abcdef" * 2 + "01234567"
    files = hub_files(board, dataset=HubDataset("ada/sums", revision))
    assert sorted(name.rpartition("-")[0] for name in files) == ["ada%2Fnet", "lstm-seq2seq"]
    for entries in files.values():
        loaded = yaml.safe_load(yaml_list(entries))
        parsed = parse_eval_result_entries(loaded)
        assert eval_result_entries_to_yaml(parsed) == loaded == entries
        assert [e.task_id for e in parsed] == [
            f"addition_base10_digits2_{split}" for split in ("extrapolate", "interpolate")
        ]
        assert {(e.dataset_id, e.dataset_revision) for e in parsed} == {("ada/sums", revision)}
        assert {(e.source_url, e.source_name) for e in parsed} == {(PUBLISHER.url, PUBLISHER.name)}
    (net,) = [entries for name, entries in files.items() if name.startswith("ada")]
    assert [entry["value"] for entry in net] == [96.5, 97.6667]
    low, high = wilson(293, 300)
    assert f"95 % interval {low:.2%} to {high:.2%}; re-scored" in net[1]["notes"]


def test_without_an_address_the_publisher_is_left_out(filled, board):
    assert all("source" not in e for entries in hub_files(board, Publisher()).values() for e in entries)


def line(**changes):
    common = {"kind": "model", "model": "net", "n": 10, "exact_match": 0.5, "low": 0.2, "high": 0.8}
    return Entry(**(common | {"badge": "re-scored"} | changes))


def table(*entries, version="addition-v1", split="interpolate"):
    return RankTable("addition-base10", version, {}, split, entries)


def test_a_file_has_one_entry_per_task_that_with_the_most_rows_then_the_first():
    shown = table(
        line(exact_match=0.9, submitted="2"),
        line(exact_match=0.4, n=20, submitted="4"),
        line(exact_match=0.5, n=20, submitted="3"),
        line(kind="floor", exact_match=1.0, n=99),
    )
    (entries,) = eval_results.model_files([shown], SUMS, PUBLISHER).values()
    assert [entry["value"] for entry in entries] == [50.0]


def test_models_of_one_name_and_other_settings_have_their_own_files():
    shown = table(line(), line(recipe="v2"), line(framework="jax"), line(encoding="reversed"))
    assert len(eval_results.model_files([shown], SUMS, PUBLISHER)) == 4


def test_several_versions_of_a_task_are_refused():
    shown = [table(line()), table(line(), version="addition-v2")]
    with pytest.raises(InputError, match=r"Choose one with --task\. Received: addition-v1, addition-v2"):
        eval_results.model_files(shown, SUMS, PUBLISHER)


def test_settings_that_do_not_print_are_escaped():
    (entries,) = eval_results.model_files([table(line(recipe="a\x7f\ud800b"))], SUMS, PUBLISHER).values()
    text = yaml_list(entries)
    assert text.isascii() and yaml.safe_load(text) == entries


def test_the_commands(cli, filled, board, tmp_path):  # noqa: F811
    export = ("leaderboard", "export", "--board", board, "--out")
    code, out, err = cli(*export, tmp_path / "eee", "--format", "every-eval-ever", "--source-name", "Ada")
    assert code == 0 and out == "" and "2 records of Every Eval Ever" in err and "withdrawn" not in err
    files = {path.suffix for path in (tmp_path / "eee" / "data").rglob("*") if path.is_file()}
    assert files == {".json", ".jsonl"}
    filled.withdraw(filled.records()[0].digest, "a mistake")
    code, out, err = cli(*export, tmp_path / "eee", "--format", "every-eval-ever", "--no-samples")
    assert code == 0 and "1 records" in err and "withdrawn and left out: 1" in err
    assert not list((tmp_path / "eee").rglob("*.jsonl"))
    code, out, err = cli(
        *export,
        tmp_path / "hub",
        "--format",
        "eval-results",
        "--dataset-id",
        "ada/sums",
        "--split",
        "interpolate",
    )
    assert code == 0 and "1 files in" in err
    (path,) = (tmp_path / "hub").glob("*.yaml")
    assert len(yaml.safe_load(path.read_text())) == 1


def test_the_ids_of_tasks_are_those_of_an_exported_dataset(cli, filled, board, tmp_path):  # noqa: F811
    cli("generate", "--task", "addition", "--digits", 2, "--train", 100, "--out", tmp_path / "data")
    cli("export", "hub", tmp_path / "data", tmp_path / "hub")
    known = {task["id"] for task in yaml.safe_load((tmp_path / "hub" / "eval.yaml").read_text())["tasks"]}
    assert known >= {e["dataset"]["task_id"] for entries in hub_files(board).values() for e in entries}


def test_a_dataset_on_the_hub_has_one_data_seed(cli, filled, run, board, task, tmp_path):  # noqa: F811
    submit_run(run(data_seed=7, predictions=right(task, seed=7)), board)
    command = (
        "leaderboard",
        "export",
        "--board",
        board,
        "--format",
        "eval-results",
        "--dataset-id",
        "ada/sums",
    )
    refused(cli(*command, "--out", tmp_path / "out"), "several data seeds", "Allowed: 0, 7")
    refused(cli(*command, "--out", tmp_path / "out", "--data-seed", 8), "data seed '8'", "Allowed: 0, 7")
    assert cli(*command, "--out", tmp_path / "out", "--data-seed", 7)[0] == 0
    assert [path.name[:4] for path in (tmp_path / "out").glob("*.yaml")] == ["lstm"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("every-eval-ever",), "give --out FOLDER"),
        (("html",), "give --out FOLDER"),
        (("eval-results", "--out", "x"), "Give --dataset-id OWNER/NAME"),
        (("eval-results", "--out", "x", "--dataset-id", "sums"), "as OWNER/NAME. Received: 'sums'"),
        (
            ("eval-results", "--out", "x", "--dataset-id", "a/b", "--dataset-revision", "main"),
            "40 digits from 0 to f. Received: 'main'",
        ),
        (("every-eval-ever", "--out", "x", "--source-url", "ftp://a"), "--source-url takes the address"),
        (("every-eval-ever", "--out", "x", "--source-name", " "), "--source-name takes printable text"),
        (
            ("every-eval-ever", "--out", "x", "--task", "addition"),
            "does not take --task. Allowed: --source-name",
        ),
        (("html", "--out", "x", "--no-samples"), "does not take --no-samples. Allowed: --season, --rounds"),
        (("csv", "--rounds", "x"), "does not take --rounds"),
        (("markdown", "--out", "."), "writes a file, and '.' is a folder"),
        (("json", "--out", "x", "--split", "extrapolate"), "the filters do not apply"),
        (("every-eval-evr", "--out", "x"), "Did you mean 'every-eval-ever'"),
    ],
)
def test_what_does_not_go_together_is_refused(cli, filled, board, options, words):  # noqa: F811
    refused(cli("leaderboard", "export", "--board", board, "--format", *options), words)
