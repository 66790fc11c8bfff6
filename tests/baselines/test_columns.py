"""Numbers read column by column: the layout, the networks over it in both frameworks, and what they learn."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.columns import ColumnLayout, count_tokens, fit_layout
from mathbench.baselines.encoding import Encoding, fit_encoding
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.predictor import load_run
from mathbench.baselines.result import Result
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.table import BASELINES
from mathbench.errors import InputError
from mathbench.numbers import text
from mathbench.registry import load
from tests.baselines.test_classics import keras_layout
from tests.commands import run

COLUMNS = EncodingOptions(padding="columns", answer="last")


def written(number, base):
    return text.to_text(number, base)


@given(
    st.sampled_from([2, 3, 10, 16, 36]),
    st.lists(st.lists(st.integers(0, 10**30), min_size=3, max_size=3), min_size=1, max_size=9),
)
def test_columns_hold_the_digits_of_all_numbers(base, rows):
    """The numbers and the signs can be read off the tokens."""
    questions = pa.array(["+".join(written(n, base) for n in row) for row in rows])
    layout = fit_layout(questions, pa.array([written(sum(row), base) for row in rows]), base, classes=False)
    tokens = layout.tokens(questions)
    places = [base**place for place in range(tokens.shape[1])]
    for row, columns in zip(rows, tokens.tolist(), strict=True):
        for number, value in enumerate(row):
            digits = [column[number] for column in columns]
            assert sum(d % base * p for d, p in zip(digits, places, strict=True)) == value
            assert {layout.signs[d // base] for d in digits} == {"+" if number else ""}


@given(st.sampled_from([2, 10, 36]), st.lists(st.integers(-(10**25), 10**25), min_size=1), st.integers(0, 3))
def test_written_numbers_are_read_back(base, numbers, more):
    answers = pa.array([written(n, base) for n in numbers])
    columns = max(len(a) for a in answers.to_pylist()) + more
    layout = ColumnLayout(base, ("", "-"), 1)
    assert layout.text(layout.targets(answers, columns)).to_pylist() == answers.to_pylist()


def test_a_minus_sign_stands_in_the_last_column_only():
    layout = ColumnLayout(10, ("",), 1)
    assert layout.targets(pa.array(["-7"]), 4).tolist() == [[7, 0, 0, 10]]
    assert layout.text(np.array([[7, 10, 0, 10]])).to_pylist() == ["--7"]


@pytest.mark.parametrize(
    "question, answer, columns",
    [("57+8", "65", 3), ("99+1", "100", 3), ("57-8", "49", 3), ("57*8", "456", 3), ("5*1=123456", "5", 6)],
)
def test_there_are_columns_for_the_last_carry(question, answer, columns):
    layout = fit_layout(pa.array([question]), pa.array([answer]), 10, classes=False)
    assert layout.tokens(pa.array([question])).shape[1] == columns


def test_a_statement_has_a_column_for_a_carry_that_it_does_not_claim():
    layout = fit_layout(pa.array(["9+9=8"]), pa.array(["false"]), 10, classes=True)
    assert layout.tokens(pa.array(["9+9=8"])).tolist() == [[[9, 19, 28], [0, 10, 20]]]


@pytest.mark.parametrize(
    "questions, answers, message",
    [
        (["1+2", "1+2+3"], ["3", "6"], "equally many numbers"),
        (["no"], ["3"], "equally many numbers"),
        (["1/2"], ["1/2"], "labels or integers"),
        (["1+2"], ["three"], "labels or integers"),
    ],
)
def test_rows_that_have_no_columns_are_refused(questions, answers, message):
    with pytest.raises(InputError, match=message):
        fit_layout(pa.array(questions), pa.array(answers), 10, classes=False)


def test_an_unknown_sign_is_refused():
    layout = fit_layout(pa.array(["1+2"]), pa.array(["3"]), 10, classes=False)
    with pytest.raises(InputError, match=r"no training question has '\*' before a number. Allowed: '', '\+'"):
        layout.tokens(pa.array(["1+2", "1*2"]))


def test_an_encoding_with_columns_is_kept_in_json():
    encoding = fit_encoding(COLUMNS, "+0123456789", pa.array(["12+3"]), pa.array(["15"]))
    assert Encoding.from_json(encoding.to_json()) == encoding
    assert encoding.name == "reversed-columns-last"
    assert "layout" not in fit_encoding(EncodingOptions(), "+1", pa.array(["1"]), pa.array(["1"])).to_json()


def test_groups_have_equally_many_columns_and_numbers():
    questions = pa.array(["1+2", "12+3", "1+2+3", "3+4"])
    encoding = fit_encoding(COLUMNS, "+0123456789", questions.slice(0, 2), pa.array(["3", "15"]))
    groups = {tuple(rows.tolist()): tokens.shape for rows, tokens in encoding.group_by_width(questions)}
    assert groups == {(0, 3): (2, 2, 2), (2,): (1, 2, 3), (1,): (1, 3, 2)}


def network(name, framework, shape, **settings):
    entry = BASELINES[name]
    return load(entry.frameworks[framework])(shape, load(entry.settings)(**settings), 0, DeviceConfig("cpu"))


@pytest.mark.parametrize("reading", ["both", "units-first"])
@pytest.mark.parametrize("classes", [(), ("false", "true")])
@pytest.mark.parametrize("name", ["column-gru", "column-lstm"])
def test_both_frameworks_compute_the_same_function(name, classes, reading):
    layout = ColumnLayout(10, ("", "+"), 1)
    shape = NetworkShape(20, len(classes) or 11, 5, 5, classes=classes, layout=layout)
    mine, theirs = (
        network(name, framework, shape, hidden=8, reading=reading) for framework in ("torch", "keras")
    )
    with torch.no_grad():
        for p in mine._trained:
            p.copy_(torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())) * 0.5)
        for variable, weight in zip(theirs.model.weights, keras_layout(mine.module), strict=True):
            variable.assign(weight.numpy())
    asked = np.random.default_rng(0).integers(0, 20, (9, 7, 2))
    with torch.no_grad():
        logits = mine.module(mine._inputs(asked)).numpy()
    assert logits.shape == ((9, 1, 2) if classes else (9, 7, 11)) and np.ptp(logits) > 0.1
    np.testing.assert_allclose(logits, theirs.model.predict_on_batch(theirs._features(asked)), atol=1e-5)


def linear(base, signs, classes=()):
    layout = ColumnLayout(base, signs, 1)
    shape = NetworkShape(layout.symbols, base + 1, 5, 5, classes=classes, layout=layout)
    return network("column-linear", "torch", shape), layout


def test_a_column_of_a_product_sums_the_pairs_of_long_multiplication():
    made, layout = linear(10, ("", "*"))
    table = made.module.digits.detach()
    tokens = layout.tokens(pa.array(["203*41"]))
    with torch.no_grad():
        columns = made.module._products(torch.from_numpy(tokens))[0]
    expected = [[(3, 1)], [(0, 1), (3, 4)], [(2, 1), (0, 4)], [(2, 4)]]
    for column, pairs in zip(columns, expected, strict=False):
        torch.testing.assert_close(column, sum(table[10 * a + b] for a, b in pairs))
    assert not columns[len(expected) :].any()


@pytest.mark.parametrize("question", ["0*0", "0*12", "12*0"])
def test_a_product_with_zero_has_no_pairs(question):
    made, layout = linear(10, ("", "*"))
    with torch.no_grad():
        assert not made.module._products(torch.from_numpy(layout.tokens(pa.array([question])))).any()


def test_a_statement_is_true_if_every_digit_said_is_claimed():
    """The read-out is made to say digit 0 always, so claims of zeros alone are right."""
    made, layout = linear(10, ("", "+", "="), ("false", "true"))
    with torch.no_grad():
        made.module.output.weight.zero_()
        made.module.output.bias.copy_(torch.eye(10)[0])
    tokens = layout.tokens(pa.array(["1+2=0", "1+2=3", "1+2=10"]))
    classes, shares = made.probabilities(tokens)
    assert classes.tolist() == [[1], [0], [0]]
    right = float(torch.softmax(torch.eye(10)[0], 0)[0]) ** 3
    assert shares[0, 0] == pytest.approx(right) and shares[1, 0] > 0.5


def test_false_statements_teach_the_linear_reader_nothing():
    made, layout = linear(10, ("", "+", "="), ("false", "true"))
    tokens = layout.tokens(pa.array(["1+2=3", "4+4=9"]))
    before = made.weights()
    assert made.step(tokens[1:], np.array([[0]]), 0.1, 0) == 0.0
    assert all(np.array_equal(before[name], value) for name, value in made.weights().items())
    assert made.step(tokens[:1], np.array([[1]]), 0.1, 0) > 0


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_a_gru_judges_statements_by_the_digits_that_it_writes(framework):
    layout, classes = ColumnLayout(10, ("", "+", "="), 1), ("false", "true")
    shape = NetworkShape(layout.symbols, 2, 5, 1, classes=classes, layout=layout)
    made = network("column-gru", framework, shape, hidden=8, inner=8)
    tokens = layout.tokens(pa.array(["12+34=46", "12+34=45"]))
    labels = np.array([[1], [0]])
    before = made.weights()
    made.step(tokens[1:], labels[1:], 0.1, 0)
    assert all(np.allclose(before[name], value, atol=1e-6) for name, value in made.weights().items())
    for step in range(60):
        made.step(tokens, labels, 0.02, step)
    assert made.predict(tokens).tolist() == [[1], [0]]


def test_the_linear_reader_takes_sums_and_products_only():
    with pytest.raises(InputError, match="reads sums and products"):
        linear(10, ("", "-"))
    with pytest.raises(InputError, match="reads sums and products"):
        linear(10, ("", "+", "="))


def test_counted_tokens_add_up():
    tokens = np.random.default_rng(0).integers(0, 7, (4, 3, 5))
    counts = count_tokens(tokens, 7)
    assert (counts.sum(axis=2) == 5).all()
    assert counts[2, 1, tokens[2, 1, 0]] == (tokens[2, 1] == tokens[2, 1, 0]).sum()


SIZES = ("--train", 8000, "--validation", 200, "--interpolate", 500, "--extrapolate", 500)


@pytest.mark.parametrize(
    "words",
    [
        ("column-linear", "--task", "correct-addition", "--digits", 5),
        ("column-linear", "--task", "addition", "--digits", 5, "--more", 0, "--longer", 20),
        ("column-gru", "--digits", 8, "--step", 1, "--longer", 12),
    ],
    ids=lambda words: "-".join(map(str, words[:3])),
)
def test_sums_are_learned_for_every_length(words, tmp_path):
    more = ("--set", "steps=1500", "--long", "50", "--no-submit", "--out", tmp_path / "run")
    done = run("run-baseline", *words, *SIZES, *more)
    assert done.returncode == 0, done.stderr
    result = Result.load(tmp_path / "run")
    assert result.supervision == "aligned"
    assert min(result.scores[split]["exact_match"] for split in ("interpolate", "extrapolate")) > 0.98
    assert result.long["50"]["exact_match"] > 0.95
    loaded = load_run(tmp_path / "run", DeviceConfig("cpu"))
    statement = "correct-addition" in words
    assert loaded.predict(pa.array(["12+9=21" if statement else "12+9"])).to_pylist() == [
        "true" if statement else "21"
    ]


@pytest.mark.parametrize("ask, classes", [("larger", []), ("smaller", []), ("relation", ["<", "=", ">"])])
def test_comparisons_are_read_in_columns(ask, classes, tmp_path):
    sizes = ("--train", 300, "--validation", 20, "--interpolate", 20, "--extrapolate", 20)
    more = ("--digits", 12, "--long", "30", "--set", "steps=2", "--set", "evaluate=2", "--set", "batch=16")
    out = ("--no-submit", "--out", tmp_path / "run")
    done = run("run-baseline", "column-gru", "--task", "comparison", "--ask", ask, *sizes, *more, *out)
    assert done.returncode == 0, done.stderr
    result = Result.load(tmp_path / "run")
    assert (
        result.supervision == "aligned"
        and result.long["30"]["n"] > 100
        and "copy-operand" not in result.floors
    )
    loaded = load_run(tmp_path / "run", DeviceConfig("cpu"))
    between = "?" if classes else "or"
    (answer,) = loaded.predict(pa.array([f"57 {between} 8"])).to_pylist()
    assert answer in classes if classes else answer.isdigit()


@pytest.mark.parametrize(
    "words, message",
    [
        (
            ("column-gru", "--set", "padding=right"),
            "column-gru requires padding=columns. Received: padding=right",
        ),
        (
            ("mlp", "--set", "padding=columns", "--set", "answer=last"),
            "mlp requires padding=right, left or operands",
        ),
        (("column-gru", "--set", "query=forward"), "padding=columns requires query=reversed and answer=last"),
        (("column-gru", "--set", "buckets=4", "--set", "sampling=rows"), "Received: padding=columns"),
        (("column-linear", "--task", "subtraction"), "column-linear reads sums and products"),
        (("column-linear", "--task", "divisible"), "column-linear reads sums and products"),
        (("column-gru", "--task", "addition", "--format", "reversed"), "padding=columns needs plain text"),
        (
            ("column-gru", "--task", "comparison", "--places", 2),
            "questions that have equally many numbers each",
        ),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_what_has_no_columns_is_said(words, message, tmp_path):
    sizes = ("--train", 50, "--validation", 9, "--interpolate", 9, "--extrapolate", 9)
    done = run("run-baseline", *words, *sizes, "--no-submit", "--out", tmp_path / "run")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words", [("correct-addition",), ("addition", "--more", 0)], ids=["statements", "sums"]
)
def test_a_reader_of_sums_is_proved(words, tmp_path):
    """Trained on sums of up to 5 digits, proved for every length, and its certificate is checked."""
    options = ("--digits", 5, "--set", "steps=1500", "--no-submit", "--out", tmp_path / "run")
    assert run("run-baseline", "column-linear", "--task", *words, *SIZES, *options).returncode == 0
    done = run("certify", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    result = Result.load(tmp_path / "run-certified")
    assert result.certificate["weights"] in ("as trained", "fine-tuned")
    assert ("no weight changed" in done.stderr) == (result.certificate["weights"] == "as trained")
    checked = run("certificate", "check", tmp_path / "run-certified" / "certificate.safetensors")
    assert (
        checked.returncode == 0
        and f"the network is right about {result.certificate['claim']}" in checked.stdout
    )
    assert "The same holds in float32" in checked.stdout


def test_products_are_no_sums(tmp_path):
    sizes = ("--train", 300, "--validation", 20, "--interpolate", 20, "--extrapolate", 20)
    options = (
        "--set",
        "steps=1",
        "--set",
        "evaluate=1",
        "--set",
        "growth=0",
        "--no-submit",
        "--out",
        tmp_path / "run",
    )
    recipe = ("--recipe", "column-linear-products")
    assert run("run-baseline", "column-linear", *recipe, *sizes, *options).returncode == 0
    done = run("certify", tmp_path / "run")
    assert done.returncode == 2 and "needs sums: no finite automaton multiplies" in done.stderr


def test_a_network_that_learned_nothing_is_not_certified(tmp_path):
    options = ("--set", "steps=1", "--set", "evaluate=1", "--no-submit", "--out", tmp_path / "run")
    assert run("run-baseline", "column-linear", "--digits", 3, *SIZES, *options).returncode == 0
    done = run("certify", tmp_path / "run", "--budget", "1s")
    assert done.returncode == 1 and "the boxes did not close; nothing was written" in done.stderr
    assert not (tmp_path / "run-certified").exists()
