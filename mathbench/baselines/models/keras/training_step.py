"""One training step of a Keras model: with TensorFlow a graph of its own, otherwise `train_on_batch`.

The graph does what Keras' own does and gives the same bits. It leaves out metrics and the wrapping of every batch in a
data set, which take a tenth of a small network's step.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MAX_UNROLLED = 16  # longest recurrence that is unrolled: a sixth faster, but every step has to be traced


def make_training_step(keras: Any, model: Any) -> Callable[[Any, Any], float]:
    """Return a function that updates a compiled model on inputs and targets, and returns their mean loss."""
    if keras.backend.backend() == "tensorflow":
        return _graph_step(model)

    def step(inputs: Any, targets: Any) -> float:
        model.reset_metrics()  # otherwise the loss would be a running mean
        return float(model.train_on_batch(inputs, targets))

    return step


def _graph_step(model: Any) -> Callable[[Any, Any], float]:
    import tensorflow

    @tensorflow.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def update(inputs: Any, targets: Any) -> Any:
        weights = model.trainable_weights
        with tensorflow.GradientTape() as tape:
            loss = model.compute_loss(inputs, targets, model(inputs, training=True), None)
        model.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    return lambda inputs, targets: float(update(inputs, targets))


@contextmanager
def unrolled(layers: list[Any], wanted: bool) -> Iterator[None]:
    """Unroll recurrent layers in graphs that are traced while the context is open."""
    for layer in layers:
        layer.unroll = wanted
    try:
        yield
    finally:
        for layer in layers:
            layer.unroll = False


def recurrent_layers(model: Any) -> list[Any]:
    """Return the recurrent layers of a model that are not always unrolled."""
    return [layer for layer in model.layers if getattr(layer, "unroll", True) is False]
