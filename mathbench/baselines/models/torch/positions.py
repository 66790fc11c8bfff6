"""Positional encodings of a transformer.

``learned``: a vector per position, Radford et al. (2018). ``sinusoidal``: Vaswani et al. (2017). ``rotary``: queries
and keys are rotated, Su et al., "RoFormer" (2021). ``none``: Kazemnejad et al., "The Impact of Positional Encoding on
Length Generalization" (2023). ``randomised``: ordered positions drawn from a longer range, Ruoss et al., "Randomized
Positional Encodings Boost Length Generalization" (2023). ``abacus``: a vector per digit of a number, with a
common offset drawn while training, McLeish et al., "Transformers Can Do Arithmetic with the Right Embeddings" (2024).
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import NetworkShape
from mathbench.baselines.models.settings.writing import DecoderTransformerSettings
from mathbench.baselines.models.torch.attention import Rotation
from mathbench.baselines.models.torch.layers import make_embedding


class Positions(nn.Module):
    """The indices of tokens, and the encoding of their positions.

    Indices are counted from 0 over the tokens that are read, and with ``abacus`` from 1 over the digits of
    each number, 0 elsewhere. A ruler (N,) maps indices to positions, which differ from them where positions are drawn.
    """

    def __init__(self, shape: NetworkShape, settings: DecoderTransformerSettings, rng: torch.Generator):
        super().__init__()
        self.kind, self.span, self.width = settings.positions, settings.span, settings.hidden
        self.trained = shape.question + shape.answer + 1
        size = {"learned": self.trained, "abacus": self.span}.get(self.kind)
        self.table = make_embedding(size, self.width, rng) if size else None
        digits = torch.zeros(shape.symbols + 1, dtype=torch.bool)
        digits[list(shape.digits)] = True
        self.register_buffer("digits", digits, persistent=False)
        self.digits: Tensor

    def ruler(self, length: int, device: torch.device) -> Tensor:
        """Return the position of each index, int64 (N,), drawn at random while training.

        Args:
            length: the number of indices.
            device: device of the result.
        """
        if self.kind == "randomised":
            if self.training and length <= self.span:
                return torch.randperm(self.span)[:length].sort().values.to(device)
            return torch.arange(length, device=device) * max(1, self.span // length)
        if self.kind == "abacus" and self.training:
            offset = int(torch.randint(max(1, self.span - self.trained), ()))
            return torch.cat([torch.zeros(1, dtype=torch.int64), torch.arange(1, length + 1) + offset]).to(
                device
            )
        return torch.arange(length + 1, device=device)

    def indices(self, tokens: Tensor, reads: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return the indices of tokens (B, S), and `before` for the tokens after them.

        Args:
            tokens: int64 (B, S).
            reads: which of them are read, bool (B, S).
            before: int64 (B,), zeros at the start.
        """
        if self.kind != "abacus":
            counts = before[:, None] + reads.cumsum(dim=1)  # (B, S)
            return (counts - 1).clamp(min=0), counts[:, -1]
        digit, at = self.digits[tokens], torch.arange(tokens.shape[1], device=tokens.device)
        other = at.where(~digit, -1).cummax(dim=1).values  # (B, S): the last token that is no digit
        run = (at - other + before[:, None] * (other < 0)) * digit  # (B, S)
        return run, run[:, -1]

    def added(self, positions: Tensor) -> Tensor | float:
        """Return the vectors added to the tokens at positions (B, S): (B, S, D), or 0 where there are none."""
        if self.table is not None:
            last = self.table.num_embeddings - 1  # positions beyond those learnt count as the last one
            marks: Tensor = self.table(positions.clamp(max=last)) * self.width**0.5
            return marks
        if self.kind in ("sinusoidal", "randomised"):
            return sinusoids(positions, self.width)
        return 0.0

    def rotation(self, positions: Tensor, heads: int) -> Rotation | None:
        """Return the rotation of queries and keys (2, B, heads, S, D / heads) at positions (B, S), if there is one."""
        if self.kind != "rotary":
            return None
        angles = positions[:, None, :, None] * _frequencies(self.width // heads, positions.device)
        return partial(_rotate, cos=angles.cos(), sin=angles.sin())  # (B, 1, S, D/2h)


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Return sines and cosines of positions (B, S) in geometric wavelengths up to 10,000 * 2 pi, (B, S, width)."""
    angles = positions[:, :, None] * _frequencies(width, positions.device)
    return torch.cat([angles.sin(), angles.cos()], dim=2)


def _frequencies(width: int, device: torch.device) -> Tensor:
    return 10_000.0 ** (-torch.arange(0, width, 2, device=device) / width)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    one, two = x.chunk(2, dim=-1)  # (2, B, h, S, D/2h)
    return torch.cat([one * cos - two * sin, two * cos + one * sin], dim=-1).to(x.dtype)
