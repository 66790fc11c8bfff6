"""Relational memory core in PyTorch: memory slots that attend to each other and to the input.

Source: Santoro et al., "Relational recurrent neural networks" (2018), with a gate per unit. Used as encoder and
decoder like the models of Saxton et al. (2019). Each step needs the memory of the step before, hence the loop.
"""

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.settings.writing import RelationalMemorySettings
from mathbench.baselines.models.torch.attention import CrossAttention, read_mask
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.layers import make_dense, make_embedding
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.writing import State, WritingModule


class RelationalCore(nn.Module):
    """A memory of slots (B, S, D) that each input token updates."""

    recurrent = True

    def __init__(self, settings: RelationalMemorySettings, rng: torch.Generator):
        super().__init__()
        width = settings.hidden
        self.attention = CrossAttention(width, settings.heads, 0.0, rng)
        self.inner, self.outer = make_dense(width, width, rng), make_dense(width, width, rng)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.gate_token = make_dense(width, 2 * width, rng)
        self.gate_memory = make_dense(width, 2 * width, rng)

    def forward(self, x: Tensor, memory: Tensor, reads: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the memory after each token, flat (B, T, S * D), and the last memory (B, S, D).

        Args:
            x: (B, T, D).
            memory: (B, S, D), before the first token.
            reads: bool (B, T). Tokens that are not read do not change the memory.
        """
        memories = []
        for t in range(x.shape[1]):
            after = self._update(x[:, t : t + 1], memory)  # (B, S, D)
            memory = after if reads is None else torch.where(reads[:, t, None, None], after, memory)
            memories.append(memory.flatten(1))
        return torch.stack(memories, dim=1), memory

    def _update(self, token: Tensor, memory: Tensor) -> Tensor:
        """Return the memory (B, S, D) after a token (B, 1, D)."""
        key_value = self.attention.pair(torch.cat([memory, token], dim=1))  # (B, h, S + 1, D/h)
        # every slot attends to every slot and to the token
        mask = torch.ones((1, 1, 1, 1), dtype=torch.bool, device=memory.device)
        candidate = self.norm1(memory + self.attention(memory, key_value, mask))  # (B, S, D)
        candidate = self.norm2(candidate + self.outer(torch.relu(self.inner(candidate))))  # (B, S, D)
        gates = self.gate_token(token) + self.gate_memory(torch.tanh(memory))  # (B, S, 2 D)
        take, keep = gates.chunk(2, dim=2)
        return torch.sigmoid(take) * torch.tanh(candidate) + torch.sigmoid(keep + 1) * memory


class RelationalMemory(WritingModule):
    """A core as encoder, a second one as decoder, one softmax.

    A state is the ``memory`` (B, S, D).
    """

    def __init__(self, shape: NetworkShape, settings: RelationalMemorySettings, rng: torch.Generator):
        super().__init__()
        self.start, self.masked = shape.symbols, settings.blanks == "masked"
        self.embedding = make_embedding(shape.symbols + 1, settings.hidden, rng)
        self.reader, self.writer = RelationalCore(settings, rng), RelationalCore(settings, rng)
        self.output = make_dense(settings.slots * settings.hidden, shape.outputs, rng)
        self.drop = nn.Dropout(settings.dropout)
        self.register_buffer("empty", torch.eye(settings.slots, settings.hidden), persistent=False)
        self.empty: Tensor  # (S, D): slots are distinct from the start

    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""
        empty = self.empty.expand(len(questions), -1, -1)  # (B, S, D)
        _, memory = self.reader(self._embed(questions), empty, read_mask(questions, self.masked))
        return {"memory": memory}

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A), and the state after them."""
        states, memory = self.writer(self._embed(tokens), state["memory"])  # (B, A, S * D)
        return self.output(self.drop(states)), {"memory": memory}

    def _embed(self, tokens: Tensor) -> Tensor:
        x: Tensor = self.embedding(tokens) * self.embedding.embedding_dim**0.5  # (B, T, D)
        return x


def build(
    shape: NetworkShape, settings: RelationalMemorySettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), RelationalMemorySettings(), 0, DeviceConfig("cpu")).parameters
    23340
    """
    rng = generator_for_seed(seed, device_config)
    return AutoregressiveModel(RelationalMemory(shape, settings, rng), shape, settings, device_config)
