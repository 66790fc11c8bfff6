"""Keras networks that answer in one pass: training step, prediction in batches, weights and optimiser as arrays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import (
    IGNORE_INDEX,
    PREDICT_BATCH,
    Arrays,
    DeviceConfig,
    StateMachine,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layer_table import model_layers
from mathbench.baselines.models.keras.training_step import (
    MAX_UNROLLED,
    make_training_step,
    recurrent_layers,
    unrolled,
)
from mathbench.baselines.models.layer_table import Layer
from mathbench.baselines.models.reading_limit import ReadingLimit
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.hashing import key_of

MODEL_FILE = "model.keras"


class KerasNetwork:
    """A Keras model with its optimiser (see `mathbench.baselines.models.interface.Network`).

    Args:
        model: maps features (B, T, F) to logits (B, positions, outputs).
        features: maps tokens (B, T) to the inputs of the model, such as features float32 (B, T, F).
        settings: the hyperparameters.
        device_config: device and threads.
    """

    limit: ReadingLimit | None = None

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
        # the random generators of layers such as dropout, which every step seeds
        self._generators = [
            v for v in model.non_trainable_variables if v.path.endswith("seed_generator_state")
        ]
        self._rate = settings.rate
        # the moving average of Keras starts with the weights after the first step, and is part of the optimiser
        average = {"use_ema": True, "ema_momentum": settings.average} if settings.average else {}
        adam = self.keras.optimizers.Adam(
            settings.rate, settings.beta1, settings.beta2, global_clipnorm=settings.clip or None, **average
        )
        adam.build(model.trainable_variables)
        loss = self.keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE_INDEX)
        model.compile(optimizer=adam, loss=loss, jit_compile=False)
        self._update = make_training_step(self.keras, model)
        self._recurrent, self._width = recurrent_layers(model), 0

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update the weights on a batch and return its mean loss."""
        for i, state in enumerate(self._generators):
            state.assign([key_of(random_bits, i, half) >> 33 for half in (0, 1)])
        if rate != self._rate:
            self.model.optimizer.learning_rate.assign(rate)
            self._rate = rate
        self._width = self._width or questions.shape[1]
        # a graph for questions of any width cannot be unrolled
        fixed = questions.shape[1] == self._width <= MAX_UNROLLED
        with self.keras.device(self.device), unrolled(self._recurrent, fixed):
            return self._update(*self._batch(questions, labels))

    def predict(self, questions: Tokens, beam: int | None = None) -> Tokens:
        """Return the likeliest output tokens, (n, positions). Positions are independent, so `beam` has no effect."""
        return self.probabilities(questions)[0]

    def probabilities(self, questions: Tokens, beam: int | None = None) -> tuple[Tokens, NDArray[np.float32]]:
        """Return the likeliest output tokens and their probabilities, both (n, positions)."""
        parts = [
            self._likeliest(questions[i : i + PREDICT_BATCH]) for i in range(0, len(questions), PREDICT_BATCH)
        ]
        tokens, probabilities = zip(*parts, strict=True)
        return np.concatenate(tokens), np.concatenate(probabilities)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return the hidden states of every recurrent layer, (n, positions, units)."""
        layers = [layer for layer in self.model.layers if hasattr(layer, "return_sequences")]
        if not layers:
            return {}
        outputs = {
            layer.name: layer.output[0] if isinstance(layer.output, list) else layer.output
            for layer in layers
        }
        states = self.keras.Model(self.model.inputs, outputs).predict_on_batch(self._features(questions))
        return {f"hidden/{name}": np.reshape(s, (len(s), -1, s.shape[-1])) for name, s in states.items()}

    def layers(self, questions: Tokens, answers: Tokens) -> tuple[Layer, ...]:
        """Return the layers, with the shapes of their outputs, None for sizes that depend on the questions."""
        return model_layers(self.model)

    def state_machine(self) -> StateMachine | None:
        """Return None: only some networks read the question token by token."""
        return None

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """Return all weights by name."""
        return {w.path: np.array(self.keras.ops.convert_to_numpy(w)) for w in self.model.weights}

    def load_weights(self, weights: Arrays) -> None:
        """Restore weights."""
        for variable in self.model.weights:
            variable.assign(weights[variable.path])

    def swap_average(self) -> None:
        """Exchange the weights and their moving average. Does nothing without one, and before the first step."""
        adam, to_numpy = self.model.optimizer, self.keras.ops.convert_to_numpy
        if not adam.use_ema or not int(to_numpy(adam.iterations)):
            return
        averages = adam._model_variables_moving_average
        for weight, average in zip(self.model.trainable_variables, averages, strict=True):
            value = np.array(to_numpy(weight))
            weight.assign(average)
            average.assign(value)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return the state of the optimiser by the index of each variable."""
        variables = self.model.optimizer.variables
        return {str(i): np.array(self.keras.ops.convert_to_numpy(v)) for i, v in enumerate(variables)}

    def load_state(self, state: Arrays) -> None:
        """Restore the optimiser state."""
        for i, variable in enumerate(self.model.optimizer.variables):
            variable.assign(state[str(i)])
        # the learning rate is one of these variables, so the next step must set it
        self._rate = float("nan")

    def save(self, folder: Path) -> str:
        """Write the model and return the name of the file."""
        self.model.save(folder / MODEL_FILE)
        return MODEL_FILE

    def load(self, folder: Path) -> None:
        """Read the weights from the file that `save` wrote."""
        saved = self.keras.saving.load_model(folder / MODEL_FILE, compile=False)
        for weight, value in zip(self.model.weights, saved.weights, strict=True):
            weight.assign(value)

    def _batch(self, questions: Tokens, labels: Tokens) -> tuple[Any, Tokens]:
        """Return the inputs of the model and the targets of its loss."""
        return self._features(questions), labels

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        logits = self._logits(questions)
        return np.asarray(logits.argmax(axis=2), dtype=np.int64), softmax(logits).max(axis=2)

    def _logits(self, questions: Tokens) -> NDArray[np.float32]:
        """Return the logits of all outputs, (B, positions, outputs)."""
        with self.keras.device(self.device):
            return np.asarray(self.model.predict_on_batch(self._features(questions)))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities from logits, both (B, positions, outputs)."""
    shares = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(shares / shares.sum(axis=2, keepdims=True))


def resolve_device(keras: Any, requested: str) -> str:
    """Return the device by its name in Keras, ``cpu:0`` or ``gpu:0``.

    Raises:
        InputError: when there is no such device here.
    """
    accelerators = (
        keras.distribution.list_devices("gpu") if keras.backend.backend() != "torch" else _torch_devices()
    )
    if requested == "auto":
        return "gpu:0" if accelerators else "cpu:0"
    if requested.startswith(("cuda", "gpu")):
        if not accelerators:
            raise InputError(
                f"Keras ({keras.backend.backend()}) finds no GPU here. Received: --device {requested}."
            )
        return requested.replace("cuda", "gpu") if ":" in requested else "gpu:0"
    if requested == "cpu":
        return "cpu:0"
    raise InputError(f"unknown device '{requested}'. Allowed: auto, cpu, cuda.")


def _torch_devices() -> list[str]:
    import torch

    return ["gpu:0"] if torch.cuda.is_available() else []
