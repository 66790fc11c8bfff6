"""Convolution and LSTM in Keras: filters, pooling, an LSTM with dropout that reads, one softmax decides.

Source: the notebook "RNNs: Categorization" (Hofstadter's challenge). Its single sigmoid output is a softmax over
the classes here.
"""

from typing import Any

from mathbench.baselines.models.interface import Network, Place, Shape, check_poolable, one_hot
from mathbench.baselines.models.keras.backend import keras
from mathbench.baselines.models.keras.model import KerasNetwork, lstm, seeds
from mathbench.baselines.settings import Convolved


def model_of(kind: Any, shape: Shape, settings: Convolved, seed: int | str) -> Any:
    """The Keras model from features (B, T, F) to logits (B, 1, C)."""
    luck = seeds(seed, 4)
    features = kind.Input((None, shape.symbols))  # (B, T, F)
    filters = kind.layers.Conv1D(
        settings.filters,
        settings.width,
        padding="same",
        activation="relu",
        kernel_initializer=kind.initializers.GlorotUniform(seed=luck[0]),
        name="filters",
    )
    pooled = kind.layers.MaxPooling1D(2)(filters(features))  # (B, T // 2, filters)
    drop = {"dropout": settings.dropout, "recurrent_dropout": settings.recurrent_dropout}
    read = lstm(kind, settings.hidden, luck[1:3], settings.gain, name="reader", **drop)(pooled)  # (B, H)
    read = kind.layers.Reshape((1, settings.hidden))(read)  # (B, 1, H)
    glorot = kind.initializers.GlorotUniform(seed=luck[3])
    logits = kind.layers.Dense(shape.outputs, kernel_initializer=glorot, name="output")(read)  # (B, 1, C)
    return kind.Model(features, logits)


def build(shape: Shape, settings: Convolved, seed: int | str, place: Place) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet, lengths and classes.
        settings: hyperparameters.
        seed: decides the first weights.
        place: device and threads.

    Raises:
        InputError: for questions too short to be pooled, or labels at every prefix.
    """
    check_poolable(shape)
    model = model_of(keras(place.threads), shape, settings, seed)
    return KerasNetwork(model, lambda tokens: one_hot(tokens, shape.symbols), settings, place)
