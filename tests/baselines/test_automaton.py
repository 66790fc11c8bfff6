"""Automata of recurrent networks: state machines, extraction, comparison with the truth, graphs, the command."""

import itertools
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.automata.comparison import align, shortest_difference, state_names
from mathbench.baselines.automata.extraction import CLUSTERINGS, extract
from mathbench.baselines.automata.graph import Graph, write_svg
from mathbench.baselines.automata.reader import NumberAutomaton, NumberReader
from mathbench.baselines.automata.run import AutomatonOptions, run_automaton
from mathbench.baselines.automata.truth import reversed_residues, true_automaton
from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape, StateMachine
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.table import BASELINES
from mathbench.certificates.automaton import Automaton, residues
from mathbench.cli.automaton import _unclear
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.registry import load
from tests.baselines.commands import mathbench

CPU = DeviceConfig("cpu")
SHAPE = NetworkShape(12, 3, 5, 1)
LABELS = ["true", "false", "false"]
READERS = [
    (name, framework, layers)
    for name, entry in BASELINES.items()
    if entry.state_machine
    for framework in entry.frameworks
    for layers in ((1,) if name in ("second-order-rnn", "linear-rnn") else (1, 2))
]
SVG = "{http://www.w3.org/2000/svg}"


def network(name, framework="torch", **settings):
    entry = BASELINES[name]
    return load(entry.frameworks[framework])(SHAPE, load(entry.settings)(hidden=6, **settings), 0, CPU)


# State machines


@pytest.mark.parametrize(("name", "framework", "layers"), READERS)
def test_a_state_machine_answers_as_its_network(name, framework, layers):
    made = network(name, framework, **({"layers": layers} if layers > 1 else {}))
    machine, questions = made.state_machine(), np.random.default_rng(0).integers(0, 12, (40, 5))
    states = machine.read(questions)
    assert states.shape == (40, 5, len(machine.start)) and len(machine.start) % len(machine.parts) == 0
    logits = machine.logits(states[:, -1])
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    tokens, probabilities = made.probabilities(questions)
    assert np.array_equal(logits.argmax(axis=1), tokens[:, 0])
    np.testing.assert_allclose(shares.max(axis=1), probabilities[:, 0], atol=1e-5)
    # a state holds all that is carried on: from it, the rest is read without what came before
    again = machine.step(machine.step(states[:, 2], questions[:, 3]), questions[:, 4])
    np.testing.assert_allclose(again, states[:, 4], atol=1e-6)


@pytest.mark.parametrize("form", ["tanh", "unit", "orthogonal"])
def test_the_forms_of_second_order_networks_skip_padding(form):
    machine = network("second-order-rnn", form=form).state_machine()
    states = machine.read(np.array([[0, 0, 4], [4, 0, 0]]))
    assert machine.skips_padding and np.array_equal(states[0, 2], states[1, 2])
    assert not np.array_equal(states[0, 1], states[0, 2])
    assert not network("gru-classifier").state_machine().skips_padding


def test_the_parts_of_a_state_are_those_of_the_layers():
    machine = network("lstm-classifier", layers=2).state_machine()
    assert machine.parts == ("reader0/h", "reader1/h", "reader0/c", "reader1/c")
    questions = np.array([[3, 1, 4]])
    seen = network("lstm-classifier", layers=2).inspect(questions, questions)["hidden/reader"]
    np.testing.assert_allclose(machine.read(questions)[:, :, 6:12], seen, atol=1e-6)


def test_networks_that_read_all_at_once_are_no_state_machines():
    for name in ("mlp", "cnn", "lstm-seq2seq", "cnn-lstm-classifier", "transformer", "relational-memory"):
        entry = BASELINES[name]
        made = load(entry.frameworks["torch"])(SHAPE, load(entry.settings)(), 0, CPU)
        assert made.state_machine() is None and not entry.state_machine


# Readers of numbers


