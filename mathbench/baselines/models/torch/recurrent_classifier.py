"""Recurrent classifiers in PyTorch: an LSTM, a GRU or a plain RNN reads the question, one softmax decides.

With a label at every prefix the decision is trained at every position, and the one at the last position
counts.
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import Network, Place, Shape, one_hot
from mathbench.baselines.models.torch.model import luck_of
from mathbench.baselines.models.torch.one_shot import TorchNetwork, dense
from mathbench.baselines.models.torch.recurrent import recurrent
from mathbench.baselines.settings import Classifier


class RecurrentClassifier(nn.Module):
    """Reader and one softmax, at the end or at every position."""

    def __init__(self, cell: str, shape: Shape, settings: Classifier, luck: torch.Generator):
        super().__init__()
        self.reader = recurrent(cell, shape.symbols, settings.hidden, luck, settings.layers, settings.gain)
        self.output = dense(settings.hidden, shape.outputs, luck)
        self.prefix = shape.prefix

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T, F) to logits (B, 1, C), or while training on prefixes (B, T, C)."""
        read, _ = self.reader(features)  # (B, T, H)
        if not (self.prefix and torch.is_grad_enabled()):
            read = read[:, -1:]
        logits: Tensor = self.output(read)
        return logits


def build(cell: str, shape: Shape, settings: Classifier, seed: int | str, place: Place) -> Network:
    """The network, untrained.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        shape: alphabet, lengths and classes.
        settings: hyperparameters.
        seed: decides the first weights.
        place: device and threads.

    >>> build("lstm", Shape(11, 2, 5, 1), Classifier(), 0, Place("cpu")).parameters
    45002
    """
    luck = luck_of(seed, place)
    module = RecurrentClassifier(cell, shape, settings, luck)
    return TorchNetwork(module, lambda tokens: one_hot(tokens, shape.symbols), settings, place)


lstm, gru, rnn = (partial(build, cell) for cell in ("lstm", "gru", "rnn"))
