"""The simple LSTM in Keras: one LSTM reads the question, thinks on blanks, then writes a token per step.

Source: Saxton, Grefenstette, Hill, Kohli, "Analysing Mathematical Reasoning Abilities of Neural Models" (2019).
Nothing that is written is read again: while it thinks and writes, the LSTM sees blanks.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import KerasNetwork, layer_seeds, make_lstm
from mathbench.baselines.settings import SimpleSettings


def build_model(kind: Any, shape: NetworkShape, settings: SimpleSettings, seed: int | str) -> Any:
    """The Keras model from features (B, T + thinking + A, F) to logits (B, A, V)."""
    seeds = layer_seeds(seed, 2 * settings.layers + 1)
    states = features = kind.Input((None, shape.symbols))  # (B, T + thinking + A, F)
    for i in range(settings.layers):
        gain = settings.gain if i == 0 else 1.0
        two = seeds[2 * i : 2 * i + 2]
        states = make_lstm(kind, settings.hidden, two, gain, return_sequences=True, name=f"reader{i}")(states)
    glorot = kind.initializers.GlorotUniform(seed=seeds[-1])
    output = kind.layers.Dense(shape.outputs, kernel_initializer=glorot, name="output")
    return kind.Model(features, output(states[:, -shape.answer :]))  # (B, A, V)


def build(
    shape: NetworkShape, settings: SimpleSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    blanks = settings.thinking + shape.answer

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(np.pad(tokens, ((0, 0), (0, blanks))), shape.symbols)

    return KerasNetwork(model, features, settings, device_config)
