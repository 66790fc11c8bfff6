"""Convolution and LSTM in PyTorch: filters, pooling, an LSTM with dropout that reads, one softmax decides.

Source: the notebook "RNNs: Categorization" (Hofstadter's challenge). Its single sigmoid output is a softmax over
the classes here. Dropout is Keras': one mask per row and gate, the same at every step, on what comes in and on
the state (Gal, Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks", 2016).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, check_poolable, one_hot
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork, make_dense, make_lstm
from mathbench.baselines.settings import ConvolvedSettings


class CNNLSTMClassifier(nn.Module):
    """Filters, pooling, reader and one softmax at the end."""

    def __init__(self, shape: NetworkShape, settings: ConvolvedSettings, rng: torch.Generator):
        super().__init__()
        self.filters = nn.Conv1d(shape.symbols, settings.filters, settings.width, padding="same")
        with torch.no_grad():
            nn.init.xavier_uniform_(self.filters.weight, generator=rng)
            nn.init.zeros_(self.filters.bias)  # type: ignore[arg-type]
        self.reader = make_lstm(settings.filters, settings.hidden, 1, rng, settings.gain)
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.dropout, self.recurrent_dropout = settings.dropout, settings.recurrent_dropout

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, T, F) to logits (B, 1, C)."""
        seen = torch.relu(self.filters(features.transpose(1, 2)))  # (B, filters, T)
        pooled = functional.max_pool1d(seen, 2).transpose(1, 2)  # (B, T // 2, filters)
        if self.training and (self.dropout or self.recurrent_dropout):
            last = self._read_with_dropout(pooled)  # (B, H)
        else:
            last = self.reader(pooled)[0][:, -1]  # (B, H)
        logits: Tensor = self.output(last).unsqueeze(1)  # (B, 1, C)
        return logits

    def _read_with_dropout(self, x: Tensor) -> Tensor:
        """What the LSTM ends with, (B, H); torch.nn.LSTM drops only between layers."""
        (rows, _, inputs), hidden = x.shape, self.reader.hidden_size
        kept = functional.dropout(x.new_ones(4, rows, 1, inputs), self.dropout)  # (4, B, 1, filters)
        held = functional.dropout(x.new_ones(4, rows, hidden), self.recurrent_dropout)  # (4, B, H)
        own, back, bias, _ = self.reader.parameters()
        gates = torch.einsum("gbti,ghi->tgbh", x * kept, own.view(4, hidden, inputs))
        gates = gates + bias.view(4, 1, hidden)  # (T // 2, 4, B, H)
        turn = back.view(4, hidden, hidden).transpose(1, 2)  # (4, H, H)
        h = c = x.new_zeros(rows, hidden)
        for at in gates:
            i, f, g, o = at + torch.bmm(h * held, turn)  # (B, H) each
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h


def build(
    shape: NetworkShape, settings: ConvolvedSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """The network, untrained.

    Args:
        shape: alphabet, lengths and classes.
        settings: hyperparameters.
        seed: decides the first weights.
        device_config: device and threads.

    Raises:
        InputError: for questions too short to be pooled, or labels at every prefix.

    >>> build(NetworkShape(10, 2, 5, 1), ConvolvedSettings(), 0, DeviceConfig("cpu")).parameters
    54394
    """
    check_poolable(shape)
    rng = generator_for_seed(seed, device_config)
    module = CNNLSTMClassifier(shape, settings, rng)
    return TorchNetwork(module, lambda tokens: one_hot(tokens, shape.symbols), settings, device_config)
