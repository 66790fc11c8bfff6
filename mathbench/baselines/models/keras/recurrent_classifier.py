"""Recurrent classifiers in Keras: an LSTM, a GRU or a plain RNN reads the question, one softmax decides.

With a label at every prefix the decision is trained at every position, and the one at the last position
counts.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import KerasNetwork, layer_seeds, make_recurrent
from mathbench.baselines.settings import ClassifierSettings


def build_model(
    kind: Any, cell: str, shape: NetworkShape, settings: ClassifierSettings, seed: int | str
) -> Any:
    """The Keras model from features (B, T, F) to logits (B, 1, C), or with prefixes (B, T, C)."""
    seeds = layer_seeds(seed, 2 * settings.layers + 1)
    features = kind.Input((None, shape.symbols))  # (B, T, F)
    read = features
    for i in range(settings.layers):
        gain = settings.gain if i == 0 else 1.0
        whole = shape.prefix or i + 1 < settings.layers
        two, options = seeds[2 * i : 2 * i + 2], {"return_sequences": whole, "name": f"reader{i}"}
        read = make_recurrent(kind, cell, settings.hidden, two, gain, **options)(
            read
        )  # (B, T, H), last (B, H)
    if not shape.prefix:
        read = kind.layers.Reshape((1, settings.hidden))(read)  # (B, 1, H)
    glorot = kind.initializers.GlorotUniform(seed=seeds[-1])
    return kind.Model(
        features, kind.layers.Dense(shape.outputs, kernel_initializer=glorot, name="output")(read)
    )


def build(
    cell: str, shape: NetworkShape, settings: ClassifierSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        shape: alphabet, lengths and classes.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), cell, shape, settings, seed)
    return _LastPosition(model, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)


class _LastPosition(KerasNetwork):
    """Only what is decided at the last position is an answer."""

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        tokens, chances = super()._likeliest(questions)
        return tokens[:, -1:], chances[:, -1:]


lstm, gru, rnn = (partial(build, cell) for cell in ("lstm", "gru", "rnn"))
