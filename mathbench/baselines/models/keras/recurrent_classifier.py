"""Recurrent classifiers in Keras: an LSTM, a GRU or a plain RNN, one softmax or sigmoid over the classes.

With a label at every prefix the classifier is trained at every position. Its answer is the class at the last one.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import (
    DeviceConfig,
    Network,
    NetworkShape,
    StateMachine,
    States,
    part_names,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import (
    classifier_logits,
    layer_seeds,
    make_recurrent,
    with_first_class,
)
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.settings.recurrent import ClassifierSettings


def build_model(
    keras: Any, cell: str, shape: NetworkShape, settings: ClassifierSettings, seed: int | str
) -> Any:
    """Return the Keras model from features (B, T, F) to logits (B, 1, C), or with prefixes (B, T, C)."""
    seeds = layer_seeds(seed, 2 * settings.layers + 1)
    features = keras.Input((None, shape.inputs))  # (B, T, F)
    read = features
    for i in range(settings.layers):
        gain = settings.gain if i == 0 else 1.0
        sequences = shape.prefix or i + 1 < settings.layers
        two, options = seeds[2 * i : 2 * i + 2], {"return_sequences": sequences, "name": f"reader{i}"}
        layer = make_recurrent(keras, cell, settings.hidden, two, gain, **options)
        read = layer(read)  # (B, T, H), or (B, H) without sequences
    if not shape.prefix:
        read = keras.layers.Reshape((1, settings.hidden))(read)  # (B, 1, H)
    return keras.Model(features, classifier_logits(keras, read, shape, settings.output, seeds[-1]))


def build(
    cell: str, shape: NetworkShape, settings: ClassifierSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), cell, shape, settings, seed)
    return _LastPosition(model, shape.one_hot, settings, device_config)


class _LastPosition(KerasNetwork):
    """A classifier whose answer is the class at the last position."""

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        classes, probabilities = super()._likeliest(questions)
        return classes[:, -1:], probabilities[:, -1:]

    def state_machine(self) -> StateMachine:
        """Return the network as a map of states, computed in float32.

        A state has the outputs of all layers, and then those of the cells of an LSTM.
        """
        layers = [layer for layer in self.model.layers if hasattr(layer, "return_sequences")]
        units = layers[0].units
        kinds = ("h", "c") if isinstance(layers[0], self.keras.layers.LSTM) else ("h",)
        last, output = (len(layers) - 1) * units, self.model.get_layer("output")

        def step(states: States, tokens: Tokens) -> States:
            parts = np.split(states.astype(np.float32), len(kinds) * len(layers), axis=1)
            read: Any = self._features(tokens[:, None])[:, 0]
            after: list[Any] = [None] * len(parts)
            for i, layer in enumerate(layers):
                read, carried = layer.cell(read, parts[i :: len(layers)])
                after[i :: len(layers)] = carried
            return np.concatenate([self._array(part) for part in after], axis=1)

        def logits(states: States) -> States:
            read = states[:, last : last + units].astype(np.float32)
            return self._array(with_first_class(self.keras, output(read)))

        start = np.zeros(len(kinds) * len(layers) * units)
        return StateMachine(start, step, logits, part_names(kinds, len(layers)))

    def _array(self, values: Any) -> States:
        return np.asarray(self.keras.ops.convert_to_numpy(values), dtype=np.float64)


lstm, gru, rnn = (partial(build, cell) for cell in ("lstm", "gru", "rnn"))
