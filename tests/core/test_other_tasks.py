"""Tasks of other packages: found by entry point, only when they are asked for."""

import sys

import pytest

from mathbench import families
from mathbench.baselines import predictor
from mathbench.baselines.run_data import regenerate_run
from mathbench.errors import InputError
from tests.commands import run

DOUBLE = """
from dataclasses import dataclass
from mathbench.generators.subtraction import Subtraction
from mathbench.parameters import parameter

@dataclass(frozen=True)
class Mine(Subtraction):
    family = "my-value"
    summary = "8-57 -> -49, again"
    name_of: int = parameter(1, "nothing", low=0, high=9)

class Stranger:
    family = "stranger"
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package by its metadata alone, as pip leaves it."""

    def install(**points):
        (tmp_path / "my_tasks.py").write_text(DOUBLE)
        info = tmp_path / "my_tasks-0.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-tasks\nVersion: 0.1\n")
        lines = "\n".join(f"{name.replace('_', '-')} = {value}" for name, value in points.items())
        (info / "entry_points.txt").write_text(f"[mathbench.tasks]\n{lines}\n")
        monkeypatch.syspath_prepend(tmp_path)

    yield install
    sys.modules.pop("my_tasks", None)


def test_a_task_of_another_package_is_like_ours(installed, tmp_path):
    installed(my_value="my_tasks:Mine")
    made = families.task("my-value", digits=2)
    assert made.id == "my-value-v1" and type(families.task("my-value-v1")) is type(made)
    assert families.names()[-1] == "my-value"
    folder = str(tmp_path / "ds")
    done = run("generate", "--task", "my-value", "--digits", "2", "--train", "200", "--out", folder)
    assert done.returncode == 0, done.stderr
    assert run("verify", folder, "--all").returncode == 0
    assert "8-57 -> -49, again" in run("tasks").stdout


def test_a_run_on_it_can_be_scored_and_asked_again(installed, tmp_path):
    installed(my_value="my_tasks:Mine")
    words = ["run-baseline", "copy-operand", "--task", "my-value", "--digits", "2", "--train", "200"]
    done = run(*words, "--out", str(tmp_path / "r"), "--no-submit")
    assert done.returncode == 0, done.stderr
    assert regenerate_run(tmp_path / "r").task.parameters["digits"] == 2
    answer, _ = predictor.load_predictor(tmp_path / "r", predictor.DeviceConfig())
    assert answer(["57-8"]).to_pylist()[0] in ("57", "8")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("missing", "my_tasks:Nobody", "the task 'missing' of the package my-tasks cannot be loaded: Attrib"),
        ("nowhere", "no_such_module:X", "cannot be loaded: ModuleNotFoundError"),
        ("stranger", "my_tasks:Stranger", "is not a subclass of mathbench.task.Task"),
        ("other", "my_tasks:Mine", "calls its family 'my-value'"),
    ],
)
def test_a_broken_one_is_one_line_and_spoils_nothing_else(installed, name, value, message):
    installed(**{name: value})
    with pytest.raises(InputError) as caught:
        families.task(name)
    assert message in str(caught.value)
    listed = run("tasks")
    assert listed.returncode == 0 and "addition" in listed.stdout and message in listed.stderr


def test_none_takes_the_name_of_ours_and_hints_know_all(installed):
    ours = families.names()
    installed(addition="my_tasks:Mine", my_value="my_tasks:Mine")
    assert families.family("addition") is families.tasks()["addition"]
    assert families.names() == [*ours, "my-value"]
    with pytest.raises(InputError, match="Did you mean 'my-value'"):
        families.task("my-valu")


def test_they_are_not_looked_for_when_ours_are_asked_for(monkeypatch):
    def never(**group):
        raise AssertionError("entry points were read")

    monkeypatch.setattr(families, "entry_points", never)
    assert families.task("gcd").id == "gcd-v1"
