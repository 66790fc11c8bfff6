"""A multilayer perceptron in Keras: dense layers on the whole question, one softmax per answer position.

It reads as many tokens as the longest training question has: of a longer question it never sees the rest.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import KerasNetwork, layer_seeds
from mathbench.baselines.settings import PerceptronSettings


def build_model(kind: Any, shape: NetworkShape, settings: PerceptronSettings, seed: int | str) -> Any:
    """The Keras model from features (B, T, F) to logits (B, A, V)."""
    seeds = [kind.initializers.GlorotUniform(seed=key) for key in layer_seeds(seed, settings.layers + 1)]
    features = kind.Input((shape.question, shape.symbols))  # (B, T, F)
    x = kind.layers.Flatten()(features)  # (B, T * F)
    for i in range(settings.layers):
        layer = kind.layers.Dense(
            settings.hidden, activation="relu", kernel_initializer=seeds[i], name=f"hidden{i}"
        )
        x = layer(x)  # (B, H)
    output = kind.layers.Dense(shape.answer * shape.outputs, kernel_initializer=seeds[-1], name="output")
    logits = kind.layers.Reshape((shape.answer, shape.outputs))(output(x))  # (B, A, V)
    return kind.Model(features, logits)


def build(
    shape: NetworkShape, settings: PerceptronSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(tokens[:, : shape.question], shape.symbols)

    return KerasNetwork(model, features, settings, device_config)
