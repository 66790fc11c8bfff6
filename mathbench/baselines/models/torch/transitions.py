"""Maps of the state of a linear recurrence in PyTorch, a table with one map per symbol.

The form decides which automata a state can follow. Real factors in (0, 1), as in Mamba, can only forget; factors in
(-1, 1) change the sign, which is parity (Grazzi et al., "Unlocking State-Tracking in Linear RNNs Through Negative
Eigenvalues", 2025, arXiv:2411.12537); complex factors turn a plane, which counts modulo any number (Orvieto et al.,
"Resurrecting Recurrent Neural Networks for Long Sequences", 2023, arXiv:2303.06349); all these commute. Rotations of
larger blocks do not. Nor does the delta rule (Yang et al., "Parallelizing Linear Transformers with the Delta Rule over
Sequence Length", 2024, arXiv:2406.06484), several steps of which per symbol reach every orthogonal matrix (Siems et
al., "DeltaProduct", 2025, arXiv:2502.10297).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.settings.recurrent import LinearSettings

MEMORY = 3.0  # first radius of a complex factor, before the sigmoid: 0.95


class Factors(nn.Module):
    """A factor for each unit, in (0, 1) or in (-1, 1)."""

    def __init__(self, symbols: int, settings: LinearSettings, rng: torch.Generator):
        super().__init__()
        self.factors = nn.Parameter(torch.randn(symbols, settings.hidden, generator=rng))
        self.squash = torch.tanh if settings.form == "negative" else torch.sigmoid

    def forward(self) -> Tensor:
        """Return the maps, (S, H, 1, 1)."""
        return self.squash(self.factors)[:, :, None, None]


class ComplexFactors(nn.Module):
    """A complex factor in the unit disc for each pair of units: a rotation of the plane that may shrink it."""

    def __init__(self, symbols: int, settings: LinearSettings, rng: torch.Generator):
        super().__init__()
        shape = (symbols, settings.hidden // 2)
        self.angles = nn.Parameter(torch.pi * (2 * torch.rand(shape, generator=rng) - 1))
        self.radii = nn.Parameter(torch.full(shape, MEMORY))

    def forward(self) -> Tensor:
        """Return the maps, (S, H / 2, 2, 2)."""
        cosine, sine = torch.cos(self.angles), torch.sin(self.angles)
        turns = torch.stack([torch.stack([cosine, -sine], dim=2), torch.stack([sine, cosine], dim=2)], dim=2)
        return torch.sigmoid(self.radii)[:, :, None, None] * turns


class Rotations(nn.Module):
    """An orthogonal matrix for each block, the exponential of a skew-symmetric one."""

    def __init__(self, symbols: int, settings: LinearSettings, rng: torch.Generator):
        super().__init__()
        size = settings.size
        first = torch.randn(symbols, settings.hidden // size, size, size, generator=rng)
        self.generators = nn.Parameter(first * (1.5 / size**0.5))

    def forward(self) -> Tensor:
        """Return the maps, (S, blocks, m, m)."""
        return torch.linalg.matrix_exp((self.generators - self.generators.mT) / 2)


class DeltaRule(nn.Module):
    """Steps of the delta rule for each block, I - beta k k^T with a key k of length 1 and beta in (0, `reach`).

    With beta near 2 a step reflects the block, with beta = 1 it erases what the block holds along the key.
    """

    def __init__(self, symbols: int, settings: LinearSettings, rng: torch.Generator):
        super().__init__()
        self.size, self.reach = settings.size, settings.reach
        shape = (settings.reflections, symbols, settings.hidden // self.size)
        self.keys = nn.Parameter(torch.randn(*shape, self.size, generator=rng))
        self.strengths = nn.Parameter(torch.randn(shape, generator=rng))

    def forward(self) -> Tensor:
        """Return the maps, (S, blocks, m, m)."""
        keys = functional.normalize(self.keys, dim=3)
        strengths = self.reach * torch.sigmoid(self.strengths)
        product = torch.eye(self.size, dtype=keys.dtype, device=keys.device)
        for key, strength in zip(keys, strengths, strict=True):
            erased = strength[:, :, None, None] * key[:, :, :, None] * (key[:, :, None] @ product)
            product = product - erased
        return product


FORMS: dict[str, type[nn.Module]] = {
    "diagonal": Factors,
    "negative": Factors,
    "complex": ComplexFactors,
    "rotation": Rotations,
    "delta": DeltaRule,
}
