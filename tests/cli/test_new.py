"""Packages to start from: their own tests pass, they are found once installed, and bad names leave nothing behind."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mathbench.cli.new import package
from tests.commands import run
from tests.docs.pages import ROOT, console, in_process

KINDS = {
    "task": ("task", "largest-divisor"),
    "torch": ("baseline", "my-gru"),
    "keras": ("baseline", "my_network", "--framework", "keras"),
    "suite": ("suite", "mine"),
}
CODE = [kind for kind in KINDS if kind != "suite"]
FEW = ("--train", "200", "--validation", "20", "--interpolate", "20", "--extrapolate", "20")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A function that writes a package into the folder where the test runs, and returns its folder."""
    monkeypatch.chdir(tmp_path)

    def make(kind):
        words = KINDS[kind]
        done = run("new", *words)
        assert done.returncode == 0, done.stderr
        return tmp_path / words[1]

    return make


def own_tests(folder):
    """Run the tests of a package as its user does, with nothing installed but mathbench."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    values = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, cwd=folder, env=values, capture_output=True, text=True)


@pytest.fixture
def install(monkeypatch):
    """Install a package by its metadata alone, as pip leaves it in development mode."""
    names = []

    def install(folder):
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        info = folder / "site" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir(parents=True)
        head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (info / "METADATA").write_text(head)
        (group, points), *_ = project["entry-points"].items()
        lines = [f"{name} = {target}" for name, target in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]))
        names.extend(target.partition(":")[0] for target in points.values())
        for place in (folder, folder / "site"):
            monkeypatch.syspath_prepend(str(place))

    yield install
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.slow) if kind == "keras" else kind for kind in KINDS]
)
def test_the_tests_of_a_new_package_pass(kind, made):
    done = own_tests(made(kind))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout and "passed" in done.stdout


def test_an_installed_task_is_a_task_like_others(made, install):
    folder = made("task")
    install(folder)
    listed = json.loads(run("tasks", "largest-divisor", "--digits", "2", "--json").stdout)
    assert listed["id"] == "largest-divisor-v1" and listed["parameters"]["digits"]["value"] == 2
    for words in (
        ("generate", "--task", "largest-divisor", *FEW, "--out", "lcm"),
        ("verify", "lcm", "--all"),
        ("run-baseline", "exact-solver", "--data", "lcm", "--out", "solver", "--no-submit"),
    ):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    assert run("ask", "solver", "lcm(12,18)").stdout.strip() == "36"


def test_a_network_runs_from_its_file_and_by_its_name(made, install):
    folder = made("torch")
    install(folder)
    for name, out in (("my-gru/my_gru.py:MyGru", "file"), ("my-gru", "name")):
        done = run("run-baseline", name, *FEW, "--set", "steps=4", "--out", out, "--no-submit")
        assert done.returncode == 0, done.stderr
        assert run("ask", out, "3+5").returncode == 0
    versions = json.loads(Path("name/result.json").read_text())["versions"]
    assert versions["my-gru"] == "0.1.0"
    assert Path("file/model.safetensors").read_bytes() == Path("name/model.safetensors").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_commands_of_a_readme(kind, made, install, monkeypatch):
    folder = made(kind)
    (block,) = re.findall(r"```console\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    lines = [line for line in block.splitlines() if "pytest" not in line and "pip" not in line]
    if kind != "suite":
        install(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MATHBENCH_BOARD", str(folder / "board.sqlite"))
    assert len(lines) >= 3
    console("\n".join(lines), in_process)


# what a beginner gets wrong, and the test that notices
FAULTS = {
    "order": ("task", "np.sort(operands, axis=0)[::-1]", "np.sort(operands, axis=0)", "numbers_of_a_question"),
    "twice": ("task", "once: Flags = operands[0] >= operands[1]", "once = None", "every_problem_is_in_one_split_once"),
    "results": ("task", "np.lcm(problems.operands[0], problems.operands[1])", "problems.operands[0]", "solver"),
    "chance": ("task", "random_bits % np.uint64(2)", "np.random.randint(2, size=len(random_bits))", "a_row_depends"),
    "strata": ("task", "digits={long}+{short}", "digits={short}+{long}", "a_row_lies_in"),
    "counter": (
        "torch",
        "logits: Tensor = self.output(states[:, -1])",
        "self.calls = getattr(self, 'calls', 0) + 1\n        logits: Tensor = self.output(states[:, -1]) * self.calls",
        "an_interrupted_run",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_the_tests_of_a_new_package_can_fail(fault, made):
    kind, part, other, test = FAULTS[fault]
    folder = made(kind)
    (file,) = folder.glob("*.py")
    code = file.read_text()
    assert code.count(part) == 1
    file.write_text(code.replace(part, other))
    done = own_tests(folder)
    assert done.returncode == 1 and re.search(rf"FAILED .*{test}", done.stdout), done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_is_formatted_and_without_lint(kind, made):
    folder = made(kind)
    for words in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "."], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", CODE)
def test_the_types_of_a_new_package(kind, made, tmp_path):
    folder = made(kind)
    (file,) = folder.glob("*.py")
    words = ["--strict", "--follow-imports=silent", "--ignore-missing-imports", file.name]
    values = {**os.environ, "MYPYPATH": str(ROOT), "MYPY_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words], cwd=folder, env=values, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(kind, made):
    for file in made(kind).rglob("*"):
        assert "new" not in file.name.lower() and not file.name.endswith(package.SUFFIX)
        if file.is_file():
            assert not re.search(r"\bnew[-_]\w|NewClass|\{\w*\}\}", file.read_text()), file


def test_the_requirement_and_the_entry_point(made):
    project = tomllib.loads((made("keras") / "pyproject.toml").read_text())["project"]
    assert project["name"] == "my-network" and project["dependencies"] == ["mathbench-toolkit[keras]"]
    assert project["entry-points"] == {"mathbench.baselines": {"my-network": "my_network:MyNetwork"}}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("task", "Digits"), "a name must have at most 40 lower-case letters, digits, and single"),
        (("task", "7up"), "and begin with a letter. Received: '7up'."),
        (("task", "a--b"), "single hyphens or underscores between them"),
        (("task", "../up"), "Received: '../up'."),
        (("task", "café"), "lower-case letters"),
        (("task", "a" * 41), "at most 40"),
        (("task", ""), "Received: ''."),
        (("task", "class"), "a name must not be a word of Python. Received: 'class'."),
        (("task", "statistics"), "there is a Python module 'statistics' already. Give another name."),
        (("task", "numpy"), "there is a Python module 'numpy' already"),
        (("task", "correct-addition"), "there is a task 'correct-addition' already. Give another name."),
        (("task", "correct_addition"), "there is a task 'correct-addition' already"),
        (("task", "imported"), "there is a task 'imported' already"),
        (("task", "sums-v2"), "the name of a task must not end like a version. Received: 'sums-v2'."),
        (("baseline", "lstm_small"), "there is a baseline 'lstm-small' already. Give another name."),
        (("baseline", "m-l-p"), "there is a baseline 'mlp' already"),
        (("baseline", "openai"), "there is a"),
        (("baseline", "mine", "--framework", "jax"), "unknown framework 'jax'. Allowed: keras, torch."),
        (("suite", "classic"), "there is a suite 'classic' already. Give another name."),
        (("suite", "Mine"), "lower-case letters"),
    ],
)
def test_a_bad_name_is_one_line_and_leaves_nothing(words, message, tmp_path):
    done = run("new", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("error: ") and message in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["folder", "file", "link"])
def test_what_exists_is_refused_and_stays(content, tmp_path):
    place = tmp_path / "mine"
    if content == "folder":
        place.mkdir()
    elif content == "file":
        place.write_text("mine")
    else:
        place.symlink_to("nowhere")
    done = run("new", "suite", "mine", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: mine exists already. Give another folder with --out.\n"
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]


def test_a_disk_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(package.os, "rename", full)
    done = run("new", "suite", "mine", "--out", "deep/er/mine", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: deep/er/mine cannot be written: No space left on device.\n"
    assert not list(tmp_path.iterdir())


def test_json_and_another_folder(tmp_path):
    done = run("new", "task", "digit_sum", "--out", "deep/other", "--json", cwd=tmp_path)
    assert json.loads(done.stdout) == {
        "kind": "task",
        "name": "digit-sum",
        "folder": "deep/other",
        "files": ["README.md", "digit_sum.py", "pyproject.toml", "tests/test_digit_sum.py"],
    }
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(str(path.relative_to(tmp_path / "deep/other")) for path in files) == [
        "README.md",
        "digit_sum.py",
        "pyproject.toml",
        "tests/test_digit_sum.py",
    ]
    assert "class DigitSum(Enumerated)" in (tmp_path / "deep/other/digit_sum.py").read_text()


def test_names_are_replaced_at_once(tmp_path):
    """A name that is a placeholder itself is not replaced again."""
    assert run("new", "task", "new_module", cwd=tmp_path).returncode == 0
    code = (tmp_path / "new_module" / "new_module.py").read_text()
    assert 'ClassVar[str] = "new-module"' in code and "class NewModule(Enumerated)" in code
