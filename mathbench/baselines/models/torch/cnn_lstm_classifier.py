"""Convolution and LSTM in PyTorch: convolution, pooling, an LSTM with dropout, one softmax or sigmoid.

Source: the notebook "RNNs: Categorization" (Hofstadter's challenge), which has a sigmoid. Dropout is that of Keras: one
mask per row and gate for all steps, on the inputs and on the state (Gal, Ghahramani, "A Theoretically Grounded
Application of Dropout in Recurrent Neural Networks", 2016).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, check_poolable
from mathbench.baselines.models.settings.one_pass import ConvolvedSettings
from mathbench.baselines.models.torch.layers import make_lstm, make_output
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class CNNLSTMClassifier(nn.Module):
    """Convolution, pooling, LSTM and one softmax or sigmoid."""

    def __init__(self, shape: NetworkShape, settings: ConvolvedSettings, rng: torch.Generator):
        super().__init__()
        self.filters = nn.Conv1d(shape.inputs, settings.filters, settings.width, padding="same")
        with torch.no_grad():
            nn.init.xavier_uniform_(self.filters.weight, generator=rng)
            nn.init.zeros_(self.filters.bias)  # type: ignore[arg-type]
        self.reader = make_lstm(settings.filters, settings.hidden, 1, rng, settings.gain)
        self.output = make_output(settings.hidden, shape, settings.output, rng)
        self.dropout, self.recurrent_dropout = settings.dropout, settings.recurrent_dropout

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T, F) to logits (B, 1, C)."""
        seen = torch.relu(self.filters(features.transpose(1, 2)))  # (B, filters, T)
        pooled = functional.max_pool1d(seen, 2).transpose(1, 2)  # (B, T // 2, filters)
        if self.training and (self.dropout or self.recurrent_dropout):
            last = self._read_with_dropout(pooled)  # (B, H)
        else:
            last = self.reader(pooled)[0][:, -1]  # (B, H)
        logits: Tensor = self.output(last).unsqueeze(1)  # (B, 1, C)
        return logits

    def _read_with_dropout(self, x: Tensor) -> Tensor:
        """Return the last state of the LSTM, (B, H), with dropout at every step, which torch.nn.LSTM does not have."""
        (rows, _, inputs), hidden = x.shape, self.reader.hidden_size
        input_mask = functional.dropout(x.new_ones(4, rows, 1, inputs), self.dropout)  # (4, B, 1, filters)
        state_mask = functional.dropout(x.new_ones(4, rows, hidden), self.recurrent_dropout)  # (4, B, H)
        input_weights, state_weights, bias, _ = self.reader.parameters()
        gates = torch.einsum("gbti,ghi->tgbh", x * input_mask, input_weights.view(4, hidden, inputs))
        gates = gates + bias.view(4, 1, hidden)  # (T // 2, 4, B, H)
        recurrent = state_weights.view(4, hidden, hidden).transpose(1, 2)  # (4, H, H)
        h = c = x.new_zeros(rows, hidden)
        for step in gates:
            i, f, g, o = step + torch.bmm(h * state_mask, recurrent)  # (B, H) each
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h


def build(
    shape: NetworkShape, settings: ConvolvedSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    Raises:
        InputError: for questions too short to be pooled, a label at every prefix, or a sigmoid and other than two
            classes.

    >>> shape = NetworkShape(11, 2, 5, 1, blank=False)  # ten digits
    >>> build(shape, ConvolvedSettings(output="sigmoid"), 0, DeviceConfig("cpu")).parameters
    54293
    """
    check_poolable(shape)
    rng = generator_for_seed(seed, device_config)
    module = CNNLSTMClassifier(shape, settings, rng)
    return TorchNetwork(module, shape.one_hot, settings, device_config)