def counting(k, base=10, before=0, after=0, noise=0.0, width=1, padding="none", reverse=False):
    """A network whose state is a residue as a unit vector, with a wrong transition of blanks at will."""

    def step(states, tokens):
        residue = states.argmax(axis=1)
        blank = tokens == 0
        moved = np.where(blank, residue + (before or after), residue * base + tokens - 1)
        jitter = noise * np.cos(np.arange(len(states)))[:, None]
        return np.eye(k)[moved % k] + jitter

    machine = StateMachine(np.eye(k)[0], step, lambda states: states, ("residue",))
    tokens, answers = np.arange(1, base + 1), tuple(str(r) for r in range(k))
    return NumberReader(machine, tokens, answers, padding, width, reverse)


def encoding(query="forward", padding="left", width=5):
    return Encoding(
        EncodingOptions(query=query, padding=padding), "0123456789", (width,), 1, ("false", "true")
    )


@pytest.mark.parametrize(
    ("query", "padding", "expected"),
    [
        ("forward", "left", "before"),
        ("forward", "right", "after"),
        ("reversed", "left", "after"),
        ("reversed", "right", "before"),
    ],
)
def test_blanks_come_where_the_encoding_has_them(query, padding, expected):
    chosen = encoding(query, padding)
    reader = NumberReader.of(network("gru-classifier").state_machine(), chosen, 10)
    assert (reader.padding, reader.width, reader.reverse) == (expected, 5, query == "reversed")
    # word and encoding agree
    (tokens,) = chosen.questions(pa.array(["123"]))
    word = [1, 2, 3] if query == "forward" else [3, 2, 1]
    digits = [int(reader.tokens[symbol]) for symbol in word]
    assert tokens.tolist() == ([0, 0, *digits] if expected == "before" else [*digits, 0, 0])
    assert reader.written(word) == "123"


def test_what_skips_padding_or_has_none_is_read_without_blanks():
    machine = network("gru-classifier").state_machine()
    for chosen, made in ((encoding(width=1), machine), (encoding(), replace(machine, skips_padding=True))):
        reader = NumberReader.of(made, chosen, 10)
        assert (reader.padding, reader.width) == ("none", 1)


# Extraction


@pytest.mark.parametrize("clustering", CLUSTERINGS)
def test_the_automaton_of_a_clean_network_is_the_true_one(clustering):
    found = extract(counting(7, noise=1e-3), 7, clustering=clustering)
    assert found.separated and found.mean_agreement == 1 and found.clustering == clustering
    truth = residues(7, 10, [str(r) for r in range(7)])
    assert shortest_difference(found.automaton, truth) is None
    assert len(found.automaton.unpadded.minimal().table) == 7
    assert found.spread < 0.01


def test_futures_tell_apart_what_distances_do_not():
    """A network with its residue in a small corner of a state that is mostly about the last digit."""
    clean = counting(3)

    def step(states, tokens):
        residue = clean.machine.step(states[:, :3], tokens)
        return np.concatenate([residue, 20 * np.eye(11)[tokens]], axis=1)

    start = np.zeros(14)
    start[0] = 1
    reader = replace(clean, machine=StateMachine(start, step, lambda states: 5 * states[:, :3], ("all",)))
    truth = residues(3, 10, ["0", "1", "2"])
    assert shortest_difference(extract(reader, 3).automaton, truth) is not None
    assert not extract(reader, 3).separated
    found = extract(reader, 3, clustering="futures")
    assert shortest_difference(found.automaton, truth) is None and found.separated


def test_too_few_clusters_do_not_separate_and_the_figures_say_so():
    found = extract(counting(7, noise=1e-3), 4)
    assert not found.separated and found.agreement < 1 and found.purity < 1
    assert found.agreement <= found.mean_agreement < 1


