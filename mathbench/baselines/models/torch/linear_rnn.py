"""A linear recurrent classifier in PyTorch: a map of the state per symbol, a read-out, one softmax over the classes.

The state after a symbol x is A[x] h + b[x], so that the forms of the maps A, which are in
`mathbench.baselines.models.torch.transitions`, decide what can be remembered. It is one layer of a state space model or
of a DeltaNet whose inputs are symbols, and their maps a table. Padding leaves the state as it is.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.recurrent import LinearSettings
from mathbench.baselines.models.torch.layers import make_dense, make_output
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import add_noise
from mathbench.baselines.models.torch.one_shot import TorchNetwork
from mathbench.baselines.models.torch.state_classifier import StateClassifier
from mathbench.baselines.models.torch.transitions import FORMS
from mathbench.tokenizer import PAD


class LinearLayer(nn.Module):
    """A linear recurrence with a map per symbol.

    Args:
        symbols: vocabulary size, including padding.
        settings: the hyperparameters.
        rng: source of the first weights.
    """

    recurrent = True

    def __init__(self, symbols: int, settings: LinearSettings, rng: torch.Generator):
        super().__init__()
        hidden = settings.hidden
        self.maps, self.noise = FORMS[settings.form](symbols - 1, settings, rng), 0.0
        self.start = nn.Parameter(torch.randn(hidden, generator=rng) / hidden**0.5)
        self.inputs = None
        if settings.inputs == "added":
            self.inputs = nn.Parameter(torch.randn(symbols - 1, hidden, generator=rng) / hidden**0.5)

    def forward(self, tokens: Tensor) -> tuple[Tensor, None]:
        """Map tokens (B, T) to the states after each of them, (B, T, H)."""
        maps, states = self.maps(), []
        state = self.start.expand(len(tokens), -1)
        for column in tokens.T:
            state = add_noise(self._read(maps, state, column), self.noise)
            states.append(state)
        return torch.stack(states, dim=1), None

    def next_states(self, states: Tensor, tokens: Tensor) -> Tensor:
        """Map states (n, H) and tokens (n,) to the next states, (n, H)."""
        return self._read(self.maps(), states, tokens)

    def _read(self, maps: Tensor, state: Tensor, tokens: Tensor) -> Tensor:
        symbol = (tokens - 1).clamp(min=0)
        blocks = state.view(len(state), maps.shape[1], maps.shape[2], 1)
        after = (maps[symbol] @ blocks).reshape(state.shape)
        if self.inputs is not None:
            after = after + self.inputs[symbol]
        return torch.where((tokens == PAD)[:, None], state, after)


class LinearClassifier(StateClassifier):
    """A linear recurrence and a read-out, at the end or at every position."""

    def __init__(self, shape: NetworkShape, settings: LinearSettings, rng: torch.Generator):
        super().__init__()
        self.reader = LinearLayer(shape.symbols, settings, rng)
        self.inner = make_dense(settings.hidden, settings.inner, rng) if settings.inner else None
        self.output = make_output(settings.inner or settings.hidden, shape, settings.output, rng)
        self.prefix, self.unit = shape.prefix or settings.labels_prefixes, settings.norm == "unit"

    def read_out(self, states: Tensor) -> Tensor:
        """Map states (..., H) to logits (..., C)."""
        if self.unit:
            states = functional.normalize(states, dim=-1)
        logits: Tensor = self.output(torch.relu(self.inner(states)) if self.inner else states)
        return logits


def build(
    shape: NetworkShape, settings: LinearSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size, lengths and classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(4, 2, 5, 1), LinearSettings(), 0, DeviceConfig("cpu")).parameters
    1349
    """
    rng = generator_for_seed(seed, device_config)
    module = LinearClassifier(shape, settings, rng)
    return TorchNetwork(module, lambda tokens: tokens, settings, device_config)
