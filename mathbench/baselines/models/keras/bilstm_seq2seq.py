"""Bidirectional LSTM sequence to sequence in Keras: both ends read, the result is repeated, both ends write.

Source: the notebook "Learning Math with LSTMs and Keras", two bidirectional layers of 20 units.
"""

from typing import Any

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import KerasNetwork, layer_seeds, make_lstm
from mathbench.baselines.settings import BidirectionalSettings


def build_model(kind: Any, shape: NetworkShape, settings: BidirectionalSettings, seed: int | str) -> Any:
    """The Keras model from features (B, T, F) to logits (B, A, V)."""
    seeds, hidden = layer_seeds(seed, 9), settings.hidden
    features = kind.Input((None, shape.symbols))  # (B, T, F)
    read = _both(kind, hidden, seeds[:4], settings.gain, name="reader")(features)  # (B, 2H): where each ended
    repeated = kind.layers.RepeatVector(shape.answer)(read)  # (B, A, 2H)
    written = _both(kind, hidden, seeds[4:8], return_sequences=True, name="writer")(repeated)  # (B, A, 2H)
    glorot = kind.initializers.GlorotUniform(seed=seeds[8])
    logits = kind.layers.Dense(shape.outputs, kernel_initializer=glorot, name="output")(written)  # (B, A, V)
    return kind.Model(features, logits)


def build(
    shape: NetworkShape, settings: BidirectionalSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    return KerasNetwork(model, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)


def _both(kind: Any, units: int, seeds: list[int], gain: float = 1.0, name: str = "", **options: Any) -> Any:
    """An LSTM from each end; left to itself, Keras would give both the same first weights."""
    forward = make_lstm(kind, units, seeds[:2], gain, name="forward", **options)
    backward = make_lstm(kind, units, seeds[2:], gain, name="backward", go_backwards=True, **options)
    return kind.layers.Bidirectional(forward, backward_layer=backward, name=name)
