"""What networks are trained on beside answers, and the choices of classifiers."""

import itertools
import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.auxiliary import KINDS, Auxiliary
from mathbench.baselines.encoding import Encoding, fit_encoding
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.predictor import load_run
from mathbench.baselines.prefix_labels import prefix_residues
from mathbench.baselines.recipe import apply_overrides, override_keys, read_recipe
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import OPTIONAL, EncodingOptions, TrainingSettings
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import BASELINES, baseline
from mathbench.baselines.trainer import prepare
from mathbench.baselines.training.labels import LabelEncoder
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.registry import load
from mathbench.reserve import reserve_of
from tests.baselines.commands import SMALL, mathbench

NETWORKS = {name: load(entry.settings) for name, entry in BASELINES.items() if entry.kind == "network"}
SIGMOID = [
    (name, framework)
    for name, kind in NETWORKS.items()
    if "output" in kind.__dataclass_fields__
    for framework in BASELINES[name].frameworks
    if framework == "torch" or name in ("gru-classifier", "cnn-lstm-classifier")
]
CPU = DeviceConfig("cpu")
DIGITS = NetworkShape(11, 2, 5, 1, blank=False)


def network(name, framework="torch", shape=DIGITS, seed=0, **settings):
    return load(BASELINES[name].frameworks[framework])(shape, NETWORKS[name](**settings), seed, CPU)


def column(values):
    return pa.array(values, pa.string())


# one sigmoid


@pytest.mark.parametrize(("name", "framework"), SIGMOID)
def test_a_sigmoid_is_one_logit_with_binary_cross_entropy(name, framework):
    shape = DIGITS if "pad_with" in NETWORKS[name].uses else NetworkShape(11, 2, 5, 1)
    hidden = {"hidden": 8, **({"inner": 0} if name == "linear-rnn" else {})}
    one = network(name, framework, shape, output="sigmoid", **hidden)
    two = network(name, framework, shape, **hidden)
    assert two.parameters - one.parameters == 8 + 1
    asked = np.random.default_rng(0).integers(1, 11, (40, 5))
    classes, shares = one.probabilities(asked)
    assert np.ptp(classes) == 1 and (shares >= 0.5).all()
    second = np.where(classes == 1, shares, 1 - shares)  # the sigmoid
    labels = np.random.default_rng(1).integers(0, 2, (40, 1))
    wanted = -np.log(np.where(labels == 1, second, 1 - second)).mean()
    if name != "cnn-lstm-classifier":  # whose loss has dropout
        assert one.step(asked, labels, 0.0, 0) == pytest.approx(wanted, rel=1e-4)
    machine = one.state_machine()
    if machine is not None:
        logits = machine.logits(machine.read(asked)[:, -1])
        assert np.array_equal(logits.argmax(axis=1), classes[:, 0])
        assert (logits[:, 0] == 0).all()
        assert 1 / (1 + np.exp(-logits[:, 1])) == pytest.approx(second[:, 0], rel=1e-4)
    three = NetworkShape(11, 3, 5, 1)
    with pytest.raises(InputError, match=r"output=sigmoid requires two different answers\. Received: 3\."):
        network(name, framework, three, output="sigmoid")


def test_a_run_with_a_sigmoid_and_zeros_is_read_again(tmp_path, tiny, multiples):
    chosen = {"output": "sigmoid", "pad_with": "zero", "alphabet": "questions"}
    result = run(tiny("gru-classifier", **chosen), multiples, RunOptions(tmp_path / "r"))
    assert result.encoding["alphabet"] == "0123456789"
    loaded = load_run(tmp_path / "r", CPU)
    assert loaded.trained.encoding.choices.pad_with == "zero"
    asked = multiples.splits["interpolate"]["question"]
    assert loaded.predict(asked).to_pylist() == loaded.predict(asked.slice(0)).to_pylist()
    from mathbench.baselines.automata.reader import NumberReader

    reader = NumberReader.of(loaded.trained.network.state_machine(), loaded.trained.encoding, 10)
    for number, answer in zip(asked.to_pylist(), loaded.predict(asked).to_pylist(), strict=True):
        assert reader.answer([int(digit) for digit in number]) == answer


# the alphabet of questions, and what they are padded with


