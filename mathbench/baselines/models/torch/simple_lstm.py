"""The simple LSTM in PyTorch: one LSTM reads the question, runs on over padding, then gives one token per step.

Source: Saxton, Grefenstette, Hill, Kohli, "Analysing Mathematical Reasoning Abilities of Neural Models" (2019).
The answer is not fed back: behind the question the LSTM sees padding only.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.settings.one_pass import SimpleSettings
from mathbench.baselines.models.torch.layers import make_dense, make_lstm
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class SimpleLSTM(nn.Module):
    """One LSTM and one softmax at each of the last steps."""

    def __init__(self, shape: NetworkShape, settings: SimpleSettings, rng: torch.Generator):
        super().__init__()
        self.reader = make_lstm(shape.symbols, settings.hidden, settings.layers, rng, settings.gain)
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.answer = shape.answer

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T + thinking + A, F) to logits (B, A, V)."""
        states, _ = self.reader(features)  # (B, T + thinking + A, H)
        logits: Tensor = self.output(states[:, -self.answer :])  # (B, A, V)
        return logits


def build(
    shape: NetworkShape, settings: SimpleSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(96, 96, 160, 30), SimpleSettings(hidden=16), 0, DeviceConfig("cpu")).parameters
    8864
    """
    rng = generator_for_seed(seed, device_config)
    padding = settings.thinking + shape.answer

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(np.pad(tokens, ((0, 0), (0, padding))), shape.symbols)

    return TorchNetwork(SimpleLSTM(shape, settings, rng), features, settings, device_config)
