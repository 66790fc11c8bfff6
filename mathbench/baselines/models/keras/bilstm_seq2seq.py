"""Bidirectional LSTM sequence to sequence in Keras: the encoder state is repeated for a bidirectional decoder.

Source: the notebook "Learning Math with LSTMs and Keras", two bidirectional layers of 20 units.
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense, make_lstm
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.settings.one_pass import BidirectionalSettings


def build_model(keras: Any, shape: NetworkShape, settings: BidirectionalSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, T, F) to logits (B, A, V)."""
    seeds, hidden = layer_seeds(seed, 9), settings.hidden
    features = keras.Input((None, shape.symbols))  # (B, T, F)
    read = _bidirectional(keras, hidden, seeds[:4], settings.gain, name="reader")(
        features
    )  # (B, 2H): last states
    repeated = keras.layers.RepeatVector(shape.answer)(read)  # (B, A, 2H)
    written = _bidirectional(keras, hidden, seeds[4:8], return_sequences=True, name="writer")(
        repeated
    )  # (B, A, 2H)
    logits = make_dense(keras, shape.outputs, seeds[8], name="output")(written)  # (B, A, V)
    return keras.Model(features, logits)


def build(
    shape: NetworkShape, settings: BidirectionalSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    return KerasNetwork(model, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)


def _bidirectional(
    keras: Any, units: int, seeds: list[int], gain: float = 1.0, name: str = "", **options: Any
) -> Any:
    """Return a bidirectional LSTM whose directions start with different weights; Keras would give both the same."""
    forward = make_lstm(keras, units, seeds[:2], gain, name="forward", **options)
    backward = make_lstm(keras, units, seeds[2:], gain, name="backward", go_backwards=True, **options)
    return keras.layers.Bidirectional(forward, backward_layer=backward, name=name)
