"""The Keras networks that write token by token are the same functions as those in PyTorch."""

import numpy as np
import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.models.decoding import beam_search
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.table import baseline
from mathbench.baselines.training import loop
from mathbench.errors import InputError
from mathbench.registry import load
from tests.baselines.test_decoding import SHAPE, answered, asked, forced, writer
from tests.baselines.test_training import same, stop_at

SMALL = [("attentional-lstm", {}), ("transformer", {"layers": 1})]
OTHERS = [
    ("attentional-lstm", {"reading": "forward", "blanks": "seen", "layers": 2}),
    ("transformer", {"blanks": "seen", "layers": 2}),
]


def pair(name, **options):
    """The network in PyTorch and in Keras, with the same weights."""
    theirs = writer(name, **options)
    entry = baseline(name)
    ours = load(entry.frameworks["keras"])(SHAPE, theirs._settings, 0, DeviceConfig("cpu"))
    found = theirs.weights()
    ours.load_weights({w.path: translated(w.path, found) for w in ours.model.weights})
    return theirs, ours


def translated(path, weights):
    """The weight that Keras calls `path`, by the name and in the layout of PyTorch."""
    layer, *_, kind = path.split("/")
    names = {name.replace(".", "_"): value for name, value in weights.items()}
    if "lstm_cell" in path:
        stem, number = (layer, "0") if layer.startswith("readers") else (layer[:-1], layer[-1])
        part = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias_ih"}[kind]
        return names[f"{stem}_{part}_l{number}"].T
    part = "bias" if kind in ("bias", "beta") else "weight"
    value = names[f"{layer}_{part}"]
    return value.T if kind == "kernel" else value


@pytest.mark.parametrize("name, options", SMALL)
def test_the_same_weights_give_the_same_logits_answers_and_losses(name, options):
    same_function(*pair(name, **options))


@pytest.mark.slow
@pytest.mark.parametrize("name, options", OTHERS)
def test_the_same_in_other_sizes(name, options):
    same_function(*pair(name, **options))


def same_function(theirs, ours):
    assert theirs.parameters == ours.parameters
    questions, answers = asked(), answered()
    logits = ours.model.predict_on_batch([questions.astype(np.int32), answers.astype(np.int32)])
    np.testing.assert_allclose(logits, forced(theirs, questions, answers), atol=1e-5)
    written, chances = ours.probabilities(questions)
    wanted, likely = theirs.probabilities(questions)
    np.testing.assert_array_equal(written, wanted)
    np.testing.assert_allclose(chances, likely, atol=1e-4)
    losses = [[net.step(questions, answers, 1e-3, step) for step in range(3)] for net in (theirs, ours)]
    assert losses[0][0] == pytest.approx(losses[1][0], abs=1e-5)
    np.testing.assert_allclose(*losses, rtol=5e-3)  # Adam makes whole steps of gradients that should be zero


@pytest.mark.slow
@pytest.mark.parametrize("name, options", SMALL)
def test_beams_longer_questions_and_looks(name, options):
    theirs, ours = pair(name, **options)
    questions = asked()
    np.testing.assert_allclose(
        beam_search(ours, questions, 6, 3)[1].prod(axis=1),
        beam_search(theirs, questions, 6, 3)[1].prod(axis=1),
        rtol=1e-4,
    )
    assert ours.predict(asked(3, width=30), beam=2).shape == (3, 24)
    answer = theirs.predict(questions[:1])
    seen, known = (network.inspect(questions[:1], answer) for network in (ours, theirs))
    for key in seen.keys() & known.keys():
        np.testing.assert_allclose(seen[key], known[key], atol=1e-5)
    assert any(key.startswith("attention/") for key in seen.keys() & known.keys())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attentional-lstm", "transformer"])
def test_the_same_seed_the_same_weights_in_keras(name, tiny, sums, tmp_path, monkeypatch):
    spec = tiny(name, "keras", hidden=16, dropout=0.2)
    for folder in ("a", "b"):
        run(spec, sums, RunOptions(tmp_path / folder))
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: stop_at(7, step, job, state))
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, sums, RunOptions(tmp_path / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    one, two, three = (checkpoint.read(tmp_path / folder)[1]["best"] for folder in ("a", "b", "cut"))
    assert same(one, two)
    assert same(one, three)


def test_what_keras_lacks_is_one_line(tiny, sums, tmp_path):
    with pytest.raises(InputError, match="precision must be float32"):
        run(tiny("transformer", "keras", hidden=16, precision="bfloat16"), sums, RunOptions(tmp_path / "r"))