def test_numbers_are_padded_with_zeros():
    questions, answers = column(["12", "2225", "60000"]), column(["true", "false", "true"])
    choices = EncodingOptions(query="forward", padding="left", pad_with="zero")
    encoding = fit_encoding(choices, "0123456789", questions, answers, classify=True)
    assert (encoding.questions(questions) - 1).tolist() == [[0, 0, 0, 1, 2], [0, 2, 2, 2, 5], [6, 0, 0, 0, 0]]
    shape = NetworkShape.of(encoding)
    assert shape.inputs == 10
    hot = shape.one_hot(encoding.questions(questions))
    assert hot.shape == (3, 5, 10) and hot.sum() == 15 and hot[0, 0, 0] == 1
    assert Encoding.from_json(json.loads(json.dumps(encoding.to_json()))) == encoding
    for padding in ("right", "operands", "columns"):
        with pytest.raises(InputError, match="pad_with=zero requires padding=left"):
            EncodingOptions(padding=padding, pad_with="zero")


def test_new_choices_are_stored_only_where_they_are_set(tiny):
    old = {"query": "reversed", "padding": "left", "answer": "last", "labels": "last"}
    assert EncodingOptions(**old).to_json() == old
    assert EncodingOptions(**old, alphabet="questions").to_json() == {**old, "alphabet": "questions"}
    spec = tiny("lstm-classifier")
    assert {"output", "auxiliary", "auxiliary_weight"}.isdisjoint(spec.to_json()["recipe"])
    assert RunSpec.from_json(spec.to_json()) == spec
    spec = tiny("lstm-classifier", output="sigmoid", auxiliary="residue=7", pad_with="zero")
    assert spec.to_json()["recipe"]["auxiliary"] == "residue=7"
    assert RunSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


# settings without effect


def test_the_settings_that_not_all_networks_use_are_declared():
    for name, kind in NETWORKS.items():
        assert {*kind.uses} <= {*OPTIONAL}, name
        assert {*kind.auxiliaries} <= {*KINDS}, name
        assert ("answer" in kind.uses) != BASELINES[name].classify, name
        assert kind().idle().keys() <= kind.__dataclass_fields__.keys(), name


@pytest.mark.parametrize("name", NETWORKS)
def test_gain_changes_the_first_weights_of_those_that_use_it(name):
    from mathbench.baselines.columns import ColumnLayout

    layout = ColumnLayout(10, ("", "+"), 1) if NETWORKS[name].columns else None
    shape = NetworkShape(20, 11, 5, 5, layout=layout) if layout else NetworkShape(12, 12, 6, 4)
    one, other = (
        load(BASELINES[name].frameworks["torch"])(shape, NETWORKS[name](gain=gain), 0, CPU).weights()
        for gain in (1.0, 2.0)
    )
    changed = any(not np.array_equal(one[key], other[key]) for key in one)
    assert changed == ("gain" in NETWORKS[name].uses)


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        (
            "bilstm-seq2seq",
            {"labels": "prefix"},
            "does not use the setting 'labels'. It is for lstm-classifier, gru",
        ),
        ("mlp", {"labels": "prefix"}, "does not use the setting 'labels'"),
        ("transformer", {"gain": "2"}, "does not use the setting 'gain'"),
        ("column-gru", {"labels": "prefix"}, "does not use the setting 'labels'"),
        ("cnn-lstm-classifier", {"labels": "prefix"}, "does not use the setting 'labels'"),
        ("gru-classifier", {"answer": "last"}, "does not use the setting 'answer'"),
        ("second-order-rnn", {"alphabet": "questions"}, "does not use the setting 'alphabet'"),
        ("mlp", {"beam": "3"}, "mlp has no setting 'beam'"),
        ("mlp", {"auxiliary": "carries"}, "does not use the setting 'auxiliary'"),
        ("gru-classifier", {"noise_from": "0.2"}, "noise_from has no effect without noise above 0"),
        ("second-order-rnn", {"target": "0.9"}, "target has no effect without noise=0"),
        ("decoder-transformer", {"span": "50"}, "span has no effect without positions="),
        ("transformer", {"agreement": "0.5"}, "agreement has no effect without generations above 0"),
        ("transformer", {"generation_steps": "5"}, "generation_steps has no effect without generations"),
        (
            "transformer",
            {"generations": "1", "target": "none", "keep": "last", "agreement": "0.5"},
            "agreement has no effect without committee above 1",
        ),
        (
            "universal-transformer",
            {"loops": "1", "injection": "yes"},
            "injection has no effect without loops above 1",
        ),
        (
            "lstm-seq2seq",
            {"auxiliary_weight": "2"},
            "auxiliary_weight has no effect without auxiliary labels",
        ),
        (
            "lstm-seq2seq",
            {"auxiliary": "residue=7"},
            "of the kind residue. Allowed: none, carries.",
        ),
        ("gru-classifier", {"auxiliary": "residues"}, "Did you mean 'residue'?"),
        ("gru-classifier", {"auxiliary": "residue"}, "requires a modulus from 2 to 1,000"),
        ("gru-classifier", {"auxiliary": "residue=x"}, "requires a modulus from 2 to 1,000"),
        ("gru-classifier", {"auxiliary": "prefix=7"}, "prefix takes no modulus"),
        ("transformer", {"auxiliary": "carries", "compile": "yes"}, "auxiliary requires compile=no"),
    ],
)
def test_a_setting_without_effect_is_refused(name, overrides, words):
    with pytest.raises(InputError) as caught:
        apply_overrides(read_recipe(name), baseline(name), "torch", overrides)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_setting_that_depends_on_a_swept_one_is_allowed():
    recipe, entry = read_recipe("gru-classifier"), baseline("gru-classifier")
    settings, _ = apply_overrides(
        recipe, entry, "torch", {"noise_from": "0.2", "noise": "0"}, varied=["noise"]
    )
    assert settings.noise_from == 0.2


