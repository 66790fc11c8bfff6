"""The Python API: its names, and scores of predictions in memory and in files."""

import inspect
import json
import re
import subprocess
import sys

import pytest

import mathbench
from mathbench.errors import CheckFailed, InputError
from mathbench.reserve import SPLITS
from tests.core import public_interface

FEW = {"digits": 2, "train": 30, "validation": 10, "interpolate": 40, "extrapolate": 20}


@pytest.fixture(scope="module")
def answers():
    return dict(enumerate(mathbench.load("addition", **FEW)["interpolate"]["answer"]))


def fresh(code):
    """What a new process prints as JSON."""
    words = [sys.executable, "-c", f"import json, sys\n{code}"]
    return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def test_all_is_what_a_fresh_import_shows():
    names = "[n for n, v in vars(mathbench).items() if callable(v) or n == '__version__']"
    shown = fresh(f"import mathbench; print(json.dumps([{names}, dir(mathbench)]))")
    ours = {name for name in shown[0] if not name.startswith("_") or name == "__version__"}
    foreign = {"Mapping", "Sequence", "Path", "Any", "import_module"}  # what the module imports for itself
    assert ours - foreign | set(mathbench._MODULES) == set(mathbench.__all__)
    assert mathbench.__all__ == sorted(mathbench.__all__) == shown[1]


def test_all_can_be_imported():
    named = fresh("from mathbench import *; import mathbench; print(json.dumps([*globals()]))")
    assert set(mathbench.__all__) <= set(named)
    assert all(getattr(mathbench, name).__module__ == module for name, module in mathbench._MODULES.items())
    with pytest.raises(AttributeError, match="no attribute 'Runs'"):
        _ = mathbench.Runs


def test_nothing_heavy_is_imported_before_it_is_used():
    heavy = "('numpy', 'pyarrow', 'datasets', 'torch', 'keras', 'tensorflow', 'sqlalchemy', 'rich', 'typer')"
    code = "import mathbench, mathbench.errors; mathbench.InputError, mathbench.train, dir(mathbench)\n"
    assert fresh(f"{code}print(json.dumps([m for m in {heavy} if m in sys.modules]))") == []
    frameworks = "('torch', 'keras', 'tensorflow')"
    code = "import mathbench\nfor name in mathbench.__all__: getattr(mathbench, name)\n"
    assert fresh(f"{code}print(json.dumps([m for m in {frameworks} if m in sys.modules]))") == []


def test_the_interface_is_the_one_that_was_reviewed():
    """After a change on purpose: `python -m tests.core.public_interface`, and a line in the changelog."""
    assert public_interface.interface() == public_interface.FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in mathbench.__all__ if name != "__version__"])
def test_every_public_object_is_documented(name):
    value = getattr(mathbench, name)
    text = inspect.getdoc(value)
    # a receipt comes from a board: its example is that of `submit`
    assert ">>> " in text or name == "Receipt"
    if inspect.isfunction(value):
        known = inspect.signature(value).parameters
        head = re.search(r"^Args:\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)[1]
        described = re.findall(r"^    (\w[\w, ]*): ", head, re.MULTILINE)
        assert [word for words in described for word in words.split(", ")] == list(known)
        assert "\nReturns:\n" in text and "\nRaises:\n" in text
    elif not issubclass(value, Exception):
        assert "\nArgs:\n" in text or "\nAttributes:\n" in text


@pytest.mark.parametrize("function", [mathbench.load, mathbench.generate, mathbench.score, mathbench.train])
def test_sizes_are_keywords_that_a_type_checker_knows(function):
    known = inspect.signature(function).parameters
    assert [(known[split].default, known[split].annotation) for split in SPLITS] == [(None, int | None)] * 4
    assert list(known)[-1] == "parameters"


def test_none_is_the_default_size():
    given = mathbench.load("addition", **{**FEW, "train": None, "validation": 0})
    left_out = mathbench.load("addition", digits=2, validation=0, interpolate=40, extrapolate=20)
    assert 30 < given["train"].num_rows == left_out["train"].num_rows
    assert list(given) == list(left_out) == ["train", "interpolate", "extrapolate"]


@pytest.fixture
def data(tmp_path):
    mathbench.generate("addition", tmp_path / "data", **FEW)
    return tmp_path / "data"


def test_verify(data):
    found = mathbench.verify(data, sample_seed=3)
    assert found.passed and not found.failed and found.sample_seed == 3 and found.require() is found
    assert {check.what for check in found.checks} >= {"files", "content digests"}
    assert mathbench.verify(data, all_rows=True).passed and mathbench.verify(str(data), sample=2).passed
    with pytest.raises(InputError, match="not both"):
        mathbench.verify(data, sample=2, all_rows=True)
    with pytest.raises(InputError, match="is not a mathbench dataset"):
        mathbench.verify(data / "data")


def test_verify_of_damaged_data(data):
    next((data / "data").glob("train*")).write_bytes(b"PAR1")
    with pytest.raises(CheckFailed, match=r"^\d of \d+ checks failed. addition-base10-digits2, train: "):
        mathbench.verify(data)
    found = mathbench.verify(data, strict=False)
    assert not found.passed and {check.split for check in found.failed} == {"train"}
    assert found.to_json()["passed"] is False and len(found.to_json()["checks"]) == len(found.checks)


def test_describe(data):
    found = mathbench.describe(data)
    assert list(found) == ["addition-base10-digits2"] and isinstance(found, dict)
    splits = found["addition-base10-digits2"]
    assert {split: summary.rows for split, summary in splits.items()} == {
        split: FEW[split] for split in SPLITS
    }
    assert isinstance(splits["train"], mathbench.SplitSummary)
    assert sum(splits["train"].strata.values()) == 30
    assert mathbench.describe(data, config="addition-base10-digits2") == found
    with pytest.raises(InputError, match="no configuration 'x'"):
        mathbench.describe(data, config="x")


def test_submit(tmp_path, monkeypatch):
    monkeypatch.setenv("MATHBENCH_BOARD", str(tmp_path / "own.sqlite"))
    run = mathbench.train("exact-solver", "addition", **FEW, out=tmp_path / "run")
    with pytest.raises(InputError, match="'exact-solver' is reserved"):
        mathbench.submit(run)
    tried = mathbench.submit(run, name="adder", dry_run=True)
    assert len(tried) == 1 and tried[0].board == "" and isinstance(tried[0], mathbench.Receipt)
    first, again = (mathbench.submit(given, name="adder") for given in (run, tmp_path / "run"))
    assert first[0].new and not again[0].new and (tmp_path / "own.sqlite").exists()
    assert first[0].model == "adder" and first[0].scores["interpolate"].total.exact_match == 1
    assert not mathbench.submit(run, tmp_path / "own.sqlite", name="adder")[0].new
    with pytest.raises(InputError, match="there is no run directory"):
        mathbench.submit(tmp_path / "none")


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
        ({999_999: "1"}, {"task": "gcd"}, "1 row that the data does not have: 999999"),
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
