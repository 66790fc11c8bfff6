"""Residue networks: what they compute, what labels they see, and primes learned as trial division."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch

from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.interface import DeviceConfig, NetworkShape
from mathbench.baselines.models.settings.recurrent import ResidueSettings
from mathbench.baselines.models.torch import residue_networks
from mathbench.baselines.predictor import load_run
from mathbench.baselines.prefix_labels import prefix_numbers, prefix_residues
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.settings import EncodingOptions
from mathbench.baselines.trainer import prepare
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from tests.commands import run as command

CPU = DeviceConfig("cpu")
BINARY, DECIMAL = NetworkShape(3, 2, 8, 1), NetworkShape(11, 2, 5, 1)


def network(shape=DECIMAL, **settings):
    return residue_networks.build(shape, ResidueSettings(**{"moduli": 7, "hidden": 8, **settings}), 0, CPU)


@pytest.fixture(scope="module")
def primes():
    made = task("prime", digits=3, negatives="coprime", longer=1)
    return Data.generate(made, {"train": 100, "validation": 12, "interpolate": 12, "extrapolate": 40})


def definition(made, tokens):
    """The logit of the second class for one question, one modulus and one chunk after the other."""
    weights = {name: np.asarray(value, np.float64) for name, value in made.weights().items()}
    reader, multiple, first = made.module.reader, [], 0
    symbols, blank = (part[0].tolist() for part in reader.symbols(torch.tensor([tokens])))
    for number, modulus in enumerate(made.module.residues.moduli):
        state = weights["reader.start"][number, 0]
        state = state / np.linalg.norm(state)
        for symbol, skipped in zip(symbols, blank, strict=True):
            moved = state @ weights["reader.matrices"][number, symbol]
            state = state if skipped else moved / np.linalg.norm(moved)
        own = slice(first, first + modulus)
        logits = 4 * weights["residues.weight"][own] @ state + weights["residues.bias"][own]
        multiple.append(np.exp(logits[0]) / np.exp(logits).sum())
        first += modulus
    return 10 * weights["output.weight"][0] @ multiple + weights["output.bias"][0]


@pytest.mark.parametrize(("shape", "symbols"), [(DECIMAL, 10), (BINARY, 2)])
def test_the_batched_computation_is_the_definition(shape, symbols):
    made, random = network(shape), np.random.default_rng(0)
    output = random.normal(0, 1, (1, 4)).astype(np.float32)
    made.load_weights({**made.weights(), "output.weight": output})
    questions = random.integers(1, symbols + 1, (40, 7))
    questions[::3, :2] = 0
    with torch.inference_mode():
        logits = made.module(torch.from_numpy(questions))[:, 0].numpy()
    assert (logits[:, 0] == 0).all()
    assert np.allclose(logits[:, 1], [definition(made, row) for row in questions.tolist()], atol=1e-4)


@pytest.mark.parametrize("shape", [DECIMAL, BINARY])
def test_padding_on_the_left_changes_nothing(shape):
    made = network(shape)
    made.load_weights({**made.weights(), "output.weight": np.ones((1, 4), np.float32)})
    bare = np.random.default_rng(1).integers(1, shape.symbols, (20, 5))
    padded = np.pad(bare, ((0, 0), (6, 0)))
    assert np.allclose(made.probabilities(bare)[1], made.probabilities(padded)[1], atol=1e-6)


def test_chunks_are_counted_from_the_units_on():
    reader = network(BINARY).module.reader
    symbols, blank = reader.symbols(torch.tensor([[0, 0, 0, 2, 1, 2, 2, 2, 1], [0, 2, 1, 1, 1, 1, 1, 1, 1]]))
    assert symbols.tolist() == [[0, 2, 14], [0, 8, 0]]
    assert blank.tolist() == [[True, False, False], [True, False, False]]


@pytest.mark.parametrize(("base", "chunk"), [(2, 4), (2, 3), (10, 1), (10, 2)])
def test_labels_are_those_of_the_numbers_after_each_chunk(base, chunk):
    alphabet = "0123456789"[:base]
    made = network(NetworkShape(base + 1, 2, 9, 1), chunk=chunk, auxiliary="prefix-residues").module
    values = [base**8 - 1, 5, base**3 + 1]
    text = pa.array([np.base_repr(value, base) for value in values])
    encoding = Encoding(EncodingOptions(query="forward", padding="left"), alphabet, (9,), 1)
    tokens = encoding.questions(text)
    prefixes = np.array([[value // base**place for place in range(9)][::-1] for value in values])
    symbols, _ = made.reader.symbols(torch.from_numpy(tokens))
    numbers = []
    for column in symbols.T:
        numbers.append((numbers[-1] if numbers else 0) * base**chunk + column)
    taken = []
    made.residues.loss = lambda states, labels: taken.append(labels)
    made.label_loss(torch.zeros(4, 3, symbols.shape[1], 8), torch.from_numpy(prefixes))
    assert torch.equal(taken[0], torch.stack(numbers, dim=1))


def test_numbers_of_prefixes_have_the_residues_of_prefixes(primes):
    encoding = Encoding(EncodingOptions(query="forward", padding="left"), "0123456789", (4,), 1)
    tokens = encoding.questions(primes.splits["train"]["question"])
    numbers = prefix_numbers(encoding, tokens, primes.task)
    known = numbers >= 0
    assert 0 < known.sum() < (tokens > 0).sum()
    for modulus in (7, 11):
        residues = prefix_residues(encoding, tokens, primes.task, modulus)
        assert np.array_equal(np.where(known, numbers % modulus, -1), residues)


def test_numbers_beyond_64_bits_have_no_such_labels(tiny):
    data = Data.generate(task("prime", digits=25, negatives="coprime"), {"train": 20, "validation": 2})
    with pytest.raises(InputError, match="need training numbers below 2\\^63"):
        prepare(tiny("residue-networks", moduli=5), data, CPU)


def test_labels_of_residues_leave_the_answer_to_the_linear_layer(primes, tiny):
    """With labels, answers change the linear layer alone; without, all weights."""
    weights = {"auxiliary": "prefix-residues", "auxiliary_weight": 0}
    for more, moved in ((weights, {"output"}), ({"auxiliary": "none"}, {"output", "reader", "residues"})):
        setup = prepare(tiny("residue-networks", moduli=7, **more), primes, CPU)
        before = setup.network.weights()
        for step in range(2):  # the linear layer starts at 0, and lets no gradient through at first
            setup.network.step(*setup.batches.batch(step), 0.01, 0)
        after = setup.network.weights()
        changed = {key.partition(".")[0] for key in before if not np.array_equal(before[key], after[key])}
        assert changed == moved


def test_a_run_resumes_exactly_and_is_loaded(primes, tiny, tmp_path):
    spec = tiny("residue-networks", moduli=11, noise=0.1)
    assert spec.supervision(primes.task) == "dense"
    assert tiny("residue-networks", auxiliary="none").supervision(primes.task) == "examples"
    whole = run(spec, primes, RunOptions(tmp_path / "whole"))

    class Stopper:
        def start(self, config): ...

        def log(self, step, values):
            if step == 8:
                raise KeyboardInterrupt

        def finish(self, summary): ...

    with pytest.raises(KeyboardInterrupt):
        run(spec, primes, RunOptions(tmp_path / "parts", trackers=(Stopper(),)))
    parts = run(spec, primes, RunOptions(tmp_path / "parts", resume=True))
    assert parts.predictions_sha256 == whole.predictions_sha256
    one, other = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in ("whole", "parts"))
    assert one == other
    asked = primes.splits["extrapolate"]["question"]
    given = pq.read_table(tmp_path / "whole" / "predictions.parquet").to_pydict()
    wanted = [
        p for p, split in zip(given["prediction"], given["split"], strict=True) if split == "extrapolate"
    ]
    assert load_run(tmp_path / "whole", CPU).predict(asked).to_pylist() == wanted


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", "chunk=4"), "at most 1,024 values together. Received: chunk=4 in base 10"),
        (("--task", "addition"), "auxiliary=prefix-residues needs single numbers of 0 or more as questions"),
        (
            ("--task", "addition", "--set", "auxiliary=none"),
            "reads single numbers, digits and nothing else. Received: 1 other",
        ),
        (("--set", "query=reversed"), "auxiliary=prefix-residues needs query=forward"),
        (("--set", "auxiliary=residue=7"), "Allowed: none, prefix-residues"),
    ],
)
def test_what_cannot_be_read_is_refused(words, message, tmp_path):
    sizes = ("--train", 50, "--validation", 5, "--interpolate", 5, "--extrapolate", 5)
    done = command(
        "run-baseline", "residue-networks", *words, *sizes, "--no-submit", "--out", tmp_path / "run"
    )
    assert done.returncode == 2 and message in done.stderr


@pytest.mark.parametrize(("base", "digits"), [(10, 4), (2, 13)])
def test_small_primes_are_learned_as_trial_division(base, digits, tmp_path):
    """Multiples of 7 are told from other numbers, also one digit longer than those of training."""
    options = ("--task", "prime", "--base", base, "--digits", digits, "--negatives", "coprime", "--longer", 1)
    sizes = ("--train", 1500, "--validation", 50, "--interpolate", 50, "--extrapolate", 50)
    words = ("--set", "moduli=7", "--set", "hidden=16", "--set", "steps=400", "--set", "evaluate=400")
    folder = tmp_path / "run"
    done = command(
        "run-baseline", "residue-networks", *options, *sizes, *words, "--no-submit", "--out", folder
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((folder / "result.json").read_text())
    assert result["supervision"] == "dense"
    numbers = [n for n in range(base**digits, base ** (digits + 1)) if all(n % p for p in (2, 3, 5))]
    sevens = pa.array([np.base_repr(n, base) for n in numbers if n % 7 == 0])
    others = pa.array([np.base_repr(n, base) for n in numbers if n % 7])
    loaded = load_run(folder, CPU)
    assert pc.mean(pc.equal(loaded.predict(sevens), "false")).as_py() > 0.95
    assert pc.mean(pc.equal(loaded.predict(others), "true")).as_py() > 0.95
