"""Networks that compute in rounds, on stacks or on whole numbers: the definitions, lengths, and what is refused."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from mathbench.baselines.columns import ColumnLayout
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.recurrent import (
    ColumnNeuralGPUSettings,
    FourierSettings,
    NeuralGPUSettings,
    StackSettings,
)
from mathbench.baselines.models.torch import fone_transformer, neural_gpu, stack_rnn
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.training import loop
from mathbench.errors import InputError
from tests.baselines.test_training import stop_at

SHAPE = NetworkShape(4, 4, 5, 3)
LAYOUT = ColumnLayout(10, ("", "+"), 1)
CPU = DeviceConfig("cpu")


def gpu(**settings):
    return neural_gpu.build(SHAPE, NeuralGPUSettings(**{"hidden": 6, **settings}), 0, CPU)


def stacks(**settings):
    return stack_rnn.build(SHAPE, StackSettings(**{"hidden": 5, "stacks": 2, **settings}), 0, CPU)


def fourier(places=4, **settings):
    shape = NetworkShape(20, 11, places, places, layout=LAYOUT)
    return fone_transformer.build(shape, FourierSettings(hidden=16, inner=16, **settings), 0, CPU)


# Answers as long as the question


@pytest.mark.parametrize("build", [gpu, stacks])
def test_answers_have_as_many_positions_as_questions(build):
    for width in (1, 4, 9):
        assert build().predict(np.ones((2, width), np.int64)).shape == (2, width)


@pytest.mark.parametrize("build", [gpu, stacks])
def test_a_step_fits_answers_to_the_width_of_the_question(build):
    """Padding is learned behind an answer, and the loss is a mean over all positions."""
    questions, answers = np.array([[3, 1, 2, 1]]), np.array([[1, 2, 0]])
    made = build()
    with torch.no_grad():
        logits = made.module(torch.from_numpy(questions))[0]
    shares = torch.log_softmax(logits, dim=1)[range(4), [1, 2, 0, 0]]
    assert made.step(questions, answers, 0.0, 0) == pytest.approx(float(-shares.mean()), abs=1e-6)
    assert build().step(questions[:, :2], answers, 0.0, 0) > 0  # the rest of the answer is cut off


# Neural GPU


@pytest.mark.parametrize(("width", "gates"), [(1, "plain"), (3, "plain"), (1, "diagonal")])
def test_what_one_token_changes_reaches_two_neighbours_in_a_round(width, gates):
    """The candidate convolves what the reset gate, a convolution itself, lets through."""
    made = gpu(width=width, gates=gates, layers=1)
    layer, image = made.module.layers[0], torch.rand(1, 6, 9, width)
    changed = image.clone()
    changed[0, :, 4, 0] += 1
    with torch.no_grad():
        reached = (layer(image) != layer(changed)).any(dim=1)[0].any(dim=1)
    assert reached.nonzero().flatten().tolist() == [2, 3, 4, 5, 6]


def test_a_gated_convolution_is_that_of_the_definition():
    layer, image = gpu(layers=1, width=1).module.layers[0], torch.rand(2, 6, 7, 1)
    with torch.no_grad():
        gates = (1.2 * torch.sigmoid(layer.gates(image)) - 0.1).clamp(0, 1)
        update, reset = gates[:, :6], gates[:, 6:]
        expected = update * image + (1 - update) * torch.tanh(layer.candidate(reset * image))
        assert torch.equal(layer(image), expected)


def test_diagonal_gates_keep_the_neighbours_of_two_thirds_of_the_maps():
    image = torch.arange(6.0).view(1, 6, 1, 1) * 10 + torch.arange(1.0, 4.0).view(1, 1, 3, 1)
    shifted = neural_gpu._shift_maps(image)[0, :, :, 0].tolist()
    assert shifted == [[0, 1, 2], [0, 11, 12], [22, 23, 0], [32, 33, 0], [41, 42, 43], [51, 52, 53]]


@pytest.mark.parametrize(("width", "kernel"), [(4, 9), (1, 3)])
def test_weights_of_a_neural_gpu_are_counted(width, kernel):
    assert gpu(width=width).parameters == 2 * 3 * (6 * 6 * kernel + 6) + 4 * 6 + 6 * 4 + 4


def test_dropout_depends_on_the_random_bits_of_the_step_alone():
    made, questions, answers = gpu(dropout=0.5), np.array([[3, 1, 2, 1]]), np.array([[1, 2, 0]])
    losses = [made.step(questions, answers, 0.0, bits) for bits in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]
    assert np.array_equal(made.predict(questions), made.predict(questions))


def columns(**settings):
    shape = NetworkShape(20, 11, 5, 5, layout=LAYOUT)
    return neural_gpu.build_columns(shape, ColumnNeuralGPUSettings(hidden=6, **settings), 0, CPU)


def test_first_images_are_neither_small_nor_saturated():
    """The image of the paper's program: tanh of weights within 1.7. Small ones are lost over the rounds."""
    image = torch.tanh(gpu(hidden=500).module.embedding.weight)
    assert image.abs().max() < np.tanh(1.7)
    assert 0.6 < image.std() < 0.75


