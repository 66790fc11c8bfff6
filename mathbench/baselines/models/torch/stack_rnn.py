"""The stack RNN in PyTorch: a recurrent network with stacks that it pushes to and pops from, softly.

Source: Joulin and Mikolov, "Inferring Algorithmic Patterns with Stack-Augmented Recurrent Nets" (2015,
arXiv:1503.01007). There a plain network foretells a sequence; here it reads the question, then writes a token per blank
step, and it may be a GRU.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.recurrent import StackSettings
from mathbench.baselines.models.torch.layers import make_dense
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import add_noise
from mathbench.baselines.models.torch.question_wide import QuestionWideNetwork

ACTIONS = 3  # push, pop, leave as it is
EMPTY = -1.0  # what is read below the bottom of a stack
READ = 2  # elements at the top of a stack that the network sees


class StackLayer(nn.Module):
    """A recurrent layer with stacks of numbers.

    The state is h' = sigmoid(U[x] + R h + P s), where s are the two top elements of each stack, and with
    ``memory=stacks`` R is zero. With ``cell=gru`` it is that of a GRU whose input is U[x] + P s. Each stack then
    becomes the mean of what pushing, popping and leaving it make of it, weighted by softmax(A h'). Pushed is
    sigmoid(D h').

    Args:
        symbols: vocabulary size, including padding, which is read as a blank.
        settings: the hyperparameters.
        rng: source of the first weights.
    """

    recurrent = True

    def __init__(self, symbols: int, settings: StackSettings, rng: torch.Generator):
        super().__init__()
        hidden, stacks = settings.hidden, settings.stacks
        self.gated = settings.cell == "gru"
        maps = 3 if self.gated else 1
        self.symbols = make_dense(symbols, maps * hidden, rng)
        self.state = _make_recurrence(hidden, maps, rng) if settings.memory == "both" else None
        self.stacks, self.hidden, self.noise = stacks, hidden, 0.0
        if stacks:
            self.tops = make_dense(READ * stacks, maps * hidden, rng)
            self.actions = make_dense(hidden, ACTIONS * stacks, rng)
            self.pushed = make_dense(hidden, stacks, rng)

    def forward(self, tokens: Tensor) -> tuple[Tensor, None]:
        """Map tokens (B, T) to the states after each of them, (B, T, H)."""
        inputs = self.symbols.weight.T[tokens] + self.symbols.bias  # (B, T, H), or (B, T, 3 H) for a GRU
        state = inputs.new_zeros(len(tokens), self.hidden)
        stacks = inputs.new_full((len(tokens), self.stacks, READ), EMPTY)
        states = []
        for position in range(tokens.shape[1]):
            read = inputs[:, position]
            if self.stacks:
                read = read + self.tops(stacks[:, :, :READ].flatten(1))
            state = add_noise(self._next_state(read, state), self.noise)
            if self.stacks:
                stacks = self._moved(stacks, state)
            states.append(state)
        return torch.stack(states, dim=1), None

    def _next_state(self, read: Tensor, state: Tensor) -> Tensor:
        """Return the states (B, H) after those before, given what a symbol and the stacks add."""
        if self.state is None:
            return torch.sigmoid(read)
        if not self.gated:
            return torch.sigmoid(read + self.state(state))
        reset, keep, new = read.chunk(3, dim=1)
        kept_reset, kept_keep, kept_new = self.state(state).chunk(3, dim=1)
        candidate = torch.tanh(new + torch.sigmoid(reset + kept_reset) * kept_new)
        return torch.lerp(candidate, state, torch.sigmoid(keep + kept_keep))

    def _moved(self, stacks: Tensor, state: Tensor) -> Tensor:
        """Return the stacks (B, K, D + 1) after the actions of a state, given those before, (B, K, D)."""
        shares = self.actions(state).unflatten(1, (self.stacks, ACTIONS)).softmax(dim=2)
        push, pop, leave = shares[:, :, :, None].unbind(2)
        pushed = torch.cat([torch.sigmoid(self.pushed(state))[:, :, None], stacks], dim=2)
        popped = functional.pad(stacks[:, :, 1:], (0, 2), value=EMPTY)
        left = functional.pad(stacks, (0, 1), value=EMPTY)
        return push * pushed + pop * popped + leave * left


class StackRNN(nn.Module):
    """A stack layer over the question and as many blanks, one softmax per blank."""

    def __init__(self, shape: NetworkShape, settings: StackSettings, rng: torch.Generator):
        super().__init__()
        self.reader = StackLayer(shape.symbols, settings, rng)
        self.output = make_dense(settings.hidden, shape.outputs, rng)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, T) to logits (B, T, V)."""
        width = tokens.shape[1]
        states, _ = self.reader(functional.pad(tokens, (0, width)))
        logits: Tensor = self.output(states[:, width:])
        return logits


def build(
    shape: NetworkShape, settings: StackSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(4, 4, 9, 5), StackSettings(), 0, DeviceConfig("cpu")).parameters
    4444
    """
    module = StackRNN(shape, settings, generator_for_seed(seed, device_config))
    return QuestionWideNetwork(module, lambda tokens: tokens, settings, device_config)


def _make_recurrence(hidden: int, maps: int, rng: torch.Generator) -> nn.Linear:
    """Return orthogonal maps of a state, side by side."""
    layer = nn.Linear(hidden, maps * hidden, bias=False)
    with torch.no_grad():
        for first in range(0, maps * hidden, hidden):
            nn.init.orthogonal_(layer.weight[first : first + hidden], generator=rng)
    return layer
