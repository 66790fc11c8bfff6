"""A run directory is enough to repeat the run, and a killed run ends like one that was left alone."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.repeat import compare_runs, load_original
from mathbench.baselines.result import Result
from mathbench.baselines.run import RunOptions, run
from mathbench.errors import InputError
from tests.baselines.commands import SMALL, trained

pytestmark = pytest.mark.usefixtures("in_a_fresh_folder")


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_a_run_is_repeated_from_its_directory_to_the_bit(framework, capsys):
    settings = ["hidden=8", "batch=16", "steps=12", "evaluate=4", "query=forward", "padding=left"]
    words = [word for setting in settings for word in ("--set", setting)]
    first = ["lstm-seq2seq", "--framework", framework, *SMALL, *words, "--seed", "winter", "--data-seed", "7"]
    assert trained(*first, "--out", "r") == 0
    capsys.readouterr()
    assert trained("--from", "r", "--json") == 0
    said = capsys.readouterr()
    shown = json.loads(said.out)
    assert shown["out"] == "r-again" and "the same bits, weights the same bits" in said.err
    assert shown["repeats"] == {"run": "r", "same_predictions": True, "same_weights": True, "differs": []}
    one, two = (json.loads(Path(folder, "run.json").read_text()) for folder in ("r", "r-again"))
    assert one == two and one["seed"] == "winter" and one["data"]["seed"] == "7"


def test_other_bits_are_noticed_and_what_may_explain_them(tiny, sums):
    run(tiny(), sums, RunOptions(Path("r")))
    run(tiny(seed=1), sums, RunOptions(Path("other")))
    content = json.loads(Path("other/result.json").read_text())
    mine, content["versions"]["torch"] = content["versions"]["torch"], "0.1"
    Path("other/result.json").write_text(json.dumps(content))
    found = compare_runs(Path("r"), Path("other"))
    assert (found.predictions, found.weights) == (False, False)
    assert f"torch: {mine}, 0.1" in found.differs


def test_the_lengths_beside_the_splits_are_scored_again():
    words = ("--task", "divisible", "--k", "3", "--digits", "3", "--train", "200", "--validation", "20")
    sizes = ("--interpolate", "20", "--extrapolate", "20", "--long", "20,50")
    assert trained("constant", *words, *sizes, "--out", "r") == 0
    assert trained("--from", "r", "--out", "again") == 0
    first, again = Result.load(Path("r")), Result.load(Path("again"))
    assert list(first.long) == ["20", "50"] and again.long == first.long


def test_a_floor_has_no_weights_to_compare(capsys):
    assert trained("constant", *SMALL, "--out", "r") == 0
    assert trained("--from", "r", "--out", "again") == 0
    assert "predictions the same bits, weights not kept" in capsys.readouterr().err


def test_a_run_that_ended_by_its_budget_is_repeated_as_far(tiny, sums):
    spec = tiny(steps=100_000, evaluate=100_000, target=1.0, schedule="cosine")
    run(spec, sums, RunOptions(Path("r"), budget=0.2))
    first = load_original(Path("r"))
    run(first.spec, first.data, RunOptions(Path("again"), stop_step=first.steps))
    assert Result.load(Path("again")).timings["steps"] == first.steps < 100_000
    assert compare_runs(Path("r"), Path("again")).weights


def test_what_cannot_be_repeated_is_one_line(capsys, tiny, sums):
    run(tiny(), sums, RunOptions(Path("r")))
    for words, line in (
        (["--from", "nowhere"], "not a run directory"),
        (["--from", "r", "--seed", "0"], "leave out --seed"),
        (["--from", "r", "--digits", "3"], "leave out --digits"),
        (["lstm-seq2seq", "--from", "r"], "leave out lstm-seq2seq"),
        (["--from", "r", "--out", "r"], "its own run directory"),
        (["--digits", "3"], "must be named first"),
    ):
        assert trained(*words) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1
    spec = json.loads(Path("r/run.json").read_text())
    for change, line in (
        ({"data": {**spec["data"], "digest": "sha256:0"}}, "other rows"),
        ({"recipe": {**spec["recipe"], "colour": 1}}, "another version"),
    ):
        shutil.copytree("r", "changed", dirs_exist_ok=True)
        Path("changed/run.json").write_text(json.dumps({**spec, **change}))
        with pytest.raises(InputError, match=line):
            load_original(Path("changed"))


def test_an_unfinished_run_is_repeated_without_comparison(capsys, tiny, sums):
    run(tiny(steps=4), sums, RunOptions(Path("r")))
    Path("r/result.json").unlink()
    assert trained("--from", "r") == 0
    assert "nothing to compare with" in capsys.readouterr().err


@pytest.mark.slow
def test_a_keras_run_killed_at_any_moment_ends_like_one_left_alone(tmp_path):
    """The same for PyTorch is in test_training.py; this one reads a stream."""
    settings = ["hidden=8", "batch=16", "steps=150", "evaluate=10", "target=1.0"]
    words = [*SMALL, *(word for setting in settings for word in ("--set", setting))]
    words = ["lstm-seq2seq", "--framework", "keras", "--online", *words]
    command = ["run-baseline", *words, "--no-submit", "--no-plots", "--out", "killed"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mathbench", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 180
    while not (tmp_path / "killed" / checkpoint.CHECKPOINT_FILE).exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(random.uniform(0, 0.5))
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not Path("killed/result.json").exists()
    assert trained(*words, "--out", "killed", "--resume") == 0
    assert trained(*words, "--out", "whole") == 0
    found = compare_runs(Path("whole"), Path("killed"))
    assert found.predictions and found.weights
