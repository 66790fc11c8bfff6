"""The layer table of a network, trained or not."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mathbench.baselines.encoding import Encoding
from mathbench.baselines.models.interface import Network
from mathbench.baselines.models.layer_table import Layer

ROWS = 3  # of the batch that passes through a network; no size of a layer


@dataclass(frozen=True)
class LayerTable:
    """The layers of a network.

    Args:
        layers: in the order of the network.
        parameters: number of all trained weights, the sum of those of the layers.
        question: positions of a training question.
        answer: output positions.
    """

    layers: tuple[Layer, ...]
    parameters: int
    question: int
    answer: int

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "layers": [layer.to_json() for layer in self.layers],
            "parameters": self.parameters,
            "question": self.question,
            "answer": self.answer,
        }


def layer_table(network: Network, encoding: Encoding) -> LayerTable:
    """Return the layers of a network, with the shapes of their outputs for questions of training width.

    Args:
        network: the network. One that does not know its layers has a row per array of weights.
        encoding: its encoding.
    """
    # shapes do not depend on the characters, but a network may stop at the padding of an answer
    width = encoding.widths if encoding.layout else (encoding.question_width,)
    questions = np.zeros((ROWS, *width), dtype=np.int64)
    answers = np.ones((ROWS, encoding.answer_width), dtype=np.int64)
    known = getattr(network, "layers", None)
    layers = known(questions, answers) if known else _weight_rows(network)
    return LayerTable(layers, network.parameters, encoding.question_width, encoding.answer_width)


def _weight_rows(network: Network) -> tuple[Layer, ...]:
    weights = network.weights().items()
    return tuple(Layer(name, "weights", tuple(array.shape), int(array.size)) for name, array in weights)
