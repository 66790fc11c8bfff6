"""Linear recurrences: the eigenvalues of each form, the states of the definition, and what they can learn."""

import numpy as np
import pytest
import torch

from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.recurrent import LinearSettings
from mathbench.baselines.models.torch import linear_rnn
from mathbench.baselines.models.torch.transitions import FORMS
from mathbench.errors import InputError

SHAPE = NetworkShape(11, 2, 5, 1)
CPU = DeviceConfig("cpu")
SIZES = {"hidden": 12, "block": 4}


def network(**settings):
    return linear_rnn.build(SHAPE, LinearSettings(**{**SIZES, **settings}), 0, CPU)


def maps(**settings):
    """Return the maps of symbols with large weights, float64 (S, H, H)."""
    module = network(**settings).module.reader.maps.double()
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(4)
        return torch.stack([torch.block_diag(*blocks) for blocks in module()]).numpy()


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [
        ({"form": "diagonal"}, 0, 1),
        ({"form": "negative"}, -1, 1),
        ({"form": "delta", "reach": 1.0}, 0, 1),
        ({"form": "delta", "reach": 2.0}, -1, 1),
    ],
)
def test_eigenvalues_are_real_and_within_their_limits(settings, low, high):
    values = np.linalg.eigvals(maps(**settings))
    assert np.abs(values.imag).max() < 1e-9
    assert low - 1e-9 <= values.real.min() < low + 0.1 and 0.9 * high < values.real.max() <= high + 1e-9


def test_complex_factors_lie_in_the_unit_disc_on_both_sides_of_the_real_line():
    values = np.linalg.eigvals(maps(form="complex"))
    assert np.abs(values).max() <= 1 and values.imag.max() > 0.5 and values.real.min() < -0.5


@pytest.mark.parametrize("form", ["diagonal", "negative", "complex"])
def test_factors_commute_and_rotations_of_blocks_do_not(form):
    def commutator(found):
        return np.abs(found[0] @ found[1] - found[1] @ found[0]).max()

    assert commutator(maps(form=form)) < 1e-9
    assert commutator(maps(form="rotation")) > 0.1 and commutator(maps(form="delta")) > 0.1


def test_rotations_keep_lengths_and_turn():
    for found in maps(form="rotation"):
        assert np.allclose(found @ found.T, np.eye(12), atol=1e-9)
        assert np.isclose(np.linalg.det(found), 1)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_steps_of_the_delta_rule_change_as_many_directions_of_a_block(steps):
    """The map of several steps is the product of theirs, and differs from the identity in as many dimensions."""
    module = network(form="delta", reflections=steps).module.reader.maps.double()
    keys, strengths = (weight.detach().numpy() for weight in (module.keys, module.strengths))
    found = module().detach().numpy()
    for symbol, block in ((0, 0), (9, 2)):
        expected = np.eye(4)
        for step in range(steps):
            key = keys[step, symbol, block] / np.linalg.norm(keys[step, symbol, block])
            beta = 2 / (1 + np.exp(-strengths[step, symbol, block]))
            expected = (np.eye(4) - beta * np.outer(key, key)) @ expected
        assert np.allclose(found[symbol, block], expected, atol=1e-7)
        assert np.linalg.matrix_rank(found[symbol, block] - np.eye(4), tol=1e-6) == steps


@pytest.mark.parametrize("form", FORMS)
def test_states_are_those_of_the_definition_and_padding_leaves_them(form):
    made = network(form=form)
    reader = made.module.reader
    blocks, inputs = reader.maps().detach(), reader.inputs.detach().numpy()
    state = reader.start.detach().numpy()
    for token in (4, 1, 10):
        state = torch.block_diag(*blocks[token - 1]).numpy() @ state + inputs[token - 1]
    questions = np.array([[0, 4, 0, 1, 10]])
    states = made.inspect(questions, np.array([[0]]))["hidden/reader"][0]
    assert np.allclose(states[-1], state, atol=1e-5)
    assert np.array_equal(states[1], states[2])
    bare, padded = (made.probabilities(tokens)[1] for tokens in (questions[:, [1, 3, 4]], questions))
    assert np.allclose(bare, padded, atol=1e-6)


def test_without_inputs_the_length_of_a_state_has_no_effect():
    made = network(form="negative", inputs="none")
    before = made.probabilities(np.arange(1, 11)[None])[1]
    with torch.no_grad():
        made.module.reader.start.mul_(0.01)
    assert np.allclose(made.probabilities(np.arange(1, 11)[None])[1], before, atol=1e-5)
    assert "reader.inputs" not in made.weights()


@pytest.mark.parametrize(("form", "count"), [("diagonal", 10 * 12), ("complex", 10 * 12), ("rotation", 10 * 48),
                                             ("delta", 10 * 3 * 5), ("negative", 10 * 12)])  # fmt: skip
def test_weights_are_counted(form, count):
    readout = 12 * 32 + 32 + 32 * 2 + 2
    assert network(form=form).parameters == count + 12 + 10 * 12 + readout


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"form": "complex", "hidden": 7}, "Received: hidden=7, form=complex, blocks of 2"),
        ({"form": "delta", "hidden": 12, "block": 8}, "Received: hidden=12, form=delta, blocks of 8"),
        ({"form": "real"}, "form must be one of diagonal"),
        ({"reach": 2.5}, "reach"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        LinearSettings(**settings)
    assert LinearSettings(form="negative", hidden=7).size == 1


@pytest.mark.parametrize(("form", "share"), [("negative", 1), ("delta", 1), ("diagonal", 0.7)])
def test_parity_at_length_is_learned_by_forms_with_negative_eigenvalues_only(form, share):
    """Trained on up to eight digits, and asked for twenty."""
    made = network(hidden=4, block=2, form=form, inputs="none", inner=0, rate=2e-2)
    rng = np.random.default_rng(0)

    def digits(rows, length):
        tokens = rng.integers(1, 3, (rows, length))
        return tokens, (tokens == 2).sum(axis=1, keepdims=True) % 2

    for step in range(400):
        made.step(*digits(64, 1 + step % min(1 + step // 25, 8)), 2e-2 * (1 - step / 400), step)
    questions, parity = digits(500, 20)
    right = (made.predict(questions) == parity).mean()
    assert right == 1 if share == 1 else right < share
