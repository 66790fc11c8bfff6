"""Recurrent networks over columns of digits in PyTorch: a GRU or an LSTM, from the units on or in both directions.

One softmax per column writes a number, with which a claimed one is compared. Other labels are read from the last states
of both directions.
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.columns import count_tokens
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, column_layout
from mathbench.baselines.models.settings.recurrent import ColumnSettings
from mathbench.baselines.models.torch.column_network import ColumnNetwork
from mathbench.baselines.models.torch.layers import make_dense, make_recurrent
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import noisy_states


class ColumnReader(nn.Module):
    """A recurrent layer over columns for each direction, and a read-out with one hidden layer."""

    def __init__(self, cell: str, shape: NetworkShape, settings: ColumnSettings, rng: torch.Generator):
        super().__init__()
        layout = column_layout(shape)
        sizes = (cell, layout.operand_symbols, settings.hidden, rng, 1, settings.gain)
        self.ascending = make_recurrent(*sizes)
        self.descending = make_recurrent(*sizes) if settings.reading == "both" else None
        self.inner = make_dense((2 if self.descending else 1) * settings.hidden, settings.inner, rng)
        self.label = bool(shape.classes) and not layout.claims
        outputs = shape.outputs if self.label else layout.outputs
        self.output, self.noise = make_dense(settings.inner, outputs, rng), 0.0

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, C, F) to logits (B, C, outputs), or for a label to (B, 1, outputs)."""
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

    >>> from mathbench.baselines.columns import ColumnLayout
    >>> layout = ColumnLayout(10, ("", "+"), 1)
    >>> shape = NetworkShape(20, 11, 5, 5, layout=layout)
    >>> build("gru", shape, ColumnSettings(), 0, DeviceConfig("cpu")).parameters
    15243
    """
    module = ColumnReader(cell, shape, settings, generator_for_seed(seed, device_config))
    symbols = column_layout(shape).operand_symbols
    return ColumnNetwork(module, lambda tokens: count_tokens(tokens, symbols), shape, settings, device_config)


gru, lstm = (partial(build, cell) for cell in ("gru", "lstm"))
