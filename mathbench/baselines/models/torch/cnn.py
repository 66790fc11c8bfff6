"""Residual 1-D convolutions in PyTorch over the question and padding for the answer.

The answer is read off at the padding behind the question. The dilation doubles from block to block until every answer
position sees the whole question (Bai, Kolter, Koltun, "An Empirical Evaluation of
Generic Convolutional and Recurrent Networks for Sequence Modeling", 2018; here both sides of a position are seen).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.reading_limit import ReadingLimit
from mathbench.baselines.models.settings.one_pass import ConvolutionsSettings
from mathbench.baselines.models.torch.layers import make_dense
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class Block(nn.Module):
    """Norm, convolution, ReLU and linear layer with a residual connection."""

    def __init__(self, channels: int, width: int, dilation: int, rng: torch.Generator):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.convolution = nn.Conv1d(channels, channels, width, padding="same", dilation=dilation)
        self.linear = make_dense(channels, channels, rng)
        with torch.no_grad():
            nn.init.kaiming_uniform_(self.convolution.weight, nonlinearity="relu", generator=rng)
            nn.init.zeros_(self.convolution.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, L, H) to (B, L, H)."""
        seen = self.convolution(self.norm(x).transpose(1, 2)).transpose(1, 2)  # (B, L, H)
        added: Tensor = self.linear(torch.relu(seen))  # (B, L, H)
        return x + added


class CNN(nn.Module):
    """Blocks of growing dilation, one softmax per answer position."""

    def __init__(self, shape: NetworkShape, settings: ConvolutionsSettings, rng: torch.Generator):
        super().__init__()
        self.input = make_dense(shape.symbols, settings.hidden, rng)
        dilations = _dilations(shape.question + shape.answer, settings.width)
        self.blocks = nn.ModuleList(
            Block(settings.hidden, settings.width, dilation, rng)
            for _ in range(settings.layers)
            for dilation in dilations
        )
        self.norm = nn.LayerNorm(settings.hidden)
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.answer = shape.answer

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T + A, F) to logits (B, A, V)."""
        x = self.input(features)  # (B, T + A, H)
        for block in self.blocks:
            x = block(x)  # (B, T + A, H)
        logits: Tensor = self.output(self.norm(x[:, -self.answer :]))  # (B, A, V)
        return logits


def build(
    shape: NetworkShape, settings: ConvolutionsSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), ConvolutionsSettings(hidden=8), 0, DeviceConfig("cpu")).parameters
    1380
    """
    rng = generator_for_seed(seed, device_config)

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(np.pad(tokens, ((0, 0), (0, shape.answer))), shape.symbols)

    network = TorchNetwork(CNN(shape, settings, rng), features, settings, device_config)
    reach = (
        settings.layers
        * (settings.width // 2)
        * sum(_dilations(shape.question + shape.answer, settings.width))
    )
    network.limit = ReadingLimit(
        reach - shape.answer + 1, "the end of the answer does not see their beginning"
    )
    return network


def _dilations(length: int, width: int) -> list[int]:
    """Return the dilations 1, 2, 4, ... until the last position sees the first.

    >>> _dilations(11, 3)
    [1, 2, 4, 8]
    """
    dilations = [1]
    while sum(dilations) * (width // 2) < length - 1:
        dilations.append(2 * dilations[-1])
    return dilations
