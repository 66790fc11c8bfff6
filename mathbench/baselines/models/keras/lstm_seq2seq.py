"""LSTM sequence to sequence in Keras: one LSTM reads, its last state is repeated, another LSTM writes.

Source: the Keras example addition_rnn; Sutskever, Vinyals, Le, "Sequence to Sequence Learning" (2014) for the
reversed query.
"""

from typing import Any

import numpy as np

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.model import MAX_UNROLLED, KerasNetwork, layer_seeds, make_lstm
from mathbench.baselines.settings import Seq2SeqSettings


def build_model(kind: Any, shape: NetworkShape, settings: Seq2SeqSettings, seed: int | str) -> Any:
    """The Keras model from features (B, T, F) to logits (B, A, V)."""
    marked = settings.positions == "one-hot"
    seeds = layer_seeds(seed, 2 * settings.layers + 3)
    features = kind.Input((None, shape.symbols + shape.question * marked))  # (B, T, F)
    _, h, c = make_lstm(kind, settings.hidden, seeds[:2], settings.gain, return_state=True, name="reader")(
        features
    )
    written = kind.layers.RepeatVector(shape.answer)(h)  # (B, A, H)
    if marked:
        written = kind.layers.Concatenate()([written, _marks(kind, shape.answer, h)])  # (B, A, H + A)
    start = [h, c] if settings.start == "encoder" else None
    for i in range(settings.layers):
        own = seeds[2 * i + 2 : 2 * i + 4]
        options = {"return_sequences": True, "unroll": shape.answer <= MAX_UNROLLED}
        writer = make_lstm(kind, settings.writer_units, own, **options, name=f"writer{i}")
        written = writer(written, initial_state=start)  # (B, A, W)
    glorot = kind.initializers.GlorotUniform(seed=seeds[-1])
    logits = kind.layers.Dense(shape.outputs, kernel_initializer=glorot, name="output")(written)  # (B, A, V)
    return kind.Model(features, logits)


def build(
    shape: NetworkShape, settings: Seq2SeqSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    positions = shape.question if settings.positions == "one-hot" else 0
    return KerasNetwork(
        model, lambda tokens: one_hot(tokens, shape.symbols, positions), settings, device_config
    )


def _marks(kind: Any, answer: int, h: Any) -> Any:
    """One-hot positions for every row of a batch, (B, A, A): a fixed layer whose bias is the identity."""
    identity = kind.initializers.Constant(np.eye(answer, dtype=np.float32).ravel())
    layer = kind.layers.Dense(
        answer * answer, kernel_initializer="zeros", bias_initializer=identity, trainable=False, name="marks"
    )
    return kind.layers.Reshape((answer, answer))(layer(h))
