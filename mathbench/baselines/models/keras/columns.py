"""Recurrent networks over columns of digits in Keras: a GRU or an LSTM, from the units on or in both directions.

One softmax per column writes a number, with which a claimed one is compared. Other labels are read from the last states
of both directions.
"""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mathbench.baselines.columns import Statements, count_tokens
from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import (
    IGNORE_INDEX,
    DeviceConfig,
    Network,
    NetworkShape,
    column_layout,
)
from mathbench.baselines.models.keras.backend import load_keras
from mathbench.baselines.models.keras.layers import layer_seeds, make_dense, make_recurrent
from mathbench.baselines.models.keras.model import KerasNetwork, softmax
from mathbench.baselines.models.settings.recurrent import ColumnSettings


def build_model(keras: Any, cell: str, shape: NetworkShape, settings: ColumnSettings, seed: int | str) -> Any:
    """Return the Keras model from features (B, C, F) to logits (B, C, outputs), or for a label to (B, 1, outputs)."""
    layout, seeds = column_layout(shape), layer_seeds(seed, 6)
    label = bool(shape.classes) and not layout.claims
    features = keras.Input((None, layout.operand_symbols))  # (B, C, F)
    options: dict[str, Any] = {"gain": settings.gain, "return_sequences": not label}
    reader = make_recurrent(keras, cell, settings.hidden, seeds[:2], name="ascending", **options)
    if settings.reading == "both":
        options |= {"go_backwards": True, "name": "descending"}
        descending = make_recurrent(keras, cell, settings.hidden, seeds[2:4], **options)
        reader = keras.layers.Bidirectional(reader, backward_layer=descending, name="reader")
    states = reader(features)
    if label:
        states = keras.layers.Reshape((1, states.shape[-1]))(states)
    inner = make_dense(keras, settings.inner, seeds[4], activation="relu", name="inner")(states)
    outputs = shape.outputs if label else layout.outputs
    return keras.Model(features, make_dense(keras, outputs, seeds[5], name="output")(inner))


def build(
    cell: str, shape: NetworkShape, settings: ColumnSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        cell: ``gru`` or ``lstm``.
        shape: the layout of the columns and the outputs.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.
    """
    model = build_model(load_keras(device_config.threads), cell, shape, settings, seed)
    symbols = column_layout(shape).operand_symbols
    return _ColumnNetwork(model, lambda tokens: count_tokens(tokens, symbols), shape, settings, device_config)


class _ColumnNetwork(KerasNetwork):
    """A network that writes results, and judges statements by them."""

    def __init__(self, model: Any, features: Any, shape: NetworkShape, *rest: Any):
        super().__init__(model, features, *rest)
        self._statements = Statements.of(column_layout(shape), shape.classes)
        if self._statements:
            operands = self._statements.operands
            self._features = lambda tokens: features(operands(tokens))

    def _batch(self, questions: Tokens, labels: Tokens) -> tuple[Any, Tokens]:
        if self._statements:
            labels = self._statements.targets(questions, labels, IGNORE_INDEX)
        return super()._batch(questions, labels)

    def _likeliest(self, questions: Tokens) -> tuple[Tokens, NDArray[np.float32]]:
        if not self._statements:
            return super()._likeliest(questions)
        return self._statements.judge(questions, softmax(self._logits(questions)))


gru, lstm = (partial(build, cell) for cell in ("gru", "lstm"))
