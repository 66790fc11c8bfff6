"""The simple LSTM in PyTorch: one LSTM reads the question, thinks on blanks, then writes a token per step.

Source: Saxton, Grefenstette, Hill, Kohli, "Analysing Mathematical Reasoning Abilities of Neural Models" (2019).
Nothing that is written is read again: while it thinks and writes, the LSTM sees blanks.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import Network, Place, Shape, one_hot
from mathbench.baselines.models.torch.model import luck_of
from mathbench.baselines.models.torch.one_shot import TorchNetwork, dense, lstm
from mathbench.baselines.settings import Simple


class SimpleLSTM(nn.Module):
    """Reader, thinker and writer in one; one softmax at each of the last steps."""

    def __init__(self, shape: Shape, settings: Simple, luck: torch.Generator):
        super().__init__()
        self.reader = lstm(shape.symbols, settings.hidden, settings.layers, luck, settings.gain)
        self.output = dense(settings.hidden, shape.outputs, luck)
        self.answer = shape.answer

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T + thinking + A, F) to logits (B, A, V)."""
        states, _ = self.reader(features)  # (B, T + thinking + A, H)
        logits: Tensor = self.output(states[:, -self.answer :])  # (B, A, V)
        return logits


def build(shape: Shape, settings: Simple, seed: int | str, place: Place) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        place: device and threads.

    >>> build(Shape(96, 96, 160, 30), Simple(hidden=16), 0, Place("cpu")).parameters
    8864
    """
    luck = luck_of(seed, place)
    blanks = settings.thinking + shape.answer

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(np.pad(tokens, ((0, 0), (0, blanks))), shape.symbols)

    return TorchNetwork(SimpleLSTM(shape, settings, luck), features, settings, place)
