"""Coupled positions, FIRE and looped transformers: what they promise for questions longer than in training."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from mathbench.baselines import checkpoint
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.writing import (
    DecoderTransformerSettings,
    UniversalTransformerSettings,
)
from mathbench.baselines.models.torch.fire import Fire, gather_bias
from mathbench.baselines.models.torch.positions import Positions
from mathbench.baselines.number_order import number_order
from mathbench.baselines.predictor import load_predictor
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.trainer import encoding_for
from mathbench.baselines.training import loop
from mathbench.baselines.training.data import stage_task
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from tests.baselines.test_decoding import SHAPE, answered, asked, forced, writer
from tests.baselines.test_training import same, stop_at

DIGITS = "0123456789"
ALPHABET = " " + DIGITS + "+-="  # a blank is the padding; "=" stands for the token before the answer


def tokens(*texts):
    return torch.tensor([[ALPHABET.index(c) for c in text] for text in texts])


def positions(kind, ascending=True, span=20, answer=4):
    shape = NetworkShape(13, 13, 9, answer, digits=tuple(range(1, 11)), ascending=(ascending, True))
    settings = DecoderTransformerSettings(hidden=8, heads=2, positions=kind, span=span)
    return Positions(shape, settings, torch.Generator())


def indices(made, text, asked):
    read = tokens(text)
    return made.indices(read, read != 0, torch.zeros(1, dtype=torch.int64), asked)[0][0].tolist()


def test_digits_of_equal_weight_have_one_place_in_operands_and_answer():
    # the figure of Cho et al.: 653+049=2070, with the units next to the operator
    assert indices(positions("coupled", False), "653+049=2070", 7) == [4, 3, 2, 1, 4, 3, 2, 1, 2, 3, 4, 5]
    assert indices(positions("coupled", True), "356+94=207-", 6) == [2, 3, 4, 1, 2, 3, 1, 2, 3, 4, 1]
    assert indices(positions("coupled", False), "  65-8  =75", 8) == [0, 0, 3, 2, 1, 2, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("ascending", [True, False])
def test_places_of_an_answer_in_parts_are_those_of_the_whole(ascending):
    made, read = positions("coupled", ascending), tokens("  65-8=7512-34", "12+345=9-8+  1")
    before, parts = torch.zeros(2, dtype=torch.int64), []
    for start, stop, ours in ((0, 6, 6), (6, 7, 0), (7, 8, 0), (8, 11, 0), (11, 14, 0)):
        part = read[:, start:stop]
        found, before = made.indices(part, part != 0, before, ours)
        parts.append(found)
    whole, _ = made.indices(read, read != 0, torch.zeros(2, dtype=torch.int64), 6)
    assert torch.equal(torch.cat(parts, dim=1), whole)


def test_offsets_are_drawn_per_row_and_keep_the_longest_number_within_the_span():
    made = positions("coupled", span=12, answer=3)  # answers of a third of the question
    questions = tokens(*["123456+1 "] * 300, *["12+34+567"] * 300)
    ruler = made.train().ruler(questions, 10)
    offsets = ruler[:, 1] - 1
    # of 12 positions, six digits or three take so many, what is beside them one, and one more digit one
    assert set(offsets[:300].tolist()) == set(range(12 - 8 + 1))
    assert set(offsets[300:].tolist()) == set(range(12 - 5 + 1))
    assert (ruler[:, 0] == 0).all()
    assert (ruler.diff(dim=1)[:, 1:] == 1).all()


def test_at_prediction_the_positions_of_a_question_are_in_the_middle_of_the_span():
    made = positions("coupled", span=12, answer=3).eval()
    ruler = made.ruler(tokens("123456+1 ", "12+34+567", "123456789"), 10)
    assert (ruler[:, 1] - 1).tolist() == [2, 4, 1]
    products = positions("coupled", span=20, answer=9).eval()  # answers as long as the question
    assert products.ruler(tokens("1234+567 "), 10)[0, 1] - 1 == (20 - 2 - 8) // 2


def test_numbers_beyond_the_span_are_answered_all_the_same():
    network = writer("decoder-transformer", positions="coupled", span=6)
    long = np.full((2, 30), 3)
    assert network.predict(long).shape == (2, 24)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ascending": None}, "generated from the units on"),
        ({"ascending": (True, False)}, "generated from the units on: answer=last in plain text"),
        ({"answer": 9}, "span of at least 10, for the training answers. Received: span=8"),
    ],
)
def test_what_coupled_positions_need_is_one_line(change, error):
    with pytest.raises(InputError, match=error):
        writer("decoder-transformer", replace(SHAPE, **change), positions="coupled", span=8)


@pytest.mark.parametrize(
    ("name", "options", "order"),
    [
        ("addition", {}, (False, False)),
        ("subtraction", {"format": "padded"}, (False, False)),
        ("multiplication", {"format": "reversed"}, (False, True)),
        ("gcd", {"format": "reversed-all"}, (True, True)),
        ("division", {}, (False, False)),
    ],
)
def test_the_order_of_digits_follows_from_the_format(name, options, order):
    made = task(name, **options)
    rows = Data.generate(made, {"train": 20}).splits["train"]
    assert number_order(made, rows["question"], "positions=coupled") == order


@pytest.mark.parametrize(
    ("name", "options", "question", "error"),
    [
        ("addition", {"format": "index-hints"}, "b5a7+a8", "needs whole numbers in plain text"),
        ("addition", {"format": "spaced"}, "5 7 + 8", "needs whole numbers"),
        ("addition", {"format": "scratchpad"}, "57+8", "needs whole numbers"),
        ("addition", {"places": 1}, "5.7+8", "needs whole numbers"),
        ("divisible", {"k": 3}, "57", "two or more numbers"),
        ("correct-addition", {}, "57+8=65", "whose answer is a number"),
    ],
)
def test_a_task_without_digits_of_equal_weight_is_one_line(name, options, question, error):
    with pytest.raises(InputError, match=error):
        number_order(task(name, **options), pa.array([question]), "positions=coupled")


def test_fire_is_the_formula_of_its_paper():
    fire, at = Fire(3, torch.Generator().manual_seed(1)), torch.tensor([0, 1, 4, 900])
    found = fire(at).detach().numpy()
    first, second = (layer.weight.detach().double().numpy() for layer in (fire.inward, fire.outward))
    bent, shift = (layer.bias.detach().double().numpy() for layer in (fire.inward, fire.outward))
    for i, query in enumerate(at.tolist()):
        for j, key in enumerate(at.tolist()):
            share = np.log(0.1 * abs(query - key) + 1) / np.log(0.1 * max(512, query) + 1)
            units = np.maximum(first[:, 0] * share + bent, 0)
            np.testing.assert_allclose(found[i, j], second @ units + shift, atol=1e-5)
    assert gather_bias(fire(at), torch.tensor([[2]]), torch.tensor([[0, 3]])).shape == (1, 3, 1, 2)


def test_the_first_bias_of_fire_is_no_straight_line_of_the_distance():
    fire = Fire(3, torch.Generator().manual_seed(1))
    for layer in (fire.inward, fire.outward):
        bound = layer.in_features**-0.5
        for p in layer.parameters():  # uniform, the biases as well
            assert p.abs().max() <= bound < 4 * p.std()
    shares = torch.linspace(0, 1, 101)[:, None]
    bias = fire.outward(torch.relu(fire.inward(shares)))
    assert (bias - bias[0] - shares * (bias[-1] - bias[0])).abs().max() > 0.01


@pytest.mark.parametrize("heads", [1, 12])
def test_weights_of_fire_are_those_of_its_mlp_its_slope_and_its_threshold(heads):
    counts = [sum(p.numel() for p in Fire(heads, torch.Generator()).parameters())]
    for kind in ("none", "fire"):
        counts.append(
            writer("decoder-transformer", hidden=24, heads=heads, positions=kind, layers=3).parameters
        )
    assert counts[0] == (1 + 1) * 32 + (32 + 1) * heads + 2
    assert counts[2] - counts[1] == 3 * counts[0]


def test_coupled_positions_have_a_vector_per_place_and_one_for_padding():
    coupled, none = (
        writer("decoder-transformer", positions=kind, span=50).parameters for kind in ("coupled", "none")
    )
    assert coupled - none == (50 + 1) * 16


LOOPED = {"injection": "yes", "depth": "digits", "loops": 2}


def test_a_looped_network_passes_once_per_digit_of_the_longest_number():
    network = writer("universal-transformer", **LOOPED)
    module, counts = network.module.eval(), []
    block = module.blocks[0]
    block.register_forward_hook(lambda *_: counts.append(1))
    for question in ([1, 2, 11, 3, 11, 4, 5], [1, 2, 3, 4, 11, 5, 0], [11, 11, 11, 11, 11, 11, 11]):
        counts.clear()
        module.begin(torch.tensor([question]))
        longest = max(map(len, "".join("x" if t in (0, 11) else "d" for t in question).split("x")))
        assert len(counts) == longest + 2
    assert network.parameters == writer("universal-transformer").parameters  # passes share their weights


def test_passes_of_a_row_do_not_depend_on_the_longest_row_of_its_batch():
    network = writer("universal-transformer", **LOOPED)
    questions = np.array([[1, 11, 2, 11, 3, 11], [1, 2, 3, 4, 5, 6], [1, 2, 11, 3, 4, 11]])
    together, chances = network.probabilities(questions)
    for i in range(3):
        alone, chance = network.probabilities(questions[i : i + 1])
        np.testing.assert_array_equal(alone[0], together[i])
        np.testing.assert_allclose(chance[0], chances[i], rtol=1e-4)
    _, wide = network.probabilities(questions, beam=3)
    np.testing.assert_allclose(wide[1], network.probabilities(questions[1:2], beam=3)[1][0], rtol=1e-4)


def test_injection_adds_the_embedded_tokens_before_each_pass_but_the_first():
    network, plain = (
        writer("universal-transformer", loops=3, injection=choice, positions="none").module.eval()
        for choice in ("yes", "no")
    )
    inputs = {id(module): [] for module in (network, plain)}
    for module in (network, plain):
        module.blocks[0].register_forward_hook(
            lambda _, args, outputs, m=module: inputs[id(m)].append((args[0], outputs[0]))
        )
        module.begin(torch.from_numpy(asked(2)))
    embedded = network.embedding(torch.from_numpy(asked(2))) * 16**0.5
    for module, share in ((network, 1.0), (plain, 0.0)):
        calls = inputs[id(module)]
        for i in (1, 2):
            expected = calls[i - 1][1] + network.timing[i] + share * embedded
            torch.testing.assert_close(calls[i][0], expected)
        torch.testing.assert_close(calls[0][0], embedded + network.timing[0])


NETWORKS = [
    ("decoder-transformer", {"positions": "coupled", "query": "forward"}),
    ("decoder-transformer", {"positions": "fire-randomised", "dropout": "0.1"}),
    ("universal-transformer", {**LOOPED, "positions": "none"}),
]


@pytest.mark.parametrize(("name", "options"), NETWORKS)
def test_a_stopped_run_ends_like_an_uninterrupted_one_and_loads(
    name, options, tiny, sums, tmp_path, monkeypatch
):
    choices = {"hidden": 8, "inner": 8, "heads": 2, "padding": "left", "blanks": "masked", "steps": 8}
    spec = tiny(name, **{**choices, **options})
    whole = run(spec, sums, RunOptions(tmp_path / "whole", long=(5,)))
    step = loop._step
    monkeypatch.setattr(loop, "_step", lambda job, state: stop_at(5, step, job, state))
    with pytest.raises(RuntimeError, match="pulled"):
        run(spec, sums, RunOptions(tmp_path / "cut", long=(5,)))
    monkeypatch.setattr(loop, "_step", step)
    resumed = run(spec, sums, RunOptions(tmp_path / "cut", resume=True, long=(5,)))
    assert same(*(checkpoint.read(tmp_path / folder)[1]["best"] for folder in ("whole", "cut")))
    assert resumed.predictions_sha256 == whole.predictions_sha256
    predict, _ = load_predictor(tmp_path / "whole", DeviceConfig("cpu"))
    assert len(predict(pa.array(["1+2", "99999+1"]))) == 2


def test_an_encoding_keeps_the_order_of_digits_and_leaves_it_out_where_nobody_asks(tiny, sums):
    coupled = encoding_for(tiny("decoder-transformer", hidden=8, positions="coupled"), sums)
    assert Encoding.from_json(json.loads(json.dumps(coupled.to_json()))) == coupled
    assert NetworkShape.of(coupled).ascending == (True, True)  # query=reversed, answer=last
    other = encoding_for(tiny("decoder-transformer", hidden=8), sums)
    assert "units_first" not in other.to_json()
    assert NetworkShape.of(other).ascending is None


def test_coupled_positions_are_aligned_supervision(tiny, sums):
    found = [
        tiny("decoder-transformer", hidden=8, positions=kind, padding="left").supervision(sums.task)
        for kind in ("coupled", "abacus")
    ]
    assert found == ["aligned", "examples"]


def test_new_settings_leave_the_identity_of_older_runs(tiny):
    stored = tiny("universal-transformer", hidden=8).to_json()["recipe"]
    assert not {"injection", "depth"} & set(stored)
    spec = tiny("universal-transformer", hidden=8, **LOOPED)
    assert RunSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_depth_by_digits_needs_digits_side_by_side(tiny):
    hinted = Data.generate(task("addition", format="index-hints"), {"train": 50, "validation": 10})
    with pytest.raises(InputError, match="depth=digits needs whole numbers"):
        encoding_for(tiny("universal-transformer", hidden=8, padding="left", **LOOPED), hinted)
    assert UniversalTransformerSettings().whole_numbers == ""


@pytest.mark.parametrize(("name", "options"), NETWORKS)
def test_a_step_in_parts_is_about_the_whole_step(name, options):
    settings = {k: v for k, v in options.items() if k not in ("query", "dropout")}
    if "randomised" in settings.get("positions", "") or settings.get("positions") == "coupled":
        settings["span"] = 6 if settings["positions"] == "coupled" else 2  # nothing to draw from
    losses = [
        writer(name, **settings, accumulate=parts).step(asked(8), answered(8), 1e-3, 0) for parts in (1, 3)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_fire_reads_padding_of_rows_as_if_it_were_not_there():
    network, questions, answers = writer("decoder-transformer", positions="fire"), asked(), answered()
    padded = np.pad(questions, ((0, 0), (2, 1)))
    np.testing.assert_allclose(
        forced(network, padded, answers), forced(network, questions, answers), atol=1e-5
    )
    near, far = (questions[:1].copy() for _ in range(2))
    far[0, [0, 1]] = near[0, [1, 0]]
    assert not np.allclose(forced(network, near, answers[:1]), forced(network, far, answers[:1]), atol=1e-4)


def test_long_problems_with_hints_that_no_training_row_has_are_wrong_and_cost_no_training(tiny, tmp_path):
    hinted = Data.generate(
        task("addition", digits=2, longer=1, format="index-hints"),
        {"train": 60, "validation": 10, "interpolate": 10, "extrapolate": 10},
    )
    spec = tiny("decoder-transformer", hidden=8, inner=8, padding="left", positions="fire", steps=2)
    result = run(spec, hinted, RunOptions(tmp_path / "r", long=(2, 9)))
    assert result.long["9"]["correct"] == 0
    assert result.long["9"]["n"] == 1000


def test_a_stage_keeps_numbers_padded_to_their_question():
    made = stage_task(task("addition", digits=9, more=0, format="padded:to=question"), {"digits": "3"})
    assert made.parameters["digits"] == 3
    assert made.format == "padded:to=question"
