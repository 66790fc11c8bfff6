import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.one_pass import Seq2SeqSettings
from mathbench.baselines.predictor import build_network, load_predictor
from mathbench.baselines.recipe import apply_overrides, parse_overrides, read_recipe
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.trainer import encoding_for, prepare
from mathbench.baselines.training import loop
from mathbench.baselines.training.batches import RowSampler, make_row_sampler
from mathbench.errors import InputError

FRAMEWORKS = ("torch", "keras")


def weights(folder):
    return checkpoint.read(folder)[1]["best"]


def same(one, two):
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_classic_network_has_205324_weights(framework, tiny):
    spec = tiny(framework=framework, hidden=128, positions="none", start="zero")
    from mathbench.registry import load

    network = load(spec.baseline.frameworks[framework])(
        NetworkShape(12, 12, 7, 4), spec.settings, 0, DeviceConfig("cpu")
    )
    assert network.parameters == 205_324


@pytest.mark.parametrize(
    ("name", "framework"),
    [
        ("lstm-seq2seq", "torch"),
        ("lstm-classifier", "keras"),
        pytest.param("lstm-seq2seq", "keras", marks=pytest.mark.slow),
        pytest.param("lstm-classifier", "torch", marks=pytest.mark.slow),
    ],
)
def test_same_seed_same_weights_another_seed_others(name, framework, tiny, sums, multiples, tmp_path):
    data = sums if name == "lstm-seq2seq" else multiples
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(tiny(name, framework, seed), data, RunOptions(tmp_path / folder))
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_stopped_run_ends_like_an_uninterrupted_one(framework, tiny, sums, tmp_path, monkeypatch):
    spec = tiny(framework=framework)
    whole = run(spec, sums, RunOptions(tmp_path / "whole"))
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: stop_at(7, step, job, state))
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, sums, RunOptions(tmp_path / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    with pytest.raises(InputError, match="--resume"):
        run(spec, sums, RunOptions(tmp_path / "cut"))
    resumed = run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "cut"))
    assert resumed.predictions_sha256 == whole.predictions_sha256
    assert without_seconds(tmp_path / "whole") == without_seconds(tmp_path / "cut")


def without_seconds(folder):
    entries = checkpoint.read(folder)[0]["history"]
    return [{key: value for key, value in entry.items() if not key.endswith("_s")} for entry in entries]


def stop_at(number, step, job, state):
    if state.step == number:
        raise RuntimeError("the plug was pulled")
    step(job, state)


def test_ctrl_c_keeps_the_step_at_hand(tiny, sums, tmp_path, monkeypatch):
    spec = tiny()
    run(spec, sums, RunOptions(tmp_path / "whole"))
    step = loop._step

    def interrupted(job, state):
        if state.step == 6:
            signal.raise_signal(signal.SIGINT)
        step(job, state)

    monkeypatch.setattr(loop, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(spec, sums, RunOptions(tmp_path / "cut"))
    assert checkpoint.read(tmp_path / "cut")[0]["step"] == 7
    monkeypatch.setattr(loop, "_step", step)
    run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "cut"))


COMMAND = """
    import sys
    from mathbench.cli import main
    main(["run-baseline", "lstm-seq2seq", "--digits", "2", "--train", "600", "--validation", "50",
          "--interpolate", "50", "--extrapolate", "50", "--set", "hidden=8", "--set", "batch=16",
          "--set", "steps=400", "--set", "evaluate=20", "--set", "target=1.0",
          "--no-submit", "--out", *sys.argv[1:]])
"""


def command(*words):
    return [sys.executable, "-c", textwrap.dedent(COMMAND), *words]