def test_the_same_seed_gives_the_same_automaton():
    one, two, other = (extract(counting(7, noise=0.1), 5, seed) for seed in (0, 0, 1))
    assert one.automaton == two.automaton and np.array_equal(one.centres, two.centres)
    assert not np.array_equal(one.centres, other.centres)


@pytest.mark.parametrize("padding", ["before", "after"])
@pytest.mark.parametrize("blanks", [0, 1])
def test_blanks_around_short_numbers_are_part_of_the_comparison(padding, blanks):
    """Where each blank adds one, numbers of two digits with one blank are wrong first, as 0 has two."""
    shift = {"before" if padding == "before" else "after": blanks}
    reader = counting(3, padding=padding, width=3, **shift)
    found = extract(reader, 3)
    assert found.separated
    truth = residues(3, 10, ["0", "1", "2"])
    word = shortest_difference(found.automaton, truth)
    if not blanks:
        assert word is None
    else:
        assert word == (0,) and found.automaton.answer(word) == reader.answer(word) == "2"
    for number in ("7", "42", "123", "9999"):
        assert found.automaton.answer(list(map(int, number))) == reader.answer(list(map(int, number)))


# Comparison with the truth


@given(st.integers(2, 12), st.integers(2, 10), st.integers(0, 10**6), st.booleans())
def test_true_automata_answer_as_the_task_from_either_end(k, base, number, label):
    kind = task("divisible", k=k, base=base, digits=9, answer="label" if label else "residue")
    digits = []
    rest = number
    while rest or not digits:
        digits.append(rest % base)
        rest //= base
    expected = kind._answer(number % k)
    assert true_automaton(kind, True).automaton.answer(digits) == expected
    assert true_automaton(kind, False).automaton.answer(digits[::-1]) == expected


def test_sizes_of_true_automata():
    assert [true_automaton(task("divisible", k=k), False).size for k in (2, 3, 4, 7, 29)] == [2, 3, 3, 7, 29]
    # divisors of a power of the base are decided by the last digits, which come first from the units
    assert true_automaton(task("divisible", k=2), True).size == 2
    assert true_automaton(task("divisible", k=7), True).size == 7
    assert true_automaton(task("divisible", k=7, answer="residue"), True).size == 42


def test_names_of_true_states_are_residues():
    found = true_automaton(task("divisible", k=7), False)
    state = {name: i for i, name in enumerate(found.names)}
    for r, d in itertools.product(range(7), range(10)):
        assert found.automaton.table[state[str(r)]][d] == state[str((10 * r + d) % 7)]


def wrong_numbers(found, truth, reverse=False):
    """The shortest numbers with another answer, by trying all of up to 11 symbols.

    States of two automata with n states together that differ at all do so after n - 1 symbols: with four states each,
    numbers differ after the width, 7 more symbols, and one that is no zero.
    """
    for length in range(1, 12):
        words = itertools.product(range(2), repeat=length)
        numbers = [w for w in words if length == 1 or w[-1 if reverse else 0]]
        if wrong := [w for w in numbers if found.answer(w) != truth.answer(w)]:
            return wrong
    return []


@st.composite
def automata(draw, symbols=2):
    states = draw(st.integers(1, 4))
    state = st.integers(0, states - 1)
    row = st.tuples(*[state] * symbols)
    width = draw(st.integers(1, 3))
    before, after = draw(st.sampled_from([(1, 1), (width, 1), (1, width)]))
    answers = st.tuples(*[st.sampled_from(["a", "b"])] * states)
    return NumberAutomaton(
        tuple(draw(row) for _ in range(before)),
        tuple(draw(row) for _ in range(states)),
        tuple(draw(answers) for _ in range(after)),
        width,
    )


@given(automata(), automata(), st.booleans())
def test_the_shortest_difference_is_the_first_of_all_numbers(found, other, reverse):
    truth = other.unpadded
    word, wrong = shortest_difference(found, truth, reverse), wrong_numbers(found, truth, reverse)
    assert (word is None) == (not wrong)
    assert word is None or word in wrong


