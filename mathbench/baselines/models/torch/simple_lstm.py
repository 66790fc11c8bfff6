"""The simple LSTM in PyTorch: one LSTM reads the question, thinks on blanks, then writes a token per step.

Source: Saxton, Grefenstette, Hill, Kohli, "Analysing Mathematical Reasoning Abilities of Neural Models" (2019).
Nothing that is written is read again: while it thinks and writes, the LSTM sees blanks.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork, make_dense, make_lstm
from mathbench.baselines.settings import SimpleSettings


class SimpleLSTM(nn.Module):
    """Reader, thinker and writer in one; one softmax at each of the last steps."""

    def __init__(self, shape: NetworkShape, settings: SimpleSettings, rng: torch.Generator):
        super().__init__()
        self.reader = make_lstm(shape.symbols, settings.hidden, settings.layers, rng, settings.gain)
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.answer = shape.answer

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T + thinking + A, F) to logits (B, A, V)."""
        states, _ = self.reader(features)  # (B, T + thinking + A, H)
        logits: Tensor = self.output(states[:, -self.answer :])  # (B, A, V)
        return logits


def build(
    shape: NetworkShape, settings: SimpleSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet and lengths.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(96, 96, 160, 30), SimpleSettings(hidden=16), 0, DeviceConfig("cpu")).parameters
    8864
    """
    rng = generator_for_seed(seed, device_config)
    blanks = settings.thinking + shape.answer

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(np.pad(tokens, ((0, 0), (0, blanks))), shape.symbols)

    return TorchNetwork(SimpleLSTM(shape, settings, rng), features, settings, device_config)
