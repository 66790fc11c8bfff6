"""Training of the networks that write token by token."""

import numpy as np
import pytest
import torch

from mathbench.baselines import checkpoint
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.writing import (
    AttentionalLSTMSettings,
    DecoderTransformerSettings,
    TransformerSettings,
)
from mathbench.baselines.models.torch import attentional_lstm, transformer
from mathbench.baselines.predictor import load_predictor
from mathbench.baselines.recipe import apply_overrides, read_recipe
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.table import baseline
from mathbench.baselines.training import loop
from mathbench.errors import InputError
from tests.baselines.test_decoding import WRITERS, answered, asked, every, writer
from tests.baselines.test_training import same, stop_at

NAMES = sorted({name for name, _ in WRITERS})
DROPS = {"dropout": 0.2, "blanks": "masked"}


def trained(network, steps=3, rows=8):
    questions, labels = asked(rows), answered(rows)
    losses = [network.step(questions, labels, 1e-2, random_bits=7 * step) for step in range(steps)]
    return losses, network.weights()


@pytest.mark.parametrize("name", NAMES)
def test_learns_answers_of_different_lengths_by_heart(name):
    network = writer(name, clip=1.0)
    losses, _ = trained(network, steps=100)
    assert losses[-1] < 0.1 < losses[0]
    answers = np.pad(answered(8), ((0, 0), (0, 20)))
    np.testing.assert_array_equal(network.predict(asked(8)), answers)


@every
def test_the_same_seed_and_step_draw_the_same(name, options):
    (losses, weights), (again, others) = (trained(writer(name, **options, **DROPS)) for _ in range(2))
    assert losses == again
    assert same(weights, others)