def test_keras_has_no_auxiliary_labels():
    with pytest.raises(InputError, match="auxiliary requires the framework torch"):
        apply_overrides(
            read_recipe("gru-classifier"), baseline("gru-classifier"), "keras", {"auxiliary": "residue=7"}
        )


# recipes for several baselines


def test_a_recipe_may_suit_several_baselines(tmp_path, capsys):
    def recipe(baselines, settings=""):
        path = tmp_path / "mine.toml"
        path.write_text(f'baseline = {baselines}\n[task]\nname = "divisible"\n[settings]\n{settings}')
        return str(path)

    both = recipe(
        '["gru-classifier", "second-order-rnn"]', "hidden = 5\n[settings.second-order-rnn]\nhidden = 3"
    )
    for name, hidden in (("gru-classifier", 5), ("second-order-rnn", 3)):
        settings, _ = apply_overrides(read_recipe(both), baseline(name), "torch", {})
        assert settings.hidden == hidden
    words = ["run-baseline", "mlp", "--recipe", both, *SMALL, "--dry-run"]
    assert mathbench(*words) == 2
    assert "recipe mine is for gru-classifier, second-order-rnn. Received: mlp." in capsys.readouterr().err
    for settings, words in (
        ("layers = 2", "recipe mine: second-order-rnn has no setting 'layers'"),
        ("gain = 2.0", "recipe mine: second-order-rnn does not use the setting 'gain'"),
        ("[settings.lstm-classifier]\nhidden = 3", "unknown key 'settings.lstm-classifier'"),
    ):
        with pytest.raises(InputError, match=words):
            read_recipe(recipe('["gru-classifier", "second-order-rnn"]', settings))
    for bad in ("[]", "3", "[1]"):
        with pytest.raises(InputError, match="baseline must be a name or a list of names"):
            read_recipe(recipe(bad))


def test_a_default_recipe_of_several_baselines_has_the_name_of_each():
    rnn, lstm = read_recipe("rnn-classifier"), read_recipe("lstm-classifier")
    assert (rnn.name, rnn.baselines) == ("rnn-classifier", lstm.baselines)
    settings, _ = apply_overrides(rnn, baseline("rnn-classifier"), "torch", {})
    assert (settings.hidden, settings.rate, settings.beta1) == (100, 2e-3, 0.9)


def test_every_baseline_lists_the_recipes_that_suit_it(capsys):
    assert mathbench("baselines", "second-order-rnn", "--json") == 0
    details = json.loads(capsys.readouterr().out)
    assert {"second-order-rnn", "divisible-prefix", "hofstadter"} <= details["recipes"].keys()
    assert "lstm-seq2seq" not in details["recipes"]
    assert "gain" not in details["settings"] and "answer" not in details["encoding"]
    assert {*details["settings"], *details["encoding"]} == override_keys(baseline("second-order-rnn"))


# auxiliary labels


