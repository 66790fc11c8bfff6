"""The classic networks: the counts their sources print, one function in both frameworks, exact resume."""

import json

import numpy as np
import pytest
import torch

from mathbench.baselines import checkpoint
from mathbench.baselines.encoding import fit_encoding
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.one_pass import PerceptronSettings, Seq2SeqSettings
from mathbench.baselines.predictor import build_network
from mathbench.baselines.recipe import apply_overrides, read_recipe, recipe_names
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import BASELINES
from mathbench.baselines.trainer import encoding_for
from mathbench.baselines.training import loop
from mathbench.baselines.training.data import make_batches
from mathbench.cli import main
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.registry import load

CLASSICS = (
    *("lstm-seq2seq", "lstm-small", "bilstm-seq2seq", "simple-lstm", "mlp", "cnn"),
    *("lstm-classifier", "gru-classifier", "rnn-classifier", "cnn-lstm-classifier"),
)
BOTH = [name for name in CLASSICS if "keras" in BASELINES[name].frameworks]
SAVED = [(name, "torch") for name in CLASSICS] + [
    (name, "keras") for name in ("bilstm-seq2seq", "simple-lstm", "gru-classifier", "cnn-lstm-classifier")
]


def network(name, framework, shape, seed=0, **settings):
    entry = BASELINES[name]
    made = load(entry.settings)(**settings)
    return load(entry.frameworks[framework])(shape, made, seed, DeviceConfig("cpu"))


def questions(shape, rows=9, more=0):
    return np.random.default_rng(1).integers(0, shape.symbols, (rows, shape.question + more))


# the shapes that the sources have: their alphabet, longest question and longest answer
PUBLISHED = (
    ("bilstm-seq2seq", NetworkShape(13, 13, 10, 5), {"hidden": 20}, 15_733),
    ("lstm-seq2seq", NetworkShape(12, 12, 7, 4), {"hidden": 128}, 205_324),
    ("lstm-small", NetworkShape(12, 12, 5, 2), {}, 52_212),
    ("cnn-lstm-classifier", NetworkShape(11, 2, 5, 1, blank=False), {"output": "sigmoid"}, 54_293),
)


@pytest.mark.parametrize(("name", "shape", "settings", "count"), PUBLISHED)
@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_the_counts_that_the_sources_print(framework, name, shape, settings, count):
    assert network(name, framework, shape, **settings).parameters == count


def test_the_simple_lstm_of_the_paper_has_18_million_weights():
    with torch.device("meta"):  # no memory for them
        reader, output = torch.nn.LSTM(95, 2048), torch.nn.Linear(2048, 95)
    count = (
        sum(p.numel() for p in reader.parameters()) - 4 * 2048 + sum(p.numel() for p in output.parameters())
    )
    small = network("simple-lstm", "torch", NetworkShape(95, 95, 160, 30), hidden=8)
    assert small.parameters == 4 * 8 * (95 + 8 + 1) + 95 * (8 + 1)  # the same formula as
    assert count == 4 * 2048 * (95 + 2048 + 1) + 95 * (2048 + 1)
    assert round(count / 1e6) == 18


PRINTED = [n for n in recipe_names() if "parameters" in read_recipe(n).published]


@pytest.mark.parametrize(
    ("name", "framework"), [*((name, "torch") for name in PRINTED), ("cnn-lstm-notebook", "keras")]
)
def test_the_recipe_of_a_source_has_its_count(name, framework):
    recipe = read_recipe(name)
    entry = BASELINES[recipe.baselines[0]]
    settings, choices = apply_overrides(recipe, entry, framework, {})
    given = dict(recipe.task)
    data = Data.generate(
        task(given.pop("name"), **given), {**recipe.sizes, "interpolate": 5, "extrapolate": 0}
    )
    spec = RunSpec(entry, framework, name, 0, settings, choices)
    made = build_network(spec, encoding_for(spec, data), DeviceConfig("cpu")).parameters
    # two classes for one sigmoid; tokens for the blank and the 8 letters of the answers: 3 * 32 weights each
    more = 101 + 9 * 96 if name == "cnn-lstm-classifier" else 0
    assert made - more == recipe.published["parameters"]


def keras_layout(module):
    """The weights of a PyTorch module in the order and the shapes that Keras has."""
    for layer in module.modules():
        if isinstance(layer, torch.nn.RNNBase):
            for level in range(layer.num_layers):
                for end in ("", "_reverse")[: 1 + layer.bidirectional]:
                    yield from recurrent_layout(layer, f"_l{level}{end}")
        elif isinstance(layer, torch.nn.Linear):
            yield from (layer.weight.T, layer.bias)
        elif isinstance(layer, torch.nn.Conv1d):
            yield from (layer.weight.permute(2, 1, 0), layer.bias)