def test_a_column_is_the_sum_of_its_digits():
    made, tokens = columns(), torch.tensor([[[7, 18], [5, 10]]])
    with torch.no_grad():
        swapped = made.module(tokens.flip(2))
        assert torch.allclose(made.module(tokens), swapped, atol=1e-5)
        made.module.embedding.weight[10] = -made.module.embedding.weight[5]
        rows = made.module.embedding(tokens).sum(dim=2)
    assert torch.count_nonzero(rows[0, 1]) == 0
    assert made.predict(tokens.numpy()).shape == (1, 2)


def test_columns_take_no_labels():
    labels = NetworkShape(10, 2, 4, 1, classes=("false", "true"), layout=ColumnLayout(10, ("",), 1))
    with pytest.raises(InputError, match="Received: answers false, true"):
        neural_gpu.build_columns(labels, ColumnNeuralGPUSettings(), 0, CPU)


# Stack RNN


def move(push, pop, leave, pushed, contents):
    """Return a stack after soft actions, as a list with its top first; empty below."""
    read = [*contents, *[stack_rnn.EMPTY] * 3]
    return [
        push * (pushed if i == 0 else read[i - 1]) + pop * read[i + 1] + leave * read[i]
        for i in range(len(contents) + 1)
    ]


def test_states_of_a_stack_network_are_those_of_the_definition():
    made = stacks()
    w = {name: np.asarray(value, np.float64) for name, value in made.weights().items()}
    state, memory = np.zeros(5), [[stack_rnn.EMPTY] * 2, [stack_rnn.EMPTY] * 2]
    for token in (3, 1, 0, 0):
        tops = np.concatenate([stack[:2] for stack in memory])
        summed = (
            w["reader.symbols.weight"][:, token] + w["reader.symbols.bias"] + w["reader.state.weight"] @ state
        )
        summed += w["reader.tops.weight"] @ tops + w["reader.tops.bias"]
        state = 1 / (1 + np.exp(-summed))
        scores = np.exp(w["reader.actions.weight"] @ state + w["reader.actions.bias"]).reshape(2, 3)
        pushed = 1 / (1 + np.exp(-(w["reader.pushed.weight"] @ state + w["reader.pushed.bias"])))
        memory = [move(*(scores[k] / scores[k].sum()), pushed[k], memory[k]) for k in range(2)]
    states = made.inspect(np.array([[3, 1]]), np.array([[0]]))["hidden/reader"][0]
    assert states.shape == (4, 5)
    assert np.allclose(states[-1], state, atol=1e-5)


