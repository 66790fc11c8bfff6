"""Two processes that learn together do what one does with the whole batch."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mathbench.baselines import checkpoint, distributed, predictor
from mathbench.baselines.result import Result
from mathbench.errors import InputError
from tests.baselines.commands import SMALL, trained

# 31 rows: parts of different sizes
SETTINGS = [
    f"--set={setting}" for setting in ("batch=31", "steps=12", "evaluate=4", "target=1.0", "clip=0.5")
]


pytestmark = pytest.mark.usefixtures("in_a_fresh_folder")


def command(*words):
    return [sys.executable, "-m", "mathbench", "run-baseline", *words, "--no-submit", "--no-plots"]


@pytest.mark.slow
def test_two_processes_learn_what_one_does(capsys):
    words = ["transformer", *SMALL, *SETTINGS, "--set=hidden=8", "--set=accumulate=2"]
    done = subprocess.run(command(*words, "--devices", "2", "--out", "two"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("transformer") == 1  # the others say nothing
    assert trained(*words, "--out", "one") == 0
    kept = [checkpoint.read(Path(folder)) for folder in ("one", "two")]
    for one, two in zip(*(facts["history"] for facts, _ in kept), strict=True):
        assert one["loss"] == pytest.approx(two["loss"], rel=1e-4)
    for name, weight in kept[0][1]["weights"].items():
        np.testing.assert_allclose(weight, kept[1][1]["weights"][name], atol=1e-3)
    assert Result.load(Path("two")).hardware["processes"] == 2
    assert "processes" not in Result.load(Path("one")).hardware


@pytest.mark.slow
def test_a_stopped_run_of_two_processes_goes_on_exactly():
    words = ["lstm-seq2seq", *SMALL, *SETTINGS, "--set=hidden=8", "--set=steps=600", "--devices=2"]
    assert subprocess.run(command(*words, "--out", "whole"), capture_output=True).returncode == 0
    process = subprocess.Popen(
        command(*words, "--out", "cut"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not Path("cut", checkpoint.CHECKPOINT_FILE).exists() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert "the run is kept" in process.communicate(timeout=120)[1].decode()
    assert not Path("cut", "result.json").exists()
    assert subprocess.run(command(*words, "--out", "cut", "--resume"), capture_output=True).returncode == 0
    one, two = (checkpoint.read(Path(folder))[1]["weights"] for folder in ("whole", "cut"))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_what_cannot_be_shared_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(predictor, "world", lambda: 2)
    assert trained("lstm-seq2seq", *SMALL, "--framework", "keras") == 2
    monkeypatch.setattr(distributed, "world", lambda: 2)
    with pytest.raises(InputError, match="at least 2 rows"):
        distributed.local_rows(np.zeros((1, 3), np.int64), np.zeros((1, 2), np.int64))
    said = capsys.readouterr().err
    assert "requires the framework torch" in said and said.count("\n") == 1
