"""Bidirectional LSTM sequence to sequence in PyTorch: the encoder state is repeated for a bidirectional decoder.

Source: the notebook "Learning Math with LSTMs and Keras", two bidirectional layers of 20 units.
"""

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.settings.one_pass import BidirectionalSettings
from mathbench.baselines.models.torch.layers import make_dense, make_recurrent
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class BiLSTMSeq2Seq(nn.Module):
    """Encoder, repeated state, decoder, one softmax per position."""

    def __init__(self, shape: NetworkShape, settings: BidirectionalSettings, rng: torch.Generator):
        super().__init__()
        hidden = settings.hidden
        self.reader = make_recurrent("lstm", shape.symbols, hidden, rng, gain=settings.gain, both=True)
        self.writer = make_recurrent("lstm", 2 * hidden, hidden, rng, both=True)
        self.output = make_dense(2 * hidden, shape.outputs, rng)
        self.answer = shape.answer

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T, F) to logits (B, A, V)."""
        _, (h, _) = self.reader(features)  # (2, B, H): last states
        both = torch.cat([h[0], h[1]], dim=1)  # (B, 2H)
        repeated = both.unsqueeze(1).expand(-1, self.answer, -1)  # (B, A, 2H)
        written, _ = self.writer(repeated)  # (B, A, 2H)
        logits: Tensor = self.output(written)  # (B, A, V)
        return logits


def build(
    shape: NetworkShape, settings: BidirectionalSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(13, 13, 10, 5), BidirectionalSettings(), 0, DeviceConfig("cpu")).parameters
    15733
    """
    rng = generator_for_seed(seed, device_config)
    module = BiLSTMSeq2Seq(shape, settings, rng)
    return TorchNetwork(module, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)
