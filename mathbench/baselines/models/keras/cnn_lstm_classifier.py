"""Convolution and LSTM in Keras: convolution, pooling, an LSTM with dropout, one softmax or sigmoid.

Source: the notebook "RNNs: Categorization" (Hofstadter's challenge), which has a sigmoid.
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, check_poolable
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import classifier_logits, layer_seeds, make_lstm
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.settings.one_pass import ConvolvedSettings


def build_model(keras: Any, shape: NetworkShape, settings: ConvolvedSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, T, F) to logits (B, 1, C)."""
    seeds = layer_seeds(seed, 4)
    features = keras.Input((None, shape.inputs))  # (B, T, F)
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
    return keras.Model(
        features, classifier_logits(keras, read, shape, settings.output, seeds[3])
    )  # (B, 1, C)


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
        InputError: for questions too short to be pooled, a label at every prefix, or a sigmoid and other than two
            classes.
    """
    check_poolable(shape)
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    return KerasNetwork(model, shape.one_hot, settings, device_config)