@pytest.mark.slow
def test_a_killed_process_resumes_exactly(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen(command(str(killed)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while (
        not (killed / checkpoint.CHECKPOINT_FILE).exists()
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "result.json").exists()
    for words in ([str(killed), "--resume"], [str(whole)]):
        done = subprocess.run(command(*words), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    assert same(weights(killed), weights(whole))
    assert not list(killed.glob(".*.tmp"))
    assert (killed / "predictions.parquet").read_bytes() == (whole / "predictions.parquet").read_bytes()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_saved_run_answers_as_it_did(framework, tiny, sums, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    run(tiny(framework=framework, positions="one-hot"), sums, RunOptions(tmp_path / "r"))
    predict, _ = load_predictor(tmp_path / "r", DeviceConfig("cpu"))
    kept = pq.read_table(tmp_path / "r" / "predictions.parquet")["prediction"].to_pylist()
    splits = ("validation", "interpolate", "extrapolate")
    questions = [question.as_py() for split in splits for question in sums.splits[split]["question"]]
    order = np.random.default_rng(0).permutation(len(questions))
    # in another order, and short and long ones together: no answer depends on what else is asked
    answers = predict(pa.array([questions[i] for i in order])).to_pylist()
    assert answers == [kept[i] for i in order]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_label_at_every_prefix_trains(framework, tiny, multiples, tmp_path):
    spec = tiny("lstm-classifier", framework, labels="prefix")
    result = run(spec, multiples, RunOptions(tmp_path / "r"))
    assert result.encoding["name"] == "forward-left-prefix"
    assert set(result.scores) == {"validation", "interpolate", "extrapolate"}


def test_early_stop_target_and_budget(tiny, sums, tmp_path):
    patient = run(tiny(steps=200, evaluate=2, patience=3, rate=0.0), sums, RunOptions(tmp_path / "a"))
    assert patient.timings["steps"] == 8
    easy = run(tiny(steps=200, evaluate=2, target=0.0), sums, RunOptions(tmp_path / "b"))
    assert easy.timings["steps"] == 2
    short = run(
        tiny(steps=100_000, evaluate=100_000, target=1.0), sums, RunOptions(tmp_path / "c", budget=0.2)
    )
    assert 0 < short.timings["steps"] < 100_000
    assert short.best["step"] == short.timings["steps"]


def test_a_damaged_checkpoint_is_one_line(tiny, sums, tmp_path, monkeypatch):
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: stop_at(7, step, job, state))
    with pytest.raises(RuntimeError):
        run(tiny(), sums, RunOptions(tmp_path / "r"))
    path = tmp_path / "r" / checkpoint.CHECKPOINT_FILE
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        run(tiny(), sums, RunOptions(tmp_path / "r", resume=True))


def test_every_row_once_an_epoch_and_strata_by_weight(sums):
    feed = RowSampler(rows=10, batch=4, seed=3)
    seen = np.concatenate([feed.indices(step) for step in range(5)])
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert not np.array_equal(seen[:10], seen[10:])
    by_strata = make_row_sampler(sums.task, sums.splits["train"], 6000, "strata", 0)
    drawn = sums.splits["train"]["stratum"].take(by_strata.indices(0)).to_pylist()
    weights = {s.name: s.weight for s in sums.task.inner()}
    for name, weight in weights.items():
        assert drawn.count(name) / 6000 == pytest.approx(weight / sum(weights.values()), abs=0.03)


def test_nothing_random_comes_from_global_generators(tiny, sums):
    import torch

    spec = tiny()
    one = build_network(spec, encoding_for(spec, sums), DeviceConfig("cpu")).weights()
    torch.manual_seed(99)
    np.random.seed(99)
    assert same(one, prepare(spec, sums, DeviceConfig("cpu")).network.weights())


def test_recipes_name_the_wrong_key(tmp_path):
    base = 'baseline = "lstm-seq2seq"\n[task]\nname = "addition"\n'
    for text, words in (
        ("sorce = 'x'\n" + base, "unknown key 'sorce'. Did you mean 'source'"),
        (base + "[sizes]\ntrian = 3\n", "sizes.trian"),
        (base + "[settings]\nhiden = 3\n", "hiden"),
        (base + "[settings.jax]\nhidden = 3\n", "settings.jax"),
        (base + "[encoding]\npading = 'left'\n", "pading"),
        ("[task\n", "not valid TOML"),
    ):
        path = tmp_path / "r.toml"
        path.write_text(text)
        with pytest.raises(InputError, match=words.replace(".", r"\.")):
            from mathbench.baselines.table import baseline

            apply_overrides(read_recipe(str(path)), baseline("lstm-seq2seq"), "torch", {})


def test_settings_are_checked():
    assert parse_overrides(["hidden=3"]) == {"hidden": "3"}
    for bad in ({"hidden": 0}, {"rate": "fast"}, {"schedule": "sine"}):
        with pytest.raises(InputError, match=next(iter(bad))):
            Seq2SeqSettings(**bad)
    with pytest.raises(InputError, match="key=value"):
        parse_overrides(["hidden"])


def test_the_first_network_of_a_process_is_like_the_second():
    """First weights must not depend on what set the threads before; wide orthogonal matrices would."""
    script = (
        "from mathbench.registry import load\n"
        "from mathbench.baselines.models.interface import DeviceConfig, NetworkShape\n"
        "from mathbench.baselines.models.settings.one_pass import Seq2SeqSettings\n"
        "build = load('mathbench.baselines.models.torch.lstm_seq2seq:build')\n"
        "shape, settings = NetworkShape(12, 12, 7, 4), Seq2SeqSettings(hidden=128)\n"
        "one, two = (build(shape, settings, 0, DeviceConfig('cpu')).weights() for _ in '12')\n"
        "assert all((one[name] == two[name]).all() for name in one)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
