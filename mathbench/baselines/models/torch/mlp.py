"""A multilayer perceptron in PyTorch: dense layers over the question, one softmax per answer position.

It reads as many tokens as the longest training question has. Longer questions are cut off.
"""

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mathbench.baselines.encoding import Tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, one_hot
from mathbench.baselines.models.reading_limit import cut_off
from mathbench.baselines.models.settings.one_pass import PerceptronSettings
from mathbench.baselines.models.torch.layers import make_dense
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class MLP(nn.Module):
    """Dense layers with ReLU, then one layer for all answer positions."""

    def __init__(self, shape: NetworkShape, settings: PerceptronSettings, rng: torch.Generator):
        super().__init__()
        widths = [shape.question * shape.symbols] + settings.layers * [settings.hidden]
        pairs = pairwise(widths)
        self.hidden = nn.ModuleList(make_dense(inputs, units, rng) for inputs, units in pairs)
        self.output = make_dense(settings.hidden, shape.answer * shape.outputs, rng)
        self.answers = (shape.answer, shape.outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T, F) to logits (B, A, V)."""
        x = features.flatten(1)  # (B, T * F)
        for layer in self.hidden:
            x = torch.relu(layer(x))  # (B, H)
        logits: Tensor = self.output(x)  # (B, A * V)
        return logits.view(-1, *self.answers)  # (B, A, V)


def build(
    shape: NetworkShape, settings: PerceptronSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), PerceptronSettings(hidden=10, layers=1), 0, DeviceConfig("cpu")).parameters
    1378
    """
    rng = generator_for_seed(seed, device_config)

    def features(tokens: Tokens) -> NDArray[np.float32]:
        return one_hot(tokens[:, : shape.question], shape.symbols)

    network = TorchNetwork(MLP(shape, settings, rng), features, settings, device_config)
    network.limit = cut_off(shape.question)
    return network
