"""Looking into a network: confidence of each character, attention and hidden states."""

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mathbench.baselines.analysis import inspect, states, states_picture
from mathbench.baselines.analysis.confidence import character_probabilities
from mathbench.baselines.encoding import fit_encoding
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.predictor import TrainedNetwork, load_run
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import EncodingOptions
from mathbench.errors import InputError
from tests.baselines.commands import mathbench


class Certain:
    """A network whose tokens and probabilities are given."""

    def __init__(self, tokens, chances):
        self.answer = np.array([tokens]), np.array([chances], dtype=np.float32)

    def probabilities(self, questions, beam=None):
        return self.answer[0].repeat(len(questions), axis=0), self.answer[1].repeat(len(questions), axis=0)


def trained(tokens, chances, classify=False, **choices):
    answers = pa.array(["false", "true"]) if classify else pa.array(["123"])
    encoding = fit_encoding(EncodingOptions(**choices), "+0123456789", pa.array(["1+2"]), answers, classify)
    return TrainedNetwork(Certain(tokens, chances), encoding)


def test_parts_come_in_reading_order_up_to_the_end():
    # token 2 is the character 0, so 3, 4, 5 are 1, 2, 3
    asked = pa.array(["1+2", "1+2"])
    first = character_probabilities(trained([3, 4, 0], [0.5, 0.25, 1.0]), asked)
    assert len(first) == 2 and first[0] == first[1]
    assert (first[0].answer, first[0].parts, first[0].probabilities) == (
        "12",
        ("1", "2", ""),
        (0.5, 0.25, 1.0),
    )
    last = character_probabilities(trained([3, 4, 0], [0.5, 0.25, 1.0], answer="last"), asked)[0]
    assert (last.answer, last.parts, last.probabilities) == ("21", ("2", "1", ""), (0.25, 0.5, 1.0))
    full = character_probabilities(trained([3, 4, 5], [0.5, 0.25, 1.0]), asked)[0]
    assert (full.answer, full.parts) == ("123", ("1", "2", "3"))
    label = character_probabilities(trained([1], [0.75], classify=True), asked)[0]
    assert (label.answer, label.parts, label.probabilities) == ("true", ("true",), (0.75,))


@pytest.mark.parametrize(
    ("outputs", "answer", "parts", "expected"),
    [
        ([5, 6, 0, 0], "65", ("6", "5", ""), (0.2, 0.1, 0.3 * 0.4)),
        ([5, 0, 0, 10], "-5", ("-", "5", ""), (0.4, 0.1, 0.2 * 0.3)),
        ([5, 0, 3, 10], "-305", ("-", "3", "0", "5"), (0.4, 0.3, 0.2, 0.1)),
        ([1, 2, 3, 4], "4321", ("4", "3", "2", "1"), (0.4, 0.3, 0.2, 0.1)),
    ],
)
def test_columns_are_read_from_the_first_digit_on(outputs, answer, parts, expected):
    asked = pa.array(["12+34"])
    encoding = fit_encoding(EncodingOptions(padding="columns", answer="last"), "", asked, pa.array(["46"]))
    network = TrainedNetwork(Certain(outputs, [0.1, 0.2, 0.3, 0.4]), encoding)
    (found,) = character_probabilities(network, asked)
    assert (found.answer, found.parts) == (answer, parts)
    assert found.probabilities == pytest.approx(expected)


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_ask_and_inspect_a_run(framework, tiny, sums, tmp_path, capsys):
    run(tiny(framework=framework), sums, RunOptions(tmp_path / "r"))
    assert mathbench("ask", tmp_path / "r", "12+29", "7+8", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["question"] for row in said] == ["12+29", "7+8"]
    for row in said:
        assert "".join(part["text"] for part in row["confidence"]) == row["answer"]
        assert all(0 < part["probability"] <= 1 for part in row["confidence"])
    assert mathbench("inspect", tmp_path / "r", "12+29", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["answer"] == said[0]["answer"]
    for one, other in zip(shown["confidence"], said[0]["confidence"], strict=True):
        assert one["text"] == other["text"]
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)
    for matrix in shown["matrices"].values():
        assert matrix["axes"] == ["position", "unit"] and matrix["shape"][1] == 12
        assert np.asarray(matrix["values"]).shape == tuple(matrix["shape"])
    first = next(iter(shown["matrices"]))
    for name in ("a.npz", "a.json"):
        assert mathbench("inspect", tmp_path / "r", "12+29", "--json", "--out", tmp_path / name) == 0
        written = json.loads(capsys.readouterr().out)
        assert written["file"] == str(tmp_path / name) and "values" not in written["matrices"][first]
    stored = json.loads((tmp_path / "a.json").read_text())
    with np.load(tmp_path / "a.npz") as arrays:
        assert set(arrays.files) == set(stored) == set(shown["matrices"])
        for name in stored:
            assert np.allclose(stored[name]["values"], shown["matrices"][name]["values"])
            assert np.allclose(arrays[name], stored[name]["values"])
    assert mathbench("inspect", tmp_path / "r", "12+29", "--out", tmp_path / "a.txt") == 2
    assert ".npz, .json. Received: 'a.txt'" in capsys.readouterr().err
    assert (tmp_path / "r" / "plots" / "inspect.png").read_bytes().startswith(b"\x89PNG")
    assert mathbench("ask", tmp_path / "r", "12+29") == 0
    said = capsys.readouterr()
    assert said.out.strip() == shown["answer"] and "%" in said.err


