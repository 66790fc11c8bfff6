"""Attention, and the block of a transformer; the pieces that all of them are made of.

Source: Vaswani et al., "Attention Is All You Need" (2017); norms before each part as in Xiong et al., "On Layer
Normalization in the Transformer Architecture" (2020). Masks are True where a key may be looked at.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.torch.one_shot import make_dense

KeyValue = tuple[Tensor, Tensor]  # keys and values, (B, heads, S, D / heads) each
Rotation = Callable[[Tensor], Tensor]  # what rotary positions do to queries and keys


class SelfAttention(nn.Module):
    """Every token looks at tokens of its own sequence."""

    def __init__(self, width: int, heads: int, dropout: float, rng: torch.Generator):
        super().__init__()
        self.inward = make_dense(width, 3 * width, rng)
        self.outward = make_dense(width, width, rng)
        self.heads, self.dropout = heads, dropout

    def forward(
        self, x: Tensor, mask: Tensor, rotation: Rotation | None = None, past: KeyValue | None = None
    ) -> tuple[Tensor, KeyValue]:
        """What is found for x (B, S, D), and the keys and values of the P tokens before and of x.

        Args:
            x: (B, S, D).
            mask: bool (B or 1, 1, S or 1, P + S).
            rotation: turns queries and keys by their positions.
            past: keys and values of the P tokens before.
        """
        q, k, v = self._projected(x, rotation, past)
        dropout = self.dropout if self.training else 0.0
        found = functional.scaled_dot_product_attention(q, k, v, mask, dropout)  # (B, h, S, D/h)
        return self.outward(found.transpose(1, 2).flatten(2)), (k, v)  # (B, S, D)

    def weights(
        self, x: Tensor, mask: Tensor, rotation: Rotation | None = None, past: KeyValue | None = None
    ) -> Tensor:
        """Who looks at whom, (B, heads, S, P + S)."""
        q, k, _ = self._projected(x, rotation, past)
        return attention_weights(q, k, mask)

    def _projected(
        self, x: Tensor, turn: Rotation | None, past: KeyValue | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        parts = self.inward(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (3, B, h, S, D/h)
        q, k = parts[:2] if turn is None else turn(parts[:2])  # both at once, which is faster
        v = parts[2]
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)  # (B, h, P + S, D/h)
        return q, k, v


class CrossAttention(nn.Module):
    """Every token looks at another sequence, whose keys and values are computed once."""

    def __init__(self, width: int, heads: int, dropout: float, rng: torch.Generator):
        super().__init__()
        self.query = make_dense(width, width, rng)
        self.other = make_dense(width, 2 * width, rng)
        self.outward = make_dense(width, width, rng)
        self.heads, self.dropout = heads, dropout

    def pair(self, memory: Tensor) -> KeyValue:
        """Keys and values of memory (B, T, D)."""
        k, v = self.other(memory).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (B, h, T, D/h)
        return k, v

    def forward(self, x: Tensor, pair: KeyValue, mask: Tensor) -> Tensor:
        """What is found for x (B, A, D) behind a mask (B, 1, 1, T); (B, A, D)."""
        dropout = self.dropout if self.training else 0.0
        found = functional.scaled_dot_product_attention(
            self._queries(x), *pair, mask, dropout
        )  # (B, h, A, D/h)
        merged: Tensor = self.outward(found.transpose(1, 2).flatten(2))  # (B, A, D)
        return merged

    def weights(self, x: Tensor, pair: KeyValue, mask: Tensor) -> Tensor:
        """Who looks at whom, (B, heads, A, T)."""
        return attention_weights(self._queries(x), pair[0], mask)

    def _queries(self, x: Tensor) -> Tensor:
        queries: Tensor = self.query(x).unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, h, A, D/h)
        return queries


class FeedForward(nn.Module):
    """Two linear layers and a GELU between them, at each position by itself."""

    def __init__(self, width: int, inner: int, rng: torch.Generator):
        super().__init__()
        self.inward, self.outward = make_dense(width, inner, rng), make_dense(inner, width, rng)

    def forward(self, x: Tensor) -> Tensor:
        """(B, S, D) to (B, S, D)."""
        out: Tensor = self.outward(functional.gelu(self.inward(x)))
        return out


class Block(nn.Module):
    """Self-attention and feed-forward, each behind a norm and added to what came in."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float, rng: torch.Generator):
        super().__init__()
        self.attention = SelfAttention(width, heads, dropout, rng)
        self.feed = FeedForward(width, inner, rng)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, mask: Tensor, rotation: Rotation | None = None, past: KeyValue | None = None
    ) -> tuple[Tensor, KeyValue]:
        """As `SelfAttention`."""
        found, pair = self.attention(self.norm1(x), mask, rotation, past)
        x = x + self.drop(found)  # (B, S, D)
        return x + self.drop(self.feed(self.norm2(x))), pair


def attention_weights(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """The weights that scaled dot-product attention uses, (B, heads, S, P + S)."""
    scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=3)


def make_embedding(symbols: int, width: int, rng: torch.Generator) -> nn.Embedding:
    """Vectors (symbols, width) of length about 1."""
    table = nn.Embedding(symbols, width)
    with torch.no_grad():
        table.weight.normal_(0.0, width**-0.5, generator=rng)
    return table


def read_mask(questions: Tensor, masked: bool) -> Tensor:
    """Which tokens of questions (B, T) are read, bool (B, T): all, or all but the blanks.

    An empty question is read as its blanks, since attention needs something to look at.
    """
    if not masked:
        return torch.ones_like(questions, dtype=torch.bool)
    characters = questions != 0
    return characters | ~characters.any(dim=1, keepdim=True)
