"""Convolution and LSTM in Keras: filters, pooling, an LSTM with dropout that reads, one softmax decides.

Source: the notebook "RNNs: Categorization" (Hofstadter's challenge). Its single sigmoid output is a softmax over
the classes here.
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, check_poolable, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import KerasNetwork, layer_seeds, make_lstm
from mathbench.baselines.settings import ConvolvedSettings


def build_model(kind: Any, shape: NetworkShape, settings: ConvolvedSettings, seed: int | str) -> Any:
    """The Keras model from features (B, T, F) to logits (B, 1, C)."""
    seeds = layer_seeds(seed, 4)
    features = kind.Input((None, shape.symbols))  # (B, T, F)
    filters = kind.layers.Conv1D(
        settings.filters,
        settings.width,
        padding="same",
        activation="relu",
        kernel_initializer=kind.initializers.GlorotUniform(seed=seeds[0]),
        name="filters",
    )
    pooled = kind.layers.MaxPooling1D(2)(filters(features))  # (B, T // 2, filters)
    drop = {"dropout": settings.dropout, "recurrent_dropout": settings.recurrent_dropout}
    read = make_lstm(kind, settings.hidden, seeds[1:3], settings.gain, name="reader", **drop)(
        pooled
    )  # (B, H)
    read = kind.layers.Reshape((1, settings.hidden))(read)  # (B, 1, H)
    glorot = kind.initializers.GlorotUniform(seed=seeds[3])
    logits = kind.layers.Dense(shape.outputs, kernel_initializer=glorot, name="output")(read)  # (B, 1, C)
    return kind.Model(features, logits)


def build(
    shape: NetworkShape, settings: ConvolvedSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet, lengths and classes.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.

    Raises:
        InputError: for questions too short to be pooled, or labels at every prefix.
    """
    check_poolable(shape)
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    return KerasNetwork(model, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)