def test_with_a_beam_the_answer_shown_is_the_one_whose_confidence_is_shown(tiny, sums, tmp_path, capsys):
    """And it is decoded once: a network that is hardly trained answers otherwise greedily."""
    options = {"beam": 5, "longest": 4, "reader": 8, "rate": 0.03, "steps": 40, "evaluate": 40}
    run(tiny("attentional-lstm", **options), sums, RunOptions(tmp_path / "r"))
    trained = load_run(tmp_path / "r", DeviceConfig("cpu")).trained
    questions = sums.splits["interpolate"]["question"].to_pylist()
    tokens = trained.encoding.questions(pa.array(questions))
    beam, greedy = (trained.encoding.decoded(trained.network.predict(tokens, k)).to_pylist() for k in (5, 1))
    row = next(i for i, pair in enumerate(zip(beam, greedy, strict=True)) if len(set(pair)) == 2)
    for command in ("ask", "inspect"):
        assert mathbench(command, tmp_path / "r", questions[row], "--json") == 0
        said = json.loads(capsys.readouterr().out)
        said = said[0] if command == "ask" else said
        assert "".join(part["text"] for part in said["confidence"]) == said["answer"] == beam[row]


def test_attention_is_labelled_with_what_stands_there(tmp_path):
    matrices = {
        "attention/layer0/head0": np.eye(2, 5, dtype=np.float32),
        "hidden": np.ones((5, 3), np.float32),
    }
    inspect.draw(tmp_path / "a.svg", matrices, "1+29 → 30", ("92+1·", "30"))
    said = (tmp_path / "a.svg").read_text()
    assert "looked at" in said and "attention/layer0/head0" in said
    assert all(f">{label}<" in said for label in ("9", "+", "·", "3", "0"))
    with pytest.raises(InputError, match=r"\.png"):
        inspect.draw(tmp_path / "a.txt", matrices, "", ("", ""))


@pytest.mark.parametrize(("tokens", "read"), [([3, 4, 0], "12"), ([3, 4, 5], "12"), ([3, 0, 0], "1")])
def test_a_sequence_is_labelled_with_what_is_read_of_the_answer(tokens, read):
    network = trained(tokens, [0.5, 0.25, 1.0], query="forward")
    labels = inspect.axis_labels(network, network.encoding.questions(pa.array(["1+2"])), np.array([tokens]))
    assert labels[-1] == ["1", "+", "2", inspect.START_MARK, *read]


def test_a_network_that_shows_nothing_draws_nothing(tiny, sums, tmp_path, capsys, monkeypatch):
    run(tiny(), sums, RunOptions(tmp_path / "r"))
    monkeypatch.setattr(inspect, "activation_matrices", lambda trained, tokens, answer: {})
    assert mathbench("inspect", tmp_path / "r", "1+1") == 0
    assert "shows nothing" in capsys.readouterr().err
    assert not (tmp_path / "r" / "plots").exists()


def test_bad_questions_are_one_line(tiny, sums, tmp_path, capsys):
    run(tiny(), sums, RunOptions(tmp_path / "r"))
    main_folder = tmp_path / "floor"
    words = [
        "--digits",
        "2",
        "--train",
        "50",
        "--validation",
        "10",
        "--interpolate",
        "10",
        "--extrapolate",
        "10",
    ]
    assert mathbench("run-baseline", "constant", *words, "--no-submit", "--out", main_folder) == 0
    capsys.readouterr()
    for words, line in (
        (["inspect", tmp_path / "r", ""], "must not be empty"),
        (["ask", tmp_path / "r", ""], "must not be empty"),
        (
            ["ask", tmp_path / "r", "1x1"],
            "the question '1x1': the alphabet '+0123456789' does not contain 'x'",
        ),
        (["inspect", tmp_path / "r", "1x1"], "does not contain 'x'"),
        (["inspect", main_folder, "1+1"], "is not a network"),
        (["inspect", tmp_path / "r", "1+1", "--plot", "a.txt"], "ending in"),
        (["inspect", tmp_path / "nowhere", "1+1"], "not a run directory"),
    ):
        assert mathbench(*words) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1


