"""The layers of a Keras model."""

import re
from typing import Any

import numpy as np

from mathbench.baselines.models.layer_table import Layer


def model_layers(model: Any) -> tuple[Layer, ...]:
    """Return the layers of a model in its order. Weights that are used in several places count at the first."""
    counted: set[int] = set()
    nodes = {id(node) for depth in model._nodes_by_depth.values() for node in depth}
    return tuple(_layer(layer, nodes, counted) for layer in model.layers)


def _layer(layer: Any, known: set[int], counted: set[int]) -> Layer:
    own = [w for w in layer.trainable_weights if id(w) not in counted]
    counted.update(id(w) for w in own)
    # a layer may also belong to other models
    nodes = [node for node in layer._inbound_nodes if id(node) in known]
    outputs = nodes[0].outputs if nodes else []
    shape = tuple(outputs[0].shape) if outputs else None
    weights = int(sum(np.prod(w.shape) for w in own))
    # Keras numbers layers without a name of their own through the whole process
    name = layer.name if own else re.sub(r"_[0-9]+$", "", layer.name)
    return Layer(name, type(layer).__name__, shape, weights, max(len(nodes), 1))