ALWAYS = Automaton((0, 0), ((0, 0),), ("a",))


@pytest.mark.parametrize("width", [2, 3])
def test_each_length_is_compared_with_its_own_answers(width):
    """The last digit is the state; after a one, numbers without blanks are wrong, and only these."""
    rows = (("a", "b"), *[("a", "a")] * (width - 1))
    found = NumberAutomaton(((0, 1),), ((0, 1), (0, 1)), rows, width)
    word = shortest_difference(found, ALWAYS)
    assert len(word) == width and word[0] == word[-1] == 1


def test_a_wrong_answer_after_a_last_zero_is_none_where_zeros_come_last():
    found = NumberAutomaton(((0, 1),), ((0, 1), (2, 1), (2, 1)), (("a", "a", "b"),))
    assert shortest_difference(found, ALWAYS) == (1, 0)
    assert shortest_difference(found, ALWAYS, reverse=True) is None


def test_a_difference_after_a_leading_zero_is_none():
    """After 0 alone, any digit leads astray; no number but 0 begins with it."""
    truth = residues(3, 10, LABELS)
    table = (*truth.table, (1,) * 10)
    odd = NumberAutomaton(((3, *truth.first[1:]),), table, ((*truth.answers, "true"),))
    assert shortest_difference(odd, truth) is None
    assert shortest_difference(replace(odd, answers=((*truth.answers, "false"),)), truth) == (0,)


def test_states_are_matched_with_true_ones():
    truth = residues(5, 10, [str(r) for r in range(5)])
    order = [3, 0, 4, 1, 2]  # state i of the permuted automaton is residue order[i]
    place = [order.index(r) for r in range(5)]
    permuted = Automaton(
        tuple(place[r] for r in truth.first),
        tuple(tuple(place[t] for t in truth.table[r]) for r in order),
        tuple(truth.answers[r] for r in order),
    )
    assert align(permuted, truth) == tuple(order)
    assert state_names([1, 1, 0, *[1] * 25], ["x", "y"])[-2:] == ("yz", "y(27)")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: true_automaton(task("addition"), False), "depend on a residue of one number"),
        (lambda: true_automaton(task("divisible", k=3, format="reversed-all"), False), "in plain text"),
        (lambda: true_automaton(task("divisible", k=10**9, digits=12), False), "at most 1,000 residues"),
        (lambda: reversed_residues(997, 10, ["a"] * 997), "too many states"),
    ],
)
def test_what_has_no_finite_automaton_is_said(made, message):
    with pytest.raises(InputError, match=message):
        made()


# Graphs


def graph(k, base=10, **more):
    truth = residues(k, base, ["true", *["false"] * (k - 1)])
    names = tuple(map(str, range(k)))
    symbols = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
    return Graph(truth, names, tuple(range(k)), symbols, "a & b < c", **more)


def parsed(made):
    return ElementTree.fromstring(write_svg(made))


def arrows(root):
    """The titles of all arrows, as (source, symbols, target)."""
    titles = [
        g.find(f"{SVG}title").text for g in root.iter(f"{SVG}g") if g.get("class") in ("right", "wrong")
    ]
    return [re.fullmatch(r"(\S+) (\S+) → (\S+)", title).groups() for title in titles]


def symbols_of(text):
    if "-" in text:
        low, high = (int(part, 36) for part in text.split("-"))
        return list(range(low, high + 1))
    return [int(part, 36) for part in text.split(",")]


@pytest.mark.parametrize(("k", "base"), [(2, 2), (2, 10), (3, 10), (7, 10), (29, 10), (29, 36), (1, 2)])
def test_every_transition_is_drawn_once_in_a_merged_arrow(k, base):
    made = graph(k, base)
    drawn = arrows(parsed(made))
    pairs = [(source, target) for source, _, target in drawn]
    assert len(set(pairs)) == len(pairs)
    found = {(int(s), symbol): int(t) for s, text, t in drawn for symbol in symbols_of(text)}
    expected = {(r, d): (base * r + d) % k for r in range(k) for d in range(base)}
    assert found == expected


