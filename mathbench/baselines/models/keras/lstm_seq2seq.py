"""LSTM sequence to sequence in Keras: the last state of the encoder is repeated for the decoder.

Source: the Keras example addition_rnn; Sutskever, Vinyals, Le, "Sequence to Sequence Learning" (2014) for the
reversed query.
"""

from typing import Any

import numpy as np

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense, make_lstm
from mathbench.baselines.models.keras.model import KerasNetwork
from mathbench.baselines.models.keras.training_step import MAX_UNROLLED
from mathbench.baselines.models.reading_limit import unmarked
from mathbench.baselines.models.settings.one_pass import Seq2SeqSettings


def build_model(keras: Any, shape: NetworkShape, settings: Seq2SeqSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, T, F) to logits (B, A, V)."""
    marked = settings.positions == "one-hot"
    seeds = layer_seeds(seed, 2 * settings.layers + 3)
    features = keras.Input((None, shape.symbols + shape.question * marked))  # (B, T, F)
    _, h, c = make_lstm(keras, settings.hidden, seeds[:2], settings.gain, return_state=True, name="reader")(
        features
    )
    written = keras.layers.RepeatVector(shape.answer)(h)  # (B, A, H)
    if marked:
        written = keras.layers.Concatenate()([written, _marks(keras, shape.answer, h)])  # (B, A, H + A)
    start = [h, c] if settings.start == "encoder" else None
    for i in range(settings.layers):
        own = seeds[2 * i + 2 : 2 * i + 4]
        options = {"return_sequences": True, "unroll": shape.answer <= MAX_UNROLLED}
        writer = make_lstm(keras, settings.writer_units, own, **options, name=f"writer{i}")
        written = writer(written, initial_state=start)  # (B, A, W)
    logits = make_dense(keras, shape.outputs, seeds[-1], name="output")(written)  # (B, A, V)
    return keras.Model(features, logits)


def build(
    shape: NetworkShape, settings: Seq2SeqSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), shape, settings, seed)
    positions = shape.question if settings.positions == "one-hot" else 0
    network = KerasNetwork(
        model, lambda tokens: one_hot(tokens, shape.symbols, positions), settings, device_config
    )
    network.limit = unmarked(shape.question, bool(positions))
    return network


def _marks(keras: Any, answer: int, h: Any) -> Any:
    """Return one-hot positions for every row of a batch, (B, A, A), from a fixed layer whose bias is the identity."""
    identity = keras.initializers.Constant(np.eye(answer, dtype=np.float32).ravel())
    layer = keras.layers.Dense(
        answer * answer, kernel_initializer="zeros", bias_initializer=identity, trainable=False, name="marks"
    )
    return keras.layers.Reshape((answer, answer))(layer(h))
