"""The script that shows reinforcement learning: what it writes, and that a run that was stopped ends the same."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def run(folder, *words, **options):
    """The command of a short run in a folder."""
    paths = ("--runs", str(folder / "runs"), "--out", str(folder / "out"))
    return [sys.executable, str(SCRIPTS / "reinforcement"), "--short", "--seeds", "1", *paths, *words]


def results(folder):
    """The results of a folder, without times."""
    rows = json.loads((folder / "out" / "reinforcement.json").read_text())
    for row in rows:
        del row["cpu_s"]
        for point in row["curve"]:
            del point["cpu_s"]
    return rows


@pytest.fixture
def training(monkeypatch):
    """The module of the arms."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("arms", SCRIPTS / "reinforcement_training.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "arms", module)
    spec.loader.exec_module(module)
    return module


def stop_after(count, training, monkeypatch):
    """Stop a run as soon as it has written that many checkpoints."""
    written, save = [], training.save

    def saved(state, file):
        save(state, file)
        written.append(file)
        if len(written) == count:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "save", saved)


@pytest.mark.parametrize("arm", ["adaptive", "expert", "supervised"])
def test_a_stopped_run_continues_bit_for_bit(tmp_path, training, monkeypatch, arm):
    settings = training.shortened(training.Settings(arm, 600))
    whole = training.train(settings, 1, tmp_path / "whole.pt", None)
    with monkeypatch.context() as patched:
        stop_after(2, training, patched)
        with pytest.raises(KeyboardInterrupt):
            training.train(settings, 1, tmp_path / "part.pt", None)
    part = training.train(settings, 1, tmp_path / "part.pt", None)
    assert part.step == whole.step == 6
    assert [point["step"] for point in part.curve] == [2, 4, 6]
    assert part.sampler.state_dict() == whole.sampler.state_dict()
    state = whole.network.state_dict()
    assert all((state[name] == value).all() for name, value in part.network.state_dict().items())


def test_other_settings_and_damaged_files_are_refused(tmp_path, training):
    settings = training.shortened(training.Settings("uniform", 600))
    file = tmp_path / "uniform.pt"
    training.train(settings, 0, file, None)
    with pytest.raises(training.InputError, match="is of other settings"):
        training.train(settings, 1, file, None)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(training.InputError, match="is damaged"):
        training.train(settings, 0, file, None)


def test_an_untrained_network_writes_nothing_right(training):
    scores = training.evaluate(training.Network(), range(1, 4), "interpolate", 50)
    assert {length: n for length, (_, n) in scores.items()} == {"1": 4, "2": 50, "3": 50}
    assert sum(right for right, _ in scores.values()) < 5


def test_answers_are_read_to_their_end_and_no_further(training):
    encode, decode = training.encode_answers, training.decode_answers
    tokens = encode(["065", "7"])
    assert decode(tokens) == ["065", "7"]
    assert decode(tokens[:, :3]) == [None, "7"]
    tokens[0, 0] = 0
    assert decode(tokens)[0] is None


def test_the_likelihood_of_an_answer_is_that_of_writing_it(training):
    """Reading all characters at once is the same as writing one after the other, also beside longer questions."""
    import torch

    network, generator = training.Network(), torch.Generator().manual_seed(0)
    prompts = training.encode_prompts(["12+34", "5+6", "123+4"], generator)
    answers = network.answer(prompts, generator, copies=2)
    found = network.log_likelihood(prompts, answers, copies=2)
    one = prompts.select(torch.tensor([1]))
    again = network.log_likelihood(one, answers[2:4], copies=2)
    assert torch.allclose(found[2:4], again, atol=1e-5)
    memory, seen = network.read(one), (one.tokens > 0)[:, None, None, :]
    token, total = torch.tensor([[12]]), 0.0
    for place, code in enumerate(answers[2]):
        if code == 0:
            break
        seen = torch.cat([seen, torch.ones(1, 1, 1, 1, dtype=torch.bool)], 3)
        places = one.answer_places(place + 1)[:, place:]
        logits, memory = network.write(memory, seen, token, places)
        total += float(logits.detach().log_softmax(-1)[0, 0, code])
        token = code.view(1, 1)
    assert abs(total - float(found[2].detach().sum())) < 1e-4


@pytest.mark.slow
def test_a_killed_script_ends_with_the_same_results(tmp_path):
    subprocess.run(run(tmp_path / "whole"), check=True, capture_output=True)
    process = subprocess.Popen(run(tmp_path / "part"), stderr=subprocess.DEVNULL)
    file = tmp_path / "part" / "runs" / "seed0" / "uniform.pt"
    while not file.is_file():
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "part" / "out").exists()
    subprocess.run(run(tmp_path / "part"), check=True, capture_output=True)
    assert results(tmp_path / "part") == results(tmp_path / "whole")


@pytest.mark.slow
def test_the_script_writes_a_row_for_each_arm(tmp_path):
    done = subprocess.run(run(tmp_path, "--only", "adaptive"), capture_output=True, text=True, check=True)
    rows = results(tmp_path)
    assert [row["arm"] for row in rows] == ["warm-start", "adaptive"]
    assert all(set(row["scores"]) == {"greedy", "sampled"} for row in rows)
    assert {"command", "commit", "dirty", "hardware", "versions", "settings", "seed", "steps"} <= set(rows[0])
    assert done.stderr.startswith("warm-start 0 2 ")
    (tmp_path / "runs" / "seed0" / "adaptive.pt").write_text("")
    failed = subprocess.run(run(tmp_path, "--only", "adaptive"), capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert failed.stderr.startswith("Error: ") and failed.stderr.count("\n") == 1
