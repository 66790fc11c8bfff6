"""The simple LSTM in Keras: one LSTM reads the question, runs on over padding, then gives one token per step.

Source: Saxton, Grefenstette, Hill, Kohli, "Analysing Mathematical Reasoning Abilities of Neural Models" (2019).
The answer is not fed back: behind the question the LSTM sees padding only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense, make_lstm
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.settings.one_pass import SimpleSettings


def build_model(keras: Any, shape: NetworkShape, settings: SimpleSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, T + thinking + A, F) to logits (B, A, V)."""
    seeds = layer_seeds(seed, 2 * settings.layers + 1)
    states = features = keras.Input((None, shape.symbols))  # (B, T + thinking + A, F)
    for i in range(settings.layers):
        gain = settings.gain if i == 0 else 1.0
        two = seeds[2 * i : 2 * i + 2]
        states = make_lstm(keras, settings.hidden, two, gain, return_sequences=True, name=f"reader{i}")(
            states
        )
    output = make_dense(keras, shape.outputs, seeds[-1], name="output")
    return keras.Model(features, output(states[:, -shape.answer :]))  # (B, A, V)


def build(
    shape: NetworkShape, settings: SimpleSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    padding = settings.thinking + shape.answer

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(np.pad(tokens, ((0, 0), (0, padding))), shape.symbols)

    return KerasNetwork(model, features, settings, device_config)
