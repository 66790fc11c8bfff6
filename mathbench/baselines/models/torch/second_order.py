"""A second-order recurrent classifier in PyTorch: one matrix per symbol, one softmax or sigmoid over the classes.

The state is a vector, and every symbol is a map of the states, as in a finite automaton (Giles et al., 1992,
doi:10.1162/neco.1992.4.3.393). Padding leaves the state as it is.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.recurrent import SecondOrderSettings
from mathbench.baselines.models.torch.layers import make_output
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import add_noise
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.baselines.models.torch.state_classifier import StateClassifier
from mathbench.tokenizer import PAD


class SecondOrderLayer(nn.Module):
    """A recurrent layer with one matrix per symbol.

    The next state is tanh(W h + b), W h divided by its length, or W h for an orthogonal W.

    Args:
        symbols: vocabulary size, including padding.
        hidden: units.
        form: ``tanh``, ``unit`` or ``orthogonal``.
        rng: source of the first weights.
    """

    recurrent = True

    def __init__(self, symbols: int, hidden: int, form: str, rng: torch.Generator):
        super().__init__()
        self.form, self.noise = form, 0.0
        self.matrices = nn.Parameter(_first_matrices(symbols - 1, hidden, form, rng))
        self.start = nn.Parameter(torch.randn(hidden, generator=rng) / hidden**0.5)
        if form == "tanh":
            self.bias = nn.Parameter(torch.zeros(symbols - 1, hidden))

    def forward(self, tokens: Tensor) -> tuple[Tensor, None]:
        """Map tokens (B, T) to the states after each of them, (B, T, H)."""
        matrices, states = self.maps(), []
        state = self.start.expand(len(tokens), -1)
        for column in tokens.T:
            state = add_noise(self._read(matrices, state, column), self.noise)
            states.append(state)
        return torch.stack(states, dim=1), None

    def next_states(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Map states (n, H) and tokens (n,) to the next states, (n, H)."""
        return self._read(self.maps(), states, tokens)

    def maps(self) -> Tensor:
        """Return the matrix of each symbol, (S, H, H)."""
        if self.form == "orthogonal":
            return torch.linalg.matrix_exp((self.matrices - self.matrices.mT) / 2)
        return self.matrices

    def _read(self, matrices: Tensor, state: Tensor, tokens: Tensor) -> Tensor:
        after = self._step(matrices, state, (tokens - 1).clamp(min=0))
        return torch.where((tokens == PAD)[:, None], state, after)

    def _step(self, matrices: Tensor, state: Tensor, symbol: Tensor) -> Tensor:
        moved = torch.bmm(matrices[symbol], state[:, :, None])[:, :, 0]
        if self.form == "tanh":
            return torch.tanh(moved + self.bias[symbol])
        return functional.normalize(moved, dim=1) if self.form == "unit" else moved


class SecondOrderClassifier(StateClassifier):
    """A second-order layer and one softmax or sigmoid, at the end or at every position."""

    def __init__(self, shape: NetworkShape, settings: SecondOrderSettings, rng: torch.Generator):
        super().__init__()
        self.reader = SecondOrderLayer(shape.symbols, settings.hidden, settings.form, rng)
        self.output = make_output(settings.hidden, shape, settings.output, rng)
        self.prefix = shape.prefix or settings.labels_prefixes

    def read_out(self, states: Tensor) -> Tensor:
        """Map states (..., H) to logits (..., C)."""
        logits: Tensor = self.output(states)
        return logits


def build(
    shape: NetworkShape, settings: SecondOrderSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(11, 2, 5, 1), SecondOrderSettings(), 0, DeviceConfig("cpu")).parameters
    2770
    """
    rng = generator_for_seed(seed, device_config)
    module = SecondOrderClassifier(shape, settings, rng)
    return TorchNetwork(module, lambda tokens: tokens, settings, device_config)


def _first_matrices(symbols: int, hidden: int, form: str, rng: torch.Generator) -> Tensor:
    matrices = torch.randn(symbols, hidden, hidden, generator=rng)
    if form == "orthogonal":
        return matrices * (1.5 / hidden**0.5)
    return torch.linalg.qr(matrices)[0]