# Export of hidden states

READERS = [("gru-classifier", "torch"), ("lstm-classifier", "torch"), ("gru-classifier", "keras")]


@pytest.mark.parametrize(("name", "framework"), READERS)
def test_states_are_exported_with_what_was_read(name, framework, tiny, multiples, tmp_path, capsys):
    run(tiny(name, framework), multiples, RunOptions(tmp_path / "r"))
    file = tmp_path / "states.parquet"
    capsys.readouterr()
    assert mathbench("inspect", tmp_path / "r", "47", "12345", "--states", file, "--json") == 0
    layers = {"reader/h": 12, "reader/c": 12} if name.startswith("lstm") else {"reader/h": 12}
    # 47 is padded to four digits
    shown = {"states": str(file), "questions": 2, "rows": (4 + 5) * len(layers), "layers": layers}
    assert json.loads(capsys.readouterr().out) == shown
    rows = pq.read_table(file).to_pylist()
    first = [row for row in rows if row["layer"] == "reader/h"]
    assert [(row["question"], row["position"], row["token"], row["prefix"]) for row in first] == [
        *(("47", 0, "·", ""), ("47", 1, "·", ""), ("47", 2, "4", "4"), ("47", 3, "7", "47")),
        *(("12345", i, "12345"[i], "12345"[: i + 1]) for i in range(5)),
    ]
    assert {row["expected"] for row in rows} == {row["id"] for row in rows} == {None}
    loaded = load_run(tmp_path / "r", DeviceConfig("cpu"))
    for question in ("47", "12345"):
        tokens = loaded.trained.encoding.questions(pa.array([question]))
        mine = [row for row in first if row["question"] == question]
        assert {row["answer"] for row in mine} == {loaded.predict(pa.array([question]))[0].as_py()}
        if framework == "torch":
            seen = loaded.trained.network.inspect(tokens, tokens)["hidden/reader"][0]
            np.testing.assert_allclose([row["state"] for row in mine], seen, atol=1e-6)


@pytest.mark.parametrize("query", ["forward", "reversed"])
def test_states_are_drawn_by_the_residue_of_what_was_read(query, tiny, multiples, tmp_path):
    run(tiny("second-order-rnn", query=query), multiples, RunOptions(tmp_path / "r"))
    file, picture = tmp_path / "states.parquet", tmp_path / "states.svg"
    assert mathbench("inspect", tmp_path / "r", "--states", file, "--count", "9", "--plot", picture) == 0
    assert "first principal component" in picture.read_text()
    (panel,) = states_picture.panels(file, multiples.task)
    rows = pq.read_table(file).to_pylist()
    if query == "forward":
        k = multiples.task.parameters["k"]
        assert panel.groups.tolist() == [str(int(row["prefix"]) % k) for row in rows if row["prefix"]]
    else:
        assert set(panel.groups.tolist()) <= {"true", "false"} and len(panel.groups) == len(panel.places)
    centred = panel.places - panel.places.mean(axis=0)
    np.testing.assert_allclose(centred[:, 0] @ centred[:, 1], 0, atol=1e-6)


def test_states_of_other_tasks_are_drawn_by_the_answer(tiny, sums, tmp_path):
    run(tiny("column-gru"), sums, RunOptions(tmp_path / "r"))
    words = ("--states", tmp_path / "s.parquet", "--plot", tmp_path / "s.png")
    assert mathbench("inspect", tmp_path / "r", "12+9", "7+8", *words) == 0
    found = states_picture.panels(tmp_path / "s.parquet", sums.task)
    assert [panel.layer for panel in found] == ["ascending", "descending"]
    assert (tmp_path / "s.png").read_bytes()[:4] == b"\x89PNG"


