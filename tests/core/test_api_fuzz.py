"""Whatever is given to a public function: its result, or one line that says what is wrong."""

import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import dataset, formats
from mathbench.dataset import suite
from mathbench.dataset.manifest import Config, single_config
from mathbench.dataset.shard_jobs import ShardPart
from mathbench.dataset.verify import VerifyOptions, verify
from mathbench.errors import InputError, MathbenchError
from mathbench.families import FAMILIES, family, from_spec, task
from mathbench.hashing import check_seed
from mathbench.integers import as_integer
from mathbench.rows import Rows
from mathbench.storage.location import local_path, storage_path
from mathbench.streaming.share import WorkerShard
from mathbench.tokenizer import Characters

FEW = {"train": 5, "validation": 2, "interpolate": 2, "extrapolate": 2}
VALUES = (
    *(
        None,
        True,
        False,
        -1,
        0,
        1,
        2,
        1.5,
        math.nan,
        math.inf,
        10**5000,
        np.int64(3),
        np.True_,
        np.float32(2),
    ),
    *(
        "",
        "x",
        "gcd",
        "train",
        "\u0663",
        "1_0",
        " 3 ",
        "\0",
        "\ud800",
        "~nosuchuser",
        "x" * 300,
        "a\nb",
        "no",
    ),
    *(
        b"x",
        [],
        ["gcd"],
        [1],
        (),
        {},
        {"train": 3},
        {0: "1"},
        {"a": None},
        set(),
        object(),
        len,
        Path("x"),
        "s://",
    ),
    *(np.array([1, 2]), np.array("gcd"), range(3), slice(1), Exception("a\nb")),
)
# (arguments that are right, the function that takes them); every one of them is replaced in turn
CALLS = {
    "load": (
        mathbench.load,
        {
            "task": "gcd",
            "seed": 0,
            "strict": True,
            "ids": True,
            "digits": 2,
            "base": 10,
            "format": "plain",
            **FEW,
        },
    ),
    "stream": (
        mathbench.stream,
        *(
            {
                "task": "gcd",
                "split": "train",
                "seed": 0,
                "rows": 3,
                "batch_size": 2,
                "epochs": 1,
                "drop_last": False,
                "ids": True,
            },
        ),
    ),
    "a mixture": (mathbench.stream, {"task": ["gcd", "addition"], "weights": [1, 2], "seed": 0, "rows": 3}),
    "generate": (
        mathbench.generate,
        {
            "task": "gcd",
            "out": "out",
            "seed": 0,
            "name": "mine",
            "strict": False,
            "ids": False,
            "force": False,
            "workers": 1,
            "engine": "local",
            "address": None,
            "digits": 2,
            **FEW,
        },
    ),
    "merge": (mathbench.merge, {"folder": "part", "workers": 1}),
    "mathbench.verify": (
        mathbench.verify,
        {"folder": "data", "sample": 3, "all_rows": False, "sample_seed": 0, "strict": True},
    ),
    "describe": (mathbench.describe, {"folder": "data", "config": "gcd-base10-digits2"}),
    "submit": (
        mathbench.submit,
        {"run": "run", "board": "board.sqlite", "name": "mine", "token_file": None, "dry_run": True},
    ),
    "score": (
        mathbench.score,
        {"predictions": {0: "1"}, "task": "gcd", "split": "interpolate", "seed": 0, "digits": 2, **FEW},
    ),
    "score of data": (
        mathbench.score,
        {"predictions": {0: "1"}, "data": "data", "config": "gcd-base10-digits2", "split": "train"},
    ),
    "grade": (
        mathbench.grade,
        {"answer": "1", "truth": "1", "task": "gcd", "question": "gcd(3,2)", "extract": "whole", "digits": 2},
    ),
    "grade_all": (
        mathbench.grade_all,
        {
            "answers": ["1", None],
            "truths": ["1", "2"],
            "task": "gcd",
            "questions": ["gcd(3,2)", "gcd(4,2)"],
            "extract": "boxed",
        },
    ),
    "train": (
        mathbench.train,
        {
            "baseline": "constant",
            "data": "data",
            "recipe": None,
            "framework": None,
            "settings": None,
            "seed": 0,
            "config": None,
            "out": "run",
            "budget": None,
            "long": [],
            "samples": 3,
            "device": "cpu",
            "threads": 1,
            "data_seed": 0,
            "cpu_budget": None,
            "resume": False,
            "force": False,
        },
    ),
    "train on a task": (
        mathbench.train,
        {"baseline": "constant", "data": "gcd", "digits": 2, "out": "run of a task", "force": True, **FEW},
    ),
    "open_run": (mathbench.open_run, {"folder": "run", "baseline": None, "device": "cpu", "threads": 1}),
    "Run": (mathbench.Run, {"folder": "run", "device": "cpu", "threads": 1}),
    "Run.extend": (
        lambda **options: mathbench.Run("run").extend(**options),
        {
            "settings": {"steps": 9},
            "out": "longer",
            "budget": None,
            "cpu_budget": None,
            "long": [],
            "samples": 3,
            "resume": False,
            "force": False,
        },
    ),
    "task": (task, {"name": "divisible", "k": 7, "digits": 3, "base": 10, "answer": "label"}),
    "family": (family, {"name": "gcd"}),
    "from_spec": (from_spec, {"id": "gcd", "parameters": {"digits": 2}}),
    "Rows": (Rows, {"task": task("gcd"), "split": "train", "seed": 0, "columns": ["id"]}),
    "Rows.batch": (Rows(task("gcd")).batch, {"rows": [0, 1]}),
    "Config": (
        Config,
        {"name": "x", "task": task("gcd"), "seed": 0, "sizes": {"train": 3}, "columns": ("id",)},
    ),
    "single_config": (single_config, {"task": task("gcd"), "sizes": {"train": 3}, "seed": 0, "ids": True}),
    "dataset.generate": (
        dataset.generate,
        {"configs": [single_config(task("gcd", digits=2), FEW)], "out": "out", "force": False},
    ),
    "dataset.generate_part": (
        dataset.generate_part,
        {"configs": [single_config(task("gcd", digits=2), FEW)], "out": "out", "part": ShardPart(1, 2)},
    ),
    "dataset.merge": (dataset.merge, {"out": "part"}),
    "ShardPart": (ShardPart, {"number": 1, "of": 2}),
    "open_dataset": (dataset.open_dataset, {"folder": "data"}),
    "verify": (lambda **options: list(verify(**options)), {"dataset": None, "options": VerifyOptions(5)}),
    "VerifyOptions": (VerifyOptions, {"sample": 5, "read_all": True, "regenerate_all": False, "seed": 0}),
    "suite.load": (suite.load, {"name": "classic", "sizes": {"train": 3}, "seed": 0, "ids": True}),
    "formats.parse": (formats.parse, {"text": "padded:width=3"}),
    "Characters": (Characters, {"alphabet": "01"}),
    "WorkerShard": (WorkerShard, {"rank": 0, "world": 1, "worker": 0, "workers": 1, "even": False}),
    "check_seed": (check_seed, {"seed": 0}),
    "local_path": (local_path, {"location": "x"}),
    "storage_path": (storage_path, {"location": "x"}),
}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """Work in a folder with a dataset and a part of one."""
    place = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        mathbench.generate("gcd", "data", digits=2, **FEW)
        mathbench.train("constant", "data", out="run")
        configs = [single_config(task("gcd", digits=2), FEW)]
        dataset.generate_part(configs, "part", ShardPart(1, 2))
        yield place


