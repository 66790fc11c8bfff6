"""Decoder-only transformer in PyTorch: question and answer in one sequence, loss on the answer only.

Source: Radford et al., "Improving Language Understanding by Generative Pre-Training" (2018). Sources of
the positional encodings are in `mathbench.baselines.models.torch.positions`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mathbench.baselines.models.interface import DeviceConfig, Network, NetworkShape
from mathbench.baselines.models.reading_limit import of_positions
from mathbench.baselines.models.settings.writing import DecoderTransformerSettings
from mathbench.baselines.models.torch.attention import Block, read_mask
from mathbench.baselines.models.torch.autoregressive import AutoregressiveModel
from mathbench.baselines.models.torch.layers import make_dense, make_embedding
from mathbench.baselines.models.torch.model import generator_for_seed
from mathbench.baselines.models.torch.positions import Positions
from mathbench.baselines.models.torch.writing import State, WritingModule


class DecoderTransformer(WritingModule):
    """Tokens, positions, blocks with a causal mask, one softmax.

    A state holds keys and values per block, ``reads`` (B, P), the mask of the P tokens so far, ``before`` (B,), the
    count of tokens or digits so far, and ``ruler`` (B, N), the position of each index (see `Positions`).
    """

    def __init__(self, shape: NetworkShape, settings: DecoderTransformerSettings, rng: torch.Generator):
        super().__init__()
        self.start = shape.symbols
        self.embedding = make_embedding(shape.symbols + 1, settings.hidden, rng)
        self.positions = Positions(shape, settings, rng)
        sizes = (settings.hidden, settings.heads, settings.inner, settings.dropout)
        self.blocks = nn.ModuleList(Block(*sizes, rng) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.hidden)
        self.output = make_dense(settings.hidden, shape.outputs, rng)
        self.drop = nn.Dropout(settings.dropout)
        self.masked, self.heads = settings.blanks == "masked", settings.heads
        self.longest = settings.max_tokens(shape.answer)

    def forward(self, questions: Tensor, answers: Tensor) -> Tensor:
        """Return logits (B, A, V) of each answer token given those before it, from tokens (B, T) and (B, A)."""
        rows, width = questions.shape
        begin = questions.new_full((rows, 1), self.start)
        tokens = torch.cat([questions, begin, answers[:, :-1]], dim=1)  # (B, T + A)
        readable = torch.ones_like(answers, dtype=torch.bool)
        reads = torch.cat([read_mask(questions, self.masked), readable], dim=1)  # (B, T + A)
        length = tokens.shape[1] if self.training else width + self.longest
        x, _ = self._through(tokens, reads, self._initial_state(questions, length))  # (B, T + A, D)
        return self._logits(x[:, width:])

    def begin(self, questions: Tensor) -> State:
        """Return the state after questions (B, T), before the first token."""
        initial = self._initial_state(questions, questions.shape[1] + self.longest)
        return self._through(questions, read_mask(questions, self.masked), initial)[1]

    def decode(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (B, A, V) after each of tokens (B, A), and the state after them."""
        x, state = self._through(tokens, torch.ones_like(tokens, dtype=torch.bool), state)  # (B, A, D)
        return self._logits(x), state

    def passes(self) -> Iterator[tuple[nn.Module, Tensor | float]]:
        """Yield the blocks in order of application, and what is added to the input of each: (D,) or 0."""
        for block in self.blocks:
            yield block, 0.0

    def _initial_state(self, questions: Tensor, length: int) -> State:
        """Return the state before the first token of sequences of `length` tokens."""
        rows = len(questions)
        return {
            "reads": questions.new_zeros((rows, 0), dtype=torch.bool),
            "before": questions.new_zeros(rows),
            "ruler": self.positions.ruler(length, questions.device).expand(rows, -1),
        }

    def _through(self, tokens: Tensor, reads: Tensor, state: State) -> tuple[Tensor, State]:
        """Pass tokens (B, S) behind P others through all blocks. Returns (B, S, D) and the state after them."""
        size = tokens.shape[1]
        indices, before = self.positions.indices(tokens, reads, state["before"])  # (B, S)
        positions = state["ruler"].gather(1, indices.clamp(max=state["ruler"].shape[1] - 1))  # (B, S)
        rotation = self.positions.rotation(positions, self.heads)
        reads = torch.cat([state["reads"], reads], dim=1)  # (B, P + S)
        mask = _causal(reads, size)
        after = {"reads": reads, "before": before, "ruler": state["ruler"]}
        x = self.embedding(tokens) * self.embedding.embedding_dim**0.5 + self.positions.added(positions)
        x = self.drop(x)  # (B, S, D)
        for i, (block, added) in enumerate(self.passes()):
            past = (state[f"key{i}"], state[f"value{i}"]) if f"key{i}" in state else None
            x, (after[f"key{i}"], after[f"value{i}"]) = block(x + added, mask, rotation, past)  # (B, S, D)
        return x, after

    def _logits(self, x: Tensor) -> Tensor:
        logits: Tensor = self.output(self.norm(x))
        return logits


def _causal(reads: Tensor, size: int) -> Tensor:
    """Return the mask of the last `size` tokens, bool (B, 1, size, P + size), from reads (B, P + size).

    A token attends to tokens before it that are read, and to itself, since attention needs at least one key.
    """
    at = torch.arange(reads.shape[1], device=reads.device)
    query = at[-size:, None]  # (S, 1)
    return ((reads[:, None] & (at <= query)) | (at == query))[:, None]


def build(
    shape: NetworkShape, settings: DecoderTransformerSettings, seed: int | str, device_config: DeviceConfig
) -> Network:
    """Return the untrained network.

    Args:
        shape: vocabulary size and lengths.
        settings: the hyperparameters.
        seed: seed of the first weights.
        device_config: device and threads.

    >>> build(NetworkShape(12, 12, 7, 4), DecoderTransformerSettings(), 0, DeviceConfig("cpu")).parameters
    101708
    """
    rng = generator_for_seed(seed, device_config)
    network = AutoregressiveModel(DecoderTransformer(shape, settings, rng), shape, settings, device_config)
    network.limit = of_positions(shape.question, shape.answer, settings)
    return network
