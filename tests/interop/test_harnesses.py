"""Exports for tools that are not installed here: their files, and that these judge as mathbench does."""

import asyncio
import importlib.util
import json
import re
import sys
import tomllib
from types import ModuleType, SimpleNamespace

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mathbench
from mathbench.families import from_spec
from mathbench.interop.hub import STRICT_PATTERN, size_category
from mathbench.interop.origin import Origin, identifiers
from tests.commands import outcome

CONFIG = "subtraction-base10-digits2"


def exported(tmp_path, *words):
    code, _, err = outcome("export", *words)
    assert code == 0, err
    return tmp_path / "out"


class Functions(yaml.SafeLoader):
    """YAML with the harness's references to functions, as text."""


Functions.add_constructor("!function", lambda loader, node: f"!function {node.value}")


def read_yaml(path):
    return yaml.load(path.read_text("utf-8"), Functions)


def load_module(path, name="loaded"):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_a_task_for_each_split_but_train_and_groups(differences, tmp_path):
    out = exported(tmp_path, "lm-eval", differences, tmp_path / "out")
    start = "mathbench_differences"
    tasks = {path.stem: read_yaml(path) for path in out.glob("[!_]*.yaml")}
    splits = ("validation", "interpolate", "extrapolate")
    assert set(tasks) == {f"{start}_subtraction_base10_digits2_{split}" for split in splits}
    for split in splits:
        task = tasks[f"{start}_subtraction_base10_digits2_{split}"]
        assert (task["test_split"], task["fewshot_split"], task["num_fewshot"]) == (split, "train", 0)
        assert set(task["dataset_kwargs"]["data_files"]) == {"train", split}
        for path in (path for paths in task["dataset_kwargs"]["data_files"].values() for path in paths):
            assert path.startswith(f"{differences}/data/") and path.endswith(".parquet")
        group = read_yaml(out / f"_{start}_{split}.yaml")
        assert (group["group"], group["task"]) == (f"{start}_{split}", [task["task"]])
    assert read_yaml(out / f"_{start}.yaml")["task"] == [f"{start}_{split}" for split in splits]


def test_strict_comes_first_and_needs_no_mathbench(differences, tmp_path):
    words = ("--extract", "boxed", "--extract", "last-number-v1")
    out = exported(tmp_path, "lm-eval", differences, tmp_path / "out", *words)
    task = read_yaml(next(out.glob("*interpolate.yaml")))
    names = [entry["name"] for entry in task["filter_list"]]
    assert names == ["strict", "boxed-v1", "last-number-v1"]
    assert [f["function"] for f in task["filter_list"][0]["filter"]] == ["remove_whitespace", "take_first"]
    functions = load_module(out / "mathbench_functions.py")
    for entry in task["filter_list"][1:]:
        name = entry["filter"][0]["filter_fn"].removeprefix("!function mathbench_functions.")
        assert callable(getattr(functions, name))


def test_answers_stop_at_a_line_end_unless_they_are_a_chat(differences, tmp_path):
    exported(tmp_path, "lm-eval", differences, tmp_path / "out")
    task = read_yaml(next((tmp_path / "out").glob("*_interpolate.yaml")))
    assert task["generation_kwargs"]["until"] == ["\n"] and "description" not in task
    exported(tmp_path, "lm-eval", differences, tmp_path / "out", "--force", "--chat", "--shots", 3)
    task = read_yaml(next((tmp_path / "out").glob("[!_]*_interpolate.yaml")))
    assert task["generation_kwargs"]["until"] == [] and task["generation_kwargs"]["max_gen_toks"] == 1024
    assert task["description"] == "Reply with the answer only.\n\n" and task["num_fewshot"] == 3


def test_a_packaged_folder_loads_from_anywhere(differences, rows, tmp_path):
    exported(tmp_path, "lm-eval", differences, tmp_path / "out", "--packaged")
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    task = read_yaml(next(moved.glob("[!_]*_interpolate.yaml")))
    assert task["custom_dataset"] == "!function mathbench_functions.load" and "dataset_path" not in task
    loaded = load_module(moved / "mathbench_functions.py").load(**task["dataset_kwargs"], **task["metadata"])
    assert loaded["interpolate"].to_list() == rows and len(loaded["train"]) == 40


def test_tasks_name_the_rows_that_they_ask(differences, tmp_path):
    out = exported(tmp_path, "lm-eval", differences, tmp_path / "out")
    task = read_yaml(next(out.glob("[!_]*_extrapolate.yaml")))
    origin = Origin.from_json(task["metadata"]["mathbench"], "here")
    assert (origin.config, origin.split, origin.seed, origin.rows) == (CONFIG, "extrapolate", 0, 10)
    assert origin.made == from_spec("subtraction", {"digits": 2})