def recurrent_layout(layer, end):
    own, back, bias, other = (
        getattr(layer, kind + end) for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    if isinstance(layer, torch.nn.GRU):  # PyTorch: reset, update, new; Keras: update, reset, new

        def swapped(weight):
            reset, update, new = weight.chunk(3)
            return torch.cat([update, reset, new])

        yield from (swapped(own).T, swapped(back).T, torch.stack([swapped(bias), swapped(other)]))
    else:
        yield from (own.T, back.T, bias)


@pytest.mark.parametrize("more", [0, 3])
@pytest.mark.parametrize("name", BOTH)
def test_both_frameworks_compute_the_same_function(name, more):
    shape = NetworkShape(12, 12, 6, 4)
    pair = [network(name, framework, shape, hidden=8) for framework in ("torch", "keras")]
    mine, theirs = pair
    with torch.no_grad():
        for p in mine._trained:  # so that no bias is zero
            p.copy_(torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())) * 0.5)
        for variable, weight in zip(theirs.model.weights, keras_layout(mine.module), strict=True):
            variable.assign(weight.numpy())
        mine.module.eval()
        asked = questions(shape, more=more)
        logits = mine.module(mine._inputs(asked)).numpy()
    assert np.ptp(logits) > 0.1
    np.testing.assert_allclose(logits, theirs.model.predict_on_batch(theirs._features(asked)), atol=1e-5)
    assert np.array_equal(mine.predict(asked), theirs.predict(asked))


def test_a_gru_and_an_lstm_with_prefixes_agree_in_both_frameworks():
    shape = NetworkShape(12, 3, 6, 1, prefix=True)
    mine, theirs = (network("gru-classifier", framework, shape, hidden=8) for framework in ("torch", "keras"))
    with torch.no_grad():
        for variable, weight in zip(theirs.model.weights, keras_layout(mine.module), strict=True):
            variable.assign(weight.numpy())
    logits = mine.module(mine._inputs(questions(shape))).detach().numpy()
    assert logits.shape == (9, 6, 3)
    np.testing.assert_allclose(
        logits, theirs.model.predict_on_batch(theirs._features(questions(shape))), atol=1e-5
    )


def shape_of(name):
    return NetworkShape(12, 5, 6, 1) if BASELINES[name].classify else NetworkShape(12, 12, 6, 3)


@pytest.mark.parametrize("name", CLASSICS)
def test_every_classic_learns(name):
    shape = shape_of(name)
    made, asked = network(name, "torch", shape, hidden=8), questions(shape)
    labels = np.random.default_rng(2).integers(0, shape.outputs, (len(asked), shape.answer))
    losses = [made.step(asked, labels, 0.01, luck) for luck in range(12)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("name", "framework"), SAVED)
def test_a_saved_classic_answers_as_it_did_longer_questions_too(name, framework, tmp_path):
    shape = shape_of(name)
    made, again = (network(name, framework, shape, seed=seed, hidden=8) for seed in (0, 1))
    made.save(tmp_path)
    again.load(tmp_path)
    for asked in (questions(shape, rows=40), questions(shape, rows=40, more=5)):
        answers = made.predict(asked)
        assert answers.shape == (40, shape.answer)
        assert np.array_equal(answers, again.predict(asked))


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_dropout_follows_from_the_key_and_goes_on_exactly(framework):
    shape = NetworkShape(12, 3, 6, 1)
    asked, labels = questions(shape), np.ones((9, 1), dtype=np.int64)
    drawn = {"hidden": 16, "dropout": 0.3, "recurrent_dropout": 0.3}
    made = network("cnn-lstm-classifier", framework, shape, **drawn)
    still = [made.step(asked, labels, 0.0, luck) for luck in (7, 8, 7, 8)]
    assert still[:2] == still[2:]
    assert abs(still[0] - still[1]) > 1e-4
    for luck in (1, 2):
        made.step(asked, labels, 0.01, luck)
    again = network("cnn-lstm-classifier", framework, shape, seed=1, **drawn)
    again.load_weights(made.weights())
    again.load_state(made.state())
    ends = []
    for one in (made, again):
        one.step(asked, labels, 0.01, 3)
        ends.append(one.weights())
    assert all(np.array_equal(ends[0][key], end) for key, end in ends[1].items())


def test_next_to_no_dropout_is_none():
    shape = NetworkShape(12, 3, 6, 1)
    asked, labels = questions(shape), np.ones((9, 1), dtype=np.int64)

    def loss(share):
        made = network("cnn-lstm-classifier", "torch", shape, dropout=share, recurrent_dropout=share)
        return made.step(asked, labels, 0.0, 7)

    assert loss(1e-9) == pytest.approx(loss(0.0), abs=1e-6)
    assert abs(loss(0.3) - loss(0.0)) > 1e-4


