"""How a transformer is told where a token stands.

``learned``: a vector per place, Radford et al. (2018). ``sinusoidal``: Vaswani et al. (2017). ``rotary``: queries
and keys are turned, Su et al., "RoFormer" (2021). ``none``: Kazemnejad et al., "The Impact of Positional Encoding on
Length Generalization" (2023). ``randomised``: ordered places drawn from a longer range, Ruoss et al., "Randomized
Positional Encodings Boost Length Generalization" (2023). ``abacus``: a vector per place within a number, with a
common offset drawn while training, McLeish et al., "Transformers Can Do Arithmetic with the Right Embeddings" (2024).
"""

from functools import partial

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import NetworkShape
from mathbench.baselines.models.torch.attention import Rotation, make_embedding
from mathbench.baselines.settings import DecoderTransformerSettings


class Positions(nn.Module):
    """Places of tokens, and what is added to them or done to queries and keys.

    Places are counted from 0 over the tokens that are read; with ``abacus`` over the digits of each number from
    1, and 0 elsewhere. A ruler (N,) says which position each place stands for.
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
        """The positions that places stand for, int64 (N,), drawn while training.

        Args:
            length: how many places there may be.
            device: where it is needed.
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

    def places(self, tokens: Tensor, reads: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Places of tokens (B, S), and what to hand over as `before` with the tokens after them.

        Args:
            tokens: int64 (B, S).
            reads: which of them are read, bool (B, S).
            before: int64 (B,), zeros at the start.
        """
        if self.kind != "abacus":
            stops = before[:, None] + reads.cumsum(dim=1)  # (B, S)
            return (stops - 1).clamp(min=0), stops[:, -1]
        digit, at = self.digits[tokens], torch.arange(tokens.shape[1], device=tokens.device)
        other = at.where(~digit, -1).cummax(dim=1).values  # (B, S): the last token that is no digit
        run = (at - other + before[:, None] * (other < 0)) * digit  # (B, S)
        return run, run[:, -1]

    def added(self, positions: Tensor) -> Tensor | float:
        """What is added to the tokens at positions (B, S): (B, S, D), or nothing."""
        if self.table is not None:
            last = self.table.num_embeddings - 1  # a place beyond those learnt is taken for the last one
            marks: Tensor = self.table(positions.clamp(max=last)) * self.width**0.5
            return marks
        if self.kind in ("sinusoidal", "randomised"):
            return sinusoids(positions, self.width)
        return 0.0

    def rotation(self, positions: Tensor, heads: int) -> Rotation | None:
        """What is done to queries and keys (2, B, heads, S, D / heads) at positions (B, S)."""
        if self.kind != "rotary":
            return None
        angles = positions[:, None, :, None] * _frequencies(self.width // heads, positions.device)
        return partial(_turned, cos=angles.cos(), sin=angles.sin())  # (B, 1, S, D/2h)


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Sines and cosines of positions (B, S) in geometric wavelengths up to 10,000 * 2 pi; (B, S, width)."""
    angles = positions[:, :, None] * _frequencies(width, positions.device)
    return torch.cat([angles.sin(), angles.cos()], dim=2)


def _frequencies(width: int, device: torch.device) -> Tensor:
    return 10_000.0 ** (-torch.arange(0, width, 2, device=device) / width)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    one, two = x.chunk(2, dim=-1)  # (2, B, h, S, D/2h)
    return torch.cat([one * cos - two * sin, two * cos + one * sin], dim=-1).to(x.dtype)
