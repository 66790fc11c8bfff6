"""Attention and the block of a transformer, shared by the transformers here.

Source: Vaswani et al., "Attention Is All You Need" (2017); norms before each part as in Xiong et al., "On Layer
Normalization in the Transformer Architecture" (2020). Masks are True where a query attends to a key.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mathbench.baselines.models.torch.layers import make_dense

KeyValue = tuple[Tensor, Tensor]  # keys and values, (B, heads, S, D / heads) each
Rotation = Callable[[Tensor], Tensor]  # rotary positions: rotates queries and keys


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself."""

    def __init__(self, width: int, heads: int, dropout: float, rng: torch.Generator):
        super().__init__()
        self.inward = make_dense(width, 3 * width, rng)
        self.outward = make_dense(width, width, rng)
        self.heads, self.dropout = heads, dropout

    def forward(
        self, x: Tensor, mask: Tensor, rotation: Rotation | None = None, past: KeyValue | None = None
    ) -> tuple[Tensor, KeyValue]:
        """Return the output (B, S, D), and the keys and values of the P tokens before and of x.

        Args:
            x: (B, S, D).
            mask: bool (B or 1, 1, S or 1, P + S), or a bias float (B or 1, heads, S, P + S) that is -inf elsewhere.
            rotation: rotates queries and keys by their positions.
            past: keys and values of the P tokens before.
        """
        q, k, v = self._project(x, rotation, past)
        dropout = self.dropout if self.training else 0.0
        if mask.dtype != torch.bool:
            mask = mask.to(q.dtype)
        attended = functional.scaled_dot_product_attention(q, k, v, mask, dropout)  # (B, h, S, D/h)
        return self.outward(attended.transpose(1, 2).flatten(2)), (k, v)  # (B, S, D)

    def weights(
        self, x: Tensor, mask: Tensor, rotation: Rotation | None = None, past: KeyValue | None = None
    ) -> Tensor:
        """Return the attention weights, (B, heads, S, P + S)."""
        q, k, _ = self._project(x, rotation, past)
        return attention_weights(q, k, mask)

    def _project(
        self, x: Tensor, rotation: Rotation | None, past: KeyValue | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        parts = self.inward(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (3, B, h, S, D/h)
        q, k = parts[:2] if rotation is None else rotation(parts[:2])  # both in one call, which is faster
        v = parts[2]
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)  # (B, h, P + S, D/h)
        return q, k, v


class CrossAttention(nn.Module):
    """Multi-head attention to another sequence, whose keys and values are computed once."""

    def __init__(self, width: int, heads: int, dropout: float, rng: torch.Generator):
        super().__init__()
        self.query = make_dense(width, width, rng)
        self.other = make_dense(width, 2 * width, rng)
        self.outward = make_dense(width, width, rng)
        self.heads, self.dropout = heads, dropout

    def pair(self, memory: Tensor) -> KeyValue:
        """Return keys and values of memory (B, T, D)."""
        k, v = self.other(memory).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (B, h, T, D/h)
        return k, v

    def forward(self, x: Tensor, key_value: KeyValue, mask: Tensor) -> Tensor:
        """Return the output (B, A, D) for queries from x (B, A, D) and a mask (B, 1, 1, T)."""
        dropout = self.dropout if self.training else 0.0
        q = self._queries(x)  # (B, h, A, D/h)
        attended = functional.scaled_dot_product_attention(q, *key_value, mask, dropout)  # (B, h, A, D/h)
        merged: Tensor = self.outward(attended.transpose(1, 2).flatten(2))  # (B, A, D)
        return merged

    def weights(self, x: Tensor, key_value: KeyValue, mask: Tensor) -> Tensor:
        """Return the attention weights, (B, heads, A, T)."""
        return attention_weights(self._queries(x), key_value[0], mask)

    def _queries(self, x: Tensor) -> Tensor:
        queries: Tensor = self.query(x).unflatten(2, (self.heads, -1)).transpose(1, 2)  # (B, h, A, D/h)
        return queries


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them, applied to each position separately."""

    def __init__(self, width: int, inner: int, rng: torch.Generator):
        super().__init__()
        self.inward, self.outward = make_dense(width, inner, rng), make_dense(inner, width, rng)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, S, D) to (B, S, D)."""
        out: Tensor = self.outward(functional.gelu(self.inward(x)))
        return out


class Block(nn.Module):
    """Self-attention and feed-forward, each with a norm before it and a residual connection."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float, rng: torch.Generator):
        super().__init__()
        self.attention = SelfAttention(width, heads, dropout, rng)
        self.feed = FeedForward(width, inner, rng)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, mask: Tensor, rotation: Rotation | None = None, past: KeyValue | None = None
    ) -> tuple[Tensor, KeyValue]:
        """See `SelfAttention.forward`."""
        attended, key_value = self.attention(self.norm1(x), mask, rotation, past)
        x = x + self.drop(attended)  # (B, S, D)
        return x + self.drop(self.feed(self.norm2(x))), key_value


def attention_weights(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Return the weights of scaled dot-product attention, (B, heads, S, P + S)."""
    scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
    if mask.dtype != torch.bool:
        return (scores + mask).softmax(dim=3)
    return scores.masked_fill(~mask, -torch.inf).softmax(dim=3)


def read_mask(questions: Tensor, masked: bool) -> Tensor:
    """Return which tokens of questions (B, T) are read, bool (B, T): all, or with `masked` all but the padding.

    The padding of an empty question is read, since attention needs at least one key.
    """
    if not masked:
        return torch.ones_like(questions, dtype=torch.bool)
    characters = questions != 0
    return characters | ~characters.any(dim=1, keepdim=True)
