"""Keras layers whose first weights follow from the seed of the run."""

from typing import Any

from mathbench.baselines.models.interface import NetworkShape, logit_count
from mathbench.hashing import key_of

CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "SimpleRNN"}


def layer_seeds(seed: int | str, count: int) -> list[int]:
    """Return `count` seeds of 31 bits for the initialisers of a network."""
    return [key_of("weights", seed, i) >> 33 for i in range(count)]


def make_dense(keras: Any, units: int, seed: int, **options: Any) -> Any:
    """Return a dense layer with Glorot weights drawn from `seed`."""
    glorot = keras.initializers.GlorotUniform(seed=seed)
    return keras.layers.Dense(units, kernel_initializer=glorot, **options)


def make_recurrent(
    keras: Any, cell: str, units: int, seeds: list[int], gain: float = 1.0, **options: Any
) -> Any:
    """Return a recurrent layer with Glorot input weights and an orthogonal recurrence.

    Args:
        keras: the module keras.
        cell: ``lstm``, ``gru`` or ``rnn``.
        units: units of the layer.
        seeds: two, for the input weights and the recurrence.
        gain: factor on the input weights.
        options: further arguments of the Keras layer.
    """
    glorot = keras.initializers.VarianceScaling(gain * gain or 1e-12, "fan_avg", "uniform", seed=seeds[0])
    orthogonal = keras.initializers.Orthogonal(seed=seeds[1])
    layer = getattr(keras.layers, CELLS[cell])
    return layer(units, kernel_initializer=glorot, recurrent_initializer=orthogonal, **options)


def make_lstm(keras: Any, units: int, seeds: list[int], gain: float = 1.0, **options: Any) -> Any:
    """Return an LSTM layer (see `make_recurrent`)."""
    return make_recurrent(keras, "lstm", units, seeds, gain, **options)


def classifier_logits(keras: Any, states: Any, shape: NetworkShape, output: str, seed: int) -> Any:
    """Map states (B, P, H) to the logits of all classes, (B, P, C), with a layer named ``output``.

    Args:
        keras: the module keras.
        states: what is read out.
        shape: the number of classes.
        output: ``softmax``, a logit per class, or ``sigmoid``, one logit for the second of two classes.
        seed: seed of the first weights.
    """
    layer = make_dense(keras, logit_count(shape, output), seed, name="output")
    return with_first_class(keras, layer(states))


def with_first_class(keras: Any, logits: Any) -> Any:
    """Return logits (..., C); to a single one, that of the second class, is added 0, that of the first."""
    if logits.shape[-1] > 1:
        return logits
    return keras.ops.pad(logits, [[0, 0]] * (len(logits.shape) - 1) + [[1, 0]])
