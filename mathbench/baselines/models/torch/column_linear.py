"""A linear recurrence over columns of digits in PyTorch, read out by sines: sums and products, right or written out.

Every column adds learned vectors to a state that is linear in everything before it. One layer of sines says the digit
of the column, which is fed back.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.columns import ColumnLayout
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, column_layout
from mathbench.baselines.models.settings.recurrent import ColumnLinearSettings
from mathbench.baselines.models.torch.column_network import ColumnNetwork
from mathbench.baselines.models.torch.layers import make_dense
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.noise import add_noise
from mathbench.errors import InputError

FREQUENCY = 2.0  # standard deviation of the first phases


class ColumnLinear(nn.Module):
    """A linear state over columns, and one layer of sines.

    With the state k, the vectors E of a column's digits, and the digit d said: u = k + sum of E, the logits are
    V sin(W u + b) + c, and the next state is A u + G[d].

    Args:
        layout: how questions are laid out.
        settings: the hyperparameters.
        rng: source of the first weights.
    """

    def __init__(self, layout: ColumnLayout, settings: ColumnLinearSettings, rng: torch.Generator):
        super().__init__()
        self.base, self.product = layout.base, layout.product
        hidden, inputs = settings.hidden, layout.base**2 if layout.product else layout.operand_symbols

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=rng)

        self.digits = nn.Parameter(0.5 * normal(inputs, hidden))
        self.carry = nn.Parameter(0.3 * torch.eye(hidden) + 0.1 * normal(hidden, hidden) / hidden**0.5)
        self.feedback = nn.Parameter(0.15 * normal(layout.base, hidden))
        self.phases = nn.Linear(hidden, settings.inner)
        with torch.no_grad():
            self.phases.weight.copy_(FREQUENCY * normal(settings.inner, hidden) / hidden**0.5)
            self.phases.bias.copy_(torch.pi * normal(settings.inner))
        self.output = make_dense(settings.inner, layout.base, rng)
        self.noise = 0.0

    def forward(self, tokens: Tensor, given: Tensor | None = None) -> Tensor:
        """Map tokens of the operands (B, C, numbers) to logits (B, C, base).

        Args:
            tokens: signs and digits.
            given: the digits that are fed back, (B, C); None for those that the network says itself.
        """
        columns = self._products(tokens) if self.product else self.digits[tokens].sum(dim=2)  # (B, C, H)
        state, logits = columns.new_zeros(len(columns), columns.shape[2]), []
        for column in range(columns.shape[1]):
            inner = add_noise(state + columns[:, column], self.noise)
            logits.append(self.output(torch.sin(self.phases(inner))))
            said = logits[-1].argmax(dim=1) if given is None else given[:, column]
            state = inner @ self.carry.T + self.feedback[said]
        return torch.stack(logits, dim=1)

    def _products(self, tokens: Tensor) -> Tensor:
        """Sum the vectors of all pairs of digits of each column, as in long multiplication: (B, C, H)."""
        one, other = (tokens % self.base).unbind(dim=2)
        inside = [_inside(digits) for digits in (one, other)]
        # pairs beyond the first digit of a number add nothing
        table = torch.cat([self.digits, self.digits.new_zeros(1, self.digits.shape[1])])
        parts = []
        for place in range(int(inside[0].any(dim=0).sum())):
            fits = other.shape[1] - place
            pairs = one[:, place, None] * self.base + other[:, :fits]
            pairs = torch.where(inside[0][:, place, None] & inside[1][:, :fits], pairs, self.base**2)
            parts.append(functional.pad(functional.embedding(pairs, table), (0, 0, place, 0)))
        return torch.stack(parts).sum(dim=0) if parts else table.new_zeros(*one.shape, table.shape[1])


def _inside(digits: Tensor) -> Tensor:
    """Return which digits are not leading zeros, given digits with the units first, (B, C)."""
    return (digits != 0).flip(1).cummax(dim=1).values.flip(1) if digits.numel() else digits.bool()


class ColumnLinearNetwork(ColumnNetwork):
    """The network of `ColumnLinear`: while it learns, the true digits are fed back."""

    def _logits(self, columns: Tensor, digits: Tensor | None) -> Tensor:
        logits: Tensor = self._forward(columns, digits)
        return logits


def build(
    shape: NetworkShape, settings: ColumnLinearSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: the layout of the columns and the classes.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    Raises:
        InputError: for a task other than sums and products.

    >>> layout = ColumnLayout(10, ("", "+"), 1)
    >>> build(NetworkShape(20, 11, 5, 5, layout=layout), ColumnLinearSettings(), 0, DeviceConfig("cpu")).parameters
    626
    """
    layout = _checked(shape)
    module = ColumnLinear(layout, settings, generator_for_seed(seed, device_config))
    return ColumnLinearNetwork(module, lambda tokens: tokens, shape, settings, device_config)


def _checked(shape: NetworkShape) -> ColumnLayout:
    """Return the layout of sums or products, written out or claimed."""
    layout = column_layout(shape)
    if not {sign.strip() for sign in layout.operand_signs} <= {"", "+", "*"} or layout.claims != bool(
        shape.classes
    ):
        raise InputError(
            f"column-linear reads sums and products, or statements about them. Received: numbers after "
            f"{', '.join(map(repr, layout.signs))}."
        )
    return layout
