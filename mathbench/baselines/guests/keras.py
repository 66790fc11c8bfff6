"""The base class of guests' networks in Keras, on any of its backends.

A guest subclasses `KerasBaseline`. Seeds, training steps, checkpoints, exact resume and predictions are those of all
networks.
"""

import logging
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.guests.network import GuestNetwork
from mathbench.baselines.guests.randomness import seeded
from mathbench.baselines.models.interface import (
    IGNORE_INDEX,
    Arrays,
    DeviceConfig,
    Network,
    NetworkShape,
    one_hot,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.settings import TrainingSettings
from mathbench.errors import InputError
from mathbench.hashing import key_of

WEIGHTS_FILE = "weights.npz"


class KerasBaseline(GuestNetwork):
    """A Keras network that answers in one pass. A subclass defines ``build``, which returns a `keras.Model`.

    Its first weights come from Keras' global generators, which are seeded, where layers have no seeds of their own.
    """

    framework: ClassVar[str] = "keras"

    def loss(self) -> Any:
        """Return the loss of targets (B, positions) and logits (B, positions, outputs): by default cross entropy."""
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORE_INDEX)

    def optimizer(self, settings: TrainingSettings) -> Any:
        """Return the optimiser; None for Adam. The learning rate of the settings' schedule is assigned to it."""
        return None

    @classmethod
    def make_network(
        cls, shape: NetworkShape, settings: TrainingSettings, seed: int | str, device_config: DeviceConfig
    ) -> Network:
        """Return the untrained network, whose first weights depend on the seed alone.

        Raises:
            InputError: when ``build`` raises or returns no model with weights.
        """
        # questions of every width are traced once, which TensorFlow takes for a mistake
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        keras, bits = load_keras(device_config.threads), key_of("weights", seed) >> 1
        with cls.guard("build"), seeded(bits):
            # seeds Python and NumPy too, which are put back afterwards
            keras.utils.set_random_seed(bits & 0x7FFFFFFF)
            guest = cls()
            model = guest.build(shape, settings)
            _build_lazily(keras, model, shape, guest.inputs)
        _check_model(cls, keras, model)
        with cls.guard("the network"):
            return _GuestModel(guest, model, shape, settings, device_config)