def test_290_labels_do_not_meet():
    root = parsed(graph(29))
    labels = [
        (float(t.get("x")), float(t.get("y")))
        for g in root.iter(f"{SVG}g")
        if g.get("class") == "right"
        for t in g.iter(f"{SVG}text")
    ]
    assert len(labels) == 290
    points = np.array(labels)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(290)
    # a digit of 12 pixels is 7 wide
    assert apart.min() > 9
    width, height = (float(root.get(side)) for side in ("width", "height"))
    assert (points > 5).all() and (points[:, 0] < width - 5).all() and (points[:, 1] < height - 5).all()
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter(f"{SVG}circle")]
    gaps = np.linalg.norm(points[:, None] - np.array(circles)[None], axis=2)
    assert gaps.min() > 20 + 6


def test_accepting_states_are_doubled_and_the_start_is_marked():
    root = parsed(graph(3))
    states = {
        g.find(f"{SVG}title").text: (g.get("class"), len(g.findall(f"{SVG}circle")))
        for g in root.iter(f"{SVG}g")
        if g.get("class").startswith("state")
    }
    assert states == {
        "state 0: true": ("state start", 2),
        "state 1: false": ("state", 1),
        "state 2: false": ("state", 1),
    }
    text = [t.text for t in root.iter(f"{SVG}text")]
    assert text[0] == "a & b < c" and text.count("start") == 1


def test_a_start_that_is_like_no_state_is_drawn():
    made = graph(3)
    other = replace(made, automaton=replace(made.automaton, first=(2,) * 10))
    drawn = arrows(parsed(other))
    assert ("start", "0-9", "2") in drawn and len(drawn) == 9 + 1


def test_wrong_transitions_and_answers_are_marked():
    root = parsed(graph(3, wrong=frozenset({(1, 4)}), wrong_answers=frozenset({2})))
    (wrong,) = [g for g in root.iter(f"{SVG}g") if g.get("class") == "wrong"]
    assert wrong.find(f"{SVG}title").text == "1 1,4,7 → 2"
    label = wrong.find(f"{SVG}text")
    assert "".join(label.itertext()) == "1,4,7" and [t.text for t in label] == ["1", "7"]
    assert [g.get("class") for g in root.iter(f"{SVG}g") if "wrong" in g.get("class")][1:] == ["state wrong"]


