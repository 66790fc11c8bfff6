"""A transformer over Fourier number embeddings in PyTorch: a number is one token of cosines and sines.

Source: Zhou, Fu, Soltanolkotabi, Jia and Sharan, "FoNE: Precise Single-Token Number Embeddings via Fourier Features"
(2025, arXiv:2502.09741). The periods are 10, 100, 1000, ...; a digit of the answer is read off two numbers of the last
state, as the likeliest of ten angles. As in the paper's models the blocks have gated layers; unlike them, the sign
before a number is added to it and is no token of its own.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.columns import ColumnLayout
from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape, column_layout
from mathbench.baselines.models.settings.recurrent import FourierSettings
from mathbench.baselines.models.torch.attention import SelfAttention
from mathbench.baselines.models.torch.column_network import ColumnNetwork
from mathbench.baselines.models.torch.layers import make_dense, make_embedding
from mathbench.baselines.models.torch.model import generator_for_seed


class GatedFeedForward(nn.Module):
    """Two linear layers and a gate (SwiGLU: Shazeer, "GLU Variants Improve Transformer", 2020)."""

    def __init__(self, width: int, inner: int, rng: torch.Generator):
        super().__init__()
        self.inward, self.outward = make_dense(width, 2 * inner, rng), make_dense(inner, width, rng)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, S, D) to (B, S, D)."""
        gate, value = self.inward(x).chunk(2, dim=-1)
        out: Tensor = self.outward(functional.silu(gate) * value)
        return out


class GatedBlock(nn.Module):
    """Self-attention and gated layers, each with a norm before it and a residual connection."""

    def __init__(self, settings: FourierSettings, rng: torch.Generator):
        super().__init__()
        self.attention = SelfAttention(settings.hidden, settings.heads, 0.0, rng)
        self.feed = GatedFeedForward(settings.hidden, settings.inner, rng)
        self.norm1, self.norm2 = nn.LayerNorm(settings.hidden), nn.LayerNorm(settings.hidden)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, S, D) to (B, S, D), with a mask (1, 1, S, S)."""
        x = x + self.attention(self.norm1(x), mask)[0]
        out: Tensor = x + self.feed(self.norm2(x))
        return out


class FourierTransformer(nn.Module):
    """Numbers as single tokens, blocks with a causal mask, a digit of the answer from each pair of the last state.

    Args:
        layout: how questions are laid out.
        places: digits of a number, those of training questions. Digits beyond them are not seen, and not written.
        settings: the hyperparameters.
        rng: source of the first weights.
    """

    def __init__(self, layout: ColumnLayout, places: int, settings: FourierSettings, rng: torch.Generator):
        super().__init__()
        self.base, self.places = layout.base, places
        self.input = make_dense(2 * places, settings.hidden, rng)
        self.signs = make_embedding(
            len(layout.operand_signs) + 1, settings.hidden, rng
        )  # the last one: answer
        self.blocks = nn.ModuleList(GatedBlock(settings, rng) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.hidden)
        self.output = make_dense(settings.hidden, 2 * places, rng)
        self.minus = make_dense(settings.hidden, 1, rng)
        self.register_buffer("circle", _circle(torch.arange(layout.base) / layout.base), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (B, C, numbers) to logits (B, C, base + 1)."""
        columns = tokens.shape[1]
        digits = functional.pad(tokens % self.base, (0, 0, 0, max(self.places - columns, 0)))
        numbers = self.input(fourier_features(digits[:, : self.places], self.base))  # (B, numbers, D)
        x = numbers + self.signs(tokens[:, 0] // self.base)
        answer = self.signs.weight[-1].expand(len(x), 1, -1)
        x = torch.cat([x, answer], dim=1)  # (B, S, D)
        size = x.shape[1]
        mask = torch.ones(size, size, dtype=torch.bool, device=x.device).tril()[None, None]
        for block in self.blocks:
            x = block(x, mask)
        return self._logits(self.norm(x[:, -1]), columns)

    def _logits(self, answer: Tensor, columns: int) -> Tensor:
        """Map the state of the answer (B, D) to logits (B, C, base + 1); columns beyond the places hold zeros."""
        digits = self.output(answer).unflatten(1, (self.places, 2)) @ self.circle.T  # (B, places, base)
        if columns > self.places:
            zeros = functional.one_hot(torch.zeros(len(answer), columns - self.places).long(), self.base)
            digits = torch.cat([digits, zeros.to(digits)], dim=1)
        minus = torch.full_like(digits[:, :columns, :1], -torch.inf)
        # only the last column may hold a minus sign
        minus = torch.cat([minus[:, 1:], self.minus(answer)[:, None]], dim=1)
        return torch.cat([digits[:, :columns], minus], dim=2)


def fourier_features(digits: Tensor, base: int) -> Tensor:
    """Return the cosine and sine of 2 pi x / base^i for i = 1, ..., C, of the numbers x of some digits.

    The phases are made from the digits, which is exact for numbers of any length.

    Args:
        digits: units first, (B, C, numbers).
        base: the base of the numbers.

    Returns:
        (B, numbers, 2 C).

    >>> [round(abs(value), 3) for value in fourier_features(torch.tensor([[[5], [2]]]), 10)[0, 0].tolist()]
    [1.0, 0.0, 0.0, 1.0]
    """
    phase, phases = torch.zeros(digits.shape[0], digits.shape[2], device=digits.device), []
    for digit in digits.unbind(1):
        phase = (phase + digit) / base
        phases.append(phase)
    return _circle(torch.stack(phases, dim=2)).flatten(2)


def _circle(turns: Tensor) -> Tensor:
    """Return cosine and sine of angles, given in turns: (...) to (..., 2)."""
    angles = 2 * torch.pi * turns
    return torch.stack([torch.cos(angles), torch.sin(angles)], dim=-1)


def build(
    shape: NetworkShape, settings: FourierSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: the layout of the columns.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> layout = ColumnLayout(10, ("", "+"), 1)
    >>> shape = NetworkShape(20, 11, 7, 7, layout=layout)
    >>> build(shape, FourierSettings(), 0, DeviceConfig("cpu")).parameters
    68879
    """
    layout = column_layout(shape)
    module = FourierTransformer(layout, shape.question, settings, generator_for_seed(seed, device_config))
    return ColumnNetwork(module, lambda tokens: tokens, shape, settings, device_config)
