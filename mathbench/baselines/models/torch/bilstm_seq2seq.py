"""Bidirectional LSTM sequence to sequence in PyTorch: both ends read, the result is repeated, both ends write.

Source: the notebook "Learning Math with LSTMs and Keras", two bidirectional layers of 20 units.
"""

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import Network, Place, Shape, one_hot
from mathbench.baselines.models.torch.model import luck_of
from mathbench.baselines.models.torch.one_shot import TorchNetwork, dense
from mathbench.baselines.models.torch.recurrent import recurrent
from mathbench.baselines.settings import Bidirectional


class BiLSTMSeq2Seq(nn.Module):
    """Reader, repeat, writer, one softmax per position."""

    def __init__(self, shape: Shape, settings: Bidirectional, luck: torch.Generator):
        super().__init__()
        hidden = settings.hidden
        self.reader = recurrent("lstm", shape.symbols, hidden, luck, gain=settings.gain, both=True)
        self.writer = recurrent("lstm", 2 * hidden, hidden, luck, both=True)
        self.output = dense(2 * hidden, shape.outputs, luck)
        self.answer = shape.answer

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T, F) to logits (B, A, V)."""
        _, (h, _) = self.reader(features)  # (2, B, H): where each direction ended
        both = torch.cat([h[0], h[1]], dim=1)  # (B, 2H)
        repeated = both.unsqueeze(1).expand(-1, self.answer, -1)  # (B, A, 2H)
        written, _ = self.writer(repeated)  # (B, A, 2H)
        logits: Tensor = self.output(written)  # (B, A, V)
        return logits


def build(shape: Shape, settings: Bidirectional, seed: int | str, place: Place) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        place: device and threads.

    >>> build(Shape(13, 13, 10, 5), Bidirectional(), 0, Place("cpu")).parameters
    15733
    """
    luck = luck_of(seed, place)
    module = BiLSTMSeq2Seq(shape, settings, luck)
    return TorchNetwork(module, lambda tokens: one_hot(tokens, shape.symbols), settings, place)