def test_filters_give_the_right_text_exactly_where_the_grade_is_right(differences, rows, tmp_path):
    exported(tmp_path, "lm-eval", differences, tmp_path / "out", "--extract", "last-number")
    functions = load_module(tmp_path / "out" / "mathbench_functions.py")
    texts = [["x is " + r["answer"]] if i % 3 else ["none", r["answer"]] for i, r in enumerate(rows)]
    for name in ("last_number", "whole", "boxed"):
        found = getattr(functions, name)(iter(texts), iter(rows))
        for row, said, read in zip(rows, texts, found, strict=True):
            right = [mathbench.grade(t, row["answer"], extract=name.replace("_", "-")).right for t in said]
            assert [text == row["answer"] for text in read] == right


def test_steps_of_calculation_need_the_grader(tmp_path):
    """After them more than one text is right, which comparing texts would not see."""
    folder, few = tmp_path / "data", {"train": 5, "validation": 0, "interpolate": 5, "extrapolate": 0}
    mathbench.generate("addition", folder, digits=2, format="scratchpad", **few)
    exported(tmp_path, "lm-eval", folder, tmp_path / "out")
    task = read_yaml(next((tmp_path / "out").glob("[!_]*_interpolate.yaml")))
    assert task["filter_list"][0]["filter"][0]["filter_fn"] == "!function mathbench_functions.whole"
    functions = load_module(tmp_path / "out" / "mathbench_functions.py")
    row = mathbench.load("addition", digits=2, format="scratchpad", **few)["interpolate"][0]
    wrong_steps = "9+9=1#" + row["answer"].partition("#")[2]
    assert functions.whole([[wrong_steps]], [row]) == [[row["answer"]]]
    exported(tmp_path, "hub", folder, tmp_path / "hub")
    assert yaml.safe_load((tmp_path / "hub" / "eval.yaml").read_text())["tasks"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--extract", "last-numbr"], "Did you mean 'last-number'?"),
        (["--split", "train"], "no split 'train' to export"),
        (["--shots", "-1"], "--shots must be an integer from 0 to 1000. Received: -1."),
    ],
)
def test_wrong_options_are_refused_before_anything_is_written(differences, tmp_path, words, message):
    code, out, err = outcome("export", "lm-eval", differences, tmp_path / "out", *words)
    assert (code, out, err.count("\n")) == (2, "", 1) and message in err and not any(tmp_path.iterdir())


def test_solved_examples_need_a_train_split(tmp_path):
    mathbench.generate("gcd", tmp_path / "data", train=0, validation=0, interpolate=5, extrapolate=0)
    code, _, err = outcome("export", "lm-eval", tmp_path / "data", tmp_path / "out", "--shots", 1)
    assert code == 2 and "has no train split" in err
    task = exported(tmp_path, "lm-eval", tmp_path / "data", tmp_path / "out")
    assert "fewshot_split" not in read_yaml(next(task.glob("[!_]*_interpolate.yaml")))


def record(**values):
    return SimpleNamespace(**values)


@pytest.fixture
def inspect_ai(monkeypatch):
    """Stand-ins for the parts of Inspect that the exported file uses: they keep what they are given."""
    parts = {
        "inspect_ai": {"Task": record, "task": lambda made: made},
        "inspect_ai.dataset": {"MemoryDataset": lambda samples, name: samples, "Sample": record},
        "inspect_ai.model": {"ChatMessageUser": record, "ChatMessageAssistant": record},
        "inspect_ai.scorer": {
            "CORRECT": "C",
            "INCORRECT": "I",
            "Score": record,
            "scorer": lambda metrics: lambda made: made,
            **{name: lambda *_: None for name in ("accuracy", "ci_wilson", "grouped", "stderr")},
        },
        "inspect_ai.solver": {"generate": lambda: "generate", "system_message": lambda text: text},
    }
    for name, content in parts.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)


