"""Keras layers whose first weights follow from the seed of the run."""

from typing import Any

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