# The command


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A network that has learned the multiples of 3 of any length."""
    folder = tmp_path_factory.mktemp("learned") / "run"
    options = (
        "--task",
        "divisible",
        "--k",
        3,
        "--digits",
        4,
        "--set",
        "hidden=12",
        "--set",
        "noise_from=0.3",
    )
    sizes = ("--train", 2000, "--validation", 100, "--interpolate", 100, "--extrapolate", 100)
    words = ("run-baseline", "second-order-rnn", *options, *sizes, "--no-submit", "--no-plots")
    assert mathbench(*words, "--out", folder) == 0
    return folder


def test_a_network_that_has_learned_the_rule_has_the_true_automaton(learned, tmp_path, capsys):
    assert mathbench("automaton", learned, "--out", tmp_path / "graphs") == 0
    said = capsys.readouterr()
    assert "equal: the automaton answers every number of every length rightly" in said.out
    assert "warning" not in said.err
    assert re.search(r"^1 +false +1 +2 +0 +1 +2 +0 +1 +2 +0 +1 *$", said.out, re.MULTILINE)
    ours, truth = (
        (tmp_path / "graphs" / name).read_text() for name in ("automaton.svg", "automaton-true.svg")
    )
    assert sorted(arrows(ElementTree.fromstring(ours))) == sorted(arrows(ElementTree.fromstring(truth)))


def test_the_warning_names_only_shares_below_all_states_and_rounds_none_of_them_up(learned, monkeypatch):
    found = run_automaton(learned, AutomatonOptions())
    tells = {
        (0.99996, 1.0): "only 99.996 % of the states of a cluster lead to the same cluster; what",
        (1.0, 0.5): "separate: only 50.0 % of the states of a cluster give the same answer; what",
        (
            0.9999999,
            0.25,
        ): "only >99.999 % of the states of a cluster lead to the same cluster, and only 25.0 % of",
    }
    for (agreement, purity), text in tells.items():
        shares = replace(found.extraction, agreement=agreement, purity=purity)
        assert text in _unclear(replace(found, extraction=shares))


def test_more_clusters_are_merged_where_they_answer_alike(learned, tmp_path, capsys):
    words = ("automaton", learned, "--clusters", 8, "--out", tmp_path, "--json")
    assert mathbench(*words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["clusters"] == 8 and found["equal"] and found["minimal"] == found["true_states"] == 3
    assert len(found["automaton"]["table"]) == 8 and found["fidelity"]["12"] == 1
    assert mathbench(*words, "--smallest") == 0
    small = json.loads(capsys.readouterr().out)
    assert len(small["automaton"]["table"]) == 3 and sorted(small["automaton"]["names"]) == ["0", "1", "2"]


@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_an_untrained_network_is_told_from_the_truth_with_a_warning(
    framework, tiny, multiples, tmp_path, capsys
):
    name = "second-order-rnn" if framework == "torch" else "gru-classifier"
    run(
        tiny(name, framework, steps=1, **({"growth": 0} if framework == "torch" else {})),
        multiples,
        RunOptions(tmp_path / "r"),
    )
    capsys.readouterr()
    assert mathbench("automaton", tmp_path / "r", "--json") == 0
    said = capsys.readouterr()
    found, warning = json.loads(said.out), said.err
    assert not found["equal"] and not found["separated"] and "the clusters do not separate" in warning
    difference = found["difference"]
    assert difference["automaton"] != difference["truth"]
    assert difference["truth"] == str(int(difference["number"]) % 3 == 0).lower()
    assert mathbench("ask", tmp_path / "r", difference["number"]) == 0
    assert capsys.readouterr().out.strip() == difference["network"]
    assert found["wrong_transitions"] and (tmp_path / "r" / "plots" / "automaton.svg").is_file()
    assert found["padding"] == ("none" if framework == "torch" else "before")


def test_numbers_may_be_read_from_their_units(tiny, multiples, tmp_path, capsys):
    run(tiny("gru-classifier", query="reversed", padding="right"), multiples, RunOptions(tmp_path / "r"))
    capsys.readouterr()
    assert mathbench("automaton", tmp_path / "r", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["reads"] == "units first" and found["padding"] == "before" and found["true_states"] == 3
    assert not found["difference"]["number"].startswith("0") or found["difference"]["number"] == "0"


def test_what_has_no_automaton_is_one_line(tiny, sums, multiples, learned, tmp_path, capsys):
    run(tiny("mlp"), multiples, RunOptions(tmp_path / "mlp"))
    run(tiny("gru-classifier"), sums, RunOptions(tmp_path / "sums"))
    capsys.readouterr()
    for words, line in (
        (
            ["mlp"],
            "lstm-classifier, gru-classifier, rnn-classifier, second-order-rnn, linear-rnn. Received: mlp.",
        ),
        (["sums"], "a residue of one number"),
        (["mlp", "--clusters", "257"], "--clusters must be 1 to 256"),
        (["mlp", "--digits", "1001"], "--digits must be 1 to 1000"),
        (["nowhere"], "not a run directory"),
    ):
        assert mathbench("automaton", tmp_path / words[0], *words[1:]) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1
        assert not (tmp_path / words[0] / "plots").exists()
