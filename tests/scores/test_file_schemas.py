"""The published JSON Schemas allow the files that mathbench writes and takes, and refuse broken ones."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import mathbench
from mathbench.cli.schema import TITLES, document
from mathbench.dataset import suite, write
from mathbench.errors import CheckFailed, InputError
from mathbench.leaderboard.submission_manifest import check_manifest
from tests.commands import outcome
from tests.leaderboard.proofs import content, write_certified_run
from tests.scores.test_schema import RUN, SCORES, SENT, SENT_2, SENT_3

ROOT = Path(__file__).parents[2]
FEW = {"train": 30, "validation": 5, "interpolate": 5, "extrapolate": 5}
COMPAT = ROOT / "tests" / "compat" / "v0_1"


def validator(name):
    return jsonschema.Draft202012Validator(document(name))


def allows(name, value):
    return validator(name).is_valid(value)


def check(name, value):
    """Say where a value is not allowed."""
    validator(name).validate(value)


def changed(value, path, new):
    if not path:
        return new
    left = value.copy()
    left[path[0]] = changed(value[path[0]], path[1:], new)
    return left


@pytest.mark.parametrize("name", TITLES)
def test_they_are_json_schemas_and_published(name):
    jsonschema.Draft202012Validator.check_schema(document(name))
    published = ROOT / "docs" / "schemas" / f"{name}.schema.json"
    assert json.loads(published.read_text()) == document(name), "run scripts/docs"


def test_the_command():
    code, out, _ = outcome("schema", "submission")
    assert code == 0 and json.loads(out) == document("submission")
    code, out, err = outcome("schema", "submision")
    assert code == 2 and out == "" and "Did you mean 'submission'?" in err


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schemas") / "data"
    mathbench.generate("addition", folder, digits=2, exclude=["3+5"], ids=True, seed="winter", **FEW)
    return folder


def test_manifests_of_datasets(dataset, tmp_path):
    check("manifest", json.loads((dataset / "manifest.json").read_text()))
    configs = suite.load("hofstadter", sizes=FEW).configs
    check("manifest", write.generate(configs, tmp_path / "suite").to_json())
    for file in COMPAT.glob("datasets/*/manifest.json"):
        check("manifest", json.loads(file.read_text()))


def test_the_manifest_of_imported_data(tmp_path, monkeypatch):
    monkeypatch.setenv("MATHBENCH_IMPORTED", str(tmp_path / "imported"))
    lines = [json.dumps({"question": f"{i}+{i}", "answer": str(2 * i)}) for i in range(40)]
    (tmp_path / "theirs.jsonl").write_text("\n".join(lines))
    code, _, err = outcome("import", "jsonl", tmp_path / "theirs.jsonl", "--out", tmp_path / "out")
    assert code == 0, err
    stated = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert all(config["imported"] for config in stated["configs"].values())
    check("manifest", stated)


FIRST = "the first configuration"
CONFIG = ("configs", FIRST)


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("schema_version",), 3),
        (("schema_version",), "1"),
        (("shard_rows",), 999),
        (("configs",), []),
        ((*CONFIG, "task"), None),
        ((*CONFIG, "digest"), "sha256:1"),
        ((*CONFIG, "sizes"), {"tests": 1}),
        ((*CONFIG, "sizes"), {"train": -1}),
        ((*CONFIG, "files"), {"data/train.parquet": {"rows": 1}}),
        ((*CONFIG, "excluded"), {"file": "excluded.jsonl"}),
        ((*CONFIG, "columns"), ["ids"]),
    ],
)
def test_broken_manifests_of_datasets(path, new, dataset, tmp_path):
    """What the schema refuses, mathbench refuses too."""
    stated = json.loads((dataset / "manifest.json").read_text())
    name = next(iter(stated["configs"]))
    path = tuple(name if part == FIRST else part for part in path)
    broken = changed(stated, path, new)
    assert allows("manifest", stated) and not allows("manifest", broken)
    (tmp_path / "manifest.json").write_text(json.dumps(broken))
    with pytest.raises((InputError, CheckFailed)):
        mathbench.describe(tmp_path)


def test_results_of_runs(tmp_path):
    sizes = {**FEW, "train": 200}
    mathbench.train("last-digit", "divisible", k=5, digits=3, **sizes, out=tmp_path / "shortcut")
    few = {"steps": 4, "evaluate": 2, "batch": 8, "hidden": 4}
    run = mathbench.train(
        "mlp", "addition", digits=2, **sizes, framework="torch", settings=few, out=tmp_path / "network"
    )
    run.extend({"steps": 6, "target": None}, out=tmp_path / "longer")
    write_certified_run(tmp_path / "certified", content())
    found = sorted(tmp_path.glob("*/result.json"))
    assert len(found) == 4
    for file in (*found, *COMPAT.glob("runs/**/result.json")):
        check("result", json.loads(file.read_text()))
    check("result", RUN)


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("schema_version",), 2),
        (("scores",), {"test": {}}),
        (("scores", "interpolate", "exact_match"), 1.5),
        (("seed",), 1.5),
        (("supervision",), "none"),
        (("predictions_sha256",), "0" * 63),
        (("history",), [{"step": -1, "validation": 0.5}]),
        (("certificate",), {"claim": "all"}),
        (("task",), {"id": "addition-v1"}),
    ],
)
def test_broken_results(path, new):
    broken = changed(RUN, path, new)
    assert not allows("result", broken)
    with pytest.raises(InputError):
        check_manifest(broken)


WHOLE = {key: value for key, value in SENT_3.items() if key not in ("task", "data", "scores", "certificate")}
SUBMISSIONS = {
    "version 1": SENT | SCORES,
    "version 2": SENT_2,
    "version 3": SENT_3,
    "a season": {key: value for key, value in WHOLE.items() if key != "round"},
}


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_submissions(name):
    check("submission", SUBMISSIONS[name])


def test_submissions_that_were_written_by_others():
    check("submission", json.loads((COMPAT / "stranger" / "submission.json").read_text()))


@pytest.mark.parametrize("name", ["version 1", "version 2", "version 3"])
@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("schema_version",), 4),
        (("model", "name"), ""),
        (("model", "parameters"), -1),
        (("training", "external_data"), "no"),
        (("predictions", "file"), "../p.parquet"),
        (("predictions", "sha256"), "x"),
        (("data", "sizes"), {"test": 1}),
        (("scores",), {"interpolate": {"n": 0, "correct": 0}}),
        (("model",), {**SENT["model"], "revision": None, "weights_sha256": None}),
        (("command",), 5),
    ],
)
def test_broken_submissions(name, path, new):
    broken = changed(SUBMISSIONS[name], path, new)
    assert not allows("submission", broken)
    with pytest.raises(InputError):
        check_manifest(broken)


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_missing_and_unknown_keys_of_submissions(name):
    whole = SUBMISSIONS[name]
    assert not allows("submission", {**whole, "other": 1})
    for key in ("schema_version", "model", "training", "environment", "commit", "predictions"):
        assert not allows("submission", {k: v for k, v in whole.items() if k != key}), key


def test_the_schemas_load_no_framework():
    code = (
        "import sys; from mathbench.cli.schema import document; [document(n) for n in ('manifest', 'result')]"
    )
    code += "; print([m for m in ('torch', 'keras', 'tensorflow') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