def test_a_stack_that_pushes_and_pops_gives_back_in_reverse():
    """With actions at their limits the top of the stack is what was pushed last."""
    layer = stacks(hidden=1, stacks=1).module.reader
    with torch.no_grad():
        for weight in (layer.actions.weight, layer.pushed.weight, layer.pushed.bias):
            weight.zero_()
    contents = torch.full((1, 1, 2), stack_rnn.EMPTY)

    def act(contents, action, value):
        with torch.no_grad():
            layer.actions.bias.copy_(100 * torch.eye(3)[action])
            layer.pushed.bias.fill_(value)
            return layer._moved(contents, torch.zeros(1, 1))

    values = [-2.0, 0.5, 3.0]
    for value in values:
        contents = act(contents, 0, value)
    for value in reversed(values):
        assert torch.isclose(contents[0, 0, 0], torch.sigmoid(torch.tensor(value)))
        contents = act(act(contents, 2, 0.0), 1, 0.0)
    assert contents[0, 0, 0] == stack_rnn.EMPTY


def backwards(length, rng):
    """Return strings of the tokens 1 and 2 with 3 at their end, and the same backwards with 0 at their end."""
    bits = torch.randint(1, 3, (64, length), generator=rng)
    asked = torch.nn.functional.pad(bits, (0, 1), value=3)
    return asked.numpy(), torch.nn.functional.pad(bits.flip(1), (0, 1)).numpy()


