"""Encoder-decoder transformer in PyTorch: encoder, and decoder with cross-attention.

Source: Vaswani et al., "Attention Is All You Need" (2017); used by Saxton et al., "Analysing Mathematical Reasoning
Abilities of Neural Models" (2019), with norms before each part as in the library they used.
"""

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.writing import TransformerSettings
from mathbench.baselines.models.torch.attention import (
    Block,
    CrossAttention,
    FeedForward,
    KeyValue,
    SelfAttention,
    read_mask,
)
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.layers import make_dense, make_embedding
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.positions import sinusoids
from mathbench.baselines.models.torch.writing import State, WritingModule


class DecoderBlock(nn.Module):
    """Self-attention, cross-attention and feed-forward, each with a norm before it and a residual connection."""

    def __init__(self, settings: TransformerSettings, rng: torch.Generator):
        super().__init__()
        width, dropout = settings.hidden, settings.dropout
        self.attention = SelfAttention(width, settings.heads, dropout, rng)
        self.cross = CrossAttention(width, settings.heads, dropout, rng)
        self.feed = FeedForward(width, settings.inner, rng)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.drop = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, mask: Tensor, memory: KeyValue, reads: Tensor, past: KeyValue | None
    ) -> tuple[Tensor, KeyValue]:
        """Return the output (B, A, D), and keys and values for the next tokens.

        Args:
            x: (B, A, D).
            mask: bool (1, 1, A, P + A), of the self-attention.
            memory: keys and values of the question.
            reads: bool (B, 1, 1, T), mask of the cross-attention.
            past: keys and values of the P tokens before.
        """
        attended, key_value = self.attention(self.norm1(x), mask, past=past)
        x = x + self.drop(attended)  # (B, A, D)
        x = x + self.drop(self.cross(self.norm2(x), memory, reads))  # (B, A, D)
        return x + self.drop(self.feed(self.norm3(x))), key_value


class Transformer(WritingModule):
    """Encoder and decoder, sinusoidal positions, one softmax.

    A state holds per block the keys and values of the question and of the answer so far, ``reads`` (B, T), and ``at``
    (B,), the position of the next token.
    """

    def __init__(self, shape: NetworkShape, settings: TransformerSettings, rng: torch.Generator):
        super().__init__()
        width, self.start = settings.hidden, shape.symbols
        self.embedding = make_embedding(shape.symbols + 1, width, rng)
        sizes = (width, settings.heads, settings.inner, settings.dropout)
        self.encoder = nn.ModuleList(Block(*sizes, rng) for _ in range(settings.layers))
        self.decoder = nn.ModuleList(DecoderBlock(settings, rng) for _ in range(settings.layers))
        self.norm, self.norm_read = nn.LayerNorm(width), nn.LayerNorm(width)
        self.output, self.drop = make_dense(width, shape.outputs, rng), nn.Dropout(settings.dropout)
        self.masked = settings.blanks == "masked"

    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""
        reads = read_mask(questions, self.masked)  # (B, T)
        x = self._embed(questions, (reads.cumsum(dim=1) - 1).clamp(min=0))  # (B, T, D)
        for block in self.encoder:
            x, _ = block(x, reads[:, None, None])  # (B, T, D)
        x = self.norm_read(x)
        state = {"reads": reads, "at": questions.new_zeros(len(questions))}
        for i, block in enumerate(self.decoder):
            cross: CrossAttention = block.cross  # type: ignore[assignment]
            state[f"read key{i}"], state[f"read value{i}"] = cross.pair(x)  # (B, h, T, D/h)
        return state

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A) behind P others, and the state after them."""
        size = tokens.shape[1]
        past = state["key0"].shape[2] if "key0" in state else 0
        positions = torch.arange(size, device=tokens.device)
        mask = torch.arange(past + size, device=tokens.device) <= positions[:, None] + past  # (A, P + A)
        x = self._embed(tokens, state["at"][:, None] + positions)  # (B, A, D)
        after = {**state, "at": state["at"] + size}
        for i, block in enumerate(self.decoder):
            memory = (state[f"read key{i}"], state[f"read value{i}"])
            own = (state[f"key{i}"], state[f"value{i}"]) if past else None
            x, (after[f"key{i}"], after[f"value{i}"]) = block(
                x, mask[None, None], memory, state["reads"][:, None, None], own
            )  # (B, A, D)
        return self.output(self.norm(x)), after

    def _embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Embed tokens (B, S) at positions (B, S) as vectors (B, S, D)."""
        width = self.embedding.embedding_dim
        x: Tensor = self.drop(self.embedding(tokens) * width**0.5 + sinusoids(positions, width))
        return x


def build(
    shape: NetworkShape, settings: TransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), TransformerSettings(), 0, DeviceConfig("cpu")).parameters
    235340
    """
    rng = generator_for_seed(seed, device_config)
    return AutoregressiveModel(Transformer(shape, settings, rng), shape, settings, device_config)