def test_a_run_with_dropout_that_was_cut_ends_like_a_whole_one(tiny, multiples, tmp_path, monkeypatch):
    spec = tiny("cnn-lstm-classifier", "torch", steps=8, dropout=0.2)
    run(spec, multiples, RunOptions(tmp_path / "whole"))
    step = loop._step

    def cut(job, state):
        if state.step == 6:
            raise RuntimeError("the plug was pulled")
        step(job, state)

    monkeypatch.setattr(loop, "_step", cut)
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, multiples, RunOptions(tmp_path / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    run(spec, multiples, RunOptions(tmp_path / "cut", resume=True))
    whole, cut = (checkpoint.read(tmp_path / folder)[1]["weights"] for folder in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert all(np.array_equal(whole[key], cut[key]) for key in whole)


def test_an_expected_mask_keeps_the_mean():
    shape = NetworkShape(12, 3, 6, 1)
    made = network("cnn-lstm-classifier", "torch", shape, hidden=4, dropout=0.5, recurrent_dropout=0.0)
    inputs = made._inputs(questions(shape, rows=1)).expand(4000, -1, -1)
    with torch.no_grad():
        torch.manual_seed(0)
        drawn = made.module.train()(inputs)
        sure = made.module.eval()(inputs[:1])
    assert drawn.std(dim=0).min() > 1e-3
    assert torch.allclose(drawn.mean(dim=0), sure[0], atol=0.05)


@pytest.mark.parametrize("name", [n for n in CLASSICS if n != "mlp"])
def test_every_answer_position_sees_the_whole_question(name):
    shape = NetworkShape(12, 12, 9, 4)
    made = network(name, "torch", shape, hidden=8)
    inputs = made._inputs(questions(shape)).requires_grad_()
    made.module.eval()
    for at in range(made.module(inputs).shape[1]):
        (seen,) = torch.autograd.grad(made.module(inputs)[:, at].square().sum(), inputs)
        assert seen[:, : shape.question].abs().sum(dim=(0, 2)).min() > 0


def test_a_perceptron_reads_no_more_than_it_was_built_for():
    shape = NetworkShape(12, 12, 6, 4)
    made, wide = network("mlp", "torch", shape, hidden=8), questions(NetworkShape(12, 12, 8, 4))
    assert np.array_equal(made.predict(wide), made.predict(wide[:, :6]))


def test_thinking_is_counted_in_steps():
    shape = NetworkShape(12, 12, 6, 4)
    made, asked = network("simple-lstm", "torch", shape, hidden=8, thinking=5), questions(shape, rows=1)
    assert made.inspect(asked, made.predict(asked))["hidden/reader"].shape == (1, 6 + 5 + 4, 8)


def test_a_perceptron_takes_no_buckets(sums):
    options = EncodingOptions()
    encoding = fit_encoding(
        options, "+0123456789", sums.splits["train"]["question"], sums.splits["train"]["answer"]
    )
    with pytest.raises(InputError, match=r"fixed width requires buckets=0\. Received: buckets=2"):
        make_batches(PerceptronSettings(buckets=2), sums, encoding, 0)


def test_what_cannot_be_built_is_one_line():
    with pytest.raises(InputError, match="writer=hidden=128"):
        Seq2SeqSettings(writer=64, start="encoder")
    for shape, words in (
        (NetworkShape(12, 3, 6, 1, prefix=True), "labels=prefix"),
        (NetworkShape(12, 3, 1, 1), "2 tokens"),
    ):
        for framework in ("torch", "keras"):
            with pytest.raises(InputError, match=words):
                network("cnn-lstm-classifier", framework, shape)


def test_every_network_has_a_recipe_of_its_name_and_every_recipe_fits():
    recipes = {name: read_recipe(name) for name in recipe_names()}
    for entry in BASELINES.values():
        assert entry.kind != "network" or entry.name in recipes[entry.name].baselines
    for recipe in recipes.values():
        for name in recipe.baselines:
            for framework in BASELINES[name].frameworks:
                settings, choices = apply_overrides(recipe, BASELINES[name], framework, {})
                assert settings.steps > 0
                assert choices.query in ("reversed", "forward")
        assert recipe.source


def test_published_figures_are_checked_and_shown(tmp_path, capsys):
    base = 'baseline = "lstm-small"\npublished = {%s}\n[task]\nname = "addition"\n'
    for text, words in (
        ("exact = 99.5", "published.exact must be an exact match from 0 to 1. Received: 99.5"),
        ("exact = true", "published.exact"),
        ("extrapolate = -0.1", "published.extrapolate"),
        ("parameters = 1.5", "published.parameters must be a number of weights"),
        ("note = 3", "published.note must be text"),
        ("exakt = 0.5", "Did you mean 'exact'"),
    ):
        path = tmp_path / "r.toml"
        path.write_text(base % text)
        with pytest.raises(InputError) as caught:
            read_recipe(str(path))
        assert words in str(caught.value)
    for words in (["baselines", "cnn-lstm-classifier"], ["baselines", "cnn-lstm-classifier", "--json"]):
        with pytest.raises(SystemExit):
            main(words)
    shown, _, rest = capsys.readouterr().out.partition("{")
    assert "published: exact match 47.75 %, 54,293 parameters" in shown
    assert json.loads("{" + rest)["recipes"]["cnn-lstm-notebook"]["published"]["exact"] == 0.4775