class _GuestModel(KerasNetwork):
    """A guest's model. Weights are known by their numbers, since the names of layers depend on those made before."""

    def __init__(
        self,
        guest: KerasBaseline,
        model: Any,
        shape: NetworkShape,
        settings: TrainingSettings,
        device_config: DeviceConfig,
    ):
        width = shape.question if guest.fixed_width else None

        def features(tokens: Tokens) -> NDArray[np.generic]:
            read = tokens[:, :width]
            return one_hot(read, shape.symbols) if guest.inputs == "one-hot" else read.astype(np.int32)

        super().__init__(model, features, settings, device_config)
        self.guest, self._shape = guest, shape
        _check_sizes(guest, model, shape)
        self._compile(settings)

    def _compile(self, settings: TrainingSettings) -> None:
        """Compile the model with the guest's own optimiser and loss, if it has any."""
        own = self.guest.optimizer(settings)
        if own is None and type(self.guest).loss is KerasBaseline.loss:
            return
        loss = self.guest.loss()
        if loss is None:
            raise InputError(f"{self.guest.title()}: loss must return a loss. Received: None.")
        optimizer = self.model.optimizer if own is None else own
        for name in ("average", "clip"):
            if own is not None and getattr(settings, name):
                raise InputError(
                    f"{self.guest.title()}: {name} must be 0 with an optimiser of its own. "
                    f"Received: {getattr(settings, name)}."
                )
        if own is not None and not isinstance(own, self.keras.optimizers.Optimizer):
            raise InputError(
                f"{self.guest.title()}: optimizer must return a keras.optimizers.Optimizer. "
                f"Received: {type(own).__name__}."
            )
        if own is not None:
            optimizer.build(self.model.trainable_variables)
        self._rate = float("nan")
        self.model.compile(optimizer=optimizer, loss=loss, jit_compile=False)

    def step(
        self, questions: Tokens, labels: Tokens, rate: float, random_bits: int, noise: float = 0.0
    ) -> float:
        """Update the weights on a batch and return its mean loss."""
        with self.guest.guard("a training step"), seeded(random_bits):
            return super().step(questions, labels, rate, random_bits, noise)

    def inspect(self, questions: Tokens, answers: Tokens) -> dict[str, NDArray[np.float32]]:
        """Return the hidden states of every recurrent layer, (n, positions, units)."""
        with self.guest.guard("the inspection"):
            return super().inspect(questions, answers)

    def weights(self) -> dict[str, NDArray[np.generic]]:
        """Return all weights by their number."""
        return {
            str(i): np.array(self.keras.ops.convert_to_numpy(w)) for i, w in enumerate(self.model.weights)
        }

    def load_weights(self, weights: Arrays) -> None:
        """Restore weights."""
        for i, variable in enumerate(self.model.weights):
            variable.assign(weights[str(i)])

    def save(self, folder: Path) -> str:
        """Write the weights and return the name of the file; layers of a guest's own need not be registered."""
        np.savez(folder / WEIGHTS_FILE, **self.weights())  # type: ignore[arg-type]
        return WEIGHTS_FILE

    def load(self, folder: Path) -> None:
        """Read the weights from the file that `save` wrote."""
        path = folder / WEIGHTS_FILE
        try:
            with np.load(path, allow_pickle=False) as stored:
                weights = dict(stored)
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is damaged: {error}.") from None
        shapes = {str(i): tuple(w.shape) for i, w in enumerate(self.model.weights)}
        if shapes != {name: value.shape for name, value in weights.items()}:
            raise InputError(f"{path} has the weights of another network than {self.guest.title()} builds.")
        self.load_weights(weights)

    def _batch(self, questions: Tokens, labels: Tokens) -> tuple[Any, Tokens]:
        """Return the inputs of the model and the targets of its loss."""
        features, targets = super()._batch(questions, labels)
        outputs = self.model.output_shape
        if outputs[1:-1] == () and targets.shape[1] == 1:
            # a model with one answer may leave the axis of positions out
            return features, targets[:, 0]
        return features, targets

    def _logits(self, questions: Tokens) -> NDArray[np.float32]:
        """Return the logits of all outputs, (B, positions, outputs)."""
        with self.guest.guard("an answer"):
            logits = super()._logits(questions)
        shape = self._shape
        if logits.ndim == 2 and shape.answer == 1:
            logits = logits[:, None]
        if shape.prefix and logits.ndim == 3:
            # the answer is what the network says after the last token
            logits = logits[:, -1:]
        wanted = (len(questions), shape.answer, shape.outputs)
        if logits.shape != wanted or logits.dtype.kind != "f":
            meaning = "(B, T, outputs), with labels of prefixes" if shape.prefix else "(B, answer, outputs)"
            raise InputError(
                f"{self.guest.title()}: the model must return logits {wanted}, {meaning}. "
                f"Received: {logits.shape} of {logits.dtype}."
            )
        return logits


def _build_lazily(keras: Any, model: Any, shape: NetworkShape, inputs: str) -> None:
    """Call a model that makes its weights at the first call, such as a `Sequential` without an input."""
    if isinstance(model, keras.Model) and not model.built:
        tokens = np.zeros((1, shape.question), dtype=np.int64)
        model(one_hot(tokens, shape.symbols) if inputs == "one-hot" else tokens.astype(np.int32))


def _check_model(kind: type[KerasBaseline], keras: Any, model: object) -> None:
    """Check what ``build`` returned."""
    if not isinstance(model, keras.Model):
        received = "None" if model is None else type(model).__name__
        raise InputError(f"{kind.title()}: build must return a keras.Model. Received: {received}.")
    if not model.trainable_weights:
        raise InputError(f"{kind.title()}: build returned a model without weights to train.")


def _check_sizes(guest: KerasBaseline, model: Any, shape: NetworkShape) -> None:
    """Check what a model says about its input and its output, as far as it does."""
    inputs, outputs = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if isinstance(inputs, tuple) and len(inputs) > 1 and inputs[1] is not None and not guest.fixed_width:
        raise InputError(
            f"{guest.title()}: the input of the model has one width, {inputs[1]}, so fixed_width must be True."
        )
    if not outputs or shape.prefix:
        return
    wanted = (shape.answer, shape.outputs)
    allowed = [wanted, wanted[1:]] if shape.answer == 1 else [wanted]
    received = outputs[1:] if isinstance(outputs, tuple) else outputs
    if not any(_agree(received, one) for one in allowed):
        raise InputError(
            f"{guest.title()}: the model must return logits {wanted}, (answer, outputs), of each row. "
            f"Received: {received}."
        )


def _agree(received: Any, wanted: tuple[int, ...]) -> bool:
    """Return whether sizes, of which some may be open, agree with those that are wanted."""
    if not isinstance(received, tuple) or len(received) != len(wanted):
        return False
    return all(size in (None, needed) for size, needed in zip(received, wanted, strict=True))
