"""Second-order networks: batches of one length, noise, long problems, and a proof from nothing."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from mathbench.baselines.automata import extraction
from mathbench.baselines.certifying import second_order as certifying
from mathbench.baselines.certifying.options import ProofOptions
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.recurrent import ClassifierSettings, SecondOrderSettings
from mathbench.baselines.models.torch import recurrent_classifier, second_order
from mathbench.baselines.spec import RunSpec
from mathbench.baselines.table import baseline
from mathbench.certificates import checker, document
from mathbench.certificates.automaton import residues
from mathbench.families import task
from tests.commands import run

SHAPE = NetworkShape(11, 2, 5, 1)
CPU = DeviceConfig("cpu")


def network(**settings):
    return second_order.build(SHAPE, SecondOrderSettings(**settings), 0, CPU)


@pytest.mark.parametrize("form", ["tanh", "unit", "orthogonal"])
def test_padding_leaves_the_state_as_it_is(form):
    made = network(form=form)
    padded, bare = np.array([[0, 0, 3, 1]]), np.array([[3, 1]])
    with torch.inference_mode():
        one, two = (made.module(torch.from_numpy(tokens)) for tokens in (padded, bare))
    assert torch.equal(one, two)


def test_states_are_those_of_the_definition():
    made = network()
    weights = {name: np.asarray(value, np.float64) for name, value in made.weights().items()}
    state = weights["reader.start"]
    for token in (4, 1, 10):
        state = np.tanh(weights["reader.matrices"][token - 1] @ state + weights["reader.bias"][token - 1])
    states = made.inspect(np.array([[4, 1, 10]]), np.array([[0]]))["hidden/reader"][0]
    assert np.allclose(states[-1], state, atol=1e-6)


@pytest.mark.parametrize("form", ["unit", "orthogonal"])
def test_states_keep_their_length(form):
    states = network(form=form).inspect(np.arange(1, 11)[None], np.array([[0]]))["hidden/reader"][0]
    lengths = np.linalg.norm(states, axis=1)
    assert np.allclose(lengths, lengths[0], atol=1e-5)


@pytest.mark.parametrize("build", [second_order.build, recurrent_classifier.gru, recurrent_classifier.lstm])
def test_noise_depends_on_the_random_bits_of_the_step_alone(build):
    kind = SecondOrderSettings if build is second_order.build else ClassifierSettings
    made = build(SHAPE, kind(hidden=8), 0, CPU)
    questions = np.arange(1, 11).reshape(2, 5)
    labels = np.array([[0], [1]])

    def loss(bits, noise):
        return made.step(questions, labels, 0.0, bits, noise)

    assert loss(1, 0.3) == loss(1, 0.3) != loss(2, 0.3)
    assert loss(1, 0.0) == loss(2, 0.0)
    assert made.predict(questions).tolist() == made.predict(questions).tolist()


def test_runs_made_before_have_the_same_spec():
    """Settings that earlier versions did not have are left out at their defaults, so that old runs can be resumed."""
    entry = baseline("gru-classifier")
    spec = RunSpec(entry, "torch", "gru-classifier", 0, ClassifierSettings())
    assert not {"short", "growth", "noise", "noise_from"} & spec.to_json()["recipe"].keys()
    noisy = RunSpec(entry, "torch", "gru-classifier", 0, ClassifierSettings(noise=0.2))
    assert noisy.to_json()["recipe"]["noise"] == 0.2


def test_multiples_of_three_are_learned_and_proved_from_nothing(tmp_path):
    """Trained on numbers of up to four digits, and then right for every number."""
    trained, proved = tmp_path / "run", tmp_path / "run-certified"
    options = ("--task", "divisible", "--k", 3, "--digits", 4, "--set", "hidden=12", "--set", "steps=2400")
    sizes = ("--train", 2000, "--validation", 100, "--interpolate", 100, "--extrapolate", 400)
    done = run(
        "run-baseline", "second-order-rnn", *options, *sizes, "--long", "50", "--no-submit", "--out", trained
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((trained / "result.json").read_text())
    assert result["supervision"] == "examples" and result["long"]["50"]["n"] == 1000
    assert result["scores"]["extrapolate"]["exact_match"] == 1
    done = run("certify", trained, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"]["covers_float32"] and found["certificate"]["claim"].startswith(
        "whether a number is a"
    )
    assert found["long"]["50"]["exact_match"] == 1 and found["predictions_sha256"]
    # the certificate holds the weights that made the predictions of the new run
    certificate = document.read(proved / "certificate.safetensors")
    weights = load_file(proved / "model.safetensors")
    assert np.array_equal(weights["reader.matrices"], np.array(certificate.matrices, np.float32))
    assert checker.check(certificate).transitions == 40
    done = run("certificate", "check", proved / "certificate.safetensors")
    assert done.returncode == 0 and "Proved: the network is right about whether" in done.stdout


def test_an_untrained_network_is_not_certified_however_its_states_are_clustered(tmp_path, monkeypatch):
    tried = []

    def extract(reader, clusters, seed, clustering):
        tried.append((clusters, clustering))
        return extraction.extract(reader, clusters, seed, clustering)

    monkeypatch.setattr(certifying, "extract", extract)
    options = ("--task", "divisible", "--k", 3, "--digits", 4, "--set", "steps=1", "--set", "noise=0")
    sizes = ("--train", 500, "--validation", 50, "--interpolate", 50, "--extrapolate", 50)
    run("run-baseline", "second-order-rnn", *options, *sizes, "--no-submit", "--out", tmp_path / "run")
    done = run("certify", tmp_path / "run")
    assert (
        done.returncode == 1 and "the 3 clusters of states are not the automaton of the claim" in done.stderr
    )
    assert tried == [(3, "states"), (3, "futures"), (5, "states")]
    assert not (tmp_path / "run-certified").exists()


def test_the_first_clustering_with_the_true_automaton_counts(monkeypatch):
    """The network's own classes are tried before k-means where the answers are residues."""
    automata = {"classes": residues(3, 10, ["0", "2", "1"]), "states": residues(3, 10, ["0", "1", "2"])}

    def extract(reader, clusters, seed, clustering):
        automaton = SimpleNamespace(unpadded=automata[clustering])
        return SimpleNamespace(clustering=clustering, automaton=automaton, agreement=1.0, spread=0.1)

    monkeypatch.setattr(certifying, "extract", extract)
    module = second_order.build(NetworkShape(11, 3, 5, 1), SecondOrderSettings(), 0, CPU).module
    encoding = SimpleNamespace(
        classes=("0", "1", "2"),
        alphabet="0123456789",
        choices=SimpleNamespace(query="forward", padding="left"),
    )
    monkeypatch.setattr(certifying.NumberReader, "of", lambda *arguments: None)
    prover = certifying.SecondOrderProver(module, task("divisible", k=3, answer="residue"), encoding)
    assert prover._extract(ProofOptions()).clustering == "states"


@pytest.mark.parametrize(
    "words, message",
    [
        (("--task", "addition"), "needs the baseline second-order-rnn or column-linear. Received: gru-"),
        (("--task", "divisible", "--set", "sampling=rows", "--set", "short=3"), "require sampling=lengths"),
        (("--task", "divisible", "--set", "form=unit"), "form=tanh"),
    ],
)
def test_what_cannot_be_certified_is_said(words, message, tmp_path):
    sizes = ("--train", 300, "--validation", 30, "--interpolate", 30, "--extrapolate", 30)
    more = ("--set", "steps=1", "--set", "growth=0", "--set", "noise=0")
    chosen = "gru-classifier" if "addition" in words else "second-order-rnn"
    made = run("run-baseline", chosen, *(more if chosen != "gru-classifier" else more[:2]), *words, *sizes,
               "--no-submit", "--out", tmp_path / "run")  # fmt: skip
    done = made if made.returncode else run("certify", tmp_path / "run")
    assert done.returncode == 2 and message in done.stderr


def test_answers_by_residue_are_the_truth_of_claims():
    made = task("divisible", k=4, answer="residue", base=3)
    automaton = residues(4, 3, made.answers_by_residue())
    assert automaton.answer([2, 1, 0]) == made.oracle("210")
