"""Recurrent classifiers in PyTorch: an LSTM, a GRU or a plain RNN, one softmax or sigmoid over the classes.

With a label at every prefix the classifier is trained at every position. Its answer is the class at the last one.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, part_names
from mathbench.baselines.models.settings.recurrent import ClassifierSettings
from mathbench.baselines.models.torch.layers import make_output, make_recurrent
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import noisy_states
from mathbench.baselines.models.torch.one_shot import TorchNetwork


class RecurrentClassifier(nn.Module):
    """Recurrent layers and one softmax or sigmoid, at the end or at every position.

    What is carried from token to token are the outputs of all layers, and those of the cells of an LSTM.
    """

    skips_padding = False

    def __init__(self, cell: str, shape: NetworkShape, settings: ClassifierSettings, rng: torch.Generator):
        super().__init__()
        self.reader = make_recurrent(cell, shape.inputs, settings.hidden, rng, settings.layers, settings.gain)
        self.output = make_output(settings.hidden, shape, settings.output, rng)
        self.prefix, self.noise = shape.prefix or settings.labels_prefixes, 0.0
        self.inputs, self.blank = shape.inputs, shape.blank
        kinds = ("h", "c") if cell == "lstm" else ("h",)
        self.parts = part_names(kinds, settings.layers)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, T, F) to logits (B, 1, C), or while training on prefixes to (B, T, C)."""
        if self.noise and torch.is_grad_enabled():
            read = noisy_states(self.reader, features, self.noise)
        else:
            read, _ = self.reader(features)  # (B, T, H)
        if not (self.prefix and torch.is_grad_enabled()):
            read = read[:, -1:]
        logits: Tensor = self.output(read)
        return logits

    def first_state(self) -> Tensor:
        """Return the state before the first token, (H,), which is zero."""
        return torch.zeros(len(self.parts) * self.reader.hidden_size)

    def next_states(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Map states (n, H) and tokens (n,) to the next states, (n, H)."""
        carried = states.view(len(states), -1, self.reader.num_layers, self.reader.hidden_size)
        parts = [part.contiguous() for part in carried.permute(1, 2, 0, 3)]  # (layers, n, units) each
        symbols = tokens if self.blank else tokens - 1
        features = functional.one_hot(symbols, self.inputs).to(states.dtype)[:, None]  # (n, 1, F)
        _, after = self.reader(features, tuple(parts) if len(parts) > 1 else parts[0])
        stacked = torch.stack(after) if len(parts) > 1 else after[None]  # (1 or 2, layers, n, units)
        return stacked.permute(2, 0, 1, 3).reshape(len(states), -1)

    def read_out(self, states: Tensor) -> Tensor:
        """Map states (n, H) to logits (n, C), which depend on the output of the last layer."""
        units, last = self.reader.hidden_size, self.reader.num_layers - 1
        logits: Tensor = self.output(states[:, last * units : (last + 1) * units])
        return logits


def build(
    cell: str, shape: NetworkShape, settings: ClassifierSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build("lstm", NetworkShape(11, 2, 5, 1), ClassifierSettings(), 0, DeviceConfig("cpu")).parameters
    45002
    """
    rng = generator_for_seed(seed, device_config)
    module = RecurrentClassifier(cell, shape, settings, rng)
    return TorchNetwork(module, shape.one_hot, settings, device_config)


lstm, gru, rnn = (partial(build, cell) for cell in ("lstm", "gru", "rnn"))