@pytest.mark.slow
def test_the_network_of_the_paper_learns_to_reverse_strings():
    """Its stacks hold what was read: one token more every 100 steps, up to ten."""
    rng = torch.Generator().manual_seed(0)
    made = stack_rnn.build(SHAPE, StackSettings(clip=1.0), 0, CPU)
    for step in range(1_000):
        length = int(torch.randint(1, min(10, 2 + step // 100) + 1, (1,), generator=rng))
        made.step(*backwards(length, rng), 1e-2 * (1 - step / 1_000), step)
    asked, expected = backwards(8, rng)
    assert (made.predict(asked) == expected).all(axis=1).mean() > 0.9


def test_a_network_without_stacks_is_a_plain_one():
    made = stacks(stacks=0)
    assert made.parameters == (4 * 5 + 5) + 5 * 5 + (5 * 4 + 4)
    assert made.predict(np.ones((1, 3), np.int64)).shape == (1, 3)


def test_a_gated_network_without_stacks_is_a_gru():
    layer = stacks(stacks=0, cell="gru").module.reader
    gru = torch.nn.GRU(4, 5, batch_first=True)
    with torch.no_grad():
        gru.weight_ih_l0.copy_(layer.symbols.weight)
        gru.bias_ih_l0.copy_(layer.symbols.bias.uniform_())
        gru.weight_hh_l0.copy_(layer.state.weight)
        gru.bias_hh_l0.zero_()
        tokens = torch.tensor([[3, 1, 2, 0], [2, 2, 1, 3]])
        expected, _ = gru(torch.nn.functional.one_hot(tokens, 4).float())
        assert torch.allclose(layer(tokens)[0], expected, atol=1e-6)


def test_a_gated_network_reads_the_tops_of_its_stacks():
    """What the stacks hold is part of the input of all three gates."""
    layer = stacks(cell="gru").module.reader
    read = layer.symbols.weight.T[[1]] + layer.tops(torch.full((1, 4), stack_rnn.EMPTY))
    with torch.no_grad():
        assert torch.allclose(layer(torch.tensor([[1]]))[0][:, 0], layer._next_state(read, torch.zeros(1, 5)))
        first = layer(torch.tensor([[1, 2]]))[0][0]
        layer.pushed.bias.add_(2.0)
        second = layer(torch.tensor([[1, 2]]))[0][0]
    assert torch.equal(first[0], second[0])
    assert not torch.allclose(first[1], second[1])


def test_a_network_that_remembers_in_its_stacks_alone():
    """With actions that do not depend on the state, nothing else can pass on what was read."""
    made = stacks(memory="stacks")
    assert made.parameters == stacks().parameters - 5 * 5
    with torch.no_grad():
        for weight in (made.module.reader.actions.weight, made.module.reader.pushed.weight):
            weight.zero_()
        one, other = made.module.reader(torch.tensor([[1, 2, 3], [3, 1, 3]]))[0]
    assert torch.equal(one[2], other[2])
    assert not torch.equal(one[1], other[1])
    with pytest.raises(InputError, match="memory=stacks requires stacks above 0"):
        StackSettings(stacks=0, memory="stacks")
    with pytest.raises(InputError, match=r"requires cell=plain.*Received: cell=gru"):
        StackSettings(memory="stacks", cell="gru")


# Fourier number embeddings


def test_features_are_cosines_and_sines_of_the_number_in_all_periods():
    numbers = np.array([0, 7, 1234, 99999, 500000])
    digits = torch.from_numpy(numbers[:, None] // 10 ** np.arange(6) % 10)[:, :, None]
    angles = 2 * np.pi * numbers[:, None] / 10.0 ** np.arange(1, 7)
    found = fone_transformer.fourier_features(digits, 10)[:, 0].view(5, 6, 2)
    assert np.allclose(found[:, :, 0], np.cos(angles), atol=1e-5)
    assert np.allclose(found[:, :, 1], np.sin(angles), atol=1e-5)


def test_a_digit_is_the_likeliest_angle():
    """With a read-out that gives the angle of a digit, this digit is answered."""
    made = fourier(places=1)
    for digit in range(10):
        angle = torch.tensor(2 * torch.pi * digit / 10)
        with torch.no_grad():
            made.module.output.weight.zero_()
            made.module.output.bias.copy_(torch.stack([torch.cos(angle), torch.sin(angle)]))
            made.module.minus.bias.fill_(-9.0)
        assert made.predict(LAYOUT.tokens(pa.array(["1+2"]))[:, :1])[0].tolist() == [digit]


def test_numbers_wider_or_narrower_than_those_of_training():
    """Zeros before a number change nothing; beyond the places of training, a digit is not seen and 0 is written."""
    made = fourier(places=4)
    short, same, wide = (LAYOUT.tokens(pa.array([q])) for q in ("57+8", "057+008", "70057+10008"))
    outputs = made.predict(same)
    assert made.predict(short).tolist() == outputs[:, : short.shape[1]].tolist()
    assert made.predict(wide)[:, 4:].tolist() == [[0, 0]]
    assert wide.shape[1] == 6 and made.predict(wide)[:, :3].max() < 10


def test_differences_have_a_minus_sign_in_the_last_column_only():
    made = fourier()
    with torch.no_grad():
        made.module.minus.bias.fill_(99.0)
    assert (made.predict(LAYOUT.tokens(pa.array(["123+45"])))[0] == 10).tolist() == [
        False,
        False,
        False,
        True,
    ]


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="multiple of heads"):
        FourierSettings(hidden=10)
    labels = NetworkShape(10, 2, 4, 1, classes=("false", "true"), layout=ColumnLayout(10, ("",), 1))
    with pytest.raises(InputError, match="Received: answers false, true"):
        fone_transformer.build(labels, FourierSettings(), 0, CPU)
    with pytest.raises(InputError, match="gates"):
        NeuralGPUSettings(gates="other")


# In runs


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("neural-gpu", {"width": 1, "layers": 1, "dropout": 0.1}),
        ("stack-rnn", {"stacks": 2}),
        ("stack-rnn", {"stacks": 2, "cell": "gru"}),
        ("fone-transformer", {"hidden": 12, "inner": 8}),
    ],
)
def test_a_stopped_run_ends_like_an_uninterrupted_one(name, settings, tiny, sums, tmp_path, monkeypatch):
    spec = tiny(name, **{"hidden": 6, "batch": 8, "steps": 4, "evaluate": 2, **settings})
    whole, step = run(spec, sums, RunOptions(tmp_path / "whole")), loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: stop_at(3, step, job, state))
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, sums, RunOptions(tmp_path / "cut"))
    monkeypatch.setattr(loop, "_step", step)
    resumed = run(spec, sums, RunOptions(tmp_path / "cut", resume=True))
    assert resumed.predictions_sha256 == whole.predictions_sha256
    assert resumed.parameters == whole.parameters > 0