def long_addition(terms, base, sign):
    """The carries into each column, units first, as taught at school."""
    found, carry = [], 0
    for place in range(12):
        digits = [term // base**place % base for term in terms]
        total = digits[0] + sign * sum(digits[1:]) + carry
        found.append(abs(carry))
        carry = total // base
    return found


@pytest.mark.parametrize(("answer", "sign"), [*itertools.product(["first", "last"], ["+", "-"])])
@given(pairs=st.lists(st.tuples(st.integers(0, 99_999), st.integers(0, 99_999)), min_size=1, max_size=20))
def test_carries_are_those_of_the_digits_they_stand_at(answer, sign, pairs):
    results = [a + b if sign == "+" else a - b for a, b in pairs]
    rows = pa.table({"question": [f"{a}{sign}{b}" for a, b in pairs], "answer": [str(r) for r in results]})
    choices = EncodingOptions(answer=answer)
    encoding = fit_encoding(choices, "+-0123456789", rows["question"], rows["answer"])
    encoder = LabelEncoder(task("addition"), encoding, Auxiliary("carries"))
    _, labels = encoder.batch(rows)
    plain, extra = np.split(labels, 2, axis=1)
    for (a, b), result, row, tokens in zip(pairs, results, extra.tolist(), plain.tolist(), strict=True):
        school = long_addition(sorted((a, b), reverse=True), 10, 1 if sign == "+" else -1)
        written = str(result)[:: 1 if answer == "first" else -1]
        places = [i for i, character in enumerate(written) if character != "-"]
        weights = range(len(places)) if answer == "last" else range(len(places))[::-1]
        wanted = [-1] * encoding.answer_width
        for place, weight in zip(places, weights, strict=True):
            wanted[place] = school[weight]
        assert row == wanted
        # nothing but what the row itself shows: the carry follows from its digits and those of its answer
        for weight in range(len(places)):
            digits = [number // 10**weight for number in (abs(result), max(a, b), min(a, b))]
            rest = digits[0] - digits[1] - digits[2] if sign == "+" else digits[1] - digits[2] - digits[0]
            assert rest % 10 == school[weight]
        assert len(tokens) == encoding.answer_width


def test_carries_of_columns_and_of_several_operands():
    from mathbench.baselines.columns import carries

    assert carries(column(["99+99+99"]), column(["297"]), 10, 4).tolist() == [[0, 2, 2, 0]]
    assert carries(column(["1+1", "1+1+1"]), column(["10", "11"]), 2, 3).tolist() == [[0, 1, 0], [0, 1, 0]]
    for bad in ("2*3", "-1+2", "1.5+2", "9-3-1", "12"):
        with pytest.raises(InputError, match="carries need sums of integers, or differences of two"):
            carries(column([bad]), column(["1"]), 10, 3)


@pytest.mark.parametrize("family", ["divisible", "prime"])
def test_a_held_out_prefix_has_no_residue(family):
    """Numbers beyond 2^63 too. The reserve of a number is the same for every task of the family."""
    made = task(family, digits=25, longer=1, **({"k": 7} if family == "divisible" else {}))
    rows = Data.generate(made, {"train": 40, "validation": 1}).splits["train"]
    choices = EncodingOptions(query="forward", padding="left")
    encoding = fit_encoding(choices, "0123456789", rows["question"], rows["answer"], classify=True)
    labels = prefix_residues(encoding, encoding.questions(rows["question"]), made, 11)
    for question, row in zip(rows["question"].to_pylist(), labels.tolist(), strict=True):
        numbers = [int(question[: i + 1]) for i in range(len(question))]
        train = [reserve_of(made.reserve_family, (number,)) == "train" for number in numbers]
        wanted = [number % 11 if mine else -1 for number, mine in zip(numbers, train, strict=True)]
        assert row == [-1] * (len(row) - len(wanted)) + wanted
        assert wanted[-1] >= 0
    assert (labels[:, -20:] == -1).any()


def test_the_residue_of_a_question_is_that_of_its_number():
    made = task("divisible", k=7, digits=25)
    rows = Data.generate(made, {"train": 40, "validation": 1}).splits["train"]
    encoding = fit_encoding(EncodingOptions(), "0123456789", rows["question"], rows["answer"], classify=True)
    _, labels = LabelEncoder(made, encoding, Auxiliary("residue", 13)).batch(rows)
    assert labels[:, 1].tolist() == [int(question) % 13 for question in rows["question"].to_pylist()]


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("lstm-seq2seq", {"auxiliary": "carries"}, "carries need sums of integers"),
        ("gru-classifier", {"auxiliary": "prefix"}, "needs single numbers of 0 or more as questions"),
        ("gru-classifier", {"auxiliary": "prefix-residue=7", "query": "reversed"}, "needs query=forward"),
        (
            "gru-classifier",
            {"auxiliary": "prefix-residue=7", "buckets": 2},
            "buckets require no labels of prefixes",
        ),
        ("gru-classifier", {"pad_with": "zero", "buckets": 2}, "buckets require pad_with=blank"),
    ],
)
def test_labels_that_the_rows_do_not_have_are_refused_before_training(tiny, name, overrides, words):
    data = Data.generate(task("multiplication", digits=1), {"train": 40, "validation": 5})
    with pytest.raises(InputError) as caught:
        prepare(tiny(name, **overrides), data, CPU)
    assert words in str(caught.value)