@every
def test_what_a_step_draws_follows_from_its_luck(name, options):
    questions, labels = asked(8), answered(8)
    losses = [writer(name, **options, **DROPS).step(questions, labels, 0.01, luck) for luck in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("positions", ["randomised", "abacus", "coupled", "fire-randomised"])
def test_positions_are_drawn_while_training_only(positions):
    network = writer("decoder-transformer", positions=positions)
    questions, labels = asked(8), answered(8)
    losses = {network.step(questions, labels, 0.0, luck) for luck in range(5)}
    assert len(losses) > 1
    np.testing.assert_array_equal(*(network.probabilities(questions)[1] for _ in range(2)))


def test_a_stopped_run_with_dropout_ends_like_an_uninterrupted_one(tiny, sums, tmp_path, monkeypatch):
    spec = tiny("decoder-transformer", hidden=16, positions="randomised", dropout=0.2, decay=0.1)
    whole = run(spec, sums, RunOptions(tmp_path / "whole"))
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: stop_at(7, step, job, state))
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, sums, RunOptions(tmp_path / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    resumed = run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    weights = [checkpoint.read(tmp_path / f)[1]["best"] for f in ("whole", "cut")]
    assert same(*weights)
    assert resumed.predictions_sha256 == whole.predictions_sha256


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_run_answers_as_it_did(name, tiny, sums, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    run(tiny(name, hidden=16), sums, RunOptions(tmp_path / "r"))
    predict, _ = load_predictor(tmp_path / "r", DeviceConfig("cpu"))
    kept = pq.read_table(tmp_path / "r" / "predictions.parquet")["prediction"].to_pylist()
    splits = ("validation", "interpolate", "extrapolate")
    questions = [question.as_py() for split in splits for question in sums.splits[split]["question"]]
    assert predict(pa.array(questions[::-1])).to_pylist() == kept[::-1]


def test_a_batch_learnt_in_parts_takes_the_same_step():
    (one, whole), (two, parts) = (
        trained(writer("transformer", accumulate=accumulate), steps=2, rows=10) for accumulate in (1, 3)
    )
    np.testing.assert_allclose(one, two, rtol=1e-5)
    for name in whole:
        np.testing.assert_allclose(whole[name], parts[name], atol=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_learns_about_the_same(name):
    (full, _), (half, weights) = (
        trained(writer(name, precision=precision), steps=5) for precision in ("float32", "bfloat16")
    )
    assert half != full
    np.testing.assert_allclose(half, full, rtol=0.1)
    assert all(value.dtype == np.float32 for value in weights.values())


def test_weight_decay_shrinks_matrices_and_nothing_else():
    network = writer("transformer", decay=1.0)
    before = network.weights()
    network.step(asked(), np.zeros((6, 4), dtype=np.int64), 0.0, 0)
    assert same(before, network.weights())  # a step of no length
    decayed, plain = (trained(writer("transformer", decay=decay), steps=1)[1] for decay in (1.0, 0.0))
    for name, value in plain.items():
        moved = 0.99 * before[name] - before[name] if value.ndim > 1 else 0.0
        np.testing.assert_allclose(decayed[name] - value, moved, atol=1e-6)


@pytest.mark.slow
@every
def test_a_compiled_step_is_the_same_step(name, options):
    (one, _), (two, _) = (trained(writer(name, **options, compile=wish)) for wish in ("no", "yes"))
    np.testing.assert_allclose(one, two, rtol=1e-3)


@every
def test_there_is_something_to_look_at(name, options):
    network, question = writer(name, **options), asked(1)
    answer = network.predict(question)
    seen = {key: matrix for key, (matrix,) in network.inspect(question, answer).items()}
    assert seen
    for key, matrix in seen.items():
        assert matrix.ndim == 2
        if key.startswith("attention/"):
            np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)
    written = min(int((answer != 0).sum()) + 1, answer.shape[1])  # with the blank that ends it
    if name == "attentional-lstm":
        assert seen["attention/attention/head0"].shape == (written, 7)
        assert seen["hidden/writer"].shape == (written, 16)
    if name == "relational-memory":
        assert {key: matrix.shape for key, matrix in seen.items()} == {
            "hidden/reader": (7, 4 * 16),
            "hidden/writer": (written, 4 * 16),
        }
    if name == "transformer":
        assert seen["attention/decoder/1/cross/head1"].shape == (written, 7)
        blank = question[0] == 0
        assert not seen["attention/encoder/0/attention/head0"][:, blank].any()


PAPER = NetworkShape(97, 97, 160, 30)  # 95 printable characters, the end of a line, the blank


def test_the_paper_size_transformer_has_30_million_weights():
    settings, _ = apply_overrides(read_recipe("transformer-paper"), baseline("transformer"), "torch", {})
    found = transformer.build(PAPER, settings, 0, DeviceConfig("cpu")).parameters
    assert found == pytest.approx(30e6, rel=0.02)


def test_the_paper_size_attentional_lstm_has_about_26_million_weights():
    settings, _ = apply_overrides(
        read_recipe("attentional-lstm-paper"), baseline("attentional-lstm"), "torch", {}
    )
    # counted by hand, because first weights of this size take long to draw; the count is right for small ones
    small = AttentionalLSTMSettings(hidden=12, reader=5, layers=2)
    assert attentional_lstm.build(PAPER, small, 0, DeviceConfig("cpu")).parameters == counted(small)
    assert counted(settings) == pytest.approx(26e6, rel=0.08)


def counted(s, symbols=97):
    def lstm(inputs, units):
        return 4 * units * (inputs + units + 1)

    directions = 2 if s.reading == "both" else 1
    writers = lstm(symbols + 1, s.hidden) + (s.layers - 1) * lstm(s.hidden, s.hidden)
    bridge = (s.reader + 1) * s.hidden * s.layers
    attention = (s.hidden + 1) * s.reader + (s.hidden + s.reader + 1) * s.hidden
    return directions * lstm(symbols + 1, s.reader) + writers + bridge + attention + (s.hidden + 1) * symbols


def test_sizes_that_heads_do_not_divide_are_one_line():
    for kind in (TransformerSettings, DecoderTransformerSettings):
        with pytest.raises(InputError, match="multiple of 2 \\* heads"):
            kind(hidden=20, heads=4)
    for mode in ("reduce-overhead", "max-autotune"):
        with pytest.raises(InputError, match=f"compile={mode} requires a GPU. Allowed on cpu: no, yes"):
            writer("transformer", compile=mode)
    with pytest.raises(InputError, match="positions"):
        DecoderTransformerSettings(positions="absolute")


def test_global_generators_do_not_decide_the_first_weights():
    one = writer("universal-transformer").weights()
    torch.manual_seed(5)
    assert same(one, writer("universal-transformer").weights())
    assert not same(one, writer("universal-transformer", seed=1).weights())
