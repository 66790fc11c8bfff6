"""A multilayer perceptron in Keras: dense layers over the question, one softmax per answer position.

It reads as many tokens as the longest training question has. Longer questions are cut off.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.reading_limit import cut_off
from mathbench.baselines.models.settings.one_pass import PerceptronSettings


def build_model(keras: Any, shape: NetworkShape, settings: PerceptronSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, T, F) to logits (B, A, V)."""
    seeds = layer_seeds(seed, settings.layers + 1)
    features = keras.Input((shape.question, shape.symbols))  # (B, T, F)
    x = keras.layers.Flatten()(features)  # (B, T * F)
    for i in range(settings.layers):
        x = make_dense(keras, settings.hidden, seeds[i], activation="relu", name=f"hidden{i}")(x)  # (B, H)
    output = make_dense(keras, shape.answer * shape.outputs, seeds[-1], name="output")
    logits = keras.layers.Reshape((shape.answer, shape.outputs))(output(x))  # (B, A, V)
    return keras.Model(features, logits)


def build(
    shape: NetworkShape, settings: PerceptronSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(tokens[:, : shape.question], shape.symbols)

    network = KerasNetwork(model, features, settings, device_config)
    network.limit = cut_off(shape.question)
    return network