# labels of prefix-residues belong to the network itself: test_residue_networks.py
SUPPORTED = [
    (name, kind)
    for name, settings in NETWORKS.items()
    for kind in settings.auxiliaries
    if kind != "prefix-residues"
]


@pytest.mark.parametrize(("name", "kind"), SUPPORTED)
def test_auxiliary_labels_train_the_network_and_predict_nothing(name, kind, tiny, sums, multiples, tmp_path):
    data = sums if kind == "carries" else multiples
    words = kind + ("=7" if KINDS[kind] else "")
    overrides = {"hidden": 16, "sampling": "rows"}
    if name in ("second-order-rnn", "linear-rnn"):
        overrides |= {"short": 0, "growth": 0}
    setup = prepare(tiny(name, auxiliary=words, **overrides), data, CPU)
    plain = prepare(tiny(name, **overrides), data, CPU)
    made, other = setup.network, plain.network
    assert made.parameters == other.parameters
    first, alone = made.weights(), other.weights()
    assert all(np.array_equal(first[key], alone[key]) for key in alone)
    assert {key.partition(".")[0] for key in first.keys() - alone.keys()} == {"auxiliary"}
    losses = []
    for step in range(10):
        questions, labels = setup.batches.batch(0)
        made.step(questions, labels, 0.02, step)
        other.step(questions, plain.batches.batch(0)[1], 0.02, step)
        with made._auxiliary.captured() as states, torch.no_grad():
            made.module.train()
            head, extra = made._auxiliary.split(questions, labels)
            with torch.enable_grad():
                made._loss(questions, made._targets(head))
            count = int((extra != -1).sum())
            assert count > 0
            losses.append(float(made._auxiliary.loss(states[0], extra, count)))
    assert losses[-1] < losses[0] < np.log(10) + 0.1
    # the labels change the other weights too
    assert any(not np.array_equal(made.weights()[key], value) for key, value in other.weights().items())
    made.save(tmp_path)
    other.load(tmp_path)
    questions = setup.batches.batch(0)[0]
    assert np.array_equal(made.predict(questions), other.predict(questions))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("gru-classifier", {"auxiliary": "prefix-residue=3"}),
        ("gru-classifier", {"auxiliary": "prefix", "sampling": "lengths", "short": 2}),
        ("gru-classifier", {"auxiliary": "residue=7", "curriculum": "0.5 digits=1*", "source": "stream"}),
        ("attentional-lstm", {"auxiliary": "carries", "accumulate": 3, "dropout": 0.2}),
        # whose matrices are not laid out row by row
        ("second-order-rnn", {"auxiliary": "prefix-residue=3", "growth": 0, "noise": 0.1}),
    ],
)
def test_a_run_with_auxiliary_labels_resumes_exactly(name, settings, tiny, sums, multiples, tmp_path):
    data = sums if name == "attentional-lstm" else multiples
    spec = tiny(name, **settings)
    assert spec.supervision(data.task).endswith("dense")
    whole = run(spec, data, RunOptions(tmp_path / "whole"))

    class Stopper:
        def start(self, config): ...

        def log(self, step, values):
            if step == 8:
                raise KeyboardInterrupt

        def finish(self, summary): ...

    with pytest.raises(KeyboardInterrupt):
        run(spec, data, RunOptions(tmp_path / "parts", trackers=(Stopper(),)))
    parts = run(spec, data, RunOptions(tmp_path / "parts", resume=True))
    assert parts.predictions_sha256 == whole.predictions_sha256
    one, other = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in ("whole", "parts"))
    assert one == other and b"auxiliary" not in one
    loaded = load_run(tmp_path / "whole", CPU)
    asked = data.splits["interpolate"]["question"]
    assert len(loaded.predict(asked)) == len(asked)


def test_a_weight_of_zero_trains_like_none(tiny, multiples):
    setups = [
        prepare(tiny("gru-classifier", **settings), multiples, CPU)
        for settings in ({}, {"auxiliary": "residue=7", "auxiliary_weight": 0.0})
    ]
    for step in range(3):
        for setup in setups:
            setup.network.step(*setup.batches.batch(step), 0.01, step)
    one, other = (setup.network.weights() for setup in setups)
    assert all(np.allclose(one[key], other[key], atol=1e-6) for key in one)


def test_base_settings_have_no_auxiliary_labels():
    with pytest.raises(InputError, match=r"Allowed: none\."):
        TrainingSettings(auxiliary="carries")
