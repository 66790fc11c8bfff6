"""What the Keras networks share: one step of Adam, prediction in chunks, state as arrays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import IGNORE_INDEX, PREDICT_BATCH, Arrays, DeviceConfig
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.hashing import key_of

MODEL_FILE = "model.keras"
MAX_UNROLLED = (
    16  # steps of a recurrence that are worth writing out: a tenth faster, but each has to be traced
)


class KerasNetwork:
    """A Keras model with its optimiser, as the runner wants it (see `mathbench.baselines.models.interface.Network`).

    Args:
        model: maps features (B, T, F) to logits (B, positions, outputs).
        features: maps tokens (B, T) to what the model takes, such as features float32 (B, T, F).
        settings: the hyperparameters.
        place: device and threads.
    """

    def __init__(
        self,
        model: Any,
        features: Callable[[Tokens], NDArray[np.generic]],
        settings: TrainingSettings,
        device_config: DeviceConfig,
    ):
        self.keras = load_keras(device_config.threads)
        self.device = resolve_device(self.keras, device_config.device)
        self.model, self._features = model, features
        self.parameters = int(sum(np.prod(w.shape) for w in model.trainable_weights))
        # the generators of layers that draw, such as dropout: every step sets them
        self._generators = [
            v for v in model.non_trainable_variables if v.path.endswith("seed_generator_state")
        ]
        self._rate = settings.rate
        adam = self.keras.optimizers.Adam(
            settings.rate, settings.beta1, settings.beta2, global_clipnorm=settings.clip or None
        )
        adam.build(model.trainable_variables)
        loss = self.keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE_INDEX)
        model.compile(optimizer=adam, loss=loss, jit_compile=False)

    def step(self, questions: Tokens, labels: Tokens, rate: float, random_bits: int) -> float:
        """One update on a batch; returns its mean loss."""
        for i, state in enumerate(self._generators):
            state.assign([key_of(random_bits, i, half) >> 33 for half in (0, 1)])
        if rate != self._rate:
            self.model.optimizer.learning_rate.assign(rate)
            self._rate = rate
        self.model.reset_metrics()  # or the loss would be a running mean
        with self.keras.device(self.device):
            return float(self.model.train_on_batch(*self._batch(questions, labels)))

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """The likeliest output tokens, (n, positions); positions are independent, so a beam finds the same."""
        return self.probabilities(questions)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """The likeliest output tokens and their probabilities, both (n, positions)."""
        parts = [
            self._likeliest(questions[i : i + PREDICT_BATCH]) for i in range(0, len(questions), PREDICT_BATCH)
        ]
        tokens, chances = zip(*parts, strict=True)
        return np.concatenate(tokens), np.concatenate(chances)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """The hidden states of every recurrent layer for one question, (positions, units)."""
        layers = [layer for layer in self.model.layers if hasattr(layer, "return_sequences")]
        found = {
            layer.name: layer.output[0] if isinstance(layer.output, list) else layer.output
            for layer in layers
        }
        states = self.keras.Model(self.model.inputs, found).predict_on_batch(self._features(questions))
        return {f"hidden/{name}": np.reshape(s[0], (-1, s.shape[-1])) for name, s in states.items()}

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """All trained weights."""
        return {w.path: np.array(self.keras.ops.convert_to_numpy(w)) for w in self.model.weights}

    def load_weights(self, weights: Arrays) -> None:
        """Put weights back."""
        for variable in self.model.weights:
            variable.assign(weights[variable.path])

    def state(self) -> dict[str, NDArray[np.generic]]:
        """What the optimiser remembers."""
        variables = self.model.optimizer.variables
        return {str(i): np.array(self.keras.ops.convert_to_numpy(v)) for i, v in enumerate(variables)}

    def load_state(self, state: Arrays) -> None:
        """Put the optimiser back."""
        for i, variable in enumerate(self.model.optimizer.variables):
            variable.assign(state[str(i)])
        self._rate = float("nan")  # the rate is one of these variables: the next step sets it

    def save(self, folder: Path) -> str:
        """Write the weights; returns the name of the file."""
        self.model.save(folder / MODEL_FILE)
        return MODEL_FILE

    def load(self, folder: Path) -> None:
        """Read the weights."""
        saved = self.keras.saving.load_model(folder / MODEL_FILE, compile=False)
        for mine, theirs in zip(self.model.weights, saved.weights, strict=True):
            mine.assign(theirs)

    def _batch(self, questions: Tokens, labels: Tokens) -> tuple[Any, Tokens]:
        """What the model takes, and what its loss compares with."""
        return self._features(questions), labels

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        with self.keras.device(self.device):
            logits = self.model.predict_on_batch(self._features(questions))  # (B, positions, outputs)
        chances = np.exp(logits - logits.max(axis=2, keepdims=True))
        chances /= chances.sum(axis=2, keepdims=True)
        return np.asarray(logits.argmax(axis=2), dtype=np.int64), chances.max(axis=2)


def layer_seeds(seed: int | str, count: int) -> list[int]:
    """Seeds for initialisers, 31 bits each."""
    return [key_of("weights", seed, i) >> 33 for i in range(count)]


CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}


def make_recurrent(
    kind: Any, cell: str, units: int, seeds: list[int], gain: float = 1.0, **options: Any
) -> Any:
    """A layer of cells ``make_lstm``, ``gru`` or ``rnn`` whose first weights follow from two seeds."""
    glorot = kind.initializers.VarianceScaling(gain * gain or 1e-12, "fan_avg", "uniform", seed=seeds[0])
    orthogonal = kind.initializers.Orthogonal(seed=seeds[1])
    layer = getattr(kind.layers, CELLS[cell])
    return layer(units, kernel_initializer=glorot, recurrent_initializer=orthogonal, **options)


def make_lstm(kind: Any, units: int, seeds: list[int], gain: float = 1.0, **options: Any) -> Any:
    """An LSTM layer (see `make_recurrent`)."""
    return make_recurrent(kind, "lstm", units, seeds, gain, **options)


def resolve_device(kind: Any, wish: str) -> str:
    """The device as Keras names it: ``cpu:0`` or ``gpu:0``.

    Raises:
        InputError: when there is no such device here.
    """
    accelerators = (
        kind.distribution.list_devices("gpu") if kind.backend.backend() != "torch" else _torch_devices()
    )
    if wish == "auto":
        return "gpu:0" if accelerators else "cpu:0"
    if wish.startswith(("cuda", "gpu")):
        if not accelerators:
            raise InputError(
                f"Keras ({kind.backend.backend()}) finds no GPU here. Received: --device {wish}."
            )
        return wish.replace("cuda", "gpu") if ":" in wish else "gpu:0"
    if wish == "cpu":
        return "cpu:0"
    raise InputError(f"unknown device '{wish}'. Allowed: auto, cpu, cuda.")


def _torch_devices() -> list[str]:
    import torch

    return ["gpu:0"] if torch.cuda.is_available() else []
