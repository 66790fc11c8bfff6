"""Trackers: told of the start, every validation and the end; the names they know are asked with fakes."""

import importlib.machinery
import sys
from types import ModuleType

import pytest

from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.baselines.training import loop
from mathbench.baselines.training.tracking import open_tracker, tracked
from mathbench.errors import InputError
from mathbench.registry import load

OWN = """
told = []
class Mine:
    def __init__(self, run):
        told.append(("run", run.name))
    def start(self, config):
        told.append(("start", config["baseline"]))
    def log(self, step, values):
        told.append((step, sorted(values)))
    def finish(self, summary):
        told.append(("finish", sorted(summary)))
"""
STRATA = [f"validation/digits={digits}" for digits in ("1+1", "2+1", "2+2")]
VALUES = ["loss", "rate", "validation", *STRATA]
SCORES = [f"exact_match/{split}" for split in ("extrapolate", "interpolate", "validation")]


@pytest.fixture
def own(tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    name = f"{tmp_path / 'mine.py'}:Mine"
    told(name).clear()
    return name


def told(name):
    return sys.modules[load(name).__module__].told


def test_a_tracker_of_ones_own_hears_everything(own, tiny, sums, tmp_path):
    run(tiny(), sums, RunOptions(tmp_path / "r", track=(own,)))
    assert told(own) == [
        ("run", "r"),
        ("start", "lstm-seq2seq"),
        *((step, VALUES) for step in (4, 8, 12)),
        ("finish", SCORES),
    ]
    assert list((tmp_path / "r" / "events").iterdir())  # TensorBoard is told all the same


def test_a_stopped_run_says_so_and_a_shortcut_is_tracked_too(own, tiny, sums, tmp_path, monkeypatch):
    def pulled(job, state):
        raise RuntimeError

    monkeypatch.setattr(loop, "_step", pulled)
    with pytest.raises(RuntimeError):
        run(tiny(), sums, RunOptions(tmp_path / "r", track=(own,)))
    assert told(own)[-1] == ("finish", [])
    run(RunSpec(baseline("constant"), "none", "", 0), sums, RunOptions(tmp_path / "c", track=(own,)))
    assert told(own)[-3:] == [("run", "c"), ("start", "constant"), ("finish", SCORES)]


class Recorder:
    """Stands for a module: notes every call."""

    def __init__(self):
        self.calls, self.summary = [], {}

    def __getattr__(self, name):
        def call(*values, **named):
            self.calls.append((name, values, named))
            return self

        return call


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wandb", ["init", "log", "finish"]),
        ("mlflow", ["set_experiment", "start_run", "log_params", "log_metrics", "log_metrics", "end_run"]),
        ("trackio", ["init", "log", "log", "finish"]),
    ],
)
def test_each_tracker_gets_the_calls_it_knows(name, expected, monkeypatch, tmp_path):
    record, module = Recorder(), ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    module.__getattr__ = lambda attribute: getattr(record, attribute)
    monkeypatch.setitem(sys.modules, name, module)
    config = {"seed": 0, "task": {"name": "gcd", "parameters": {"digits": 3}}}
    with tracked((open_tracker(name, tmp_path / "mine"),), config) as summary:
        summary["interpolate"] = 0.5
        tracker_log(record, name, tmp_path)
    assert [call[0] for call in record.calls if call[0] != "update"] == expected
    said = str(record.calls)
    assert "'mine'" in said and "'mathbench'" in said and "digits" in said
    assert {"loss": 0.25, "rate": 0.1, "validation": 1.0} in [
        v for _, values, _ in record.calls for v in values
    ]
    if name == "mlflow":
        assert record.calls[2][1][0]["task.parameters.digits"] == "3"
        assert record.calls[-1][1] == ("FINISHED",)


def tracker_log(record, name, folder):
    """One validation, on the run that has been started."""
    started = open_tracker(name, folder / "mine")
    started._run = record
    started.log(7, {"loss": 0.25, "rate": 0.1, "validation": 1.0})


def test_mlflow_gets_names_that_it_allows(monkeypatch, tmp_path):
    record, module = Recorder(), ModuleType("mlflow")
    module.__spec__ = importlib.machinery.ModuleSpec("mlflow", None)
    module.__getattr__ = lambda attribute: getattr(record, attribute)
    monkeypatch.setitem(sys.modules, "mlflow", module)
    open_tracker("mlflow", tmp_path).log(7, {"validation/digits=2+1": 0.5, "loss": 1.0})
    assert record.calls[-1][1] == ({"validation/digits_2_1": 0.5, "loss": 1.0},)


def test_unknown_and_missing_trackers_are_one_line_and_leave_nothing(tiny, sums, tmp_path, monkeypatch):
    for name, words in (("wandbb", "Did you mean 'wandb'"), ("wandb", "pip install wandb")):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(InputError, match=words):
            run(tiny(), sums, RunOptions(tmp_path / "r", track=(name,)))
    assert not (tmp_path / "r").exists()


def test_a_tracker_that_cannot_start_is_one_line(own, tiny, sums, tmp_path):
    code = (tmp_path / "mine.py").read_text().replace('told.append(("start", config["baseline"]))', "1 / 0")
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(InputError, match="Mine cannot start: ZeroDivisionError: division by zero"):
        run(tiny(), sums, RunOptions(tmp_path / "r", track=(own,)))