def test_the_file_for_inspect_has_the_rows_and_our_judgement(inspect_ai, differences, rows, tmp_path):
    exported(tmp_path, "inspect", differences, tmp_path / "out", "--packaged", "--name", "Sums-1")
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    tasks = load_module(moved / "sums_1" / "tasks.py")
    task = tasks.subtraction_base10_digits2()
    assert [(s.input, s.target, s.metadata["row"], s.metadata["split"]) for s in task.dataset] == [
        (row["question"], row["answer"], row["row"], "interpolate") for row in rows
    ]
    assert len({s.id for s in task.dataset}) == 30 and task.solver[0] == "Reply with the answer only."
    assert Origin.from_json(task.metadata["mathbench"], "here").rows == 30
    negative = next(s for s in task.dataset if s.target.startswith("-"))
    for text, right in ((negative.target, "C"), (f" {negative.target}\n", "C"), (negative.target[1:], "I")):
        state = record(output=record(completion=text), metadata=negative.metadata)
        score = asyncio.run(task.scorer(state, record(text=negative.target)))
        assert (score.value, score.answer) == (right, text.strip())
    chatty = tasks.subtraction_base10_digits2("validation", extract="last-number")
    state = record(output=record(completion=f"It is {negative.target}."), metadata=negative.metadata)
    assert asyncio.run(chatty.scorer(state, record(text=negative.target))).value == "C"


def test_solved_examples_for_inspect_are_turns_of_train(inspect_ai, differences, tmp_path):
    exported(tmp_path, "inspect", differences, tmp_path / "out", "--name", "sums")
    tasks = load_module(tmp_path / "out" / "sums" / "tasks.py")
    sample = tasks.subtraction_base10_digits2(shots=2).dataset[4]
    train = mathbench.load("subtraction", digits=2, train=2, validation=0, interpolate=0, extrapolate=0)[
        "train"
    ]
    expected = [text for row in train for text in (row["question"], row["answer"])]
    assert [turn.content for turn in sample.input] == [*expected, sample.metadata["question"]]
    with pytest.raises(ValueError, match="unknown split 'test'"):
        tasks.subtraction_base10_digits2("test")