def check(name, key, value):
    """Call a function with one argument replaced."""
    function, right = CALLS[name]
    try:
        function(**{**right, key: value})
    except MathbenchError as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 1500


CASES = [(name, key) for name, (_, right) in CALLS.items() for key in right]


@pytest.mark.parametrize(("name", "key"), CASES, ids=lambda word: str(word))
def test_any_value_is_taken_or_refused_in_one_line(name, key, folder):
    for value in VALUES:
        check(name, key, value)
    assert not list(folder.rglob("*.tmp")) and not [p for p in folder.rglob("*") if p.name == "None"]


# Hypothesis prints what it draws, and Python prints no integer of 5,000 digits
PRINTABLE = [value for value in VALUES if not (isinstance(value, int) and value > 10**100)]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.sampled_from(PRINTABLE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), CASES, ids=lambda word: str(word))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=anything)
def test_many_values(name, key, value):
    check(name, key, value)


def test_every_public_function_is_covered():
    public = {value for name in mathbench.__all__ if inspect.isfunction(value := getattr(mathbench, name))}
    public.add(mathbench.Run)
    public |= {getattr(dataset, name) for name in dataset.__all__ if name != "Dataset"}
    covered = {function for function, _ in CALLS.values()}
    assert public <= covered
    for function in public:
        names = {
            p.name for p in inspect.signature(function).parameters.values() if p.kind != p.VAR_KEYWORD
        } - {"engine", "progress"}
        assert names <= {key for called, right in CALLS.values() if called is function for key in right} | {
            "weights"
        }