def test_states_of_a_split_are_exported_with_the_right_answers(
    tiny, multiples, tmp_path, capsys, monkeypatch
):
    """In batches, of which each question is in one."""
    run(tiny("gru-classifier"), multiples, RunOptions(tmp_path / "r"))
    monkeypatch.setattr(states, "BATCH", 16)
    file = tmp_path / "states.parquet"
    words = ("inspect", tmp_path / "r", "--states", file, "--split", "extrapolate")
    for count, expected in (((), 90), (("--count", 50), 50)):
        assert mathbench(*words, *count) == 0
        table = pq.read_table(file)
        ends = [row for row in table.to_pylist() if row["prefix"] == row["question"]]
        truth = multiples.splits["extrapolate"].slice(0, expected)
        both = dict(zip(truth["question"].to_pylist(), truth["answer"].to_pylist(), strict=True))
        assert {row["question"]: row["expected"] for row in ends} == both
        prefix = f"{multiples.task.name}-v2-seed{multiples.seed}-extrapolate-"
        names = {question: f"{prefix}{row}" for row, question in enumerate(truth["question"].to_pylist())}
        assert {row["question"]: row["id"] for row in ends} == names
        assert table.schema.field("state").type == pa.list_(pa.float32())
    assert "states of 50 questions" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "framework", "layers"),
    [
        ("lstm-seq2seq", "torch", {"reader": (5, True), "writer": (3, False)}),
        ("lstm-seq2seq", "keras", {"reader": (1, True), "writer0": (3, False)}),
        ("simple-lstm", "torch", {"reader": (5 + 2 + 3, True)}),
        ("attentional-lstm", "torch", {"readers/onward": (5, False), "writer": (None, False)}),
    ],
)
def test_positions_of_answers_and_blank_steps_have_no_characters(
    name, framework, layers, tiny, sums, tmp_path
):
    run(tiny(name, framework, padding="left", query="forward"), sums, RunOptions(tmp_path / "r"))
    assert mathbench("inspect", tmp_path / "r", "1+29", "--states", tmp_path / "s.parquet") == 0
    rows = pq.read_table(tmp_path / "s.parquet").to_pylist()
    for layer, (positions, reads) in layers.items():
        found = [row for row in rows if row["layer"] == layer]
        assert positions in (None, len(found))
        prefixes = [row["prefix"] for row in found]
        if reads:
            assert prefixes[-1] == "1+29"
            assert len(found) == 1 or [*prefixes[:5], found[0]["token"]] == [
                "",
                "1",
                "1+",
                "1+2",
                "1+29",
                "·",
            ]
        else:
            assert set(prefixes) == {row["token"] for row in found} == {None}


def test_positions_of_columns_are_digits_of_all_numbers(tiny, sums, tmp_path, capsys):
    run(tiny("column-gru"), sums, RunOptions(tmp_path / "r"))
    assert mathbench("inspect", tmp_path / "r", "12+9", "--plot", tmp_path / "a.svg") == 0
    labels = re.findall(r">(\d\+\d)<", (tmp_path / "a.svg").read_text())
    # those of the layer from the units on; the other one reads from the other end
    assert labels == ["2+9", "1+0", "0+0"]
    assert mathbench("inspect", tmp_path / "r", "12+9", "--states", tmp_path / "s.parquet") == 0
    rows = pq.read_table(tmp_path / "s.parquet").to_pylist()
    assert [(row["layer"], row["token"], row["prefix"]) for row in rows] == [
        ("ascending", "2+9", "2+9"),
        ("ascending", "1+0", "12+09"),
        ("ascending", "0+0", "012+009"),
        *[("descending", None, None)] * 3,
    ]


def test_pooled_positions_have_no_characters(tiny, multiples, tmp_path):
    run(tiny("cnn-lstm-classifier"), multiples, RunOptions(tmp_path / "r"))
    assert mathbench("inspect", tmp_path / "r", "123456", "--states", tmp_path / "s.parquet") == 0
    rows = pq.read_table(tmp_path / "s.parquet").to_pylist()
    assert [(row["position"], row["token"], row["prefix"]) for row in rows] == [
        (i, None, None) for i in range(3)
    ]


def test_what_cannot_be_exported_is_one_line(tiny, sums, tmp_path, capsys):
    run(tiny(), sums, RunOptions(tmp_path / "r"))
    run(tiny("mlp"), sums, RunOptions(tmp_path / "mlp"))
    capsys.readouterr()
    file, nine = tmp_path / "s.parquet", ["--count", "9"]
    for words, line in (
        (["r", "1+1", "--states", "a.csv"], "writes Parquet, such as states.parquet. Received: a.csv"),
        (["r", "1+1", "--states", file, "--plot", "a.gif"], "requires a file ending in"),
        (["r", "1+1", "--states", file, *nine], "not both"),
        (["r", "1+1", *nine], "go with --states FILE"),
        (["r", "1+1", "2+2"], "give one question, or several with --states FILE. Received: 2."),
        (["r"], "Received: 0."),
        (["r", "1+1", "1x1", "--states", file], "does not contain 'x'"),
        (["r", "--states", file, "--split", "test"], "has no split 'test'"),
        (["r", "--states", file, "--count", "91"], "has 90 rows. Received: --count 91."),
        (["mlp", "--states", file], "mlp has no hidden states to export"),
    ):
        assert mathbench("inspect", tmp_path / words[0], *words[1:]) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1
        assert not file.exists()