def test_the_package_is_registered_and_has_its_data(differences, tmp_path):
    out = exported(tmp_path, "inspect", differences, tmp_path / "out", "--packaged", "--name", "sums")
    project = tomllib.loads((out / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["inspect_ai"] == {"sums": "sums.tasks"}
    assert project["tool"]["setuptools"]["package-data"] == {"sums": ["**/*.parquet"]}
    assert len(list((out / "sums" / "data").glob("*.parquet"))) == 4


def test_several_configurations_have_different_names():
    assert identifiers(["a-b", "a+b", "a.b", "7"]) == {
        "a-b": "a_b",
        "a+b": "a_b_2",
        "a.b": "a_b_3",
        "7": "_7",
    }


def test_a_repository_is_a_dataset_with_a_full_card(differences, tmp_path):
    out = exported(tmp_path, "hub", differences, tmp_path / "out", "--title", 'Sums: "all" of them')
    assert outcome("verify", out)[0] == 0
    _, header, text = (out / "README.md").read_text("utf-8").split("---\n", 2)
    card = yaml.safe_load(header)
    assert card["pretty_name"] == 'Sums: "all" of them' and card["license"] == "cc0-1.0"
    assert card["task_categories"] == ["question-answering", "text-generation"]
    assert card["size_categories"] == ["n<1K"]
    assert (
        card["configs"]
        == yaml.safe_load((differences / "README.md").read_text().split("---\n")[1])["configs"]
    )
    assert "@misc{mathbench" in text and "## Citation" in text


def test_eval_yaml_has_a_strict_task_for_each_test_split(differences, tmp_path):
    out = exported(tmp_path, "hub", differences, tmp_path / "out")
    content = yaml.safe_load((out / "eval.yaml").read_text())
    assert content["evaluation_framework"] == "inspect-ai"
    assert [(task["id"], task["config"], task["split"]) for task in content["tasks"]] == [
        (f"subtraction_base10_digits2_{split}", CONFIG, split)
        for split in ("validation", "interpolate", "extrapolate")
    ]
    for task in content["tasks"]:
        assert task["scorers"] == [
            {"name": "pattern", "args": {"pattern": STRICT_PATTERN, "ignore_case": False}}
        ]


@given(st.text(st.sampled_from("-0123456789 \n\tx."), max_size=12), st.sampled_from(["-80", "80", "0"]))
@settings(max_examples=300, deadline=None)
def test_the_strict_pattern_judges_as_the_grader(text, truth):
    found = re.search(STRICT_PATTERN, text)
    assert (found[1] == truth) == mathbench.grade(text, truth).right


def test_sizes_have_the_names_of_the_hub():
    names = [size_category(n) for n in (999, 1000, 99_999, 10**6 - 1, 10**7, 10**9 - 1, 10**9)]
    assert names == ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "10M<n<100M", "100M<n<1B", "n>1B"]


class FakeApi:
    """A Hub that keeps what it is told, or fails."""

    told: list
    error: str = ""

    def __init__(self, **settings):
        self.told.append(settings["token"])

    def create_repo(self, name, **settings):
        if self.error:
            raise RuntimeError(self.error)
        self.told.append((name, settings))

    def upload_folder(self, *, repo_id, folder_path, **_):
        self.told.append((repo_id, sorted(path.name for path in folder_path.iterdir())))
        return record(repo_url=f"https://hub.example/{repo_id}")


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi", FakeApi)
    monkeypatch.setattr(FakeApi, "told", [], raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    return FakeApi


def test_nothing_is_uploaded_without_push(api, differences, tmp_path):
    exported(tmp_path, "hub", differences, tmp_path / "out")
    assert api.told == []


@pytest.mark.parametrize("public", [True, False])
def test_push_uploads_the_folder_with_the_token_of_the_environment(api, differences, tmp_path, public):
    words = ["--public"] * public
    code, out, err = outcome(
        "export", "hub", differences, tmp_path / "out", "--push", "ada/sums", "--json", *words
    )
    assert code == 0 and "hf_secret" not in out + err
    assert json.loads(out)["pushed"] == "https://hub.example/ada/sums"
    token, (name, created), (uploaded, files) = api.told
    assert (token, name, uploaded) == ("hf_secret", "ada/sums", "ada/sums")
    assert created == {"repo_type": "dataset", "private": not public, "exist_ok": True}
    assert {"README.md", "data", "eval.yaml", "manifest.json"} <= set(files)


def test_a_refused_upload_is_one_line_without_the_token(api, monkeypatch, differences, tmp_path):
    monkeypatch.setattr(FakeApi, "error", "401 Unauthorized\nfor url with hf_secret")
    code, out, err = outcome("export", "hub", differences, tmp_path / "out", "--push", "ada/sums")
    assert (code, err.count("\n")) == (2, 1) and "hf_secret" not in out + err
    assert "'ada/sums' was not uploaded: 401 Unauthorized\\nfor url with ***" in err


def test_push_is_checked_before_anything_is_written(monkeypatch, differences, tmp_path):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    for words, message in (
        (["--push", "ada/sums"], "environment variable HF_TOKEN"),
        (["--push", "sums"], "as OWNER/NAME. Received: 'sums'"),
        (["--push", "../sums"], "as OWNER/NAME"),
        (["--public"], "--public goes with --push"),
    ):
        code, out, err = outcome("export", "hub", differences, tmp_path / "out", *words)
        assert (code, out, err.count("\n")) == (2, "", 1) and message in err
    assert not any(tmp_path.iterdir())


def test_the_metric_is_the_grader(monkeypatch, tmp_path):
    exported(tmp_path, "evaluate", tmp_path / "out")
    file_utils = record(add_start_docstrings=lambda *_: lambda made: made)
    fake = ModuleType("evaluate")
    fake.__dict__.update(Metric=object, MetricInfo=record, utils=record(file_utils=file_utils))
    monkeypatch.setitem(sys.modules, "evaluate", fake)
    path = tmp_path / "out" / "mathbench_exact_match" / "mathbench_exact_match.py"
    metric = load_module(path).MathbenchExactMatch()
    assert set(metric._info().features) == {"predictions", "references"}
    found = metric._compute(["80", "-80", "It is -80."], ["-80"] * 3, extract="last-number")
    assert (
        found
        == mathbench.grade_all(["80", "-80", "It is -80."], ["-80"] * 3, extract="last-number").to_json()
    )
    settings_ = {"task": "addition", "parameters": {"digits": 3, "format": "padded"}}
    assert metric._compute(["000065"], ["000065"], **settings_)["exact_match"] == 1


@pytest.mark.parametrize("kind", ["lm-eval", "inspect"])
def test_files_of_a_store_must_be_copied(kind, differences, tmp_path):
    import fsspec

    store = fsspec.filesystem("memory")
    store.put(str(differences), "memory://differences", recursive=True)
    try:
        code, _, err = outcome("export", kind, "memory://differences", tmp_path / "out")
        assert code == 2 and "give --packaged" in err and not any(tmp_path.iterdir())
        out = exported(tmp_path, kind, "memory://differences", tmp_path / "out", "--packaged")
        copied = {path.name: path.read_bytes() for path in out.rglob("*.parquet")}
        assert copied == {path.name: path.read_bytes() for path in differences.rglob("*.parquet")}
    finally:
        store.rm("memory://differences", recursive=True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
        max_leaves=8,
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_origin_of_a_log_is_one_line(value):
    with pytest.raises(mathbench.errors.InputError):
        Origin.from_json(value, "the log")