INTEGERS = (np.int8, np.int16, np.int64, np.uint8, np.uint64, lambda n: np.array(n))


@pytest.mark.parametrize("kind", INTEGERS, ids=lambda kind: kind.__name__)
def test_numpy_integers_are_integers(kind, tmp_path):
    made = mathbench.load(
        "gcd", seed=kind(3), digits=kind(2), base=kind(10), train=kind(5), validation=kind(0)
    )
    assert made["train"][:] == mathbench.load("gcd", seed=3, digits=2, train=5, validation=0)["train"][:]
    sizes = {split: kind(rows) for split, rows in FEW.items()}
    written = mathbench.generate(
        "divisible", tmp_path / "a", seed=kind(3), k=kind(7), workers=kind(1), **sizes
    )
    plain = mathbench.generate("divisible", tmp_path / "b", seed=3, k=7, **FEW)
    assert json.dumps(written.to_json()) == json.dumps(plain.to_json())
    stream = mathbench.stream("gcd", rows=kind(6), batch_size=kind(2), epochs=kind(2), seed=kind(1))
    assert len(stream) == 6 and json.dumps(stream.set_epoch(kind(1)).state_dict())
    assert task("prime", digits=kind(3)).name == task("prime", digits=3).name
    assert mathbench.score({0: "1"}, "gcd", interpolate=kind(2)).total.n == 2
    assert VerifyOptions(kind(5), seed=kind(1)) == VerifyOptions(5, seed=1)


@pytest.mark.parametrize("value", [True, np.True_, 2.0, np.float64(2), "2", None])
@pytest.mark.parametrize(
    ("name", "key"),
    [("load", "train"), ("generate", "workers"), ("stream", "rows"), ("VerifyOptions", "sample")],
)
def test_truth_values_fractions_and_text_are_no_integers(name, key, value):
    # None is a default
    if value is None and name != "VerifyOptions":
        return
    function, right = CALLS[name]
    with pytest.raises(InputError):
        function(**{**right, key: value})


SIZES = st.integers(-1, 6) | st.sampled_from((10, 19, 60, 97, 100, 500, 1000, 4096, 10**6, 1 << 41, 1 << 70))


def parameter_values(field):
    """Values of a parameter, allowed and others."""
    if isinstance(field.default, int):
        return SIZES
    if isinstance(field.default, float):
        return st.sampled_from((0.0, 0.01, 0.5, 0.8, 1.0, math.nan, -1.0))
    return st.sampled_from((*field.metadata["choices"], field.default, "nosuch", ""))


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_parameters_make_a_task_with_rows_or_are_refused(name, data):
    fields = family(name).fields()
    chosen = data.draw(st.lists(st.sampled_from(fields), max_size=5, unique_by=lambda field: field.name))
    options = {field.name: data.draw(parameter_values(field)) for field in chosen}
    try:
        made = task(name, **options)
    except MathbenchError as error:
        assert "\n" not in str(error)
        return
    assert json.loads(json.dumps(made.parameters)) == made.parameters
    assert made.inner() and made.outer()


