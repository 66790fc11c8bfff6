"""The Python API: its names, and scores of predictions in memory and in files."""

import json
import subprocess
import sys

import pytest

import mathbench
from mathbench.errors import InputError

FEW = {"digits": 2, "train": 30, "validation": 10, "interpolate": 40, "extrapolate": 20}


@pytest.fixture(scope="module")
def answers():
    return dict(enumerate(mathbench.load("addition", **FEW)["interpolate"]["answer"]))


def test_all_is_what_a_fresh_import_shows():
    code = "import mathbench, types; print([n for n, v in vars(mathbench).items() if callable(v)])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    ours = {n for n in json.loads(shown.replace("'", '"')) if not n.startswith("_")}
    foreign = {"Mapping", "Sequence", "Path", "Any"}  # what the module imports for itself
    assert {"__version__", "Run", *ours - foreign} == set(mathbench.__all__)
    assert all(hasattr(mathbench, name) for name in mathbench.__all__)


def test_a_score_of_a_mapping(answers):
    assert mathbench.score(answers, "addition", **FEW).total.exact_match == 1
    assert mathbench.score({0: answers[0]}, "addition", **FEW).total.correct == 1
    assert mathbench.score({**answers, 3: None}, "addition", **FEW).total.correct == 39
    assert mathbench.score(answers, "addition", **{**FEW, "interpolate": 80}).total.n == 80
    assert sum(s.n for s in mathbench.score(answers, "addition", **FEW).strata.values()) == 40
    assert mathbench.score(answers, "addition", seed=1, **FEW).total.exact_match < 0.5


def test_a_score_of_a_file_on_a_dataset(answers, tmp_path):
    mathbench.generate("addition", tmp_path / "ds", **FEW)
    rows = [{"split": "interpolate", "row": i, "prediction": a} for i, a in answers.items()]
    rows += [{"split": "extrapolate", "row": 0, "prediction": "no"}]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    given = str(tmp_path / "p.jsonl")
    assert mathbench.score(given, data=tmp_path / "ds").total.exact_match == 1
    assert mathbench.score(given, data=tmp_path / "ds", split="extrapolate").total.correct == 0
    with pytest.raises(
        InputError, match=r"no predictions for validation\. Received: interpolate, extrapolate"
    ):
        mathbench.score(given, data=tmp_path / "ds", split="validation")
    with pytest.raises(InputError, match=r"brings its own task and sizes\. Received also: digits"):
        mathbench.score(given, data=tmp_path / "ds", digits=2)


@pytest.mark.parametrize(
    ("predictions", "words", "message"),
    [
        ({}, {"task": "gcd"}, "no predictions for interpolate"),
        ({999_999: "1"}, {"task": "gcd"}, "1 foreign row: 999999"),
        ({"0": "1"}, {"task": "gcd"}, "predictions must be row numbers. Received: '0'"),
        ({0: 1.0}, {"task": "gcd"}, "an answer must be text or an integer. Received: 1.0 in row 0"),
        ({0: "1"}, {}, "either a task or data"),
        ({0: "1"}, {"task": "gcd", "data": "x"}, "either a task or data"),
        ({0: "1"}, {"task": "gcd", "config": "x"}, "config goes with data"),
        ({0: "1"}, {"task": "gdc"}, "Did you mean 'gcd'"),
        ({0: "1"}, {"task": "gcd", "split": "test"}, "unknown split 'test'"),
        ("nowhere.parquet", {"task": "gcd"}, "no predictions file nowhere.parquet"),
    ],
)
def test_what_cannot_be_scored_is_one_clear_line(predictions, words, message):
    with pytest.raises(InputError) as caught:
        mathbench.score(predictions, **words)
    assert message in str(caught.value) and "\n" not in str(caught.value)
