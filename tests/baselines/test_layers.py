"""The layer table of every network: its weights sum up to those that a result states."""

import json

import pytest

from mathbench.baselines.analysis.layers import layer_table
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import build_network
from mathbench.baselines.recipe import apply_overrides, read_recipe, recipe_names
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import BASELINES
from mathbench.baselines.trainer import encoding_for
from mathbench.cli import main
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task

SIZES = {"train": 60, "validation": 10, "interpolate": 10, "extrapolate": 10}
NETWORKS = [(name, framework) for name, entry in BASELINES.items() for framework in entry.frameworks]


def made(name, framework):
    """The network of a baseline, small where its settings allow it, for the task of its recipe, and its encoding."""
    entry = BASELINES[name]
    own = (
        name if name in recipe_names() else next(r for r in recipe_names() if read_recipe(r).baseline == name)
    )
    recipe = read_recipe(own)
    parameters = {key: value for key, value in recipe.task.items() if key != "name"}
    data = Data.generate(task(recipe.task["name"], **parameters), SIZES)
    try:
        settings, choices = apply_overrides(recipe, entry, framework, {"hidden": "8"})
    except InputError:
        settings, choices = apply_overrides(recipe, entry, framework, {})
    spec = RunSpec(entry, framework, recipe.name, 0, settings, choices)
    encoding = encoding_for(spec, data)
    return build_network(spec, encoding, DeviceConfig("cpu")), encoding


@pytest.mark.parametrize(("name", "framework"), NETWORKS)
def test_the_weights_of_the_layers_sum_up_to_all(name, framework):
    network, encoding = made(name, framework)
    found = layer_table(network, encoding)
    assert sum(layer.weights for layer in found.layers) == found.parameters == network.parameters > 0
    assert all(layer.name and layer.kind for layer in found.layers)
    assert any(layer.shape for layer in found.layers)


def test_weights_used_twice_count_once():
    import torch
    from torch import nn

    from mathbench.baselines.models.torch.layer_table import module_layers

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(5, 3)
            self.out = nn.Linear(3, 5, bias=False)
            self.out.weight = self.table.weight
            self.scale = nn.Parameter(torch.ones(3))
            self.frozen = nn.Linear(3, 3).requires_grad_(False)

        def forward(self, tokens):
            return self.out(self.frozen(self.table(tokens)) * self.scale)

    module = Tied()
    layers = module_layers(module, 4, lambda: module(torch.zeros((4, 2), dtype=torch.int64)))
    assert [(layer.name, layer.shape, layer.weights) for layer in layers] == [
        ("scale", (3,), 3),
        ("table", (None, 2, 3), 15),
        ("out", (None, 2, 5), 0),
        ("frozen", (None, 2, 3), 0),
    ]


def command(*words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
    return stopped.value.code


def test_a_run_has_the_layers_that_the_command_line_described(tiny, sums, tmp_path, capsys):
    result = run(tiny(), sums, RunOptions(tmp_path / "r"))
    capsys.readouterr()
    assert command("inspect", tmp_path / "r", "--layers", "--json") == 0
    one = json.loads(capsys.readouterr().out)
    words = ["--task", "addition", "--digits", "2", "--set", "hidden=12", "--framework", "torch", "--json"]
    assert command("baselines", "lstm-seq2seq", "--layers", *words) == 0
    other = json.loads(capsys.readouterr().out)
    assert one == other and one["parameters"] == result.parameters
    assert one["layers"][0] == {
        "name": "reader",
        "kind": "LSTM",
        "shape": [None, 5, 12],
        "weights": 1440,
        "uses": 1,
    }
    assert command("inspect", tmp_path / "r", "--layers") == 0
    said = capsys.readouterr()
    assert f"{result.parameters:,}" in said.out and "questions of 5 positions" in said.err


def test_the_layers_of_a_run_have_the_width_of_training_even_if_batches_were_sorted(
    tiny, sums, tmp_path, capsys
):
    run(tiny(buckets=2, padding="right"), sums, RunOptions(tmp_path / "r"))
    capsys.readouterr()
    assert command("inspect", tmp_path / "r", "--layers", "--json") == 0
    assert json.loads(capsys.readouterr().out)["question"] == 5


def test_what_has_no_layers_is_one_line(capsys, tmp_path):
    for words, line in (
        (["baselines", "constant", "--layers"], "constant is not a network"),
        (["baselines", "--layers"], "needs the name of a network"),
        (["baselines", "mlp", "--set", "hidden=3"], "--set goes with --layers"),
        (["baselines", "mlp", "--digits", "3"], "--digits goes with --layers"),
        (["baselines", "mlp", "--layers", "--digts", "3"], "Did you mean 'digits'"),
        (["inspect", tmp_path, "1+1", "--layers"], "needs neither questions"),
    ):
        assert command(*words) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1