@pytest.mark.parametrize(
    "options",
    [
        {"smallest": 1000, "digits": 3},
        {"smallest": 5, "digits": 2, "base": 2},
        {"shortest": 3, "digits": 5, "largest": 50},
        {"smallest": 50, "largest": 40},
        {"shortest": 4, "digits": 3},
        {"digits": 9, "step": 8, "smallest": 11, "largest": 10**8 - 1},
    ],
)
def test_empty_ranges_are_refused(options):
    with pytest.raises(InputError, match="addition: "):
        task("addition", **options)


@pytest.mark.parametrize("value", [True, np.True_, 2.0, None, [2]])
def test_parameters_take_integers_only(value):
    with pytest.raises(InputError, match="digits must be an integer"):
        task("gcd", digits=value)


@pytest.mark.parametrize("text", ["\u0663", "\uff11", "1_0", " 3 ", "3.0", "0x3", "", "9" * 5000])
def test_text_of_integers_has_ascii_digits_only(text):
    with pytest.raises(InputError, match="digits must be an integer"):
        task("gcd", digits=text)
    assert as_integer(text) is None


@pytest.mark.parametrize("seed", ["\u0663", "\uff11\uff10", " 3 ", "++5", "+-5", "9" * 5000, "\ud800", 1.0])
def test_seeds_that_look_like_integers_and_are_none(seed):
    with pytest.raises(InputError, match="seed"):
        check_seed(seed)
    with pytest.raises(InputError, match="seed"):
        check_seed(10**5000)
    assert check_seed("2024_11") == "2024_11" and check_seed("+5") == 5


def test_home_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    mathbench.generate("gcd", "~/ds", digits=2, **FEW)
    assert (tmp_path / "ds" / "manifest.json").is_file() and not Path("~").exists()
    assert mathbench.score({0: "1"}, data=Path("~/ds")).total.n == 2
    assert dataset.open_dataset("~/ds").folder == tmp_path / "ds"
    with pytest.raises(InputError, match="names no user's home folder"):
        mathbench.generate("gcd", "~nosuchuser/ds", **FEW)


@pytest.mark.parametrize("predictions", [["1", "2"], ("1",), np.array(["1"]), None, 5, "", b"x"])
def test_predictions_are_a_mapping_or_a_file(predictions):
    with pytest.raises(InputError, match=r"predictions must be|a file or folder must be"):
        mathbench.score(predictions, "gcd", digits=2, **FEW)


@pytest.mark.parametrize(
    "name",
    [
        ".",
        "..",
        "a/b",
        "x" * 181,
        "ü" * 91,
    ],
)
def test_names_that_no_file_of_a_dataset_can_have(name, tmp_path):
    with pytest.raises(InputError, match="name"):
        mathbench.generate("gcd", tmp_path / "out", name=name, digits=2, **FEW)
    assert not list(tmp_path.iterdir())


def test_two_names_that_differ_in_case_only(tmp_path):
    configs = [single_config(task("gcd", digits=2), FEW, name=name) for name in ("a", "A")]
    with pytest.raises(InputError, match="two configurations have the name 'A'"):
        dataset.generate(configs, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["null", "1e3", "true", "0", "+x", "README.md", "x" * 180])
def test_odd_names_load(name, tmp_path):
    from datasets import load_dataset

    mathbench.generate("gcd", tmp_path / "out", name=name, digits=2, **FEW)
    assert load_dataset(str(tmp_path / "out"), name, cache_dir=tmp_path / "cache")["train"].num_rows == 5
