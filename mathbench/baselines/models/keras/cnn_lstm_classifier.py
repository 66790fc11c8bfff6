"""Convolution and LSTM in Keras: convolution, pooling, an LSTM with dropout, one softmax.

Source: the notebook "RNNs: Categorization" (Hofstadter's challenge). Its single sigmoid output is a softmax over
the classes here.
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, check_poolable, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense, make_lstm
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.settings.one_pass import ConvolvedSettings


def build_model(keras: Any, shape: NetworkShape, settings: ConvolvedSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, T, F) to logits (B, 1, C)."""
    seeds = layer_seeds(seed, 4)
    features = keras.Input((None, shape.symbols))  # (B, T, F)
    filters = keras.layers.Conv1D(
        settings.filters,
        settings.width,
        padding="same",
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(seed=seeds[0]),
        name="filters",
    )
    pooled = keras.layers.MaxPooling1D(2)(filters(features))  # (B, T // 2, filters)
    drop = {"dropout": settings.dropout, "recurrent_dropout": settings.recurrent_dropout}
    read = make_lstm(keras, settings.hidden, seeds[1:3], settings.gain, name="reader", **drop)(
        pooled
    )  # (B, H)
    read = keras.layers.Reshape((1, settings.hidden))(read)  # (B, 1, H)
    logits = make_dense(keras, shape.outputs, seeds[3], name="output")(read)  # (B, 1, C)
    return keras.Model(features, logits)


def build(
    shape: NetworkShape, settings: ConvolvedSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    Raises:
        InputError: for questions too short to be pooled, or a label at every prefix.
    """
    check_poolable(shape)
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    return KerasNetwork(model, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)
