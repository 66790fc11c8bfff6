"""Recurrent networks over columns of digits in PyTorch: a GRU or an LSTM, from the units on or in both directions.

One softmax per column writes a number. A label is read from the last states of both directions.
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.columns import count_tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.torch.layers import make_dense, make_recurrent
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import noisy_states
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.baselines.settings import ColumnSettings


class ColumnReader(nn.Module):
    """Recurrent layers over columns and a read-out with one hidden layer."""

    def __init__(self, cell: str, shape: NetworkShape, settings: ColumnSettings, rng: torch.Generator):
        super().__init__()
        sizes = (cell, shape.symbols, settings.hidden, rng, settings.layers, settings.gain)
        self.ascending = make_recurrent(*sizes)
        self.descending = make_recurrent(*sizes) if settings.reading == "both" else None
        self.inner = make_dense((2 if self.descending else 1) * settings.hidden, settings.inner, rng)
        self.output = make_dense(settings.inner, shape.outputs, rng)
        self.label, self.noise = bool(shape.classes), 0.0

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, C, F) to logits (B, C, outputs), or with classes to (B, 1, outputs)."""
        states = [self._states(self.ascending, features)]
        if self.descending:
            states.append(self._states(self.descending, features.flip(1)).flip(1))
        if self.label:  # the last state of each direction
            ends = (-1, 0)
            states = [read[:, end, None] for read, end in zip(states, ends, strict=False)]
        logits: Tensor = self.output(torch.relu(self.inner(torch.cat(states, dim=2))))
        return logits

    def _states(self, reader: nn.RNNBase, columns: Tensor) -> Tensor:
        """Return the states after each column, (B, C, H)."""
        if self.noise and torch.is_grad_enabled():
            return noisy_states(reader, columns, self.noise)
        states: Tensor = reader(columns)[0]
        return states


def build(
    cell: str, shape: NetworkShape, settings: ColumnSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        cell: ``gru`` or ``lstm``.
        shape: the layout of the columns and the outputs.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build("gru", NetworkShape(20, 11, 5, 5), ColumnSettings(), 0, DeviceConfig("cpu")).parameters
    15371
    """
    rng = generator_for_seed(seed, device_config)
    module = ColumnReader(cell, shape, settings, rng)
    return TorchNetwork(module, lambda tokens: count_tokens(tokens, shape.symbols), settings, device_config)


gru, lstm = (partial(build, cell) for cell in ("gru", "lstm"))
