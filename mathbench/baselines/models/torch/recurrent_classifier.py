"""Recurrent classifiers in PyTorch: an LSTM, a GRU or a plain RNN reads the question, one softmax decides.

With a label at every prefix the decision is trained at every position, and the one at the last position
counts.
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork, make_dense
from mathbench.baselines.models.torch.recurrent import make_recurrent
from mathbench.baselines.settings import ClassifierSettings


class RecurrentClassifier(nn.Module):
    """Reader and one softmax, at the end or at every position."""

    def __init__(self, cell: str, shape: NetworkShape, settings: ClassifierSettings, rng: torch.Generator):
        super().__init__()
        self.reader = make_recurrent(
            cell, shape.symbols, settings.hidden, rng, settings.layers, settings.gain
        )
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.prefix = shape.prefix

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T, F) to logits (B, 1, C), or while training on prefixes (B, T, C)."""
        read, _ = self.reader(features)  # (B, T, H)
        if not (self.prefix and torch.is_grad_enabled()):
            read = read[:, -1:]
        logits: Tensor = self.output(read)
        return logits


def build(
    cell: str, shape: NetworkShape, settings: ClassifierSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        shape: alphabet, lengths and classes.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.

    >>> build("lstm", NetworkShape(11, 2, 5, 1), ClassifierSettings(), 0, DeviceConfig("cpu")).parameters
    45002
    """
    rng = generator_for_seed(seed, device_config)
    module = RecurrentClassifier(cell, shape, settings, rng)
    return TorchNetwork(module, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)


lstm, gru, rnn = (partial(build, cell) for cell in ("lstm", "gru", "rnn"))
