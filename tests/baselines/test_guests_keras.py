"""Networks of third parties in Keras: exact resume, own layers and optimisers, faults."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mathbench.baselines import checkpoint
from mathbench.baselines.models.interface import DeviceConfig
from mathbench.baselines.request import make_spec
from mathbench.baselines.run import RunOptions, run
from mathbench.baselines.table import baseline
from mathbench.dataset.data import Data
from mathbench.errors import InputError
from mathbench.families import task
from tests.commands import outcome

pytestmark = pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")

NETWORK = '''
from dataclasses import dataclass

import keras
from keras import layers

from mathbench.baselines.guests.keras import KerasBaseline


@dataclass
class Settings:
    units: int = 8
    steps: int = 4
    evaluate: int = 2
    batch: int = 16


class Twice(layers.Layer):
    """A layer that Keras cannot load from a file by itself."""

    def call(self, x):
        return 2 * x


class Net(KerasBaseline):
    """Dense layers with batch normalisation and dropout."""

    settings = Settings
    fixed_width = True

    def build(self, shape, settings):
        return keras.Sequential(
            [
                layers.Flatten(),
                layers.Dense(settings.units, activation="relu"),
                layers.BatchNormalization(),
                layers.Dropout(0.2),
                Twice(),
                layers.Dense(shape.answer * shape.outputs),
                layers.Reshape((shape.answer, shape.outputs)),
            ]
        )

    def optimizer(self, settings):
        return keras.optimizers.SGD(settings.rate, momentum=0.9)


class Integers(Net):
    def build(self, shape, settings):
        return keras.Sequential([super().build(shape, settings), layers.Lambda(lambda x: x[:, :1])])


class Failing(Net):
    def loss(self):
        return lambda targets, logits: int("x")


class Lossless(Net):
    def loss(self):
        return None


class Optimiserless(Net):
    def optimizer(self, settings):
        return "adam"


class Wide(Net):
    fixed_width = False

    def build(self, shape, settings):
        return keras.Sequential([keras.Input((shape.question, shape.symbols)), layers.Flatten(), layers.Dense(9)])


class Narrow(Net):
    def build(self, shape, settings):
        return keras.Sequential([keras.Input((shape.question, shape.symbols)), layers.Flatten(), layers.Dense(9)])


class Nothing(Net):
    def build(self, shape, settings):
        super().build(shape, settings)


class Weightless(Net):
    def build(self, shape, settings):
        return keras.Sequential([layers.Flatten()])


class Raising(Net):
    def build(self, shape, settings):
        return keras.Sequential([layers.Dense(settings.nosuch)])
'''


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(NETWORK)
    return tmp_path


@pytest.fixture(scope="module")
def rows():
    sizes = {"train": 60, "validation": 20, "interpolate": 20, "extrapolate": 20}
    return Data.generate(task("addition", digits=2), sizes)


def fit(name, rows, out, settings=None, **more):
    spec = make_spec(baseline(f"./mine.py:{name}"), None, None, settings or {}, 0)[0]
    return run(spec, rows, RunOptions(Path(out), device_config=DeviceConfig("cpu"), **more))


def test_a_network_runs_resumes_and_answers(place, rows):
    whole = fit("Net", rows, "whole")
    fit("Net", rows, "parts", stop_step=2)
    (place / "parts" / "result.json").unlink()
    parts = fit("Net", rows, "parts", resume=True)
    first, second = checkpoint.read(Path("whole"))[1], checkpoint.read(Path("parts"))[1]
    for group in ("weights", "best", "optimizer"):
        assert first[group].keys() == second[group].keys()
        assert all(np.array_equal(first[group][k], second[group][k]) for k in first[group])
    assert whole.predictions_sha256 == parts.predictions_sha256 and whole.framework == "keras"
    assert len(first["weights"]) == 8  # with the running mean and variance
    assert outcome("ask", "whole", "1+1")[0] == 0
    with pytest.raises(InputError, match=r"mine\.py:Net: clip must be 0 with an optimiser of its own"):
        fit("Net", rows, "x", {"clip": 1.0})


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "Failing",
            "mine.py:Failing: a training step failed: mine.py, line 55: ValueError: invalid literal for int",
        ),
        (
            "Optimiserless",
            "mine.py:Optimiserless: optimizer must return a keras.optimizers.Optimizer. Received: str.",
        ),
        ("Wide", "mine.py:Wide: the input of the model has one width, 5, so fixed_width must be True."),
        (
            "Narrow",
            "mine.py:Narrow: the model must return logits (3, 12), (answer, outputs), of each row. Received: (9,).",
        ),
        ("Lossless", "mine.py:Lossless: loss must return a loss. Received: None."),
        ("Nothing", "mine.py:Nothing: build must return a keras.Model. Received: None."),
        ("Weightless", "mine.py:Weightless: build returned a model without weights to train."),
        (
            "Raising",
            "mine.py:Raising: build failed: mine.py, line 92: AttributeError: 'Settings' object has no",
        ),
        ("Integers", "mine.py:Integers: "),
    ],
)
def test_a_fault_is_one_line_and_writes_nothing(name, line, place, rows):
    with pytest.raises(InputError) as refused:
        fit(name, rows, "r")
    assert str(refused.value).startswith(line) and "\n" not in str(refused.value)
    assert not (place / "r").exists()
